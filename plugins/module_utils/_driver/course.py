# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole course from what a domain is to what is wanted of it, planned before anything is done.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.virt.esx.plugins.module_utils._driver.autostart import plan_autostart
from ansible_collections.virt.esx.plugins.module_utils._driver.define import Definition, plan_define
from ansible_collections.virt.esx.plugins.module_utils._driver.definition import read_texts, to_xml, xml_of
from ansible_collections.virt.esx.plugins.module_utils._driver.domains import (
    DomainRecord,
    Surroundings,
    find_domain,
    in_state,
    read_domain_of,
    read_surroundings,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.host import Host
from ansible_collections.virt.esx.plugins.module_utils._driver.live import plan_live
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step
from ansible_collections.virt.esx.plugins.module_utils._driver.power import (
    POWER_ON,
    REACHED,
    SHUT_DOWN,
    SUSPEND,
    TOOLS_PATH,
    Guest,
    Move,
    plan_power,
    step_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.redefine import Change, change_step, find_change
from ansible_collections.virt.esx.plugins.module_utils._driver.subject import Subject, View, view_of
from ansible_collections.virt.esx.plugins.module_utils._driver.undefine import plan_undefine
from ansible_collections.virt.esx.plugins.module_utils._driver.wish import Wish
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, Refused

# What has to be known before anything is done: whether something else goes on with the domain.
QUESTION_PATH = "runtime.question"
RECENT_PATH = "recentTask"

_ASKS_GUEST = ("shutdown", "rebooted")


@dataclass(frozen=True)
class Course:
    """A plan for a domain, and what the domain is before it and after it.

    ``record`` is None for a domain that the host does not know; ``has_xml`` says whether its definition is looked at.
    """

    subject: Subject
    steps: Sequence[Step]
    before: View
    after: View
    record: DomainRecord | None = None
    has_xml: bool = False

    @property
    def plan(self) -> Plan:
        """The steps, with the texts for diff mode."""
        return Plan(tuple(self.steps), self.before.text(), self.after.text())


def plan_course(host: Host, wish: Wish) -> Course:
    """What has to be done with a domain; at most two calls if it is nothing.

    :raises EsxError: if it cannot be done: Refused, NotFound, Ambiguous, ParseError.
    """
    paths, volumes = _paths(host, wish), wish.is_about_definition
    found = find_domain(host, name=wish.name, uuid=wish.uuid, paths=paths, volumes=volumes)
    if found is None:
        return _course_of_absent(wish) if wish.state == "undefined" else _course_of_new(host, wish)
    record, around = found
    if wish.state == "undefined":
        return _course_of_undefined(host, wish, record, around)
    return _course_of_present(host, wish, record, around)


def _paths(host: Host, wish: Wish) -> list[str]:
    asks = wish.state in _ASKS_GUEST or wish.power_cycle
    return [QUESTION_PATH, RECENT_PATH, *([TOOLS_PATH] if asks and host.session.has(4, 0) else [])]


def _course_of_absent(wish: Wish) -> Course:
    nothing = View(wish.name, wish.uuid, None, "undefined")
    return Course(Subject(wish.name or str(wish.uuid)), (), nothing, nothing)


def _course_of_undefined(host: Host, wish: Wish, record: DomainRecord, around: Surroundings) -> Course:
    subject = Subject(record.name, record.ref)
    steps = plan_undefine(host, subject, record, remove_storage=wish.remove_storage)
    after = View(record.name, record.uuid, None, "undefined")
    return Course(subject, steps, view_of(record, around), after, record)


def _course_of_new(host: Host, wish: Wish) -> Course:
    if not wish.is_definition:
        meant = f"the UUID {wish.uuid}" if wish.uuid else f"the name '{wish.name}'"
        raise NotFound(f"No domain of the host has {meant}.", hint="Describe it in xml or vmx to have it defined.")
    around = read_surroundings(host)
    subject = Subject(wish.name or "")
    definition, steps = plan_define(host, subject, wish, around)
    steps += plan_autostart(host, subject, around, wish.autostart)
    steps += plan_power(host, subject, "shutoff", wish.state, Guest(shutdown_timeout=wish.shutdown_timeout))
    before = View(wish.name, wish.uuid, None, "undefined")
    return Course(subject, steps, before, _view_of_new(host, wish, definition), has_xml=True)


def _view_of_new(host: Host, wish: Wish, definition: Definition) -> View:
    """The domain as the host will have it; its moid, and a UUID that nobody gives, are not known yet."""
    domain = definition.domain
    return View(
        name=domain.name,
        uuid=domain.uuid,
        moid=None,
        state=REACHED.get(wish.state, "shutoff"),
        vcpus=domain.vcpus,
        memory_kib=domain.current_memory_kib,
        max_memory_kib=domain.memory_kib,
        autostart=bool(wish.autostart),
        vmx_path=str(definition.path),
        xml=xml_of(replace(domain, datacenter_path=host.datacenter_path)),
    )


def _course_of_present(host: Host, wish: Wish, record: DomainRecord, around: Surroundings) -> Course:
    guest = Guest(record.values.get(TOOLS_PATH), wish.shutdown_timeout)
    scene = _Scene(host, wish, record, Subject(record.name, record.ref), guest)
    steps = plan_power(host, scene.subject, record.state, wish.state, guest)
    before = view_of(record, around)
    autostart = before.autostart if wish.autostart is None else wish.autostart
    after = replace(before, state=scene.reached, autostart=autostart)
    is_renamed = wish.name not in (None, record.name)
    if is_renamed and not wish.is_about_definition:
        _record, around = read_domain_of(host, record.ref)  # with the datastores
    if wish.is_about_definition or is_renamed:
        change = find_change(host, wish, record, around, in_state(record, scene.reached))
        before, after = _views_of_change(change, before, after)
        if change.is_needed:
            steps = _with_change(scene, steps, change)
    steps += plan_autostart(host, scene.subject, around, wish.autostart)
    return Course(scene.subject, steps, before, after, record, has_xml=before.xml is not None)


@dataclass(frozen=True)
class _Scene:
    """A domain that exists, and what is wanted of it."""

    host: Host
    wish: Wish
    record: DomainRecord
    subject: Subject
    guest: Guest

    @property
    def reached(self) -> str:
        """The state that the domain will be in."""
        return REACHED.get(self.wish.state, self.record.state)

    def step(self, move: Move) -> Step:
        """A move as a step."""
        return step_of(self.host, self.subject, move, self.guest)


def _views_of_change(change: Change, before: View, after: View) -> tuple[View, View]:
    """The views with what a change does to the definition."""
    domain = change.after
    changed = replace(
        after,
        name=domain.name,
        vcpus=domain.vcpus,
        memory_kib=domain.current_memory_kib,
        max_memory_kib=domain.memory_kib,
        xml=xml_of(domain),
    )
    return replace(before, xml=xml_of(change.before)), changed


def _with_change(scene: _Scene, power: list[Step], change: Change) -> list[Step]:
    """The steps for power, with the change where it can be made.

    :raises Refused: if the domain has to be shut off for it, and nobody said that it may be.
    """
    record, offline = scene.record, change_step(scene.host, scene.subject, change)
    if record.state == "shutoff":
        return [offline, *power]
    if scene.reached == "shutoff":
        return [*power, offline]
    live, stuck = plan_live(scene.host, scene.subject, record, change)
    if not stuck:
        return [*power, live] if record.state == "paused" else [live, *power]
    return _power_cycle(scene, offline, ", ".join(stuck))


def _power_cycle(scene: _Scene, offline: Step, stuck: str) -> list[Step]:
    """Shut the domain down, change it, and bring it into the wanted state.

    :param stuck: what needs it to be shut off.
    """
    state = scene.record.state
    refused = f"The {scene.subject} has to be shut off to change {stuck}, and it is {state}"
    if not scene.wish.power_cycle:
        raise Refused(f"{refused}.", hint="Set power_cycle to have it shut down, changed and started again.")
    if state == "paused":
        raise Refused(
            f"{refused}, so that its guest cannot be asked to shut down.",
            hint="Bring it into state running first.",
        )
    again = [scene.step(POWER_ON)] + ([scene.step(SUSPEND)] if scene.reached == "paused" else [])
    return [scene.step(SHUT_DOWN), offline, *again]


def with_xml(host: Host, course: Course) -> Course:
    """A course whose views have the domain XML, for diff mode; without it if the definition cannot be read."""
    if course.has_xml or course.record is None:
        return course
    try:
        record, around = read_domain_of(host, course.record.ref)
        text = _read_text(host, record)
        before, after = to_xml(host, record, around, text), None
        if course.after.state != "undefined":
            after = to_xml(host, in_state(record, course.after.state), around, text)
    except EsxError:
        return course
    return replace(
        course, before=replace(course.before, xml=before), after=replace(course.after, xml=after), has_xml=True
    )


def read_back(host: Host, course: Course) -> View:
    """The domain as the server has it after a course; one call, and one file where its definition was looked at."""
    if course.after.state == "undefined":
        return course.after
    record, around = read_domain_of(host, course.subject.ref, volumes=course.has_xml)
    xml = to_xml(host, record, around, _read_text(host, record)) if course.has_xml else None
    return view_of(record, around, xml)


def _read_text(host: Host, record: DomainRecord) -> str:
    text = read_texts(host, [record])[0]
    if isinstance(text, EsxError):
        raise text
    return text
