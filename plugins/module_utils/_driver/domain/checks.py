# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults of a description, as far as they can be told without asking the host. Pure.

A host takes most of this when a VMX is uploaded, and refuses it, or does something else, when the domain starts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable

from ansible_collections.virt.esx.plugins.module_utils._domain.model import CharDevice, Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_extents import disk_of_extent
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_kinds import is_file_disk, is_image_drive
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    canonical_path,
    check_datastore_path,
    quoted,
)


def check_files(described: Domain, datastores: Collection[str]) -> None:
    """Refuse file names that do not mean what they seem to mean.

    :param described: the domain as the user describes it.
    :param datastores: the names of the host's datastores.
    :raises ParseError: for a path with empty, ``.`` or ``..`` segments or without a file, and for an extent in place of
        a disk.
    :raises NotFound: for a file in a datastore that the host does not have.
    """
    for disk in described.disks:
        if disk.type == "file" and disk.source is not None:
            where = _where(disk)
            _check_path(disk.source, where, disk.line, datastores)
            _check_extent(disk, disk.source, where)
    _check_ports("serial", described.serials, datastores)
    _check_ports("parallel", described.parallels, datastores)
    if described.os.nvram is not None:
        _check_path(described.os.nvram, "<nvram>", None, datastores)


def _check_extent(disk: Disk, source: str, where: str) -> None:
    own = disk_of_extent(source)
    if disk.device == "disk" and own is not None:
        raise ParseError(
            f"'{source}' is a file with the data of a disk; expecting the disk's own file, '{own}'.",
            where=where,
            line=disk.line,
        )


def check_media(domain: Domain) -> None:
    """Refuse disks in drives for images.

    :raises ParseError: with the drive and its file.
    """
    for disk in filter(is_image_drive, domain.disks):
        source = disk.source or ""
        if source.lower().endswith(".vmdk"):
            raise ParseError(
                f"'{source}' is a disk, not an image for a {disk.device} drive.",
                where=_where(disk),
                line=disk.line,
                hint="Give the disk the device 'disk', or the drive an image, such as an ISO.",
            )


def _check_ports(word: str, ports: Iterable[CharDevice], datastores: Collection[str]) -> None:
    for port in ports:
        if port.type == "file" and port.path is not None:
            _check_path(port.path, f"<{word}>", port.line, datastores)


def _check_path(source: str, where: str, line: int | None, datastores: Collection[str]) -> None:
    """Names relative to the VMX and paths of the host itself are left to others."""
    if not source.startswith("["):
        return
    path = check_datastore_path(source, where=where, line=line)
    if not path.name:
        raise ParseError(f"'{source}' is not the name of a file.", where=where, line=line)
    check_datastore(path, where, datastores)


def check_datastore(path: DatastorePath, where: str, datastores: Collection[str]) -> None:
    """Refuse a path in a datastore that the host does not have.

    :param where: the option or the element that names it.
    :raises NotFound: with the datastores that the host has.
    """
    if path.datastore not in datastores:
        raise NotFound(f"{where}: the host has no datastore '{path.datastore}'; it has {listed(datastores)}.")


def check_devices(domain: Domain) -> None:
    """Refuse devices that a host cannot start a domain with.

    :param domain: the domain as the host will read it, each disk with its address.
    :raises ParseError: for an IDE slave without a master, two disks with one file, and two cards with one MAC address.
    """
    _check_own_files(domain)
    _check_masters(domain)
    _check_macs(domain)


def _check_masters(domain: Domain) -> None:
    at_ide = {
        (disk.address.bus, disk.address.unit): disk for disk in domain.disks if disk.bus == "ide" and disk.address
    }
    for (channel, unit), disk in at_ide.items():
        if unit == 1 and (channel, 0) not in at_ide:
            raise ParseError(
                f"it is the slave of IDE channel {channel}, which has no master; a host does not start such a domain. "
                f"Use the target '{_ide_target(channel)}'.",
                where=_where(disk),
                line=disk.line,
            )


def _check_macs(domain: Domain) -> None:
    macs = Counter(interface.mac for interface in domain.interfaces if interface.mac)
    for mac, number in macs.items():
        if number > 1:
            raise ParseError(f"{number} cards have the MAC address {mac}.", where="<interface>")


def _check_own_files(domain: Domain) -> None:
    """A host opens the file of a disk once, even if the disk can be shared with other domains."""
    targets: dict[str, str] = {}
    for disk in filter(is_file_disk, domain.disks):
        if disk.source is None:
            continue
        first = targets.setdefault(canonical_path(disk.source), disk.target)
        if first != disk.target:
            raise ParseError(
                f"the file '{disk.source}' is that of the disk {first} already; a domain has a file only once.",
                where=_where(disk),
                line=disk.line,
                hint="Give each disk its own file, or describe only one of them.",
            )


def _where(disk: Disk) -> str:
    return f"<disk> {disk.target}"


def _ide_target(channel: int) -> str:
    return "hda" if channel == 0 else "hdc"


def listed(names: Iterable[str]) -> str:
    """The names that there are, for a message: ``'a', 'b'``, or ``none``."""
    return quoted(sorted(names))
