# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The datastores of a host as libvirt's storage pools: what the module ``esx_pool_info`` returns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, list_domains
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, read_pools
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.iscsi import iscsi_infos
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.volume_xml import md5_uuid, write_pool_xml
from ansible_collections.virt.esx.plugins.module_utils._errors import ServerFault
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import list_at
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name

# The types of datastores by the class of their info, where libvirt distinguishes them by it.
_TYPES = {"LocalDatastoreInfo": "local", "VmfsDatastoreInfo": "vmfs", "VsanDatastoreInfo": "vsan"}


def pool_infos(connection: EsxConnection, *, name: str | None, refresh: bool, domains: bool) -> list[dict[str, Any]]:
    """Return the datastores of the host and its iSCSI targets in the form of results, each sorted by name.

    :param name: only the one with that name.
    :param refresh: whether the host rescans them first.
    :param domains: whether to add the domains of the host with files on them; one more read.
    """
    chosen = [pool for pool in read_pools(connection).values() if name in (None, pool.name)]
    if refresh and chosen:
        chosen = _refreshed(connection, chosen)
    infos = [_info(pool) for pool in chosen]
    if domains:
        records = list_domains(connection, ["datastore"])
        for pool, info in zip(chosen, infos):
            info["domains"] = _domains(pool, records)
    return infos + iscsi_infos(connection, name=name, refresh=refresh)


def _refreshed(connection: EsxConnection, chosen: list[Pool]) -> list[Pool]:
    """The datastores as they are after the host has rescanned them."""
    for pool in chosen:
        _rescan(connection, pool, is_only_one=len(chosen) == 1)
    pools = read_pools(connection)
    return [pools[pool.name] for pool in chosen if pool.name in pools]


def _rescan(connection: EsxConnection, pool: Pool, *, is_only_one: bool) -> None:
    """Let the host rescan a datastore; of several, one that it cannot is in a warning, and the others are returned."""
    try:
        pool.ref.RefreshDatastore()
    except ServerFault as error:
        if is_only_one:
            raise
        connection.warn(f"The datastore '{pool.name}' was not rescanned: {error.message}")


def _domains(pool: Pool, records: list[DomainRecord]) -> list[str]:
    return [record.name for record in records if pool.ref in list_at(record.values, "datastore")]


def _info(pool: Pool) -> dict[str, Any]:
    values, mount = pool.values, pool.mount
    path = "" if mount is None else str(mount.path or "")
    facts = {
        "name": pool.name,
        "moid": pool.moid,
        "uuid": md5_uuid(path),
        "type": _type(values),
        "state": "running" if pool.is_accessible else "inaccessible",
        "capacity_bytes": pool.capacity,
        "available_bytes": pool.available,
        "allocation_bytes": pool.capacity - pool.available,
        "provisioned_bytes": _provisioned(pool),
        "target": path.rstrip("/"),
        "volume_uuid": _volume_uuid(values["info"]),
        "source": _source(values["info"]),
        "writable": None if mount is None else str(mount.accessMode) == "readWrite",
        "maintenance": values.get("summary.maintenanceMode") not in (None, "normal"),
        "multiple_host_access": values["summary.multipleHostAccess"],
        "max_volume_bytes": pool.largest_disk,
        "thin_supported": values["capability.perFileThinProvisioningSupported"],
    }
    return {**facts, "xml": write_pool_xml(facts)}


def _type(values: Mapping[str, Any]) -> str:
    """``vmfs``, ``nfs``, ``nfs41``, ``cifs``, ``vsan``, ``vvol``, ``local``, or the server's own word."""
    found = _TYPES.get(type_name(values["info"]))
    if found is not None:
        return found
    nas = getattr(values["info"], "nas", None)
    return str((nas and nas.type) or values["summary.type"] or "unknown").lower()


def _provisioned(pool: Pool) -> int | None:
    """The space that would be used if all disks were full; None before API 4.0."""
    uncommitted = pool.values.get("summary.uncommitted")
    return None if uncommitted is None else pool.capacity - pool.available + int(uncommitted)


def _volume_uuid(info: Any) -> str | None:
    """The UUID of the VMFS volume, as in ``/vmfs/volumes/<uuid>``."""
    vmfs = getattr(info, "vmfs", None)
    return None if vmfs is None else str(vmfs.uuid)


def _source(info: Any) -> dict[str, Any]:
    """The share of a server, or the devices of the host, that the datastore is on."""
    nas, vmfs = getattr(info, "nas", None), getattr(info, "vmfs", None)
    return {
        "host": None if nas is None else nas.remoteHost,
        "port": None,
        "path": None if nas is None else nas.remotePath,
        "devices": [] if vmfs is None else [f"{extent.diskName}:{extent.partition}" for extent in vmfs.extent or ()],
    }
