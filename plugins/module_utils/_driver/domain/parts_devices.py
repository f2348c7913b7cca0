# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain with the parts that a task names: each added, changed or removed, the rest left alone. Pure.

How it is changed, and whether that is possible while the domain runs, follows from the differences, as it does for a
domain that is described as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain import targets
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    CharDevice,
    Controller,
    Disk,
    Domain,
    DriveAddress,
    Hostdev,
    Interface,
    VdsPort,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import (
    DiskPart,
    DrivePart,
    HostdevPart,
    InterfacePart,
    Parts,
    SerialPart,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, escape_datastore_item

_FIRST_DISK = "sda"
_DEFAULT_CARD = "vmxnet3"
# The bus of a drive or disk by how its target begins, where the task does not say it.
_DISK_BUSES = {"sd": "scsi", "hd": "ide", "nv": "nvme"}
_DRIVE_BUSES = {"sd": "sata", "hd": "ide", "fd": "fdc"}
_CALLED = {"disk": "a hard disk", "cdrom": "a CD-ROM drive", "floppy": "a floppy drive", "lun": "a SCSI device"}


def with_parts(domain: Domain, parts: Parts, directory: DatastorePath | None, present: Domain | None = None) -> Domain:
    """Return a domain with its named parts as requested.

    :param domain: the domain as it is, or as it is described.
    :param present: the domain as it is; a named disk or drive that its description leaves out is the one that it has.
    :param directory: where the domain's VMX is, or will be; new disks without a source are placed there.
    :raises ParseError: for a target, a card or a port that the domain cannot have.
    :raises Refused: if a part would have to become another kind of device.
    """
    domain = domain if present is None else _with_present(domain, parts, present)
    for disk in parts.disks:
        domain = _with_disk(domain, disk, directory)
    for drive in parts.drives:
        domain = _with_drive(domain, drive)
    domain = _with_interfaces(domain, parts.interfaces)
    for port in parts.serials:
        domain = _with_serial(domain, port)
    for device in parts.hostdevs:
        domain = _with_hostdev(domain, device)
    return domain


def _with_present(domain: Domain, parts: Parts, present: Domain) -> Domain:
    described = {disk.target for disk in domain.disks}
    left_out = parts.disk_targets - described
    kept = tuple(disk for disk in present.disks if disk.target in left_out)
    return replace(domain, disks=(*domain.disks, *kept)) if kept else domain


def default_source(directory: DatastorePath, name: str, target: str) -> str:
    """The file of a new disk: ``NAME.vmdk`` beside the VMX for ``sda``, ``NAME-TARGET.vmdk`` for any other."""
    suffix = "" if target == _FIRST_DISK else f"-{target}"
    return str(directory.inside(f"{escape_datastore_item(name)}{suffix}.vmdk"))


def _with_disk(domain: Domain, part: DiskPart, directory: DatastorePath | None) -> Domain:
    present = _at_target(domain, part.target, "disk")
    if part.is_absent:
        return _without(domain, present)
    if present is not None:
        _check_bus(present, part.bus)
        return _exchanged(domain, present, replace(present, source=part.source or present.source))
    bus = part.bus or _bus(part.target, _DISK_BUSES)
    return _added(domain, Disk(source=_new_source(domain, part, directory), target=part.target, bus=bus))


def _new_source(domain: Domain, part: DiskPart, directory: DatastorePath | None) -> str | None:
    """The file of a new disk: its own, or one in the directory of the VMX where that is known."""
    if part.source is not None or directory is None:
        return part.source
    return default_source(directory, domain.name or "", part.target)


def _with_drive(domain: Domain, part: DrivePart) -> Domain:
    present = _at_target(domain, part.target, part.device)
    if part.is_absent:
        return _without(domain, present)
    if present is None:
        return _added(domain, _new_drive(part))
    _check_bus(present, part.bus)
    if part.source is None:
        return domain
    medium = replace(present, type="file", source=part.source or None, startup_policy=None, keys=())
    return _exchanged(domain, present, medium)


def _new_drive(part: DrivePart) -> Disk:
    bus = part.bus or _bus(part.target, _DRIVE_BUSES)
    readonly = part.device == "cdrom"
    return Disk(device=part.device, source=part.source or None, target=part.target, bus=bus, readonly=readonly)


def _at_target(domain: Domain, target: str, device: str) -> Disk | None:
    """The disk or drive of a target, None if the domain has none."""
    found = next((disk for disk in domain.disks if disk.target == target), None)
    if found is not None and found.device != device:
        raise Refused(
            f"The target '{target}' of the domain '{domain.name}' is {_CALLED[found.device]}, not {_CALLED[device]}.",
            hint="Choose another target.",
        )
    return found


def _check_bus(present: Disk, bus: str | None) -> None:
    if bus not in (None, present.bus):
        raise Refused(
            f"The disk {present.target} is on the bus {present.bus}, and cannot be moved to {bus} in one task.",
            hint="Give it the state absent first.",
        )


def _bus(target: str, buses: dict[str, str]) -> str:
    bus = buses.get(target[:2])
    if bus is None:
        known = ", ".join(f"'{prefix}...'" for prefix in buses)
        raise ParseError(f"'{target}' is not understood, expecting one of {known}.", where="target")
    return bus


def _address(target: str, bus: str) -> DriveAddress:
    """The slot that a target stands for."""
    if bus == "nvme":
        found = targets.nvme_address(target)
    else:
        index = targets.index_of(target)
        found = None if index is None else targets.drive_address(bus, index, sata_units=targets.SATA_UNITS)
    if found is None:
        example = {"nvme": "nvme0n1", "ide": "hda", "fdc": "fda"}.get(bus, "sdb")
        raise ParseError(f"'{target}' is not a name on the bus {bus}, expecting one like '{example}'.", where="target")
    return found


def _added(domain: Domain, disk: Disk) -> Domain:
    disk = replace(disk, address=_address(disk.target, disk.bus))
    holder = next((one for one in domain.disks if (one.bus, one.address) == (disk.bus, disk.address)), None)
    if holder is not None:
        raise Refused(f"The slot of '{disk.target}' on the bus {disk.bus} is taken by the disk '{holder.target}'.")
    return _with_controller(replace(domain, disks=(*domain.disks, disk)), disk)


def _with_controller(domain: Domain, disk: Disk) -> Domain:
    """With the SCSI controller of a new disk, which has the model of the domain's others."""
    models = {controller.index: controller.model for controller in domain.controllers if controller.type == "scsi"}
    number = disk.address.controller if disk.address is not None else 0
    if disk.bus != "scsi" or not models or number in models:
        return domain
    model = next(iter(models.values()))
    return replace(domain, controllers=(*domain.controllers, Controller("scsi", number, model)))


def _exchanged(domain: Domain, old: Disk, new: Disk) -> Domain:
    return replace(domain, disks=tuple(new if disk is old else disk for disk in domain.disks))


def _without(domain: Domain, old: Disk | None) -> Domain:
    return replace(domain, disks=tuple(disk for disk in domain.disks if disk is not old))


def _with_interfaces(domain: Domain, parts: Sequence[InterfacePart]) -> Domain:
    """With the named cards; an index counts the cards that the domain has before any is removed."""
    cards: list[Interface | None] = list(domain.interfaces)
    addresses = [card.mac for card in domain.interfaces]
    named: set[int] = set()
    for part in parts:
        place = _place(addresses, part)
        if place == len(cards):
            if not part.is_absent:
                cards.append(_new_card(cards, part))
                addresses.append(part.mac)
            continue
        card = cards[place]
        if card is None or place in named:
            raise _named_twice(card, place)
        named.add(place)
        cards[place] = None if part.is_absent else _changed_card(card, part)
    return replace(domain, interfaces=tuple(card for card in cards if card is not None))


def _named_twice(card: Interface | None, place: int) -> ParseError:
    """The error for a card that one part names by its index, and another one by its address."""
    said = "is also to be absent" if card is None else "is named twice, by its index and by its mac"
    return ParseError(f"the card with the index {place} {said}.", where="interfaces")


def _place(addresses: Sequence[str | None], part: InterfacePart) -> int:
    """The index of the named card among cards with these addresses; for a new card, the one after the last."""
    number = len(addresses)
    if part.mac is not None:
        return addresses.index(part.mac) if part.mac in addresses else number
    place = part.index or 0
    if place > number and not part.is_absent:
        has = f"{number} card{'' if number == 1 else 's'}"
        raise ParseError(
            f"index is {place}, but the domain has {has}; a new one has the index {number}.", where="interfaces"
        )
    return min(place, number)


def check_new_cards(parts: Sequence[InterfacePart], present: Domain, after: Domain) -> None:
    """Refuse a new card by an index that it will not have: the same task run again would take another card for it.

    :param present: the domain as it is.
    :param after: the domain as the host will have it; a new card is in the first free slot, which may be before others.
    :raises Refused: with the way to name it.
    """
    for part in parts:
        if part.index is None or part.is_absent or part.index < len(present.interfaces):
            continue
        if part.index >= len(after.interfaces) or after.interfaces[part.index].mac is not None:
            raise Refused(
                f"interfaces: the new card would not have the index {part.index} afterwards: cards are counted in the "
                "order of their slots, and it gets the first free one.",
                hint="Identify the card by a mac of its own, such as 00:50:56:00:00:21.",
            )


def _new_card(cards: Sequence[Interface | None], part: InterfacePart) -> Interface:
    if part.network is None:
        raise ParseError("a new card needs a network.", where="interfaces")
    models = [card.model for card in cards if card is not None and card.model]
    model = part.model or next(iter(models), _DEFAULT_CARD)
    return _connected(Interface(mac=part.mac, model=model), part)


def _changed_card(card: Interface, part: InterfacePart) -> Interface:
    return _connected(replace(card, model=part.model or card.model), part)


def _connected(card: Interface, part: InterfacePart) -> Interface:
    card = _in_network(card, part)
    is_up_already = part.link == "up" and card.link is None
    return card if part.link is None or is_up_already else replace(card, link=part.link)


def _in_network(card: Interface, part: InterfacePart) -> Interface:
    """A card in the port group that is named, if it is not there already."""
    if part.vds is not None:
        if _is_in_port_group(card, part.vds):
            return card
        return replace(card, type="vds", source=None, vds=part.vds, target=None, keys=())
    if part.network is None or (card.type, card.source) == ("bridge", part.network):
        return card
    return replace(card, type="bridge", source=part.network, vds=None, target=None)


def _is_in_port_group(card: Interface, wanted: VdsPort) -> bool:
    """Whether a card has a port of a distributed port group, whichever."""
    port = card.vds if card.type == "vds" else None
    return port is not None and (port.switch_id, port.portgroup_id) == (wanted.switch_id, wanted.portgroup_id)


def _with_serial(domain: Domain, part: SerialPart) -> Domain:
    others = [port for place, port in enumerate(domain.serials) if _number(port, place) != part.port]
    ports = others if part.is_absent else [*others, part.device]
    return replace(domain, serials=tuple(sorted(ports, key=lambda port: port.port or 0)))


def _number(port: CharDevice, place: int) -> int:
    return place if port.port is None else port.port


def _with_hostdev(domain: Domain, part: HostdevPart) -> Domain:
    if part.is_absent:
        return replace(domain, hostdevs=tuple(one for one in domain.hostdevs if one.address != part.address))
    if any(one.address == part.address for one in domain.hostdevs):
        return domain
    return replace(domain, hostdevs=(*domain.hostdevs, Hostdev("pci", part.address, part.keys)))
