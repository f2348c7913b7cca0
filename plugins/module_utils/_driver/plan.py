# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan: the steps from the present state to the requested one, and the one way to carry a plan out.

Every acting module makes a plan first. Check mode and diff mode report that plan; otherwise the same plan is carried
out, so the two cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, NamedTuple, TypeVar

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import CORE_PATHS, DomainRecord, confirm_name
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import check_pending_question, wait_until_idle
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

# Faults that mean another client changed the object first: the requested state may already be reached.
_OVERTAKEN = (
    *("AlreadyExists", "DuplicateName", "FileAlreadyExists", "InvalidPowerState", "ManagedObjectNotFound"),
    "TaskInProgress",
)
_TRIES = 4


@dataclass
class Target:
    """The domain that the steps of a plan work on; ``ref`` is None until a step has created it.

    ``vmx`` is the content of its VMX where a step has read it after its last change, as long as the domain is shut off,
    ``record`` the domain as the server told it with the end of its last task, None if it was changed otherwise since.
    """

    name: str
    ref: Any = None
    vmx: bytes | None = None
    record: DomainRecord | None = None

    def __str__(self) -> str:
        return f"domain '{self.name}'"

    def wait(self, connection: EsxConnection, task: Any, doing: str, *, copies: bool = False) -> None:
        """Wait for a task of the domain, which ``record`` comes with.

        :param doing: what the task does to the domain, for messages: ``Starting``.
        :param copies: whether it copies the guest's memory and may take longer than ``timeout`` as it makes progress.
        """
        self.record = None
        patience = float(connection.session.options.timeout) if copies else None
        values = connection.wait_and_read(task, f"{doing} {self}", self.ref, CORE_PATHS, patience=patience)
        self.record = DomainRecord(self.ref, values)


class Step(NamedTuple):
    """One thing to do: its ``name`` in words for the user, and the function that does it."""

    name: str
    carry_out: Callable[[], None]


@dataclass(frozen=True)
class Plan:
    """The steps, in order; each wing adds what it knows of the object before and after them.

    ``record`` is the domain whose pending question and tasks are waited for before the first step, read with
    ``PENDING_PATHS``; None if there is no such domain.
    """

    steps: Sequence[Step]
    record: DomainRecord | None

    @property
    def overtaken(self) -> tuple[str, ...]:
        """The faults that mean that another client was faster, in addition to those that mean it for every object."""
        return ()

    @property
    def repeatable(self) -> bool:
        """Whether it can be made again after some of its steps, as they lead to a state and can be told from it."""
        return True

    @property
    def subject(self) -> str:
        """The subject of the plan, in words, for errors; empty if the names of its steps say it."""
        return "" if self.record is None else f"domain '{self.record.name}'"

    def worked_on(self) -> Sequence[DomainRecord]:
        """Return the domains whose pending questions and tasks must end before the first step."""
        return () if self.record is None else (self.record,)

    def set_aside(self, _record: DomainRecord, _error: EsxError) -> bool:
        """Keep the error of a domain whose pending question or task blocks it.

        :returns: whether the plan goes on without the domain; otherwise the error ends it.
        """
        return False

    def names(self) -> list[str]:
        """Return the names of the steps."""
        return [step.name for step in self.steps]


AnyPlan = TypeVar("AnyPlan", bound=Plan)
AnyResult = TypeVar("AnyResult")


@dataclass(frozen=True)
class Outcome(Generic[AnyPlan]):
    """A plan that was carried out, or reported in check mode.

    ``plan`` is the last plan that was made, ``first`` the first one. ``steps`` are the names of the steps that
    were carried out; in check mode, those that would be.
    """

    plan: AnyPlan
    first: AnyPlan
    steps: Sequence[str]
    changed: bool

    def report(self, connection: EsxConnection, invocation: Invocation, before: str, after: str) -> dict[str, Any]:
        """Return the part of a module's result that is the same for all modules.

        :param before: the object as a text before the first step, for diff mode.
        :param after: the same after the last one.
        """
        result = {"changed": self.changed, "steps": list(self.steps), "questions": connection.questions()}
        return {**result, "diff": {"before": before, "after": after}} if invocation.diff else result


# Called when a step has finally failed, with the error and the names of the steps that were carried out. It brings the
# object into a state in which it can stay, and adds to the error and to the names what it did.
Recover = Callable[[BaseException, "list[str]"], None]


def carry_out(
    connection: EsxConnection,
    invocation: Invocation,
    make_plan: Callable[[], AnyPlan],
    recover: Recover | None = None,
) -> Outcome[AnyPlan]:
    """Make a plan and carry it out, or only report it in check mode.

    The plan is made again after a pending question or task, and if another client was faster.
    When a step fails, the error's details say what was carried out by then: ``changed`` and ``steps``.

    :param make_plan: reads the present state and returns the plan from there. It changes nothing.
    :raises Ambiguous: before the first step, in check mode too, if the domain was found by a name that others share.
    :raises LicenceRestricted: before the first step, in check mode too, if the host's licence allows reading only.
    :raises Refused: before the first step, in check mode too, if the vCenter has lost the connection to the host.
    :raises EsxError: what a step raises, or what makes the plan impossible.
    """
    plan = _made(make_plan)
    if not plan.steps:
        return Outcome(plan, plan, (), changed=bool(connection.answered))
    for record in plan.worked_on():
        confirm_name(connection, record)
        _unless_blocked(connection, plan, record, _check_connected)
    # Most tasks find nothing to do, and a module's process compiles all that it imports.
    from ansible_collections.virt.esx.plugins.module_utils._driver.step_errors import say_state
    from ansible_collections.virt.esx.plugins.module_utils._vi.licence import writing

    with writing(connection.session):
        if invocation.check_mode:
            for record in plan.worked_on():
                _unless_blocked(connection, plan, record, check_pending_question)
            return Outcome(plan, plan, plan.names(), changed=True)
        progress = _Progress(plan)
        try:
            _carry_out_steps(connection, make_plan, progress)
        except BaseException as error:
            if recover is not None:
                recover(error, progress.done)
            say_state(error, progress.done, lambda: make_plan().names())
            _say_what_was_done(connection, progress.done, error)
            raise
    changed = bool(progress.plan.steps or progress.done or connection.answered)
    return Outcome(progress.plan, plan, progress.done, changed=changed)


@dataclass
class _Progress(Generic[AnyPlan]):
    """The progress of a plan: the last plan that was made, and the names of the steps that were carried out."""

    plan: AnyPlan
    done: list[str] = field(default_factory=list)


def _carry_out_steps(connection: EsxConnection, make_plan: Callable[[], AnyPlan], progress: _Progress[AnyPlan]) -> None:
    for tries in range(_TRIES):
        _wait_for_pending(connection, make_plan, progress)
        try:
            _carry_out_each_step(progress)
            return
        except EsxError as error:
            plan = progress.plan
            is_overtaken = error.fault in (*_OVERTAKEN, *plan.overtaken) and (plan.repeatable or not progress.done)
            if not is_overtaken or tries == _TRIES - 1:
                raise
            before, progress.plan = progress.plan, _made(make_plan)
            if error.fault != "TaskInProgress" and before.names() == progress.plan.names():
                raise


def _carry_out_each_step(progress: _Progress[AnyPlan]) -> None:
    from ansible_collections.virt.esx.plugins.module_utils._driver.step_errors import step_named

    for step in progress.plan.steps:
        with step_named(progress.plan.subject, step.name):
            step.carry_out()
        progress.done.append(step.name)


def _wait_for_pending(
    connection: EsxConnection, make_plan: Callable[[], AnyPlan], progress: _Progress[AnyPlan]
) -> None:
    """Wait for what is pending with the domains of the plan, which is made again after that.

    The new plan goes on without those domains that the old one has set aside.
    """
    plan = progress.plan
    waited = [(record, _unless_blocked(connection, plan, record, wait_until_idle)) for record in plan.worked_on()]
    if any(result is True for _record, result in waited):
        progress.plan = _made(make_plan)
        for record, result in waited:
            if isinstance(result, EsxError):
                progress.plan.set_aside(record, result)


def _unless_blocked(
    connection: EsxConnection, plan: Plan, record: DomainRecord, act: Callable[[EsxConnection, DomainRecord], AnyResult]
) -> AnyResult | EsxError:
    """Do something about what is pending with a domain; the error if that blocks it and the plan goes on without it."""
    try:
        return act(connection, record)
    except EsxError as error:
        if plan.set_aside(record, error):
            return error
        raise


def _check_connected(_connection: EsxConnection, record: DomainRecord) -> None:
    """Refuse a domain whose host the vCenter cannot reach."""
    if str(record.values["runtime.connectionState"]) == "disconnected":
        from ansible_collections.virt.esx.plugins.module_utils._driver.connected import lost_connection

        raise lost_connection(record)


def _say_what_was_done(connection: EsxConnection, done: list[str], error: BaseException) -> None:
    if isinstance(error, EsxError) and (done or connection.answered):
        error.details = {**error.details, "changed": True, "steps": list(done)}


def _made(make_plan: Callable[[], AnyPlan]) -> AnyPlan:
    """Make the plan, even if another client changes the domain at the same time."""
    try:
        return make_plan()
    except EsxError as error:
        if error.fault not in _OVERTAKEN:
            raise
        return make_plan()


def any_changed(connection: EsxConnection, results: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a task has changed any of several objects, by their results, or has answered a question."""
    return any(result["changed"] for result in results) or bool(connection.answered)


def append_to_message(error: BaseException, sentence: str) -> None:
    """Append to an error's message the state that things are in."""
    if isinstance(error, EsxError):
        error.append(sentence)
