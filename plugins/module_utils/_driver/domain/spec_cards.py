# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network cards, from a difference to changes of devices."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Interface, VdsPort
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference, is_boot_order
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder, Way
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_settings import BOOT_KEYS
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim, vim_type

# libvirt's models of cards -> the API's types; without a model a host takes the flexible one.
_TYPES = {
    None: "VirtualPCNet32",
    "vlance": "VirtualPCNet32",
    "vmxnet": "VirtualVmxnet",
    "vmxnet2": "VirtualVmxnet2",
    "vmxnet3": "VirtualVmxnet3",
    "e1000": "VirtualE1000",
    "e1000e": "VirtualE1000e",
}
_CHECK = ".checkmacaddress"
_ADDRESS_TYPES = {"static": "manual", "generated": "generated"}


def interface(builder: SpecBuilder, item: Difference) -> Way:
    """A card that is added, removed, or connected to another network."""
    before, after = item.before, item.after
    backing = None if after is None else _backing(after)
    if after is not None and (backing is None or after.model not in _TYPES):
        return Way.UPLOAD
    if before is None:
        _add(builder, after, backing)
        return Way.LIVE
    card = builder.machine.card(before.mac)
    if card is None:
        return Way.UPLOAD
    if after is None:
        builder.remove(card)
        return Way.LIVE
    return _change(builder, card, item, backing)


def _change(builder: SpecBuilder, card: Any, item: Difference, backing: Any) -> Way:
    """Connect a card otherwise, or put one of another model in its place."""
    before, after = item.before, item.after
    if before.model != after.model:
        builder.remove(card)
        _add(builder, after, backing)
        return Way.SHUTOFF
    if not _is_same_card(before, after):
        return Way.UPLOAD
    builder.set_keys(*BOOT_KEYS)
    if is_boot_order(before, after):
        return Way.LIVE
    card.backing = backing
    if before.link != after.link:
        card.connectable = _connection(after)
    builder.edit(card)
    return Way.LIVE


def _add(builder: SpecBuilder, interface: Interface, backing: Any) -> None:
    """Add a card; that its address need not be one of VMware's is a key of the VMX, without which it does not start."""
    builder.add(_new(interface, backing))
    builder.set_keys(*(key.lower() for key in builder.keys if key.lower().endswith(_CHECK)))


def _is_same_card(before: Interface, after: Interface) -> bool:
    """Whether the card itself is the same, and only its network or its link another one."""
    return (before.mac, before.mac_type, before.mac_check) == (after.mac, after.mac_type, after.mac_check)


def _connection(interface: Interface) -> Any:
    connected = interface.link != "down"
    return vim.vm.device.VirtualDevice.ConnectInfo(
        connected=connected, startConnected=connected, allowGuestControl=True
    )


def _backing(interface: Interface) -> Any:
    """The backing of a card; None for networks that only hosted products have: NAT, host-only, custom."""
    cards = vim.vm.device.VirtualEthernetCard
    if interface.type == "bridge" and interface.target is None:
        return cards.NetworkBackingInfo(deviceName=interface.source or "")
    if interface.type == "vds" and interface.vds is not None:
        return cards.DistributedVirtualPortBackingInfo(port=_port(interface.vds))
    return None


def _port(port: VdsPort) -> Any:
    """The switch chooses the port if none is given."""
    return vim.dvs.PortConnection(
        switchUuid=_spaced(port.switch_id),
        portgroupKey=port.portgroup_id,
        portKey=str(port.port_id) if port.port_id else None,
        connectionCookie=port.connection_id or None,
    )


def _spaced(uuid: str) -> str:
    """A switch's UUID as the API writes it: ``50 11 5e 16 9b dc 49 d7-f1 71 53 c4 d7 f9 17 10``."""
    digits = uuid.replace("-", "")
    pairs = [digits[at : at + 2] for at in range(0, len(digits), 2)]
    return f"{' '.join(pairs[:8])}-{' '.join(pairs[8:])}"


def _new(interface: Interface, backing: Any) -> Any:
    """A new card; the host generates its MAC address if none is given."""
    card = vim_type(_TYPES[interface.model])(backing=backing)
    card.connectable = _connection(interface)
    if interface.mac is None:
        card.addressType = "generated"
    else:
        card.macAddress = interface.mac
        card.addressType = _ADDRESS_TYPES.get(interface.mac_type or "", "manual")
    return card
