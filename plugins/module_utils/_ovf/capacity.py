# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The capacity of a package's disks."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._ovf.model import OvfDisk
from ansible_collections.virt.esx.plugins.module_utils._ovf.units import bytes_per_unit


def disk_capacity(disk: OvfDisk, values: Mapping[str, str]) -> int:
    """Return the capacity of a disk in bytes.

    :param values: the values of the properties by full key, for a capacity such as ``${disk.size}``.
    :raises ParseError: if it is neither a number nor a property that exists.
    """
    text = disk.capacity.strip()
    if text.startswith("${") and text.endswith("}"):
        text = _value(text[2:-1].strip(), values)
    if not (text.isascii() and text.isdigit()):
        raise ParseError(f"'{disk.capacity}' is not a number.", where="<Disk capacity>", line=disk.line)
    return int(text) * bytes_per_unit(disk.units, where="<Disk capacityAllocationUnits>", line=disk.line)


def _value(key: str, values: Mapping[str, str]) -> str:
    """The value of a property by its full key, or by the key alone where only one property has it."""
    if key in values:
        return values[key].strip()
    found = [value for full_key, value in values.items() if f".{key}." in f".{full_key}."]
    return found[0].strip() if len(found) == 1 else ""
