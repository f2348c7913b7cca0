# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encoding of a VMX file: the name in its ``.encoding``, and Python's codec for it.

ESX writes ``.encoding = "UTF-8"``; hosted products write the code page of their system (``windows-1252``). The names
that count are those of iconv and libxml2, which libvirt asks (L33), not all that Python happens to know.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

UTF_8 = "utf-8"

# (name in .encoding, Python's codec); a name matches as a whole, in any case.
_FAMILIES = tuple(
    (re.compile(pattern, re.IGNORECASE | re.ASCII), codec)
    for pattern, codec in (
        (r"utf-?8", UTF_8),
        (r"utf-?(16|32)([bl]e)?", r"utf-\1\2"),
        (r"utf-?7", "utf-7"),
        (r"(?:us-)?ascii|ansi_x3\.4-1968|cp367|ibm367", "ascii"),
        (r"iso[-_]?8859-?([1-9]|1[0-6])", r"iso8859-\1"),
        (r"latin([1-9]|10)|l([1-8])", r"latin\1\2"),
        (r"(?:windows-|cp|ms)936|gbk", "gbk"),
        (r"(?:windows-|cp)(125[0-8]|874|932|949|950)", r"cp\1"),
        (r"(?:cp|ibm)?(437|775|85[02578]|86[0-689])", r"cp\1"),
        (r"cp(737|866|1125)", r"cp\1"),
        (r"koi8-([rtu])", r"koi8-\1"),
        (r"gb2312|euc-?cn", "gb2312"),
        (r"gb18030", "gb18030"),
        (r"big-?5", "big5"),
        (r"big5-?hkscs", "big5hkscs"),
        (r"shift[-_]jis|sjis|ms_kanji", "shift_jis"),
        (r"euc-?(jp|kr)", r"euc_\1"),
        (r"johab", "johab"),
        (r"tis-?620", "tis-620"),
        (r"mac(?:intosh)?", "mac_roman"),
    )
)


@lru_cache(maxsize=64)
def python_codec(name: str) -> str | None:
    """The Python codec for the name in ``.encoding``; None for a name that libvirt would not know either."""
    for pattern, codec in _FAMILIES:
        found = pattern.fullmatch(name)
        if found:
            return codecs.lookup(found.expand(codec)).name
    return None
