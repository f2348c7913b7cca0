# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Floppy drives (P46, P47, F54).

::

    floppy0.present = "TRUE"
    floppy0.fileType = "file"
    floppy0.fileName = "a.flp"

VMware takes a floppy drive to be there unless it is said to be absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk
from ansible_collections.virt.esx.plugins.module_utils._vmx import slots
from ansible_collections.virt.esx.plugins.module_utils._vmx.disks import (
    AUTO_DETECT,
    EMPTY,
    OPTIONAL,
    is_file,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import NO, YES, Entry, WriteContext, error_at

_SECTIONS = ("floppy0", "floppy1")
# Drives of the host: /dev/fd0, A: and the first one that there is.
_OF_HOST = re.compile(rf"/dev/|[a-z]:\Z|{AUTO_DETECT}\Z", re.IGNORECASE)
_NO_MEDIUM = ("", EMPTY.lower(), "vmware-null-remote-floppy")  # what hosts write for a drive without one


def read_floppies(context: ReadContext) -> list[Disk]:
    """The floppy drives that are there."""
    all_slots = slots.slots_on("fdc", wide=False, address_is_slot=True)
    there = slots.used(all_slots, context.vmx.sections)
    found = [context.attempt(_read_floppy, context, slot, default=None) for slot in there]
    return [disk for disk in found if disk is not None]


def _read_floppy(context: ReadContext, slot: slots.Slot) -> Disk | None:
    vmx, at = context.vmx, slot.section
    present = vmx.boolean(f"{at}.present")
    vmx.boolean(f"{at}.startConnected")
    if not present:
        if f"{at}.present" not in vmx:
            _report_unsaid(context, at)
        return None
    if vmx.boolean(f"{at}.clientDevice"):
        if _has_medium(context, at):
            context.leave_out(f"{at}.clientDevice", "libvirt has no floppy drive of the console's PC")
        return None
    vmx.boolean(f"{at}.writeThrough")
    kind, name = vmx.get(f"{at}.fileType"), vmx.get(f"{at}.fileName")
    word = (kind or "").lower()
    if word not in ("device", "file"):
        word = _type_by_name(context, at, kind, name)
    if context.dialect.raw_and_passthrough_disks and name in ("", EMPTY):
        name = None
    return _drive(context, slot, word, name)


def _report_unsaid(context: ReadContext, at: str) -> None:
    """Report a drive with a medium of which nothing says that it is there."""
    if context.dialect.reports and f"{at}.fileName" in context.vmx and _has_medium(context, at):
        context.leave_out(f"{at}.fileName", f"libvirt needs {at}.present to read the drive; VMware does not")


def _type_by_name(context: ReadContext, at: str, kind: str | None, name: str | None) -> str:
    """The type of a medium whose ``fileType`` does not tell."""
    if not context.dialect.raw_and_passthrough_disks:
        message = f"invalid or not yet handled value '{name}' for file type '{kind or 'unknown'}'"
        raise context.vmx.error_at(f"{at}.fileName", message)
    word = "device" if name and _OF_HOST.match(name) else "file"
    if kind:
        context.leave_out(f"{at}.fileType", f"expecting 'device' or 'file', found '{kind}'; it is read as '{word}'")
    return word


def _has_medium(context: ReadContext, at: str) -> bool:
    """Whether a drive may have a medium, and does not name none."""
    return context.vmx.word(f"{at}.fileName") not in _NO_MEDIUM


def _drive(context: ReadContext, slot: slots.Slot, word: str, name: str | None) -> Disk:
    policy = None
    if word == "file" and name is not None:
        name = context.path(f"{slot.section}.fileName", name)
    elif context.dialect.keep_empty_drive_kind and name is not None and name.lower() == AUTO_DETECT:
        name, policy = None, OPTIONAL
    return Disk(
        device="floppy",
        type="file" if word == "file" else "block",
        source=name,
        startup_policy=policy,
        has_source=name is not None or policy is not None,
        target=slot.target,
        bus="fdc",
        address=slot.address,
    )


def write_floppy(disk: Disk, section: str, context: WriteContext) -> list[Entry]:
    """The lines of one floppy drive."""
    lines = [(f"{section}.present", YES)]
    if disk.transient and context.dialect.reports:
        why = "what a guest writes to a floppy disk stays there"
        context.report.leave_out(f"devices/disk '{disk.target}'", why, word="<transient/>", line=disk.line)
    if is_file(disk, context):
        lines.append((f"{section}.fileType", "file"))
        if disk.source is not None:
            what = f"<source> of disk '{disk.target}'"
            lines.append((f"{section}.fileName", context.path(disk.source, what, disk.line)))
        return lines
    if disk.type != "block":
        raise error_at(disk, f"type='{disk.type}' is not supported for floppies, only 'file' and 'block'")
    lines.append((f"{section}.fileType", "device"))
    name = disk.source
    if name is None and context.dialect.keep_empty_drive_kind and disk.startup_policy == OPTIONAL:
        name = AUTO_DETECT
    if name is not None:
        lines.append((f"{section}.fileName", name))
    return lines


def write_absent(sections: Iterable[str]) -> list[Entry]:
    """The floppy drives that are not there, which has to be said; ``sections`` has those that are."""
    there = set(sections)
    return [(f"{section}.present", NO) for section in _SECTIONS if section not in there]
