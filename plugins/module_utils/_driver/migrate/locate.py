# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding out where domains are after a migration that failed.

The vCenter is asked first; if it can no longer be reached, the hosts themselves, over their own connections.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import STATES, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext, find_host
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, fetch, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session

_PATHS = ("config.uuid", "runtime.powerState", "runtime.host")


@dataclass(frozen=True)
class Location:
    """The location of a domain: the host's name and the domain's state if they are known, and a sentence about both."""

    sentence: str
    host: str | None = None
    state: str | None = None


def locate(endpoints: MigrationEndpoints, record: DomainRecord) -> Location:
    """Return where a domain is now."""
    try:
        values = fetch_one(endpoints.vcenter, record.ref, _PATHS)
        return _on(endpoints.host(values["runtime.host"]), STATES.get(str(values["runtime.powerState"])))
    except NotFound:
        return Location("The vCenter no longer knows it.")
    except EsxError:
        return _ask_hosts(endpoints, record.uuid)


def _on(host: HostContext, state: str | None) -> Location:
    return Location(f"It is on {host.host_name}{f', {state}' if state else ''}.", host.host_name, state)


def _ask_hosts(endpoints: MigrationEndpoints, uuid: str | None) -> Location:
    """Read the domains of each host that has its own connection, one read each; they are matched by UUID."""
    answers = [(host, _states(endpoints.own.get(host.host))) for host in endpoints.hosts]
    asked = [(host, states) for host, states in answers if states is not None]
    return _location_by_hosts(asked, uuid)


def _states(own: Session | None) -> dict[str, str | None] | None:
    """The states of a host's domains by UUID; None if the host cannot be reached."""
    if own is None:
        return None
    try:
        rows = fetch(own, "VirtualMachine", _PATHS, objects=[find_host(own).host], traversal=HOST_VMS)
    except EsxError:
        return None
    return {str(values["config.uuid"]).lower(): STATES.get(str(values["runtime.powerState"])) for _ref, values in rows}


def _location_by_hosts(asked: Sequence[tuple[HostContext, dict[str, str | None]]], uuid: str | None) -> Location:
    found = [_on(host, states[uuid]) for host, states in asked if uuid in states]
    if not asked:
        return Location("Its host is not known, as neither the vCenter nor a host can be asked.")
    if len(found) == 1:
        return Location(f"{found[0].sentence} (The host itself says so.)", found[0].host, found[0].state)
    if found:
        return Location(f"{' '.join(location.sentence for location in found)} The migration may still be under way.")
    names = " nor on ".join(host.host_name for host, _states in asked)
    return Location(f"It is not on {names}, according to these hosts.")
