# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The temporary files of a disk while it is made, and what an interrupted task has left of them.

Their names are always the same for a disk, so that the next task finds them, whatever it is to make of the disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_tasks import DiskTasks
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.host_tasks import HostTask
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import deletion
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath

_ENDING = ".vmdk"


def part_path(path: DatastorePath) -> DatastorePath:
    """The temporary name of a disk while it is made: ``web.part.vmdk`` of ``web.vmdk``."""
    return _renamed(path, f".part{_ENDING}")


def upload_path(path: DatastorePath) -> DatastorePath:
    """The temporary name of an image that the disk is made from: ``web.upload.vmdk`` of ``web.vmdk``."""
    return _renamed(path, f".upload{_ENDING}")


def flat_path(path: DatastorePath) -> DatastorePath:
    """The file with the data of a disk that is not a snapshot's: ``web-flat.vmdk`` of ``web.vmdk``."""
    return _renamed(path, f"-flat{_ENDING}")


def leftover_paths(path: DatastorePath) -> list[DatastorePath]:
    """The files that an interrupted task may have left of a disk."""
    temporary = (part_path(path), upload_path(path))
    return [file for one in temporary for file in (one, flat_path(one))]


def leftover_bytes(path: DatastorePath, found: Mapping[DatastorePath, Volume]) -> int:
    """The space that becomes free when what is left of a disk is deleted."""
    return sum(found[file].allocation for file in leftover_paths(path) if file in found)


def check_leftovers(
    connection: EsxConnection, paths: Iterable[DatastorePath], found: Mapping[DatastorePath, Volume]
) -> None:
    """Refuse to delete what seems to be left of some disks if a domain uses it; no call if there is nothing.

    :param found: the files that exist, ``leftover_paths`` among them.
    :raises Refused: with the file and the domain.
    """
    left = [(path, file) for path in paths for file in leftover_paths(path) if file in found]
    if not left:
        return
    users = read_file_users(connection)
    for path, file in left:
        users.refuse(file, f"has the name of an incomplete {path}, but is not one and stays")


def leftover_tasks(tasks: DiskTasks, path: DatastorePath, found: Mapping[DatastorePath, Volume]) -> list[HostTask]:
    """Return the tasks that delete what is left of a disk: temporary disks, or the data of one without its descriptor.

    :param found: the files that exist, ``leftover_paths`` among them.
    """
    deletions = []
    for temporary in (part_path(path), upload_path(path)):
        if temporary in found:
            deletions.append(tasks.delete(temporary))
        elif flat_path(temporary) in found:
            deletions.append(deletion(tasks.connection, flat_path(temporary)))
    return deletions


def _renamed(path: DatastorePath, ending: str) -> DatastorePath:
    return path.beside(f"{path.name[: -len(_ENDING)]}{ending}")
