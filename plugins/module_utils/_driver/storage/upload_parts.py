# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The temporary files of uploads and copies: their names, and which of them no task goes on with.

Each has a name of its own, so that two tasks never write to one file, whatever they upload. A file that another task
has left is deleted; one that still grows is another task's, and an upload leaves it to that.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_leftovers import TAG, new_tag
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import read_pools
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import NamePattern, Volume, find_volumes
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath

# The seconds in which an upload that goes on sends something.
_PAUSE = 3.0


def new_part_path(path: DatastorePath) -> DatastorePath:
    """A temporary name of a file while it is uploaded or copied, each time another: ``.debian.iso.5c0ffee5.part``."""
    return path.beside(f".{path.name}.{new_tag()}.part")


def part_pattern(path: DatastorePath) -> NamePattern:
    """The temporary names of a file; the one without digits is that of former versions."""
    beginning = f".{path.name}."
    names = re.compile(rf"{re.escape(beginning)}(?:{TAG}\.)?part", re.DOTALL)
    return NamePattern(path.parent, beginning, names)


def parts_of(path: DatastorePath, found: Mapping[DatastorePath, Volume]) -> list[Volume]:
    """The temporary files of a file among those that exist."""
    pattern = part_pattern(path)
    return [volume for name, volume in found.items() if pattern.has(name)]


def abandoned(connection: EsxConnection, parts: Sequence[Volume]) -> list[DatastorePath]:
    """Return those of some temporary files that do not change for a while; no call and no pause without any."""
    if not parts:
        return []
    time.sleep(_PAUSE)
    now = find_volumes(connection, read_pools(connection), [part.path for part in parts])
    return [part.path for part in parts if now.get(part.path) == part]
