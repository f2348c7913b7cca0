# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hard disk is used: raw device mappings, independence of snapshots, disks that several domains share.

::

    scsi0:1.deviceType = "scsi-passthru-rdm"
    scsi0:1.mode = "independent-persistent"
    scsi0:1.sharing = "multi-writer"
    scsi1.sharedBus = "virtual"

libvirt can express some: ``<transient/>``, ``<shareable/>`` and ``snapshot='no'``. The others are kept as
the key itself, in our metadata. libvirt's own converter knows ``<transient/>`` alone (P42).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Keys
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import Entry, WriteContext

TRANSIENT = "independent-nonpersistent"


class _Mode(NamedTuple):
    """A mode of VMware's in libvirt's words; ``is_kept``: they do not say all, so that the word itself is kept."""

    transient: bool = False
    snapshot: str | None = None
    is_kept: bool = False


_MODES = {
    "": _Mode(),
    "persistent": _Mode(),
    "independent-persistent": _Mode(snapshot="no"),
    TRANSIENT: _Mode(transient=True, snapshot="no"),
    "nonpersistent": _Mode(transient=True, is_kept=True),
    "undoable": _Mode(is_kept=True),
    "append": _Mode(is_kept=True),
}
# Types of disks that libvirt cannot express: mappings of devices, physical or virtual, and disks of the host.
_MAPPINGS = ("scsi-passthru-rdm", "scsi-nonpassthru-rdm")
_KEPT_TYPES = (*_MAPPINGS, "plaindisk", "rawdisk")
_MULTI_WRITER = "multi-writer"
_NOT_SHARED = (None, "", "none")


class Use(NamedTuple):
    """How a disk is used: fields of :class:`Disk`."""

    transient: bool = False
    snapshot: str | None = None
    shareable: bool = False
    keys: Keys = ()


_USUAL = Use()


def read_use(context: ReadContext, at: str, kind: str | None) -> Use:
    """How the disk with these keys, and this type in lower case, is used."""
    mode = context.vmx.word(f"{at}.mode") or ""
    if not context.dialect.keeps_disk_modes:
        return Use(transient=True) if mode == TRANSIENT else _USUAL
    sharing = context.vmx.word(f"{at}.sharing")
    if not mode and not sharing and kind not in _KEPT_TYPES:
        return _USUAL
    kept = context.vmx.get(f"{at}.deviceType") if kind in _KEPT_TYPES else None
    return _use(context, at, mode.replace("_", "-"), kept, sharing)  # the API spells modes with _


def _use(context: ReadContext, at: str, mode: str, kept_type: str | None, sharing: str | None) -> Use:
    known = _MODES.get(mode)
    if known is None:
        context.leave_out(f"{at}.mode", f"'{mode}' is not a mode of a disk, expecting one of {', '.join(_MODES)[2:]}")
        known = _MODES[""]
    elif known.is_kept:
        context.leave_out(f"{at}.mode", f"libvirt cannot express the mode '{mode}'; it is kept in the metadata")
    keys = [("mode", mode)] if known.is_kept else []
    if kept_type:
        keys.insert(0, ("deviceType", kept_type))
    if sharing not in (*_NOT_SHARED, _MULTI_WRITER):
        context.leave_out(f"{at}.sharing", f"'{sharing}' is not a way to share a disk, expecting '{_MULTI_WRITER}'")
    return Use(known.transient, known.snapshot, sharing == _MULTI_WRITER, tuple(keys))


def on_shared_bus(disk: Disk) -> Disk:
    """A hard disk on a controller whose bus several domains share, so that its disks are shared as well."""
    if disk.device != "disk":
        return disk
    own: Keys = (("sharing", _MULTI_WRITER),) if disk.shareable else ()
    return replace(disk, shareable=True, keys=(*disk.keys, *own))


def read_shared_bus(context: ReadContext, at: str) -> Keys:
    """``sharedBus`` of a controller, where it is shared."""
    word = context.vmx.word(f"{at}.sharedBus") if context.dialect.keeps_disk_modes else None
    return () if word in _NOT_SHARED else (("sharedBus", word or ""),)


@cache
def types_of(bus: str) -> tuple[str | None, ...]:
    """The words that a hard disk on a bus can have as its type, in lower case; None where it has none."""
    kept = _KEPT_TYPES if bus == "scsi" else _KEPT_TYPES[len(_MAPPINGS) :]
    return (None, "", "disk", "scsi-harddisk", "ata-harddisk", *kept)


def kept_type(disk: Disk) -> str | None:
    """The ``deviceType`` that libvirt cannot express; a mapping is on a SCSI bus."""
    kind = dict(disk.keys).get("deviceType")
    if kind is None or (kind.lower() in _MAPPINGS and disk.bus != "scsi"):
        return None
    return kind if kind.lower() in _KEPT_TYPES else None


def write_modes(disk: Disk, section: str, context: WriteContext) -> list[Entry]:
    """``mode`` and ``sharing`` of a disk (F51)."""
    lines = []
    mode = _mode_of(disk)
    if mode is not None:
        lines.append((f"{section}.mode", mode))
    if disk.shareable and disk.device == "disk" and context.dialect.keeps_disk_modes:
        on_bus = section.partition(":")[0] in context.shared_buses
        if not on_bus or dict(disk.keys).get("sharing") == _MULTI_WRITER:
            lines.append((f"{section}.sharing", _MULTI_WRITER))
    return lines


def _mode_of(disk: Disk) -> str | None:
    """VMware's word for the mode; a kept one is used as long as libvirt's attributes still agree with it."""
    kept = _MODES.get(dict(disk.keys).get("mode", ""))
    if kept and kept.is_kept and (kept.transient, kept.snapshot) == (disk.transient, disk.snapshot):
        return dict(disk.keys)["mode"]
    if disk.transient:
        return TRANSIENT
    return "independent-persistent" if disk.snapshot == "no" and disk.device == "disk" else None
