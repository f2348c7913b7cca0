# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Allocation units of OVF (DSP0004, appendix C.1): ``byte * 2^20``, and the words of older writers."""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

_PROGRAMMATIC = re.compile(r"byte(?:s)?(?:\*(?:(2|10)\^([0-9]{1,2})|([0-9]{1,15})))?")
_WORDS = {
    **dict.fromkeys(("kilobytes", "kb", "kib", "kbyte", "kbytes"), 1 << 10),
    **dict.fromkeys(("megabytes", "mb", "mib", "mbyte", "mbytes"), 1 << 20),
    **dict.fromkeys(("gigabytes", "gb", "gib", "gbyte", "gbytes"), 1 << 30),
    **dict.fromkeys(("terabytes", "tb", "tib"), 1 << 40),
}


def bytes_per_unit(units: str, *, where: str, line: int | None = None) -> int:
    """Return the bytes of one allocation unit.

    :raises ParseError: if it is not a unit of bytes.
    """
    plain = re.sub(r"\s", "", units).lower()
    if plain in _WORDS:
        return _WORDS[plain]
    found = _PROGRAMMATIC.fullmatch(plain)
    if found is None:
        raise ParseError(f"'{units}' is not a unit of bytes; 'byte * 2^20' is.", where=where, line=line)
    if found[3]:
        return int(found[3])
    return int(found[1]) ** int(found[2]) if found[1] else 1
