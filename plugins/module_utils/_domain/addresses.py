# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``<address>`` of a device in domain XML; those of drives matter, the others are only looked at.

``<address type='drive' controller='0' bus='0' target='0' unit='0'/>``
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.model import DriveAddress
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    UINT_MAX,
    choice_attr,
    int_attr,
    required_attr,
)
from ansible_collections.virt.esx.plugins.module_utils._xml import Element

TYPES = (
    "drive",
    "pci",
    "usb",
    "ccid",
    "virtio-serial",
    "spapr-vio",
    "virtio-s390",
    "ccw",
    "virtio-mmio",
    "isa",
    "dimm",
    "unassigned",
)


def type_of(element: Element) -> str:
    """The type of an address, one of libvirt's words.

    :raises ParseError: it has none, or one that libvirt does not know.
    """
    required_attr(element, "type")
    return choice_attr(element, "type", TYPES) or ""


def read_drive(element: Element) -> DriveAddress:
    """A slot on a disk controller; what is left out is 0.

    :raises ParseError: a part is not a number from 0 to 4294967295.
    """
    controller, bus, unit, target = (
        int_attr(element, part, 0, UINT_MAX) or 0 for part in ("controller", "bus", "unit", "target")
    )
    return DriveAddress(controller, bus, unit, target)


def write_drive(address: DriveAddress) -> str:
    """The line of a slot, within a disk."""
    return (
        f"      <address type='drive' controller='{address.controller}' bus='{address.bus}'"
        f" target='{address.target}' unit='{address.unit}'/>\n"
    )
