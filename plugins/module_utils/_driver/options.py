# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values as users write them in options: amounts of memory (``1048576``, ``1 GiB``, ``512M``) and UUIDs."""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._domain.values import LONG_MAX, bytes_per, to_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

_AMOUNT = re.compile(r"\s*([0-9]{1,19})\s*([A-Za-z]*)\s*", re.ASCII)


def parse_kib(text: str, option: str) -> int:
    """Return an amount of memory in KiB, rounded up; without a unit it is in KiB, the units are those of domain XML.

    :param option: the name of the option, for the message.
    :raises ParseError: for anything else.
    """
    found = _AMOUNT.fullmatch(text)
    scale = None if found is None else bytes_per(found[2] or "KiB")
    if found is None or scale is None or int(found[1]) * scale > LONG_MAX:
        raise ParseError(
            f"'{text}' is not an amount of memory; '2 GiB', '512 MiB' or a number of KiB is.", where=option
        )
    return -(-int(found[1]) * scale // 1024)


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
