# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain to VMX: the parts of a VMX in the order in which they are written, each in its own file."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
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
from ansible_collections.virt.esx.plugins.module_utils._vmx.disk_addresses import placed
from ansible_collections.virt.esx.plugins.module_utils._vmx.hardware import check_needs, needed_hardware
from ansible_collections.virt.esx.plugins.module_utils._vmx.values import escape, is_plain
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import YES, Entry, WriteContext, lsilogic

_PCI_HARDWARE = 7  # the virtual hardware version from which there are PCI bridges and VMCI
_BRIDGES: tuple[Entry, ...] = (
    ("pciBridge0.present", YES),
    *(
        (f"pciBridge{number}.{key}", value)
        for number in range(4, 8)
        for key, value in (("present", YES), ("virtualDev", "pcieRootPort"), ("functions", "8"))
    ),
)
_CONTROLLER = re.compile(r"(?:scsi|sata|nvme)[0-3]\.present")
_ESCAPED_BY_LIBVIRT = ("displayName", "annotation")  # and nothing else (G2)


def write_vmx(
    domain: Domain,
    *,
    dialect: Dialect = DIALECTS["esx"],
    hw_version: int | None = None,
    scsi_model: Callable[[Disk], str] = lsilogic,
    random: Callable[[int], bytes] = os.urandom,
    report: Report | None = None,
) -> str:
    """A new VMX for a domain.

    :param hw_version: VMware's virtual hardware version; by default the dialect's, or what the devices need.
    :param scsi_model: asked for the model of a controller 'auto', with a disk on it (F42).
    :param random: gives so many bytes, where libvirt makes up a UUID or a MAC address (F3, F11).
    :param report: collects what is left out, and all refusals.
    :raises ParseError: with element and line, for a domain that VMX cannot hold.
    """
    report = report or Report()
    hardware = hw_version or default_hardware(domain, dialect)
    if dialect.hardware_needs:
        check_needs(domain, hw_version, report)
    if hw_version is None and hardware > dialect.hw_version:
        why = f"version {hardware}, which the domain needs, is written instead of {dialect.hw_version}"
        report.leave_out("virtualHW.version", why)
    context = WriteContext(dialect, hardware, scsi_model, random, report=report)
    lines = entries(domain, context)
    return render((*_head(context), *lines, *_tail(lines, context)), dialect)


def default_hardware(domain: Domain, dialect: Dialect) -> int:
    """The virtual hardware version to write where none is asked for: the dialect's, or what the domain needs."""
    return needed_hardware(domain, dialect.hw_version) if dialect.hardware_needs else dialect.hw_version


def render(lines: Iterable[Entry], dialect: Dialect) -> str:
    """The text of entries (L38)."""
    values = [(key, value if is_plain(value) else escaped(key, value, dialect)) for key, value in lines]
    return "".join([f'{key} = "{value}"\n' for key, value in values])


def escaped(key: str, value: str, dialect: Dialect) -> str:
    """A value as it stands between the quotes."""
    if dialect.escapes:
        return escape(value, controls=True)
    return escape(value, controls=False) if key in _ESCAPED_BY_LIBVIRT else value


def entries(domain: Domain, context: WriteContext) -> list[Entry]:
    """The lines that follow from the domain; where a key occurs twice, the first is used.

    :raises ParseError: with all that VMX cannot hold.
    """
    report = context.report
    drives = tuple(placed(domain.disks, context))
    if drives != domain.disks:
        domain = replace(domain, disks=drives)
    shared = _shared_buses(domain)
    if shared:
        context = replace(context, shared_buses=shared)
    try:
        lines = [line for write_part in _PARTS for line in write_part(domain, context)]
    except ParseError:
        for write_part in _PARTS:  # once more, for all that is refused
            report.attempt(write_part, domain, context, default=None)
    report.raise_refusals()
    return lines


def _shared_buses(domain: Domain) -> frozenset[str]:
    """The controllers that several domains share."""
    return frozenset([f"{one.type}{one.index}" for one in domain.controllers if dict(one.keys).get("sharedBus")])


def _write_drives(domain: Domain, context: WriteContext) -> list[Entry]:
    """The lines of all disks, and of the floppy drives that are not there."""
    found = context.report.attempt_each(_write_drive, domain.disks, context)
    lines = [line for of_disk in found for line in of_disk]
    if context.dialect.libvirt_0_7_6:
        return lines
    return lines + floppies.write_absent(map(slots.section_of_disk, domain.disks))


def _write_drive(disk: Disk, context: WriteContext) -> list[Entry]:
    write = floppies.write_floppy if disk.device == "floppy" else disks.write_disk
    return write(disk, slots.section_of_disk(disk), context)


# The parts of a VMX, in their order.
_PARTS: tuple[Callable[[Domain, WriteContext], list[Entry]], ...] = (
    firmware.write_guest,
    firmware.write_smbios,
    identity.write_uuid,
    identity.write_genid,
    identity.write_name,
    identity.write_description,
    resources.write_memory,
    resources.write_processors,
    graphics.write_graphics,
    controllers.write_controllers,
    _write_drives,
    boot.write_boot,
    filesystems.write_filesystems,
    interfaces.write_interfaces,
    firmware.write_tpm,
    graphics.write_video,
    chardevs.write_serials,
    chardevs.write_parallels,
    firmware.write_firmware,
    peripherals.write_usb,
    peripherals.write_sounds,
    passthrough.write_hostdevs,
    clock.write_clock,
    switches.write_switches,
)


def _head(context: WriteContext) -> list[Entry]:
    encoding = [] if context.dialect.libvirt_0_7_6 else [(".encoding", "UTF-8")]
    return [*encoding, ("config.version", "8"), ("virtualHW.version", str(context.hw_version))]


def _tail(lines: Iterable[Entry], context: WriteContext) -> list[Entry]:
    """VMCI, and the PCI bridges that disk controllers sit behind (F71)."""
    if context.hw_version < _PCI_HARDWARE:
        return []
    bridged = any(_CONTROLLER.fullmatch(key) for key, _value in lines)
    return [*(_BRIDGES if bridged else ()), ("vmci0.present", YES)]
