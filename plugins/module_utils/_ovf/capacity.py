# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The capacity of a package's disks."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._ovf.model import OvfDisk
from ansible_collections.virt.esx.plugins.module_utils._ovf.units import bytes_per_unit, is_plain, whole_number

# The start tag of a disk, and its attributes.
_DISK = re.compile(r"<(?:[\w.-]+:)?Disk\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
_UNITS = re.compile(r"(capacityAllocationUnits\s*=\s*)([\"'])([^\"'<]*)\2")
_CAPACITY = re.compile(r"(\bcapacity\s*=\s*)([\"'])([^\"'<]*)\2")
_ID = re.compile(r"(\bdiskId\s*=\s*)([\"'])([^\"'<]*)\2")


def disk_capacity(disk: OvfDisk, values: Mapping[str, str]) -> int:
    """Return the capacity of a disk in bytes.

    :param values: the values of the properties by full key, for a capacity such as ``${disk.size}``.
    :raises ParseError: if it is neither a number nor a property that exists.
    """
    text = disk.capacity.strip()
    if text.startswith("${") and text.endswith("}"):
        text = _value(text[2:-1].strip(), values)
    number = whole_number(text)
    if number is None:
        raise ParseError(f"'{disk.capacity}' is not a number.", where="<Disk capacity>", line=disk.line)
    capacity = number * bytes_per_unit(disk.units, where="<Disk capacityAllocationUnits>", line=disk.line)
    if not 0 < capacity < 1 << 63:
        raise ParseError(f"a disk cannot have a capacity of {capacity} bytes.", where="<Disk capacity>", line=disk.line)
    return capacity


def in_bytes(descriptor: str, capacities: Mapping[str, int]) -> str:
    """Return a descriptor that gives the capacities of its disks in bytes if they can be misread.

    These are capacities that a property has, of which a host without a vCenter only knows the default, and those in
    units such as ``MegaBytes``, by which writers mean 2^20 bytes and some hosts 10^6. Other disks stay as they are.

    :param capacities: the capacities of the disks by id.
    """

    def rewritten(disk: re.Match[str]) -> str:
        known, units, capacity = (pattern.search(disk[0]) for pattern in (_ID, _UNITS, _CAPACITY))
        total = None if known is None else capacities.get(known[3])
        if total is None or capacity is None or _is_clear(capacity[3], units):
            return disk[0]
        plain = _UNITS.sub(r"\1\2byte\2", disk[0])
        return _CAPACITY.sub(lambda found: f"{found[1]}{found[2]}{total}{found[2]}", plain)

    return _DISK.sub(rewritten, descriptor)


def _is_clear(capacity: str, units: re.Match[str] | None) -> bool:
    """Whether a host cannot misread a capacity."""
    return capacity.isdigit() and (units is None or is_plain(units[3]))


def _value(key: str, values: Mapping[str, str]) -> str:
    """The value of a property by its full key, or by the key alone where only one property has it."""
    if key in values:
        return values[key].strip()
    found = [value for full_key, value in values.items() if f".{key}." in f".{full_key}."]
    return found[0].strip() if len(found) == 1 else ""
