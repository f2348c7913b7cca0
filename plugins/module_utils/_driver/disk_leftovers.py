# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The temporary files of a disk while it is made, and what an interrupted task has left of them.

The next task finds them by their names, whatever it is to make of the disk. A disk that the host makes always has the
same temporary name, as the host lets no two tasks make it. An image that is uploaded has another each time, as nothing
else keeps two tasks from writing to one file.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_extents import disk_of_extent
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_tasks import DiskTasks
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.host_tasks import HostTask
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import deletion
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import NamePattern, Volume
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath

_ENDING = ".vmdk"
_FLAT_ENDING = f"-flat{_ENDING}"

# The part of a temporary name that is another one each time.
TAG = "[0-9a-f]{8}"


def new_tag() -> str:
    """Return a new part of a temporary name: ``5c0ffee5``."""
    return secrets.token_hex(4)


def part_path(path: DatastorePath) -> DatastorePath:
    """The temporary name of a disk while it is made: ``web.part.vmdk`` of ``web.vmdk``."""
    return _renamed(path, f".part{_ENDING}")


def new_upload_path(path: DatastorePath) -> DatastorePath:
    """A temporary name of an image that the disk is made from: ``web.5c0ffee5.upload.vmdk`` of ``web.vmdk``."""
    return _renamed(path, f".{new_tag()}.upload{_ENDING}")


def flat_path(path: DatastorePath) -> DatastorePath:
    """The file with the data of a disk that is not a snapshot's: ``web-flat.vmdk`` of ``web.vmdk``."""
    return _renamed(path, _FLAT_ENDING)


def leftover_pattern(path: DatastorePath) -> NamePattern:
    """The files that an interrupted task may have left of a disk."""
    beginning = f"{path.name[: -len(_ENDING)]}."
    names = rf"{re.escape(beginning)}(?:part|(?:{TAG}\.)?upload)(?:-flat)?{re.escape(_ENDING)}"
    return NamePattern(path.parent, beginning, re.compile(names, re.DOTALL))


def leftovers_of(path: DatastorePath, found: Mapping[DatastorePath, Volume]) -> list[DatastorePath]:
    """The files that are left of a disk, among those that exist."""
    return list(filter(leftover_pattern(path).has, found))


def leftover_bytes(path: DatastorePath, found: Mapping[DatastorePath, Volume]) -> int:
    """The space that becomes free when what is left of a disk is deleted."""
    return sum(found[file].allocation for file in leftovers_of(path, found))


def check_leftovers(
    connection: EsxConnection, paths: Iterable[DatastorePath], found: Mapping[DatastorePath, Volume]
) -> None:
    """Refuse to delete what seems to be left of some disks if a domain uses it; no call if there is nothing.

    :param found: the files that exist, those of ``leftover_pattern`` among them.
    :raises Refused: with the file and the domain.
    """
    left = [(path, file) for path in paths for file in leftovers_of(path, found)]
    if not left:
        return
    users = read_file_users(connection)
    for path, file in left:
        users.refuse(file, f"has the name of an incomplete {path}, but is not one and stays")


def leftover_tasks(tasks: DiskTasks, path: DatastorePath, found: Mapping[DatastorePath, Volume]) -> list[HostTask]:
    """Return the tasks that delete what is left of a disk: temporary disks, or the data of one without its descriptor.

    :param found: the files that exist, those of ``leftover_pattern`` among them.
    """
    left = leftovers_of(path, found)
    disks = [file for file in left if not file.name.endswith(_FLAT_ENDING)]
    data = [file for file in left if file not in disks and file.beside(disk_of_extent(file.name) or "") not in disks]
    return [*map(tasks.delete, disks), *(deletion(tasks.connection, file) for file in data)]


def _renamed(path: DatastorePath, ending: str) -> DatastorePath:
    return path.beside(f"{path.name[: -len(_ENDING)]}{ending}")
