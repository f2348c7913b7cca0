# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusing changes of a host's network that would cut off the host itself or a domain.

A standalone host does not roll back a change that cuts it off. So changes to anything that a VMkernel interface or the
management interface depends on are refused here, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import (
    HostNetwork,
    Policy,
    PortGroup,
    Switch,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import quoted


def check_removal_of_group(group: PortGroup) -> None:
    """Refuse to remove a port group that carries an interface of the host or a domain.

    :raises Refused: with the interfaces or domains on it.
    """
    if group.vmkernel:
        raise Refused(f"The port group '{group.name}' carries {', '.join(group.vmkernel)} of the host; it stays.")
    if group.domains:
        raise Refused(
            f"The port group '{group.name}' is used by {_listed(group.domains)}.",
            hint="Connect these domains to another network first; those that are shut off would not start without it.",
        )


def check_removal_of_switch(switch: Switch) -> None:
    """Refuse to remove a switch with a port group in use; raises as ``check_removal_of_group``."""
    for group in sorted(switch.groups, key=lambda group: not group.vmkernel):
        check_removal_of_group(group)


def check_change_of_switch(before: Switch, after: Switch) -> None:
    """Refuse a change of a switch and its port groups that would cut off an interface of the host.

    :raises Refused: with the interface.
    """
    for group in after.groups:
        present = before.group(group.name)
        if present is not None and present.vmkernel:
            _check_change_of_group(before, present, group)
    own = before.vmkernel
    if not own:
        return
    if _lose_all(before.uplinks, after.uplinks):
        raise Refused(
            f"The switch '{before.name}' carries {', '.join(own)} of the host: at least one of its present uplinks "
            f"{', '.join(before.uplinks)} has to stay.",
            hint="Add the new uplink first, and remove the old one in a second task.",
        )
    if _is_lowered(before.mtu, after.mtu):
        raise Refused(
            f"The MTU of switch '{before.name}' cannot be lowered from {before.mtu} to {after.mtu}: it carries "
            f"{', '.join(own)} of the host."
        )
    _check_teaming(f"switch '{before.name}'", own, before.active, after.policy.active)


def _check_change_of_group(switch: Switch, before: PortGroup, after: PortGroup) -> None:
    if before.vlan != after.vlan:
        raise Refused(
            f"The VLAN of port group '{before.name}' cannot be changed from {before.vlan} to {after.vlan}: it carries "
            f"{', '.join(before.vmkernel)} of the host, which would be cut off."
        )
    active = switch.active if before.policy.active is None else before.policy.active
    _check_teaming(f"port group '{before.name}'", before.vmkernel, active, after.policy.active)


def _lose_all(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether none of the present cards stays."""
    return bool(before) and set(before).isdisjoint(after)


def _is_lowered(before: int | None, after: int | None) -> bool:
    return before is not None and after is not None and after < before


def _check_teaming(what: str, own: Sequence[str], before: Sequence[str], after: Sequence[str] | None) -> None:
    """A teaming order without any previously active card would cut the interface off."""
    if after is not None and _lose_all(before, after):
        raise Refused(
            f"The teaming of {what} needs at least one of the cards {', '.join(before)} to stay active: it carries "
            f"{', '.join(own)} of the host."
        )


def check_uplinks(network: HostNetwork, switch: Switch) -> None:
    """Refuse uplinks that the host does not have, and those of another switch, and teaming of other cards.

    :raises NotFound: with the existing cards.
    :raises Refused: with the switch that has the card.
    """
    for name in switch.uplinks:
        _check_uplink(network, switch, name)
    _check_cards(switch, f"switch '{switch.name}'", switch.policy)
    for group in switch.groups:
        _check_cards(switch, f"port group '{group.name}'", group.policy)


def _check_uplink(network: HostNetwork, switch: Switch, name: str) -> None:
    known = [nic.name for nic in network.nics]
    if name not in known:
        raise NotFound(f"The host has no network card '{name}'; it has {', '.join(known) or 'none'}.")
    for other in network.switches:
        if other.name != switch.name and name in other.uplinks:
            raise Refused(f"The network card '{name}' is an uplink of switch '{other.name}'.")


def _check_cards(switch: Switch, what: str, policy: Policy) -> None:
    for name in policy.cards:
        if name not in switch.uplinks:
            raise Refused(
                f"The teaming of {what} has the card '{name}', which is not an uplink of switch '{switch.name}'.",
                hint=f"The uplinks would be {', '.join(switch.uplinks) or 'none'}.",
            )


def check_new_group(network: HostNetwork, switch_name: str, name: str) -> None:
    """Refuse the name of another switch's port group; names are unique on a host.

    :raises Refused: with that switch.
    """
    owner = next((item for item in network.switches if item.name != switch_name and item.group(name)), None)
    if owner is not None:
        raise Refused(f"The port group '{name}' belongs to switch '{owner.name}'; its name must be unique on the host.")


def _listed(domains: Sequence[str]) -> str:
    shown = quoted(domains[:5])
    more = f" and {len(domains) - 5} more" if len(domains) > 5 else ""
    return f"domain{'s' if len(domains) > 1 else ''} {shown}{more}"
