# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of an exported domain that its package does not carry, and an import would not bring back: a warning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Disk, Domain, Os, Video
from ansible_collections.virt.esx.plugins.module_utils._ovf.read import read_package
from ansible_collections.virt.esx.plugins.module_utils._ovf.write import not_described
from ansible_collections.virt.esx.plugins.module_utils._report import Report

# Entries of a VMX that descriptors have as settings of their own (vmw:Config).
_CONFIGS = {
    "tools.synctime": "tools.syncTimeWithHost",
    "vcpu.hotadd": "cpuHotAddEnabled",
    "vcpu.hotremove": "cpuHotRemoveEnabled",
    "mem.hotadd": "memoryHotAddEnabled",
}

# The memory of a video card that has no setting.
_USUAL_VRAM_KIB = 4096


@dataclass(frozen=True)
class Original:
    """A domain as its VMX describes it, and the report about the keys that no domain has."""

    domain: Domain
    report: Report


def warning_of(original: Original, descriptor: str, file: str) -> str | None:
    """Return what a descriptor does not have of a domain; None if it has everything.

    :param file: the name of the VMX beside the package, which has all of it.
    :raises ParseError: if the descriptor cannot be read.
    """
    parts = [_named(where, part) for where, part in not_described(_essential(original.domain), descriptor)]
    entries = _entries(original.report, descriptor)
    parts += [f"the VMX's {', '.join(entries)}"] if entries else []
    if not parts:
        return None
    return f"The package lacks {', '.join(dict.fromkeys(parts))}; '{file}' has all of it."


def _entries(report: Report, descriptor: str) -> list[str]:
    """The entries of the VMX that no domain has, and no setting of the descriptor."""
    (system,) = read_package(descriptor).systems
    known = {key.lower() for key in (*system.config, *system.extra_config)}
    keys = [key for entry in report.entries() for key in entry.where.split(", ")]
    return [key for key in keys if not {key.lower(), _CONFIGS.get(key.lower(), key).lower()} & known]


def _essential(domain: Domain) -> Domain:
    """A domain without what a package need not say: defaults, and the NVRAM of a BIOS."""
    videos = tuple(one for one in domain.videos if one.vram_kib not in (None, _USUAL_VRAM_KIB))
    has_variables = domain.os.firmware == "efi"
    return replace(domain, videos=videos, os=domain.os if has_variables else replace(domain.os, nvram=None))


def _named(where: str, part: Any) -> str:
    """A part of a domain in the words of its XML."""
    if isinstance(part, Disk):
        return f"the medium of the {part.device} {part.target}" if part.device != "disk" else f"the disk {part.target}"
    if isinstance(part, Controller):
        return f"the controller {part.type} {part.index}"
    if isinstance(part, (Os, Video)):
        return f"the settings of {where}"
    kind = getattr(part, "type", None) or getattr(part, "model", None)
    return f"{where} {part if isinstance(part, (int, str)) else kind or ''}".rstrip()
