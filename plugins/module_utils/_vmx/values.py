# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text between the quotes of a VMX value: escapes, whole numbers, VMware's spelling of UUIDs.

VMware writes a character that would end or confuse a value as ``|`` and two hex digits of its byte (``|22`` is a
quote, ``|0A`` a new line), and in ``displayName`` additionally ``%`` and two hex digits (``%2f`` is a slash). Bytes
from 0x80 on are bytes of UTF-8, and a zero byte ends the value (L27 to L31).
"""

from __future__ import annotations

import re

_QUOTING = str.maketrans({"|": "|7c", '"': "|22"})
_QUOTING_ALL = {**_QUOTING, **{code: f"|{code:02x}" for code in (*range(0x20), 0x7F)}}

_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?)0*([0-9]{1,19})\Z", re.ASCII)


def escape(value: str, *, controls: bool) -> str:
    """Encode quotes and ``|``, and with ``controls`` also line ends and other control characters (L30, G1)."""
    return value.translate(_QUOTING_ALL if controls else _QUOTING)


def is_plain(text: str) -> bool:
    """Whether nothing in a text has to be encoded; where it is not plain, maybe nothing has to be either."""
    return text.isprintable() and '"' not in text and "|" not in text


def parse_integer(text: str) -> int | None:
    """Read a whole number of 64 bits (L22); ``unlimited`` is -1, None stands for anything else."""
    if text.isdigit() and text.isascii() and len(text) < 19:
        return int(text)
    found = _INTEGER.match(text)
    if not found:
        return -1 if text.lower() == "unlimited" else None
    number = int(found[1] + found[2])
    return number if -(1 << 63) <= number < 1 << 63 else None


def format_uuid(uuid: str) -> str:
    """Write a UUID as VMware does: ``56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3`` (F20)."""
    digits = uuid.replace("-", "")
    pairs = [digits[i : i + 2] for i in range(0, 32, 2)]
    return " ".join(pairs[:8]) + "-" + " ".join(pairs[8:])
