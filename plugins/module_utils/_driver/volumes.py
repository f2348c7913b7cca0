# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files in datastores, which libvirt calls storage volumes: found by name, or listed with one search per datastore."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_extents import disk_of_extent, disk_of_piece
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, usable_pool
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import required
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

# The type of volume for each of the server's classes of files.
_TYPES = {
    "VmDiskFileInfo": "vmdk",
    "IsoImageFileInfo": "iso",
    "FloppyImageFileInfo": "floppy",
    "VmConfigFileInfo": "vmx",
    "FolderFileInfo": "directory",
}
VOLUME_TYPES = ("vmdk", "iso", "floppy", "vmx", "file")

# The characters that a search treats as a pattern.
_WILDCARDS = re.compile(r"[*?\[\]\\]")

# The number of searches that run in parallel.
_AT_ONCE = 8


@dataclass(frozen=True)
class Volume:
    """A file or directory in a datastore; sizes in bytes.

    ``allocation`` is the space that it takes up. ``capacity`` is the size of a disk as its guest sees it; for another
    file, its length. ``provisioning`` of a disk is ``thin`` or ``thick``, None if the server does not report it.
    """

    path: DatastorePath
    type: str
    capacity: int
    allocation: int
    provisioning: str | None = None
    modified: datetime.datetime | None = None

    def facts(self) -> dict[str, Any]:
        """Return it in the form of results."""
        return {
            "path": str(self.path),
            "pool": self.path.datastore,
            "name": self.path.path,
            "type": self.type,
            "capacity_bytes": self.capacity,
            "allocation_bytes": self.allocation,
            "allocation": self.provisioning,
            "modified": None if self.modified is None else self.modified.isoformat(),
        }


def check_own_file(path: DatastorePath, text: str, where: str) -> None:
    """Refuse a file with the data of a disk in place of the disk's own file.

    :param text: the path as the user wrote it.
    :param where: the option that it comes from.
    :raises ParseError: with the name of the disk's own file.
    """
    disk = disk_of_extent(path.name)
    if disk is not None:
        raise ParseError(
            f"'{text}' is a file with the data of a disk; expecting the disk's own file, '{path.beside(disk)}'.",
            where=where,
        )


@dataclass(frozen=True)
class NamePattern:
    """Files in a directory by their names.

    ``beginning`` is that of all of them, ``names`` is their exact form.
    """

    directory: DatastorePath
    beginning: str
    names: re.Pattern[str]

    def has(self, path: DatastorePath) -> bool:
        """Whether a file is one of them."""
        return path.parent == self.directory and self.names.fullmatch(path.name) is not None


def find_volumes(
    connection: EsxConnection,
    pools: dict[str, Pool],
    paths: Iterable[DatastorePath],
    patterns: Sequence[NamePattern] = (),
) -> dict[DatastorePath, Volume]:
    """Return the files that exist, by path, and the directories that they are in or would be in.

    One search per directory, in parallel.

    :param pools: the host's datastores.
    :param patterns: further files, in the same directories or others.
    :raises NotFound: if a path is on another datastore.
    :raises Refused: if the host cannot reach the datastore of a path.
    """
    wanted: dict[DatastorePath, list[str]] = {}
    named = set(paths)
    for path in named:
        wanted.setdefault(path.parent, []).append(_searched(path.name))
    for pattern in patterns:
        wanted.setdefault(pattern.directory, []).append(_searched(pattern.beginning, "*"))
    places = [(usable_pool(pools, directory.datastore), directory, searched) for directory, searched in wanted.items()]
    found = {directory: Volume(directory, "directory", 0, 0) for directory in wanted}
    types = (*VOLUME_TYPES, "directory")
    for (_pool, directory, _names), result in zip(places, _search(connection, places, types=types, below=False)):
        if not result:
            del found[directory]
        for volume in _volumes(result, types):
            if volume.path in named or any(pattern.has(volume.path) for pattern in patterns):
                found[volume.path] = volume
    return found


def list_volumes(connection: EsxConnection, pools: Sequence[Pool], types: Sequence[str]) -> list[Volume]:
    """Return all files of some types, sorted by path; one search per datastore, in parallel.

    :param types: some of ``VOLUME_TYPES``.
    """
    places = [(pool, DatastorePath(pool.name, ""), None) for pool in pools]
    found = {
        volume.path: volume
        for results in _search(connection, places, types=types, below=True)
        for volume in _volumes(results, types)
    }
    return [found[path] for path in sorted(found) if not _is_part(found[path], found)]


def _is_part(volume: Volume, found: Collection[DatastorePath]) -> bool:
    """Whether a file belongs to a disk, and is no volume itself."""
    if disk_of_extent(volume.path.name) is not None:
        return True
    disk = disk_of_piece(volume.path.name)
    return disk is not None and (volume.type != "vmdk" or volume.path.beside(disk) in found)


def _searched(name: str, ending: str = "") -> str:
    """The pattern that a server finds a name by; one that finds all names if it would itself be treated as one."""
    return "*" if _WILDCARDS.search(name) else f"{name}{ending}"


def _search(
    connection: EsxConnection,
    places: Sequence[tuple[Pool, DatastorePath, list[str] | None]],
    *,
    types: Sequence[str],
    below: bool,
) -> Iterator[list[Any]]:
    """The results of searching each place, one for each of its directories; empty if the directory does not exist."""
    jobs = [
        Job(f"Listing {directory}", _searching(pool, directory, _spec(connection, types, patterns), below))
        for pool, directory, patterns in places
    ]
    for outcome in run_jobs(connection.session, jobs, at_once=_AT_ONCE):
        if not isinstance(outcome, EsxError):
            yield list(outcome.result) if below else [outcome.result]
        elif outcome.fault == "FileNotFound":
            yield []
        else:
            raise outcome


def _searching(pool: Pool, directory: DatastorePath, spec: Any, below: bool) -> Any:
    browser = required(pool.values, "browser", f"datastore '{pool.name}'")
    start = browser.SearchDatastoreSubFolders_Task if below else browser.SearchDatastore_Task
    return lambda: start(str(directory), spec)


def _spec(connection: EsxConnection, types: Sequence[str], patterns: list[str] | None) -> Any:
    browser = vim.host.DatastoreBrowser
    details = browser.VmDiskQuery.Details(diskType=True, capacityKb=True, hardwareVersion=False)
    if connection.session.has(4, 0):
        details.thin = True
    queries = {
        "vmdk": lambda: browser.VmDiskQuery(details=details),
        "iso": browser.IsoImageQuery,
        "floppy": browser.FloppyImageQuery,
        "vmx": browser.VmConfigQuery,
        "directory": browser.FolderQuery,
        "file": browser.Query,
    }
    flags = browser.FileInfo.Details(fileType=True, fileSize=True, modification=True)
    if connection.session.has(4, 0):
        flags.fileOwner = False
    return browser.SearchSpec(details=flags, query=[queries[type_]() for type_ in types], matchPattern=patterns or [])


def _volumes(results: Iterable[Any], types: Sequence[str]) -> Iterator[Volume]:
    for result in results:
        folder = parse_datastore_path(str(result.folderPath)).canonical
        for info in result.file or ():
            type_ = _TYPES.get(type_name(info), "file")
            if type_ in types:
                yield _volume(folder.inside(str(info.path)), type_, info)


def _volume(path: DatastorePath, type_: str, info: Any) -> Volume:
    size = int(info.fileSize or 0)
    kib = getattr(info, "capacityKb", None)
    thin = getattr(info, "thin", None)
    return Volume(
        path,
        type_,
        capacity=size if kib is None else int(kib) * 1024,
        allocation=size,
        provisioning=None if thin is None else ("thin" if thin else "thick"),
        modified=info.modification,
    )
