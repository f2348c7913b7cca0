# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hard disks, CD-ROMs and raw SCSI devices on SCSI, SATA, IDE and NVMe (P37 to P45, F34 to F38, F45 to F53, N7).

::

    scsi0:0.present = "TRUE"
    scsi0:0.deviceType = "scsi-hardDisk"
    scsi0:0.fileName = "web.vmdk"
    scsi0:0.mode = "independent-nonpersistent"
    scsi0:0.writeThrough = "TRUE"

    ide1:0.present = "TRUE"
    ide1:0.deviceType = "cdrom-image"
    ide1:0.fileName = "/vmfs/volumes/ds1/iso/a.iso"

The name of the file (``.vmdk``, ``.iso``) decides first what is in a slot, the type of the device second.
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Disk, Keys
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx import disk_modes, slots
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import YES, Entry, WriteContext, error_at

EMPTY = "emptyBackingString"
AUTO_DETECT = "auto detect"
OPTIONAL = "optional"
_CDROM_DEVICES = "/vmfs/devices/cdrom/"
_RAW_DEVICES = ("/vmfs/devices/", "/dev/sg")  # what esx passes through as it is

# Bus -> the type that its hard disks have in VMX. Only some buses insist on it when they are read.
_HARD_DISK = {"scsi": "scsi-hardDisk", "sata": "ata-hardDisk", "ide": "ata-hardDisk"}
_CHECKED_BUSES = ("scsi", "ide")
_ANY_HARD_DISK = "disk"

_IMAGE = "cdrom-image"
_PASSTHROUGH = "scsi-passthru"
# Type in VMX of a drive of the host's -> device in libvirt.
_BLOCK_DEVICES = {"atapi-cdrom": "cdrom", "cdrom-raw": "lun"}
_OF_BLOCK_DEVICE = {device: word for word, device in _BLOCK_DEVICES.items()}


def read_disks(context: ReadContext, bus: str, controllers: Iterable[Controller]) -> list[Disk]:
    """The disks on the controllers of one bus, slot by slot."""
    wide = slots.is_wide(bus, context.hw_version)
    all_slots = slots.slots_on(bus, wide=wide, address_is_slot=context.dialect.address_is_slot)
    present = {controller.index: controller for controller in controllers}
    found: list[Disk] = []
    for slot in slots.used(all_slots, context.vmx.sections):
        if slot.controller not in present:
            continue
        disk = context.attempt(read_slot, context, bus, slot, default=None)
        if disk is not None:
            found.append(disk_modes.on_shared_bus(disk) if present[slot.controller].keys else disk)
    return found


def read_slot(context: ReadContext, bus: str, slot: slots.Slot) -> Disk | None:
    """The disk in a slot: a hard disk, else a CD-ROM or raw device, else none (P37 to P41)."""
    vmx, at = context.vmx, slot.section
    present = vmx.boolean(f"{at}.present")
    vmx.boolean(f"{at}.startConnected")  # has no effect, but has to be right
    if not present:
        return None
    kind = vmx.word(f"{at}.deviceType")
    name = vmx.get(f"{at}.fileName")
    if vmx.boolean(f"{at}.clientDevice"):
        return _client_drive(context, bus, slot, kind) if context.dialect.raw_and_passthrough_disks else None
    if context.dialect.raw_and_passthrough_disks:
        kind = kind or _drive_without_type(context, at, name)
    write_through = vmx.boolean(f"{at}.writeThrough")
    if bus == "nvme" or not _may_be_cdrom(kind, name):
        return _hard_disk(context, bus, slot, kind, name or "", "writethrough" if write_through else None)
    return _cdrom(context, bus, slot, kind, name)


def _client_drive(context: ReadContext, bus: str, slot: slots.Slot, kind: str | None) -> Disk | None:
    """The drive of a console's own PC: the CD-ROM drive that ESXi gives a new machine, empty as the host sees it."""
    if kind not in (None, _IMAGE, *_BLOCK_DEVICES):
        context.leave_out(
            f"{slot.section}.clientDevice", "libvirt has no device of the console's PC but a CD-ROM drive"
        )
        return None
    names = ("clientDevice", "deviceType", "fileName")
    values = [(name, context.vmx.get(f"{slot.section}.{name}")) for name in names]
    keys = tuple([(name, value) for name, value in values if value is not None])
    return _found(bus, slot, "cdrom", "block", None, keys=keys)


def _drive_without_type(context: ReadContext, at: str, name: str | None) -> str | None:
    """The type of a drive whose ``deviceType`` is missing, where its medium tells."""
    if name in (None, "", EMPTY):
        return _IMAGE
    is_device = (name or "").lower() == AUTO_DETECT or (name or "").startswith((_CDROM_DEVICES, "/dev/cd", "/dev/sr"))
    return "atapi-cdrom" if is_device or context.vmx.boolean(f"{at}.autodetect") else None


def _may_be_cdrom(kind: str | None, name: str | None) -> bool:
    """Whether this can be something other than a hard disk, by its name or its type (P39)."""
    return (
        name is None
        or name[-4:].lower() == ".iso"
        or name == EMPTY
        or kind == _IMAGE
        or kind in _BLOCK_DEVICES
        or (kind == _PASSTHROUGH and name.startswith(_CDROM_DEVICES))
    )


def _hard_disk(
    context: ReadContext, bus: str, slot: slots.Slot, kind: str | None, name: str, cache: str | None
) -> Disk:
    """A disk with a file, which is a .vmdk (P40); in ``esx`` also a device that is passed through."""
    raw_and_passthrough_disks = context.dialect.raw_and_passthrough_disks
    is_image = name[-5:].lower() == ".vmdk"
    if not is_image and not (raw_and_passthrough_disks and name.startswith("/")):
        raise _not_handled(context, slot, kind, name)
    if not is_image and kind == _PASSTHROUGH and bus == "scsi":
        return _found(bus, slot, "lun", "block", name)
    if not raw_and_passthrough_disks and bus in _CHECKED_BUSES:
        _check_hard_disk_type(context, bus, slot, kind, name)
    if raw_and_passthrough_disks and kind not in disk_modes.types_of(bus):
        context.leave_out(
            f"{slot.section}.deviceType", f"'{kind}' is not a type of disk on {bus}; it is read as a hard disk"
        )
    source = context.path(f"{slot.section}.fileName", name) if is_image else name
    use = disk_modes.read_use(context, slot.section, kind)
    return Disk(
        device="disk",
        type="file" if is_image else "block",
        source=source,
        has_source=True,
        target=slot.target,
        bus=bus,
        address=slot.address,
        cache=cache,
        transient=use.transient,
        snapshot=use.snapshot,
        shareable=use.shareable,
        keys=use.keys,
    )


def _check_hard_disk_type(context: ReadContext, bus: str, slot: slots.Slot, kind: str | None, name: str) -> None:
    right = _HARD_DISK[bus]
    if kind not in (None, right.lower(), _ANY_HARD_DISK):
        message = f"expecting '{right}' or '{_ANY_HARD_DISK}' for '{name}', found '{kind}'"
        raise context.vmx.error_at(f"{slot.section}.deviceType", message)


def _cdrom(context: ReadContext, bus: str, slot: slots.Slot, kind: str | None, name: str | None) -> Disk | None:
    """A CD-ROM drive or a raw device (P43, P44)."""
    suffix = (name or "")[-5:].lower()
    if suffix == ".vmdk" and not context.dialect.raw_and_passthrough_disks:
        return None
    if suffix.endswith(".iso") or (suffix == ".vmdk" and kind != _PASSTHROUGH):
        if not _may_hold_image(context, kind):
            raise _not_handled(context, slot, kind, name)
        return _image(context, bus, slot, name or "")
    if kind in _BLOCK_DEVICES:
        return _block_device(context, bus, slot, _BLOCK_DEVICES[kind], name)
    if kind == _PASSTHROUGH and bus == "scsi":
        return _found(bus, slot, "lun", "block", name) if name and name.startswith(_CDROM_DEVICES) else None
    if _is_empty_image(context, kind, name):
        return _found(bus, slot, "cdrom", "file", None)
    if context.dialect.raw_and_passthrough_disks and kind == _IMAGE and name:
        return _image(context, bus, slot, name)
    raise _not_handled(context, slot, kind, name)


def _may_hold_image(context: ReadContext, kind: str | None) -> bool:
    return kind in (None, _IMAGE) or (kind in _BLOCK_DEVICES and context.dialect.raw_and_passthrough_disks)


def _is_empty_image(context: ReadContext, kind: str | None, name: str | None) -> bool:
    if kind == _IMAGE and (name == "" or (name is None and context.dialect.keep_empty_drive_kind)):
        return True
    return kind in (None, _IMAGE) and name == EMPTY


def _block_device(context: ReadContext, bus: str, slot: slots.Slot, device: str, name: str | None) -> Disk:
    """A drive of the host's (P44); for libvirt also emptyBackingString is one."""
    if name is not None and name.lower() == AUTO_DETECT:
        return _found(bus, slot, device, "block", None, OPTIONAL)
    if context.dialect.keep_empty_drive_kind and name in (None, "", EMPTY):
        return _found(bus, slot, "cdrom", "block", None)
    return _found(bus, slot, device, "block", name)


def _image(context: ReadContext, bus: str, slot: slots.Slot, name: str) -> Disk:
    source = context.path(f"{slot.section}.fileName", name, may_be_missing=True)
    return _found(bus, slot, "cdrom", "file", source)


def _found(
    bus: str,
    slot: slots.Slot,
    device: str,
    kind: str,
    source: str | None,
    policy: str | None = None,
    keys: Keys = (),
) -> Disk:
    return Disk(
        device=device,
        type=kind,
        source=source,
        startup_policy=policy,
        has_source=source is not None or policy is not None,
        target=slot.target,
        bus=bus,
        address=slot.address,
        readonly=device != "floppy",
        keys=keys,
    )


def _not_handled(context: ReadContext, slot: slots.Slot, kind: str | None, name: str | None) -> ParseError:
    shown = "no value" if name is None else f"value '{name}'"
    message = f"invalid or not yet handled {shown} for device type '{kind or 'unknown'}'"
    return context.vmx.error_at(f"{slot.section}.fileName", message)


def write_disk(disk: Disk, section: str, context: WriteContext) -> list[Entry]:
    """The lines of one disk (F45 to F51)."""
    lines = [(f"{section}.present", YES)]
    if disk.readonly and disk.device == "disk" and context.dialect.reports:
        why = "a hard disk of VMware cannot be read-only, the guest could write to it"
        context.report.leave_out(
            f"devices/disk '{disk.target}'", why, word="<readonly/>", line=disk.line, essential=True
        )
    if _is_of_client(disk):
        return lines + [(f"{section}.{key}", value) for key, value in disk.keys]
    word = _device_type(disk, context)
    if word is not None:
        lines.append((f"{section}.deviceType", word))
    lines += [(f"{section}.{key}", value) for key, value in _backing(disk, context)]
    if disk.bus == "scsi" or context.dialect.ide_cache:
        lines += _cache(disk, section, context)
    lines += disk_modes.write_modes(disk, section, context)
    return lines


def _is_of_client(disk: Disk) -> bool:
    """Whether a drive is that of a console's own PC; it has nothing else to name."""
    is_empty = disk.source is None and disk.startup_policy is None
    return disk.device == "cdrom" and is_empty and "clientDevice" in dict(disk.keys)


def is_file(disk: Disk, context: WriteContext) -> bool:
    """Whether the source is a file; a removable medium without any source is one for libvirt (F48, G29)."""
    if disk.type == "file":
        return True
    return disk.type == "block" and not disk.has_source and not context.dialect.keep_empty_drive_kind


def _device_type(disk: Disk, context: WriteContext) -> str | None:
    """``deviceType`` (F47); NVMe disks have none."""
    kind_is_file, is_block = is_file(disk, context), disk.type == "block"
    if disk.device == "lun" and is_block:
        return _type_of_lun(disk, context)
    if disk.device == "cdrom" and (kind_is_file or is_block):
        return _IMAGE if kind_is_file else _OF_BLOCK_DEVICE["cdrom"]
    if disk.device == "disk" and (kind_is_file or (is_block and context.dialect.raw_and_passthrough_disks)):
        return disk_modes.kept_type(disk) or _HARD_DISK.get(disk.bus)
    raise error_at(disk, f"type='{disk.type}' is not supported for device='{disk.device}'")


def _type_of_lun(disk: Disk, context: WriteContext) -> str:
    passed = _RAW_DEVICES if context.dialect.raw_and_passthrough_disks else _CDROM_DEVICES
    is_passed = disk.bus == "scsi" and (disk.source or "").startswith(passed)
    return _PASSTHROUGH if is_passed else _OF_BLOCK_DEVICE["lun"]


def _backing(disk: Disk, context: WriteContext) -> list[Entry]:
    """``fileName`` and what goes before it (F48, F49)."""
    if not is_file(disk, context):
        return _device_backing(disk, context)
    if disk.source is None and disk.device == "cdrom":
        return [("fileName", EMPTY)]
    source = disk.source or ""
    suffix = ".vmdk" if disk.device == "disk" else ".iso"
    takes_any = disk.device == "cdrom" and context.dialect.raw_and_passthrough_disks
    if not takes_any and not source.lower().endswith(suffix):
        raise error_at(disk, f"the source '{source}' has an unsupported suffix, expecting '{suffix}'")
    return [("fileName", context.path(source, f"<source> of disk '{disk.target}'", disk.line))]


def _device_backing(disk: Disk, context: WriteContext) -> list[Entry]:
    if disk.source is not None:
        if disk.device == "disk" and not disk.source.startswith("/"):
            raise error_at(disk, f"the source '{disk.source}' is not a device, expecting an absolute path")
        return [("fileName", disk.source)]
    if disk.startup_policy == OPTIONAL:
        return [("autodetect", YES), ("fileName", AUTO_DETECT)]
    return [] if context.dialect.keep_empty_drive_kind else [("fileName", "(null)")]


def _cache(disk: Disk, section: str, context: WriteContext) -> list[Entry]:
    """``writeThrough`` (F50); ESX caches no disk, so that 'none' is what it does anyway."""
    if disk.cache in (None, "default"):
        return []
    if disk.cache == "writethrough":
        return [(f"{section}.writeThrough", YES)]
    if context.dialect.ide_cache:
        return []  # what else is wanted is reported
    raise error_at(disk, f"cache='{disk.cache}' is not supported, only 'writethrough'")
