# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding out where domains are after a migration that went wrong.

The vCenter is asked first; where it cannot be reached any more, the hosts themselves, over their own connections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import STATES, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import HostEndpoint, MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import find_host
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, Row, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session

_PATHS = ("config.uuid", "runtime.powerState", "runtime.host")


@dataclass(frozen=True)
class Location:
    """Where a domain is: the host's name and the domain's state where they are known, and a sentence that says it."""

    sentence: str
    host: str | None = None
    state: str | None = None


def locate(endpoints: MigrationEndpoints, records: Sequence[DomainRecord]) -> list[Location]:
    """Return where domains are now, in their order."""
    both = [endpoints.source.context.host, endpoints.destination.context.host]
    try:
        rows = _read(endpoints.vcenter, both)
    except EsxError:
        return _ask_hosts(endpoints, records)
    by_ref = dict(rows)
    return [_location_of(endpoints, by_ref.get(record.ref)) for record in records]


def _read(session: Session, hosts: Sequence[Any]) -> list[Row]:
    return fetch(session, "VirtualMachine", _PATHS, objects=hosts, traversal=HOST_VMS)


def _location_of(endpoints: MigrationEndpoints, values: dict[str, Any] | None) -> Location:
    for end in (endpoints.source, endpoints.destination):
        if values is not None and values["runtime.host"] == end.context.host:
            return _on(end, STATES.get(str(values["runtime.powerState"])))
    return Location(f"It is neither on {endpoints.source.name} nor on {endpoints.destination.name}.")


def _on(end: HostEndpoint, state: str | None) -> Location:
    return Location(f"It is on {end.name}{f', {state}' if state else ''}.", end.name, state)


def _ask_hosts(endpoints: MigrationEndpoints, records: Sequence[DomainRecord]) -> list[Location]:
    """Ask each host that has a connection of its own for its domains, one read each; they are matched by UUID."""
    answers = [(end, _states(end)) for end in (endpoints.source, endpoints.destination)]
    return [_location_by_hosts(answers, record.uuid) for record in records]


def _states(end: HostEndpoint) -> dict[str, str | None] | None:
    """The states of a host's domains by UUID; None if it cannot be asked."""
    if end.own is None:
        return None
    try:
        rows = _read(end.own, [find_host(end.own).host])
    except EsxError:
        return None
    return {str(values["config.uuid"]).lower(): STATES.get(str(values["runtime.powerState"])) for _ref, values in rows}


def _location_by_hosts(
    answers: Sequence[tuple[HostEndpoint, dict[str, str | None] | None]], uuid: str | None
) -> Location:
    asked = [end for end, states in answers if states is not None]
    found = [_on(end, states[uuid]) for end, states in answers if states is not None and uuid in states]
    if not asked:
        return Location("Where it is cannot be found out: neither host can be asked itself.")
    if len(found) == 1:
        return Location(f"{found[0].sentence} (The host itself says so.)", found[0].host, found[0].state)
    if found:
        return Location(f"{' '.join(location.sentence for location in found)} The migration may be still under way.")
    return Location(f"It is not on {' nor on '.join(end.name for end in asked)}, as far as these can say.")
