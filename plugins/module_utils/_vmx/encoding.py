# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The encoding of a VMX file: the name in its ``.encoding``, Python's codec for it, and bytes that Python lacks.

ESX writes ``.encoding = "UTF-8"``; hosted products write the code page of their system by the name that ICU has for it
(``windows-1252``, ``windows-949-2000``). libvirt asks iconv and then ICU, which agree with VMware on all but a few
code pages (rule L33).
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

from ansible_collections.virt.esx.plugins.module_utils._vmx.encoding_names import CODECS

UTF_8 = "utf-8"

# Names that mean something else to iconv than to VMware: its Shift_JIS is not Windows' code page 932.
_OF_ICONV = {
    **dict.fromkeys(("shiftjis", "mskanji", "csshiftjis", "sjis"), "shift_jis"),
    **dict.fromkeys(("euckr", "cseuckr"), "euc_kr"),
    "utf7": "utf-7",
}
# The characters of iconv's Shift_JIS that Python's has elsewhere.
_SJIS_OF_ICONV = str.maketrans({"\\": "\u00a5", "~": "\u203e"})
_SJIS_OF_PYTHON = str.maketrans({"\u00a5": "\\", "\u203e": "~"})
_OF_ICU = re.compile(r"ibm-|ansi|ms(949|874)|windows-(949|874-)", re.IGNORECASE)
_WITHOUT_MEANING = re.compile(r"[^a-z0-9]")

# Codecs in which bytes of ASCII are not always the characters of ASCII.
_OTHER_THAN_ASCII = ("iso2022_jp", "iso2022_kr", "hz", "cp864", "shift_jis", "utf-7")

# What Python's codecs lack, by the name that their errors have: all code pages of single bytes are "charmap".
_MISSING = {"gbk": {b"\x80": "\u20ac"}, "charmap": {bytes([code]): chr(code) for code in range(0x80, 0xA0)}}
_LAX = "virt.esx.vmware"


@lru_cache(maxsize=64)
def python_codec(name: str, *, vmware: bool = True) -> str | None:
    """The Python codec for the name in ``.encoding``, None for a name of no encoding that a VMX can be in.

    :param vmware: with VMware's meaning of the name, else with libvirt's.
    """
    plain = _WITHOUT_MEANING.sub("", name.lower())
    return CODECS.get(plain) if vmware else _OF_ICONV.get(plain) or CODECS.get(plain)


def is_encoded(text: str, codec: str) -> bool:
    """Whether a text of ASCII is still in the encoding: its characters are bytes that have another meaning there."""
    return codec in _OTHER_THAN_ASCII and text.isascii()


def errors_of(name: str, *, vmware: bool = True) -> str:
    """The error handler for bytes that Python's codec of that name does not know."""
    codec = python_codec(name, vmware=vmware)
    return _LAX if vmware or codec in _MISSING or _OF_ICU.match(name) else "strict"


def decode(data: bytes, codec: str, errors: str = _LAX) -> str:
    """The text of bytes in a codec that ``python_codec`` gave.

    :raises UnicodeDecodeError: for bytes that the encoding does not have.
    """
    text = data.decode(codec, "strict" if codec == UTF_8 else errors)
    return text.translate(_SJIS_OF_ICONV) if codec == "shift_jis" else text


def encode(text: str, codec: str) -> bytes:
    """The bytes of a text, the inverse of ``decode``; in UTF-8, surrogate escapes are the bytes that they stand for.

    :raises UnicodeEncodeError: for a character that the encoding does not have.
    """
    if codec == UTF_8:
        return text.encode(codec, "surrogateescape")
    return text.translate(_SJIS_OF_PYTHON).encode(codec) if codec == "shift_jis" else text.encode(codec, _LAX)


def _lax(error: UnicodeError) -> tuple[str | bytes, int]:
    """The euro sign where Python's codec lacks it; an unused byte of a code page is a control character, as for ICU."""
    if not isinstance(error, (UnicodeDecodeError, UnicodeEncodeError)):
        raise error
    one = error.object[error.start : error.start + 1]
    for byte, character in _MISSING.get(error.encoding, {}).items():
        if one == byte:
            return character, error.start + 1
        if one == character:
            return byte, error.start + 1
    raise error


codecs.register_error(_LAX, _lax)
