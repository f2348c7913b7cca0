# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of disks in the guest (``sda``) and the slots on a controller that they stand for (P30 to P34, F9, F35).

A target name is a prefix and letters that count up to the target index: ``a`` is 0, ``z`` 25, ``aa`` 26.
"""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._domain.model import DriveAddress

# Prefix of the names -> bus, where a disk does not say its bus (F10).
BUS_OF_PREFIX = {"fd": "fdc", "hd": "ide", "sd": "scsi", "vd": "virtio", "xvd": "xen", "ubd": "uml"}
PREFIX_OF_BUS = {"fdc": "fd", "ide": "hd", "scsi": "sd", "sata": "sd", "virtio": "vd"}

SCSI_UNITS = 15  # of 16, unit 7 being the controller itself
SCSI_OWN_UNIT = 7
# Disks of a controller: (buses of a controller, units of a bus).
_GEOMETRY = {"ide": (2, 2), "fdc": (1, 2)}

_NAME = re.compile(r"(fd|hd|vd|sd|xvd|ubd)([a-z]{1,6})[0-9]*")
_NVME = re.compile(r"nvme([0-9]{1,4})n([1-9][0-9]{0,4})")
NVME_UNITS = 15
WIDE_NVME_UNITS = 64  # from virtual hardware version 21 on
SATA_UNITS = 30  # of VMware's; libvirt takes a controller to have 6 (G6)
# Where the name that libvirt would give to a SATA disk is a SCSI disk's, its index is moved behind all of SCSI's.
SATA_MOVED = 256
_INDEX_MAX = 2**31 - 1


def prefix_of(name: str) -> str | None:
    """The prefix that a name of a disk begins with, None where it is not one of libvirt's."""
    return next((prefix for prefix in BUS_OF_PREFIX if name.startswith(prefix)), None)


def index_of(name: str) -> int | None:
    """The target index that a name stands for, None for any other name; digits at its end are ignored (F9)."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    index = 0
    for letter in match[2]:
        index = index * 26 + ord(letter) - 96
    return index - 1 if index <= _INDEX_MAX else None


def name_of(prefix: str, index: int) -> str:
    """The name for a target index, counted from 0."""
    letters = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, 26)
        letters = chr(97 + letter) + letters
    return prefix + letters


def drive_address(bus: str, index: int, *, scsi_units: int = SCSI_UNITS, sata_units: int = 6) -> DriveAddress | None:
    """The slot that libvirt derives from a bus and a target index, None on a bus without such slots.

    :param scsi_units: disks that a SCSI controller takes: 15, or 63 where the virtual hardware is of version 13 (P31).
    :param sata_units: disks that a SATA controller takes: 6 for libvirt (P32), or ``SATA_UNITS``.
    """
    if bus == "scsi":
        controller, unit = divmod(index, scsi_units)
        return DriveAddress(controller, 0, unit + 1 if unit >= SCSI_OWN_UNIT else unit)
    if bus == "sata":
        if sata_units == SATA_UNITS and index >= SATA_MOVED:
            index -= SATA_MOVED
        controller, unit = divmod(index, sata_units)
        return DriveAddress(controller, 0, unit)
    if bus not in _GEOMETRY:
        return None
    buses, units = _GEOMETRY[bus]
    controller, rest = divmod(index, buses * units)
    return DriveAddress(controller, *divmod(rest, units))


def nvme_index(address: DriveAddress) -> int:
    """The place of an NVMe disk among all that there can be."""
    if address.unit < NVME_UNITS:
        return address.controller * NVME_UNITS + address.unit
    others = WIDE_NVME_UNITS - NVME_UNITS
    return 4 * NVME_UNITS + address.controller * others + address.unit - NVME_UNITS


def nvme_name(address: DriveAddress) -> str:
    """The name that newer versions of libvirt give to an NVMe disk: controller 0, unit 1 is ``nvme0n2`` (N7)."""
    return f"nvme{address.controller}n{address.unit + 1}"


def nvme_address(name: str) -> DriveAddress | None:
    """The slot of an NVMe disk by its name, None for any other name."""
    match = _NVME.fullmatch(name)
    return DriveAddress(int(match[1]), 0, int(match[2]) - 1) if match else None
