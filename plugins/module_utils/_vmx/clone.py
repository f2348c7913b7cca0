# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VMX of a clone: that of its source, with another identity and other files; everything else stays as it is.

::

    displayName = "web2"
    uuid.bios = "56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3"
    scsi0:0.fileName = "web2.vmdk"
    ethernet0.addressType = "generated"
    ethernet0.generatedAddress = "00:0c:29:3a:5b:7c"
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._names import escape_name
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.edit import VmxEdit, edited
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.mac import mac_range
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import is_relative
from ansible_collections.virt.esx.plugins.module_utils._vmx.values import format_uuid
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import escaped

_ESX = DIALECTS["esx"]
_SLOT = re.compile(r"(?:scsi|sata|ide|nvme)[0-9]+:[0-9]+")
_CARD = re.compile(r"ethernet([0-9]{1,10})")
# Drives with exchangeable media, what says that theirs is an image, and names that stand for none.
_DRIVE = re.compile(r"(?:scsi|sata|ide)[0-9]+:[0-9]+|floppy[01]")
_IMAGE_KINDS = {"devicetype": "cdrom-image", "filetype": "file"}
_IMAGE_ENDINGS = (".iso", ".flp")
_NO_IMAGE = ("", "emptybackingstring", "auto detect")
# Keys that are true of one domain only: its place, the host's notes about it, and identifiers made for it.
_OWN = re.compile(
    r"uuid\.(?:location|action)|vc\.uuid|vm\.genidx?|vmci0\.id|[a-z]+[0-9]+\.saswwid|sched\.swap\.(?:derivedname|dir)"
    r"|migrate\.hostlog.*|vmxstats\.filename|checkpoint\.vmstate.*|cleanshutdown|softpoweroff|extendedconfigfile"
    r"|log\.filename|workingdir|toolsinstallmanager\..*|(?:scsi|sata|ide|nvme)[0-9]+:[0-9]+\.redo"
)
_ADDRESS = re.compile(
    r"ethernet[0-9]+\.(?:address|addresstype|generatedaddress|generatedaddressoffset|checkmacaddress)"
)


@dataclass(frozen=True)
class CloneSource:
    """The parts of a VMX that a clone changes: the file names of hard disks by slot, network cards, the NVRAM file.

    ``images`` are those in drives, by the keys that name them, where the name is relative to the VMX.
    """

    disks: Mapping[str, str]
    images: Mapping[str, str]
    cards: Sequence[str]
    nvram: str | None
    vnc_port: int | None


@dataclass(frozen=True)
class CloneIdentity:
    """The identity of a clone: ``files`` are file names by slot, ``macs`` MAC addresses by network card.

    ``images`` are the absolute names of its source's, which it shares.
    """

    name: str
    uuid: str
    description: str | None
    files: Mapping[str, str]
    images: Mapping[str, str]
    macs: Mapping[str, str]
    nvram: str | None


def read_source(vmx: bytes) -> CloneSource:
    """Return what a clone of a VMX needs.

    :raises ParseError: if it is not a VMX.
    :raises Refused: for an encrypted domain, whose files cannot be used by another one.
    """
    file = VmxFile(vmx, _ESX)
    if any(key.startswith(("encryption.", "encryptedvm.")) for key in file.raw):
        raise Refused("The domain is encrypted, so a clone cannot use its files.")
    vnc = file.boolean("RemoteDisplay.vnc.enabled") and file.integer("RemoteDisplay.vnc.port", 0)
    return CloneSource(
        disks=_disks(file),
        images=_images(file),
        cards=_cards(file),
        nvram=file.get("nvram") or None,
        vnc_port=vnc or None,
    )


def _cards(file: VmxFile) -> list[str]:
    """The sections of the network cards, by their numbers."""
    cards = [section for section in file.sections if _CARD.fullmatch(section) and file.boolean(f"{section}.present")]
    return sorted(cards, key=lambda card: int(card[len("ethernet") :]))


def _disks(file: VmxFile) -> dict[str, str]:
    """The files of the hard disks by slot."""
    slots = sorted(section for section in file.sections if _SLOT.fullmatch(section))
    return {slot: name for slot in slots if (name := _disk_in(file, slot)) is not None}


def _disk_in(file: VmxFile, slot: str) -> str | None:
    """The file of the hard disk in a slot, None if there is none."""
    name = file.get(f"{slot}.fileName") or ""
    is_disk = name.lower().endswith(".vmdk") and not (file.word(f"{slot}.deviceType") or "").startswith("cdrom")
    return name if is_disk and file.boolean(f"{slot}.present") else None


def _images(file: VmxFile) -> dict[str, str]:
    """The images in drives that are named relative to the VMX, by their keys: ``ide1:0.fileName = "seed.iso"``."""
    keys = {f"{section}.fileName": section for section in sorted(file.sections) if _DRIVE.fullmatch(section)}
    names = {key: file.get(key) or "" for key, section in keys.items() if _is_image(file, section)}
    return {key: name for key, name in names.items() if is_relative(name) and name.lower() not in _NO_IMAGE}


def _is_image(file: VmxFile, section: str) -> bool:
    """Whether the medium of a drive is an image, if it has one."""
    is_said = any(file.word(f"{section}.{key}") == kind for key, kind in _IMAGE_KINDS.items())
    return is_said or (file.get(f"{section}.fileName") or "").lower().endswith(_IMAGE_ENDINGS)


def clone_vmx(vmx: bytes, identity: CloneIdentity) -> bytes:
    """Return the VMX of a clone."""
    file = VmxFile(vmx, _ESX)
    values = {"displayName": escape_name(identity.name), "uuid.bios": format_uuid(identity.uuid)}
    if identity.description:
        values["annotation"] = identity.description
    if identity.nvram is not None:
        values["nvram"] = identity.nvram
    values.update({f"{slot}.fileName": name for slot, name in identity.files.items()})
    values.update(identity.images)
    for card, mac in identity.macs.items():
        values.update(_address(card, mac))

    def change(edit: VmxEdit) -> None:
        edit.remove(lambda key: _is_own(key, identity))
        for key, value in values.items():
            edit.set(key, escaped(key, value, _ESX))

    return edited(vmx, file, change)


def _is_own(key: str, identity: CloneIdentity) -> bool:
    forgotten = identity.description == "" and key == "annotation"
    return forgotten or bool(_OWN.fullmatch(key) or _ADDRESS.fullmatch(key))


def _address(card: str, mac: str) -> dict[str, str]:
    """The keys for a card's MAC address; a foreign one is accepted only where the host does not check it."""
    found = mac_range(mac)
    if found.kind == "generated":
        kind = "vpx" if found.vpx else "generated"
        own = {f"{card}.generatedAddress": mac, f"{card}.generatedAddressOffset": "0"}
        return {f"{card}.addressType": kind, **own}
    check = {} if found.check is None else {f"{card}.checkMACAddress": "false"}
    return {f"{card}.addressType": "static", f"{card}.address": mac, **check}
