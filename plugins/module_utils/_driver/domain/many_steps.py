# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan for many domains, and carrying out its steps: side by side those that are tasks of the host."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import (
    POWER_OFF,
    POWER_ON,
    RESET,
    RESUME,
    SHUT_DOWN,
    SUSPEND,
    PowerAction,
    shutdown_seconds,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import show_progress
from ansible_collections.virt.esx.plugins.module_utils._driver.step_errors import say_done, step_named
from ansible_collections.virt.esx.plugins.module_utils._driver.stopping import wait_until_off
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._names import quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_when_idle

_AT_ONCE = 16

# The tasks of the host that carry out a power action.
_TASKS: dict[str, Callable[[Any], Any]] = {
    POWER_ON.name: lambda ref: ref.PowerOnVM_Task(None),
    RESUME.name: lambda ref: ref.PowerOnVM_Task(None),
    POWER_OFF.name: lambda ref: ref.PowerOffVM_Task(),
    SUSPEND.name: lambda ref: ref.SuspendVM_Task(),
    RESET.name: lambda ref: ref.ResetVM_Task(),
}


@dataclass(frozen=True)
class ManyRequest:
    """A request for some domains, by names or patterns for names."""

    names: Sequence[str]
    state: str
    shutdown_timeout: int | None = None
    remove_storage: bool = False
    wait_for: Sequence[str] = ()


@dataclass(frozen=True)
class Entry:
    """A domain and the steps that it needs; ``action`` is the one that changes its power state."""

    record: DomainRecord
    steps: Sequence[Step] = ()
    action: PowerAction | None = None

    @property
    def is_task(self) -> bool:
        """Whether a task of the host does what the domain needs."""
        return self.action is not None and self.action.name in _TASKS


@dataclass(frozen=True)
class ManyPlan(Plan):
    """A plan for many domains.

    The outcome of each is kept by its reference: its error in ``failed``, the steps carried out in ``done``.
    """

    entries: Sequence[Entry] = ()
    failed: dict[Any, EsxError] = field(default_factory=dict)
    done: dict[Any, list[str]] = field(default_factory=dict)

    def going(self) -> list[Entry]:
        """Return the domains that have a step and have not failed."""
        return [entry for entry in self.entries if entry.steps and entry.record.ref not in self.failed]

    def worked_on(self) -> Sequence[DomainRecord]:
        """Return the domains that have a step."""
        return [entry.record for entry in self.entries if entry.steps]

    def set_aside(self, record: DomainRecord, error: EsxError) -> bool:
        """Go on with the other domains."""
        self.failed[record.ref] = error
        return True

    def keep(self, entry: Entry, error: EsxError | None, done: Sequence[str] = ()) -> None:
        """Keep what became of a domain: its error and the steps before it, or without an error all of its steps."""
        if error is not None:
            self.failed[entry.record.ref] = error
        self.done[entry.record.ref] = [step.name for step in entry.steps] if error is None else list(done)


def carry_out_many(connection: EsxConnection, request: ManyRequest, plan: ManyPlan) -> None:
    """Carry out the steps of all domains, those that are tasks of the host side by side."""
    going = plan.going()
    asked = [entry for entry in going if entry.action is SHUT_DOWN]
    tasks = [entry for entry in going if entry.is_task]
    others = [entry for entry in going if entry not in asked and not entry.is_task]
    _run_tasks(connection, plan, tasks)
    if asked:
        _shut_down(connection, request, plan, asked)
    for entry in others:
        _try_steps(connection, plan, entry)


def _run_tasks(connection: EsxConnection, plan: ManyPlan, entries: Sequence[Entry]) -> None:
    jobs = [_job(connection, entry.record, entry.action) for entry in entries if entry.action is not None]
    for entry, result in zip(entries, run_when_idle(connection.session, jobs, at_once=_AT_ONCE)):
        if isinstance(result, EsxError):
            plan.keep(entry, result)
        else:
            connection.answered.extend(result.answered)
            plan.keep(entry, None)


def _job(connection: EsxConnection, record: DomainRecord, action: PowerAction) -> Job:
    what = f"Domain '{record.name}': {action.name}"
    start = partial(_TASKS[action.name], record.ref)
    patience = float(connection.session.options.timeout) if action in (SUSPEND, RESUME) else None  # memory is copied
    return Job(what, start, record.ref, show_progress(connection.progress, what), patience)


def _try_steps(connection: EsxConnection, plan: ManyPlan, entry: Entry) -> None:
    """Carry out the steps of one domain; an error says which of them failed, and which were carried out before it."""
    done: list[str] = []
    connection.locate(entry.record.values["runtime.host"])
    try:
        for step in entry.steps:
            with step_named("", step.name):
                step.carry_out()
            done.append(step.name)
    except EsxError as error:
        say_done(error, done)
        plan.keep(entry, error, done)
    else:
        plan.keep(entry, None)


def _shut_down(connection: EsxConnection, request: ManyRequest, plan: ManyPlan, entries: Sequence[Entry]) -> None:
    """Ask all guests, then wait for all; those that take too long are powered off where that is allowed."""
    may_power_off = request.shutdown_timeout is not None
    deaf = [entry for entry in entries if _ask(plan, entry, may_power_off=may_power_off)]
    asked = [entry for entry in entries if entry not in deaf and entry.record.ref not in plan.failed]
    seconds = shutdown_seconds(connection, request.shutdown_timeout)
    late = _wait_for_shutdown(connection, plan, asked, seconds)
    if may_power_off:
        _power_off(connection, plan, deaf, late, seconds)
    else:
        _keep_late(plan, late, seconds)


def _wait_for_shutdown(
    connection: EsxConnection, plan: ManyPlan, asked: Sequence[Entry], seconds: float
) -> list[Entry]:
    """Wait until guests have shut down; return the domains that still run when the time is up."""
    running, blocked = wait_until_off(connection, [entry.record for entry in asked], seconds)
    late = [entry for entry in asked if entry.record in running]
    for entry in asked:
        if entry not in late:
            plan.keep(entry, blocked.get(entry.record.ref))
    return late


def _keep_late(plan: ManyPlan, late: Sequence[Entry], seconds: float) -> None:
    for entry in late:
        text = f"Its guest did not shut down within {seconds:g} seconds; it still runs, and may yet shut down."
        plan.keep(entry, TimedOut(text, hint="Set shutdown_timeout to power it off then, or raise timeout."))


def _power_off(
    connection: EsxConnection, plan: ManyPlan, deaf: Sequence[Entry], late: Sequence[Entry], seconds: float
) -> None:
    """Power off the domains whose guests could not be asked, and those whose guests took too long, with warnings."""
    for reason, some in (("VMware Tools do not run in it", deaf), (f"it had {seconds:g} seconds to shut down", late)):
        if some:
            connection.warn(f"Powered off, since {reason}: {quoted(entry.record.name for entry in some)}.")
    _run_tasks(connection, plan, [replace(entry, action=POWER_OFF) for entry in (*deaf, *late)])


def _ask(plan: ManyPlan, entry: Entry, *, may_power_off: bool) -> bool:
    """Ask a guest to shut down; return whether it cannot be asked and may be powered off instead."""
    try:
        entry.record.ref.ShutdownGuest()
    except EsxError as error:
        if error.fault == "ToolsUnavailable" and may_power_off:
            return True
        if error.fault != "InvalidPowerState":  # it is off by now
            plan.failed[entry.record.ref] = error
    return False
