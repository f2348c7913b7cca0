# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The volumes of a host: what the module ``esx_volume_info`` returns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import FileUsers, read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, read_pools
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.volume_xml import write_volume_xml
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume, find_volumes, list_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, check_datastore_path


@dataclass(frozen=True)
class VolumeQuery:
    """Which volumes to list: one by its path, or those of one or all pools by type and pattern."""

    pool: str | None
    path: DatastorePath | None
    pattern: str | None
    types: Sequence[str]
    unused: bool


def read_query(params: Mapping[str, Any]) -> VolumeQuery:
    """Read the module's options.

    :raises ParseError: if a path is not a datastore path.
    """
    path = None if params["path"] is None else check_datastore_path(params["path"], where="path")
    return VolumeQuery(params["pool"], path, params["pattern"], params["type"], params["unused"])


def volume_infos(connection: EsxConnection, query: VolumeQuery) -> list[dict[str, Any]]:
    """Return the volumes in the form of results, sorted by path; the number of calls is constant per datastore."""
    pools = read_pools(connection)
    volumes = _chosen(connection, pools, query)
    users = read_file_users(connection) if volumes else FileUsers()
    if query.unused:
        volumes = [volume for volume in volumes if not users.of(volume.path)]
    keys = {volume.path: _key(connection, volume) for volume in volumes if query.path is not None}
    return [_info(volume, users, keys.get(volume.path)) for volume in volumes]


def _chosen(connection: EsxConnection, pools: dict[str, Pool], query: VolumeQuery) -> list[Volume]:
    if query.path is not None:
        return _at_path(connection, pools, query.path)
    if query.pool is not None and query.pool not in pools:
        raise NotFound(f"The host has no datastore '{query.pool}'.")
    places = [pool for pool in pools.values() if query.pool in (None, pool.name) and pool.is_accessible]
    volumes = list_volumes(connection, places, query.types)
    pattern = query.pattern
    return [volume for volume in volumes if pattern is None or fnmatchcase(volume.path.path, pattern)]


def _at_path(connection: EsxConnection, pools: dict[str, Pool], path: DatastorePath) -> list[Volume]:
    pool = pools.get(path.datastore)
    if pool is None or not pool.is_accessible:
        return []
    return [volume for volume in find_volumes(connection, pools, [path]).values() if volume.type != "directory"]


def _info(volume: Volume, users: FileUsers, key: str | None) -> dict[str, Any]:
    return {
        **volume.facts(),
        "used_by": users.names(volume.path),
        "key": key,
        "xml": None if key is None else write_volume_xml(volume, key),
    }


def _key(connection: EsxConnection, volume: Volume) -> str:
    """The key of a volume in libvirt: the UUID of a disk on a host, otherwise the path."""
    if volume.type != "vmdk" or not connection.is_direct:
        return str(volume.path)
    manager = connection.session.content.virtualDiskManager
    try:
        text = manager.QueryVirtualDiskUuid(str(volume.path), connection.context.datacenter)
    except ServerFault:  # a file with the ending .vmdk that is not a disk for the host
        return str(volume.path)
    digits = re.sub(r"[^0-9a-f]", "", str(text).lower())
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
