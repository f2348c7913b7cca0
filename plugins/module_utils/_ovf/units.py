# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Allocation units of OVF (DSP0004, appendix C.1): ``byte * 2^20``, and the words of older writers."""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

# The units that every reader of OVF understands in the same way.
_PLAIN = re.compile(r"byte(?: \* 2\^[0-9]{1,2})?")
_PROGRAMMATIC = re.compile(r"bytes?((?:\*(?:(?:2|10)\^[0-9]{1,2}|[0-9]{1,15}))*)")
_TOO_LARGE = 1 << 63
_WORDS = {
    **dict.fromkeys(("kilobyte", "kilobytes", "kb", "kib", "kbyte", "kbytes"), 1 << 10),
    **dict.fromkeys(("megabyte", "megabytes", "mb", "mib", "mbyte", "mbytes"), 1 << 20),
    **dict.fromkeys(("gigabyte", "gigabytes", "gb", "gib", "gbyte", "gbytes"), 1 << 30),
    **dict.fromkeys(("terabyte", "terabytes", "tb", "tib", "tbyte", "tbytes"), 1 << 40),
}


def whole_number(text: str) -> int | None:
    """The number that a text is, None for anything but up to 19 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


def is_plain(units: str) -> bool:
    """Whether allocation units are written as all readers of OVF know them: ``byte * 2^20``."""
    return _PLAIN.fullmatch(units) is not None


def bytes_per_unit(units: str, *, where: str, line: int | None = None) -> int:
    """Return the bytes of one allocation unit.

    :raises ParseError: if it is not a unit of bytes, or too large for one.
    """
    plain = re.sub(r"\s", "", units).lower()
    if plain in _WORDS:
        return _WORDS[plain]
    found = _PROGRAMMATIC.fullmatch(plain)
    if found is None:
        raise ParseError(f"'{units}' is not a unit of bytes; 'byte * 2^20' is.", where=where, line=line)
    unit = 1
    for base, _power, exponent in (factor.partition("^") for factor in found[1].split("*") if factor):
        unit *= int(base) ** int(exponent or 1)
        if unit >= _TOO_LARGE:  # at once, as a long product takes long
            raise ParseError(f"'{units[:60]}' is too large a unit.", where=where, line=line)
    return unit
