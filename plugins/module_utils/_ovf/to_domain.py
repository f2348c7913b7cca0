# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an OVF package to the domain model; parts that a domain has no place for go into the report."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    Controller,
    Cpu,
    Disk,
    Domain,
    DriveAddress,
    Interface,
    Os,
    Sound,
    Video,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.values import round_up
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import quoted
from ansible_collections.virt.esx.plugins.module_utils._ovf import devices, guests, model
from ansible_collections.virt.esx.plugins.module_utils._ovf.model import Item, Package, System
from ansible_collections.virt.esx.plugins.module_utils._ovf.units import bytes_per_unit, whole_number
from ansible_collections.virt.esx.plugins.module_utils._report import Report

_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
_MEGABYTES = "byte * 2^20"
_DEVICES = {model.DISK: "disk", model.FLOPPY: "floppy"}  # all other drives are CD-ROMs
_NAMES = {model.SERIAL: "serial port", model.PARALLEL: "parallel port"}
# VMware's own settings of the system (vmw:Config) that a domain has.
_READ_SETTINGS = ("firmware", "bootOptions.efiSecureBootEnabled")
# The entry of a VMX, in vmw:ExtraConfig, whose file comes in the package: the variables of EFI.
_NVRAM, _OWN_FILE = "nvram", "ovf:/file/"


@dataclass(frozen=True)
class Choices:
    """The user's choices: the domain's name, the directory of its disks, its networks, the deployment option."""

    name: str | None = None
    directory: str | None = None
    networks: Mapping[str, str] = field(default_factory=dict)
    network: str | None = None
    option: str | None = None


def to_domain(package: Package, choices: Choices, report: Report) -> Domain:
    """Return the domain that a package describes.

    :param report: collects what is left out.
    :raises ParseError: for a collection of machines, an unknown deployment option, or a text where a number belongs.
    """
    if package.is_collection or len(package.systems) != 1:
        raise ParseError("it has several machines; a domain is one.", where="<VirtualSystemCollection>")
    system = package.systems[0]
    reader = _Reader(package, choices, report, _items(package, system, choices.option))
    _leave_out(package, system, report)
    for item in reader.items:
        _READERS.get(item.type, _Reader.unknown)(reader, item)
    reader.read_disks()
    word = _guest_os(system, report)
    return Domain(
        name=choices.name or system.name or system.id or None,
        description=system.annotation or None,
        guest_os=word,
        os=_os(system, word, reader.nvram(system)),
        memory_kib=reader.memory_kib,
        current_memory_kib=reader.memory_kib,
        min_guarantee_kib=reader.guarantee_kib,
        vcpus=reader.vcpus,
        shares=reader.shares,
        cpu=reader.cpu,
        disks=tuple(reader.disks),
        controllers=tuple(reader.controllers),
        interfaces=tuple(reader.interfaces),
        videos=tuple(reader.videos),
        sounds=tuple(reader.sounds),
    )


def _guest_os(system: System, report: Report) -> str | None:
    """VMware's word for the guest."""
    word = guests.guest_os(system.os_type, system.os_id)
    if word is None and system.os_id is not None:
        report.leave_out(
            "OperatingSystemSection", "VMware knows no guest operating system with this number", word=str(system.os_id)
        )
    return word


def _os(system: System, guest_os: str | None, nvram: str | None) -> Os:
    settings = {key: value.lower() for key, value in system.config.items()}
    return Os(
        arch="x86_64" if guests.is_64_bit(guest_os) else "i686",
        firmware="efi" if settings.get("firmware") == "efi" else None,
        nvram=nvram,
        secure_boot=True if settings.get("bootOptions.efiSecureBootEnabled") == "true" else None,
    )


def _items(package: Package, system: System, wanted: str | None) -> list[Item]:
    """The items of a deployment option; one that names no option is in all of them, unless one of its id does."""
    _check_option(package, wanted)
    option = wanted or package.default_option
    chosen = {item.id for item in system.items if option in item.options}
    return [item for item in system.items if (option in item.options) or (not item.options and item.id not in chosen)]


def _check_option(package: Package, wanted: str | None) -> None:
    known = [option.id for option in package.options]
    if wanted is not None and wanted not in known:
        raise ParseError(
            f"the package has no deployment option '{wanted}'; it has {quoted(known)}.", where="deployment_option"
        )


def _leave_out(package: Package, system: System, report: Report) -> None:
    """Report the parts that no domain has a place for."""
    for name, line in package.unread:
        report.leave_out(name, "domain XML cannot express this section", line=line)
    if system.properties:
        names = ", ".join(one.key for one in system.properties)
        report.leave_out("ProductSection", "properties get their values when the package is imported", word=names)
    _leave_out_settings(system, report)


def _leave_out_settings(system: System, report: Report) -> None:
    """Report VMware's own settings that the domain does not have."""
    for key, value in system.config.items():
        if key not in _READ_SETTINGS:
            report.leave_out(f"vmw:Config {key}", "domain XML cannot express it", word=value)
    for key, value in system.extra_config.items():
        if key != _NVRAM or not value.startswith(_OWN_FILE):
            why = "it is an entry of a VMX that domain XML cannot express"
            report.leave_out(f"vmw:ExtraConfig {key}", why, word=value)


class _Reader:
    """Reads the items one after another, and collects the devices."""

    def __init__(self, package: Package, choices: Choices, report: Report, items: list[Item]) -> None:
        self.choices, self.report, self.items = choices, report, items
        self.files = {file.id: unquote(file.href) for file in package.files}
        self.parents = {disk.id: disk.parent for disk in package.disks if disk.parent is not None}
        self.images = {disk.id: self.files.get(disk.file or "") for disk in package.disks}
        self.memory_kib, self.vcpus = 0, 1
        self.guarantee_kib: int | None = None
        self.shares: int | None = None
        self.cpu: Cpu | None = None
        self.disks: list[Disk] = []
        self.controllers: list[Controller] = []
        self.interfaces: list[Interface] = []
        self.videos: list[Video] = []
        self.sounds: list[Sound] = []
        self._parents: dict[str, tuple[str, int]] = {}
        self._drives: list[Item] = []
        self._taken: set[tuple[str, str]] = set()

    def processors(self, item: Item) -> None:
        self.vcpus = _whole(item, "VirtualQuantity", item.quantity)
        cores = item.cores_per_socket
        if cores and self.vcpus % cores == 0 and cores > 1:
            self.cpu = Cpu(sockets=self.vcpus // cores, cores=cores, line=item.line)
        self.shares = item.weight
        for word, value in (("Reservation", item.reservation), ("Limit", item.limit)):
            if value:
                self.report.leave_out(
                    f"Item {item.id} {word}", "domain XML cannot express it", word=str(value), line=item.line
                )

    def memory(self, item: Item) -> None:
        scale = bytes_per_unit(item.units or _MEGABYTES, where="<AllocationUnits>", line=item.line)
        size = _whole(item, "VirtualQuantity", item.quantity) * scale
        self.memory_kib = round_up(size, 1024) // 1024
        if item.reservation:
            self.guarantee_kib = round_up(item.reservation * scale, 1024) // 1024

    def controller(self, item: Item) -> None:
        found = _controller_of(item)
        if found is None:
            self._omit(item, "VMware has no such controller", essential=True)
            return
        kind, name = found
        index = sum(1 for taken, _number in self._parents.values() if taken == kind)
        if kind == "ide" and item.address in ("0", "1"):
            index = int(item.address)
        self._parents[item.id] = (kind, index)
        if kind != "ide":
            self.controllers.append(Controller(kind, index, name, line=item.line))
        elif not any(one.type == "ide" for one in self.controllers):
            self.controllers.append(Controller("ide", 0, line=item.line))

    def drive(self, item: Item) -> None:
        self._drives.append(item)

    def read_disks(self) -> None:
        """The drives, once all controllers are known."""
        placed = [(item, self._parents.get(item.parent or "")) for item in self._drives]
        beside_scsi = any(parent is not None and parent[0] == "scsi" for _item, parent in placed)
        for item, parent in placed:
            if parent is None and item.type != model.FLOPPY:
                self._omit(item, "it is on no controller of the package", essential=item.type == model.DISK)
            else:
                self.disks.append(self._disk(item, parent or ("fdc", 0), beside_scsi))

    def _disk(self, item: Item, parent: tuple[str, int], beside_scsi: bool) -> Disk:
        bus, number = parent
        unit = _whole(item, "AddressOnParent", item.address_on_parent or "0")
        address = DriveAddress(0, number, unit) if bus == "ide" else DriveAddress(number, 0, unit)
        kind = _DEVICES.get(item.type, "cdrom")
        source = self._source(item)
        return Disk(
            device=kind,
            source=source,
            has_source=source is not None,
            target=devices.target_of(bus, address, beside_scsi=beside_scsi),
            bus=bus,
            address=address,
            readonly=kind == "cdrom",
            line=item.line,
        )

    def _source(self, item: Item) -> str | None:
        """Where the file of a drive will be; an empty disk gets a name of its own."""
        kind, _slash, name = (item.host_resource or "").removeprefix("ovf:").strip("/").partition("/")
        self._check_resource(item, kind, name)
        found = self.images[name] if kind == "disk" else self.files.get(name)
        if found is None and item.type != model.DISK:
            return None
        if found is None:
            found = f"{name or item.id}.vmdk"
            self.report.leave_out(f"Item {item.id}", f"it is an empty disk: create '{found}'", line=item.line)
        if (kind, name) in self._taken:
            raise ParseError(f"two drives have the {kind} '{name}'.", where=f"Item {item.id}", line=item.line)
        if kind == "disk":
            self._taken.add((kind, name))
        return self._placed(found)

    def _check_resource(self, item: Item, kind: str, name: str) -> None:
        """Refuse a drive whose disk or file the package does not have as a whole."""
        if kind == "disk" and name not in self.images:
            raise ParseError(f"the disk '{name}' is not in the DiskSection.", where=f"Item {item.id}", line=item.line)
        if kind == "file" and name not in self.files:
            raise ParseError(f"the file '{name}' is not in the References.", where=f"Item {item.id}", line=item.line)
        if kind == "disk" and name in self.parents:
            raise ParseError(
                f"the disk '{name}' is only the difference to the disk '{self.parents[name]}', not a whole one.",
                where=f"Item {item.id}",
                line=item.line,
            )

    def nvram(self, system: System) -> str | None:
        """Where the file with the variables of EFI will be."""
        value = system.extra_config.get(_NVRAM, "")
        name = value.removeprefix(_OWN_FILE)
        if name == value:
            return None
        if name not in self.files:
            raise ParseError(f"the file '{name}' is not in the References.", where=f"vmw:ExtraConfig {_NVRAM}")
        return self._placed(self.files[name])

    def _placed(self, name: str) -> str:
        directory = self.choices.directory
        return name if directory is None else f"{directory.rstrip('/')}{'' if directory.endswith(' ') else '/'}{name}"

    def card(self, item: Item) -> None:
        name = devices.model_of(devices.CARD_MODELS, item.subtype) if item.subtype else None
        if item.subtype and name is None:
            self._omit(item, "the model is left to the host, as VMware has no such card", word=item.subtype)
        network = item.connection or ""
        self.interfaces.append(
            Interface(
                source=self.choices.networks.get(network, self.choices.network or network),
                mac=_mac(item.address or ""),
                model=name,
                link=None if item.starts_connected else "down",
                line=item.line,
            )
        )

    def graphics(self, item: Item) -> None:
        vram_kib = whole_number(item.config.get("videoRamSizeInKB", ""))
        self.videos.append(Video(vram_kib=vram_kib, line=item.line))

    def usb(self, item: Item) -> None:
        index = sum(1 for one in self.controllers if one.type == "usb")
        self.controllers.append(
            Controller("usb", index, devices.model_of(devices.USB_MODELS, item.subtype) or "piix3-uhci", line=item.line)
        )

    def sound(self, item: Item) -> None:
        self.sounds.append(Sound(devices.model_of(devices.SOUND_MODELS, item.subtype) or "es1370", line=item.line))

    def unknown(self, item: Item) -> None:
        if item.type in _NAMES:
            self._omit(item, f"the package does not say what is behind the {_NAMES[item.type]}")
        else:
            self._omit(item, "it is a device that domain XML cannot express", essential=item.is_required)

    def _omit(self, item: Item, why: str, *, word: str = "", essential: bool = False) -> None:
        named = word or (f"ResourceType {item.type}" + (f" ({item.subtype})" if item.subtype else ""))
        self.report.leave_out(f"Item {item.id}", why, word=named, line=item.line, essential=essential)


_READERS: dict[int, Callable[[_Reader, Item], None]] = {
    model.CPU: _Reader.processors,
    model.MEMORY: _Reader.memory,
    **dict.fromkeys(devices.CONTROLLER_TYPES, _Reader.controller),
    **dict.fromkeys((model.DISK, model.CDROM, model.DVD, model.FLOPPY), _Reader.drive),
    model.ETHERNET: _Reader.card,
    model.GRAPHICS: _Reader.graphics,
    model.USB: _Reader.usb,
    model.SOUND: _Reader.sound,
}


def _controller_of(item: Item) -> tuple[str, str | None] | None:
    """Type and model of a controller, None for one that VMware has not."""
    kind = devices.CONTROLLER_TYPES[item.type]
    if kind == "scsi":
        name = devices.model_of(devices.SCSI_MODELS, item.subtype)
        return (kind, name) if name else None
    if kind == "sata":
        storage = devices.model_of(devices.STORAGE_TYPES, item.subtype)
        return (storage, None) if storage else None
    return kind, None


def _mac(address: str) -> str | None:
    return address.lower().replace("-", ":") if _MAC.fullmatch(address) else None


def _whole(item: Item, name: str, text: str | None) -> int:
    number = whole_number(text or "")
    if number is None:
        raise ParseError(f"<{name}> is not a whole number.", where=f"Item {item.id}", line=item.line)
    return number
