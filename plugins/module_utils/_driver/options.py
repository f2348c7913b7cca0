# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as users write them in options: sizes (``1048576``, ``1 GiB``, ``1.5 GiB``, ``512M``), UUIDs and paths."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from ansible_collections.virt.esx.plugins.module_utils._domain.values import LONG_MAX, bytes_per, to_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import check_vmx_path

_Given = TypeVar("_Given")
_Read = TypeVar("_Read")

_AMOUNT = re.compile(r"\s*([0-9]{1,19})(?:\.([0-9]{1,9}))?\s*([A-Za-z]*)\s*", re.ASCII)

# A smaller number without a unit was meant in another unit: no present guest runs with so little memory, and no disk
# is so small.
_SMALLEST_BARE_KIB = 128 * 1024
_SMALLEST_BARE_BYTES = 1024 * 1024
_UNITS = "Write the unit: KiB, MiB and GiB are powers of 1024; KB, MB and GB are powers of 1000."


def parse_kib(text: str, option: str) -> int:
    """Return an amount of memory in KiB, rounded up. The units are those of domain XML, the default is KiB.

    A number without a unit that is too small for any guest is refused, as another unit was meant.

    :param option: the name of the option, for the message.
    :raises ParseError: for anything else.
    """
    size, unit = _parse_size(
        text, option, "KiB", "an amount of memory; '2 GiB', '1.5 GiB', '512 MiB' or a number of KiB"
    )
    kib = -(-size // 1024)
    if not unit and 0 < kib < _SMALLEST_BARE_KIB:
        number = text.strip()
        message = f"'{text}' is {number} KiB, too little for a guest; did you mean '{number} MiB'?"
        raise ParseError(message, where=option, hint=_UNITS)
    return kib


def parse_bytes(text: str, option: str) -> int:
    """Return a size of storage in bytes, rounded up. The units are those of volume XML, the default is bytes.

    A number without a unit that is too small for any disk is refused, as another unit was meant.

    :param option: the name of the option, for the message.
    :raises ParseError: for anything else, and for 0.
    """
    expected = "a size; '20 GiB', '1.5 TiB', '512 MiB' or a number of bytes"
    size, unit = _parse_size(text, option, "bytes", expected)
    if not size:
        raise ParseError(f"'{text}' is not {expected} is.", where=option)
    if not unit and size < _SMALLEST_BARE_BYTES:
        number = text.strip()
        meant = f"{number} {'GiB' if size < 1024 else 'MiB'}"
        message = f"'{text}' is {number} bytes, too little for a disk; did you mean '{meant}'?"
        raise ParseError(message, where=option, hint=_UNITS)
    return size


def _parse_size(text: str, option: str, default: str, expected: str) -> tuple[int, str]:
    """Return a size in bytes, rounded up, and its unit, empty where none is given.

    :param default: the unit of a number without one, which has no decimals.
    :param expected: what would be right, for the message.
    :raises ParseError: if it is not a size, or too large.
    """
    found = _AMOUNT.fullmatch(text)
    scale = None if found is None else bytes_per(found[3] or default)
    if found is None or scale is None or (found[2] and not found[3]):
        raise _not_a_size(text, option, expected)
    size = _scaled(found[1], found[2] or "", scale)
    if size > LONG_MAX:
        raise ParseError(f"'{text}' is too large, more than 8 EiB.", where=option)
    return size, found[3]


def _not_a_size(text: str, option: str, expected: str) -> ParseError:
    point = text.replace(",", ".").strip()
    hint = f"Did you mean '{point}'?" if "," in text and _AMOUNT.fullmatch(point) else None
    return ParseError(f"'{text}' is not {expected} is.", where=option, hint=hint)


def size_text(size: int) -> str:
    """Return a size in bytes as ``parse_bytes`` reads it, in the largest unit in which it is a whole number."""
    units = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
    return next((f"{size // scale} {unit}" for scale, unit in units if size and not size % scale), f"{size} bytes")


def _scaled(whole: str, decimals: str, scale: int) -> int:
    """A decimal number of units in bytes, rounded up."""
    return -(-int(whole + decimals) * scale // int("1" + "0" * len(decimals)))


def parse_uuid(text: str, option: str = "uuid") -> str:
    """Return a UUID in its canonical form, from any spelling.

    :param option: the name of the option, for the message.
    :raises ParseError: if it is not a UUID.
    """
    uuid = to_uuid(text)
    if uuid is None:
        raise ParseError(f"'{text}' is not a UUID, expecting 32 hex digits.", where=option)
    return uuid


def parse_vmx_path(text: str) -> str:
    """Return the datastore path of a VMX in its usual spelling.

    :raises ParseError: if it is not one.
    """
    return str(check_vmx_path(text))


def if_given(value: _Given | None, read: Callable[[_Given], _Read]) -> _Read | None:
    """Return what a function reads from the value of an option, None if the option is not given."""
    return None if value is None else read(value)
