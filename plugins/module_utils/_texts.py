# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The characters that a text cannot have: Python's strings hold more than XML, UTF-8, file names and messages do."""

from __future__ import annotations

import re

# The characters that XML cannot hold, as the inside of a character class; and surrogates, which UTF-8 cannot hold.
NOT_IN_XML = "\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff"
_SURROGATES = "\ud800-\udfff"

_WRONG_IN_XML = re.compile(f"[{NOT_IN_XML}{_SURROGATES}]")
_MOID = re.compile(r"[^\s<>&\"']+")
_WRONG_IN_UTF_8 = re.compile(f"[{_SURROGATES}]")


def wrong_in_xml(text: str) -> str | None:
    """Return what a text has that XML cannot hold, for a message, or None: ``the character U+0001``."""
    return None if text.isprintable() else _found(_WRONG_IN_XML, text)


def wrong_in_utf_8(text: str) -> str | None:
    """Return what a text has that UTF-8 cannot hold, or None."""
    return None if text.isascii() else _found(_WRONG_IN_UTF_8, text)


def wrong_in_file_names(text: str) -> str | None:
    """Return what a text has that no file name on the controller can hold, or None."""
    return "the character U+0000" if "\0" in text else None


def is_moid(text: object) -> bool:
    """Whether a value can be the id of a managed object, which is written into requests as it is: ``vm-12``."""
    return isinstance(text, str) and _MOID.fullmatch(text) is not None and wrong_in_xml(text) is None


def shortened(text: str, most: int = 4000) -> str:
    """Return a text of a server for a message; what is longer than any message is cut."""
    return text if len(text) <= most else f"{text[:most]} [...]"


def _found(wrong: re.Pattern[str], text: str) -> str | None:
    found = wrong.search(text)
    if found is None:
        return None
    return "a byte that is not UTF-8" if "\ud800" <= found[0] <= "\udfff" else f"the character U+{ord(found[0]):04X}"
