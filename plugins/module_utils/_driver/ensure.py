# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a domain into the wanted state: what the module ``esx_domain`` does.

A plan is made of what is and what is wanted; check mode returns it, otherwise it is carried out and the domain is read
back. What is impossible is refused while planning, in check mode as well.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.course import Course, plan_course, read_back, with_xml
from ansible_collections.virt.esx.plugins.module_utils._driver.host import Host
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.settling import foresee_question, settle
from ansible_collections.virt.esx.plugins.module_utils._driver.wish import Wish, read_wish
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.licence import writing

# Faults that say that somebody else was faster; what is wanted may be reached already.
_OVERTAKEN = ("AlreadyExists", "DuplicateName", "InvalidPowerState", "ManagedObjectNotFound", "TaskInProgress")
_TRIES = 4


def ensure_domain(host: Host, invocation: Invocation) -> dict[str, Any]:
    """Bring the domain that the options describe into the wanted state; return the module's result.

    :raises EsxError: if that is impossible, or fails; nothing is half done then.
    """
    wish = read_wish(invocation.params)
    course = _planned(host, wish)
    if invocation.diff and course.steps:
        course = with_xml(host, course)
    done: list[str] = []
    after = course.after
    if course.steps and invocation.check_mode:
        foresee_question(host, course)
    elif course.steps:
        course, done = _carry_out(host, wish, course)
        after = read_back(host, course)
    result = {
        "changed": bool(course.steps or done or host.answered),
        "domain": after.result(),
        "steps": course.plan.names() if invocation.check_mode else done,
        "questions": host.questions(),
    }
    if invocation.diff:
        result["diff"] = {"before": course.before.text(), "after": after.text()}
    return result


def _carry_out(host: Host, wish: Wish, course: Course) -> tuple[Course, list[str]]:
    """Carry out a course; return it, as it was planned last, and the names of the steps that were done.

    It is planned anew if the domain had to be settled first, and if somebody else was faster.
    """
    done: list[str] = []
    with writing(host.session):
        for tries in range(_TRIES):
            if settle(host, course):
                course = _planned_anew(host, wish, course)
            try:
                course.plan.carry_out(done.append)
                break
            except EsxError as error:
                if error.fault not in _OVERTAKEN or tries == _TRIES - 1:
                    raise
                before, course = course, _planned_anew(host, wish, course)
                if error.fault != "TaskInProgress" and before.plan.names() == course.plan.names():
                    raise
    return course, done


def _planned(host: Host, wish: Wish) -> Course:
    """The course, also if somebody else changes the domain while it is planned."""
    try:
        return plan_course(host, wish)
    except EsxError as error:
        if error.fault not in _OVERTAKEN:
            raise
        return plan_course(host, wish)


def _planned_anew(host: Host, wish: Wish, course: Course) -> Course:
    """The course from where the domain is now; what it was before any of it stays."""
    again = _planned(host, wish)
    return replace(again, before=course.before, has_xml=course.has_xml or again.has_xml)
