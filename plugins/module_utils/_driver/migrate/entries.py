# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domains of a task that migrates: found in the vCenter, each with an entry for its outcome."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import (
    CORE_PATHS,
    DomainRecord,
    domain_records,
    records_by_name,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.request import MoveRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import chosen_to_leave
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, EsxError, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import hint_at
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, SCOPE_VMS, fetch, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import Answered

# The properties that a migration needs of a domain.
MIGRATION_PATHS = (
    *CORE_PATHS,
    *PENDING_PATHS,
    "resourcePool",
    "datastore",
    "network",
    "config.template",
)

# The properties that tell where a domain is that is on no host of the task.
_WHERE = ("name", "config.uuid", "runtime.host")
_ANY_HOST = "A vpx:// URI that ends with the datacenter or the cluster finds it on any host there."


@dataclass
class Entry:
    """A requested domain: its record in the vCenter, its destination, and the outcome."""

    request: MoveRequest
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
        return str(self.request) if self.record is None else f"Domain '{self.record.name}'"

    @property
    def key(self) -> Any:
        """The domain, or the request for one that was not found: equal for requests that mean the same."""
        return str(self.request) if self.record is None else self.record.ref

    @property
    def is_missing(self) -> bool:
        """Whether no host of the task has the domain; one that is named by its moid was looked for on all hosts."""
        return isinstance(self.error, NotFound) and self.request.moid is None

    @property
    def route(self) -> str:
        """``from esx1 to esx2``, or ``on esx1`` if only its storage moves; for messages."""
        to = self.source if self.destination is None else self.destination.host_name
        return f"on {to}" if self.source == to else f"from {self.source} to {to}"

    @property
    def aim(self) -> tuple[Any, MoveRequest]:
        """Where the domain is to be, however it is identified."""
        host = None if self.destination is None else self.destination.host
        return host, replace(self.request, name=None, uuid=None, moid=None, host=None)

    def followed(self) -> MoveRequest:
        """The request for this domain wherever it has gone; the original one if the domain was not found."""
        return self.request if self.record is None else replace(self.request, moid=self.record.moid)

    def fail(self, error: EsxError) -> None:
        """Record that the domain is not migrated, and why."""
        self.error, self.moves = error, False

    def result(self) -> dict[str, Any]:
        """The entry in the form of results."""
        identified = self.request if self.record is None else self.record
        known = {
            "name": identified.name,
            "uuid": identified.uuid,
            "moid": identified.moid,
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


def look_up(endpoints: MigrationEndpoints, requests: Sequence[MoveRequest]) -> list[Entry]:
    """Find domains on their sources and destinations, in one read; each has one entry, and a pattern can match many.

    A managed object id means one domain of the vCenter, which is found on any other host, too, at the cost of a call.
    """
    hosts = _hosts_to_read(endpoints, requests)
    rows = fetch(endpoints.vcenter, "VirtualMachine", MIGRATION_PATHS, objects=hosts, traversal=HOST_VMS)
    records = records_by_name(rows)
    found = [entry for request in requests for entry in _find(endpoints, records, request)]
    _say_where(endpoints, found)
    return _once_each(found)


def _hosts_to_read(endpoints: MigrationEndpoints, requests: Sequence[MoveRequest]) -> list[Any]:
    """The sources, and the destinations that domains may have reached before."""
    arrived = [endpoints.destination_of(request.host) for request in requests if request.moid is None]
    return list(dict.fromkeys(_refs((*endpoints.source.hosts, *arrived))))


def _once_each(found: Sequence[Entry]) -> list[Entry]:
    """The entries without repetitions; a domain with two destinations fails."""
    first: dict[Any, Entry] = {}
    for entry in found:
        known = first.setdefault(entry.key, entry)
        if known.error is None and known.aim != entry.aim:
            known.fail(ParseError(f"{known} is named twice, with different destinations.", where="domains"))
    return list(first.values())


def _find(endpoints: MigrationEndpoints, records: Sequence[DomainRecord], request: MoveRequest) -> list[Entry]:
    """The entries of one request: a domain on the source is to move, one on the destination is already there."""
    destination = endpoints.destination_of(request.host)
    try:
        if request.pattern is not None:
            here = _on_hosts(records, endpoints.source.hosts)
            names = chosen_to_leave([request.pattern], [record.name for record in here])
            matching = [record for record in here if record.name in names]
            return [_entry_of(endpoints, replace(request, name=each.name), each, destination) for each in matching]
        meant = _find_meant(endpoints, records, request, destination)
        return [_entry_of(endpoints, request, record, destination) for record in meant]
    except EsxError as error:
        entry = Entry(request)
        entry.fail(error)
        return [entry]


def _on_hosts(records: Sequence[DomainRecord], hosts: Iterable[HostContext | None]) -> list[DomainRecord]:
    refs = _refs(hosts)
    return [record for record in records if record.values["runtime.host"] in refs]


def _refs(hosts: Iterable[HostContext | None]) -> list[Any]:
    return [host.host for host in hosts if host is not None]


def _by_moid(endpoints: MigrationEndpoints, records: Sequence[DomainRecord], moid: str) -> DomainRecord:
    """The domain with a managed object id, on whichever host it is.

    :raises NotFound: if the vCenter does not know it.
    """
    known = next((record for record in records if record.moid == moid), None)
    if known is not None:
        return known
    ref = endpoints.vcenter.ref("VirtualMachine", moid)
    try:
        return DomainRecord(ref, fetch_one(endpoints.vcenter, ref, MIGRATION_PATHS))
    except NotFound:
        raise NotFound(f"The vCenter knows no domain with the moid {moid}.") from None


def _find_meant(
    endpoints: MigrationEndpoints,
    records: Sequence[DomainRecord],
    request: MoveRequest,
    destination: HostContext | None,
) -> list[DomainRecord]:
    """The one domain with a request's moid, or its name and UUID on the source or else on the destination.

    If all of several are on the destination, the one that is meant is among them, and none has to move: all are
    returned, unless the request says more than the host.

    :raises EsxError: if there is none, or more than one, or the UUID is invalid.
    """
    if request.moid is not None:
        return [_by_moid(endpoints, records, request.moid)]
    here, there = _on_hosts(records, endpoints.source.hosts), _on_hosts(records, [destination])
    found = _meant_of(here, request) or _meant_of(there, request)
    if not found:
        raise _not_found(endpoints, request, destination, [record.name for record in (*here, *there)])
    arrived = _on_hosts(found, [destination])
    if len(found) > 1 and (arrived != found or request.changes_more_than_host):
        raise _ambiguous(endpoints, request, found)
    return found


def _meant_of(records: Sequence[DomainRecord], request: MoveRequest) -> list[DomainRecord]:
    uuid = request.canonical_uuid
    return [record for record in records if request.name in (None, record.name) and uuid in (None, record.uuid)]


def _ambiguous(endpoints: MigrationEndpoints, request: MoveRequest, found: Sequence[DomainRecord]) -> Ambiguous:
    listed = ", ".join(str(record) for record in found)
    where = endpoints.source_name or "the hosts of the URI"
    message = f"{request} can be {len(found)} domains on {where}: {listed}."
    return Ambiguous(message, hint="Choose one by its moid.")


def _not_found(
    endpoints: MigrationEndpoints, request: MoveRequest, destination: HostContext | None, names: Sequence[str]
) -> NotFound:
    ends = [endpoints.source_name or "a host of the URI", *([destination.host_name] if destination else [])]
    where = f"neither on {ends[0]} nor on {ends[1]}" if len(set(ends)) > 1 else f"not on {ends[0]}"
    return NotFound(f"{request} is {where}.", hint=None if request.name is None else hint_at(request.name, names))


def _say_where(endpoints: MigrationEndpoints, found: Sequence[Entry]) -> None:
    """Say which other hosts of the vCenter have the missing domains; one read for all, if there are any."""
    missing = [entry for entry in found if entry.is_missing]
    if not missing:
        return
    vcenter = endpoints.vcenter
    rows = fetch(vcenter, "VirtualMachine", _WHERE, objects=[vcenter.content.rootFolder], traversal=SCOPE_VMS)
    records = domain_records(rows)
    for entry in missing:
        names = _host_names(endpoints, _meant_of(records, entry.request))
        if names and entry.error is not None:
            entry.fail(NotFound(f"{entry.error.message} It is on {' and on '.join(names)}.", hint=_ANY_HOST))


def _host_names(endpoints: MigrationEndpoints, records: Sequence[DomainRecord]) -> list[str]:
    hosts = {record.values["runtime.host"] for record in records}
    return sorted(endpoints.host(host).host_name for host in hosts if host is not None)


def _entry_of(
    endpoints: MigrationEndpoints, request: MoveRequest, record: DomainRecord, destination: HostContext | None
) -> Entry:
    host = endpoints.host(record.values["runtime.host"])
    return Entry(
        request=request,
        record=record,
        destination=destination or host,
        source=host.host_name,
        host=host.host_name,
        state=record.facts()["state"],
        moves=destination is not None and destination.host != host.host,
    )
