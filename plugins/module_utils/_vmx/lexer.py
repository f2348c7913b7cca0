# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a VMX file as statements: ``name = "value"``, by libvirt's grammar or by VMware's.

libvirt's, for all dialects:

Statements end with a line end (``\\n``, ``\\r`` or both) or with ``;``. A comment begins with ``#``, first on a line or
after a value. A value stands between double quotes, single quotes, or three double quotes, and only the last may
span lines; there are no backslash escapes. Names begin with a letter or a dot. Any of it that is wrong refuses the
whole text, also in statements that nobody reads (L1 to L16).

VMware's own reader of dictionaries is laxer, and so is the dialect ``esx`` where a text is not by libvirt's grammar: a
name is anything without blank, ``=`` and ``#``; a value without quotes ends at a blank or ``#``, and may be missing,
which is the empty text; any other line is passed over. Each statement is on one line then.

One regular expression describes a statement. It cannot fail: what is no statement is taken whole by its last branch,
so that one pass over a text both splits and checks it, in time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

_NAME = r"[A-Za-z.][A-Za-z0-9_:.*-]*"
# Three quotes count as such where at least seven bytes are left, so not in `""""""` at the very end (L5).
_VALUE = (
    r'(?:"""(?!"""\Z)([^"]*(?:"{1,2}(?!")[^"]*)*)"""'
    r'|"([^"\r\n]*)"'
    r"|'([^'\r\n]*)')"
)
_COMMENT = r"#[^\r\n]*"
_COMMENT_LINE = rf"{_COMMENT}(?:[\r\n][ \t\r\n]*|\Z)"
# name, value in """, value in ", value in ', what is no statement; a mere comment has none of them
_STATEMENT = re.compile(
    rf"[ \t\r\n]*(?:(?:({_NAME})[ \t]*=[ \t]*{_VALUE}[ \t]*(?:[\r\n;][ \t\r\n]*|\Z|{_COMMENT_LINE}))"
    rf"|{_COMMENT_LINE}"
    r"|([\s\S]+))"
)
# The same on one line, for VMware: name, value in """, value in ", value in ', value without; what is no statement
_LAX_STATEMENT = re.compile(
    rf"[ \t\r\n;]*(?:{_COMMENT}"
    r"|([^ \t\r\n=#]+)[ \t]*=[ \t]*"
    r"(?:\"\"\"([^\r\n]*?)\"\"\"|\"([^\"\r\n]*)\"|'([^'\r\n]*)'|([^\" \t\r\n#][^ \t\r\n#]*|))"
    rf"[ \t]*(?:(?=[\r\n;]|\Z)|{_COMMENT})"
    r"|([^\r\n]+)"
    r"|\Z)"
)
# A line as VMware and libvirt write it, which nearly all lines are: the same in a plainer form, which is found sooner.
# Comments and empty lines have neither name nor value.
_USUAL_LINE = re.compile(rf'^(?:({_NAME}) = "([^"\n]*)"|#.*|)\n', re.MULTILINE)
_NAME_ALONE = re.compile(rf"[ \t\r\n]*({_NAME})?[ \t]*")
_BLANKS_AND_VALUE = re.compile(rf"[ \t]*(?:{_VALUE}[ \t]*)?")
_BLANKS = re.compile(r"[ \t]*")


class Statement(NamedTuple):
    """One statement, by its place in the text."""

    name: str
    value: str
    start: int  # of the name
    value_start: int  # of the opening quotes
    value_end: int  # behind the closing quotes
    end: int  # behind the line end or ``;``


def values(text: str) -> dict[str, str]:
    """The value of each key, in lower case; the first of several wins (L17).

    :raises ParseError: with the line, for a text that is not made of statements alone.
    """
    usual = _usual_values(text)
    if usual is not None:
        return usual
    found = _STATEMENT.findall(text)
    if found and found[-1][4]:
        raise _syntax_error(text, len(text) - len(found[-1][4]))
    found.reverse()
    result = {name.lower(): plain or triple or single for name, triple, plain, single, _wrong_text in found}
    result.pop("", None)  # comments
    return result


def _usual_values(text: str) -> dict[str, str] | None:
    """The same of a text of usual lines alone, None for another."""
    if "\r" in text or not text.endswith("\n"):
        return None
    found = _USUAL_LINE.findall(text)
    if len(found) != text.count("\n"):
        return None
    found.reverse()
    result = {name.lower(): value for name, value in found}
    result.pop("", None)  # comments
    return result


def lax_values(text: str) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """The same of a text as VMware reads it, and the line and text of what is no statement, which it passes over."""
    result: dict[str, str] = {}
    others: list[tuple[int, str]] = []
    line, counted = 1, 0
    for found in _LAX_STATEMENT.finditer(text):
        if found[1] is not None:
            result.setdefault(found[1].lower(), found[found.lastindex or 0])
        elif found[6] is not None:
            start = found.start(6)
            line, counted = line + text.count("\n", counted, start), start
            others.append((line, found[6].rstrip()))
    return result, others


def statements(text: str, *, lax: bool = False) -> Iterator[Statement]:
    """The statements of a text that ``values``, or ``lax_values``, has read, in order, with their places."""
    for found in (_LAX_STATEMENT if lax else _STATEMENT).finditer(text):
        if found[1] is None:
            continue
        group = found.lastindex or 0
        width = _QUOTES[group]
        value_end = found.end(group) + width
        yield Statement(
            found[1], found[group], found.start(1), found.start(group) - width, value_end, _end(text, value_end)
        )


_QUOTES = {2: 3, 3: 1, 4: 1, 5: 0}  # kind of value -> the quotes on each side


def _end(text: str, position: int) -> int:
    """Where the statement whose value ends at the position is over, its comment and line end or ``;`` included."""
    if text.startswith("\n", position):
        return position + 1  # as nearly always
    found = _TAIL.match(text, position)
    return found.end() if found else position


_TAIL = re.compile(rf"[ \t]*(?:{_COMMENT})?(?:\r\n|[\r\n;])?")


def _syntax_error(text: str, start: int) -> ParseError:
    """The error in the statement that begins there (L12 to L16)."""
    found = _NAME_ALONE.match(text, start)
    name, position = (found[1], found.end()) if found else (None, start)
    if name is None:
        return _error_at(text, position, None, 'expecting a name; a line reads name = "value"')
    if text[position : position + 1] != "=":
        return _error_at(text, position, name, "expecting an assignment: '=' after the name")
    value = _BLANKS_AND_VALUE.match(text, position + 1)
    if value is None or value.lastindex is None:
        blanks = _BLANKS.match(text, position + 1)
        position = blanks.end() if blanks else position + 1
        return _error_at(text, position, name, _wrong_value(text[position : position + 1]))
    junk = text[value.end() : value.end() + 20].splitlines()[0]
    return _error_at(
        text, value.end(), name, f"expecting a separator (line end, ';' or '#') after the value, found {junk!r}"
    )


def _wrong_value(first: str) -> str:
    if first in ('"', "'") and first:
        return "unterminated string: the closing quote is missing"
    if first.isdigit() or first in ("+", "-"):
        return "numbers not allowed, put quotes around it"
    if first == "[":
        return "lists not allowed, put quotes around it"
    return "expecting a value in quotes"


def _error_at(text: str, position: int, name: str | None, what: str) -> ParseError:
    return ParseError(what, where=name, line=text.count("\n", 0, position) + 1)
