# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options for a domain's system: guest, virtual hardware, firmware, boot order. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain

from ansible_collections.virt.esx.plugins.module_utils._domain.guests import (
    GuestChoice,
    arch_of_guest,
    guest_named,
    no_exact_guest,
    word_of_osinfo,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import to_mac
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain, Interface, Os
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.system_request import SystemOptions
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import Report

# libvirt's kinds of devices to start from -> what such a disk is.
_KINDS = {"hd": ("disk", "lun"), "cdrom": ("cdrom",), "fd": ("floppy",)}
_NETWORK = "network"


def with_system(domain: Domain, options: SystemOptions, report: Report) -> Domain:
    """Return a domain with the options for its system.

    :param report: gets a guest that VMware has no word for, which becomes the nearest one.
    :raises ParseError: for a guest that nobody knows, or a boot device that the domain does not have.
    """
    if options.guest_os is not None:
        domain = _with_guest(domain, options.guest_os, report)
    system = _with_firmware(domain.os, options)
    if system.secure_boot and system.firmware != "efi":
        raise ParseError("secure boot needs the firmware efi.", where="secure_boot")
    domain = replace(domain, os=system)
    return domain if options.boot is None else _with_boot(domain, options.boot)


def _with_firmware(system: Os, options: SystemOptions) -> Os:
    """With the requested firmware and secure boot; a domain that says neither has BIOS, and keeps not saying it."""
    if options.firmware not in (None, system.firmware or "bios"):
        system = replace(system, firmware=options.firmware)
    if options.secure_boot not in (None, bool(system.secure_boot)):
        system = replace(system, secure_boot=options.secure_boot)
    return system


def _with_guest(domain: Domain, guest: str, report: Report) -> Domain:
    choice = _guest_choice(guest, domain.os.arch)
    if choice is None:
        raise ParseError(
            f"'{guest}' is not a known guest operating system.",
            where="guest_os",
            hint="Names are VMware's (debian12-64), the API's (debian12_64Guest) or libosinfo's (debian12, win2k22).",
        )
    word = choice.word
    if not choice.is_exact:
        report.leave_out("guest_os", no_exact_guest(word), word=guest)
    present = guest_named(domain.guest_os or "")
    if present is not None and present.word == word:
        return domain
    return replace(domain, guest_os=word, os=replace(domain.os, arch=arch_of_guest(word) or domain.os.arch))


def _guest_choice(guest: str, arch: str) -> GuestChoice | None:
    """VMware's word for a guest that has VMware's, the API's or libosinfo's name.

    ``debian12`` is a name of both: for libosinfo of any Debian 12, for VMware of the one with 32 bits. It is the one of
    the domain's architecture.
    """
    named, choice = guest_named(guest), word_of_osinfo(guest, arch)
    if named is None:
        return choice
    is_of_both = choice is not None and arch_of_guest(named.word) != arch and choice.word.startswith(f"{guest}-")
    return choice if is_of_both else GuestChoice(named.word, is_exact=True)


def _with_boot(domain: Domain, boot: Sequence[str]) -> Domain:
    """With a boot order of kinds of devices, or of single ones."""
    if all(map(_is_kind, boot)):
        return replace(_ordered(domain, {}), os=replace(domain.os, boot=tuple(boot)))
    named = chain.from_iterable(_devices(domain, name) for name in boot)
    once = dict.fromkeys(id(device) for device in named)  # after sdb, hd stands for all others
    places = {device: place for place, device in enumerate(once, 1)}
    return replace(_ordered(domain, places), os=replace(domain.os, boot=()))


def _ordered(domain: Domain, places: Mapping[int, int]) -> Domain:
    """With the places of disks and cards in the boot order, by their identities; the others have none."""
    return replace(
        domain,
        disks=tuple(replace(disk, boot_order=places.get(id(disk))) for disk in domain.disks),
        interfaces=tuple(replace(card, boot_order=places.get(id(card))) for card in domain.interfaces),
    )


def _is_kind(name: str) -> bool:
    """Whether an entry of the boot order is a kind of devices, and not a single one."""
    return name in _KINDS or name == _NETWORK


def _devices(domain: Domain, name: str) -> Sequence[Disk | Interface]:
    """The devices that an entry of the boot order stands for: those of a kind, a disk's target, or a card's address."""
    found = _of_kind(domain, name) if _is_kind(name) else _of_name(domain, name)
    if not found:
        raise ParseError(
            f"the domain has no device '{name}'.",
            where="boot",
            hint="Devices are hd, cdrom, fd, network, the target of a disk or drive, or the MAC address of a card.",
        )
    return found


def _of_kind(domain: Domain, kind: str) -> Sequence[Disk | Interface]:
    if kind == _NETWORK:
        return domain.interfaces
    return [disk for disk in domain.disks if disk.device in _KINDS[kind]]


def _of_name(domain: Domain, name: str) -> Sequence[Disk | Interface]:
    disks = [disk for disk in domain.disks if disk.target == name]
    return disks or [card for card in domain.interfaces if card.mac and card.mac == to_mac(name)]
