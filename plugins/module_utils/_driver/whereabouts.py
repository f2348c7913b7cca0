# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding out where domains are after a migration that went wrong.

The vCenter is asked first; where it cannot be reached any more, the hosts themselves, over their own connections.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.domains import STATES, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.ends import End, Ends
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.inventory import find_host
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, Row, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session

_PATHS = ("config.uuid", "runtime.powerState", "runtime.host")


@dataclass(frozen=True)
class Place:
    """Where a domain is: the host's name and the domain's state where they are known, and a sentence that says it."""

    sentence: str
    host: str | None = None
    state: str | None = None


def find_places(ends: Ends, records: Sequence[DomainRecord]) -> list[Place]:
    """Return where domains are now, in their order."""
    both = [ends.source.context.host, ends.destination.context.host]
    try:
        rows = _read(ends.vcenter, both)
    except EsxError:
        return _ask_hosts(ends, records)
    by_ref = dict(rows)
    return [_place_of(ends, by_ref.get(record.ref)) for record in records]


def _read(session: Session, hosts: Sequence[Any]) -> list[Row]:
    return fetch(session, "VirtualMachine", _PATHS, objects=hosts, traversal=HOST_VMS)


def _place_of(ends: Ends, values: dict[str, Any] | None) -> Place:
    for end in (ends.source, ends.destination):
        if values is not None and values["runtime.host"] == end.context.host:
            return _on(end, STATES.get(str(values["runtime.powerState"])))
    return Place(f"It is neither on {ends.source.name} nor on {ends.destination.name}.")


def _on(end: End, state: str | None) -> Place:
    return Place(f"It is on {end.name}{f', {state}' if state else ''}.", end.name, state)


def _ask_hosts(ends: Ends, records: Sequence[DomainRecord]) -> list[Place]:
    """Ask each host that has a connection of its own for its domains, one read each; they are matched by UUID."""
    answers = [(end, _states(end)) for end in (ends.source, ends.destination)]
    return [_place_by_hosts(answers, record.uuid) for record in records]


def _states(end: End) -> dict[str, str | None] | None:
    """The states of a host's domains by UUID; None if it cannot be asked."""
    if end.own is None:
        return None
    try:
        rows = _read(end.own, [find_host(end.own).host])
    except EsxError:
        return None
    return {str(values["config.uuid"]).lower(): STATES.get(str(values["runtime.powerState"])) for _ref, values in rows}


def _place_by_hosts(answers: Sequence[tuple[End, dict[str, str | None] | None]], uuid: str | None) -> Place:
    asked = [end for end, states in answers if states is not None]
    found = [_on(end, states[uuid]) for end, states in answers if states is not None and uuid in states]
    if not asked:
        return Place("Where it is cannot be found out: neither host can be asked itself.")
    if len(found) == 1:
        return Place(f"{found[0].sentence} (The host itself says so.)", found[0].host, found[0].state)
    if found:
        return Place(f"{' '.join(place.sentence for place in found)} The migration may be still under way.")
    return Place(f"It is not on {' nor on '.join(end.name for end in asked)}, as far as these can say.")
