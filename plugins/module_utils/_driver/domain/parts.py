# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a domain that a task names, as typed values; reading them is in ``parts_request.py``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._domain.model import CharDevice, Keys, PciAddress, VdsPort
    from ansible_collections.virt.esx.plugins.module_utils._driver.disk_options import DiskEntry


class DiskPart(NamedTuple):
    """A hard disk by its target; ``file`` says what its file is made of, where that is missing.

    ``source`` is None for the file that the disk has, or one beside the VMX.
    """

    target: str
    file: DiskEntry
    source: str | None = None
    bus: str | None = None
    is_absent: bool = False

    @property
    def makes_file(self) -> bool:
        """Whether it says how to make the disk's file."""
        return any(value is not None for value in (self.file.size, self.file.clone_of, self.file.image))


class DrivePart(NamedTuple):
    """A CD-ROM or floppy drive by its target; ``source`` is None to leave the medium, empty for no medium."""

    device: str
    target: str
    source: str | None = None
    bus: str | None = None
    is_absent: bool = False


@dataclass(frozen=True)
class InterfacePart:
    """A network card by its MAC address or its place, counted from 0; None where nothing is said.

    ``vds`` is the port group of a distributed switch that ``network`` is the name of.
    """

    mac: str | None = None
    index: int | None = None
    network: str | None = None
    model: str | None = None
    link: str | None = None
    is_absent: bool = False
    vds: VdsPort | None = None


class SerialPart(NamedTuple):
    """A serial port by its number; ``device`` is what is behind it."""

    port: int
    device: CharDevice
    is_absent: bool = False


@dataclass(frozen=True)
class HostdevPart:
    """A PCI device of the host by its address; ``keys`` of the VMX have the ids that the host has for it."""

    address: PciAddress
    is_absent: bool = False
    keys: Keys = ()


@dataclass(frozen=True)
class Parts:
    """The parts that are named; the rest of a domain is left alone."""

    disks: tuple[DiskPart, ...] = ()
    drives: tuple[DrivePart, ...] = ()
    interfaces: tuple[InterfacePart, ...] = ()
    serials: tuple[SerialPart, ...] = ()
    hostdevs: tuple[HostdevPart, ...] = ()

    @property
    def disk_targets(self) -> set[str]:
        """The targets of the disks and drives."""
        return {part.target for part in self.disks} | {part.target for part in self.drives}

    @property
    def removed(self) -> list[str]:
        """The targets of drives and the addresses of host devices that leave the domain."""
        drives = [part.target for part in self.drives if part.is_absent]
        return drives + [str(part.address) for part in self.hostdevs if part.is_absent]

    def __bool__(self) -> bool:
        """Whether any part is named."""
        return any((self.disks, self.drives, self.interfaces, self.serials, self.hostdevs))
