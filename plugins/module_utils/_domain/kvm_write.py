# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain of VMware's written as libvirt's QEMU driver takes it, with the choices of virt-v2v."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from ansible_collections.virt.esx.plugins.module_utils._domain import targets
from ansible_collections.virt.esx.plugins.module_utils._domain.boot import write_boot, write_boot_order
from ansible_collections.virt.esx.plugins.module_utils._domain.chardevs import write_ports
from ansible_collections.virt.esx.plugins.module_utils._domain.clock import write_clock
from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute, text, yes_no
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.guests import osinfo_of_word
from ansible_collections.virt.esx.plugins.module_utils._domain.hostdevs import write_sound
from ansible_collections.virt.esx.plugins.module_utils._domain.kvm import Places, is_taken, kvm_genid, models_of
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Cpu, Disk, Domain, Interface
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import PATHS
from ansible_collections.virt.esx.plugins.module_utils._report import Report

_LIBOSINFO = "http://libosinfo.org/xmlns/libvirt/domain/1.0"
_FORMS = XmlForms(clusters=False, exact=True)
_ORDER = ("scsi", "nvme", "sata", "ide")
_DIRECTORY = "/var/lib/libvirt/images"
_REST = """  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>restart</on_crash>
"""
_ADDED = """    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
    <input type='tablet' bus='usb'/>
"""
_DISPLAY = """    <graphics type='vnc' autoport='yes'/>
"""
_VIDEO = """    <video>
      <model type='vga' vram='16384' heads='1'/>
    </video>
    <memballoon model='virtio'/>
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
    </rng>
"""
_CONSOLE = """    <console type='pty'>
      <target type='serial' port='0'/>
    </console>
"""
_TPM = """    <tpm model='tpm-crb'>
      <backend type='emulator' version='2.0'/>
    </tpm>
"""


@dataclass(frozen=True)
class KvmChoices:
    """How the domain is to look on KVM: the places of its disks and networks, and models other than the usual ones."""

    places: Places
    disk_bus: str | None = None
    card_model: str | None = None


DISK_BUSES = ("virtio", "sata", "scsi", "ide")
CARD_MODELS = ("virtio", "e1000e", "e1000", "rtl8139")


def write_kvm(domain: Domain, choices: KvmChoices, report: Report) -> str:
    """The domain XML for libvirt's QEMU driver.

    :param report: collects what is left out, and all that is refused.
    :raises ParseError: with all that cannot be carried over, such as a card whose network has no place.
    """
    parts = (
        "<domain type='kvm'>\n",
        *_identity(domain, report),
        f"  <memory unit='KiB'>{domain.memory_kib}</memory>\n",
        f"  <vcpu placement='static'>{domain.vcpus}</vcpu>\n",
        *_system(domain, choices),
        write_clock(domain.clock),
        _REST,
        "  <devices>\n",
        *_disks(domain, choices, report),
        *_cards(domain, choices, report),
        *_ports(domain, report),
        _ADDED,
        _TPM if domain.tpms else "",
        _DISPLAY,
        *map(write_sound, domain.sounds),
        _VIDEO,
        "  </devices>\n</domain>\n",
    )
    _report_rest(domain, report)
    report.raise_refusals()
    return "".join(parts)


def _identity(domain: Domain, report: Report) -> Iterator[str]:
    name = (domain.name or "").replace("/", "-")
    if name != domain.name:
        why = f"the name of a domain of KVM has no slash; it is written as '{name}'"
        report.leave_out("name", why, word=domain.name or "")
    yield f"  <name>{text(name, True)}</name>\n"
    if domain.uuid:
        yield f"  <uuid>{domain.uuid}</uuid>\n"
    genid = kvm_genid(domain.genid)
    if genid:
        yield f"  <genid>{genid}</genid>\n"
    if domain.description is not None:
        yield f"  <description>{text(domain.description, True)}</description>\n"
    if domain.guest_os:
        yield (
            f"  <metadata>\n    <libosinfo:libosinfo xmlns:libosinfo='{_LIBOSINFO}'>\n"
            f"      <libosinfo:os id='{attribute(osinfo_of_word(domain.guest_os), True)}'/>\n"
            "    </libosinfo:libosinfo>\n  </metadata>\n"
        )


def _system(domain: Domain, choices: KvmChoices) -> Iterator[str]:
    """Firmware, features and CPU; libvirt chooses the files of the firmware itself."""
    efi = domain.os.firmware == "efi" or domain.os.arch == "aarch64"
    yield from _os(domain, _machine(domain, choices), efi)
    yield "  <features>\n    <acpi/>\n    <apic/>\n"
    yield "    <smm state='on'/>\n  </features>\n" if efi and domain.os.secure_boot else "  </features>\n"
    yield _cpu(domain.cpu)


def _os(domain: Domain, machine: str, efi: bool) -> Iterator[str]:
    system = domain.os
    yield "  <os firmware='efi'>\n" if efi else "  <os>\n"
    yield f"    <type arch='{system.arch}' machine='{machine}'>hvm</type>\n"
    if efi and system.secure_boot is not None:
        yield _secure_boot(system.secure_boot)
    yield write_boot(replace(system, boot=() if domain.boot_orders else system.boot or ("hd",)))
    yield "  </os>\n"


def _machine(domain: Domain, choices: KvmChoices) -> str:
    """QEMU's word for the chipset."""
    if domain.os.arch == "aarch64":
        return "virt"
    return "q35" if _is_modern(domain, choices) else "pc"


def _secure_boot(is_on: bool) -> str:
    features = "".join(
        f"      <feature enabled='{yes_no(is_on)}' name='{name}'/>\n" for name in ("enrolled-keys", "secure-boot")
    )
    return f"    <firmware>\n{features}    </firmware>\n"


def _cpu(cpu: Cpu | None) -> str:
    if cpu is None or cpu.sockets is None:
        return "  <cpu mode='host-model'/>\n"
    return (
        f"  <cpu mode='host-model'>\n    <topology sockets='{cpu.sockets}' dies='1' cores='{cpu.cores}'"
        " threads='1'/>\n  </cpu>\n"
    )


_OLD_GUESTS = ("win95", "win98", "winme", "win2000", "winnt", "winxp", "winnet", "rhel2", "rhel3", "rhel4", "other24")


def _is_modern(domain: Domain, choices: KvmChoices) -> bool:
    """Whether a guest has drivers for the chipset q35 of 2007, and needs neither floppy drives nor IDE."""
    if choices.disk_bus == "ide":
        return False
    return not (domain.guest_os or "").lower().startswith(_OLD_GUESTS) and not _floppies(domain)


def _floppies(domain: Domain) -> list[Disk]:
    return [disk for disk in domain.disks if disk.device == "floppy"]


_FORMATS = {".qcow2": "qcow2", ".vmdk": "vmdk"}  # of images by their suffix; the others are raw
_PREFIXES = {"virtio": "vd", "ide": "hd", "fdc": "fd"}  # of target names, by bus; the others have "sd"


def _name(bus: str, place: int) -> str:
    return targets.name_of(_PREFIXES.get(bus, "sd"), place)


def _disks(domain: Domain, choices: KvmChoices, report: Report) -> Iterator[str]:
    """The hard disks in virt-v2v's order of buses, then the drives, each kind with names of its own."""
    bus = choices.disk_bus or models_of(domain.guest_os).kvm_bus
    drive_bus = "sata" if _is_modern(domain, choices) else "ide"
    hard = sorted((disk for disk in domain.disks if disk.device in ("disk", "lun")), key=_rank_of_bus)
    owners: dict[str, str] = {}
    for place, disk in enumerate(hard):
        _report_modes(disk, report)
        if not _has_place(disk, choices.places, report):
            continue
        image = _place_of(disk, choices.places)
        if not is_taken(image, disk.source or disk.target, owners, report, disk.line):
            yield _disk(disk, "disk", _name(bus, place), bus, image)
    shares_names = _name(bus, 0) == _name(drive_bus, 0)
    drives = [disk for disk in domain.disks if disk.device == "cdrom"]
    yield from _drives(drives, drive_bus, len(hard) if shares_names else 0, choices.places, report)
    yield from _drives(_floppies(domain), "fdc", 0, choices.places, report)


def _has_place(disk: Disk, places: Places, report: Report) -> bool:
    """Whether a disk has a place on the KVM host, which a device of the old host has only where it is named."""
    if disk.device != "lun" or disk.source in places.disks:
        return True
    why = "a device of the host is not moved; name the one of the new host in 'disks'"
    report.leave_out("devices/disk/source", why, word=disk.source or disk.target, line=disk.line, essential=True)
    return False


def _rank_of_bus(disk: Disk) -> int:
    return _ORDER.index(disk.bus) if disk.bus in _ORDER else len(_ORDER)


def _report_modes(disk: Disk, report: Report) -> None:
    if disk.shareable or disk.transient or disk.snapshot or disk.keys or disk.cache == "writethrough":
        why = "sharing, modes, the cache and the raw device of the disk are not carried over"
        report.leave_out("devices/disk", why, word=disk.target, line=disk.line)


def _drives(drives: list[Disk], bus: str, first: int, places: Places, report: Report) -> Iterator[str]:
    """The drives of one kind, each with its medium if that has a place on the KVM host.

    :param first: how many disks have a name with the same prefix already.
    """
    for place, disk in enumerate(drives, first):
        source = places.disks.get(disk.source or "")
        if disk.source and source is None:
            why = "the medium has no place in 'disks', so the drive is empty"
            report.leave_out("devices/disk/source", why, word=disk.source, line=disk.line)
        yield _disk(disk, disk.device, _name(bus, place), bus, source)


def _disk(disk: Disk, device: str, name: str, bus: str, source: str | None) -> str:
    form = next((form for suffix, form in _FORMATS.items() if (source or "").endswith(suffix)), "raw")
    kind, word = ("block", "dev") if (source or "").startswith("/dev/") else ("file", "file")
    medium = f"      <source {word}='{attribute(source, True)}'/>\n" if source else ""
    readonly = "      <readonly/>\n" if device == "cdrom" else ""
    return (
        f"    <disk type='{kind}' device='{device}'>\n      <driver name='qemu' type='{form}'/>\n{medium}"
        f"      <target dev='{name}' bus='{bus}'/>\n{write_boot_order(disk.boot_order)}{readonly}    </disk>\n"
    )


def _place_of(disk: Disk, places: Places) -> str:
    """Where the image of a disk is on the KVM host: its own entry, else its name with the suffix of the image."""
    source = disk.source or disk.target
    if source in places.disks:
        return places.disks[source]
    stem = re.sub(r"\.vmdk$", "", source.rpartition("/")[2].rpartition("] ")[2], flags=re.IGNORECASE)
    return f"{(places.place or _DIRECTORY).rstrip('/')}/{stem}.qcow2"


def _cards(domain: Domain, choices: KvmChoices, report: Report) -> Iterator[str]:
    model = choices.card_model or models_of(domain.guest_os).kvm_card
    for card in domain.interfaces:
        name = _port_group(card)
        network = choices.places.networks.get(name, choices.places.network)
        if network is None:
            why = "the port group has no network; name it in 'networks', or give a 'network' for all cards"
            report.leave_out("devices/interface/source", why, word=name or card.type, line=card.line, essential=True)
            continue
        yield _card(card, network, model)


def _port_group(card: Interface) -> str:
    """The port group or else the switch that identifies the network of a card; empty where it has none."""
    if card.vds is None:
        return card.source or ""
    return card.vds.portgroup_id or card.vds.switch_id


def _card(card: Interface, network: str, model: str) -> str:
    kind, _colon, bridge = network.rpartition(":")
    kind, name = ("bridge", bridge) if kind == "bridge" else ("network", network)
    mac = f"      <mac address='{card.mac}'/>\n" if card.mac else ""
    link = f"      <link state='{card.link}'/>\n" if card.link else ""
    return (
        f"    <interface type='{kind}'>\n{mac}      <source {kind}='{attribute(name, True)}'/>\n"
        f"      <model type='{model}'/>\n{link}{write_boot_order(card.boot_order)}    </interface>\n"
    )


def _ports(domain: Domain, report: Report) -> Iterator[str]:
    """The console of virsh, unless the first serial port is another; files and devices are those of another host."""
    left = [("serial", port) for port in domain.serials if port.type != "tcp"]
    for kind, port in (*left, *(("parallel", port) for port in domain.parallels)):
        why = "what a port is connected to on the old host is not carried over"
        report.leave_out(f"devices/{kind}", why, word=f"type='{port.type}'", line=port.line)
    network = [port for port in domain.serials if port.type == "tcp"]
    yield write_ports("serial", network, _FORMS)
    if not network:
        yield "    <serial type='pty'>\n      <target port='0'/>\n    </serial>\n" + _CONSOLE


def _report_rest(domain: Domain, report: Report) -> None:
    left = (
        (domain.filesystems, "devices/filesystem", "shared folders of VMware are not carried over"),
        (domain.hostdevs, "devices/hostdev", "a device of the host is not moved; add it on the new host"),
        (domain.tpms, "devices/tpm", "a new TPM is made; what is sealed in the old one is lost"),
        (domain.shares, "cputune/shares", "tuning for the old host is not carried over"),
        (domain.cpuset, "vcpu", "the CPU affinity to the old host is not carried over"),
        (domain.min_guarantee_kib, "memtune/min_guarantee", "tuning for the old host is not carried over"),
        (domain.memory_locked, "memoryBacking/locked", "tuning for the old host is not carried over"),
        (domain.os.nvram, "os/nvram", "the NVRAM of VMware's firmware is not carried over"),
        (domain.os.smbios == "host", "os/smbios", "the old host's SMBIOS data are not carried over"),
        (
            any(one.port or one.listen or one.keymap or one.password for one in domain.graphics),
            "devices/graphics",
            "the port, address, keymap and password of VNC are not carried over",
        ),
    )
    for value, where, why in left:
        if value:
            report.leave_out(where, why)
    for name, setting in domain.switches:
        report.leave_out(PATHS[name], "a setting of VMware's hardware is not carried over", word=setting)
    limit = domain.current_memory_kib
    if limit and limit < domain.memory_kib:
        report.leave_out("currentMemory", "the limit of ESX would be a balloon on KVM, and is not carried over")
