# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what a plan for emptying a host needs: the host's domains, and the free memory of other hosts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import CORE_PATHS, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.bin_packing import Demand, HostCapacity, place
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext, hosts_by_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, Values, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vcenter import host_in_vcenter, open_vcenter

_HOST_PATHS = (
    "hardware.memorySize",
    "summary.quickStats.overallMemoryUsage",
    "runtime.connectionState",
    "runtime.inMaintenanceMode",
)


def plan_evacuation(connection: EsxConnection, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the module's result: for each destination the domains of the host that are placed on it.

    :param params: ``destinations``, names of hosts in the vCenter, and ``names``, patterns of domains.
    :raises Refused: if there is no destination, or a domain fits on none of them.
    """
    vcenter = open_vcenter(connection.session)
    source = host_in_vcenter(connection.session)
    demands = _demands(vcenter, source, params["names"])
    hosts = place(demands, _free_memory(connection, vcenter, source, params["destinations"]))
    return {"changed": False, "source": source.host_name, "placements": [_result(host) for host in hosts]}


def _demands(vcenter: Session, source: HostContext, patterns: Sequence[str]) -> list[Demand]:
    rows = fetch(vcenter, "VirtualMachine", CORE_PATHS, objects=[source.host], traversal=HOST_VMS)
    records = [DomainRecord(ref, values) for ref, values in rows]
    return [_demand(record) for record in records if any(_matches(record.name, pattern) for pattern in patterns)]


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)


def _demand(record: DomainRecord) -> Demand:
    running = record.state == "running"
    return Demand(record.name, record.uuid, record.state, (record.memory_kib or 0) if running else 0)


def _free_memory(
    connection: EsxConnection, vcenter: Session, source: HostContext, names: Sequence[str]
) -> list[tuple[str, int]]:
    """The free memory of the destinations, in one read (esx-driver.md, section 17); what cannot be used is left out."""
    contexts = hosts_by_name(vcenter, list(dict.fromkeys(names)))
    rows = dict(fetch(vcenter, "HostSystem", _HOST_PATHS, objects=[context.host for context in contexts]))
    usable = []
    for context in contexts:
        values = rows[context.host]
        reason = "it is the host to empty" if context.host == source.host else _unusable(values)
        if reason is not None:
            connection.warn(f"The host {context.host_name} is not a destination: {reason}.")
        else:
            usable.append((context.host_name, _free_kib(values)))
    if not usable:
        raise Refused("There is no host that the domains could be migrated to.", hint="Give usable destinations.")
    return usable


def _unusable(values: Values) -> str | None:
    if str(values["runtime.connectionState"]) != "connected":
        return f"the vCenter says that it is {values['runtime.connectionState']}"
    return "it is in maintenance mode" if values["runtime.inMaintenanceMode"] else None


def _free_kib(values: Values) -> int:
    """``memorySize`` is in bytes, ``overallMemoryUsage`` in MiB."""
    used = (values["summary.quickStats.overallMemoryUsage"] or 0) * 1024
    return max(0, (values["hardware.memorySize"] or 0) // 1024 - used)


def _result(host: HostCapacity) -> dict[str, Any]:
    return {
        "host": host.host,
        "free_kib": host.free_kib,
        "free_after_kib": host.remaining_kib,
        "domains": [
            {"name": demand.name, "uuid": demand.uuid, "state": demand.state, "memory_kib": demand.kib}
            for demand in host.placed
        ],
    }
