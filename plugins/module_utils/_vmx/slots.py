# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slots on disk buses: how VMX, libvirt's target names and its drive addresses name the same place.

``scsi1:3`` in VMX is target ``sds`` on bus scsi, and address controller 1, bus 0, unit 3. libvirt derives the address
from the name's index with its own numbers of units to a controller, and so is wrong beyond the first controllers
(P30 to P36, G4 to G6); in the dialect ``esx`` the address is the slot, and names never collide (N6).

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain import targets
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, DriveAddress

WIDE_SCSI = 13  # the virtual hardware version from which a SCSI controller has 64 units

_SCSI_UNITS = tuple(unit for unit in range(16) if unit != targets.SCSI_OWN_UNIT)
_WIDE_SCSI_UNITS = tuple(unit for unit in range(65) if unit != targets.SCSI_OWN_UNIT)
_SATA_UNITS = tuple(range(30))

# Where the name that libvirt would give to a SATA disk belongs to a SCSI disk, its index is moved behind all of SCSI.
_SATA_MOVED = 4 * len(_WIDE_SCSI_UNITS)


class Slot(NamedTuple):
    """One place for a disk."""

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
_WIDE = Bus(4, _WIDE_SCSI_UNITS)
_WIDE_LIBVIRT = Bus(4, _WIDE_SCSI_UNITS[:-1])  # unit 64 is not looked at (P31)


def bus_named(name: str, *, wide: bool) -> Bus:
    """The bus of that name; ``wide`` for virtual hardware from version 13 on."""
    return _WIDE if name == "scsi" and wide else BUSES[name]


@cache
def slots(name: str, controller: int, *, wide: bool, true_slots: bool) -> tuple[Slot, ...]:
    """The slots of one controller (for IDE: channel) in the order in which they are looked at.

    :param true_slots: with the slot itself as the address, not as libvirt derives it.
    """
    bus = bus_named(name, wide=wide)
    if bus is _WIDE and not true_slots:
        bus = _WIDE_LIBVIRT
    return tuple(_slot(name, controller, unit, place, true_slots, wide) for place, unit in enumerate(bus.units))


def _slot(name: str, controller: int, unit: int, place: int, true_slots: bool, wide: bool) -> Slot:
    address = DriveAddress(0, controller, unit) if name == "ide" else DriveAddress(controller, 0, unit)
    section = section_of(name, address)
    if name == "nvme":
        return Slot(section, targets.nvme_name(address), address)
    # Names of SCSI disks go by 15 to a controller, also where it takes more (P31); truly by 64 (N6).
    step = targets.SCSI_UNITS if name == "scsi" and not (wide and true_slots) else len(bus_named(name, wide=wide).units)
    index = controller * step + place
    if not true_slots:
        address = targets.drive_address(name, index, scsi_units=63 if wide else targets.SCSI_UNITS) or address
    return Slot(section, targets.name_of(targets.PREFIX_OF_BUS[name], index), address)


def section_of(bus: str, address: DriveAddress) -> str:
    """What the keys of the disk at that address begin with in VMX."""
    if bus == "fdc":
        return f"floppy{address.unit}"
    return f"{bus}{address.bus if bus == 'ide' else address.controller}:{address.unit}"


def moved_sata_name(address: DriveAddress) -> str:
    """The name of a SATA disk where a SCSI disk has the usual one."""
    return targets.name_of("sd", _SATA_MOVED + address.controller * len(_SATA_UNITS) + address.unit)


def true_address(disk: Disk) -> DriveAddress | None:
    """The slot of a disk, also where its address was derived from a moved SATA name."""
    index = targets.index_of(disk.target)
    if disk.bus != "sata" or index is None or index < _SATA_MOVED:
        return disk.address
    if disk.address != targets.drive_address("sata", index, sata_units=len(_SATA_UNITS)):
        return disk.address
    return targets.drive_address("sata", index - _SATA_MOVED, sata_units=len(_SATA_UNITS))
