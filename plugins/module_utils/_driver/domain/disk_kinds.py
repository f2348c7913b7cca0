# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of disks of a domain: a hard disk that is a file, a drive for images, an empty drive. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk


def is_file_disk(disk: Disk) -> bool:
    """Whether it is a hard disk, and that a file."""
    return (disk.device, disk.type) == ("disk", "file")


def is_image_drive(disk: Disk) -> bool:
    """Whether it is a CD-ROM or floppy drive for images."""
    return disk.device in ("cdrom", "floppy") and disk.type == "file"


def has_image(disk: Disk) -> bool:
    """Whether it is a drive with an image in a datastore."""
    return is_image_drive(disk) and (disk.source or "").startswith("[")


def is_empty_drive(device: Any) -> bool:
    """Whether a device is a CD-ROM drive with no medium, and not a drive of the host."""
    if not isinstance(device, Disk) or device.device != "cdrom":
        return False
    return device.source is None and device.startup_policy is None
