# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be out of the way before a domain can be worked on: a question that was left over, and pending tasks.

Both were read with the domain, so that a domain with which nothing goes on costs no call here.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.course import QUESTION_PATH, RECENT_PATH, Course
from ansible_collections.virt.esx.plugins.module_utils._driver.host import Host
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import blocked_by, decide, read_question
from ansible_collections.virt.esx.plugins.module_utils._vi.task import pending_tasks


def settle(host: Host, course: Course) -> bool:
    """Answer a question that was left over and wait for pending tasks; say whether there was any of it.

    :raises Question: if there is no answer.
    :raises TimedOut: if a task does not end.
    """
    record = course.record
    if record is None:
        return False
    question, recent = record.values[QUESTION_PATH], record.values[RECENT_PATH]
    if question is None and not pending_tasks(host.session, recent):
        return False
    host.settle(record.ref, f"Waiting for the {course.subject}")
    return True


def foresee_question(host: Host, course: Course) -> None:
    """Raise what ``settle`` would raise for a question that has no answer; check mode answers none."""
    question = None if course.record is None else course.record.values[QUESTION_PATH]
    if question is None:
        return
    asked = read_question(question)
    connection = host.session.connection
    decision = decide(asked, connection.answers, connection.uri.auto_answer)
    if decision.choice is None:
        raise blocked_by(asked, decision.reason, "It was left over from an earlier task, which is still blocked.")
