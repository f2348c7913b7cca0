# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning the steps from the present switches of a host to the requested one, or refusing them.

Every step knows how to undo itself. When a step fails, the additions of the steps before it are removed, and their
changes are reverted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

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
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, append_to_message
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

_DEFAULT_MTU = 1500


@dataclass(frozen=True)
class NetworkPlan(Plan):
    """The steps for one switch, and the switch before and after them; None if it does not exist."""

    network: HostNetwork
    before: Switch | None
    after: Switch | None


@dataclass
class _Undo:
    """The calls that undo the steps carried out so far, the last first."""

    calls: list[tuple[str, Callable[[], Any]]] = field(default_factory=list)

    def step(self, name: str, call: Callable[[], Any], undo: Callable[[], Any] | None) -> Step:
        """Return a step that undoes all steps before it if it fails."""

        def carry_out() -> None:
            try:
                call()
            except EsxError as error:
                self._take_back(error)
                raise
            if undo is not None:
                self.calls.append((name, undo))

        return Step(name, carry_out)

    def _take_back(self, error: EsxError) -> None:
        failures = ((name, _failure(call)) for name, call in reversed(self.calls))
        left = [f"{name} ({failure})" for name, failure in failures if failure is not None]
        if self.calls and not left:
            append_to_message(error, "The earlier steps were undone.")
        elif left:
            append_to_message(error, f"These steps could not be undone: {', '.join(left)}.")
        self.calls.clear()


def _failure(call: Callable[[], Any]) -> str | None:
    """Make a call, and return why it failed."""
    try:
        call()
    except EsxError as error:
        return error.message
    return None


def plan_network(network: HostNetwork, request: NetworkRequest) -> NetworkPlan:
    """Return the plan that brings a switch into the requested state.

    :raises Refused: if the change would cut off the host or a domain, or the host would refuse it.
    :raises NotFound: for a network card that the host does not have.
    """
    before = network.switch(request.name)
    if request.absent:
        return NetworkPlan(_removal(network, before), None, network, before, None)
    after = _wanted(network, before, request)
    if before is not None:
        protection.check_change_of_switch(before, after)
    protection.check_uplinks(network, after)
    undo = _Undo()
    steps = _switch_steps(network, undo, before, after)
    steps += _group_steps(network, undo, before, after)
    return NetworkPlan(steps, None, network, before, after)


def _wanted(network: HostNetwork, before: Switch | None, request: NetworkRequest) -> Switch:
    present = before or Switch(request.name, "", (), None, request.policy, ())
    groups = _wanted_groups(network, present, request)
    mtu = present.mtu if request.mtu is None else request.mtu
    uplinks = _uplinks(present, request)
    return replace(
        present,
        uplinks=uplinks,
        mtu=_DEFAULT_MTU if before is None and mtu is None else mtu,
        policy=_changed(_without_removed(present.policy, set(present.uplinks) - set(uplinks)), request.policy),
        groups=groups,
    )


def _wanted_groups(network: HostNetwork, present: Switch, request: NetworkRequest) -> tuple[PortGroup, ...]:
    groups = {group.name: group for group in present.groups}
    for wanted in request.groups:
        if wanted.absent:
            groups.pop(wanted.name, None)
            continue
        if wanted.name not in groups:
            protection.check_new_group(network, request.name, wanted.name)
        groups[wanted.name] = _group(groups.get(wanted.name), wanted)
    return tuple(groups.values())


def _uplinks(present: Switch, request: NetworkRequest) -> tuple[str, ...]:
    """Uplinks are a set: another order is not a change."""
    if request.uplinks is None or set(request.uplinks) == set(present.uplinks):
        return present.uplinks
    return request.uplinks


def _changed(present: Policy, wanted: Policy) -> Policy:
    """The present policy with the requested settings; disabled shaping is not disabled again."""
    if present.bandwidth is None and wanted.bandwidth == OFF:
        wanted = replace(wanted, bandwidth=None)
    return present.merged(wanted)


def _without_removed(policy: Policy, removed: set[str]) -> Policy:
    """The teaming order without uplinks that the switch loses; it may only name uplinks of the switch."""

    def left(order: tuple[str, ...] | None) -> tuple[str, ...] | None:
        return None if order is None else tuple(card for card in order if card not in removed)

    return replace(policy, active=left(policy.active), standby=left(policy.standby))


def _group(present: PortGroup | None, wanted: GroupRequest) -> PortGroup:
    group = present or PortGroup(wanted.name)
    vlan = group.vlan if wanted.vlan is None else wanted.vlan
    return replace(group, vlan=vlan, policy=_changed(group.policy, wanted.policy))


def _switch_steps(network: HostNetwork, undo: _Undo, before: Switch | None, after: Switch) -> list[Step]:
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


def _group_steps(network: HostNetwork, undo: _Undo, before: Switch | None, after: Switch) -> list[Step]:
    """Additions and changes first, removals last."""
    present = {group.name: group for group in before.groups} if before else {}
    steps: list[Step] = []
    for group in after.groups:
        steps += _steps_of_group(network, undo, after.name, present.pop(group.name, None), group)
    return steps + [_removal_of_group(network, group) for group in present.values()]


def _steps_of_group(
    network: HostNetwork, undo: _Undo, switch: str, before: PortGroup | None, after: PortGroup
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
    protection.check_change_of_group(before, after)
    present = network.api_groups[name]
    changed = undo.step(
        f"change port group '{name}'",
        lambda: system.UpdatePortGroup(name, group_spec(switch, after, present)),
        lambda: system.UpdatePortGroup(name, present.spec),
    )
    return [changed]


def _removal_of_group(network: HostNetwork, group: PortGroup) -> Step:
    protection.check_removal_of_group(group)
    return Step(f"remove port group '{group.name}'", lambda: network.system.RemovePortGroup(group.name))


def _removal(network: HostNetwork, before: Switch | None) -> list[Step]:
    """A host removes only switches without port groups; after an interruption, the next task removes the rest."""
    if before is None:
        return []
    protection.check_removal_of_switch(before)
    steps = [_removal_of_group(network, group) for group in before.groups]
    name = before.name
    return [*steps, Step(f"remove switch '{name}'", lambda: network.system.RemoveVirtualSwitch(name))]
