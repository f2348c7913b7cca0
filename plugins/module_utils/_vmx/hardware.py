# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which virtual hardware version a domain needs, and what a part of it needs besides.

The versions are those of VMware's KB 1003746 and of the vSphere client's table of features by version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.peripherals import usb_kind

_GIB = 1024 * 1024


class Need(NamedTuple):
    """A part of a domain that needs a virtual hardware version.

    ``what`` is the part in words, ``where`` its element.
    """

    version: int
    what: str
    where: str
    line: int | None = None


# Highest value that a version has -> that version, for what grows with the versions.
_VCPUS = {4: 4, 8: 7, 32: 8, 64: 9, 128: 11, 256: 15, 768: 18}
_MEMORY_GIB = {64: 4, 255: 7, 1011: 8, 4080: 11, 6128: 13, 24560: 18}
_CARDS = {4: 4, 10: 7}
_NVME_UNITS = {14: 13, 63: 21}

_SCSI_MODELS = {"lsisas1068": 7, "vmpvscsi": 7}
_CARD_MODELS = {"vmxnet3": 7, "e1000e": 8, "sriov": 10, "vrdma": 13}
_USB = {"usb": 4, "ehci": 7, "usb_xhci": 8}
_BUSES = {"sata": 10, "nvme": 13}
_EFI, _SECURE_BOOT, _TPM, _PASSTHROUGH, _COUNTERS = 8, 13, 14, 7, 9
_LOWEST = 4


def needs(domain: Domain, above: int) -> Iterator[Need]:
    """All that needs a version above that one."""
    for find in (_of_firmware, _of_sizes, _of_controllers, _of_disks, _of_cards, _of_usb, _of_hostdevs):
        for need in find(domain):
            if need.version > above:
                yield need


def needed_hardware(domain: Domain, least: int = _LOWEST) -> int:
    """The lowest virtual hardware version that has all of a domain, and is at least that one."""
    return max((need.version for need in needs(domain, least)), default=least)


def check_needs(domain: Domain, version: int | None, report: Report, present: Domain | None = None) -> None:
    """Refuse what the virtual hardware version lacks, and a TPM without EFI firmware.

    :param version: the version, None for one that was chosen to have all.
    :param present: the domain as it is; what it has already is not refused.
    """
    if version is not None:
        _check_version(domain, version, report, present)
    without_efi = domain.tpms and domain.os.firmware != "efi"
    if without_efi and (present is None or not present.tpms):
        message = "VMware's TPM needs EFI firmware; expected <os firmware='efi'>"
        report.refuse(ParseError(message, where="<tpm>", line=domain.tpms[0].line))


def _check_version(domain: Domain, version: int, report: Report, present: Domain | None) -> None:
    had = set() if present is None else {need.what for need in needs(present, version)}
    for need in needs(domain, version):
        if need.what not in had:
            message = f"{need.what} needs virtual hardware version {need.version}; this is {version}"
            report.refuse(ParseError(message, where=need.where, line=need.line))


def _of_firmware(domain: Domain) -> Iterator[Need]:
    if domain.os.firmware == "efi":
        yield Need(_EFI, "EFI firmware", "<os>")
        if domain.os.secure_boot:
            yield Need(_SECURE_BOOT, "secure boot", "<os>")
    if ("pmu", "on") in domain.switches:
        yield Need(_COUNTERS, "a performance monitoring unit", "<pmu>")
    if domain.tpms:
        yield Need(_TPM, "a TPM", "<tpm>", domain.tpms[0].line)


def _of_sizes(domain: Domain) -> Iterator[Need]:
    gib, cards = -(-domain.memory_kib // _GIB), len(domain.interfaces)
    yield Need(_of_size(domain.vcpus, _VCPUS), f"{domain.vcpus} processors", "<vcpu>")
    yield Need(_of_size(gib, _MEMORY_GIB), f"{gib} GiB of memory", "<memory>")
    yield Need(_of_size(cards, _CARDS), f"{cards} network cards", "<interface>")


def _of_size(size: int, most: Mapping[int, int]) -> int:
    """The version that has a size; one above all that is known is left to the host."""
    for limit, version in most.items():
        if size <= limit:
            return version
    return max(most.values())


def _of_controllers(domain: Domain) -> Iterator[Need]:
    for controller in domain.controllers:
        version = _BUSES.get(controller.type) or _SCSI_MODELS.get(controller.model or "", _LOWEST)
        what = f"a {controller.type} controller" + (f" '{controller.model}'" if controller.model else "")
        where = f"<controller type='{controller.type}' index='{controller.index}'>"
        yield Need(version, what, where, controller.line)


def _of_disks(domain: Domain) -> Iterator[Need]:
    for disk in domain.disks:
        where = f"disk '{disk.target}'"
        yield Need(_BUSES.get(disk.bus, _LOWEST), f"a disk on bus '{disk.bus}'", where, disk.line)
        if disk.bus == "nvme" and disk.address is not None:
            unit = disk.address.unit
            yield Need(_of_size(unit, _NVME_UNITS), f"unit {unit} of an NVMe controller", where, disk.line)


def _of_cards(domain: Domain) -> Iterator[Need]:
    for card in domain.interfaces:
        version = _CARD_MODELS.get((card.model or "").lower(), _LOWEST)
        yield Need(version, f"the card model '{card.model}'", "<interface>", card.line)


def _of_usb(domain: Domain) -> Iterator[Need]:
    for controller in domain.controllers:
        kind = usb_kind(controller) if controller.type == "usb" else None
        if kind is not None:
            yield Need(_USB[kind], f"a USB controller '{controller.model}'", "<controller>", controller.line)


def _of_hostdevs(domain: Domain) -> Iterator[Need]:
    if domain.hostdevs:
        yield Need(_PASSTHROUGH, "a passed-through PCI device", "<hostdev>", domain.hostdevs[0].line)
