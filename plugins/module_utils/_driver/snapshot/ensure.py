# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the snapshots of domains into the requested state: what the module ``esx_snapshot`` does.

The domains are read in one call, and their tasks run in parallel. An error of one domain does not stop the others; it
is raised after they are done.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import (
    CORE_PATHS,
    TOOLS_PATH,
    DomainRecord,
    get_domain,
    list_domains,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import chosen, require_names
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, any_changed, carry_out
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import show_progress
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.duplicates import (
    later_duplicate,
    name_of,
    withdraw,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.planner import (
    CONSOLIDATION_PATH,
    Action,
    DomainEntry,
    plan_entry,
    present_entry,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.refusals import (
    DEVICES_PATH,
    check_known,
    check_new_snapshot,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.request import SnapshotRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.select import as_text
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import (
    SNAPSHOT_PATHS,
    Snapshot,
    snapshot_list,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.step_errors import failure_entry, failure_of_some
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs, run_when_idle
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.task import Outcome as TaskOutcome


@dataclass(frozen=True)
class SnapshotPlan(Plan):
    """A plan for the snapshots of some domains; those that cannot be as requested have failed, and have no actions.

    The outcome of each domain is kept by its managed object id: its error in ``failed``, the names of its completed
    actions in ``done``, the reference to the snapshot that was taken of it in ``taken``. ``is_list`` says that the
    request has a list of domains, so that an error of one does not end the plan.
    """

    entries: Sequence[DomainEntry]
    is_list: bool
    failed: dict[str, EsxError] = field(default_factory=dict)
    done: dict[str, list[str]] = field(default_factory=dict)
    taken: dict[str, Any] = field(default_factory=dict)

    def going(self, stage: int) -> list[DomainEntry]:
        """Return the domains that have an action in a stage and have not failed."""
        entries = _with_stage(self.entries, stage)
        return [entry for entry in entries if entry.record.moid not in self.failed]

    def worked_on(self) -> Sequence[DomainRecord]:
        """Return the domains that have actions."""
        return [entry.record for entry in self.entries if entry.actions]

    def set_aside(self, record: DomainRecord, error: EsxError) -> bool:
        """Go on with the other domains of a list."""
        if not self.is_list:
            return False
        self.failed[record.moid] = error
        return True


def ensure_snapshots(connection: EsxConnection, invocation: Invocation, request: SnapshotRequest) -> dict[str, Any]:
    """Bring the snapshots of the domains into the requested state; return the module's result.

    :raises EsxError: if it failed for at least one domain; ``details`` hold the results of all.
    """
    warnings: dict[str, None] = {}
    outcome = carry_out(connection, invocation, lambda: _plan(connection, invocation, request, warnings))
    for text in warnings:
        invocation.warn(text)
    plan, entries = outcome.plan, outcome.plan.entries
    if invocation.check_mode:
        entries = [_without_actions(entry) if entry.record.moid in plan.failed else entry for entry in entries]
    elif outcome.first.steps:
        entries = _read_again(connection, entries)
        entries, steps = _without_duplicates(connection, plan, entries, request.parallel, invocation.progress)
        outcome = replace(outcome, steps=[*outcome.steps, *steps])
    report = outcome.report(connection, invocation, _text(outcome.first.entries, "before"), _text(entries, "after"))
    results = [_result_of(entry, plan, check_mode=invocation.check_mode) for entry in entries]
    result = {**report, "domains": results} if request.names else {**results[0], **report}
    if request.names:
        result["changed"] = any_changed(connection, results)
    if plan.failed:
        raise _failure(plan, result)
    return result


def _plan(
    connection: EsxConnection, invocation: Invocation, request: SnapshotRequest, warnings: dict[str, None]
) -> SnapshotPlan:
    now = _now(connection, request)
    failed: dict[str, EsxError] = {}
    entries = [_plan_entry(record, request, now, failed) for record in _records(connection, request)]
    for text in _check_new(connection, [entry for entry in entries if entry.takes_snapshot], request, failed):
        warnings[text] = None
    if failed and not request.names:
        raise failed[entries[0].record.moid]
    entries = [_without_actions(entry) if entry.record.moid in failed else entry for entry in entries]
    plan = SnapshotPlan((), None, entries, bool(request.names), failed)
    steps = []
    for stage in range(max((len(entry.actions) for entry in entries), default=0)):
        run = partial(_run_stage, connection, plan, stage, request.parallel, invocation.progress)
        steps.append(Step(_stage_name(entries, stage), run))
    return replace(plan, steps=steps)


def _plan_entry(
    record: DomainRecord, request: SnapshotRequest, now: datetime.datetime, failed: dict[str, EsxError]
) -> DomainEntry:
    try:
        entry = plan_entry(record, request, now)
        if entry.actions:
            check_known(record)
        return entry
    except EsxError as error:
        failed[record.moid] = error
        return present_entry(record)


def _now(connection: EsxConnection, request: SnapshotRequest) -> datetime.datetime:
    """The host's time, for computing the ages of its snapshots."""
    if request.older_than is None:
        return datetime.datetime.now(datetime.timezone.utc)
    now: datetime.datetime = connection.session.ref("ServiceInstance", "ServiceInstance").CurrentTime()
    return now


def _records(connection: EsxConnection, request: SnapshotRequest) -> list[DomainRecord]:
    """The requested domains, read in one call.

    :raises NotFound: for a name without a domain; a pattern may match none.
    """
    paths = [*PENDING_PATHS, *SNAPSHOT_PATHS, *_newer_paths(connection)]
    if not request.names:
        record, _facts = get_domain(connection, DomainKey(request.name, request.uuid), paths=paths, volumes=False)
        return [record]
    listed = list_domains(connection, paths)
    require_names(request.names, [item.name for item in listed], where="on the host")
    names = chosen(request.names, [item.name for item in listed])
    return [item for item in listed if item.name in names]


def _newer_paths(connection: EsxConnection) -> list[str]:
    """The properties that only newer servers know."""
    since = {TOOLS_PATH: (4, 0), CONSOLIDATION_PATH: (5, 0)}
    return [path for path, version in since.items() if connection.session.has(*version)]


def _check_new(
    connection: EsxConnection, new: Sequence[DomainEntry], request: SnapshotRequest, failed: dict[str, EsxError]
) -> list[str]:
    """Keep the errors of snapshots that the host would not take as requested; return warnings about the others."""
    if not new:
        return []
    rows = fetch(connection.session, "VirtualMachine", [DEVICES_PATH], objects=[entry.record.ref for entry in new])
    devices = {ref: values[DEVICES_PATH] or () for ref, values in rows}
    warnings = []
    for entry in new:
        warnings += _check_one(entry, devices.get(entry.record.ref, ()), request, failed)
    return warnings


def _check_one(
    entry: DomainEntry, devices: Sequence[Any], request: SnapshotRequest, failed: dict[str, EsxError]
) -> list[str]:
    try:
        return check_new_snapshot(entry.record, devices, entry.before, request)
    except EsxError as error:
        failed[entry.record.moid] = error
        return []


def _stage_name(entries: Sequence[DomainEntry], stage: int) -> str:
    going = _with_stage(entries, stage)
    actions = ", ".join(dict.fromkeys(entry.actions[stage].name for entry in going))
    return actions if len(entries) == 1 else f"{actions} of {', '.join(entry.record.name for entry in going)}"


def _with_stage(entries: Sequence[DomainEntry], stage: int) -> list[DomainEntry]:
    """The domains that have an action in a stage; in the first one all that have any."""
    return [entry for entry in entries if len(entry.actions) > stage]


def _run_stage(
    connection: EsxConnection, plan: SnapshotPlan, stage: int, parallel: int, progress: Callable[[str], None]
) -> None:
    """Run the next action of each domain that has one and has not failed; errors of several domains are kept."""
    going = plan.going(stage)
    tasks = [entry for entry in going if not entry.actions[stage].at_once]
    jobs = [_job(connection, entry.record, entry.actions[stage], progress) for entry in tasks]
    if not plan.is_list:  # then the plan is made again if another client is at work
        ended = run_jobs(connection.session, jobs, at_once=parallel)
    else:
        ended = run_when_idle(connection.session, jobs, at_once=parallel)
    results = dict(zip((entry.record.moid for entry in tasks), ended))
    for entry in going:
        action = entry.actions[stage]
        result = _call(action) if action.at_once else results[entry.record.moid]
        if isinstance(result, EsxError):
            if not plan.is_list or result.fault is None or result.fault != action.harmless:
                _keep_error(plan, entry.record, result)
        else:
            connection.answered.extend(result.answered)
            plan.done.setdefault(entry.record.moid, []).append(action.name)
            if entry.takes_snapshot:
                plan.taken[entry.record.moid] = result.result


def _without_duplicates(
    connection: EsxConnection,
    plan: SnapshotPlan,
    entries: Sequence[DomainEntry],
    parallel: int,
    progress: Callable[[str], None],
) -> tuple[Sequence[DomainEntry], list[str]]:
    """Remove the snapshots that were taken of domains that had got one of that name by then.

    :param entries: the domains as they are now.
    :returns: the domains as they are then, and the names of the steps.
    """
    found = {entry.record.ref: later_duplicate(entry.after, plan.taken.get(entry.record.moid)) for entry in entries}
    duplicates = {ref: item for ref, item in found.items() if item is not None}
    if not duplicates:
        return entries, []
    records = {entry.record.ref: entry.record for entry in entries}

    def job(ref: Any, name: str, start: Callable[[], Any]) -> Job:
        return _job(connection, records[ref], Action(name, start), progress)

    steps = []
    for ref, result in withdraw(connection, duplicates, job, parallel).items():
        record, item = records[ref], duplicates[ref]
        if isinstance(result, EsxError):
            result.append(f"The domain has two snapshots '{item.name}' now; {item.moid} is the one to remove.")
            result.details = {**result.details, "changed": True, "steps": plan.names()}
            _keep_error(plan, record, result)
        else:
            connection.answered.extend(result.answered)
            plan.done[record.moid].append(name_of(item))
            steps.append(name_of(item) if len(entries) == 1 else f"{name_of(item)}, of {record.name}")
    return [_first_of_name(entry, found[entry.record.ref]) for entry in _read_again(connection, entries)], steps


def _first_of_name(entry: DomainEntry, duplicate: Snapshot | None) -> DomainEntry:
    """A domain whose result is about the snapshot that has stayed, where this task's own was a duplicate."""
    if duplicate is None:
        return entry
    same = [item for item in entry.after if item.name == duplicate.name]
    return replace(entry, chosen=min(same, key=lambda item: item.number).path if same else None)


def _keep_error(plan: SnapshotPlan, record: DomainRecord, error: EsxError) -> None:
    """Keep the error of a domain for the end of the task; that of the only domain ends it at once."""
    if not plan.set_aside(record, error):
        raise error


def _job(connection: EsxConnection, record: DomainRecord, action: Action, progress: Callable[[str], None]) -> Job:
    what = f"Domain '{record.name}': {action.name}"
    patience = float(connection.session.options.timeout)  # writing memory and merging disks may take hours
    return Job(what, action.start, record.ref, show_progress(progress, what), patience)


def _call(action: Action) -> TaskOutcome | EsxError:
    try:
        action.start()
    except EsxError as error:
        return error
    return TaskOutcome()


def _read_again(connection: EsxConnection, entries: Sequence[DomainEntry]) -> list[DomainEntry]:
    """The domains as the server has them now, in one call."""
    paths = [*CORE_PATHS, *SNAPSHOT_PATHS, *_newer_paths(connection)]
    rows = dict(fetch(connection.session, "VirtualMachine", paths, objects=[entry.record.ref for entry in entries]))
    return [_as_is(entry, DomainRecord(entry.record.ref, rows[entry.record.ref])) for entry in entries]


def _as_is(entry: DomainEntry, record: DomainRecord) -> DomainEntry:
    return replace(
        entry,
        record=record,
        after=snapshot_list(record.values),
        state=record.state,
        consolidation_needed=bool(record.values.get(CONSOLIDATION_PATH)),
    )


def _without_actions(entry: DomainEntry) -> DomainEntry:
    """A domain that stays as it is."""
    return replace(entry, actions=(), after=entry.before, state=entry.record.state, chosen=None, lost=())


def _result_of(entry: DomainEntry, plan: SnapshotPlan, *, check_mode: bool) -> dict[str, Any]:
    done = [action.name for action in entry.actions] if check_mode else plan.done.get(entry.record.moid, [])
    chosen = [item.as_dict() for item in entry.after if item.path == entry.chosen]
    return {
        "domain": {**entry.record.identity(), "state": entry.state},
        "snapshot": chosen[-1] if chosen else None,
        "snapshots": [item.as_dict() for item in entry.after],
        "consolidation_needed": entry.consolidation_needed,
        "lost": list(entry.lost),
        "steps": done,
        "changed": bool(done),
        **failure_entry(plan.failed.get(entry.record.moid)),
    }


def _text(entries: Sequence[DomainEntry], side: str) -> str:
    """The states and trees of all domains, for diff mode."""
    texts = []
    for entry in entries:
        state = entry.record.state if side == "before" else entry.state
        texts.append(f"domain {entry.record.name}, {state}:\n{as_text(getattr(entry, side))}")
    return "".join(texts)


def _failure(plan: SnapshotPlan, result: dict[str, Any]) -> EsxError:
    names = {entry.record.moid: entry.record.name for entry in plan.entries}
    failed = [(names[moid], error) for moid, error in plan.failed.items()]
    return failure_of_some(failed, len(plan.entries), result)
