# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A libvirt domain of KVM read as the domain that it becomes on ESX.

Disks and cards get models that VMware has, sources get places in datastores. Devices that only QEMU has are left out
and reported; what a guest needs besides, such as drivers and converted disks, is in the guide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from ansible_collections.virt.esx.plugins.module_utils._domain import targets
from ansible_collections.virt.esx.plugins.module_utils._domain.boot import (
    read_boot_devices,
    read_boot_menu,
    read_boot_order,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.chardevs import read_serials
from ansible_collections.virt.esx.plugins.module_utils._domain.clock import read_clock
from ansible_collections.virt.esx.plugins.module_utils._domain.disks import DEVICES
from ansible_collections.virt.esx.plugins.module_utils._domain.firmware import is_secure
from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import read_mac
from ansible_collections.virt.esx.plugins.module_utils._domain.kvm import (
    Models,
    Places,
    devices_of,
    is_taken,
    models_of,
    vmware_genid,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.kvm_left_out import report_rest
from ansible_collections.virt.esx.plugins.module_utils._domain.metadata import read_guest_os
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    CharDevice,
    Controller,
    Cpu,
    Disk,
    Domain,
    DriveAddress,
    Interface,
    Keys,
    Os,
    Tpm,
    Video,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.processors import read_cpu, read_vcpus
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import read_switches
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    KVM_TYPES,
    attr_of,
    choice_attr,
    error_at,
    text_of,
    uuid_of,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_memory, read_name
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child, children, line_of, parse

_EFI_FILES = re.compile(r"ovmf|aavmf|edk2|uefi", re.IGNORECASE)
_ARCHITECTURES = ("i686", "x86_64", "aarch64")
_BECOME_SCSI = ("usb", "virtio", "scsi", "xen", "sd")  # buses of KVM; disks on any other become SATA disks
_CARRIED_OVER = ("hidden", "pmu", "reboot_timeout")  # settings that are not of the old host
_MAX_UNITS = 15
# The places that all controllers of a bus have together.
_MOST = {"scsi": 4 * _MAX_UNITS, "nvme": 4 * _MAX_UNITS, "sata": 4 * targets.SATA_UNITS, "ide": 4, "fdc": 2}
_HARD_DISKS = ("disk", "lun")


@dataclass(frozen=True)
class EsxChoices:
    """How the domain is to look on ESX: the places of its disks and networks, and models other than the usual ones."""

    places: Places
    disk_bus: str | None = None  # scsi model, sata, nvme or ide
    card_model: str | None = None


SCSI_MODELS = {"pvscsi": "vmpvscsi", "lsilogic": "lsilogic", "lsisas1068": "lsisas1068"}
DISK_BUSES = (*SCSI_MODELS, "sata", "nvme", "ide")
CARD_MODELS = ("vmxnet3", "e1000e", "e1000", "vlance")


def read_kvm(xml: str | bytes, choices: EsxChoices, report: Report) -> Domain:
    """The domain that a domain of KVM becomes on ESX.

    :param report: collects what is left out, and all that is refused.
    :raises ParseError: with all that cannot be carried over, such as a disk that has no place on ESX.
    """
    root = parse(xml)
    report.line_of = partial(line_of, root)
    if root.tag != "domain" or root.get("type") not in KVM_TYPES:
        types = ", ".join(KVM_TYPES)
        raise error_at(root, f"expected the domain XML of a virtual machine, with one of the types {types}")
    top = children(root)
    name = report.attempt(read_name, root, top, default="")
    arch = _read_arch(root, top, report)
    guest = read_guest_os(top.get("metadata"), arch, report)
    models = models_of(guest)
    vcpus = report.attempt(read_vcpus, top.get("vcpu"), default=(1, None, None))[0]
    system = _read_os(top.get("os"), arch, report)
    disks = _read_disks(root, name, choices, report)
    domain = Domain(
        name=name,
        uuid=report.attempt(uuid_of, top.get("uuid"), default=None),
        genid=vmware_genid(report.attempt(uuid_of, top.get("genid"), default=None)),
        description=text_of(top.get("description")),
        guest_os=guest,
        memory_kib=report.attempt(read_memory, root, top, default=0),
        vcpus=vcpus,
        os=system,
        cpu=_read_topology(top.get("cpu"), vcpus, report),
        clock=report.attempt(read_clock, top.get("clock"), default=None),
        switches=_read_carried_over(top, report),
        disks=disks,
        controllers=_controllers(disks, choices, models),
        interfaces=tuple(_read_cards(root, choices, models, report)),
        serials=tuple(_read_serials(root, name, choices.places, report)),
        videos=(Video(vram_kib=8192),),
        tpms=tuple(_read_tpms(root, system.firmware == "efi", report)),
    )
    report_rest(root, top, domain, report)
    report.raise_refusals()
    return _with_useful_boot(domain)


def _read_arch(root: Element, top: Mapping[str, Element], report: Report) -> str:
    kind = child(top.get("os"), "type")
    arch = attr_of(kind, "arch") or "x86_64"
    if kind is not None and text_of(kind) not in (None, "hvm"):
        why = f"'{text_of(kind)}' is a guest without virtual hardware, which ESX cannot start; expected 'hvm'"
        report.refuse(error_at(kind, why))
    if arch not in _ARCHITECTURES:
        known = ", ".join(_ARCHITECTURES)
        report.refuse(error_at(root, f"arch='{arch}' is not possible on ESX; expected one of {known}"))
    return arch


def _read_carried_over(top: Mapping[str, Element], report: Report) -> Keys:
    switches = report.attempt(read_switches, top, {}, default=())
    return tuple((name, value) for name, value in switches if name in _CARRIED_OVER)


def _read_os(system: Element | None, arch: str, report: Report) -> Os:
    """The firmware: EFI by its attribute or its file, secure boot likewise; VMware cannot use QEMU's NVRAM."""
    if system is None:
        return Os(arch=arch)
    is_efi = _is_efi(system)
    if is_efi:
        report.leave_out(
            "os/nvram",
            "boot entries and keys of the firmware are not carried over; the guest starts from its "
            "fallback \\EFI\\BOOT",
            line=system.sourceline,
        )
    menu, delay = report.attempt(read_boot_menu, child(system, "bootmenu"), default=(None, None))
    return Os(
        arch=arch,
        firmware="efi" if is_efi else None,
        secure_boot=True if is_efi and is_secure(system) else None,
        boot=() if is_efi else report.attempt(read_boot_devices, system, default=()),
        boot_menu=menu if delay else None,
        boot_delay_ms=delay,
    )


def _is_efi(system: Element) -> bool:
    loader = child(system, "loader")
    is_flash = attr_of(loader, "type") == "pflash"
    return system.get("firmware") == "efi" or is_flash or bool(_EFI_FILES.search(text_of(loader) or ""))


def _read_topology(element: Element | None, vcpus: int, report: Report) -> Cpu | None:
    """The topology with threads, dies and clusters folded into cores; none where it does not fit."""
    cpu = report.attempt(read_cpu, element, default=None) if child(element, "topology") is not None else None
    if cpu is None or cpu.sockets is None:
        return None
    cores = cpu.cores * cpu.threads * cpu.dies * cpu.clusters
    if cores != cpu.cores:
        report.leave_out("cpu/topology", f"threads and dies become cores, {cores} in each socket", line=cpu.line)
    return Cpu(vcpus // cores, cores, line=cpu.line) if vcpus % cores == 0 and cores > 1 else None


def _read_disks(root: Element, name: str, choices: EsxChoices, report: Report) -> tuple[Disk, ...]:
    """The disks, in the order of their targets, each in the next free place of its bus."""
    found: list[Disk] = []
    used: dict[str, int] = {}
    owners: dict[str, str] = {}
    for element in sorted(devices_of(root, "disk"), key=_target_order):
        device = report.attempt(choice_attr, element, "device", DEVICES, default="cdrom") or "disk"
        bus = _bus_of(element, device, choices)
        place = used.setdefault(bus, 0)
        used[bus] += 1
        address = _address(bus, place)
        if place >= _MOST[bus]:
            why = f"a domain of ESX has at most {_MOST[bus]} places on bus '{bus}'"
            report.leave_out("devices/disk", why, line=element.sourceline, essential=True)
            continue
        source = _place_of(element, name, device, choices.places, report)
        if device in _HARD_DISKS and not _has_own_place(element, source, owners, report):
            continue
        target = _target_name(bus, address, place)
        parts = children(element)
        is_transient = "transient" in parts
        is_independent = element.get("snapshot") == "no" and device in _HARD_DISKS
        found.append(
            Disk(
                device="disk" if device == "lun" else device,
                source=source,
                has_source=source is not None,
                target=target,
                bus=bus,
                address=address,
                readonly=device == "cdrom",
                shareable="shareable" in parts,
                transient=is_transient,
                snapshot="no" if is_transient or is_independent else None,
                boot_order=report.attempt(read_boot_order, parts, default=None),
                line=element.sourceline,
            )
        )
    return tuple(found)


def _has_own_place(element: Element, source: str | None, owners: dict[str, str], report: Report) -> bool:
    """Whether a hard disk has a place that no other one has, and report what it cannot be there.

    :param owners: the sources of the disks before, by their places.
    """
    if source is None or is_taken(source, _source_of(element) or "", owners, report, element.sourceline):
        return False
    if child(element, "readonly") is not None:
        why = "a hard disk of VMware cannot be read-only, the guest could write to it"
        report.leave_out("devices/disk", why, word="<readonly/>", line=element.sourceline, essential=True)
    return True


def _target_order(element: Element) -> tuple[str, int]:
    name = attr_of(child(element, "target"), "dev") or ""
    return targets.prefix_of(name) or "", targets.index_of(name) or 0


def _bus_of(element: Element, device: str, choices: EsxChoices) -> str:
    if device == "floppy":
        return "fdc"
    if device == "cdrom":
        return "ide" if choices.disk_bus == "ide" else "sata"
    if choices.disk_bus is not None:
        return "scsi" if choices.disk_bus in SCSI_MODELS else choices.disk_bus
    return "scsi" if (attr_of(child(element, "target"), "bus") or "virtio") in _BECOME_SCSI else "sata"


def _address(bus: str, place: int) -> DriveAddress:
    if bus == "ide":
        return DriveAddress(0, place // 2, place % 2)
    if bus == "sata":
        return DriveAddress(place // targets.SATA_UNITS, 0, place % targets.SATA_UNITS)
    if bus == "fdc":
        return DriveAddress(0, 0, place)
    controller, unit = divmod(place, _MAX_UNITS)
    return DriveAddress(controller, 0, unit + 1 if bus == "scsi" and unit >= targets.SCSI_OWN_UNIT else unit)


def _target_name(bus: str, address: DriveAddress, place: int) -> str:
    if bus == "nvme":
        return targets.nvme_name(address)
    if bus == "sata":
        return targets.name_of("sd", targets.SATA_MOVED + place)
    return targets.name_of(targets.PREFIX_OF_BUS[bus], place)


def _source_of(element: Element) -> str | None:
    """The source of a disk in words: a path, ``pool/volume``, or ``protocol:name`` of one in the network."""
    source = child(element, "source")
    if source is None:
        return None
    path = _first_of(source, "file", "dev", "dir")
    if path is not None:
        return path
    if source.get("volume"):
        return f"{source.get('pool')}/{source.get('volume')}"
    if source.get("protocol"):
        return f"{source.get('protocol')}:{source.get('name') or ''}"
    return None


def _first_of(element: Element | None, *attributes: str) -> str | None:
    """The first of these attributes that is given and not empty."""
    return next((value for name in attributes if (value := attr_of(element, name))), None)


def _place_of(element: Element, name: str, device: str, places: Places, report: Report) -> str | None:
    """Where the source of a disk is on ESX; a drive whose medium has no place becomes empty."""
    source = _source_of(element)
    if source is None and device in _HARD_DISKS:
        why = "the disk has no source that can get a place on ESX; expected a file, a device or a volume"
        report.leave_out("devices/disk", why, line=element.sourceline, essential=True)
    if source is None:
        return None
    if source in places.disks:
        return places.disks[source]
    where = "devices/disk/source"
    if device in ("cdrom", "floppy"):
        why = "the medium has no place in 'disks', so the drive is empty"
        report.leave_out(where, why, word=source, line=element.sourceline)
        return None
    if places.place is None:
        why = "the disk has no place on ESX; name it in 'disks', or give a 'datastore' for all disks"
        report.leave_out(where, why, word=source, line=element.sourceline, essential=True)
        return None
    base = re.split(r"[/:]", source.rstrip("/"))[-1]
    stem = re.sub(r"\.(qcow2|img|raw|vmdk|vdi)$", "", base, flags=re.IGNORECASE)
    return f"[{places.place}] {name}/{stem}.vmdk"


def _controllers(disks: tuple[Disk, ...], choices: EsxChoices, models: Models) -> tuple[Controller, ...]:
    model = SCSI_MODELS.get(choices.disk_bus or "", models.scsi)
    used = dict.fromkeys(disk.controller for disk in disks if disk.controller and disk.bus != "fdc")
    return tuple(Controller(bus, index, model if bus == "scsi" else None) for bus, index in used)


def _read_cards(root: Element, choices: EsxChoices, models: Models, report: Report) -> Iterator[Interface]:
    for element in devices_of(root, "interface"):
        card = _read_card(element, choices, models, report)
        if card is not None:
            yield card


def _read_card(element: Element, choices: EsxChoices, models: Models, report: Report) -> Interface | None:
    """A network card; none where its network has no place on ESX."""
    parts = children(element)
    network = _first_of(parts.get("source"), "network", "bridge", "dev", "portgroup") or ""
    group = choices.places.networks.get(network, choices.places.network)
    if group is None:
        why = "the network has no port group; name it in 'networks', or give a 'network' for all cards"
        report.leave_out("devices/interface/source", why, word=network, line=element.sourceline, essential=True)
        return None
    if "vlan" in parts:
        why = f"the VLAN is left to the port group '{group}'"
        report.leave_out("devices/interface/vlan", why, line=element.sourceline)
    return Interface(
        source=group,
        mac=report.attempt(read_mac, parts.get("mac"), default=None),
        model=choices.card_model or models.esx_card,
        link="down" if attr_of(parts.get("link"), "state") == "down" else None,
        boot_order=report.attempt(read_boot_order, parts, default=None),
        line=element.sourceline,
    )


def _read_serials(root: Element, name: str, places: Places, report: Report) -> Iterator[CharDevice]:
    """Serial ports of a kind that VMware has, each with its number; it has no console like virsh's."""
    for port in read_serials(devices_of(root, "serial"), report):
        if port.type != "file" or not port.path:
            continue
        directory = f"[{places.place}] {name}/" if places.place else None
        place = places.disks.get(port.path) or (directory and directory + port.path.rpartition("/")[2])
        if place:
            yield replace(port, path=place)
        else:
            why = "the file of the port has no place on ESX; name it in 'disks', or give a 'datastore'"
            report.leave_out("devices/serial", why, word=port.path, line=port.line)


def _read_tpms(root: Element, has_efi: bool, report: Report) -> Iterator[Tpm]:
    lost = "what is sealed in the old one is lost, such as the key of BitLocker"
    for element in list(devices_of(root, "tpm"))[:1]:
        why = f"a new TPM is made; {lost}" if has_efi else f"VMware's TPM needs EFI firmware, so there is none; {lost}"
        report.leave_out("devices/tpm", why, line=element.sourceline)
        if has_efi:
            yield Tpm(line=element.sourceline)


def _with_useful_boot(domain: Domain) -> Domain:
    """Without a boot order that only names the first disk, and without one beside EFI."""
    if domain.os.firmware != "efi" and not _starts_from_first_disk(domain):
        return domain
    return replace(
        domain,
        os=replace(domain.os, boot=()),
        disks=tuple(replace(disk, boot_order=None) for disk in domain.disks),
        interfaces=tuple(replace(card, boot_order=None) for card in domain.interfaces),
    )


def _starts_from_first_disk(domain: Domain) -> bool:
    """Whether all that the boot order says is that the domain starts from its first hard disk, as it does anyway."""
    first = next((disk for disk in domain.disks if disk.device == "disk"), None)
    is_named = first is not None and first.boot_order is not None
    return domain.os.boot == ("hd",) or (is_named and len(domain.boot_orders) == 1)
