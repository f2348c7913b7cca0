# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the disks of a domain go in VMX, and whether they may (F34 to F38).

libvirt wants the address that follows from the target name; in ``esx`` the address decides alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain import targets
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, DriveAddress
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx import slots
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import WriteContext, error_at

_BUSES_OF_LIBVIRT = ("scsi", "ide", "fdc")


def placed(disks: Sequence[Disk], context: WriteContext) -> list[Disk]:
    """The disks, each with the slot that it takes as its address.

    Refused is a disk whose slot does not exist, or is not where its name says (not in ``esx``).
    """
    if context.dialect.address_is_slot:
        return list(context.report.attempt_each(_truly_placed, disks, context))
    context.report.attempt_each(_check_as_libvirt, disks)
    return list(disks)


def _truly_placed(disk: Disk, context: WriteContext) -> Disk:
    address = slots.true_address(disk)
    if address is None or disk.bus not in slots.BUSES:
        raise error_at(disk, f"bus='{disk.bus}' is not supported, expecting one of {', '.join(slots.BUSES)}")
    _check_range(disk, address, wide=slots.is_wide(disk.bus, context.hw_version))
    return disk if address == disk.address else replace(disk, address=address)


def _check_as_libvirt(disk: Disk) -> None:
    if disk.address is None:
        raise error_at(disk, f"address type '{disk.address_type or 'none'}' is not supported, expecting 'drive'")
    if disk.bus not in _BUSES_OF_LIBVIRT:
        raise error_at(disk, f"bus='{disk.bus}' is not supported, expecting one of {', '.join(_BUSES_OF_LIBVIRT)}")
    prefix = targets.PREFIX_OF_BUS[disk.bus]
    if targets.prefix_of(disk.target) != prefix:
        raise error_at(disk, f"expecting the target to start with '{prefix}' on bus '{disk.bus}'")
    index = targets.index_of(disk.target)
    derived = None if index is None else targets.drive_address(disk.bus, index)
    if derived is None or _slot_of(derived) != _slot_of(disk.address):
        raise error_at(disk, f"the address {_shown(disk.address)} doesn't match target device '{disk.target}'")
    _check_range(disk, disk.address, wide=False)


def _check_range(disk: Disk, address: DriveAddress, *, wide: bool) -> None:
    """Refuse what VMX has no slot for (F36)."""
    bus = slots.bus_named(disk.bus, wide=wide)
    parts = {
        "controller": (address.controller, range(1 if disk.bus == "ide" else bus.controllers)),
        "bus": (address.bus, range(bus.controllers if disk.bus == "ide" else 1)),
        "unit": (address.unit, bus.units),
    }
    for part, (value, allowed) in parts.items():
        if value not in allowed:
            raise _out_of_range(disk, part, value, allowed)


def _out_of_range(disk: Disk, part: str, value: int, allowed: Sequence[int]) -> ParseError:
    gap = f" without {targets.SCSI_OWN_UNIT}" if disk.bus == "scsi" and part == "unit" else ""
    return error_at(disk, f"{part} index {value} out of [{allowed[0]}..{allowed[-1]}]{gap} range on bus '{disk.bus}'")


def _slot_of(address: DriveAddress) -> tuple[int, int, int]:
    return address.controller, address.bus, address.unit  # libvirt does not compare the address's target


def _shown(address: DriveAddress) -> str:
    return f"{address.controller}:{address.bus}:{address.unit}"
