# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a VMX file in place: what is not changed stays as it is, byte for byte.

The text is cut into pieces, one for each statement and one for what lies between two. A piece is only ever replaced,
dropped or added, so that comments, odd spacing, line ends, the order and the encoding stay.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar, Union

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx import lexer
from ansible_collections.virt.esx.plugins.module_utils._vmx.encoding import UTF_8

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


class VmxEdit:
    """A VMX file that is being changed.

    :param source: the file's text, or its bytes.
    :param codec: Python's name of the encoding that the file is in, which new values are written in.
    :param keys: the keys in their order, as the decoded text has them.
    """

    def __init__(self, source: str, codec: str | None, keys: Iterable[str]) -> None:
        self._codec = codec
        self._pieces = list(_pieces(source))
        if [piece.key for piece in self._pieces if piece.key] != [key.lower() for key in keys]:
            raise ParseError(f"a file in the encoding {codec} cannot be changed in place")
        found = _LINE_END.search(source)
        self._line_end = found[0] if found else "\n"

    def set(self, key: str, value: str) -> None:
        """Give the key that value (escaped already), where it is, or else near its kin."""
        written = self._encoded(key, value)
        for piece in self._pieces:
            if piece.key == key.lower():
                start, end = piece.value
                piece.text = f'{piece.text[:start]}"{written}"{piece.text[end:]}'
                piece.value = (start, start + len(written) + 2)
                return
        self._add(key, written)

    def remove(self, unwanted: Callable[[str], bool]) -> None:
        """Drop the statements whose keys, in lower case, are unwanted, all of a key that occurs twice."""
        self._pieces = [piece for piece in self._pieces if piece.key is None or not unwanted(piece.key)]

    def text(self) -> str:
        """The text as it is now."""
        return "".join(piece.text for piece in self._pieces)

    def _encoded(self, key: str, value: str) -> str:
        """The value as it stands in the file; what its encoding lacks is written as escaped bytes of UTF-8."""
        if '"' in value or _LINE_END.search(value):
            raise ParseError(f"the value {value!r} would break out of its line", where=key)
        if self._codec is None:
            return value
        return "".join([_in_codec(character, self._codec) for character in value])

    def _add(self, key: str, written: str) -> None:
        """Put a new statement behind the last of its kin, or at the end."""
        place = self._behind_kin(key.lower())
        before = self._pieces[place - 1] if place else None
        text = f'{key} = "{written}"'
        start = len(key) + 3
        piece = _Piece(text + self._line_end, key.lower(), (start, start + len(written) + 2))
        if before is not None and not _LINE_END.search(before.text[-1:]):
            before.text += self._line_end
            if place == len(self._pieces) and not before.text.rstrip("\r\n").endswith(";"):
                piece.text = text  # the file has no line end at its end, and keeps none
        self._pieces.insert(place, piece)

    def _behind_kin(self, key: str) -> int:
        section = key.partition(".")[0]
        family = _FAMILY.match(key)
        for prefix in (f"{section}.", section.partition(":")[0], family[0] if family else ""):
            places = [
                place
                for place, piece in enumerate(self._pieces)
                if prefix and piece.key and piece.key.startswith(prefix)
            ]
            if places:
                return places[-1] + 1
        return len(self._pieces)


def _pieces(source: str) -> Iterable[_Piece]:
    begin = next((len(bom) for bom in (_BOM, _UTF_8_BOM) if source.startswith(bom)), 0)
    behind = source.find("\0")
    text = source[begin:behind] if behind >= 0 else source[begin:]
    if begin:
        yield _Piece(source[:begin])
    position = 0
    for found in lexer.statements(text):
        if found.start > position:
            yield _Piece(text[position : found.start])
        value = (found.value_start - found.start, found.value_end - found.start)
        yield _Piece(text[found.start : found.end], found.name.lower(), value)
        position = found.end
    rest = text[position:] + (source[behind:] if behind >= 0 else "")
    if rest:
        yield _Piece(rest)


def _in_codec(character: str, codec: str) -> str:
    try:
        data = character.encode(codec, "surrogateescape" if codec == UTF_8 else "strict")
    except UnicodeEncodeError:
        return "".join([f"|{byte:02x}" for byte in character.encode("utf-8", "surrogateescape")])
    return data.decode("latin-1")


def edited(source: Source, codec: str, keys: Iterable[str], change: Callable[[VmxEdit], None]) -> Source:
    """The source, changed: bytes for bytes, text for text (with surrogate escapes where it had them)."""
    if isinstance(source, bytes):
        edit = VmxEdit(source.decode("latin-1"), codec, keys)
        change(edit)
        return edit.text().encode("latin-1")
    try:
        source.encode()
    except UnicodeEncodeError:
        data = edited(source.encode("utf-8", "surrogateescape"), codec, keys, change)
        return data.decode("utf-8", "surrogateescape")
    edit = VmxEdit(str(source), None, keys)
    change(edit)
    return edit.text()
