# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks of a domain's cards after a migration."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.names import missing
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_NETWORKS,
    Row,
    fetch_one,
    fetch_types,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name, vim

_PORT_GROUP = "DistributedVirtualPortgroup"
_SWITCH = "config.distributedVirtualSwitch"


def changed_cards(vcenter: Session, host: HostContext, devices: Sequence[Any], wanted: Mapping[str, str]) -> list[Any]:
    """Return the cards that get another network on the destination, connected to that network.

    :param wanted: the new names of networks by their present names.
    :raises NotFound: if the destination does not have a network, or no card is in a network to replace.
    """
    if not wanted:
        return []
    there = _networks_of(vcenter, host)
    cards = [device for device in devices if isinstance(device, vim.vm.device.VirtualEthernetCard)]
    present = {card.key: _network_of(vcenter, card.backing) for card in cards}
    _check_networks(host, there, present.values(), wanted)
    changed = []
    for card in cards:
        replacement = wanted.get(present[card.key] or "")
        if replacement not in (None, present[card.key]):
            card.backing = _backing(vcenter, str(replacement), *there[str(replacement)])
            changed.append(card)
    return changed


def _networks_of(vcenter: Session, host: HostContext) -> dict[str, Row]:
    """The networks of a host by name."""
    paths = {"Network": ["name"], _PORT_GROUP: ["name", "key", _SWITCH]}
    rows = fetch_types(vcenter, paths, objects=[host.host], traversal=HOST_NETWORKS)
    return {unescape_name(row[1]["name"] or moid(row[0])): row for row in rows}


def _check_networks(
    host: HostContext, there: Collection[str], present: Collection[str | None], wanted: Mapping[str, str]
) -> None:
    for name, other in wanted.items():
        if other not in there:
            raise missing("network", other, host, there)
        if name not in present and other not in present:
            raise NotFound(f"No card of the domain is in the network '{name}'.")


def _network_of(vcenter: Session, backing: Any) -> str | None:
    """The name of a card's network; the name of a distributed port group must be read."""
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
