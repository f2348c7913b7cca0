# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resolving the names in a task to the objects of a relocation: pools, folders, datastores and networks.

Anything that a task does not name is kept if both sides have it: the resource pool with the same path, the folder with
the same path in another datacenter, the datastore with the same volume. Each host and pool is read once per task.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.entries import Entry
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.names import missing
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.networks import changed_cards
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.relocation import Relocation
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.request import MoveRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.storage import (
    Datastores,
    Storage,
    named_storage,
    read_datastores,
    same_storage,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import escape_name, unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    PARENTS,
    Traversal,
    Values,
    fetch,
    fetch_one,
    fetch_types,
    list_at,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name

_POOLS = (Traversal("pools", "ResourcePool", "resourcePool", ("pools",)),)
_DEVICES = "config.hardware.device"


@dataclass
class Targets:
    """The hosts and pools of the vCenter that were read so far, by reference."""

    endpoints: MigrationEndpoints
    pools: dict[Any, dict[Any, tuple[str, ...]]] = field(default_factory=dict)
    datastores: dict[Any, Datastores] = field(default_factory=dict)

    def pools_of(self, host: HostContext) -> dict[Any, tuple[str, ...]]:
        """The pools of a host or its cluster with their paths below the root pool, which has an empty one."""
        if host.compute not in self.pools:
            paths = {"ResourcePool": ["name", "parent"]}
            vcenter = self.endpoints.vcenter
            rows = fetch_types(vcenter, paths, objects=[host.pool], traversal=_POOLS, include_start=True)
            self.pools[host.compute] = _paths_below(host.pool, dict(rows))
        return self.pools[host.compute]

    def datastores_of(self, host: HostContext) -> Datastores:
        """The datastores of a host."""
        if host.host not in self.datastores:
            self.datastores[host.host] = read_datastores(self.endpoints.vcenter, host)
        return self.datastores[host.host]


def resolve(targets: Targets, entry: Entry) -> Relocation | None:
    """Return the relocation of a domain; None if it is at its destination, or not on the host that it is to leave.

    :raises EsxError: if the destination has no pool, folder, datastore or network with a name in the task, or if the
        task must name one that it leaves out; the message says which domain it is about.
    """
    if entry.record is None or entry.destination is None:
        return None
    try:
        return find_relocation(targets, entry, entry.record, entry.destination)
    except (NotFound, ParseError, Refused) as error:
        raise EsxError(f"{entry} cannot be migrated {entry.route}: {error.message}", hint=error.hint) from None


def find_relocation(targets: Targets, entry: Entry, record: DomainRecord, host: HostContext) -> Relocation | None:
    """Do the same as ``resolve``, with errors that do not name the domain."""
    move = entry.request
    source = targets.endpoints.host(record.values["runtime.host"])
    if move.source is not None and targets.endpoints.named[move.source].host != source.host:
        return None
    vcenter = targets.endpoints.vcenter
    devices = _devices(vcenter, record) if move.changes_devices or source.datacenter != host.datacenter else []
    datastore, disks = _storage(targets, record, source, host, move, devices)
    pool = _pool(targets, record, source, host, move)
    relocation = Relocation(
        record=record,
        host=host,
        route=entry.route,
        pool=pool,
        folder=_folder(targets, record, source, host, move),
        datastore=datastore,
        disks=disks,
        devices=changed_cards(vcenter, host, devices, move.networks),
    )
    stays = source.host == host.host and relocation.moves_only_host and pool is None
    return None if stays else relocation


def _devices(vcenter: Session, record: DomainRecord) -> list[Any]:
    return list(list_at(fetch_one(vcenter, record.ref, [_DEVICES]), _DEVICES))


def _storage(
    targets: Targets,
    record: DomainRecord,
    source: HostContext,
    host: HostContext,
    move: MoveRequest,
    devices: list[Any],
) -> Storage:
    if move.datastore is not None or move.disks:
        return named_storage(record, host, targets.datastores_of(host), devices, move.datastore, move.disks)
    if source.datacenter != host.datacenter:
        return same_storage(record, host, targets.datastores_of(source), targets.datastores_of(host), devices)
    return None, []


def _pool(targets: Targets, record: DomainRecord, source: HostContext, host: HostContext, move: MoveRequest) -> Any:
    """The pool to move to; None if a domain stays in its pool, and for templates, which are in none."""
    if record.values["config.template"]:
        return None
    present, stays = record.values["resourcePool"], source.compute == host.compute
    if move.pool is not None:
        wanted = _pool_named(targets, host, move.pool)
        return None if stays and wanted == present else wanted
    if stays:
        return None
    if present is None or present == source.pool:
        return host.pool
    return _same_pool(targets, present, source, host)


def _same_pool(targets: Targets, present: Any, source: HostContext, host: HostContext) -> Any:
    """The destination's pool with the path of the present one; the root pool if there is none."""
    path = targets.pools_of(source).get(present)
    same = (ref for ref, other in targets.pools_of(host).items() if path and other == path)
    return next(same, host.pool)


def _pool_named(targets: Targets, host: HostContext, name: str) -> Any:
    """A pool by its path below the root pool, ``prod/web``, or by the end of that path if it is the only one."""
    pools = targets.pools_of(host)
    found = _pools_at(tuple(item for item in name.split("/") if item), pools)
    if len(found) != 1:
        raise missing("resource pool", name, host, ("/".join(path) for path in pools.values() if path))
    return found[0]


def _pools_at(wanted: tuple[str, ...], pools: Mapping[Any, tuple[str, ...]]) -> list[Any]:
    """The pool with a path; if there is none, those whose paths end with it."""
    ending = [ref for ref, path in pools.items() if path[len(path) - len(wanted) :] == wanted]
    return [ref for ref in ending if pools[ref] == wanted] or ending


def _paths_below(root: Any, rows: dict[Any, Values]) -> dict[Any, tuple[str, ...]]:
    def path(ref: Any) -> tuple[str, ...]:
        if ref == root or ref not in rows:
            return ()
        return (*path(rows[ref]["parent"]), unescape_name(rows[ref]["name"] or moid(ref)))

    return {ref: path(ref) for ref in rows}


def _folder(targets: Targets, record: DomainRecord, source: HostContext, host: HostContext, move: MoveRequest) -> Any:
    """The folder to move to: the one that is named, or in another datacenter the one with the same path."""
    if move.folder is None and source.datacenter == host.datacenter:
        return None
    vcenter = targets.endpoints.vcenter
    rows = fetch(vcenter, "ManagedEntity", ["name", "parent"], objects=[record.ref], traversal=PARENTS)
    present = fetch_one(vcenter, record.ref, ["parent"])["parent"]
    items = _folders(dict(rows), present) if move.folder is None else move.folder.strip("/").split("/")
    found = _folder_at(vcenter, host, items)
    if found is None and move.folder is not None:
        raise NotFound(f"The datacenter '{host.datacenter_path}' has no folder '{move.folder}' of domains.")
    return None if found == present else found or host.vm_folder


def _folder_at(vcenter: Session, host: HostContext, items: Sequence[str]) -> Any:
    """The folder with a path in the destination's datacenter, without items that of all domains; None if missing.

    A domain or a vApp can be at the end of a path, too.
    """
    path = "/".join(escape_name(unescape_name(item)) for item in items)
    if not path:
        return host.vm_folder
    found = vcenter.content.searchIndex.FindByInventoryPath(f"{host.datacenter_path}/vm/{path}")
    return found if found is not None and type_name(found) == "Folder" else None


def _folders(parents: dict[Any, Values], folder: Any) -> list[str]:
    """The names of the folders from the datacenter's folder of domains (not included) down to ``folder``."""
    names: list[str] = []
    while folder in parents:
        names.insert(0, parents[folder]["name"] or moid(folder))
        folder = parents[folder]["parent"]
        if folder is not None and type_name(folder) == "Datacenter":
            return names[1:]
    return []
