# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From an OVF package to the domain model; parts that a domain has no place for go into the report."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from ansible_collections.virt.esx.plugins.module_utils._domain import targets
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
from ansible_collections.virt.esx.plugins.module_utils._ovf.left_out import (
    FIRMWARE,
    NVRAM,
    OWN_FILE,
    SECURE_BOOT,
    leave_out_details,
    leave_out_package,
)
from ansible_collections.virt.esx.plugins.module_utils._ovf.model import Item, Package, System
from ansible_collections.virt.esx.plugins.module_utils._ovf.units import bytes_per_unit, whole_number
from ansible_collections.virt.esx.plugins.module_utils._report import Report

_MAC = re.compile(r"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}", re.IGNORECASE)
_MEGABYTES = "byte * 2^20"
_DEVICES = {model.DISK: "disk", model.FLOPPY: "floppy"}  # all other drives are CD-ROMs
_NAMES = {model.SERIAL: "serial port", model.PARALLEL: "parallel port"}


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
    leave_out_package(package, system, report)
    for item in reader.items:
        leave_out_details(item, report)
        _READERS.get(item.type, _Reader.unknown)(reader, item)
    if not reader.memory_kib:
        raise ParseError("it does not say how much memory the machine has.", where="<VirtualHardwareSection>")
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
    is_efi = settings.get(FIRMWARE) == "efi"
    return Os(
        arch="x86_64" if guests.is_64_bit(guest_os) else "i686",
        firmware="efi" if is_efi else None,
        nvram=nvram,
        secure_boot=True if is_efi and settings.get(SECURE_BOOT) == "true" else None,
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
        self._units: dict[tuple[str, int], dict[int, str]] = {}  # by controller, the drives at its places

    def processors(self, item: Item) -> None:
        self.vcpus = _positive(item, "VirtualQuantity", item.quantity)
        cores = item.cores_per_socket
        if cores and self.vcpus % cores == 0 and cores > 1:
            self.cpu = Cpu(sockets=self.vcpus // cores, cores=cores, line=item.line)
        self.shares = item.weight
        self._leave_out_of(item, Reservation=item.reservation, Limit=item.limit)

    def memory(self, item: Item) -> None:
        scale = bytes_per_unit(item.units or _MEGABYTES, where="<AllocationUnits>", line=item.line)
        size = _positive(item, "VirtualQuantity", item.quantity) * scale
        self.memory_kib = round_up(size, 1024) // 1024
        if item.reservation:
            self.guarantee_kib = round_up(item.reservation * scale, 1024) // 1024
        self._leave_out_of(item, Limit=item.limit, Weight=item.weight)

    def _leave_out_of(self, item: Item, **values: int | None) -> None:
        """Report the tuning of an item that a domain does not have."""
        for word, value in values.items():
            if value:
                why = "domain XML cannot express it"
                self.report.leave_out(f"Item {item.id} {word}", why, word=str(value), line=item.line)

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
        """The drives, once all controllers are known; first those whose places are known."""
        placed = [(item, self._parents.get(item.parent or "")) for item in self._drives]
        beside_scsi = any(parent is not None and parent[0] == "scsi" for _item, parent in placed)
        for item, parent in sorted(placed, key=lambda drive: drive[0].address_on_parent is None):
            if parent is None and item.type != model.FLOPPY:
                self._omit(item, "it is on no controller of the package", essential=item.type == model.DISK)
            else:
                self.disks.append(self._disk(item, parent or ("fdc", 0), beside_scsi))

    def _disk(self, item: Item, parent: tuple[str, int], beside_scsi: bool) -> Disk:
        bus, number = parent
        unit = self._unit(item, parent)
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

    def _unit(self, item: Item, parent: tuple[str, int]) -> int:
        """The place of a drive on its controller; the next free one if the package leaves it open."""
        units = self._units.setdefault(parent, {targets.SCSI_OWN_UNIT: ""} if parent[0] == "scsi" else {})
        if item.address_on_parent is None:
            unit = next(number for number in itertools.count() if number not in units)
        else:
            unit = _whole(item, "AddressOnParent", item.address_on_parent)
        if units.get(unit):
            message = f"the drive of Item {units[unit]} is at <AddressOnParent> {unit} of the same controller."
            raise ParseError(message, where=f"Item {item.id}", line=item.line)
        units[unit] = item.id
        return unit

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
        value = system.extra_config.get(NVRAM, "")
        name = value.removeprefix(OWN_FILE)
        if name == value:
            return None
        if name not in self.files:
            raise ParseError(f"the file '{name}' is not in the References.", where=f"vmw:ExtraConfig {NVRAM}")
        return self._placed(self.files[name])

    def _placed(self, name: str) -> str:
        directory = self.choices.directory
        return name if directory is None else f"{directory.rstrip('/')}{'' if directory.endswith(' ') else '/'}{name}"

    def card(self, item: Item) -> None:
        name = devices.model_of(devices.CARD_MODELS, item.subtype) if item.subtype else None
        if item.subtype and name is None:
            self._omit(item, "the model is left to the host, as VMware has no such card", word=item.subtype)
        network = item.connection or ""
        source = self.choices.networks.get(network, self.choices.network or network)
        if not source:
            self._omit(item, "the package does not say in which network the card is", word="<Connection>")
        mac = _mac(item.address or "")
        if item.address and mac is None:
            self._omit(item, "it is not a MAC address, so the host chooses one", word=f"<Address> {item.address}")
        self.interfaces.append(
            Interface(
                source=source,
                mac=mac,
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
        name = self._model(item, devices.USB_MODELS, "piix3-uhci")
        self.controllers.append(Controller("usb", index, name, line=item.line))

    def sound(self, item: Item) -> None:
        self.sounds.append(Sound(self._model(item, devices.SOUND_MODELS, "es1370"), line=item.line))

    def _model(self, item: Item, known: Mapping[str, tuple[str, ...]], default: str) -> str:
        """The model of a device; the usual one if the package names another one or none."""
        found = devices.model_of(known, item.subtype)
        if item.subtype and found is None:
            self._omit(item, f"VMware has no such device; it is read as '{default}'", word=item.subtype)
        return found or default

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


def _positive(item: Item, name: str, text: str | None) -> int:
    number = _whole(item, name, text)
    if not number:
        raise ParseError(f"<{name}> is 0, expecting 1 or more.", where=f"Item {item.id}", line=item.line)
    return number
