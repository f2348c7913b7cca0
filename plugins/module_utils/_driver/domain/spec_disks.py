# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hard disks, CD-ROM and floppy drives, from a difference to changes of devices."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference, is_boot_order
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import controller_number, slot_of
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder, Way
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_controllers import controller_key
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_settings import BOOT_KEYS
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

# The buses on which a host adds and removes disks while a domain runs.
_HOT_BUSES = ("scsi", "sata", "nvme")
_BUSES = (*_HOT_BUSES, "ide", "fdc")
_REMOVABLE = ("cdrom", "floppy")
_PERSISTENT, _INDEPENDENT, _TRANSIENT = "persistent", "independent_persistent", "independent_nonpersistent"


def disk(builder: SpecBuilder, item: Difference) -> Way:
    """A disk or drive that is added, removed or replaced."""
    before, after = item.before, item.after
    if any(side is not None and not _has_device(side) for side in (before, after)):
        return Way.UPLOAD
    if before is None:
        client = builder.machine.in_slot(after) if after.device == "floppy" else None  # a client's, unseen by libvirt
        return _add(builder, after) if client is None else _change_medium(builder, client, after)
    device = builder.machine.in_slot(before)
    if device is None:
        return Way.UPLOAD
    if after is None:
        builder.remove(device)
        return _way_of_bus(before)
    return _change(builder, device, before, after)


def _change(builder: SpecBuilder, device: Any, before: Disk, after: Disk) -> Way:
    """Change the device of a disk, or put another one in its place."""
    if is_boot_order(before, after):
        return Way.LIVE if builder.set_keys(*BOOT_KEYS) else Way.UPLOAD
    if before.device in _REMOVABLE and _is_same_drive(before, after):
        return _change_medium(builder, device, after)
    if _is_same_disk(before, after):
        return _change_mode(builder, device, after)
    builder.remove(device)
    return max(_way_of_bus(before), _add(builder, after))


def grow(builder: SpecBuilder, item: Difference) -> Way:
    """A disk that becomes larger; the host takes the whole device, with both forms of its capacity."""
    disk, capacity = item.after.disk, item.after.capacity
    device = builder.machine.in_slot(disk)
    device.capacityInKB = -(-capacity // 1024)
    if getattr(device, "capacityInBytes", None) is not None:
        device.capacityInBytes = device.capacityInKB * 1024
    builder.edit(device)
    return _way_of_bus(disk)


def _has_device(disk: Disk) -> bool:
    """Whether it can be made by the API: a file, an empty drive, or a CD-ROM drive of the host."""
    is_drive = disk.device == "cdrom" and disk.type == "block"
    return disk.bus in _BUSES and disk.device != "lun" and (disk.type == "file" or is_drive)


def _is_same_drive(before: Disk, after: Disk) -> bool:
    return (before.device, before.bus, before.address) == (after.device, after.bus, after.address)


def _is_same_disk(before: Disk, after: Disk) -> bool:
    return _is_same_drive(before, after) and before.source == after.source


def _way_of_bus(disk: Disk) -> Way:
    return Way.LIVE if disk.device == "disk" and disk.bus in _HOT_BUSES else Way.SHUTOFF


def _add(builder: SpecBuilder, disk: Disk) -> Way:
    """Add a hard disk whose file exists, or a drive."""
    key = controller_key(builder, disk.bus, controller_number(disk))
    builder.set_keys(*BOOT_KEYS)
    devices = vim.vm.device
    make = {"disk": devices.VirtualDisk, "cdrom": devices.VirtualCdrom, "floppy": devices.VirtualFloppy}
    device = make[disk.device](controllerKey=key, unitNumber=slot_of(disk).unit)
    if disk.device == "disk":
        device.backing = devices.VirtualDisk.FlatVer2BackingInfo(fileName=disk.source)
        _set_mode(device.backing, disk)
    else:
        _set_medium(device, disk)
    builder.add(device)
    return _way_of_bus(disk)


def _change_mode(builder: SpecBuilder, device: Any, disk: Disk) -> Way:
    if not hasattr(device.backing, "diskMode"):
        return Way.UPLOAD
    _set_mode(device.backing, disk)
    builder.edit(device)
    return Way.SHUTOFF


def _set_mode(backing: Any, disk: Disk) -> None:
    """Set whether writes persist, whether snapshots include the disk, ``writeThrough``, and sharing."""
    backing.diskMode = _mode(disk)
    if hasattr(backing, "writeThrough"):
        backing.writeThrough = disk.cache == "writethrough"
    if hasattr(backing, "sharing") and (disk.shareable or backing.sharing is not None):
        backing.sharing = "sharingMultiWriter" if disk.shareable else "sharingNone"


def _mode(disk: Disk) -> str:
    if disk.transient:
        return _TRANSIENT
    return _INDEPENDENT if disk.snapshot == "no" else _PERSISTENT


def _change_medium(builder: SpecBuilder, device: Any, disk: Disk) -> Way:
    """Another image in a drive, or none; a drive of the host behind it only while the domain is shut off."""
    _set_medium(device, disk)
    builder.edit(device)
    return Way.LIVE if disk.type == "file" or not _has_medium(disk) else Way.SHUTOFF


def _has_medium(disk: Disk) -> bool:
    return disk.source is not None or disk.startup_policy is not None


def _set_medium(device: Any, disk: Disk) -> None:
    """Set the backing of a drive, and whether the guest finds a medium in it."""
    is_cdrom = type_name(device) == "VirtualCdrom"
    has_medium = _has_medium(disk)
    device.backing = _cdrom_backing(disk) if is_cdrom else _floppy_backing(disk)
    device.connectable = vim.vm.device.VirtualDevice.ConnectInfo(
        connected=has_medium, startConnected=has_medium, allowGuestControl=True
    )


def _cdrom_backing(disk: Disk) -> Any:
    """A drive of the host, an image, or the client's drive, as VMware's own client leaves it after an eject."""
    drive = vim.vm.device.VirtualCdrom
    if disk.type == "block" and _has_medium(disk):
        return drive.AtapiBackingInfo(deviceName=disk.source or "", useAutoDetect=disk.source is None)
    if disk.source is not None:
        return drive.IsoBackingInfo(fileName=disk.source)
    return drive.RemotePassthroughBackingInfo(deviceName="", exclusive=False)


def _floppy_backing(disk: Disk) -> Any:
    """An image, or the client's drive."""
    drive = vim.vm.device.VirtualFloppy
    if disk.source is not None:
        return drive.ImageBackingInfo(fileName=disk.source)
    return drive.RemoteDeviceBackingInfo(deviceName="")
