# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a VMX file in place: what is not changed stays as it is, byte for byte.

The text is cut into pieces, one for each statement and one for what lies between two. A piece is only ever replaced,
dropped or added, so that comments, odd spacing, line ends, the order and the encoding stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, Union

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx import lexer
from ansible_collections.virt.esx.plugins.module_utils._vmx.encoding import encode, is_encoded
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile

Source = TypeVar("Source", str, bytes, Union[str, bytes])  # a VMX, which is given back as what it came

_LINE_END = re.compile(r"\r\n|[\r\n]")
_UTF_8_BOM = b"\xef\xbb\xbf".decode("latin-1")
_BOM = "\ufeff"
_FAMILY = re.compile(r"[a-z]*")


@dataclass
class _Piece:
    text: str
    key: str | None = None  # in lower case; None for what is no statement
    value: tuple[int, int] = (0, 0)  # where the value is, quotes included
    added: str = ""  # new lines behind it


class VmxEdit:
    """A VMX file that is being changed: first what is unwanted is removed, then keys are set.

    :param source: the file's text, or its bytes as characters of latin-1.
    :param vmx: the same file, read.
    :param is_text: whether the source is text, so that new values need no encoding.
    """

    def __init__(self, source: str, vmx: VmxFile, *, is_text: bool) -> None:
        self._codec = None if is_text else vmx.codec
        self._pieces = list(_pieces(source, lax=vmx.lax))
        if source != vmx.text and not _same_keys([piece.key for piece in self._pieces if piece.key], vmx):
            raise ParseError(f"a file in the encoding {vmx.codec} cannot be changed in place")
        found = _LINE_END.search(source)
        self._line_end = found[0] if found else "\n"
        self._index()

    def _index(self) -> None:
        self._first = {piece.key: piece for piece in reversed(self._pieces) if piece.key is not None}
        self._last_of_kin: dict[str, _Piece] = {}  # filled when a key is added

    def remove(self, unwanted: Callable[[str], bool]) -> None:
        """Drop the statements whose keys, in lower case, are unwanted, all of a key that occurs twice."""
        self._pieces = [piece for piece in self._pieces if piece.key is None or not unwanted(piece.key)]
        self._index()

    def set(self, key: str, value: str) -> None:
        """Give the key that value (escaped already), where it is, or else in a new line behind its kin."""
        written = self._encoded(key, value)
        piece = self._first.get(key.lower())
        if piece is None:
            self._add(key, f'{key} = "{written}"')
            return
        start, end = piece.value
        piece.text = f'{piece.text[:start]}"{written}"{piece.text[end:]}'

    def text(self) -> str:
        """The text as it is now."""
        return "".join([piece.text + piece.added for piece in self._pieces])

    def _add(self, key: str, line: str) -> None:
        if not self._last_of_kin:
            self._last_of_kin = _last_of_kin([piece for piece in self._pieces if piece.key is not None])
        kin = _kin(key.lower())
        behind = next(self._last_of_kin[word] for word in (*kin, "") if word in self._last_of_kin)
        ends_line = behind.text.endswith(("\r", "\n"))
        if not ends_line and behind is self._pieces[-1]:
            line = self._line_end + line  # the file has no line end at its end, and gets none
        else:
            line = ("" if ends_line or behind.added else self._line_end) + line + self._line_end
        behind.added += line
        self._last_of_kin.setdefault(kin[0], behind)

    def _encoded(self, key: str, value: str) -> str:
        """The value as it stands in the file; what its encoding lacks is written as escaped bytes of UTF-8."""
        if '"' in value or _LINE_END.search(value):
            raise ParseError(f"the value {value!r} would break out of its line", where=key)
        if self._codec is None:
            return value
        try:
            return encode(value, self._codec).decode("latin-1")
        except UnicodeEncodeError:
            return "".join([_in_codec_or_escaped(character, self._codec) for character in value])


def _last_of_kin(statements: Sequence[_Piece]) -> dict[str, _Piece]:
    """The last statement of each kin, and the last of all."""
    found = {kin: piece for piece in statements for kin in _kin(piece.key or "")}
    found[""] = statements[-1]
    return found


def _kin(key: str) -> tuple[str, str, str]:
    """The groups in which keys are kin, the closest first: the device, its controller, the kind of device."""
    section = key.partition(".")[0]
    family = _FAMILY.match(key)
    return section + ".", section.partition(":")[0], family[0] if family else ""


def _same_keys(found: Sequence[str], vmx: VmxFile) -> bool:
    """Whether the bytes have the statements that the decoded text has; keys that are not ASCII look different."""
    keys = [statement.name.lower() for statement in vmx.statements()]
    return len(found) == len(keys) and all(one == key or not key.isascii() for one, key in zip(found, keys))


def _pieces(source: str, *, lax: bool) -> Iterable[_Piece]:
    begin = next((len(bom) for bom in (_BOM, _UTF_8_BOM) if source.startswith(bom)), 0)
    text, zero, behind = source[begin:].partition("\0")
    if begin:
        yield _Piece(source[:begin])
    position = 0
    for found in lexer.statements(text, lax=lax):
        if found.start > position:
            yield _Piece(text[position : found.start])
        value = (found.value_start - found.start, found.value_end - found.start)
        yield _Piece(text[found.start : found.end], found.name.lower(), value)
        position = found.end
    rest = text[position:] + zero + behind
    if rest:
        yield _Piece(rest)


def _in_codec_or_escaped(character: str, codec: str) -> str:
    try:
        return encode(character, codec).decode("latin-1")
    except UnicodeEncodeError:
        return "".join([f"|{byte:02x}" for byte in character.encode("utf-8", "surrogateescape")])


def _has_bytes(text: str) -> bool:
    """Whether a text has surrogate escapes, which stand for bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def edited(source: Source, vmx: VmxFile, change: Callable[[VmxEdit], None]) -> Source:
    """The source, changed: bytes for bytes, text for text (with surrogate escapes where it had them).

    :param vmx: the source as it was read.
    """
    if isinstance(source, bytes):
        edit = VmxEdit(source.decode("latin-1"), vmx, is_text=False)
        change(edit)
        return edit.text().encode("latin-1")
    if _has_bytes(source) or is_encoded(source, vmx.codec):
        data = edited(source.encode("utf-8", "surrogateescape"), vmx, change)
        return data.decode("utf-8", "surrogateescape")
    edit = VmxEdit(str(source), vmx, is_text=True)
    change(edit)
    return edit.text()
