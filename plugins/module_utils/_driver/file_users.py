# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domains that use a file in a datastore: as a disk, a disk's parent, through a snapshot, or otherwise.

A file that a domain or a snapshot uses is never deleted, moved or overwritten. Paths are compared in their canonical
form, as a VMX can spell them differently.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_chain import chain
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import STATES
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, make_pools, pool_paths
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import flat_trees
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, canonical_path, unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_VMS,
    Row,
    Traversal,
    Values,
    fetch,
    fetch_types,
    list_at,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name

_DEVICES = "config.hardware.device"
_LAYOUT = "layoutEx.file"
_VMX = "config.files.vmPathName"
_SNAPSHOTS = "snapshot.rootSnapshotList"
_STATE = "runtime.powerState"
_OF_USERS = ("name", _STATE)

# From a host to all domains that can use its files: its own, and those of other hosts on the same datastores.
NEIGHBOURS = (
    *HOST_VMS,
    Traversal("datastores", "HostSystem", "datastore", ("users",)),
    Traversal("users", "Datastore", "vm"),
)


@dataclass(frozen=True)
class FileUser:
    """A domain that uses a file. ``disk`` is its VirtualDisk whose own file it is, ``snapshots`` are their names."""

    ref: Any
    name: str
    state: str
    disk: Any
    snapshots: tuple[str, ...]


class FileUsers:
    """The users of files, by the file's canonical path."""

    def __init__(self) -> None:
        self._users: dict[str, dict[Any, FileUser]] = {}

    def add(self, path: str, user: FileUser) -> None:
        """Add a user; if a domain uses a file in several roles, the use as its own disk is kept."""
        users = self._users.setdefault(canonical_path(path), {})
        if user.disk is not None or user.ref not in users:
            users[user.ref] = user

    def of(self, path: DatastorePath) -> list[FileUser]:
        """Return the domains that use a file, sorted by name."""
        return sorted(self._users.get(str(path.canonical), {}).values(), key=lambda user: user.name)

    def names(self, path: DatastorePath) -> list[str]:
        """Return the names of the domains that use a file."""
        return [user.name for user in self.of(path)]

    def refuse(self, path: DatastorePath, action: str) -> None:
        """Check that no domain uses a file.

        :param action: what a user prevents: ``cannot be deleted``.
        :raises Refused: if one does.
        """
        users = self.of(path)
        if users:
            listed = ", ".join(f"'{user.name}'" + (" (with snapshots)" if user.snapshots else "") for user in users)
            raise Refused(f"{path} {action}: it is used by domain {listed}.")


def read_file_users(connection: EsxConnection) -> FileUsers:
    """Read the users of all files; one read, and a second one if there are snapshots."""
    return _users(*read_neighbours(connection, _OF_USERS))


def read_file_users_and_pools(connection: EsxConnection) -> tuple[FileUsers, dict[str, Pool]]:
    """As ``read_file_users``, with the datastores of the host, in the same calls."""
    wanted = {"VirtualMachine": _paths(connection, _OF_USERS), "Datastore": pool_paths(connection)}
    rows = fetch_types(connection.session, wanted, objects=[connection.host], traversal=NEIGHBOURS)
    domains = [row for row in rows if type_name(row[0]) == "VirtualMachine"]
    pools = [row for row in rows if type_name(row[0]) == "Datastore"]
    return _users(domains, _read_snapshots(connection, domains)), make_pools(connection, pools)


def read_neighbours(connection: EsxConnection, paths: Sequence[str] = ()) -> tuple[list[Row], list[Row]]:
    """Read all domains that can use a file of the host, and their snapshots; one read, two if there are snapshots.

    :param paths: properties to read in addition to those that name files.
    :returns: the properties of domains, and the devices of snapshots; both by the domain's reference.
    """
    wanted = _paths(connection, paths)
    rows = fetch(connection.session, "VirtualMachine", wanted, objects=[connection.host], traversal=NEIGHBOURS)
    return rows, _read_snapshots(connection, rows)


def _paths(connection: EsxConnection, paths: Sequence[str]) -> list[str]:
    """The properties of a domain that name files, and some others."""
    return [*paths, _DEVICES, _VMX, _SNAPSHOTS, *([_LAYOUT] if connection.session.has(4, 0) else [])]


def _read_snapshots(connection: EsxConnection, rows: Sequence[Row]) -> list[Row]:
    """The devices of the snapshots of domains, by the domain's reference."""
    owners = {item.snapshot: ref for ref, values in rows for item in flat_trees(values[_SNAPSHOTS])}
    if not owners:
        return []
    kept = fetch(connection.session, "VirtualMachineSnapshot", [_DEVICES], objects=list(owners))
    return [(owners[snapshot], values) for snapshot, values in kept]


def _users(rows: Sequence[Row], kept: Sequence[Row]) -> FileUsers:
    """The users of the files of domains and of their snapshots."""
    users = FileUsers()
    domains = {}
    for ref, values in rows:
        domains[ref] = user = _user(ref, values)
        for name in _files(values):
            users.add(name, user)
        for device in list_at(values, _DEVICES):
            _add_disk(users, user, device)
    for owner, values in kept:
        for device in list_at(values, _DEVICES):
            for name in chain(device.backing):
                users.add(name, domains[owner])
    return users


def _user(ref: Any, values: Values, disk: Any = None) -> FileUser:
    names = tuple(unescape_name(item.name) for item in flat_trees(values[_SNAPSHOTS]))
    return FileUser(ref, unescape_name(values["name"] or ""), STATES.get(str(values[_STATE]), "unknown"), disk, names)


def _add_disk(users: FileUsers, user: FileUser, device: Any) -> None:
    """Add the users of a device's own file, and of the files that it is based on."""
    for number, name in enumerate(chain(device.backing)):
        owner = user if number else FileUser(user.ref, user.name, user.state, device, user.snapshots)
        users.add(name, owner)


def _files(values: Values) -> Iterator[str]:
    yield from (str(item.name) for item in values.get(_LAYOUT) or ())
    if values[_VMX]:
        yield str(values[_VMX])
