# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as users write them in options: amounts of memory (``1048576``, ``1 GiB``, ``512M``) and UUIDs."""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._domain.values import LONG_MAX, bytes_per, to_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

_AMOUNT = re.compile(r"\s*([0-9]{1,19})(?:\.([0-9]{1,9}))?\s*([A-Za-z]*)\s*", re.ASCII)

# A number without a unit below this one, in KiB, was meant as MiB: no guest of today runs with so little.
_SMALLEST_BARE = 128 * 1024


def parse_kib(text: str, option: str) -> int:
    """Return an amount of memory in KiB, rounded up; without a unit it is in KiB, the units are those of domain XML.

    A number without a unit that is too small for any guest is refused: it was meant in another unit.

    :param option: the name of the option, for the message.
    :raises ParseError: for anything else.
    """
    found = _AMOUNT.fullmatch(text)
    scale = None if found is None else bytes_per(found[3] or "KiB")
    size = 0 if found is None or scale is None else _scaled(found[1], found[2] or "", scale)
    if found is None or scale is None or size > LONG_MAX or (found[2] and not found[3]):
        raise ParseError(
            f"'{text}' is not an amount of memory; '2 GiB', '1.5 GiB', '512 MiB' or a number of KiB is.", where=option
        )
    kib = -(-size // 1024)
    if not found[3] and 0 < kib < _SMALLEST_BARE:
        raise ParseError(
            f"'{text}' is {text.strip()} KiB, too little for a guest; did you mean '{text.strip()} MiB'?",
            where=option,
            hint="Write the unit: KiB, MiB and GiB are powers of 1024; KB, MB and GB are powers of 1000.",
        )
    return kib


def _scaled(whole: str, decimals: str, scale: int) -> int:
    """A decimal number of units in bytes, rounded up."""
    return -(-int(whole + decimals) * scale // int("1" + "0" * len(decimals)))


def parse_uuid(text: str) -> str:
    """Return a UUID in its canonical form, whatever spelling it has.

    :raises ParseError: for what is none.
    """
    uuid = to_uuid(text)
    if uuid is None:
        raise ParseError(f"'{text}' is not a UUID, expecting 32 hex digits.", where="uuid")
    return uuid


_SIZE = re.compile(r"\s*([0-9]{1,19})\s*([A-Za-z]*)\s*", re.ASCII)


def parse_bytes(text: str, option: str) -> int:
    """Return a size of storage in bytes; without a unit it is in bytes, the units are those of volume XML.

    :param option: the name of the option, for the message.
    :raises ParseError: for anything else, and for 0.
    """
    found = _SIZE.fullmatch(text)
    scale = None if found is None else bytes_per(found[2] or "bytes")
    if found is None or scale is None or not 0 < int(found[1]) * scale <= LONG_MAX:
        raise ParseError(f"'{text}' is not a size; '20 GiB', '512 MiB' or a number of bytes is.", where=option)
    return int(found[1]) * scale
