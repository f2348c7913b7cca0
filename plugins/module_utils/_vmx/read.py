# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMX to domain: the parts of a VMX in the order in which they are read, each in its own file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._vmx import (
    boot,
    chardevs,
    clock,
    controllers,
    disks,
    filesystems,
    firmware,
    floppies,
    graphics,
    identity,
    interfaces,
    passthrough,
    peripherals,
    resources,
    slots,
    switches,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS, Dialect
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import Place
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.unread_keys import report_unread
from ansible_collections.virt.esx.plugins.module_utils._vmx.unseen import report_unseen, report_unseen_disks

_CONFIG_VERSIONS = (6, 7, 8)  # the last is written, the others are of products of before 2006
_ENCRYPTED = ("encryption.data", "encryption.keySafe")
OLDEST_READ = 3  # of virtual hardware
OLDEST_HARDWARE = 4  # the lowest virtual hardware version


def read_vmx(
    text: str | bytes,
    *,
    dialect: Dialect = DIALECTS["esx"],
    directory: str | None = None,
    datastores: Mapping[str, str] | None = None,
    report: Report | None = None,
) -> Domain:
    """The domain that a VMX describes.

    :param text: the VMX; bytes are decoded by the file's own ``.encoding``, and so are surrogate escapes.
    :param directory: the datastore directory of the VMX itself, ``[datastore] directory``, for relative file names.
    :param datastores: the datastore's name by volume in ``/vmfs/volumes/<volume>/``; without it the volume's own name.
    :param report: collects the keys that the domain has no place for.
    :raises ParseError: with key and line, for a VMX that the dialect refuses.
    """
    context = begin_reading(VmxFile(text, dialect), dialect, Place(directory, datastores), report)
    domain = read_parts(context)
    report_unseen(context, domain)
    report_unread(context)
    return domain


class _Part(NamedTuple):
    """A field of the domain, the kinds of sections that have it, and its reader; without them it has its default."""

    field: str
    kinds: frozenset[str]
    read: Callable[[ReadContext], Any]


def _part(field: str, kinds: str, read: Callable[[ReadContext], Any]) -> _Part:
    return _Part(field, frozenset(kinds.split()), read)


_PARTS = (
    _part("genid", "vm", identity.read_genid),
    _part("description", "annotation", identity.read_description),
    _part("guest_os", "guestos", firmware.read_guest),
    _part("graphics", "remotedisplay", graphics.read_graphics),
    _part("filesystems", "isolation", filesystems.read_filesystems),
    _part("serials", "serial", chardevs.read_serials),
    _part("parallels", "parallel", chardevs.read_parallels),
    _part("tpms", "vtpm managedvm", firmware.read_tpm),
    _part("sounds", "sound", peripherals.read_sounds),
    _part("clock", "rtc", clock.read_clock),
    _part("switches", switches.KINDS, switches.read_switches),
)


def read_parts(context: ReadContext) -> Domain:
    """The domain that a VMX describes whose reading has begun; see ``read_vmx``."""
    kinds = context.vmx.kinds
    parts = {part.field: part.read(context) for part in _PARTS if not kinds.isdisjoint(part.kinds)}
    sizes = resources.read_resources(context)
    present, drives = _read_drives(context)
    indexes = interfaces.interface_indexes(context)
    cards = interfaces.read_interfaces(context, indexes)
    booting = boot.read_boot(context, firmware.read_os(context), drives, cards, indexes)
    name = identity.read_name(context)
    if not name and context.dialect.always_named:
        name = identity.name_by_files(booting.os.nvram, drives)
    domain = Domain(
        name=name,
        uuid=identity.read_uuid(context),
        os=booting.os,
        disks=tuple(booting.disks),
        controllers=controllers.read_controllers(context, present, drives) + peripherals.read_usb(context),
        interfaces=booting.interfaces,
        videos=graphics.read_video(context),
        hostdevs=passthrough.read_hostdevs(context),
        **sizes,
        **parts,
    )
    context.report.raise_refusals()
    return domain


def begin_reading(vmx: VmxFile, dialect: Dialect, place: Place, report: Report | None = None) -> ReadContext:
    """A reading of a VMX whose versions are right (P1, P2)."""
    vmx.report = report or Report()
    if dialect.tolerant:
        _check_readable(vmx)
    config = _version(vmx, "config.version")
    if config not in (_CONFIG_VERSIONS if dialect.tolerant else _CONFIG_VERSIONS[-1:]):
        raise vmx.error_at(
            "config.version", f"expecting config.version to be {_CONFIG_VERSIONS[-1]} but found {config}"
        )
    hardware = _version(vmx, "virtualHW.version")
    oldest = OLDEST_READ if dialect.tolerant else OLDEST_HARDWARE
    if hardware < oldest:
        raise vmx.error_at("virtualHW.version", f"expecting at least {oldest} but found {hardware}")
    return ReadContext(vmx, dialect, hardware, place, vmx.report)


def _check_readable(vmx: VmxFile) -> None:
    """Refuse a VMX whose content is encrypted; report what VMware passes over."""
    encrypted = next((key for key in _ENCRYPTED if key in vmx), None) if "encryption" in vmx.kinds else None
    if encrypted and ("config.version" not in vmx or vmx.word("vmx.encryptionType") != "partial"):
        raise vmx.error_at(encrypted, "the VMX is encrypted, including the description of the domain; decrypt it first")
    if encrypted:
        vmx.leave_out(encrypted, "a part of the VMX is encrypted, and not read")
    for line, text in vmx.others:
        vmx.leave_out_line(line, text)


def _version(vmx: VmxFile, key: str) -> int:
    vmx.required(key)
    return vmx.integer(key, 0)


def _read_drives(context: ReadContext) -> tuple[list[Controller], list[Disk]]:
    """The controllers that are there, and the disks on all buses in the order of their slots."""
    present: list[Controller] = []
    drives: list[Disk] = []
    for bus in [bus for bus in _BUSES if bus in context.vmx.kinds]:
        if bus == "floppy":
            drives += floppies.read_floppies(context)
        elif bus == "ide":
            drives += disks.read_disks(context, bus, _IDE_CHANNELS)
        elif bus != "nvme" or context.dialect.writes_sata_nvme:
            there = controllers.present_controllers(context, bus)
            present += there
            drives += disks.read_disks(context, bus, there)
    if context.dialect.tolerant:
        report_unseen_disks(context, (*present, *_IDE_CHANNELS))
    return present, slots.distinct(drives) if context.dialect.address_is_slot else drives


_BUSES = ("scsi", "sata", "ide", "floppy", "nvme")  # as the sections of their devices are called
_IDE_CHANNELS = tuple(Controller("ide", channel) for channel in range(slots.BUSES["ide"].controllers))
