# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print a VMX or domain XML without anything that identifies its owner, for an issue: ``redact.py FILE``.

UUIDs, MAC and IP addresses, passwords, names of machines, hosts, networks, files and datastores are replaced, the same
word always by the same replacement, so that the structure, and with it the error, stays. Values of unknown VMX keys and
texts of unknown XML elements are replaced, too, and so are the words of comments. It needs nothing but Python.
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
_IP4 = re.compile(r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b")
_GROUPS = rf"{_HEX}{{1,4}}(?::{_HEX}{{1,4}})"
_IP6 = re.compile(rf"(?<![\w:])(?:{_GROUPS}{{7}}|(?:{_GROUPS}*)?::(?:{_GROUPS}*)?)(?![\w:])")

# A statement of a VMX, with its value in any quotes or none, and what follows it.
_VMX_STATEMENT = re.compile(
    r"""([ \t]*)([^\s=#;]+)([ \t]*=[ \t]*)(\"\"\".*?\"\"\"|"[^"]*"|'[^']*'|[^\s#;"']*)([ \t]*)(.*)"""
)
# Keys that describe hardware, and values that are numbers or truth values.
_PLAIN_KEY = re.compile(
    r"\.encoding|config\.version|virtualHW\..*|guestOS|firmware|deploymentPlatform|bios\..*|cpuid\..*|powerType\..*"
    r"|sched\.(?!swap\.derivedName).*|tools\..*|usb.*|.*\.(?:addressType|connectionType|deviceType|endPoint|fileType|keymap"
    r"|mode|redo|sharedBus|virtualDev)",
    re.IGNORECASE,
)
_PLAIN_VALUE = re.compile(r"""["']*(?:-?[0-9]{1,12}(?:\.[0-9]+)?|true|false)["']*""", re.IGNORECASE)

# Comments and CDATA; texts of elements, but of those that are sizes, kinds and numbers; attributes that name or lock
# something.
_XML_COMMENT = re.compile(r"(<!--|<!\[CDATA\[)(.*?)(?=-->|\]\]>)", re.DOTALL)
_PLAIN_ELEMENT = (
    r"memory|currentMemory|vcpu|type|model|vendor|on_\w+|shares|period|quota|limit|\w*_limit|min_guarantee|genid"
)
_XML_TEXT = re.compile(
    rf"(<(?!(?:{_PLAIN_ELEMENT})\b)[\w:.-]+(?:\s[^<>]*)?>|</[\w:.-]+\s*>|-->|\]\]>)([^<]*\w[^<]*)(?=<)"
)
_XML_ATTRIBUTE = re.compile(
    r"""(\b(?:file|dir|dev|network|bridge|passwd|portgroup|host|path|username|usage|pool|volume|query|portid|profileid"""
    r"""|appid)=["'])([^"'\n]*)(?=["'])"""
)
_XML_NAME = re.compile(r"""(<(?:source|host|cookie|[\w.-]+:env)\b[^<>]*?\bname=["'])([^"'\n]*)(?=["'])""")
_XML_VALUE = re.compile(r"""(<(?:parameter|property|[\w.-]+:(?:arg|env))\b[^<>]*?\bvalue=["'])([^"'\n]*)(?=["'])""")
_XML_NAMESPACE = re.compile(
    r"""(\bxmlns(?::\w+)?=["'])(?!https?://(?:libvirt|libosinfo)\.org|[^"']*virt[.-]esx)([^"'\n]*)(?=["'])"""
)
_WORD = re.compile(r"\|[0-9A-Fa-f]{2}|[^\W_][\w-]*")
# Words of paths and addresses that say nothing about their owner.
_KEPT = {
    *("vmfs", "volumes", "vmdk", "iso", "vmx", "vmxf", "nvram", "vswp", "vmss", "vmsn", "hlog", "log", "flat", "dev"),
    *("img", "flp", "ds", "db8", "auto", "detect", "emptybackingstring", "mapper", "null"),
}


def redact(text: str) -> str:
    """Return a VMX or domain XML with neutral names and without secrets."""
    seen: dict[str, str] = {}

    def word(found: re.Match[str]) -> str:
        name = found[0]
        is_scheme = found.string.startswith("://", found.end())
        if is_scheme or name[0] == "|" or name.lower() in _KEPT or re.fullmatch(r"[0-9]{1,6}|[0-]+", name):
            return name
        return seen.setdefault(name, f"name{len(seen) + 1}")

    def value(found: re.Match[str]) -> str:
        return found[1] + _WORD.sub(word, found[2])

    def line(text: str) -> str:
        found = _VMX_STATEMENT.fullmatch(text)
        if found is None:
            return _WORD.sub(word, text)
        blank, key, sign, content, space, rest = found.groups()
        if not (_PLAIN_KEY.fullmatch(key) or _PLAIN_VALUE.fullmatch(content)):
            content = _WORD.sub(word, content)
        rest = f";{line(rest[1:])}" if rest.startswith(";") else _WORD.sub(word, rest)
        return f"{blank}{key}{sign}{content}{space}{rest}"

    text = _MAC.sub(_numbered(lambda number: f"00:50:56:00:{number // 100:02}:{number % 100:02}"), text)
    text = _IP4.sub(_numbered(lambda number: f"192.0.2.{number}"), text)
    text = _IP6.sub(_numbered(lambda number: f"2001:db8::{number}"), text)
    text = _UUID.sub(lambda found: re.sub(_HEX, "0", found[0]), text)
    if not text.lstrip("\ufeff \t\r\n").startswith("<"):
        return "".join(line(body) + end for body, end in re.findall(r"([^\r\n]*)([\r\n]+|\Z)", text))
    for pattern in (_XML_COMMENT, _XML_TEXT, _XML_ATTRIBUTE, _XML_NAME, _XML_VALUE, _XML_NAMESPACE):
        text = pattern.sub(value, text)
    return text


def _numbered(form: Callable[[int], str]) -> Callable[[re.Match[str]], str]:
    """A replacement by numbers, the same for the same text."""
    known: dict[str, str] = {}
    return lambda found: known.setdefault(found[0].lower(), form(len(known) + 1))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        content = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        sys.exit(f"The file '{sys.argv[1]}' cannot be read: {error.strerror}.")
    sys.stdout.write(redact(content))
