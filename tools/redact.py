# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print a VMX or domain XML without anything that identifies its owner, for an issue: ``redact.py FILE``.

UUIDs, MAC and IP addresses, passwords, names of machines, hosts, networks, files and datastores are replaced, the same
word always by the same replacement, so that the structure, and with it the error, stays. It needs nothing but Python.
"""

from __future__ import annotations

import pathlib
import re
import sys
from collections.abc import Callable

_HEX = "[0-9a-fA-F]"
_UUID = re.compile(
    rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}|(?:{_HEX}{{2}}[ -]){{15}}{_HEX}{{2}}"
)
_MAC = re.compile(rf"\b(?:{_HEX}{{2}}:){{5}}{_HEX}{{2}}\b")
_IP = re.compile(r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b")
# Values of VMX keys, text and attributes of XML elements that are names or secrets.
_VMX_VALUE = re.compile(
    r"^([ \t]*(?:displayName|annotation|.*\.(?:fileName|networkName|vnet|hostPath|guestName|password|key|dataFileKey)"
    r"|extendedConfigFile|nvram|guestinfo\..*|encryption\..*|sched\.swap\.derivedName|dvs\..*)"
    r'[ \t]*=[ \t]*")([^"\n]*)(?=")',
    re.IGNORECASE | re.MULTILINE,
)
_XML_TEXT = re.compile(r"(<(?:name|title|description|nvram|vmware:datacenterpath)>)([^<]+)(?=<)")
_XML_ATTRIBUTE = re.compile(
    r"""(\b(?:file|dir|dev|network|bridge|passwd|portgroup|host|path)=["'])([^"'\n]*)(?=["'])"""
)
_WORD = re.compile(r"[^\W_][\w-]*", re.UNICODE)
# Words of paths that say nothing about their owner.
_KEPT = {"vmfs", "volumes", "vmdk", "iso", "vmx", "nvram", "vmxf", "flat", "dev", "img", "flp", "ds"}


def redact(text: str) -> str:
    """Return a VMX or domain XML with neutral names and without secrets."""
    seen: dict[str, str] = {}

    def word(found: re.Match[str]) -> str:
        name = found[0]
        if name.lower() in _KEPT or re.fullmatch(r"0*[0-9]{1,6}", name):
            return name
        return seen.setdefault(name, f"name{len(seen) + 1}")

    def value(found: re.Match[str]) -> str:
        return found[1] + _WORD.sub(word, found[2])

    def numbered(form: Callable[[int], str]) -> Callable[[re.Match[str]], str]:
        known: dict[str, str] = {}
        return lambda found: known.setdefault(found[0].lower(), form(len(known) + 1))

    for pattern in (_VMX_VALUE, _XML_TEXT, _XML_ATTRIBUTE):
        text = pattern.sub(value, text)
    text = _MAC.sub(numbered(lambda number: f"00:50:56:00:00:{number:02x}"), text)
    text = _IP.sub(numbered(lambda number: f"192.0.2.{number}"), text)
    return _UUID.sub(_uuid, text)


def _uuid(found: re.Match[str]) -> str:
    """Zeros in the spelling of the original."""
    return re.sub(_HEX, "0", found[0])


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.stdout.write(redact(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace")))
