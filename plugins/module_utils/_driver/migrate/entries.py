# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domains of a task that migrates: found in the vCenter, each with an entry of its own for what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import CORE_PATHS, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.request import Wish
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import is_pattern, matches
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, EsxError, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import nearest
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import Answered

# What a migration needs to know of a domain.
MIGRATION_PATHS = (
    *CORE_PATHS,
    *PENDING_PATHS,
    "resourcePool",
    "datastore",
    "network",
    "config.template",
)


@dataclass
class Entry:
    """A domain that was asked for: what the vCenter knows of it, where it goes, and what became of it."""

    wish: Wish
    record: DomainRecord | None = None
    destination: HostContext | None = None
    source: str | None = None
    host: str | None = None
    state: str | None = None
    moves: bool = False
    error: EsxError | None = None
    warnings: Sequence[str] = ()
    errors: Sequence[str] = ()
    answered: list[Answered] = field(default_factory=list)

    def __str__(self) -> str:
        """``Domain 'web'``, for messages."""
        return str(self.wish) if self.record is None else f"Domain '{self.record.name}'"

    @property
    def route(self) -> str:
        """``from esx1 to esx2``, or ``on esx1`` where only its storage moves, for messages."""
        to = self.source if self.destination is None else self.destination.host_name
        return f"on {to}" if self.source == to else f"from {self.source} to {to}"

    def fail(self, error: EsxError) -> None:
        """Note that the domain is not migrated, and why."""
        self.error, self.moves = error, False

    def result(self) -> dict[str, Any]:
        """The entry as the module returns it."""
        known = {
            "name": self.wish.name if self.record is None else self.record.name,
            "uuid": self.wish.uuid if self.record is None else self.record.uuid,
            "moid": self.wish.moid if self.record is None else self.record.moid,
            "state": self.state,
            "source": self.source,
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


def look_up(endpoints: MigrationEndpoints, wishes: Sequence[Wish]) -> list[Entry]:
    """Find domains on all hosts of the task, in one read; each domain has one entry, a pattern may have many."""
    hosts = [host.host for host in endpoints.hosts]
    rows = fetch(endpoints.vcenter, "VirtualMachine", MIGRATION_PATHS, objects=hosts, traversal=HOST_VMS)
    records = sorted((DomainRecord(ref, values) for ref, values in rows), key=lambda record: record.name)
    found = [entry for wish in wishes for entry in _find(endpoints, records, wish)]
    first: dict[Any, Entry] = {}
    for entry in found:
        first.setdefault(str(entry.wish) if entry.record is None else entry.record.ref, entry)
    return list(first.values())


def _find(endpoints: MigrationEndpoints, records: Sequence[DomainRecord], wish: Wish) -> list[Entry]:
    """The entries of one wish: a domain on the source is to move, one on the destination is there already."""
    destination = endpoints.destination if wish.host is None else endpoints.named[wish.host]
    sources = [host.host for host in endpoints.source.hosts]
    here = [record for record in records if record.values["runtime.host"] in sources]
    if wish.moid is None and wish.name is not None and is_pattern(wish.name):
        matching = [record for record in here if matches(record.name, wish.name)]
        return [_entry_of(endpoints, replace(wish, name=record.name), record, destination) for record in matching]
    entry = Entry(wish)
    if wish.moid is None and wish.name is None and wish.canonical_uuid is None:
        entry.fail(ParseError(f"'{wish.uuid}' is not a UUID, which has 32 hex digits.", where="uuids"))
        return [entry]
    there = [record for record in records if destination and record.values["runtime.host"] == destination.host]
    found = [record for record in here if _is_meant(record, wish)]
    found = found or [record for record in there if _is_meant(record, wish)]
    if len(found) > 1:
        listed = ", ".join(str(record) for record in found)
        where = endpoints.source_name or "the hosts of the URI"
        entry.fail(
            Ambiguous(f"{wish} is there {len(found)} times on {where}: {listed}.", hint="Choose one by its moid.")
        )
    elif found:
        entry = _entry_of(endpoints, wish, found[0], destination)
    else:
        entry.fail(_not_found(endpoints, wish, destination, [record.name for record in (*here, *there)]))
    return [entry]


def _is_meant(record: DomainRecord, wish: Wish) -> bool:
    if wish.moid is not None:
        return record.moid == wish.moid
    return record.name == wish.name if wish.name is not None else record.uuid == wish.canonical_uuid


def _not_found(
    endpoints: MigrationEndpoints, wish: Wish, destination: HostContext | None, names: Sequence[str]
) -> NotFound:
    ends = [endpoints.source_name or "a host of the URI", *([destination.host_name] if destination else [])]
    where = f"neither on {ends[0]} nor on {ends[1]}" if len(set(ends)) > 1 else f"not on {ends[0]}"
    near = None if wish.name is None else nearest(wish.name, names)
    return NotFound(f"{wish} is {where}.", hint=None if near is None else f"Is '{near}' meant?")


def _entry_of(
    endpoints: MigrationEndpoints, wish: Wish, record: DomainRecord, destination: HostContext | None
) -> Entry:
    host = endpoints.host(record.values["runtime.host"])
    return Entry(
        wish=wish,
        record=record,
        destination=destination or host,
        source=host.host_name,
        host=host.host_name,
        state=record.facts()["state"],
        moves=destination is not None and destination.host != host.host,
    )
