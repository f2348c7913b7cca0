# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound cards, and devices of the host that a guest has for itself.

::

    <sound model='ich6'/>
    <hostdev mode='subsystem' type='pci'>
      <source>
        <address domain='0x0000' bus='0x3b' slot='0x00' function='0x0'/>
      </source>
    </hostdev>
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Hostdev, PciAddress, Sound
from ansible_collections.virt.esx.plugins.module_utils._domain.values import choice_attr, error_at, required_attr
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

_SOUNDS = ("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "ich7", "virtio")
_MODES = ("subsystem", "capabilities")
_TYPES = ("usb", "pci", "scsi", "scsi_host", "mdev", "storage", "misc", "net")
# The parts of a PCI address and their highest values.
_PCI = {"domain": 0xFFFF, "bus": 0xFF, "slot": 0x1F, "function": 0x7}


def read_sound(element: Element) -> Sound:
    """One ``<sound>``.

    :raises ParseError: for a model that libvirt does not know.
    """
    required_attr(element, "model")
    return Sound(choice_attr(element, "model", _SOUNDS) or "", element.sourceline)


def write_sound(sound: Sound) -> str:
    """The line of one sound card."""
    return f"    <sound model='{sound.model}'/>\n"


def read_hostdev(element: Element) -> Hostdev:
    """One ``<hostdev>``; only of a PCI device is the address read.

    :raises ParseError: for a kind that libvirt does not know, or an invalid address.
    """
    required_attr(element, "type")
    kind = choice_attr(element, "type", _TYPES) or ""
    mode = choice_attr(element, "mode", _MODES) or "subsystem"
    if kind != "pci" or mode != "subsystem":
        return Hostdev(kind if mode == "subsystem" else mode, line=element.sourceline)
    return Hostdev("pci", _pci_address(element), line=element.sourceline)


def _pci_address(device: Element) -> PciAddress:
    address = child(device, "source", "address")
    if address is None:
        raise error_at(device, "A PCI device of the host needs <source><address bus='...' slot='...'/></source>")
    return PciAddress(**{part: _number(address, part, most) for part, most in _PCI.items()})


def _number(address: Element, part: str, most: int) -> int:
    text = address.get(part) or "0"
    try:
        number = int(text, 16 if text[:2].lower() == "0x" else 10)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        raise error_at(address, f"{part}='{text}' is not a number from 0 to {most:#x}")
    return number


def write_hostdev(device: Hostdev) -> str:
    """The lines of one device of the host."""
    at = device.address or PciAddress()
    return (
        f"    <hostdev mode='subsystem' type='{device.type}'>\n      <source>\n"
        f"        <address domain='{at.domain:#06x}' bus='{at.bus:#04x}' slot='{at.slot:#04x}'"
        f" function='{at.function:#x}'/>\n      </source>\n    </hostdev>\n"
    )
