# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices of a VMX that a domain does not have, and states of devices that it cannot say: they are reported.

::

    scsi4:0.present = "TRUE"          no such controller
    serial4.present = "TRUE"          no such port
    usb:1.deviceType = "disk"         no such disk in libvirt's forms
    sharedFolder0.enabled = "FALSE"   a folder that is not shared
    sata0:0.startConnected = "FALSE"  a medium that is not in its drive
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Domain
from ansible_collections.virt.esx.plugins.module_utils._vmx import chardevs, slots
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext

_DISK = re.compile(r"((scsi|sata|nvme|ide)[0-9]{1,3}):([0-9]{1,4})")
_NUMBERED = re.compile(r"(serial|parallel|floppy|scsi|sata|nvme)([0-9]{1,9})")
_FOLDER = re.compile(r"sharedfolder[0-9]{1,9}")
_FOLDERS, _USB_PORT = "shared folder", "USB port"
_USB = re.compile(r"(?:usb|ehci|usb_xhci):[0-9]{1,4}")
_NUMBERS = {
    "serial": len(chardevs.SERIALS),
    "parallel": len(chardevs.PARALLELS),
    "floppy": 2,
    **{bus: slots.BUSES[bus].controllers for bus in ("scsi", "sata", "nvme")},
}
_FILLED_BY_HOSTS = (None, "", "hub", "hid", "mouse")  # devices on USB that every domain has
_UNCONNECTED = "libvirt cannot express a device that is not connected when the domain starts; it is read as connected"


def report_unseen_disks(context: ReadContext, present: Sequence[Controller]) -> None:
    """Report disks that are said to be there, and are in no slot that a controller of the domain has.

    :param present: the controllers of the domain, those of IDE included.
    """
    if context.report.is_silent:
        return
    unseen = {section for section in context.vmx.sections if ":" in section}
    for controller in present:
        unseen = unseen.difference(slots.slots_of(controller, context.hw_version))
    there = {f"{one.type}{one.index}" for one in present} if unseen else set()
    for section in sorted(unseen):
        found = _DISK.fullmatch(section)
        if found is None or not context.vmx.boolean(f"{section}.present"):
            continue
        name, kind, unit = found.groups()
        if name in there:
            version = context.hw_version
            why = f"a controller of type {kind} has no unit {unit} on virtual hardware version {version}"
        else:
            why = f"the controller {name} is not there, so neither is the disk"
        context.leave_out(f"{section}.present", why)


def report_unseen(context: ReadContext, domain: Domain) -> None:
    """Report the other devices that are said to be there, and that devices are not connected."""
    if context.report.is_silent or not context.dialect.reports:
        return
    sections = [section for section in context.vmx.sections if _kind(section)]
    for section in sorted(sections):
        why = _unseen(context, section, bool(domain.filesystems))
        key = f"{_spelled(section)}.present"
        if why and context.vmx.boolean(key):
            context.leave_out(key, why)
    _report_unconnected(context, domain)


@lru_cache(maxsize=4096)
def _kind(section: str) -> str | None:
    """The kind of device that a section may describe and a domain does not have; None for all others."""
    found = _NUMBERED.fullmatch(section)
    if found is not None:
        return found[1] if int(found[2]) >= _NUMBERS[found[1]] else None
    return _FOLDERS if _FOLDER.fullmatch(section) else _USB_PORT if _USB.fullmatch(section) else None


def _spelled(section: str) -> str:
    """A section as VMware spells it, and as its reader reports it."""
    return section.replace("folder", "Folder")


def _unseen(context: ReadContext, section: str, shares: bool) -> str | None:
    """Why a device that a section describes is not a part of the domain, None for one that is."""
    kind = _kind(section)
    if kind == _FOLDERS:
        if not shares:
            return "folders are not shared with this domain"
        enabled = context.vmx.boolean(f"{_spelled(section)}.enabled")
        return None if enabled else "the folder is not enabled, so it is not shared"
    if kind == _USB_PORT:
        is_filled_by_hosts = context.vmx.word(f"{section}.deviceType") in _FILLED_BY_HOSTS
        return None if is_filled_by_hosts else "a device on a USB port is not converted"
    return f"a VMX has {_NUMBERS[kind or '']} devices of the kind {kind} at most, counted from 0"


def _report_unconnected(context: ReadContext, domain: Domain) -> None:
    raw = context.vmx.raw
    for section in [section for section in _connectable(domain) if f"{section}.startconnected" in raw]:
        key = f"{section}.startConnected"
        if not context.vmx.boolean(key, True):
            context.leave_out(key, _UNCONNECTED)


def _connectable(domain: Domain) -> list[str]:
    """The devices that a domain has connected; an empty drive is empty in any case, and a card says it by its link."""
    drives = [disk for disk in domain.disks if disk.source is not None or disk.startup_policy is not None]
    sections = [slots.section_of_disk(disk) for disk in drives]
    sections += [f"serial{port.port}" for port in domain.serials]
    sections += [f"parallel{port.port}" for port in domain.parallels]
    return [*sections, "sound"] if domain.sounds else sections
