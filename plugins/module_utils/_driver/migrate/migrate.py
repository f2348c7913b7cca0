# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrating domains from one host of a vCenter to another one: look up, validate, move, and say where each is.

Each domain that was asked for has an entry of its own. What goes wrong with one does not keep the others from being
migrated; when all is done, the errors of all are raised as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.values import to_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import CORE_PATHS, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.locate import locate
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.relocation import start, validate
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import show_progress
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import Answered
from ansible_collections.virt.esx.plugins.module_utils._vi.task import wait_until_idle


@dataclass
class Entry:
    """A domain that was asked for: ``wish`` in words, what the vCenter knows of it, and what became of it."""

    wish: str
    name: str | None = None
    uuid: str | None = None
    record: DomainRecord | None = None
    host: str | None = None
    state: str | None = None
    moves: bool = False
    error: EsxError | None = None
    warnings: Sequence[str] = ()
    errors: Sequence[str] = ()
    answered: list[Answered] = field(default_factory=list)

    def fail(self, error: EsxError) -> None:
        """Note that the domain is not migrated, and why."""
        self.error, self.moves = error, False

    def result(self) -> dict[str, Any]:
        """The entry as the module returns it."""
        known = {
            "name": self.name,
            "uuid": self.uuid,
            "moid": None if self.record is None else self.record.moid,
            "state": self.state,
            "host": self.host,
        }
        return {
            **{key: value for key, value in known.items() if value is not None},
            "changed": self.moves,
            "failed": self.error is not None,
            **({} if self.error is None else {"msg": self.error.message}),
            "warnings": list(self.warnings),
            "errors": list(self.errors),
            "questions": [asdict(answered) for answered in self.answered],
        }


def migrate_domains(endpoints: MigrationEndpoints, invocation: Invocation) -> dict[str, Any]:
    """Migrate the domains that the module was asked for, and return its result.

    :raises EsxError: if there was an error for at least one of them; ``details`` hold the result.
    """
    params = invocation.params
    at_once = params["parallel"]
    if at_once < 1:
        raise ParseError(f"{at_once} is not a number of at least 1.", where="parallel")
    entries = look_up(endpoints, params["names"] or (), params["uuids"] or ())
    before = _text(entries)
    _validate(endpoints, entries, at_once, invocation.warn)
    if not invocation.check_mode:
        _move(endpoints, entries, at_once, invocation.progress)
    result = {
        "changed": any(entry.moves for entry in entries),
        "source": endpoints.source.name,
        "destination": endpoints.destination.name,
        "domains": [entry.result() for entry in entries],
        **({"diff": {"before": before, "after": _text(entries)}} if invocation.diff else {}),
    }
    _raise_errors(endpoints, entries, result)
    return result


def look_up(endpoints: MigrationEndpoints, names: Iterable[str], uuids: Iterable[str]) -> list[Entry]:
    """Find domains by names and UUIDs on both hosts, in one read; each domain has one entry."""
    hosts = [endpoints.source.context.host, endpoints.destination.context.host]
    rows = fetch(endpoints.vcenter, "VirtualMachine", CORE_PATHS, objects=hosts, traversal=HOST_VMS)
    records = [DomainRecord(ref, values) for ref, values in rows]
    found = [_find(endpoints, records, "name", name, name) for name in names]
    found += [_find(endpoints, records, "uuid", uuid, to_uuid(uuid)) for uuid in uuids]
    first: dict[Any, Entry] = {}
    for entry in found:
        first.setdefault(entry.wish if entry.record is None else entry.record.ref, entry)
    return list(first.values())


def _find(
    endpoints: MigrationEndpoints, records: Sequence[DomainRecord], key: str, given: str, wanted: str | None
) -> Entry:
    """The entry of one wish: on the source it is to move, on the destination it is there already."""
    if key == "name":
        entry = Entry(f"Domain '{given}'", name=given)
    else:
        entry = Entry(f"The domain with the UUID {given}", uuid=given)
    if wanted is None:
        entry.fail(ParseError(f"'{given}' is not a UUID, which has 32 hex digits.", where="uuids"))
        return entry
    for end in (endpoints.source, endpoints.destination):
        here = [
            record
            for record in records
            if record.values["runtime.host"] == end.context.host and getattr(record, key) == wanted
        ]
        if len(here) > 1:
            listed = ", ".join(f"'{record.name}' ({record.vmx_path})" for record in here)
            entry.fail(Ambiguous(f"{entry.wish} is there {len(here)} times on {end.name}: {listed}."))
            return entry
        if here:
            return _entry_of(here[0], end.name, moves=end is endpoints.source)
    entry.fail(NotFound(f"{entry.wish} is neither on {endpoints.source.name} nor on {endpoints.destination.name}."))
    return entry


def _entry_of(record: DomainRecord, host: str, *, moves: bool) -> Entry:
    return Entry(
        wish=f"Domain '{record.name}'",
        name=record.name,
        uuid=record.uuid,
        record=record,
        host=host,
        state=record.state,
        moves=moves,
    )


def _moving(entries: Sequence[Entry]) -> list[tuple[Entry, DomainRecord]]:
    return [(entry, entry.record) for entry in entries if entry.moves and entry.record is not None]


def _validate(
    endpoints: MigrationEndpoints, entries: Sequence[Entry], at_once: int, warn: Callable[[str], None]
) -> None:
    """Have the vCenter validate all migrations before the first one begins; what it refuses does not move."""
    moving = _moving(entries)
    verdicts = validate(endpoints, [record for _entry, record in moving], at_once=at_once)
    for (entry, _record), verdict in zip(moving, verdicts):
        if isinstance(verdict, EsxError):
            entry.fail(verdict)
            continue
        entry.warnings, entry.errors = verdict.warnings, verdict.errors
        for text in verdict.warnings:
            warn(f"{entry.wish}, migrating {endpoints.route}: {text}")
        if verdict.errors:
            reasons = "; ".join(text.rstrip(".") for text in verdict.errors)
            entry.fail(Refused(f"{entry.wish} cannot be migrated {endpoints.route}: {reasons}."))
        else:
            entry.host = endpoints.destination.name


def _move(endpoints: MigrationEndpoints, entries: Sequence[Entry], at_once: int, show: Callable[[str], None]) -> None:
    """Migrate what moves, and find out where those are for which that failed."""
    moving = _moving(entries)
    jobs = [_job(endpoints, entry, record, show) for entry, record in moving]
    failed: list[tuple[Entry, DomainRecord]] = []
    for (entry, record), outcome in zip(moving, run_jobs(endpoints.vcenter, jobs, at_once=at_once)):
        if isinstance(outcome, EsxError):
            entry.fail(outcome)
            failed.append((entry, record))
        else:
            entry.answered.extend(outcome.answered)
    locations = locate(endpoints, [record for _entry, record in failed]) if failed else []
    for (entry, _record), location in zip(failed, locations):
        entry.host, entry.state = location.host, location.state
        entry.moves = location.host == endpoints.destination.name
        if entry.error is not None:
            entry.error = _with_place(entry.error, location.sentence)


def _job(endpoints: MigrationEndpoints, entry: Entry, record: DomainRecord, show: Callable[[str], None]) -> Job:
    action = f"Migrating domain '{record.name}' {endpoints.route}"

    def begin() -> Any:
        entry.answered.extend(wait_until_idle(endpoints.vcenter, record.ref, action=action))
        return start(endpoints, record)

    return Job(action=action, start=begin, vm=record.ref, progress=show_progress(show, action))


def _with_place(error: EsxError, sentence: str) -> EsxError:
    return EsxError(f"{error.message} {sentence}", hint=error.hint, fault=error.fault, details=error.details)


def _text(entries: Sequence[Entry]) -> str:
    """What diff mode compares: the host of each domain."""
    return "".join(f"{entry.name or entry.uuid}: {entry.host or 'unknown'}\n" for entry in entries)


def _raise_errors(endpoints: MigrationEndpoints, entries: Sequence[Entry], result: dict[str, Any]) -> None:
    errors = [entry.error for entry in entries if entry.error is not None]
    if not errors:
        return
    if len(entries) == 1:
        one = errors[0]
        raise EsxError(one.message, hint=one.hint, fault=one.fault, details={**one.details, **result})
    listed = " ".join(error.message for error in errors)
    raise EsxError(
        f"{len(errors)} of {len(entries)} domains were not migrated {endpoints.route}. {listed}",
        hint=errors[0].hint if len(errors) == 1 else None,
        details=result,
    )
