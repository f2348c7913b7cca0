# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of OVF and of libvirt for the same devices: one table a kind, read in both directions.

The first subtype of a model is the one that is written; all are compared in lower case.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.virt.esx.plugins.module_utils._domain.model import DriveAddress
from ansible_collections.virt.esx.plugins.module_utils._domain.targets import SATA_MOVED, SATA_UNITS, name_of, nvme_name
from ansible_collections.virt.esx.plugins.module_utils._ovf import model

# libvirt's model of a SCSI controller -> subtypes.
SCSI_MODELS = {
    "lsilogic": ("lsilogic", ""),
    "lsisas1068": ("lsilogicsas",),
    "vmpvscsi": ("VirtualSCSI",),
    "buslogic": ("buslogic",),
}
# libvirt's type of another controller of disks -> subtypes.
STORAGE_TYPES = {"sata": ("vmware.sata.ahci", "AHCI"), "nvme": ("vmware.nvme.controller",)}
CARD_MODELS = {
    "e1000": ("E1000",),
    "e1000e": ("E1000e",),
    "vmxnet3": ("VmxNet3",),
    "vmxnet2": ("VmxNet2",),
    "vmxnet": ("VmxNet",),
    "vlance": ("PCNet32",),
}
USB_MODELS = {"ehci": ("vmware.usb.ehci",), "qemu-xhci": ("vmware.usb.xhci",)}
SOUND_MODELS = {
    "es1370": ("vmware.soundcard.ensoniq1371", "ensoniq1371"),
    "ich6": ("vmware.soundcard.hdaudio", "hdaudio"),
    "sb16": ("vmware.soundcard.sb16", "sb16"),
}

# Types of controllers that disks sit on, as libvirt calls them.
CONTROLLER_TYPES = {model.IDE: "ide", model.SCSI: "scsi", model.STORAGE: "sata"}


def model_of(subtypes: Mapping[str, tuple[str, ...]], subtype: str) -> str | None:
    """Return libvirt's word for a subtype, None for an unknown one; of several words the first is taken."""
    for word in subtype.lower().split() or [""]:
        for name, known in subtypes.items():
            if word in (one.lower() for one in known):
                return name
    return None


def target_of(bus: str, address: DriveAddress, *, beside_scsi: bool) -> str:
    """Return the name of the disk in a slot.

    :param beside_scsi: whether there are disks of SCSI, whose names those of SATA have to leave alone.
    """
    if bus == "nvme":
        return nvme_name(address)
    if bus == "scsi":
        return name_of("sd", address.controller * 15 + address.unit - (address.unit > 7))
    if bus == "sata":
        return name_of("sd", address.controller * SATA_UNITS + address.unit + (SATA_MOVED if beside_scsi else 0))
    return name_of("hd" if bus == "ide" else "fd", address.bus * 2 + address.unit)
