# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the networks of a host: what the module ``esx_network_info`` does.

The standard switches are read in one call, the distributed port groups in another, and the ports of each distributed
switch in one more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.network.read import read_host_network
from ansible_collections.virt.esx.plugins.module_utils._driver.network.result import network_entry
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Traversal, Values, fetch_types
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

_GROUP = "DistributedVirtualPortgroup"
_SWITCH_PATH = "config.distributedVirtualSwitch"
_PATHS = {
    _GROUP: ["name", "key", _SWITCH_PATH, "config.defaultPortConfig"],
    "DistributedVirtualSwitch": ["name", "uuid"],
}
_TRAVERSAL = (
    Traversal("networks", "HostSystem", "network", ("switches",)),
    Traversal("switches", _GROUP, _SWITCH_PATH),
)


def read_networks(connection: EsxConnection, name: str | None) -> list[dict[str, Any]]:
    """Return the virtual switches of a host, and the port groups of distributed switches that it can use.

    :param name: the requested one, None for all.
    """
    network = read_host_network(connection)
    entries = [network_entry(network, switch) for switch in network.switches]
    if not connection.is_direct:
        entries += _distributed(connection)
    return [entry for entry in entries if name in (None, entry["name"])]


def _distributed(connection: EsxConnection) -> list[dict[str, Any]]:
    """The port groups of distributed switches, with the keys that a VMX and ``<interface type='vds'>`` need."""
    host = connection.context.host
    rows = fetch_types(connection.session, _PATHS, objects=[host], traversal=_TRAVERSAL)
    switches = {ref: values for ref, values in rows if type_name(ref) != _GROUP}
    groups = [values for ref, values in rows if type_name(ref) == _GROUP]
    ports = {ref: _ports(ref, groups) for ref in switches}
    entries = [_entry(item, switches[item[_SWITCH_PATH]], ports[item[_SWITCH_PATH]]) for item in groups]
    return sorted(entries, key=lambda entry: str(entry["name"]))


def _ports(switch: Any, groups: Sequence[Values]) -> list[Any]:
    """The ports in use of a switch that belong to one of the port groups."""
    keys = [group["key"] for group in groups if group[_SWITCH_PATH] == switch]
    criteria = vim.dvs.PortCriteria(connected=True, portgroupKey=keys, inside=True)
    return list(switch.FetchDVPorts(criteria) or ())


def _entry(group: Values, switch: Values, ports: Sequence[Any]) -> dict[str, Any]:
    return {
        "name": unescape_name(group["name"]),
        "type": "distributed",
        "switch": unescape_name(switch["name"]),
        "switch_id": switch_id(switch["uuid"]),
        "portgroup_id": group["key"],
        "vlan": _vlan(group["config.defaultPortConfig"]),
        "ports": [
            {"port_id": port.key, "connection_id": port.connectionCookie}
            for port in ports
            if port.portgroupKey == group["key"]
        ],
    }


def switch_id(uuid: str) -> str:
    """Return the UUID of a distributed switch in libvirt's spelling; the API puts blanks between the bytes."""
    digits = "".join(uuid.replace("-", "").split())
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])).lower()


def _vlan(setting: Any) -> str | None:
    """The VLAN id; None for ranges and private VLANs."""
    found = getattr(getattr(setting, "vlan", None), "vlanId", None)
    return str(found) if isinstance(found, int) else None
