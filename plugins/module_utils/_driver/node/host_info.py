# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host: what the module ``esx_host_info`` does, in two calls beside the session's own.

The licence and the host's time cost a call each; they are read only on request.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import STATES
from ansible_collections.virt.esx.plugins.module_utils._driver.node import facts
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.licence import read_licences
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    Row,
    Traversal,
    Values,
    fetch_types,
    list_at,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name

_HOST_PATHS = (
    "hardware.systemInfo.uuid",
    "hardware.cpuInfo",
    "hardware.cpuFeature",
    "hardware.memorySize",
    "hardware.numaInfo.numNodes",
    "summary.hardware.cpuModel",
    "summary.hardware.vendor",
    "summary.hardware.model",
    "summary.quickStats.overallMemoryUsage",
    "summary.rebootRequired",
    "summary.managementServerIp",
    "config.product",
    "config.network.dnsConfig",
    "config.network.pnic",
    "config.network.vnic",
    "config.autoStart.defaults",
    "config.adminDisabled",
    "capability.maxSupportedVcpus",
    "runtime.bootTime",
    "runtime.connectionState",
    "runtime.inMaintenanceMode",
    "configManager.dateTimeSystem",
)
# Properties that older servers refuse to be asked for.
_SINCE = {"config.lockdownMode": (6, 0)}

_TRAVERSAL = (
    Traversal("datastores", "HostSystem", "datastore"),
    Traversal("networks", "HostSystem", "network"),
    Traversal("domains", "HostSystem", "vm"),
)
_AROUND = {"Datastore": ["name"], "Network": ["name"], "VirtualMachine": ["runtime.powerState"]}

_LOCKDOWN = {"lockdownDisabled": "disabled", "lockdownNormal": "normal", "lockdownStrict": "strict"}


def read_host(connection: EsxConnection, gather: Collection[str]) -> dict[str, Any]:
    """Return the facts of the connection's host.

    :param gather: parts that cost a call each: ``licence``, ``time``.
    """
    host = connection.context.host
    newer = [path for path, version in _SINCE.items() if connection.session.has(*version)]
    wanted = {"HostSystem": [*_HOST_PATHS, *newer], **_AROUND}
    rows = fetch_types(connection.session, wanted, objects=[host], traversal=_TRAVERSAL, include_start=True)
    values = dict(rows)[host]
    entry = {"name": connection.context.host_name, "moid": moid(host), **_entry(values), **_contents(rows)}
    if "licence" in gather:
        entry["licence"] = _licence(connection)
    if "time" in gather:
        entry["time"] = _time(values)
    return entry


def _entry(values: Values) -> dict[str, Any]:
    boot = values["runtime.bootTime"]
    return {
        "uuid": values["hardware.systemInfo.uuid"],
        "hostname": facts.hostname(values["config.network.dnsConfig"]),
        "product": facts.read_product(values["config.product"]),
        "vendor": values["summary.hardware.vendor"],
        "model": values["summary.hardware.model"],
        "node": facts.read_node(values),
        "memory_free_kib": facts.free_memory_kib(values),
        "max_vcpus": values["capability.maxSupportedVcpus"],
        "capabilities": facts.capabilities(values),
        "boot_time": None if boot is None else boot.isoformat(),
        "connection_state": str(values["runtime.connectionState"]),
        "maintenance": bool(values["runtime.inMaintenanceMode"]),
        "reboot_required": bool(values["summary.rebootRequired"]),
        "lockdown": _lockdown(values),
        "vcenter": values["summary.managementServerIp"],
        "autostart": facts.read_autostart(values["config.autoStart.defaults"]),
        "interfaces": [facts.read_interface(nic) for nic in list_at(values, "config.network.pnic")],
        "vmkernel": [_vmkernel(card) for card in list_at(values, "config.network.vnic")],
    }


def _lockdown(values: Values) -> str:
    """Before vSphere 6.0 there are only on and off."""
    mode = values.get("config.lockdownMode")
    if mode is None:
        return "normal" if values["config.adminDisabled"] else "disabled"
    return _LOCKDOWN.get(str(mode), str(mode))


def _vmkernel(card: Any) -> dict[str, Any]:
    ip = card.spec.ip
    return {
        "name": card.device,
        "port_group": card.portgroup or None,
        "mac": str(card.spec.mac).lower(),
        "address": getattr(ip, "ipAddress", None),
        "mtu": card.spec.mtu,
    }


def _contents(rows: Sequence[Row]) -> dict[str, Any]:
    """The names of the host's pools and networks, and the number of domains in each state."""
    names: dict[str, list[str]] = {"Datastore": [], "Network": []}
    states: Counter[str] = Counter()
    for ref, values in rows:
        if type_name(ref) == "VirtualMachine":
            states[STATES.get(str(values["runtime.powerState"]), "unknown")] += 1
        elif values.get("name") and len(values) == 1:
            names["Datastore" if type_name(ref) == "Datastore" else "Network"].append(unescape_name(values["name"]))
    return {
        "pools": sorted(names["Datastore"]),
        "networks": sorted(names["Network"]),
        "domains": {state: states[state] for state in STATES.values()},
    }


def _licence(connection: EsxConnection) -> dict[str, Any] | None:
    """The licence in use, without its key; None if the server shows no licences."""
    licences = read_licences(connection.session)
    if not licences:
        return None
    first = licences[0]
    return {"name": first.name, "edition": first.edition, "read_only": all(item.read_only for item in licences)}


def _time(values: Values) -> str:
    """The host's clock, in ISO 8601."""
    return str(values["configManager.dateTimeSystem"].QueryDateTime().isoformat())
