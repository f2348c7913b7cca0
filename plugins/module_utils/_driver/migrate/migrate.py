# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrating domains to other hosts of a vCenter: look up, validate, move, and say where each is.

Each requested domain has an entry of its own. If one fails, the others are migrated nevertheless; at the end all errors
are raised as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import RECENT_PATH, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.entries import Entry, look_up
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.locate import locate
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.moving import move_job
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.relocation import (
    Relocation,
    Validation,
    validate,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.request import MigrationRequest, MoveRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.storage import home_of
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.targets import Targets, resolve
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import run_when_idle
from ansible_collections.virt.esx.plugins.module_utils._vi.pending_tasks import pending_tasks
from ansible_collections.virt.esx.plugins.module_utils._vi.task import wait_until_idle

_Moving = list[tuple[Entry, Relocation]]

# The number of checks that run at the same time; they cost the server little.
CHECKS_AT_ONCE = 8

# The number of errors that a message can list and remain readable; the result has all of them.
_MOST_ERRORS = 10


def migrate_domains(endpoints: MigrationEndpoints, invocation: Invocation, request: MigrationRequest) -> dict[str, Any]:
    """Migrate the requested domains, and return the module's result.

    :raises EsxError: if at least one of them failed; ``details`` hold the result.
    """
    entries = look_up(endpoints, request.domains)
    if not invocation.check_mode and _wait_for_others(endpoints, entries):
        entries = look_up(endpoints, [entry.followed() for entry in entries])
    moving = _validate(endpoints, entries, request, invocation.warn)
    if not invocation.check_mode:
        _move(endpoints, moving, request, invocation.progress)
    result = _result(endpoints, entries)
    if invocation.diff:
        result["diff"] = {"before": _text(entries, after=False), "after": _text(entries, after=True)}
    _raise_errors(endpoints, entries, result)
    return result


def _result(endpoints: MigrationEndpoints, entries: Sequence[Entry]) -> dict[str, Any]:
    result: dict[str, Any] = {"changed": any(entry.moves for entry in entries)}
    if endpoints.source_name is not None:
        result["source"] = endpoints.source_name
    if endpoints.destination is not None:
        result["destination"] = endpoints.destination.host_name
    result["domains"] = [entry.result() for entry in entries]
    return result


def _wait_for_others(endpoints: MigrationEndpoints, entries: Sequence[Entry]) -> bool:
    """Wait for tasks that other clients have started on the domains; return whether there were any.

    Another client's migration may be moving a domain to its destination right now.
    """
    vcenter, records = endpoints.vcenter, _with_recent_tasks(entries)
    if not pending_tasks(vcenter, [task for record in records for task in record.values[RECENT_PATH]]):
        return False
    for record in records:
        action = f"Waiting for an earlier task of domain '{record.name}'"
        wait_until_idle(vcenter, record.ref, action=action, patience=math.inf)
    return True


def _with_recent_tasks(entries: Sequence[Entry]) -> list[DomainRecord]:
    records = [entry.record for entry in entries if entry.record is not None]
    return [record for record in records if record.values[RECENT_PATH]]


def _validate(
    endpoints: MigrationEndpoints, entries: Sequence[Entry], request: MigrationRequest, warn: Callable[[str], None]
) -> _Moving:
    """Have the vCenter validate all migrations before the first one begins; return the accepted ones."""
    moving = _relocations(endpoints, entries)
    answers = validate(endpoints.vcenter, [relocation for _entry, relocation in moving], at_once=CHECKS_AT_ONCE)
    for (entry, relocation), answer in zip(moving, answers):
        _take_answer(entry, answer, warn, strict=request.strict)
        if entry.moves:
            entry.host = relocation.host.host_name
    return [(entry, relocation) for entry, relocation in moving if entry.moves]


def _relocations(endpoints: MigrationEndpoints, entries: Sequence[Entry]) -> _Moving:
    """Resolve what the requests name; return the relocations of the domains that have to move."""
    targets, moving = Targets(endpoints), []
    for entry in (entry for entry in entries if entry.error is None):
        try:
            relocation = resolve(targets, entry)
        except EsxError as error:
            entry.fail(error)
            continue
        entry.moves = relocation is not None
        if relocation is not None:
            moving.append((entry, relocation))
    return moving


def _take_answer(entry: Entry, answer: Validation | EsxError, warn: Callable[[str], None], *, strict: bool) -> None:
    """Record the vCenter's validation of a migration; the entry does not move if it is refused."""
    if isinstance(answer, EsxError):
        message = f"{entry} cannot be migrated {entry.route}, as it could not be validated: {answer.message}"
        entry.fail(EsxError(message, hint=answer.hint, fault=answer.fault))
        return
    entry.warnings, entry.errors = answer.warnings, answer.errors
    for text in () if strict else answer.warnings:
        warn(f"{entry}, migrating {entry.route}: {text}")
    refusal = answer.refusal(f"{entry} cannot be migrated {entry.route}", strict=strict)
    if refusal is not None:
        entry.fail(refusal)


def _move(
    endpoints: MigrationEndpoints, moving: _Moving, request: MigrationRequest, show: Callable[[str], None]
) -> None:
    """Migrate the domains that move, and find out where those are whose migration failed."""
    jobs = [move_job(endpoints, entry, relocation, request, show) for entry, relocation in moving]
    outcomes = run_when_idle(endpoints.vcenter, jobs, at_once=request.parallel)
    for (entry, relocation), outcome in zip(moving, outcomes):
        if isinstance(outcome, EsxError):
            _take_failure(endpoints, entry, relocation, outcome)
        else:
            entry.answered.extend(outcome.answered)


def _take_failure(endpoints: MigrationEndpoints, entry: Entry, relocation: Relocation, error: EsxError) -> None:
    """Record a migration's error, and where the domain is afterwards."""
    location = locate(endpoints, relocation.record)
    entry.host, entry.state = location.host, location.state
    has_arrived = location.host == relocation.host.host_name and location.host != entry.source
    doubt = f"{entry} was migrated {entry.route}, but the task ended in an error. " if has_arrived else ""
    message = f"{doubt}{error.message} {location.sentence}"
    entry.fail(EsxError(message, hint=error.hint, fault=error.fault, details=error.details))
    entry.moves = has_arrived


def _text(entries: Sequence[Entry], *, after: bool) -> str:
    """The text for diff mode: the host of each domain, and its other places that the task sets."""
    lines = []
    for entry in entries:
        known = entry.result()
        name = known.get("name") or known.get("uuid") or known["moid"]
        host = known.get("host" if after else "source", "unknown")
        lines.append(f"{name}: {host}{_place_text(entry, after=after and entry.moves)}\n")
    return "".join(lines)


def _place_text(entry: Entry, *, after: bool) -> str:
    files = _files_text(entry, after=after)
    return f"{files}{_new_places_text(entry.request)}" if after else files


def _files_text(entry: Entry, *, after: bool) -> str:
    move = entry.request
    if entry.record is None or not (move.datastore or move.disks):
        return ""
    return f", files in {move.datastore if after and move.datastore else home_of(entry.record)}"


def _new_places_text(move: MoveRequest) -> str:
    places = [
        *(f"{label} in {name}" for label, name in move.disks.items()),
        *(f"{kind} {name}" for kind, name in (("pool", move.pool), ("folder", move.folder)) if name),
        *(f"network {name} instead of {old}" for old, name in move.networks.items()),
    ]
    return "".join(f", {place}" for place in places)


def _raise_errors(endpoints: MigrationEndpoints, entries: Sequence[Entry], result: dict[str, Any]) -> None:
    errors = [entry.error for entry in entries if entry.error is not None]
    if not errors:
        return
    if len(entries) == 1:
        one = errors[0]
        raise EsxError(one.message, hint=one.hint, fault=one.fault, details={**one.details, **result})
    intro = f"{len(errors)} of {len(entries)} domains were not migrated{_route(endpoints)}."
    raise _of_many(intro, errors, result)


def _of_many(intro: str, errors: Sequence[EsxError], result: dict[str, Any]) -> EsxError:
    """One error for several; a hint that is the same for all is given once."""
    hints = {error.hint for error in errors} - {None}
    listed = " ".join(_sentence(error, with_hint=len(hints) > 1) for error in errors[:_MOST_ERRORS])
    more = f" The other {len(errors) - _MOST_ERRORS} are in domains." if len(errors) > _MOST_ERRORS else ""
    return EsxError(f"{intro} {listed}{more}", hint=next(iter(hints)) if len(hints) == 1 else None, details=result)


def _route(endpoints: MigrationEndpoints) -> str:
    """`` from esx1 to esx2`` if that is the way of all domains, otherwise nothing."""
    source, destination = endpoints.source_name, endpoints.destination
    return "" if source is None or destination is None else f" from {source} to {destination.host_name}"


def _sentence(error: EsxError, *, with_hint: bool) -> str:
    return f"{error.message} {error.hint}" if with_hint and error.hint else error.message
