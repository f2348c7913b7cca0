# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values in domain XML: numbers, sizes, UUIDs, sets of CPUs and words, read as libvirt reads them; text, escaped.

Every reader raises :class:`ParseError` with the element, its line, what it found and what would be right.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._xml import Element

INT_MAX = 2**31 - 1
UINT_MAX = 2**32 - 1
LONG_MAX = 2**63 - 1
ULONG_MAX = 2**64 - 1

YES_NO = ("yes", "no")
ON_OFF = ("on", "off")
KVM_TYPES = ("kvm", "qemu", "hvf", "xen")  # of the domains that kvm_to_esx converts

_NUMBER = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+")
_UUID = re.compile(r"[ \t\n\v\f\r]*(?:[- ]*[0-9a-fA-F]{2}){16}[ \t\n\v\f\r]*")
_UNIT = re.compile(r"(?:b|byte|bytes|([kmgtpe])(i?b)?)", re.IGNORECASE)
_POWERS = {letter: power for power, letter in enumerate("kmgtpe", 1)}
_CPU_RANGE = re.compile(r"(?!\^.*-)\^?([0-9]{1,9})(?:-([0-9]{1,9}))?")  # 3, 0-3, ^3, but not ^0-3
CPUS = 16384  # the most that libvirt's sets of processors hold


def round_up(number: int, step: int) -> int:
    """The least multiple of a step that a number fits in."""
    return -(-number // step) * step


def error_at(element: Element, message: str) -> ParseError:
    """The error to raise for an element that is not acceptable."""
    return ParseError(message, where=f"<{element.tag}>", line=element.sourceline)


def one_of(words: Iterable[str]) -> str:
    """Words that would be right, as a phrase."""
    return "expected one of " + ", ".join(f"'{word}'" for word in words if word)


def text_of(element: Element | None) -> str | None:
    """The text within an element, None if there is no text or no element, as XPath's string() has it."""
    if element is None:
        return None
    return ("".join(element.itertext()) if len(element) else element.text) or None


def attr_of(element: Element | None, attribute: str) -> str | None:
    """An attribute, None where it or the element is not given."""
    return None if element is None else element.get(attribute)


def choice_attr(element: Element | None, attribute: str, words: Collection[str]) -> str | None:
    """An attribute that is one of a set of words, None where it or the element is not given."""
    if element is None:
        return None
    value = element.get(attribute)
    if value is not None and value not in words:
        raise error_at(element, f"{attribute}='{value}' is not known; {one_of(words)}")
    return value


def required_attr(element: Element, attribute: str) -> str:
    """An attribute that has to be there."""
    value = element.get(attribute)
    if value is None:
        raise error_at(element, f"The attribute '{attribute}' is missing")
    return value


def to_int(text: str, low: int, high: int) -> int | None:
    """A decimal number as C reads it, None if the text is not a number or out of range."""
    plain = text.isdigit() and text.isascii()
    if len(text) > 64 or not (plain or _NUMBER.fullmatch(text)):
        return None
    number = int(text)
    return number if low <= number <= high else None


def truth_attr(element: Element | None, attribute: str) -> bool | None:
    """An attribute that is yes or no, None where it or the element is not given."""
    word = choice_attr(element, attribute, YES_NO)
    return None if word is None else word == "yes"


def int_attr(element: Element | None, attribute: str, low: int, high: int) -> int | None:
    """An attribute that is a decimal number within a range, None where it or the element is not given."""
    value = attr_of(element, attribute)
    if element is None or value is None:
        return None
    result = to_int(value, low, high)
    if result is None:
        raise error_at(element, f"{attribute}='{value}' is not a number from {low} to {high}")
    return result


def text_number(element: Element | None, high: int) -> int | None:
    """The number an element holds as its text, None where it is absent or empty."""
    text = text_of(element)
    if element is None or text is None:
        return None
    result = to_int(text, 0, high)
    if result is None:
        raise error_at(element, f"'{text}' is not a number from 0 to {high}")
    return result


def size_kib(element: Element | None) -> int | None:
    """A memory size in KiB, rounded up (F5); None where the element is absent or empty.

    ``<memory unit='MiB'>2047</memory>``
    """
    size = size_bytes(element, "KiB")
    return None if size is None else round_up(size, 1024) // 1024


def size_bytes(element: Element | None, default: str) -> int | None:
    """A size in bytes (F5); None where the element is absent or empty.

    :param default: the unit of an element that has none.
    """
    number = text_number(element, ULONG_MAX)
    if element is None or number is None:
        return None
    unit = element.get("unit") or default
    scale = bytes_per(unit)
    if scale is None:
        raise error_at(element, f"unit='{unit}' is not known; expected bytes, or a letter of KMGTPE with iB or B")
    if number * scale > LONG_MAX:
        raise error_at(element, f"{number} {unit} is too large")
    return number * scale


@lru_cache(maxsize=64)
def bytes_per(unit: str) -> int | None:
    """The bytes of a unit of memory (F5), None for an unknown unit: ``KiB`` or ``k`` 1024, ``KB`` 1000."""
    match = _UNIT.fullmatch(unit)
    if match is None:
        return None
    letter, suffix = match.groups()
    return 1 if letter is None else (1000 if suffix in ("b", "B") else 1024) ** int(_POWERS[letter.lower()])


def to_uuid(text: str) -> str | None:
    """A UUID in its canonical form, lower case 8-4-4-4-12 (L23), None if the text is not a UUID."""
    if not _UUID.fullmatch(text):
        return None
    digits = "".join(text.lower().replace("-", " ").split())
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def uuid_of(element: Element | None) -> str | None:
    """The UUID in an element, None if it is absent or empty."""
    text = text_of(element)
    if element is None or text is None:
        return None
    uuid = to_uuid(text)
    if uuid is None:
        raise error_at(element, f"'{text}' is not a UUID; expected 32 hexadecimal digits")
    return uuid


def to_cpus(text: str) -> tuple[int, ...] | None:
    """A set of CPUs, sorted, None if the text is not one like ``0-3,^2,7`` (F7)."""
    cpus = 0  # a bit for each: a long list of large ranges takes no time
    pieces = re.sub(r"\s*([-,])\s*", r"\1", text.strip()).split(",")
    if len(pieces) > 1 and not pieces[-1]:
        del pieces[-1]  # libvirt lets the list end in a comma
    for piece in pieces:
        named = _cpu_bits(piece)
        if not named:
            return None
        cpus = cpus & ~named if piece.startswith("^") else cpus | named
    return tuple([cpu for cpu in range(cpus.bit_length()) if cpus >> cpu & 1]) or None


def _cpu_bits(piece: str) -> int:
    """The bits of the CPUs that one piece of a set names, be it to leave them out; 0 where it is not understood."""
    match = _CPU_RANGE.fullmatch(piece)
    if match is None:
        return 0
    first = int(match[1])
    last = int(match[2] or first)
    return (1 << last + 1) - (1 << first) if first <= last < CPUS else 0


def cpu_ranges(cpus: Iterable[int]) -> str:
    """Sorted CPUs as libvirt prints them: ``0-2,5`` (P13)."""
    ranges: list[list[int]] = []
    for cpu in cpus:
        if ranges and cpu == ranges[-1][1] + 1:
            ranges[-1][1] = cpu
        else:
            ranges.append([cpu, cpu])
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in ranges)
