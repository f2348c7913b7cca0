# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are a domain's own: its disks with their extents, its VMX, and what the host keeps beside that.

A file that another domain, or a snapshot of one, refers to is nobody's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.browser import search
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, Traversal, Values, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

_DEVICES = "config.hardware.device"
_LAYOUT = "layoutEx.file"
_VMX = "config.files.vmPathName"
_SNAPSHOTS = "snapshot.rootSnapshotList"

# From a host to all domains that may have a file of it: its own, and those of other hosts on the same datastores.
_NEIGHBOURS = (
    *HOST_VMS,
    Traversal("datastores", "HostSystem", "datastore", ("users",)),
    Traversal("users", "Datastore", "vm"),
)

# What belongs to a disk NAME.vmdk: its data, its changes, the map of another disk.
_EXTENT = r"-(?:flat|delta|sesparse|ctk|rdmp?|[sf][0-9]{3})\.vmdk"
# What the host keeps for a domain NAME.vmx.
_BESIDE = (
    r"\.(?:vmx|vmx~|vmx\.lck|vmxf|vmsd|nvram|vswp|vmss|vmem|hlog|scoreboard)"
    r"|-(?:Snapshot[0-9]+|[0-9a-f]{8})\.(?:vmsn|vmss|vmem|vswp|hlog)"
)
# [datastore] directory/name; devices of the host are "[] /vmfs/devices/..."
_IN_DATASTORE = re.compile(r"\[[^\]]+\] *[^/\s]")
_LOG = re.compile(r"vmware(?:-[0-9]+)?\.log|vmx-zdump\.[0-9]+|vmmcores\.gz")


@dataclass(frozen=True)
class OwnFiles:
    """The files that go with a domain, as datastore paths; ``directory`` is None where it has to stay.

    ``disks`` are descriptors, those with changes before those they are based on; deleting one deletes its extents.
    """

    disks: tuple[str, ...]
    others: tuple[str, ...]
    vmx: str
    directory: str | None


def find_own_files(connection: EsxConnection, ref: Any, vmx_path: str) -> OwnFiles:
    """The files of a domain that nobody else refers to; three reads, four with snapshots."""
    paths = [_DEVICES, _VMX, _SNAPSHOTS, *([_LAYOUT] if connection.session.has(4, 0) else [])]
    rows = fetch(connection.session, "VirtualMachine", paths, objects=[connection.context.host], traversal=_NEIGHBOURS)
    owners = {item.snapshot: row for row, values in rows for item in _flat(values[_SNAPSHOTS])}
    kept = fetch(connection.session, "VirtualMachineSnapshot", [_DEVICES], objects=list(owners)) if owners else []
    rows += [(owners[snapshot], values) for snapshot, values in kept]
    vmx = parse_datastore_path(vmx_path)
    mine = [values for owner, values in rows if owner == ref]
    foreign = [values for owner, values in rows if owner != ref]
    return own_files(vmx, mine, foreign, list_directory(connection, vmx))


def _flat(trees: Any) -> Iterable[Any]:
    """Each VirtualMachineSnapshotTree."""
    for tree in trees or ():
        yield tree
        yield from _flat(tree.childSnapshotList)


def own_files(vmx: DatastorePath, mine: Sequence[Values], foreign: Sequence[Values], listed: Sequence[str]) -> OwnFiles:
    """The same from what was read.

    :param mine: properties of the domain and of its snapshots.
    :param foreign: properties of all other domains and of theirs.
    :param listed: the names in the directory of the VMX.
    """
    taken = {name for values in foreign for name in _referenced(values)}
    disks = [name for name in dict.fromkeys(name for values in mine for name in _disks(values)) if name not in taken]
    stem = vmx.name.rpartition(".")[0]
    parts = "|".join(re.escape(_name(disk)) + f"(?:{_EXTENT})" for disk in disks if _is_beside(disk, vmx))
    extents = re.compile(parts or r"(?!)")
    beside = re.compile(re.escape(stem) + f"(?:{_BESIDE})")
    own = [name for name in listed if beside.fullmatch(name) and _path(vmx, name) not in taken]
    logs = [name for name in listed if _LOG.fullmatch(name)]
    known = {_path(vmx, name) for name in (*own, *logs)} | set(disks)
    foreign_names = [name for name in listed if _path(vmx, name) not in known and not extents.fullmatch(name)]
    removable = bool(vmx.directory) and not foreign_names
    others = [_path(vmx, name) for name in (*own, *(logs if removable else ())) if name != vmx.name]
    return OwnFiles(tuple(disks), tuple(others), str(vmx), f"[{vmx.datastore}] {vmx.directory}" if removable else None)


def list_directory(connection: EsxConnection, vmx: DatastorePath) -> list[str]:
    """The names of what lies in the directory of a VMX; nothing if the directory does not exist."""
    spec = vim.host.DatastoreBrowser.SearchSpec(matchPattern=["*"])
    return [str(item.path) for item in search(connection, vmx, spec)]


def _referenced(values: Values) -> Iterable[str]:
    """Every file that a domain or a snapshot refers to: its VMX, disks and what they are based on, images, the rest."""
    yield from (str(item.name) for item in values.get(_LAYOUT) or ())
    for device in values.get(_DEVICES) or ():
        yield from _chain(device.backing)
    if values.get(_VMX):
        yield values[_VMX]


def _disks(values: Values) -> Iterable[str]:
    """The hard disks of a domain or a snapshot that are files in a datastore, each with what it is based on."""
    for device in values.get(_DEVICES) or ():
        if type_name(device) == "VirtualDisk":
            yield from (name for name in _chain(device.backing) if _IN_DATASTORE.match(name))


def _chain(backing: Any) -> Iterable[str]:
    while backing is not None:
        name = getattr(backing, "fileName", None)
        if name:
            yield str(name)
        backing = getattr(backing, "parent", None)


def _name(disk: str) -> str:
    """``web`` of ``[ds] web/web.vmdk``."""
    return re.sub(r"\.vmdk$", "", parse_datastore_path(disk).name, flags=re.IGNORECASE)


def _is_beside(disk: str, vmx: DatastorePath) -> bool:
    place = parse_datastore_path(disk)
    return (place.datastore, place.directory) == (vmx.datastore, vmx.directory)


def _path(vmx: DatastorePath, name: str) -> str:
    """The datastore path of a name in the directory of a VMX."""
    directory = f"{vmx.directory}/" if vmx.directory else ""
    return f"[{vmx.datastore}] {directory}{name}"
