# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks in domain XML: hard disks, CD-ROMs, raw SCSI devices and floppies.

::

    <disk type='file' device='disk'>
      <driver cache='writethrough'/>
      <source file='[datastore] directory/web.vmdk'/>
      <target dev='sda' bus='scsi'/>
      <readonly/>
      <transient/>
      <address type='drive' controller='0' bus='0' target='0' unit='0'/>
    </disk>

An NVMe disk has a form of its own, since libvirt 11.3.0 has none and its schema no bus ``nvme``: a virtio disk whose
alias names the slot, ``<alias name='ua-nvme0-1'/>`` for VMware's ``nvme0:1``. The ``bus='nvme'`` of newer versions
(N7) is read as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ansible_collections.virt.esx.plugins.module_utils._domain import targets
from ansible_collections.virt.esx.plugins.module_utils._domain.addresses import read_drive, type_of, write_drive
from ansible_collections.virt.esx.plugins.module_utils._domain.boot import read_boot_order, write_boot_order
from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute, optional
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, DriveAddress
from ansible_collections.virt.esx.plugins.module_utils._domain.values import attr_of, choice_attr, error_at
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child, children

# Type of a source -> the attribute of <source> that holds its path; the others VMX cannot hold.
_PATH = {"file": "file", "block": "dev", "dir": "dir"}
_TYPES = (*_PATH, "network", "volume", "nvme", "vhostuser", "vhostvdpa")
DEVICES = ("disk", "cdrom", "floppy", "lun")
_BUSES = ("ide", "fdc", "scsi", "virtio", "xen", "usb", "uml", "sata", "sd")
_CACHES = ("default", "none", "writethrough", "writeback", "directsync", "unsafe")
_STARTUP_POLICIES = ("mandatory", "requisite", "optional")
_HARD_DISKS = ("disk", "lun")
_REMOVABLE = ("cdrom", "floppy", "lun")
_DRIVE_BUSES = ("ide", "fdc", "scsi", "sata")
_NVME_ALIAS = re.compile(r"ua-nvme([0-9]{1,4})-([0-9]{1,4})")


def read_disk(element: Element, forms: XmlForms) -> Disk:
    """One ``<disk>`` (F9, F10).

    :raises ParseError: where libvirt's parser refuses it.
    """
    device = choice_attr(element, "device", DEVICES) or "disk"
    parts = children(element)
    source, driver = parts.get("source"), parts.get("driver")
    kind, path = _read_source(element, source, device, forms)
    target, name = _read_target(element, parts)
    if device == "disk" and path is None and kind in _PATH:
        raise error_at(element, f"The disk '{name}' has no source; a hard disk needs one, as in <source file='...'/>")
    bus = _bus(parts, target, device, name, forms)
    address, address_type = _address(element, parts, bus, name, forms)
    if address is not None and bus == "nvme":
        name = targets.nvme_name(address)
    policy = choice_attr(source, "startupPolicy", _STARTUP_POLICIES)
    cache = choice_attr(driver, "cache", _CACHES)
    says_nothing = forms.exact and path is None and policy is None
    return Disk(
        device=device,
        type=kind,
        source=path,
        startup_policy=policy,
        has_source=source is not None and not says_nothing,
        target=name,
        bus=bus,
        address=address,
        address_type=address_type,
        cache=None if cache == "default" else cache,
        driver_name=attr_of(driver, "name"),
        readonly=device == "cdrom" or "readonly" in parts,
        shareable="shareable" in parts,
        transient="transient" in parts,
        boot_order=read_boot_order(parts),
        snapshot="no" if element.get("snapshot") == "no" else None,
        line=element.sourceline,
    )


def _read_source(element: Element, source: Element | None, device: str, forms: XmlForms) -> tuple[str, str | None]:
    """The type of a disk, and the path of its source where a VMX can hold one of this type."""
    kind = choice_attr(element, "type", _TYPES) or "file"
    may_be_empty = forms.exact and device in _REMOVABLE
    if source is None and not may_be_empty:
        kind = "file"  # the type is that of the source, and there is none (F48, G29)
    if device == "lun" and kind not in ("block", "network"):
        raise error_at(element, f"A disk with device='lun' has type='block' and a source; this has type='{kind}'")
    return kind, (attr_of(source, _PATH[kind]) or None) if kind in _PATH else None


def _read_target(element: Element, parts: Mapping[str, Element]) -> tuple[Element, str]:
    """The target of a disk, and its name."""
    target = parts.get("target")
    name = attr_of(target, "dev")
    if target is None or name is None:
        raise error_at(element, "The disk has no <target dev='...'/>")
    return target, name


def _bus(parts: Mapping[str, Element], target: Element, device: str, name: str, forms: XmlForms) -> str:
    """The bus, which the name may imply and has to fit (F9, F10)."""
    bus = choice_attr(target, "bus", (*_BUSES, "nvme") if forms.more else _BUSES)
    if bus is None:
        bus = "fdc" if device == "floppy" else targets.BUS_OF_PREFIX.get(targets.prefix_of(name) or "", "")
    _check_name_and_bus(target, device, name, bus)
    is_own_nvme = forms.more and bus == "virtio" and _alias(parts) is not None
    return "nvme" if is_own_nvme else bus


def _check_name_and_bus(target: Element, device: str, name: str, bus: str) -> None:
    """Refuse a bus or a name that a disk of its kind cannot have."""
    prefix = targets.prefix_of(name)
    if (device == "floppy") != (bus == "fdc"):
        raise error_at(target, f"bus='{bus}' does not fit device='{device}'; floppies, and only they, are on bus 'fdc'")
    if device == "floppy" and prefix != "fd":
        raise error_at(target, f"dev='{name}' is not the name of a floppy drive; expected 'fda' or 'fdb'")
    if device in _HARD_DISKS and bus != "nvme" and prefix in (None, "fd"):
        raise error_at(target, f"dev='{name}' is not the name of a hard disk; expected one like 'sda' or 'hda'")


def _alias(parts: Mapping[str, Element]) -> DriveAddress | None:
    """The slot in our alias of an NVMe disk."""
    match = _NVME_ALIAS.fullmatch(attr_of(parts.get("alias"), "name") or "")
    return DriveAddress(int(match[1]), 0, int(match[2])) if match else None


def _address(
    element: Element, parts: Mapping[str, Element], bus: str, name: str, forms: XmlForms
) -> tuple[DriveAddress | None, str | None]:
    """The slot, given or derived from the target name, and the type of an address that is not a slot."""
    given = parts.get("address")
    if given is None and bus == "nvme":
        return _alias(parts) or _nvme_by_name(element, name), None
    if given is None:
        return _by_name(element, bus, name, forms), None
    kind = type_of(given)
    if kind == "drive":
        return _as_meant(read_drive(given), bus, name, forms), None
    if bus in _DRIVE_BUSES:
        raise error_at(given, f"type='{kind}' does not fit bus='{bus}'; expected type='drive'")
    return (_alias(parts) if bus == "nvme" else None), kind


def _by_name(element: Element, bus: str, name: str, forms: XmlForms) -> DriveAddress | None:
    index = targets.index_of(name)
    if index is None:
        raise error_at(element, f"The target dev='{name}' is not understood; expected a name like 'sda' or 'hdc'")
    return targets.drive_address(bus, index, sata_units=forms.sata_units)


def _nvme_by_name(element: Element, name: str) -> DriveAddress:
    address = targets.nvme_address(name)
    if address is None:
        raise error_at(element, f"The target dev='{name}' is not the name of an NVMe disk; expected one like 'nvme0n1'")
    return address


def _as_meant(address: DriveAddress, bus: str, name: str, forms: XmlForms) -> DriveAddress:
    """The true slot of a SATA disk whose address libvirt derived from its name by its own rule (P32, G6).

    libvirt writes ``sata0:6`` as ``sdg`` on controller 1, unit 0. No true slot looks so: ``sdg``, and all names that
    are chosen where ``sdg`` is taken, are of higher controllers or units.
    """
    index = targets.index_of(name) if bus == "sata" else None
    if index is None or address != targets.drive_address(bus, index):
        return address
    return targets.drive_address(bus, index, sata_units=forms.sata_units) or address


def read_disks(elements: Iterable[Element], forms: XmlForms, report: Report) -> tuple[Disk, ...]:
    """The disks as libvirt's parser sorts them: by bus as it first appears, and by target index within it (F16).

    It sorts by the bus that is written down; disks without one are sorted among themselves, before it is implied.
    With exact forms it is the bus that is meant, and the slot, which a name need not show.
    """
    buses: dict[str | None, list[Disk]] = {}
    for element in elements:
        disk = report.attempt(read_disk, element, forms, default=None)
        if disk is not None:
            bus = disk.bus if forms.exact else attr_of(child(element, "target"), "bus")
            buses.setdefault(bus, []).append(disk)
    position = _slot if forms.exact else _target_index
    for on_bus in buses.values():
        on_bus.sort(key=position)
    return tuple(disk for on_bus in buses.values() for disk in on_bus)


def _target_index(disk: Disk) -> int:
    index = targets.index_of(disk.target)
    return -1 if index is None else index


def _slot(disk: Disk) -> int:
    at = disk.address
    return _target_index(disk) if at is None else (at.controller << 64) + (at.bus << 32) + at.unit


def check_unique(disks: Iterable[Disk], report: Report) -> None:
    """Refuse two disks of one name (F8) or in one slot, with the line of the second."""
    names: set[str] = set()
    slots: set[tuple[str, DriveAddress]] = set()
    for disk in disks:
        if disk.target in names:
            report.refuse(_taken(disk, f"the target '{disk.target}'"))
        names.add(disk.target)
        if disk.address is None:
            continue
        slot = (disk.bus, disk.address)
        if slot in slots:
            at = f"controller {disk.address.controller}, bus {disk.address.bus}, unit {disk.address.unit}"
            report.refuse(_taken(disk, f"the address {disk.bus} {at}"))
        slots.add(slot)


def _taken(disk: Disk, place: str) -> ParseError:
    return ParseError(f"An earlier disk has {place} too", where=f"disk '{disk.target}'", line=disk.line)


def write_disk(disk: Disk, forms: XmlForms, model: str | None = None) -> str:
    """The lines of one disk (Z6).

    :param model: of the SCSI controller, where the forms have it as the name of the disk's driver.
    """
    exact = forms.exact
    snapshot = f" snapshot='{disk.snapshot}'" if disk.snapshot and forms.more else ""
    slot_in_alias = disk.address if disk.bus == "nvme" and not forms.nvme_bus else None
    return "".join(
        (
            f"    <disk type='{disk.type}' device='{disk.device}'{snapshot}>\n",
            _driver(disk, model, exact),
            _source(disk, exact),
            _nvme_target(slot_in_alias) if slot_in_alias else _target(disk, exact),
            write_boot_order(disk.boot_order),
            _flags(disk, forms),
            write_drive(disk.address) if disk.address and forms.slots and not slot_in_alias else "",
            "    </disk>\n",
        )
    )


def _driver(disk: Disk, model: str | None, exact: bool) -> str:
    name = optional("name", disk.driver_name if model is None else model, exact)
    cache = f" cache='{disk.cache}'" if disk.cache else ""
    return f"      <driver{name}{cache}/>\n" if name or cache else ""


def _flags(disk: Disk, forms: XmlForms) -> str:
    """The elements that say by being there how the disk can be used."""
    readonly = "      <readonly/>\n" if disk.readonly else ""
    shareable = "      <shareable/>\n" if disk.shareable and forms.more else ""
    transient = "      <transient/>\n" if disk.transient else ""
    return readonly + shareable + transient


def _source(disk: Disk, exact: bool) -> str:
    path = "" if disk.source is None else optional(_PATH[disk.type], disk.source, exact)
    policy = f" startupPolicy='{disk.startup_policy}'" if disk.startup_policy else ""
    # libvirt takes a drive for one with a file in it, unless there is a source (F48).
    needed = path or policy or (exact and disk.type == "block")
    return f"      <source{path}{policy}/>\n" if needed else ""


def _target(disk: Disk, exact: bool) -> str:
    bus = f" bus='{disk.bus}'" if disk.bus else ""
    return f"      <target dev='{attribute(disk.target, exact)}'{bus}/>\n"


def _nvme_target(address: DriveAddress) -> str:
    """An NVMe disk's slot in the alias, beside a name that only has to be unique."""
    name = targets.name_of("vd", targets.nvme_index(address))
    return (
        f"      <target dev='{name}' bus='virtio'/>\n      <alias name='ua-nvme{address.controller}-{address.unit}'/>\n"
    )
