# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The datastores of a host, which are libvirt's storage pools; all of them are read in one call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_DATASTORES,
    Row,
    Values,
    fetch,
    list_at,
    number_at,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid

_PATHS = (
    "name",
    "browser",
    "info",
    "host",
    "summary.accessible",
    "summary.capacity",
    "summary.freeSpace",
    "summary.type",
    "summary.multipleHostAccess",
    "capability.perFileThinProvisioningSupported",
)
# Properties that came with later versions of the API.
_SINCE = {(4, 0): ("summary.uncommitted",), (5, 0): ("summary.maintenanceMode",)}


@dataclass(frozen=True)
class Pool:
    """A datastore as the host has it mounted. ``values`` are its properties by path; sizes are in bytes."""

    ref: Any
    host: Any
    values: Values = field(repr=False)

    @property
    def name(self) -> str:
        """The name, as used in datastore paths."""
        return str(self.values["name"])

    @property
    def moid(self) -> str:
        """The VI API's managed object id."""
        return moid(self.ref)

    @property
    def is_accessible(self) -> bool:
        """Whether the host can reach it; if not, its sizes are unknown."""
        return bool(self.values["summary.accessible"])

    @property
    def capacity(self) -> int:
        """Its size, 0 if it is not accessible."""
        return number_at(self.values, "summary.capacity") if self.is_accessible else 0

    @property
    def available(self) -> int:
        """Its free space, 0 if it is not accessible."""
        return number_at(self.values, "summary.freeSpace") if self.is_accessible else 0

    @property
    def mount(self) -> Any:
        """The HostMountInfo of the connection's host, None if the server does not report it."""
        return next((item.mountInfo for item in list_at(self.values, "host") if item.key == self.host), None)

    @property
    def largest_disk(self) -> int | None:
        """The maximum capacity of a disk on it, None if the server does not report it."""
        info = self.values["info"]
        limit = getattr(info, "maxVirtualDiskCapacity", None) or getattr(info, "maxFileSize", None)
        return int(limit) if limit else None


def read_pools(connection: EsxConnection) -> dict[str, Pool]:
    """Return the datastores of the host by name, in one call."""
    paths = pool_paths(connection)
    return make_pools(
        connection,
        fetch(connection.session, "Datastore", paths, objects=[connection.host], traversal=HOST_DATASTORES),
    )


def pool_paths(connection: EsxConnection) -> list[str]:
    """Return the properties to read of a datastore."""
    newer = [path for version, paths in _SINCE.items() if connection.session.has(*version) for path in paths]
    return [*_PATHS, *newer]


def make_pools(connection: EsxConnection, rows: Iterable[Row]) -> dict[str, Pool]:
    """Return datastores of the host by name; one whose name the user may not see cannot be used.

    :param rows: their properties ``pool_paths``.
    """
    pools = [Pool(ref, connection.host, values) for ref, values in rows if values["name"]]
    return {pool.name: pool for pool in sorted(pools, key=lambda pool: pool.name)}


def usable_pool(pools: dict[str, Pool], name: str) -> Pool:
    """Return the datastore with a name, to find or create files on it.

    :raises NotFound: if the host has no such datastore.
    :raises Refused: if the host cannot reach it.
    """
    if name not in pools:
        raise NotFound(f"The host has no datastore '{name}'; it has {quoted(pools)}.")
    if not pools[name].is_accessible:
        raise Refused(f"The host cannot access the datastore '{name}'.")
    return pools[name]
