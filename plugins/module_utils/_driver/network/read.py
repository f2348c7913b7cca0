# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host's virtual switches, port groups and physical cards: one call."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.networks import Bandwidth
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import (
    OFF,
    HostNetwork,
    Nic,
    Policy,
    PortGroup,
    Switch,
)
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Row, Traversal, fetch_types, list_at
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name

_PATHS = {
    "HostSystem": [
        "runtime.connectionState",
        "configManager.networkSystem",
        "config.network.vswitch",
        "config.network.portgroup",
        "config.network.pnic",
        "config.network.vnic",
        "config.network.consoleVnic",
    ],
    "Network": ["name", "vm"],
    "VirtualMachine": ["name", "runtime.host"],
}
_TRAVERSAL = (
    Traversal("networks", "HostSystem", "network", ("users",)),
    Traversal("users", "Network", "vm"),
)

# The types of the host's own ports.
_OWN_PORTS = {"host": "a VMkernel interface", "systemManagement": "the management interface"}


def read_host_network(connection: EsxConnection) -> HostNetwork:
    """Return the network of the connection's host."""
    host = connection.context.host
    rows = fetch_types(connection.session, _PATHS, objects=[host], traversal=_TRAVERSAL, include_start=True)
    values = dict(rows)[host]
    users = _users(rows, host)
    nics = list_at(values, "config.network.pnic")
    names = {nic.key: nic.device for nic in nics}
    vmkernel = _vmkernel([*list_at(values, "config.network.vnic"), *list_at(values, "config.network.consoleVnic")])
    groups = list_at(values, "config.network.portgroup")
    switches = [
        _switch(item, [group for group in groups if group.vswitch == item.key], names, vmkernel, users)
        for item in list_at(values, "config.network.vswitch")
    ]
    return HostNetwork(
        system=values["configManager.networkSystem"],
        connection=values["runtime.connectionState"],
        switches=tuple(sorted(switches, key=lambda switch: switch.name)),
        nics=tuple(_nic(nic) for nic in nics),
        api_groups={group.spec.name: group for group in groups},
    )


def uuid_of(key: str) -> str:
    """Libvirt's UUID of a virtual switch: the MD5 sum of its key (esx-driver-rules.md, section 15)."""
    return str(uuid.UUID(bytes=hashlib.md5(key.encode(), usedforsecurity=False).digest()))


def _users(rows: Sequence[Row], host: Any) -> dict[str, tuple[str, ...]]:
    """The names of the host's domains that use each network, by the network's name.

    In a vCenter, the port groups of one name on all hosts of a datacenter are one network.
    """
    names = {
        ref: unescape_name(values["name"] or moid(ref))
        for ref, values in rows
        if type_name(ref) == "VirtualMachine" and values["runtime.host"] in (None, host)
    }
    networks = {ref: values for ref, values in rows if type_name(ref) == "Network"}
    return {
        unescape_name(values["name"] or moid(ref)): tuple(
            sorted(names[vm] for vm in list_at(values, "vm") if vm in names)
        )
        for ref, values in networks.items()
    }


def _vmkernel(cards: Iterable[Any]) -> dict[str, list[str]]:
    """The host's own interfaces as ``vmk0 (192.0.2.1)``, by their port group's name."""
    found: dict[str, list[str]] = {}
    for card in cards:
        address = getattr(card.spec.ip, "ipAddress", None)
        found.setdefault(card.portgroup or "", []).append(f"{card.device} ({address})" if address else str(card.device))
    return found


def _switch(
    item: Any,
    groups: Iterable[Any],
    nics: Mapping[str, str],
    vmkernel: Mapping[str, list[str]],
    users: Mapping[str, tuple[str, ...]],
) -> Switch:
    return Switch(
        name=item.name,
        uuid=uuid_of(item.key),
        uplinks=tuple(nics.get(key, key) for key in item.pnic or ()),
        mtu=item.mtu,
        policy=read_policy(item.spec.policy),
        groups=tuple(_group(group, vmkernel, users) for group in groups),
        api=item,
    )


def _group(group: Any, vmkernel: Mapping[str, list[str]], users: Mapping[str, tuple[str, ...]]) -> PortGroup:
    name = group.spec.name
    own = list(vmkernel.get(name, ()))
    if not own:
        own = sorted({_OWN_PORTS[str(port.type)] for port in group.port or () if str(port.type) in _OWN_PORTS})
    return PortGroup(
        name=name,
        vlan=int(group.spec.vlanId or 0),
        policy=read_policy(group.spec.policy),
        vmkernel=tuple(own),
        domains=users.get(name, ()),
    )


def read_policy(policy: Any) -> Policy:
    """Return a HostNetworkPolicy as values; inherited settings are None."""
    security = getattr(policy, "security", None)
    teaming = getattr(policy, "nicTeaming", None)
    order = getattr(teaming, "nicOrder", None)
    rolling = getattr(teaming, "rollingOrder", None)
    return Policy(
        promiscuous=getattr(security, "allowPromiscuous", None),
        mac_changes=getattr(security, "macChanges", None),
        forged_transmits=getattr(security, "forgedTransmits", None),
        balancing=getattr(teaming, "policy", None),
        notify=getattr(teaming, "notifySwitches", None),
        failback=None if rolling is None else not rolling,
        active=None if order is None else tuple(order.activeNic or ()),
        standby=None if order is None else tuple(order.standbyNic or ()),
        bandwidth=_bandwidth(getattr(policy, "shapingPolicy", None)),
    )


def _bandwidth(shaping: Any) -> Bandwidth | None:
    """The API uses bits per second and bytes, libvirt kilobytes per second and KiB."""
    if shaping is None or shaping.enabled is None:
        return None
    if not shaping.enabled:
        return OFF
    return Bandwidth(
        average=int(shaping.averageBandwidth or 0) // 8000,
        peak=int(shaping.peakBandwidth or 0) // 8000,
        burst=int(shaping.burstSize or 0) // 1024,
    )


def _nic(nic: Any) -> Nic:
    link = nic.linkSpeed
    return Nic(
        name=nic.device,
        mac=str(nic.mac).lower(),
        key=nic.key,
        driver=nic.driver,
        speed_mbps=None if link is None else int(link.speedMb),
    )
