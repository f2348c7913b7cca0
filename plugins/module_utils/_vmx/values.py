# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands between the quotes of a VMX value: escapes, whole numbers, VMware's spelling of UUIDs.

VMware writes a character that would end or confuse a value as ``|`` and two hex digits of its byte (``|22`` is a
quote, ``|0A`` a new line), and in ``displayName`` additionally ``%`` and two hex digits (``%2f`` is a slash). Bytes
from 0x80 on are bytes of UTF-8, and a zero byte ends the value (L27 to L31).

Private to the collection: it can change at any time.
"""

from __future__ import annotations

import re

_ESCAPES = {
    "|": re.compile(rb"\|([0-9A-Fa-f]{2})?"),
    "%": re.compile(rb"%([0-9A-Fa-f]{2})?"),
}
_SURROGATE = re.compile("[\udc80-\udcff]")

_QUOTING = str.maketrans({"|": "|7c", '"': "|22"})
_QUOTING_ALL = {**_QUOTING, **{code: f"|{code:02x}" for code in (*range(0x20), 0x7F)}}
_NAME = str.maketrans({"%": "%25", "/": "%2f", "\\": "%5c"})

_INTEGER = re.compile(r"[ \t\n\v\f\r]*([+-]?)0*([0-9]{1,19})\Z", re.ASCII)


def unescape(value: str, introducer: str, *, lenient: bool) -> str:
    """Decode the hex escapes of a value (L27, L29).

    :param introducer: ``|`` or ``%``.
    :param lenient: keep what is no valid escape, or gives no valid UTF-8, as it stands.
    :raises ValueError: for an introducer without two hex digits, if not lenient.
    """
    if introducer not in value:
        return value

    def decoded(found: re.Match[bytes]) -> bytes:
        if found[1] is not None:
            return bytes.fromhex(found[1].decode())
        if lenient:
            return found[0]
        raise ValueError(f"'{introducer}' must be followed by two hex digits")

    data = _ESCAPES[introducer].sub(decoded, value.encode("utf-8", "surrogateescape"))
    text = data.partition(b"\0")[0].decode("utf-8", "surrogateescape")
    return value if lenient and _SURROGATE.search(text) else text


def escape(value: str, *, controls: bool) -> str:
    """Encode quotes and ``|``, and with ``controls`` also line ends and other control characters (L30, G1)."""
    return value.translate(_QUOTING_ALL if controls else _QUOTING)


def escape_name(name: str) -> str:
    """Encode ``%``, ``/`` and ``\\``, the second scheme of ``displayName`` and of names in the VI API (L30)."""
    return name.translate(_NAME)


def unescape_name(name: str) -> str:
    """Decode a name of the VI API; what is no valid escape stays as it is."""
    return unescape(name, "%", lenient=True)


def parse_integer(text: str) -> int | None:
    """Read a whole number of 64 bits (L22); ``unlimited`` is -1, None stands for anything else."""
    if text.isdigit() and text.isascii() and len(text) < 19:
        return int(text)
    found = _INTEGER.match(text)
    if not found:
        return -1 if text.lower() == "unlimited" else None
    number = int(found[1] + found[2])
    return number if -(1 << 63) <= number < 1 << 63 else None


def format_uuid(uuid: str) -> str:
    """Write a UUID as VMware does: ``56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3`` (F20)."""
    digits = uuid.replace("-", "")
    pairs = [digits[i : i + 2] for i in range(0, 32, 2)]
    return " ".join(pairs[:8]) + "-" + " ".join(pairs[8:])
