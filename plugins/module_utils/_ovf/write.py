# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a domain to an OVF descriptor, as a host without a vCenter takes it.

To find out what is left out, the descriptor is read again and the two domains are compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    Controller,
    Disk,
    Domain,
    DriveAddress,
    Interface,
    Os,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._ovf import devices, guests, model
from ansible_collections.virt.esx.plugins.module_utils._ovf.read import read_package
from ansible_collections.virt.esx.plugins.module_utils._ovf.to_domain import Choices, to_domain
from ansible_collections.virt.esx.plugins.module_utils._report import Report

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"\
 xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"\
 xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"\
 xmlns:vmw="http://www.vmware.com/schema/ovf">"""
_STREAM = "http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"
_KINDS = {"disk": model.DISK, "cdrom": model.CDROM, "floppy": model.FLOPPY}

# Names of the networks that have none in a domain, as ovftool names those of hosted products; a card of another type
# has no network.
_NETWORKS = {"user": "nat", "bridge": "bridged"}

# Fields of a domain that say which one it is, not what it is.
_IDENTITY = ("id", "moref", "datacenter_path", "uuid", "genid", "name")
_WORDS = {
    "min_guarantee_kib": "memtune/min_guarantee",
    "memory_locked": "memoryBacking/locked",
    "current_vcpus": "vcpu current",
    "cpuset": "vcpu cpuset",
    "current_memory_kib": "currentMemory",
    "guest_os": "metadata/libosinfo",
    "os": "os",
    "shares": "cputune/shares",
    "vcpus": "vcpu",
    "graphics": "graphics",
}


@dataclass(frozen=True)
class DiskFile:
    """The file of a disk in the package: its name, the disk's ``capacity`` and the file's ``size`` in bytes."""

    file: str
    capacity: int
    size: int | None = None


def write_package(domain: Domain, files: Mapping[str, DiskFile], hardware: int, report: Report) -> str:
    """Return the descriptor of a domain.

    :param files: the files of the disks by their sources in the domain.
    :param hardware: the version of the virtual hardware.
    :param report: collects what a descriptor has no place for.
    :raises ParseError: if nothing is said of a disk.
    """
    writer = _Writer(_without_floppy_controllers(domain), files)
    text = writer.write(hardware)
    for where, part in not_described(domain, text):
        line = getattr(part, "line", None)
        report.leave_out(where, "an OVF package has no place for it, or not for all of it", line=line)
    return text


def not_described(domain: Domain, descriptor: str) -> Iterator[tuple[str, Any]]:
    """Yield the parts of a domain that its descriptor does not have: libvirt's word, and the value.

    :raises ParseError: if the descriptor cannot be read.
    """
    domain = _without_floppy_controllers(domain)
    again = to_domain(read_package(descriptor), Choices(), Report())
    for one in fields(Domain):
        before, after = getattr(domain, one.name), getattr(again, one.name)
        if one.name not in _IDENTITY and before is not None and _plain(before) != _plain(after):
            for part in _missing(before, after):
                yield _WORDS.get(one.name, one.name.rstrip("s")), part


def _without_floppy_controllers(domain: Domain) -> Domain:
    """The controller of a floppy drive is in no package: it comes with the drive."""
    return replace(domain, controllers=tuple(one for one in domain.controllers if one.type != "fdc"))


def _missing(before: Any, after: Any) -> list[Any]:
    """The parts of a field that the other domain does not have."""
    if not isinstance(before, tuple):
        return [before]
    there = [_plain(part) for part in after]
    return [part for part in before if _plain(part) not in there]


def _plain(value: Any) -> Any:
    """A value for comparison: names of files and MAC addresses are others in a package."""
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Disk) and value.device == "disk":
        return replace(value, source=None, has_source=False, target="")
    if isinstance(value, Os):
        return replace(value, nvram=None if value.nvram is None else "")
    if isinstance(value, Interface):
        return replace(value, mac=None, mac_type=None, mac_check=None)
    return value


class _Writer:
    """The descriptor while it is written; items are numbered."""

    def __init__(self, domain: Domain, files: Mapping[str, DiskFile]) -> None:
        self.domain = domain
        self.disks = [(disk, _file_of(disk, files)) for disk in domain.disks if disk.device == "disk"]
        self.resources = {id(disk): f"ovf:/disk/vmdisk{n}" for n, (disk, _file) in enumerate(self.disks, 1)}
        self.lines: list[str] = []
        self.items = 0

    def write(self, hardware: int) -> str:
        domain, name = self.domain, self.domain.name or "domain"
        networks = [network for network in dict.fromkeys(map(_network_of, domain.interfaces)) if network]
        word = domain.guest_os
        self.lines = [
            _HEAD,
            "  <References>",
            *(
                f'    <File ovf:href={quoteattr(file.file)} ovf:id="file{n}"{_attribute("ovf:size", file.size)}/>'
                for n, (_disk, file) in enumerate(self.disks, 1)
            ),
            "  </References>",
            "  <DiskSection>",
            "    <Info>Virtual disk information</Info>",
            *(
                f'    <Disk ovf:capacity="{file.capacity}" ovf:capacityAllocationUnits="byte" ovf:diskId="vmdisk{n}"'
                f' ovf:fileRef="file{n}" ovf:format="{_STREAM}"/>'
                for n, (_disk, file) in enumerate(self.disks, 1)
            ),
            "  </DiskSection>",
            "  <NetworkSection>",
            "    <Info>The list of logical networks</Info>",
            *(
                f"    <Network ovf:name={quoteattr(network)}>"
                f"<Description>The {escape(network)} network</Description></Network>"
                for network in networks
            ),
            "  </NetworkSection>",
            f"  <VirtualSystem ovf:id={quoteattr(name)}>",
            "    <Info>A virtual machine</Info>",
            f"    <Name>{escape(name)}</Name>",
            f'    <OperatingSystemSection ovf:id="{guests.cim_number(word)}"'
            f"{_attribute('vmw:osType', guests.guest_id(word))}>",
            "      <Info>The kind of installed guest operating system</Info>",
            "    </OperatingSystemSection>",
        ]
        if domain.description:
            self.lines += [
                "    <AnnotationSection>",
                "      <Info>A human-readable annotation</Info>",
                f"      <Annotation>{escape(domain.description)}</Annotation>",
                "    </AnnotationSection>",
            ]
        self._hardware(name, hardware)
        self.lines += ["  </VirtualSystem>", "</Envelope>"]
        return "\n".join(self.lines) + "\n"

    def _hardware(self, name: str, hardware: int) -> None:
        domain = self.domain
        self.lines += [
            "    <VirtualHardwareSection>",
            "      <Info>Virtual hardware requirements</Info>",
            "      <System>",
            "        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>",
            "        <vssd:InstanceID>0</vssd:InstanceID>",
            f"        <vssd:VirtualSystemIdentifier>{escape(name)}</vssd:VirtualSystemIdentifier>",
            f"        <vssd:VirtualSystemType>vmx-{hardware:02d}</vssd:VirtualSystemType>",
            "      </System>",
        ]
        self._processors()
        self._memory()
        self._drives(self._controllers())
        for number, card in enumerate(domain.interfaces):
            self._card(number, card)
        self._video_and_sound()
        if domain.os.firmware == "efi":
            self.lines.append(f"      {_setting('firmware', 'efi')}")
        if domain.os.secure_boot:
            self.lines.append(f"      {_setting('bootOptions.efiSecureBootEnabled', 'true')}")
        self.lines.append("    </VirtualHardwareSection>")

    def _video_and_sound(self) -> None:
        for video in self.domain.videos[:1]:
            ram = [] if video.vram_kib is None else [_setting("videoRamSizeInKB", str(video.vram_kib))]
            self._item(model.GRAPHICS, "Video card", own=ram, required=False)
        for sound in self.domain.sounds[:1]:
            subtype = devices.SOUND_MODELS.get(sound.model, ("",))[0]
            self._item(model.SOUND, "Sound card", ResourceSubType=subtype or None, required=False)

    def _processors(self) -> None:
        cpu = self.domain.cpu
        own = []
        if cpu is not None and cpu.cores > 1:
            own = [f'<vmw:CoresPerSocket ovf:required="false">{cpu.cores}</vmw:CoresPerSocket>']
        self._item(model.CPU, "CPUs", AllocationUnits="hertz * 10^6", VirtualQuantity=self.domain.vcpus,
                   Weight=self.domain.shares, own=own)  # fmt: skip

    def _memory(self) -> None:
        """Memory in MiB, or in KiB where it is not a multiple of that."""
        memory, guarantee = self.domain.memory_kib, self.domain.min_guarantee_kib
        units, step = ("byte * 2^10", 1) if memory % 1024 else ("byte * 2^20", 1024)
        scaled = None if guarantee is None else guarantee // step
        self._item(model.MEMORY, "Memory", AllocationUnits=units, VirtualQuantity=memory // step, Reservation=scaled)

    def _controllers(self) -> dict[tuple[str, int], int]:
        """The controllers, also those that only disks speak of; the two buses of IDE are two of them in a package."""
        parents: dict[tuple[str, int], int] = {}
        spoken = [Controller(*disk.controller) for disk in self.domain.disks if disk.controller]
        for one in (*self.domain.controllers, *spoken):
            if (one.type, one.index) in parents:
                continue
            if one.type == "ide":
                for bus in (0, 1):
                    parents["ide", bus] = self._item(model.IDE, f"IDE controller {bus}", Address=bus)
            elif one.type in ("scsi", "sata", "nvme", "usb"):
                parents[one.type, one.index] = self._controller(one)
        return parents

    def _controller(self, one: Controller) -> int:
        name = f"{one.type.upper()} controller {one.index}"
        if one.type == "scsi":
            subtype = devices.SCSI_MODELS.get(one.model or "lsilogic", (one.model or "",))[0]
            return self._item(model.SCSI, name, Address=one.index, ResourceSubType=subtype)
        if one.type == "usb":
            subtype = devices.USB_MODELS.get(one.model or "", ("",))[0]
            return self._item(model.USB, name, Address=one.index, ResourceSubType=subtype or None, required=False)
        return self._item(model.STORAGE, name, Address=one.index, ResourceSubType=devices.STORAGE_TYPES[one.type][0])

    def _drives(self, parents: Mapping[tuple[str, int], int]) -> None:
        for disk in self.domain.disks:
            if disk.device in _KINDS and disk.address is not None:
                self._drive(disk, disk.address, parents)

    def _drive(self, disk: Disk, address: DriveAddress, parents: Mapping[tuple[str, int], int]) -> None:
        number = address.bus if disk.bus == "ide" else address.controller
        resource = self.resources.get(id(disk))
        self._item(
            _KINDS[disk.device],
            f"{disk.device} {disk.target}",
            AddressOnParent=address.unit,
            AutomaticAllocation="true" if resource else "false",
            HostResource=resource,
            Parent=parents.get((disk.bus, number)),
            required=resource is not None,
        )

    def _card(self, number: int, card: Interface) -> None:
        subtype = devices.CARD_MODELS.get(card.model or "", ("",))[0]
        connected = "false" if card.link == "down" else "true"
        self._item(
            model.ETHERNET,
            f"Network adapter {number + 1}",
            AddressOnParent=7 + number,
            AutomaticAllocation=connected,
            Connection=_network_of(card),
            ResourceSubType=subtype or None,
        )

    def _item(
        self, kind: int, name: str, *, own: Sequence[str] = (), required: bool = True, **values: str | int | None
    ) -> int:
        """Write an item and return its number; its elements are in the order of the alphabet, as the schema wants."""
        self.items += 1
        words = {**values, "ElementName": name, "InstanceID": self.items, "ResourceType": kind}
        self.lines.append("      <Item>" if required else '      <Item ovf:required="false">')
        self.lines += [
            f"        <rasd:{word}>{escape(str(value))}</rasd:{word}>"
            for word, value in sorted(words.items())
            if value is not None
        ]
        self.lines += [f"        {element}" for element in own]
        self.lines.append("      </Item>")
        return self.items


def _network_of(card: Interface) -> str | None:
    """The name of the network that a card is in: its own, the port group's id, the network device's, or its kind."""
    group = card.vds.portgroup_id if card.vds else None
    return card.source or group or card.target or _NETWORKS.get(card.type)


def _file_of(disk: Disk, files: Mapping[str, DiskFile]) -> DiskFile:
    found = files.get(disk.source or "")
    if found is None:
        raise ParseError(
            f"the disk '{disk.source}' is missing; its file and its capacity are needed.",
            where="disks",
            line=disk.line,
        )
    return found


def _setting(key: str, value: str) -> str:
    return f'<vmw:Config ovf:required="false" vmw:key={quoteattr(key)} vmw:value={quoteattr(value)}/>'


def _attribute(name: str, value: object) -> str:
    return "" if value is None else f" {name}={quoteattr(str(value))}"
