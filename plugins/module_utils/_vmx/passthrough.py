# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PCI devices of the host that a guest has for itself.

::

    pciPassthru0.present = "TRUE"
    pciPassthru0.id = "00000:059:00.0"
    pciPassthru0.deviceId = "0x1db6"
    pciPassthru0.vendorId = "0x10de"
    pciPassthru0.systemId = "5f1d2b3c-8a9e-4f70-12ab-001b21c3d4e5"

Each part of the id is decimal. libvirt knows a device by its address alone; the other keys are kept in our metadata, as
VMware does not start a domain without them.
"""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._domain.metadata import KEPT_KEYS
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Hostdev, PciAddress
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import YES, Entry, WriteContext, numbers_of

WORD = "pcipassthru"
_SECTION = re.compile(WORD + r"(0|[1-9][0-9]?)")
_ID = re.compile(r"(?:([0-9]{1,5}):)?([0-9]{1,3}):([0-9]{1,2})\.([0-7])")
_NEEDED = ("deviceId", "vendorId")
_MOST = 16  # devices that a domain can have


def hostdev_indexes(context: ReadContext) -> tuple[int, ...]:
    """The numbers of the PCI devices that are there, ascending."""
    if WORD not in context.vmx.kinds or not context.dialect.passthrough:
        return ()
    numbers = sorted([int(found[1]) for found in map(_SECTION.fullmatch, context.vmx.sections) if found])
    return tuple([number for number in numbers if _is_readable(context, number)])


def _is_readable(context: ReadContext, number: int) -> bool:
    """Whether a device is there and is known by its address, which one of a profile such as a vGPU is not."""
    at = f"pciPassthru{number}"
    if not context.vmx.boolean(f"{at}.present"):
        return False
    if _address(context.vmx.get(f"{at}.id")) is not None:
        return True
    why = "libvirt knows a device of the host by its PCI address, and this has none"
    context.report.leave_out(f"{at}.id", why, line=context.vmx.line(f"{at}.present"))
    return False


def _address(text: str | None) -> PciAddress | None:
    found = _ID.fullmatch(text or "")
    if found is None or int(found[2]) > 0xFF or int(found[3]) > 0x1F or int(found[1] or 0) > 0xFFFF:
        return None
    return PciAddress(int(found[1] or 0), int(found[2]), int(found[3]), int(found[4]))


def read_hostdevs(context: ReadContext) -> tuple[Hostdev, ...]:
    """The PCI devices that are there."""
    found = []
    for number in hostdev_indexes(context):
        at = f"pciPassthru{number}"
        values = ((key, context.vmx.get(f"{at}.{key}")) for key in KEPT_KEYS["hostdev"])
        keys = tuple((key, value) for key, value in values if value is not None)
        found.append(Hostdev("pci", _address(context.vmx.get(f"{at}.id")), keys))
    return tuple(found)


def write_hostdevs(domain: Domain, context: WriteContext) -> list[Entry]:
    """The lines of all PCI devices of the host."""
    lines: list[Entry] = []
    if not context.dialect.passthrough:
        return lines
    for index, device in zip(numbers_of(domain.hostdevs, context.hostdevs), domain.hostdevs):
        lacking = _lacking(device, index)
        if lacking:
            context.report.leave_out(
                "devices/hostdev", lacking, word=f"type='{device.type}'", line=device.line, essential=True
            )
            continue
        at = device.address or PciAddress()
        place = f"{at.domain:05}:{at.bus:03}:{at.slot:02}.{at.function}"
        values = (("present", YES), ("id", place), *device.keys)
        lines += [(f"pciPassthru{index}.{key}", value) for key, value in values]
    return lines


def _lacking(device: Hostdev, index: int) -> str | None:
    """Why a device cannot be written, None where it can."""
    if device.type != "pci":
        return "VMware passes only PCI devices through by a VMX"
    if index >= _MOST:
        return f"VMware passes at most {_MOST} devices through"
    known = {key for key, _value in device.keys}
    if not known.issuperset(_NEEDED):
        return (
            "VMware needs the ids of vendor and device too, which domain XML cannot express; add the device with "
            "vSphere's own tools, or say them in the metadata: "
            "<esx:hostdev address='0000:3b:00.0' vendorId='0x10de' deviceId='0x1db6'/>"
        )
    return None
