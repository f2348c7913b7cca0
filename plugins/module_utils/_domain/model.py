# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain: what a virtual machine is, as libvirt describes it, in typed values.

It is the meeting point of all formats: VMX and domain XML each have a reader and a writer to it, and nothing reads
another's text. ``None`` means "not stated"; defaults are made by whoever writes. Memory is in KiB throughout. Text
that is not valid UTF-8 is held with surrogate escapes.

Each device that came from a text knows the ``line`` it began on, for error messages; it takes no part in comparisons.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Tuple


def _line() -> Optional[int]:
    result: Optional[int] = field(default=None, compare=False, repr=False)
    return result


@dataclass(frozen=True)
class DriveAddress:
    """``<address type='drive'>``: a slot on a disk controller."""

    controller: int
    bus: int
    unit: int
    target: int = 0


@dataclass(frozen=True)
class Disk:
    """``<disk>``: hard disk, CD-ROM, raw SCSI device or floppy.

    ``bus`` is one of libvirt's words (``scsi``, ``sata``, ``ide``, ``fdc``, ``nvme`` ...), ``target`` its device name
    (``sda``); ``address`` is the slot, which decides where both are given.
    """

    device: str = "disk"  # disk, cdrom, lun, floppy
    type: str = "file"  # what the source is: file, block, or another libvirt word that VMX cannot hold
    source: Optional[str] = None  # path of the file or device, datastore references as "[datastore] directory/file"
    startup_policy: Optional[str] = None  # "optional" on a block CD-ROM without a source: auto detect
    has_source: bool = False  # a <source> element was there, be it empty (F48, G14)
    target: str = ""
    bus: str = ""
    address: Optional[DriveAddress] = None
    address_type: Optional[str] = None  # of an address that is not a drive's: pci, usb ... (F34)
    cache: Optional[str] = None  # <driver cache=''>
    driver_name: Optional[str] = None  # the SCSI controller's model in the first manual's form (F39)
    readonly: bool = False
    transient: bool = False
    line: Optional[int] = _line()


@dataclass(frozen=True)
class Controller:
    """``<controller>``: a bus that devices sit on."""

    type: str  # scsi, sata, ide, fdc, nvme, usb ...
    index: int
    model: Optional[str] = None  # libvirt's word: buslogic, lsilogic, lsisas1068, vmpvscsi, auto ...
    line: Optional[int] = _line()


@dataclass(frozen=True)
class Filesystem:
    """``<filesystem>``: a shared folder."""

    source: str  # directory on the host
    target: str  # name inside the guest
    type: str = "mount"
    readonly: bool = False
    line: Optional[int] = _line()


@dataclass(frozen=True)
class VdsPort:
    """The source of ``<interface type='vds'>``: a port of a distributed switch."""

    switch_id: str  # UUID, canonical form
    port_id: int = 0
    portgroup_id: Optional[str] = None
    connection_id: int = 0


@dataclass(frozen=True)
class Interface:
    """``<interface>``: a network card.

    ``type``: ``bridge`` (a port group by name), ``user`` (NAT), ``vds``, ``null``, ``network``, or another libvirt word
    that VMX cannot hold.
    """

    type: str = "bridge"
    source: Optional[str] = None  # name of the network
    vds: Optional[VdsPort] = None
    mac: Optional[str] = None  # lower case, six pairs
    mac_type: Optional[str] = None  # generated, static
    mac_check: Optional[bool] = None  # None where nothing is said
    target: Optional[str] = None  # the virtual network device of a custom network
    model: Optional[str] = None
    line: Optional[int] = _line()


@dataclass(frozen=True)
class CharDevice:
    """``<serial>`` or ``<parallel>``: a port and what is behind it."""

    type: str  # dev, file, pipe, tcp, null, or another libvirt word
    port: Optional[int] = None
    path: Optional[str] = None
    mode: Optional[str] = None  # of a tcp source: bind, connect
    host: Optional[str] = None
    service: Optional[str] = None
    protocol: Optional[str] = None  # raw, telnet, telnets, tls
    line: Optional[int] = _line()


@dataclass(frozen=True)
class Graphics:
    """``<graphics>``: VNC."""

    type: str = "vnc"
    port: Optional[int] = None
    autoport: bool = False
    listen: Optional[str] = None  # address of the first listen
    keymap: Optional[str] = None
    password: Optional[str] = None
    line: Optional[int] = _line()


@dataclass(frozen=True)
class Video:
    """``<video>``: the graphics card."""

    type: str = "vmvga"
    vram_kib: Optional[int] = None
    heads: int = 1
    line: Optional[int] = _line()


@dataclass(frozen=True)
class Tpm:
    """``<tpm>``: a virtual trusted platform module."""

    model: str = "tpm-crb"
    backend: str = "emulator"
    version: Optional[str] = "2.0"
    line: Optional[int] = _line()


@dataclass(frozen=True)
class Os:
    """``<os>``: architecture and firmware."""

    arch: str = "i686"
    firmware: Optional[str] = None  # bios, efi
    secure_boot: Optional[bool] = None  # the firmware feature secure-boot
    nvram: Optional[str] = None
    smbios: Optional[str] = None  # host, emulate, sysinfo


@dataclass(frozen=True)
class Cpu:
    """``<cpu>``: the topology of the virtual processors; ``sockets`` None for a ``<cpu>`` without one (F27)."""

    sockets: Optional[int] = None
    cores: int = 1
    threads: int = 1
    dies: int = 1
    clusters: int = 1
    mode: str = "custom"
    line: Optional[int] = _line()


@dataclass(frozen=True)
class Domain:
    """A virtual machine."""

    name: Optional[str] = None
    uuid: Optional[str] = None  # canonical lower-case form
    genid: Optional[str] = None  # the same
    description: Optional[str] = None
    guest_os: Optional[str] = None  # VMware's guestOS word, in XML libosinfo's metadata
    memory_kib: int = 0
    current_memory_kib: Optional[int] = None
    min_guarantee_kib: Optional[int] = None
    vcpus: int = 1
    current_vcpus: Optional[int] = None
    cpuset: Optional[Tuple[int, ...]] = None  # sorted
    shares: Optional[int] = None
    os: Os = Os()
    cpu: Optional[Cpu] = None
    disks: Tuple[Disk, ...] = ()
    controllers: Tuple[Controller, ...] = ()
    filesystems: Tuple[Filesystem, ...] = ()
    interfaces: Tuple[Interface, ...] = ()
    serials: Tuple[CharDevice, ...] = ()
    parallels: Tuple[CharDevice, ...] = ()
    graphics: Tuple[Graphics, ...] = ()
    videos: Tuple[Video, ...] = ()
    tpms: Tuple[Tpm, ...] = ()
    datacenter_path: Optional[str] = None  # libvirt's vmware namespace (P73)
    moref: Optional[str] = None
    id: Optional[int] = None  # of a domain that is not shut off
