# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The boot order of the BIOS, and the delay before it (VMware's KB 2011654 and 326326).

::

    bios.bootOrder = "cdrom,hdd,ethernet0"
    bios.hddOrder = "scsi0:1,scsi0:0"
    bios.bootDelay = "3000"

``hdd`` stands for all hard disks one after the other, ``cdrom`` and ``floppy`` for all such drives. With EFI the order
is in the NVRAM, and these keys have no effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain, Interface, Os
from ansible_collections.virt.esx.plugins.module_utils._vmx import slots
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import Entry, WriteContext, numbers_of

_ORDER, _DISKS, _DELAY = "bios.bootOrder", "bios.hddOrder", "bios.bootDelay"
_HDD = "hdd"
# VMware's word -> libvirt's, of kinds of devices; and what such a drive is.
_KINDS = {_HDD: "hd", "cdrom": "cdrom", "floppy": "fd"}
_WORD_OF = {kind: word for word, kind in _KINDS.items()}
_WORD_OF_DEVICE = {"disk": _HDD, "lun": _HDD, "cdrom": "cdrom", "floppy": "floppy"}
_CARD = re.compile(r"ethernet([0-9]{1,3})")
MAX_DELAY_MS = 10000
MAX_CARDS = 5
MAX_DISKS = 8


class Boot(NamedTuple):
    """The boot order of a VMX, applied to the parts of the domain."""

    os: Os
    disks: list[Disk]
    interfaces: tuple[Interface, ...]


def read_boot(
    context: ReadContext, system: Os, disks: Sequence[Disk], cards: tuple[Interface, ...], indexes: Sequence[int]
) -> Boot:
    """The firmware, the disks and the cards, each with its part of the boot order.

    :param indexes: the number of each card in the VMX.
    """
    if "bios" not in context.vmx.kinds or not context.dialect.boot_order:
        return Boot(system, list(disks), cards)
    system = _with_delay(context, system)
    words = _known_words(context, system, indexes)
    order = _disk_order(context, words, disks)
    if not words:
        return Boot(system, list(disks), cards)
    if not order and all(word in _KINDS for word in words):
        return Boot(replace(system, boot=tuple(_KINDS[word] for word in words)), list(disks), cards)
    places = {name: place for place, name in enumerate(_expanded(words, order, disks), 1)}
    return _with_places(system, disks, cards, indexes, places)


def _with_places(
    system: Os,
    disks: Sequence[Disk],
    cards: Sequence[Interface],
    indexes: Sequence[int],
    places: Mapping[str, int],
) -> Boot:
    """The devices, each with its place in the boot order."""
    return Boot(
        system,
        [replace(disk, boot_order=places.get(slots.section_of_disk(disk))) for disk in disks],
        tuple(replace(card, boot_order=places.get(f"ethernet{index}")) for card, index in zip(cards, indexes)),
    )


def _with_delay(context: ReadContext, system: Os) -> Os:
    delay = context.vmx.integer(_DELAY, 0)
    if not 0 <= delay <= MAX_DELAY_MS:
        context.leave_out(_DELAY, f"expecting milliseconds from 0 to {MAX_DELAY_MS}, found {delay}")
    return replace(system, boot_menu=True, boot_delay_ms=delay) if 0 < delay <= MAX_DELAY_MS else system


def _known_words(context: ReadContext, system: Os, indexes: Sequence[int]) -> list[str]:
    """The words of the boot order that stand for devices; the others are reported."""
    words = _words(context, _ORDER)
    if words and system.firmware == "efi":
        context.leave_out(_ORDER, "with EFI firmware the boot order is in the NVRAM, not in the VMX")
        return []
    known = {*_KINDS, *(f"ethernet{index}" for index in indexes)}
    for word in words:
        if word not in known:
            context.report.leave_out(_ORDER, f"no device is called '{word}'", word=word, line=context.vmx.line(_ORDER))
    return [word for word in words if word in known]


def _disk_order(context: ReadContext, words: Sequence[str], disks: Sequence[Disk]) -> list[str]:
    """The hard disks in the order in which they are tried, of those that are there; the others are reported."""
    named = _words(context, _DISKS)
    if named and _HDD not in words:
        context.leave_out(_DISKS, f"an order of the disks is not converted without '{_HDD}' in {_ORDER}")
        return []
    hard_disks = {slots.section_of_disk(disk) for disk in disks if _WORD_OF_DEVICE.get(disk.device) == _HDD}
    for slot in named:
        if slot not in hard_disks:
            context.report.leave_out(_DISKS, f"there is no disk '{slot}'", word=slot, line=context.vmx.line(_DISKS))
    return [slot for slot in named if slot in hard_disks]


def _words(context: ReadContext, key: str) -> list[str]:
    value = context.vmx.word(key) or ""
    return list(dict.fromkeys(word.strip() for word in value.split(",") if word.strip()))


def _expanded(words: Iterable[str], order: Sequence[str], disks: Sequence[Disk]) -> list[str]:
    """The single devices that the words of a boot order stand for, in their order."""
    found: list[str] = []
    for word in words:
        drives = [slots.section_of_disk(disk) for disk in disks if _WORD_OF_DEVICE.get(disk.device) == word]
        if word == _HDD and order:
            drives = [slot for slot in order if slot in drives]
        found += drives if word in _KINDS else [word]
    return found


def write_boot(domain: Domain, context: WriteContext) -> list[Entry]:
    """The boot order, from the kinds of devices in ``<os>`` or from the order of single devices, and the delay."""
    if not context.dialect.boot_order:
        return []
    indexes = numbers_of(domain.interfaces, context.interfaces)
    cards = dict(zip((f"ethernet{index}" for index in indexes), domain.interfaces))
    lines = _order(domain, cards, context)
    if lines and domain.os.firmware == "efi":
        context.report.leave_out("os/boot", "with EFI firmware the boot order is in the NVRAM, not in the VMX")
        lines = []
    return [*lines, *_delay(domain.os, context)]


def _order(domain: Domain, cards: dict[str, Interface], context: WriteContext) -> list[Entry]:
    if domain.os.boot:
        words = _words_of_kinds(domain.os.boot, list(cards), context)
        return [(_ORDER, ",".join(words))] if words else []
    ordered = _ordered(domain.disks, cards)
    if not ordered:
        return []
    devices = {slots.section_of_disk(disk): _WORD_OF_DEVICE.get(disk.device, _HDD) for disk in domain.disks}
    words = list(dict.fromkeys(devices.get(name, name) for name in ordered))
    disks = [name for name in ordered if devices.get(name) == _HDD]
    _report_order(words, ordered, disks, domain.disks, context)
    return [(_ORDER, ",".join(words)), *([(_DISKS, ",".join(disks))] if disks else [])]


def _words_of_kinds(kinds: Sequence[str], cards: Sequence[str], context: WriteContext) -> list[str]:
    """VMware's words for kinds of devices, where each card has one of its own."""
    network = cards[:MAX_CARDS]
    if "network" in kinds and len(network) < max(1, len(cards)):
        why = f"VMware tries at most {MAX_CARDS} cards" if cards else "the domain has no network card"
        context.report.leave_out("os/boot", why, word="dev='network'")
    return [word for kind in kinds for word in (network if kind == "network" else [_WORD_OF[kind]])]


def _ordered(drives: Sequence[Disk], cards: dict[str, Interface]) -> list[str]:
    """The devices that have a place in the boot order, from the first to the last."""
    disks = [(slots.section_of_disk(disk), disk) for disk in drives]
    devices: list[tuple[str, Disk | Interface]] = [*disks, *cards.items()]
    places = {name: device.boot_order for name, device in devices if device.boot_order}
    return sorted(places, key=lambda name: places[name] or 0)


def _report_order(
    words: Sequence[str], ordered: Sequence[str], disks: Sequence[str], drives: Sequence[Disk], context: WriteContext
) -> None:
    """Say where VMware's order, in which drives of a kind follow each other, is another one."""
    real = [name for name in _expanded(words, disks, drives) if name in ordered]
    if real != list(ordered):
        context.report.leave_out(
            "boot", f"VMware tries the drives of a kind one after the other: {', '.join(real)}", word="order"
        )
    if len(disks) > MAX_DISKS:
        context.report.leave_out("boot", f"VMware tries at most {MAX_DISKS} disks", word="order")


def _delay(system: Os, context: WriteContext) -> list[Entry]:
    delay = system.boot_delay_ms
    if not system.boot_menu:
        return []
    if not delay:
        context.report.leave_out("os/bootmenu", "VMware has only a delay before the start; expected timeout='...'")
        return []
    if delay > MAX_DELAY_MS:
        context.report.leave_out("os/bootmenu", f"VMware waits at most {MAX_DELAY_MS} ms", word=f"timeout='{delay}'")
    return [(_DELAY, str(min(delay, MAX_DELAY_MS)))]
