# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning the steps from the present switches of a host to the requested one, or refusing them.

Every step knows how to undo itself, for the case that a later one fails.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ansible_collections.virt.esx.plugins.module_utils._domain.networks import Bandwidth
from ansible_collections.virt.esx.plugins.module_utils._driver.network import protection
from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import (
    OFF,
    HostNetwork,
    Policy,
    PortGroup,
    Switch,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.network.request import GroupRequest, NetworkRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.network.specification import group_spec, switch_spec
from ansible_collections.virt.esx.plugins.module_utils._driver.network.undo import Undo
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step

_DEFAULT_MTU = 1500


@dataclass(frozen=True)
class NetworkPlan(Plan):
    """The steps for one switch, and the switch before and after them; None if it does not exist."""

    network: HostNetwork
    before: Switch | None
    after: Switch | None

    @property
    def overtaken(self) -> tuple[str, ...]:
        """A port group that is to be removed is gone, or a switch that was to be empty has got one."""
        return ("NotFound", "ResourceInUse")


def plan_network(network: HostNetwork, request: NetworkRequest, undo: Undo) -> NetworkPlan:
    """Return the plan that brings a switch into the requested state.

    :param undo: keeps how to undo the steps that are carried out.
    :raises Refused: if the change would cut off the host or a domain, or the host would refuse it.
    :raises NotFound: for a network card that the host does not have.
    """
    before = network.switch(request.name)
    if request.absent:
        return NetworkPlan(_removal(network, undo, before), None, network, before, None)
    after = _wanted(network, before, request)
    if before is not None:
        protection.check_change_of_switch(before, after)
    protection.check_uplinks(network, after)
    steps = _switch_steps(network, undo, before, after)
    steps += _group_steps(network, undo, before, after)
    return NetworkPlan(steps, None, network, before, after)


def _wanted(network: HostNetwork, before: Switch | None, request: NetworkRequest) -> Switch:
    present = before or Switch(request.name, "", (), None, request.policy, ())
    mtu = present.mtu if request.mtu is None else request.mtu
    uplinks = _uplinks(present, request)
    policy = _changed(_without_removed(present.policy, set(present.uplinks) - set(uplinks)), request.policy)
    return replace(
        present,
        uplinks=uplinks,
        mtu=_DEFAULT_MTU if before is None and mtu is None else mtu,
        policy=policy,
        groups=_wanted_groups(network, present, request, policy),
    )


def _wanted_groups(
    network: HostNetwork, present: Switch, request: NetworkRequest, inherited: Policy
) -> tuple[PortGroup, ...]:
    groups = {group.name: group for group in present.groups}
    for wanted in request.groups:
        if wanted.absent:
            groups.pop(wanted.name, None)
            continue
        if wanted.name not in groups:
            protection.check_new_group(network, request.name, wanted.name)
        groups[wanted.name] = _group(groups.get(wanted.name), wanted, inherited)
    return tuple(groups.values())


def _uplinks(present: Switch, request: NetworkRequest) -> tuple[str, ...]:
    """Uplinks are a set: another order is not a change."""
    if request.uplinks is None or set(request.uplinks) == set(present.uplinks):
        return present.uplinks
    return request.uplinks


def _changed(present: Policy, wanted: Policy, inherited: Bandwidth | None = None) -> Policy:
    """The present policy with the requested settings; shaping that is off already is not disabled.

    :param inherited: the shaping that applies where the present policy says nothing.
    """
    if wanted.bandwidth == OFF and present.bandwidth is None and inherited in (None, OFF):
        wanted = replace(wanted, bandwidth=None)
    return present.merged(wanted)


def _without_removed(policy: Policy, removed: set[str]) -> Policy:
    """The teaming order without uplinks that the switch loses; it may only name uplinks of the switch."""

    def left(order: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if order is None else tuple(card for card in order if card not in removed)

    return replace(policy, active=left(policy.active), standby=left(policy.standby))


def _group(present: PortGroup | None, wanted: GroupRequest, inherited: Policy) -> PortGroup:
    group = present or PortGroup(wanted.name)
    vlan = group.vlan if wanted.vlan is None else wanted.vlan
    return replace(group, vlan=vlan, policy=_changed(group.policy, wanted.policy, inherited.bandwidth))


def _switch_steps(network: HostNetwork, undo: Undo, before: Switch | None, after: Switch) -> list[Step]:
    system, name = network.system, after.name
    if before is None:
        add = undo.step(
            f"add switch '{name}'",
            lambda: system.AddVirtualSwitch(name, switch_spec(after)),
            lambda: system.RemoveVirtualSwitch(name),
        )
        return [add]
    if (before.uplinks, before.mtu, before.policy) == (after.uplinks, after.mtu, after.policy):
        return []
    changed = undo.step(
        f"change {', '.join(_changes(before, after))} of switch '{name}'",
        lambda: system.UpdateVirtualSwitch(name, switch_spec(after)),
        lambda: system.UpdateVirtualSwitch(name, before.api.spec),
    )
    return [changed]


def _changes(before: Switch, after: Switch) -> list[str]:
    parts = {"uplinks": "uplinks", "mtu": "MTU", "policy": "policy"}
    return [text for part, text in parts.items() if getattr(before, part) != getattr(after, part)]


def _group_steps(network: HostNetwork, undo: Undo, before: Switch | None, after: Switch) -> list[Step]:
    """Additions and changes first, removals last."""
    present = {group.name: group for group in before.groups} if before else {}
    steps: list[Step] = []
    for group in after.groups:
        steps += _steps_of_group(network, undo, after.name, present.pop(group.name, None), group)
    return steps + [_removal_of_group(network, undo, group) for group in present.values()]


def _steps_of_group(
    network: HostNetwork, undo: Undo, switch: str, before: PortGroup | None, after: PortGroup
) -> list[Step]:
    system, name = network.system, after.name
    if before is None:
        add = undo.step(
            f"add port group '{name}'",
            lambda: system.AddPortGroup(group_spec(switch, after)),
            lambda: system.RemovePortGroup(name),
        )
        return [add]
    if (before.vlan, before.policy) == (after.vlan, after.policy):
        return []
    present = network.api_groups[name]
    changed = undo.step(
        f"change port group '{name}'",
        lambda: system.UpdatePortGroup(name, group_spec(switch, after, present)),
        lambda: system.UpdatePortGroup(name, present.spec),
    )
    return [changed]


def _removal_of_group(network: HostNetwork, undo: Undo, group: PortGroup) -> Step:
    protection.check_removal_of_group(group)
    system, name = network.system, group.name
    return undo.step(
        f"remove port group '{name}'",
        lambda: system.RemovePortGroup(name),
        lambda: system.AddPortGroup(network.api_groups[name].spec),
    )


def _removal(network: HostNetwork, undo: Undo, before: Switch | None) -> list[Step]:
    """A host removes only switches without port groups; after an interruption, the next task removes the rest."""
    if before is None:
        return []
    protection.check_removal_of_switch(before)
    steps = [_removal_of_group(network, undo, group) for group in before.groups]
    name = before.name
    return [*steps, Step(f"remove switch '{name}'", lambda: network.system.RemoveVirtualSwitch(name))]
