# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The common ground of domains of KVM and VMware, and the choices between them, which follow virt-v2v.

A guest finds its disk and its network with the drivers that it has: Linux has those of both sides, Windows those of
VMware's emulated devices, and of neither side's paravirtual ones before they are installed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._report import Report
    from ansible_collections.virt.esx.plugins.module_utils._xml import Element

_WINDOWS = ("win", "longhorn", "nt4", "whistler")
# Windows without a driver for e1000e, which came with Windows 8 and Server 2012.
_OLD_WINDOWS = ("win95", "win98", "winme", "winnt", "win2000", "winxp", "winnet", "winvista", "longhorn", "windows7")


class Models(NamedTuple):
    """The models that a guest is given: of the SCSI controller and the card on ESX, of bus and card on KVM."""

    scsi: str
    esx_card: str
    kvm_bus: str
    kvm_card: str


def models_of(guest: str | None) -> Models:
    """The models for a guest by VMware's word for it; an unknown guest is taken for Linux."""
    word = (guest or "").lower()
    if word.startswith(_OLD_WINDOWS):
        return Models(
            "lsilogic" if word.startswith(("winxp", "winnet", "win2000")) else "lsisas1068", "e1000", "sata", "e1000"
        )
    if word.startswith(_WINDOWS):
        return Models("lsisas1068", "e1000e", "sata", "e1000e")
    return Models("vmpvscsi", "vmxnet3", "virtio", "virtio")


@dataclass(frozen=True)
class Places:
    """Where disks and networks of one side are on the other.

    :param disks: a source -> its new place.
    :param place: where disks without an entry go: a datastore, or a directory of the KVM host.
    :param networks: a name -> its new name.
    :param network: the network of cards without an entry.
    """

    disks: Mapping[str, str] = field(default_factory=dict)
    place: str | None = None
    networks: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None


def is_taken(place: str, source: str, owners: dict[str, str], report: Report, line: int | None) -> bool:
    """Whether the place of a disk is that of another one already, which is reported: both would be one file.

    :param owners: the sources by their places, to which this one is added.
    """
    if owners.setdefault(place, source) == source:
        return False
    why = f"its place '{place}' is that of {owners[place]} too; name it in 'disks'"
    report.leave_out("devices/disk/source", why, word=source, line=line, essential=True)
    return True


def devices_of(root: Element, tag: str) -> Iterator[Element]:
    """The devices of a kind, in all ``<devices>`` of a domain."""
    for devices in root.iterchildren("devices"):
        yield from devices.iterchildren(tag)


def kvm_genid(genid: str | None) -> str | None:
    """A generation id of VMware's as QEMU writes the same bytes.

    VMware has two numbers of 64 bits, whose digits libvirt's reader of VMX prints in a row; QEMU has a UUID whose first
    three fields are numbers in the other byte order.
    """
    if genid is None:
        return None
    data = bytes.fromhex(genid.replace("-", ""))
    return _as_uuid(data[4:8] + data[2:4] + data[0:2] + data[:7:-1])


def vmware_genid(genid: str | None) -> str | None:
    """A generation id of QEMU's as VMware has the same bytes; the inverse of :func:`kvm_genid`."""
    if genid is None:
        return None
    data = bytes.fromhex(genid.replace("-", ""))
    return _as_uuid(data[6:8] + data[4:6] + data[0:4] + data[:7:-1])


def _as_uuid(data: bytes) -> str:
    digits = data.hex()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def check_word(option: str, word: str | None, known: tuple[str, ...]) -> None:
    """Refuse a word that an option does not know.

    :raises EsxError: it is not one of the known ones.
    """
    if word is not None and word not in known:
        raise EsxError(f"{option} is {word!r}; expected one of {', '.join(map(repr, known))}.")
