# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slots on disk buses: how VMX, libvirt's target names and its drive addresses name the same place.

``scsi1:3`` in VMX is target ``sds`` on bus scsi, and address controller 1, bus 0, unit 3. libvirt derives the address
from the name's index with its own numbers of units to a controller, and so is wrong beyond the first controllers
(P30 to P36, G4 to G6); in the dialect ``esx`` the address is the slot, and names never collide (N6).
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain import targets
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Disk, DriveAddress

# Bus -> the virtual hardware version from which a controller of it has 64 units.
_WIDE_FROM = {"scsi": 13, "nvme": 21}

_SCSI_UNITS = tuple(unit for unit in range(16) if unit != targets.SCSI_OWN_UNIT)
_WIDE_SCSI_UNITS = tuple(unit for unit in range(65) if unit != targets.SCSI_OWN_UNIT)
_SATA_UNITS = tuple(range(targets.SATA_UNITS))

# Names kept for slots whose usual name another disk has: (index of the first, number of them for each controller).
# All usual names have lower indexes.
_RESERVED = {"sata": (256, len(_SATA_UNITS)), "scsi": (512, 65)}


class Slot(NamedTuple):
    """One place for a disk."""

    controller: int
    place: int  # among the slots of its controller, from 0
    section: str  # what its keys in VMX begin with: scsi0:1
    target: str  # libvirt's name for it
    address: DriveAddress


class Bus(NamedTuple):
    """The places on one kind of bus in VMX."""

    controllers: int
    units: tuple[int, ...]  # of each controller


BUSES = {
    "scsi": Bus(4, _SCSI_UNITS),
    "sata": Bus(4, _SATA_UNITS),
    "ide": Bus(2, (0, 1)),
    "fdc": Bus(1, (0, 1)),
    "nvme": Bus(4, tuple(range(targets.NVME_UNITS))),
}
_WIDE = {"scsi": Bus(4, _WIDE_SCSI_UNITS), "nvme": Bus(4, tuple(range(targets.WIDE_NVME_UNITS)))}
_WIDE_LIBVIRT = Bus(4, _WIDE_SCSI_UNITS[:-1])  # unit 64 is not looked at (P31)
# Kind of controller -> what the keys of each begin with.
CONTROLLERS = {kind: tuple(f"{kind}{index}" for index in range(bus.controllers)) for kind, bus in BUSES.items()}


def is_wide(name: str, hw_version: int) -> bool:
    """Whether controllers of a bus have 64 units on that virtual hardware."""
    return hw_version >= _WIDE_FROM.get(name, hw_version + 1)


def bus_named(name: str, *, wide: bool) -> Bus:
    """The bus of that name, ``wide`` where its controllers have 64 units."""
    return _WIDE[name] if wide else BUSES[name]


@cache
def slots(name: str, controller: int, *, wide: bool, address_is_slot: bool) -> dict[str, Slot]:
    """The slots of one controller (for IDE: channel) by section, in the order in which they are looked at.

    :param address_is_slot: with the slot itself as the address, not as libvirt derives it.
    """
    bus = bus_named(name, wide=wide)
    if bus is _WIDE["scsi"] and not address_is_slot:
        bus = _WIDE_LIBVIRT
    found = [_slot(name, controller, unit, place, address_is_slot, wide) for place, unit in enumerate(bus.units)]
    return {slot.section: slot for slot in found}


@cache
def slots_on(name: str, *, wide: bool, address_is_slot: bool) -> dict[str, Slot]:
    """The slots of all controllers of a bus by section, in their order; see ``slots``."""
    result: dict[str, Slot] = {}
    for controller in range(BUSES[name].controllers):
        result.update(slots(name, controller, wide=wide, address_is_slot=address_is_slot))
    return result


def slots_of(controller: Controller, hw_version: int) -> dict[str, Slot]:
    """The true slots of a controller on that virtual hardware."""
    kind = controller.type
    return slots(kind, controller.index, wide=is_wide(kind, hw_version), address_is_slot=True)


def used(all_slots: dict[str, Slot], sections: Set[str]) -> list[Slot]:
    """Those of the slots that a VMX has keys of, in their order.

    :param sections: the sections of the VMX.
    """
    there = sections & all_slots.keys()
    return sorted([all_slots[section] for section in there]) if len(there) > 1 else [all_slots[one] for one in there]


def _slot(name: str, controller: int, unit: int, place: int, address_is_slot: bool, wide: bool) -> Slot:
    address = DriveAddress(0, controller, unit) if name == "ide" else DriveAddress(controller, 0, unit)
    section = section_of(name, address)
    if name == "nvme":
        return Slot(controller, place, section, targets.nvme_name(address), address)
    # Names of SCSI disks go by 15 to a controller, also where it takes more (P31).
    index = controller * len(BUSES[name].units) + place
    if not address_is_slot:
        address = targets.drive_address(name, index, scsi_units=63 if wide else targets.SCSI_UNITS) or address
    return Slot(controller, place, section, targets.name_of(targets.PREFIX_OF_BUS[name], index), address)


def section_of(bus: str, address: DriveAddress) -> str:
    """The section of VMX with the keys of the disk at that address."""
    if bus == "fdc":
        return f"floppy{address.unit}"
    return f"{bus}{address.bus if bus == 'ide' else address.controller}:{address.unit}"


def section_of_disk(disk: Disk) -> str:
    """The same of a disk; the empty text for one without a slot."""
    return section_of(disk.bus, disk.address) if disk.address else ""


def distinct(disks: Iterable[Disk]) -> list[Disk]:
    """The disks, in their order, with names that occur once: libvirt's, or else the one kept for the slot (G4, G5).

    Who comes first has the usual name: SCSI units below 16, then other SCSI units, then SATA.
    """
    result = list(disks)
    if len({disk.target for disk in result}) == len(result):
        return result
    taken = {disk.target for disk in result if not _may_give_way(disk)}
    for place, disk in sorted(enumerate(result), key=lambda item: item[1].bus != "scsi"):
        if _may_give_way(disk):
            if disk.target in taken:
                result[place] = replace(disk, target=_reserved_name(disk))
            taken.add(disk.target)
    return result


def _may_give_way(disk: Disk) -> bool:
    wide = disk.bus == "scsi" and disk.address is not None and disk.address.unit not in _SCSI_UNITS
    return wide or disk.bus == "sata"


def _reserved_name(disk: Disk) -> str:
    first, step = _RESERVED[disk.bus]
    address = disk.address or DriveAddress(0, 0, 0)
    return targets.name_of("sd", first + address.controller * step + address.unit)


def true_address(disk: Disk) -> DriveAddress | None:
    """The slot of a disk, also where its address is no slot but was derived from a name kept for one."""
    index = targets.index_of(disk.target)
    first, step = _RESERVED.get(disk.bus, (0, 1))
    if disk.address is None or index is None or not first <= index < first + 4 * step or not first:
        return disk.address
    derived = targets.drive_address(disk.bus, index, sata_units=len(_SATA_UNITS))
    controller, unit = divmod(index - first, step)
    return DriveAddress(controller, 0, unit) if disk.address == derived else disk.address
