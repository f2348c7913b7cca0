# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The specifications that create or change a virtual switch or a port group.

A host replaces the whole specification, so the present one is changed and sent back: an unset ``bridge`` would remove
all uplinks.
"""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.networks import Bandwidth
from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import Policy, PortGroup, Switch
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# The number of ports that libvirt's driver requests; hosts since 5.5 ignore it.
_PORTS = 128


def switch_spec(switch: Switch) -> Any:
    """Return the HostVirtualSwitchSpec of the requested switch; ``switch.api`` is the present one, or None."""
    present = None if switch.api is None else switch.api.spec
    spec = vim.host.VirtualSwitch.Specification(numPorts=_PORTS) if present is None else copy.copy(present)
    spec.mtu = switch.mtu
    bridge = getattr(present, "bridge", None)
    if not switch.uplinks:
        spec.bridge = None
    else:
        spec.bridge = vim.host.VirtualSwitch.BondBridge() if bridge is None else copy.copy(bridge)
        spec.bridge.nicDevice = list(switch.uplinks)
    spec.policy = policy_spec(getattr(present, "policy", None), switch.policy)
    return spec


def group_spec(switch_name: str, group: PortGroup, present: Any = None) -> Any:
    """Return the HostPortGroupSpec of the requested port group.

    :param present: the present HostPortGroup, None for a new one.
    """
    return vim.host.PortGroup.Specification(
        name=group.name,
        vlanId=group.vlan or 0,
        vswitchName=switch_name,
        policy=policy_spec(None if present is None else present.spec.policy, group.policy),
    )


def policy_spec(present: Any, policy: Policy) -> Any:
    """Return a HostNetworkPolicy with the values of a policy; members without a value stay as they are."""
    kind = vim.host.NetworkPolicy
    spec = kind() if present is None else copy.copy(present)
    security = {
        "allowPromiscuous": policy.promiscuous,
        "macChanges": policy.mac_changes,
        "forgedTransmits": policy.forged_transmits,
    }
    spec.security = _with(spec.security, kind.SecurityPolicy, security)
    teaming = {
        "policy": policy.balancing,
        "notifySwitches": policy.notify,
        "rollingOrder": None if policy.failback is None else not policy.failback,
        "nicOrder": _order(policy) if policy.has_order else None,
    }
    spec.nicTeaming = _with(spec.nicTeaming, kind.NicTeamingPolicy, teaming)
    if policy.bandwidth is not None:
        spec.shapingPolicy = _shaping(policy.bandwidth)
    return spec


def _with(present: Any, kind: Any, values: dict[str, Any]) -> Any:
    given = {name: value for name, value in values.items() if value is not None}
    if not given:
        return present
    spec = kind() if present is None else copy.copy(present)
    for name, value in given.items():
        setattr(spec, name, value)
    return spec


def _order(policy: Policy) -> Any:
    kind = vim.host.NetworkPolicy.NicOrderPolicy
    return kind(activeNic=list(policy.active or ()), standbyNic=list(policy.standby or ()))


def _shaping(bandwidth: Bandwidth) -> Any:
    """All zeros disable shaping, as in libvirt's driver."""
    kind = vim.host.NetworkPolicy.TrafficShapingPolicy
    if not any((bandwidth.average, bandwidth.peak, bandwidth.burst)):
        return kind(enabled=False)
    return kind(
        enabled=True,
        averageBandwidth=bandwidth.average * 8000,
        peakBandwidth=(bandwidth.peak or bandwidth.average) * 8000,
        burstSize=(bandwidth.burst or 0) * 1024,
    )
