# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A virtual switch in the form of results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain import networks
from ansible_collections.virt.esx.plugins.module_utils._domain.networks import TRUNK, Bandwidth
from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import (
    OFF,
    HostNetwork,
    Policy,
    PortGroup,
    Switch,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.network.request import BALANCING

_WORDS = {word: option for option, word in BALANCING.items()}

# Facts that a task does not set.
_NOT_IN_DIFF = ("xml", "uuid", "domains", "vmkernel")


def network_entry(network: HostNetwork, switch: Switch) -> dict[str, Any]:
    """Return a switch with its uplinks and port groups."""
    return {
        "name": switch.name,
        "type": "standard",
        "uuid": switch.uuid or None,
        "mtu": switch.mtu,
        "uplinks": _uplinks(network, switch),
        "vmkernel": list(switch.vmkernel),
        **_policy_entry(replace(switch.policy, bandwidth=_enabled(switch.policy.bandwidth))),
        "port_groups": [_group_entry(group) for group in switch.groups],
        "xml": to_xml(switch),
    }


def _uplinks(network: HostNetwork, switch: Switch) -> list[dict[str, Any]]:
    nics = {nic.name: nic for nic in network.nics}
    return [
        {"name": name, "mac": nics[name].mac, "speed_mbps": nics[name].speed_mbps}
        for name in switch.uplinks
        if name in nics
    ]


def _group_entry(group: PortGroup) -> dict[str, Any]:
    return {
        "name": group.name,
        "vlan": "trunk" if group.vlan == TRUNK else str(group.vlan),
        "vmkernel": list(group.vmkernel),
        "domains": list(group.domains),
        **_policy_entry(group.policy),
    }


def _policy_entry(policy: Policy) -> dict[str, Any]:
    """The three parts of a policy; None for inherited settings."""
    return {
        "security": {
            "promiscuous": policy.promiscuous,
            "mac_changes": policy.mac_changes,
            "forged_transmits": policy.forged_transmits,
        },
        "teaming": {
            "balancing": _WORDS.get(policy.balancing or "", policy.balancing),
            "notify": policy.notify,
            "failback": policy.failback,
            "active": None if policy.active is None else list(policy.active),
            "standby": None if policy.standby is None else list(policy.standby),
        },
        "bandwidth": None if policy.bandwidth is None else asdict(policy.bandwidth),
    }


def to_xml(switch: Switch) -> str:
    """Return libvirt's XML of a switch.

    As in libvirt, the host's own port groups are left out, as no domain can use them.
    """
    groups = [
        networks.PortGroup(group.name, group.vlan or None, _enabled(group.policy.bandwidth))
        for group in switch.groups
        if not group.vmkernel
    ]
    return networks.write_network(
        networks.Network(
            name=switch.name,
            uuid=switch.uuid or None,
            uplinks=switch.uplinks,
            mtu=switch.mtu,
            bandwidth=_enabled(switch.policy.bandwidth),
            port_groups=tuple(groups),
        )
    )


def _enabled(bandwidth: Bandwidth | None) -> Bandwidth | None:
    """The shaping; None if it is off."""
    return None if bandwidth == OFF else bandwidth


def as_text(entry: Mapping[str, Any] | None) -> str:
    """Return an entry as lines, for diff mode."""
    return "" if entry is None else "".join(_lines(entry, ""))


def _lines(value: Mapping[str, Any], indent: str) -> list[str]:
    lines = []
    for key, item in value.items():
        if key not in _NOT_IN_DIFF and item is not None:
            lines += _lines_of(item, key, indent)
    return lines


def _lines_of(item: Any, key: str, indent: str) -> list[str]:
    if isinstance(item, Mapping):
        return _lines(item, f"{indent}{key}.")
    if not isinstance(item, list):
        return [f"{indent}{key}: {item}\n"]
    if item and isinstance(item[0], Mapping):
        return [line for one in item for line in _lines_of_named(one, key, indent)]
    return [f"{indent}{key}: {', '.join(map(str, item))}\n"]


def _lines_of_named(item: Mapping[str, Any], key: str, indent: str) -> list[str]:
    others = {name: part for name, part in item.items() if name != "name"}
    return [f"{indent}{key}: {item['name']}\n", *_lines(others, f"{indent}  ")]
