# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain: what a virtual machine is, as libvirt describes it, in typed values.

It is the meeting point of all formats: VMX and domain XML each have a reader and a writer to it, and nothing reads
another's text. ``None`` means "not stated"; defaults are made by whoever writes. Memory is in KiB throughout. Text
that is not valid UTF-8 is held with surrogate escapes.

Each device that came from a text knows the ``line`` it began on, for error messages; it takes no part in comparisons.
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(*, frozen: bool) -> Any:
        """A class that type checkers take for frozen; at run time a frozen value takes three times as long to make."""
        return dataclasses.dataclass(unsafe_hash=frozen)


# Keys of a device in VMX, without what they begin with, that libvirt cannot express: ("sharedBus", "virtual").
Keys = tuple[tuple[str, str], ...]


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
    source: str | None = None  # path of the file or device, datastore references as "[datastore] directory/file"
    startup_policy: str | None = None  # "optional" on a block CD-ROM without a source: auto detect
    has_source: bool = False  # a <source> element was there, be it empty (F48, G14)
    target: str = ""
    bus: str = ""
    address: DriveAddress | None = None
    address_type: str | None = None  # of an address that is not a drive's: pci, usb ... (F34)
    cache: str | None = None  # <driver cache=''>
    driver_name: str | None = None  # the SCSI controller's model in the first manual's form (F39)
    readonly: bool = False
    shareable: bool = False  # other domains may use it at the same time
    transient: bool = False
    boot_order: int | None = None  # the place in the boot order, from 1
    snapshot: str | None = None  # "no": snapshots leave it out; None for libvirt's other words
    keys: Keys = ()
    line: int | None = field(default=None, compare=False, repr=False)

    @property
    def slot(self) -> tuple[str, DriveAddress | None]:
        """Its place in the domain."""
        return self.bus, self.address

    @property
    def controller(self) -> tuple[str, int] | None:
        """Type and index of the controller that it is on; None without an address."""
        return (self.bus, self.address.controller) if self.address else None


@dataclass(frozen=True)
class Controller:
    """``<controller>``: a bus that devices sit on."""

    type: str  # scsi, sata, ide, fdc, nvme, usb ...
    index: int
    model: str | None = None  # libvirt's word: buslogic, lsilogic, lsisas1068, vmpvscsi, auto ...
    line: int | None = field(default=None, compare=False, repr=False)
    keys: Keys = ()


@dataclass(frozen=True)
class Filesystem:
    """``<filesystem>``: a shared folder."""

    source: str  # directory on the host
    target: str  # name inside the guest
    type: str = "mount"
    readonly: bool = False
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class VdsPort:
    """The source of ``<interface type='vds'>``: a port of a distributed switch."""

    switch_id: str  # UUID, canonical form
    port_id: int = 0
    portgroup_id: str | None = None
    connection_id: int = 0


@dataclass(frozen=True)
class Interface:
    """``<interface>``: a network card.

    ``type``: ``bridge`` (a port group by name; an empty one is a hosted product's bridged network), ``user`` (NAT),
    ``vds``, ``null``, ``network`` (with the source ``hostonly``, VMware's host-only network), or another libvirt word
    that VMX cannot hold.
    """

    type: str = "bridge"
    source: str | None = None  # name of the network
    vds: VdsPort | None = None
    mac: str | None = None  # lower case, six pairs
    mac_type: str | None = None  # generated, static
    mac_check: bool | None = None  # None where nothing is said
    target: str | None = None  # the virtual network device of a custom network
    model: str | None = None
    link: str | None = None  # up, down; None where nothing is said
    boot_order: int | None = None  # as of a disk
    keys: Keys = ()
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class CharDevice:
    """``<serial>`` or ``<parallel>``: a port and what is behind it."""

    type: str  # dev, file, pipe, tcp, null, or another libvirt word
    port: int | None = None
    path: str | None = None
    mode: str | None = None  # of a tcp source: bind, connect
    host: str | None = None
    service: str | None = None
    protocol: str | None = None  # raw, telnet, telnets, tls
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Graphics:
    """``<graphics>``: VNC."""

    type: str = "vnc"
    port: int | None = None
    autoport: bool = False
    listen: str | None = None  # address of the first listen
    keymap: str | None = None
    password: str | None = None
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Video:
    """``<video>``: the graphics card."""

    type: str = "vmvga"
    vram_kib: int | None = None
    heads: int = 1
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Tpm:
    """``<tpm>``: a virtual trusted platform module."""

    model: str = "tpm-crb"
    backend: str = "emulator"
    version: str | None = "2.0"
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Sound:
    """``<sound>``: a sound card."""

    model: str  # libvirt's word: es1370, ich6, sb16 ...
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class PciAddress:
    """The place of a PCI device in the host."""

    domain: int = 0
    bus: int = 0
    slot: int = 0
    function: int = 0

    def __str__(self) -> str:
        return f"{self.domain:04x}:{self.bus:02x}:{self.slot:02x}.{self.function}"


@dataclass(frozen=True)
class Hostdev:
    """``<hostdev>``: a device of the host that the domain has for itself."""

    type: str  # pci, or another libvirt word that VMX cannot hold
    address: PciAddress | None = None
    keys: Keys = ()
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Clock:
    """``<clock>``: the time that the guest's clock shows."""

    offset: str  # utc, variable, absolute, localtime, timezone
    adjustment: int = 0  # seconds that a variable one is ahead of its basis
    basis: str = "utc"  # utc, localtime
    start: int | None = None  # seconds since 1970 of an absolute one
    timezone: str | None = None  # such as Europe/Berlin
    line: int | None = field(default=None, compare=False, repr=False)


UTC = Clock("utc")


@dataclass(frozen=True)
class Os:
    """``<os>``: architecture and firmware."""

    arch: str = "i686"
    firmware: str | None = None  # bios, efi
    secure_boot: bool | None = None  # the firmware feature secure-boot
    nvram: str | None = None
    smbios: str | None = None  # host, emulate, sysinfo
    boot: tuple[str, ...] = ()  # kinds of devices to start from, in their order: hd, cdrom, fd, network
    boot_menu: bool | None = None  # None where nothing is said
    boot_delay_ms: int | None = None  # the time that the boot menu waits


@dataclass(frozen=True)
class Cpu:
    """``<cpu>``: the topology of the virtual processors; ``sockets`` None for a ``<cpu>`` without one (F27)."""

    sockets: int | None = None
    cores: int = 1
    threads: int = 1
    dies: int = 1
    clusters: int = 1
    mode: str = "custom"
    line: int | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Domain:
    """A virtual machine."""

    name: str | None = None
    uuid: str | None = None  # canonical lower-case form
    genid: str | None = None  # the same
    description: str | None = None
    guest_os: str | None = None  # VMware's guestOS word, in XML libosinfo's metadata
    memory_kib: int = 0
    current_memory_kib: int | None = None
    min_guarantee_kib: int | None = None
    memory_locked: bool = False  # all memory is guaranteed and stays in the host's memory
    vcpus: int = 1
    current_vcpus: int | None = None
    cpuset: tuple[int, ...] | None = None  # sorted
    shares: int | None = None
    os: Os = Os()
    cpu: Cpu | None = None
    disks: tuple[Disk, ...] = ()
    controllers: tuple[Controller, ...] = ()
    filesystems: tuple[Filesystem, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    serials: tuple[CharDevice, ...] = ()
    parallels: tuple[CharDevice, ...] = ()
    graphics: tuple[Graphics, ...] = ()
    videos: tuple[Video, ...] = ()
    tpms: tuple[Tpm, ...] = ()
    sounds: tuple[Sound, ...] = ()
    hostdevs: tuple[Hostdev, ...] = ()
    clock: Clock | None = UTC  # None in a description that says nothing of it
    switches: Keys = ()  # settings of the virtual hardware that are one word each, by name: ("hpet", "no")
    datacenter_path: str | None = None  # libvirt's vmware namespace (P73)
    moref: str | None = None
    id: int | None = None  # of a domain that is not shut off

    @property
    def boot_orders(self) -> list[int]:
        """The places in the boot order that devices have."""
        orders = [disk.boot_order for disk in self.disks] + [card.boot_order for card in self.interfaces]
        return [order for order in orders if order]
