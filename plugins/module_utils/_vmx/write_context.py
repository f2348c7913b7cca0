# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The context that every writer of a part of a VMX needs: dialect, virtual hardware version, source of randomness."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Union

from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    CharDevice,
    Controller,
    Cpu,
    Disk,
    Filesystem,
    Graphics,
    Interface,
    Tpm,
    Video,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import vmx_file_name

Entry = tuple[str, str]  # a key, spelled as libvirt does, and its value, not yet escaped

YES = "true"
NO = "false"


def lsilogic(_disk: Disk) -> str:
    """The SCSI model of any disk, where nobody can ask a host for it (D16)."""
    return "lsilogic"


_Device = Union[Disk, Interface, Controller, Filesystem, CharDevice, Graphics, Video, Tpm, Cpu]


def error_at(device: _Device, message: str, where: str | None = None) -> ParseError:
    """The error to raise for a device that VMX cannot hold.

    :param where: its element, where its type does not tell.
    """
    name = f"disk '{device.target}'" if isinstance(device, Disk) else f"<{type(device).__name__.lower()}>"
    return ParseError(message, where=where or name, line=device.line)


def numbers_of(devices: Sequence[object], stated: Sequence[int] | None) -> Sequence[int]:
    """The number of each device of a kind: the stated one, else its position."""
    return range(len(devices)) if stated is None else stated


@dataclass(frozen=True)
class WriteContext:
    """One VMX being written."""

    dialect: Dialect
    hw_version: int
    scsi_model: Callable[[Disk], str] = lsilogic  # the model of a controller 'auto', by a disk on it (F42)
    random: Callable[[int], bytes] = os.urandom  # so many bytes, for what libvirt makes up (F3, F11)
    interfaces: tuple[int, ...] | None = None  # the index of each interface, where it is not its position
    shared_buses: frozenset[str] = frozenset()  # the controllers (scsi1) that several domains share
    folders: tuple[int, ...] | None = None  # the same of each shared folder
    hostdevs: tuple[int, ...] | None = None  # the same of each device of the host
    report: Report = field(default_factory=Report, compare=False)

    def path(self, source: str, what: str, line: int | None) -> str:
        """The file name in VMX of a source in XML.

        :param what: the element that it is the source of, for the refusal.
        """
        try:
            return vmx_file_name(source, verbatim=self.dialect.relative_paths)
        except ValueError as err:
            raise ParseError(f"the source '{source}' {err}", where=what, line=line) from None
