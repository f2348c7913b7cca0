# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text in domain XML as it is written: escaped as libvirt does (Z2), or so that it returns exactly.

libvirt drops most control characters and writes some raw, which is not XML (G16); and it writes line ends within
attributes raw, which every reader turns into blanks.
"""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

_DROPPED = "\x01-\x08\x0b\x0c\x0e-\x19"
_LIBVIRT = re.compile(f"[<>&\"'{_DROPPED}]")
_EXACT = re.compile("[<>&\"'\x00-\x1f\ud800-\udfff\ufffe\uffff]")
_NAMED = {"<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;", "'": "&apos;"}
_BLANKS = {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_IN_TEXT = {**_NAMED, "\t": "\t", "\n": "\n", "\r": "&#13;"}
_IN_ATTRIBUTE = {**_NAMED, **_BLANKS}


def _libvirt(match: re.Match[str]) -> str:
    return _NAMED.get(match[0], "")


def _exactly_in_text(match: re.Match[str]) -> str:
    return _IN_TEXT.get(match[0]) or _unwritable(match)


def _exactly_in_attribute(match: re.Match[str]) -> str:
    return _IN_ATTRIBUTE.get(match[0]) or _unwritable(match)


def _unwritable(match: re.Match[str]) -> str:
    character = match[0]
    what = "a byte that is not UTF-8" if "\ud800" <= character <= "\udfff" else f"the character U+{ord(character):04X}"
    raise ParseError(f"A text has {what}, which XML cannot hold; remove it")


def text(value: str, exact: bool) -> str:
    """A value as the text of an element.

    :param exact: write it so that it returns as it is (dialect esx), else as libvirt does.
    :raises ParseError: with ``exact``, for a character that XML cannot hold.
    """
    if exact:
        return _EXACT.sub(_exactly_in_text, value) if _EXACT.search(value) else value
    return _LIBVIRT.sub(_libvirt, value) if _LIBVIRT.search(value) else value


def yes_no(is_so: bool) -> str:
    """The word of an attribute that is yes or no."""
    return "yes" if is_so else "no"


def optional(name: str, value: str | None, exact: bool) -> str:
    """An attribute with the blank before it, empty where there is no value; see :func:`text`."""
    return "" if value is None else f" {name}='{attribute(value, exact)}'"


def attribute(value: str, exact: bool) -> str:
    """A value as it stands within an attribute's quotes; see :func:`text`."""
    if exact:
        return _EXACT.sub(_exactly_in_attribute, value) if _EXACT.search(value) else value
    return _LIBVIRT.sub(_libvirt, value) if _LIBVIRT.search(value) else value
