# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's virtual switches and port groups as values, present and requested."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.networks import Bandwidth

# Disabled shaping.
OFF = Bandwidth(0, 0, 0)


@dataclass(frozen=True)
class Policy:
    """Security, teaming and shaping; a member that is None is inherited or, in a request, left as it is.

    The names of the members are those of the module's options.
    """

    promiscuous: bool | None = None
    mac_changes: bool | None = None
    forged_transmits: bool | None = None
    balancing: str | None = None
    notify: bool | None = None
    failback: bool | None = None
    active: tuple[str, ...] | None = None
    standby: tuple[str, ...] | None = None
    bandwidth: Bandwidth | None = None

    def merged(self, wanted: Policy) -> Policy:
        """Return the policy with the settings of a request."""
        given = {item.name: getattr(wanted, item.name) for item in fields(Policy)}
        merged = replace(self, **{name: value for name, value in given.items() if value is not None})
        if not merged.has_order:
            return merged
        return replace(merged, active=merged.active or (), standby=merged.standby or ())  # a host has both or neither

    @property
    def has_order(self) -> bool:
        """Whether it has an order of cards."""
        return self.active is not None or self.standby is not None

    @property
    def cards(self) -> tuple[str, ...]:
        """The cards in the order of its teaming."""
        return (*(self.active or ()), *(self.standby or ()))


# The policy that inherits everything, and the request that changes nothing.
UNCHANGED = Policy()


@dataclass(frozen=True)
class PortGroup:
    """A port group; ``vlan`` is None only in a request that leaves it as it is.

    ``vmkernel`` are the host's own network interfaces on it, with their addresses; ``domains`` the names of the domains
    that use it, running or not.
    """

    name: str
    vlan: int | None = 0
    policy: Policy = UNCHANGED
    vmkernel: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()


@dataclass(frozen=True)
class Switch:
    """A virtual switch; ``api`` keeps the API's ``spec`` and ``policy``, to be changed and sent back."""

    name: str
    uuid: str
    uplinks: tuple[str, ...]
    mtu: int | None
    policy: Policy
    groups: tuple[PortGroup, ...]
    api: Any = None

    @property
    def vmkernel(self) -> tuple[str, ...]:
        """The host's own network interfaces on any of its port groups."""
        return tuple(name for group in self.groups for name in group.vmkernel)

    @property
    def active(self) -> tuple[str, ...]:
        """The uplinks that carry its traffic: without an order of cards all of them."""
        return self.policy.active or self.uplinks

    def group(self, name: str) -> PortGroup | None:
        """Return a port group by its name."""
        return next((group for group in self.groups if group.name == name), None)


@dataclass(frozen=True)
class Nic:
    """A physical network card; ``speed_mbps`` is None without a link."""

    name: str
    mac: str
    key: str
    driver: str | None
    speed_mbps: int | None


@dataclass(frozen=True)
class HostNetwork:
    """The network of a host; ``system`` is the reference to its HostNetworkSystem.

    ``connection`` is the vCenter's word for whether the host is connected.
    """

    system: Any
    switches: tuple[Switch, ...]
    nics: tuple[Nic, ...]
    api_groups: dict[str, Any]
    connection: Any = None

    def switch(self, name: str) -> Switch | None:
        """Return a switch by its name."""
        return next((switch for switch in self.switches if switch.name == name), None)
