# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a domain is: name, UUID, generation id, description (P4 to P7, F20 to F22).

::

    displayName = "web%2f01"
    uuid.bios = "56 4d 12 23 f8 35 c4 b1-bb f6 e3 23 90 d6 2b d3"
    vm.genid = "81985529216486895"
    vm.genidX = "-1"
    annotation = "line 1|0Aline 2"
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import NO_UUID
from ansible_collections.virt.esx.plugins.module_utils._names import (
    escape_name,
    unescape,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.values import format_uuid
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import Entry, WriteContext

_LINE_ENDS = re.compile(r"[\r\n]+")
_UNNAMED = "unnamed"


def read_uuid(context: ReadContext) -> str | None:
    """The UUID; one of zeros, or None, stands for a missing one (P5, G25)."""
    uuid = context.vmx.uuid("uuid.bios")
    if context.dialect.keep_missing_ids:
        return None if uuid == NO_UUID else uuid
    return uuid or NO_UUID


def read_name(context: ReadContext) -> str | None:
    """The name, decoded by both schemes (L28)."""
    name = _unescaped(context, "displayName", "%|")
    return _LINE_ENDS.sub(" ", name) if name and context.dialect.always_named else name


def name_by_files(nvram: str | None, disks: Iterable[Disk]) -> str:
    """A name for a domain whose VMX has none, as its files are called; where the VMX lies makes no difference."""
    files = (nvram, *(disk.source for disk in disks if disk.device == "disk"))
    names = (name.rpartition("/")[2].partition(".")[0] for name in files if name)
    return next(filter(None, names), _UNNAMED)


def read_genid(context: ReadContext) -> str | None:
    """The generation id out of its two signed halves (P6)."""
    low, high = context.vmx.integer("vm.genid", 0), context.vmx.integer("vm.genidX", 0)
    if not low and not high:
        return None
    digits = f"{low & 0xFFFFFFFFFFFFFFFF:016x}{high & 0xFFFFFFFFFFFFFFFF:016x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def read_description(context: ReadContext) -> str | None:
    """The description, decoded by VMX's own scheme (L28)."""
    text = _unescaped(context, "annotation", "|")
    return (text or None) if context.dialect.drops_empty else text


def _unescaped(context: ReadContext, key: str, introducers: str) -> str | None:
    value = context.vmx.raw.get(key.lower())
    if value is None:
        return None
    try:
        for introducer in introducers:
            if introducer in value:
                value = unescape(value, introducer, lenient=context.dialect.escapes)
    except ValueError as err:
        raise context.vmx.error_at(key, f"contains invalid escape sequence: {err}") from None
    return context.vmx.writable(key, value)


def write_uuid(domain: Domain, context: WriteContext) -> list[Entry]:
    """``uuid.bios``, or the request that the host makes one (F20)."""
    uuid = domain.uuid
    if uuid is None and not context.dialect.keep_missing_ids:
        uuid = context.random(16).hex()
    if uuid is None or uuid == NO_UUID:
        return [("uuid.action", "create")]
    return [("uuid.bios", format_uuid(uuid))]


def write_name(domain: Domain, _context: WriteContext) -> list[Entry]:
    """``displayName`` (F21)."""
    return [] if domain.name is None else [("displayName", escape_name(domain.name))]


def write_genid(domain: Domain, context: WriteContext) -> list[Entry]:
    """The two signed halves of the generation id."""
    if domain.genid is None or not context.dialect.writes_genid:
        return []
    digits = bytes.fromhex(domain.genid.replace("-", ""))
    halves = (int.from_bytes(half, "big", signed=True) for half in (digits[:8], digits[8:]))
    return [(key, str(half)) for key, half in zip(("vm.genid", "vm.genidX"), halves)]


def write_description(domain: Domain, _context: WriteContext) -> list[Entry]:
    """``annotation``, unless there is nothing to say (F22)."""
    return [("annotation", domain.description)] if domain.description else []
