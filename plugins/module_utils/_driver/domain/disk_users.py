# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the disks of a requested domain exist, and which other domains use them.

A host registers a domain without its disks, and cannot start it; two domains that write to one disk destroy it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_chain import chain, virtual_disks
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference, new_sources
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_kinds import has_image, is_file_disk
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import NEIGHBOURS
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import (
    canonical_path,
    parse_datastore_path,
    unescape_name,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import file_exists
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch

_DEVICES = "config.hardware.device"
_SHARED = "sharingMultiWriter"


def new_disks(changes: Iterable[Difference]) -> list[Disk]:
    """The hard disks among some differences whose file the domain did not have."""
    return [disk for _before, disk in new_sources(changes) if _has_file(disk)]


def hard_disks(domain: Domain) -> list[Disk]:
    """The hard disks of a domain that are files."""
    return [disk for disk in domain.disks if _has_file(disk)]


def _has_file(disk: Disk) -> bool:
    return is_file_disk(disk) and disk.source is not None


def images(domain: Domain) -> list[Disk]:
    """The CD-ROM and floppy drives of a domain with an image in a datastore."""
    return [disk for disk in domain.disks if has_image(disk)]


def new_images(changes: Iterable[Difference]) -> list[Disk]:
    """The drives among some differences with an image that they did not have."""
    return [drive for _before, drive in new_sources(changes) if has_image(drive)]


def disk_exists(connection: EsxConnection, source: str) -> bool:
    """Whether a datastore has the file of a disk; one call."""
    return file_exists(connection.session, datastore_file(connection, parse_datastore_path(source)))


def missing_disk(disk: Disk) -> NotFound:
    """The error for a disk, or a drive with an image, whose file does not exist."""
    hint = "Upload the image first, or correct its path."
    if disk.device == "disk":
        hint = "Create the disk first, correct its path, or say in disks how to make it: size, clone_of or image."
    return NotFound(f"<disk> {disk.target}: there is no file '{disk.source}'.", hint=hint)


def check_images(connection: EsxConnection, drives: Iterable[Disk]) -> None:
    """Refuse images that do not exist; one call each.

    :raises NotFound: with the drive and its image.
    """
    for drive in drives:
        if not disk_exists(connection, drive.source or ""):
            raise missing_disk(drive)


def check_unused(connection: EsxConnection, ref: Any, disks: Sequence[Disk], name: str | None = None) -> None:
    """Refuse disks that another domain uses, unless both share it; one call, none without disks.

    :param ref: the domain that is to have them, None for a new one.
    :param name: the name of a new one. If a domain has it by now, another client has just defined it, and the fault
        says so: the task looks again.
    :raises Refused: with the name of the other domain.
    """
    if not disks:
        return
    paths = ["name", _DEVICES]
    rows = fetch(connection.session, "VirtualMachine", paths, objects=[connection.host], traversal=NEIGHBOURS)
    check_users(disks, [values for owner, values in rows if owner != ref], name)


def check_users(disks: Sequence[Disk], others: Iterable[Values], name: str | None = None) -> None:
    """As ``check_unused``, from the values that were read. Pure.

    :param others: the properties ``name`` and ``config.hardware.device`` of all other domains.
    """
    wanted = {canonical_path(disk.source or ""): disk for disk in disks}
    for other, path, is_shared in _files_in_use(others):
        disk = wanted.get(path)
        if disk is None or (is_shared and disk.shareable):
            continue
        user = unescape_name(other["name"] or "")
        raise Refused(
            f"The disk '{path}' is in use by the domain '{user}'.",
            hint="Choose another file; <shareable/> on the disk of both domains lets them share it.",
            fault="AlreadyExists" if user == name else None,
        )


def _files_in_use(domains: Iterable[Values]) -> Iterator[tuple[Values, str, bool]]:
    """The files that hard disks are made of: the domain, the canonical path, and whether the domain shares it."""
    for values in domains:
        for device in virtual_disks(values.get(_DEVICES)):
            is_shared = getattr(device.backing, "sharing", None) == _SHARED
            for path in chain(device.backing):
                yield values, canonical_path(path), is_shared
