# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VMX file for reading: an ordered mapping of case-insensitive keys with typed getters.

The source is text or bytes. Bytes are decoded as the file's own ``.encoding`` says, without it as UTF-8 (L32 to L37);
text with surrogate escapes is such bytes. Errors name the key and its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import to_mac
from ansible_collections.virt.esx.plugins.module_utils._domain.values import to_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import unescape
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._texts import NOT_IN_XML
from ansible_collections.virt.esx.plugins.module_utils._vmx import lexer
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect
from ansible_collections.virt.esx.plugins.module_utils._vmx.encoding import (
    UTF_8,
    decode,
    errors_of,
    is_encoded,
    python_codec,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.values import parse_integer

MAX_SIZE = 512 * 1024  # bytes or characters; real ones have a few thousand

_BOM = "\ufeff"
_WIDE_BOMS = ("\udcff\udcfe", "\udcfe\udcff")  # of UTF-16, as bytes in UTF-8 with surrogate escapes
_BOOLEANS = {"true": True, "false": False}
_BOOLEANS_OF_VMWARE = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
_USUAL_BOOLEANS = {"TRUE": True, "true": True, "FALSE": False, "false": False}  # as nearly all files spell them
_NUMBERS = "0123456789:"  # what a kind of device is followed by in the names of sections
_BLANKS = " \t"  # what VMware passes over around a number or a truth value
_INDENT = 80  # blanks before a key, at most, that the quick search for its line knows
MOST_SEARCHES = 100  # for single keys in the whole text; all keys are found at once in less time than so many take
_SHOWN = 60  # characters of a line in a report
# Keys without whose values a domain cannot be told.
_ESSENTIAL = {"config.version", "virtualhw.version", "memsize"}
# What XML cannot hold.
_UNWRITABLE = re.compile(f"[{NOT_IN_XML}]")


class VmxFile:
    """The keys of one VMX file and their values.

    :param source: the file's bytes, or its text.
    :raises ParseError: where the text is refused (L1 to L16, L33), or cannot be decoded.
    """

    def __init__(self, source: str | bytes, dialect: Dialect) -> None:
        self.escaped = dialect.escapes
        self.tolerant = dialect.tolerant
        self._searches = 0
        self.report: Report | None = None  # of who reads a domain; without one, nothing is replaced or reported
        decoded = _decoded(source, dialect)
        self.codec, self.text, self.raw = decoded.codec, decoded.text, decoded.values
        self.lax = decoded.lax  # read by VMware's grammar, as libvirt's refuses it
        self.others = decoded.others
        # The devices that have keys at all, "scsi0:1" of "scsi0:1.present", the first of the file first (the lexer
        # finds the last key first); and their kinds, "scsi".
        self.sections = dict.fromkeys([key.partition(".")[0] for key in reversed(self.raw)]).keys()
        self.kinds = {section.rstrip(_NUMBERS) for section in self.sections}
        self._has_controls = dialect.xml.exact and _unwritable("".join(self.raw.values())) is not None

    def __contains__(self, key: str) -> bool:
        return key.lower() in self.raw

    def get(self, key: str) -> str | None:
        """The value of the key; None where it is missing, which an empty value is not."""
        value = self.raw.get(key.lower())
        if value is None or not self.escaped:
            return value
        if "|" in value:
            return self.writable(key, unescape(value, "|", lenient=True))
        return self.writable(key, value) if self._has_controls else value

    def writable(self, key: str, value: str) -> str:
        """The value, with U+FFFD for characters that XML cannot hold, which is reported."""
        found = _unwritable(value) if self.report is not None and self.escaped else None
        if found is None:
            return value
        why = f"the value has the character U+{ord(found[0]):04X}, which XML cannot hold; remove it"
        self.leave_out(key, why, essential=True)
        return _UNWRITABLE.sub("\ufffd", value)

    def word(self, key: str) -> str | None:
        """The value of a word in lower case, where case makes no difference."""
        value = self.get(key)
        return None if value is None else value.lower()

    def required(self, key: str) -> str:
        """The value of a key that has to be there (L25)."""
        value = self.get(key)
        if value is None:
            raise ParseError(f"missing essential config entry '{key}'", where=key)
        return value

    def boolean(self, key: str, default: bool = False) -> bool:
        """The value of a truth value (L21)."""
        value = self.raw.get(key.lower())
        if value is None:
            return default
        result = _USUAL_BOOLEANS.get(value)
        if result is None:
            known = _BOOLEANS_OF_VMWARE if self.tolerant else _BOOLEANS
            result = known.get((value.strip(_BLANKS) if self.tolerant else value).lower())
        if result is None:
            self._wrong(key, f"must represent a boolean value (true|false), found '{value}'")
            return default
        return result

    def integer(self, key: str, default: int) -> int:
        """The value of a whole number (L22)."""
        value = self.raw.get(key.lower())
        if value is None:
            return default
        result = parse_integer(value.strip(_BLANKS) if self.tolerant else value)
        if result is None:
            self._wrong(key, f"must represent an integer value, found '{value}'")
            return default
        return result

    def uuid(self, key: str) -> str | None:
        """The value of a UUID in its canonical form (L23)."""
        value = self.get(key)
        if value is None:
            return None
        result = to_uuid(value)
        if result is None:
            self._wrong(key, f"could not parse UUID from string '{value}', expecting 32 hex digits")
        return result

    def mac(self, key: str) -> str | None:
        """The value of a MAC address in lower case (L24)."""
        value = self.get(key)
        if value is None:
            return None
        result = to_mac(value)
        if result is None:
            self._wrong(key, f"expecting '{value}' to be a MAC address, six pairs of hex digits and ':'")
        return result

    def line(self, key: str) -> int | None:
        """The line that the key is on, counted from 1; None where it is missing."""
        wanted = key.lower()
        if wanted not in self.raw:
            return None
        self._searches += 1
        if self._searches > MOST_SEARCHES:
            return self._line_by_key[wanted]
        text = self.text.lower()
        found = -1 if '"""' in text else text.find(wanted)  # a value of several lines can look like statements
        while found >= 0:
            if _is_name(text, found, found + len(wanted)):
                return text.count("\n", 0, found) + 1
            found = text.find(wanted, found + len(wanted))
        return next((line for name, line in self.lines() if name == wanted), None)

    @cached_property
    def _line_by_key(self) -> dict[str, int]:
        """The line of each key, the first of several: made at once where many are asked for."""
        return dict(reversed(list(self.lines())))

    def statements(self) -> Iterator[lexer.Statement]:
        """The statements in their order."""
        return lexer.statements(self.text, lax=self.lax)

    def lines(self) -> Iterator[tuple[str, int]]:
        """Each key in lower case, and the line that it is on, in their order."""
        line, counted = 1, 0
        for statement in self.statements():
            line, counted = line + self.text.count("\n", counted, statement.start), statement.start
            yield statement.name.lower(), line

    def repeated(self) -> Iterator[tuple[str, int]]:
        """The keys that are there once more with another value than the one that is read, each with its line."""
        line, counted = 1, 0
        for statement in self.statements():
            line, counted = line + self.text.count("\n", counted, statement.start), statement.start
            if statement.value != self.raw[statement.name.lower()]:
                yield statement.name, line

    def _wrong(self, key: str, message: str) -> None:
        """Report a value that cannot be understood, so that it is as if it were missing, or refuse it."""
        if not self.tolerant or key.lower() in _ESSENTIAL:
            raise self.error_at(key, message)
        self.leave_out(key, message)

    def leave_out(self, key: str, why: str, *, essential: bool = False) -> None:
        """Report a key whose value has no effect."""
        if self.report is not None and not (self.report.is_silent and not essential):
            self.report.leave_out(key, why, line=self.line(key), essential=essential)

    def leave_out_line(self, line: int, text: str) -> None:
        """Report a line that is no statement, without what could be the value of a secret."""
        if self.report is not None:
            name, equals, _value = text.partition("=")
            why = "the line is not a statement, and VMware ignores it"
            self.report.leave_out("VMX", why, word=repr(name[:_SHOWN] + ("= ..." if equals else "")), line=line)

    def error_at(self, key: str, message: str) -> ParseError:
        """The error that says what is wrong with the value of the key, and where it is."""
        return ParseError(message, where=key, line=self.line(key))


def _unwritable(text: str) -> re.Match[str] | None:
    """The first character of a text that XML cannot hold; most texts are printable, which is quicker to see."""
    return None if text.isprintable() else _UNWRITABLE.search(text)


def _is_name(text: str, start: int, end: int) -> bool:
    """Whether a part of a text is plainly the name of a statement: first on its line, and before a ``=``."""
    first = max(0, start - _INDENT)
    before = text[first:start].rstrip(" \t")
    begins_line = before.endswith(("\n", "\r")) or (not before and first == 0)
    return begins_line and text[end : end + _INDENT].lstrip(" \t").startswith("=")


class _Decoded(NamedTuple):
    """A source: its codec, its text, and the result of the lexer."""

    codec: str
    text: str
    values: dict[str, str]
    lax: bool
    others: Sequence[tuple[int, str]] = ()  # line and text of what is no statement


def _decoded(source: str | bytes, dialect: Dialect) -> _Decoded:
    if len(source) > MAX_SIZE:
        raise ParseError(f"the file has {len(source)} bytes; a VMX is at most {MAX_SIZE} bytes long")
    text, is_decoded = _as_text(source)
    if "\0" in text:
        text = _without_zero_bytes(text, dialect.strict_text)
    body = text[1:] if dialect.strict_text and text.startswith(_BOM) else text
    found = _lexed(UTF_8, body, dialect)
    name = found.values.get(".encoding", "UTF-8")
    codec = python_codec(name, vmware=dialect.codecs_of_vmware)
    if codec is None:
        message = f"there is no encoding '{name}' of a VMX; expected one such as UTF-8, windows-1252 or GBK"
        raise ParseError(message, where=".encoding", line=_line_of_encoding(found))
    is_decoded = is_decoded and not is_encoded(body, codec)
    if is_decoded or (codec == UTF_8 and not dialect.strict_text and name.lower() == UTF_8):
        return found if found.codec == codec else found._replace(codec=codec)  # UTF-8 is not validated (L32)
    errors = errors_of(name, vmware=dialect.codecs_of_vmware)
    body = _transcoded(body.encode("utf-8", "surrogateescape"), codec, errors, name, dialect.strict_text)
    return _lexed(codec, body, dialect)


def _lexed(codec: str, text: str, dialect: Dialect) -> _Decoded:
    """The statements of a text, read by libvirt's grammar, or else by VMware's."""
    try:
        return _Decoded(codec, text, lexer.values(text), lax=False)
    except ParseError:
        values, others = lexer.lax_values(text) if dialect.lax_syntax else ({}, [])
        if not values:
            raise
        return _Decoded(codec, text, values, lax=True, others=others)


def _as_text(source: str | bytes) -> tuple[str, bool]:
    """The text of a source, and whether it needs no decoding: where it does, its bytes are surrogate escapes."""
    if isinstance(source, bytes):
        return source.decode("utf-8", "surrogateescape"), source.isascii()
    text = str(source)
    try:
        text.encode()
    except UnicodeEncodeError:
        pass
    else:
        return text, True
    try:
        text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as err:
        line = text.count("\n", 0, err.start) + 1
        raise ParseError("the text has a surrogate that does not stand for a byte", line=line) from None
    return text, False


def _without_zero_bytes(text: str, strict: bool) -> str:
    """The text up to a zero byte, where libvirt stops reading without a word (L8)."""
    first, end = text[:2], text.find("\0")
    if strict and (text.startswith(_WIDE_BOMS) or ("\0" in first and first.replace("\0", "").isprintable())):
        raise ParseError("the file is in UTF-16 or UTF-32, which VMware cannot read; convert it to UTF-8")
    if strict:
        raise ParseError("the file has a zero byte, so it is damaged", line=text.count("\n", 0, end) + 1)
    return text[:end]


def _transcoded(data: bytes, codec: str, errors: str, name: str, strict: bool) -> str:
    try:
        return decode(data, codec, errors)
    except UnicodeDecodeError as err:
        if not strict:
            return decode(data[: err.start], codec, errors)  # the rest is lost (L35)
        raise ParseError(
            f"byte 0x{data[err.start]:02x} is not valid in the file's encoding, {name}",
            line=data.count(b"\n", 0, err.start) + 1,
            hint="Set '.encoding' to the encoding that the file is in.",
        ) from None


def _line_of_encoding(found: _Decoded) -> int | None:
    statements = lexer.statements(found.text, lax=found.lax)
    start = next((one.start for one in statements if one.name.lower() == ".encoding"), None)
    return None if start is None else found.text.count("\n", 0, start) + 1
