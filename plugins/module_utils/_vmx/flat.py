# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMX as plain data for templates: a flat dict of keys and values, and back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.encoding import UTF_8, encode, python_codec
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import render
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import Entry

_KEY = re.compile(r"[^\s=#\"';|\x00-\x1f\x7f][^\s=#\x00-\x1f\x7f]*")
_ESX = DIALECTS["esx"]


def from_vmx(vmx: str | bytes) -> dict[str, str]:
    """The keys of a VMX, in their order and spelling, and their values, decoded; the first of several wins.

    :raises ParseError: with the line, for what is no VMX.
    """
    file = VmxFile(vmx, _ESX)
    found: dict[str, str] = {}
    seen = set()
    for statement in file.statements():
        key = statement.name.lower()
        if key not in seen:
            seen.add(key)
            found[statement.name] = file.get(key) or ""
    return found


def to_vmx(values: Mapping[str, str | int | bool]) -> str:
    """A VMX of keys and values, which are escaped; truth values become ``TRUE`` and ``FALSE``, as VMware writes them.

    A text is stored as UTF-8, so ``.encoding`` becomes that where the text would be something else in the stated one.

    :raises EsxError: for a key that VMX cannot have, one that occurs twice, or a value that is neither text, nor a
        whole number, nor a truth value.
    """
    seen: set[str] = set()
    lines = []
    for key, value in values.items():
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise EsxError(f"{key!r} is not a key of a VMX; a key has no blanks, line ends, '=' or '#'")
        if key.lower() in seen:
            raise EsxError(f"The key '{key}' occurs twice; case makes no difference in a VMX.")
        seen.add(key.lower())
        lines.append((str(key), _text(key, value)))
    return _in_own_encoding(lines)


def _in_own_encoding(lines: Sequence[Entry]) -> str:
    """The text, which is stored as UTF-8: it must not claim to be in another encoding in which it is different."""
    text = render(lines, _ESX)
    stated = next((value for key, value in lines if key.lower() == ".encoding"), None)
    codec = python_codec(stated or UTF_8)
    try:
        if codec is not None and encode(text, codec) == encode(text, UTF_8):
            return text
    except UnicodeEncodeError:
        pass
    return render([(key, "UTF-8" if key.lower() == ".encoding" else value) for key, value in lines], _ESX)


def _text(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (str, int)):
        return str(value)
    raise EsxError(f"The value of '{key}' is {type(value).__name__}, expecting text, a whole number or a truth value.")
