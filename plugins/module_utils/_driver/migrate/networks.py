# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a domain's cards after a migration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.names import missing
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Traversal, fetch_one, fetch_types
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

_HOST_NETWORKS = (Traversal("networks", "HostSystem", "network"),)
_PORT_GROUP = "DistributedVirtualPortgroup"
_SWITCH = "config.distributedVirtualSwitch"


def changed_cards(vcenter: Session, host: HostContext, devices: Sequence[Any], wanted: Mapping[str, str]) -> list[Any]:
    """Return the cards whose network is to be another one on the destination, with that network behind them.

    :param wanted: the names of networks there by the names of those that cards are in now.
    :raises NotFound: if the destination has no network of a name, or no card is in a network that is to be replaced.
    """
    if not wanted:
        return []
    paths = {"Network": ["name"], _PORT_GROUP: ["name", "key", _SWITCH]}
    rows = fetch_types(vcenter, paths, objects=[host.host], traversal=_HOST_NETWORKS)
    there = {unescape_name(values["name"]): (ref, values) for ref, values in rows}
    cards = [device for device in devices if isinstance(device, vim.vm.device.VirtualEthernetCard)]
    present = {card.key: _network_of(vcenter, card.backing) for card in cards}
    for name, other in wanted.items():
        if other not in there:
            raise missing("network", other, host, there)
        if name not in present.values() and other not in present.values():
            raise NotFound(f"No card of the domain is in the network '{name}'.")
    changed = []
    for card in cards:
        replacement = wanted.get(present[card.key] or "")
        if replacement not in (None, present[card.key]):
            card.backing = _backing(vcenter, str(replacement), *there[str(replacement)])
            changed.append(card)
    return changed


def _network_of(vcenter: Session, backing: Any) -> str | None:
    """The name of the network that a card is in; that of a distributed switch's port group has to be read."""
    if getattr(backing, "deviceName", None):
        return str(backing.deviceName)
    key = getattr(getattr(backing, "port", None), "portgroupKey", None)
    if key is None:
        return None
    return unescape_name(fetch_one(vcenter, vcenter.ref(_PORT_GROUP, key), ["name"])["name"] or "")


def _backing(vcenter: Session, name: str, ref: Any, values: Mapping[str, Any]) -> Any:
    card = vim.vm.device.VirtualEthernetCard
    if type_name(ref) != _PORT_GROUP:
        return card.NetworkBackingInfo(deviceName=name)
    switch = fetch_one(vcenter, values[_SWITCH], ["uuid"])["uuid"]
    port = vim.dvs.PortConnection(switchUuid=switch, portgroupKey=values["key"])
    return card.DistributedVirtualPortBackingInfo(port=port)
