# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The source of a clone: a domain that is shut off, a snapshot of one, or a VMX that no domain uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_chain import virtual_disks
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import read_host_facts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import (
    DomainRecord,
    find_domain,
    get_domain,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import read_pools, usable_pool
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import (
    SNAPSHOT_PATHS,
    find_snapshot,
    snapshot_list,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import find_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import get_file
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name
from ansible_collections.virt.esx.plugins.module_utils._vmx.clone import CloneSource, read_source
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import Place

_DEVICES = "config.hardware.device"
# The key of the first controller of each bus in the VI API; the others follow.
_CONTROLLERS = (("ide", 200, 4), ("scsi", 1000, 4), ("sata", 15000, 4), ("nvme", 31000, 4))
# Parts of the names of the backings of disks that are devices of the host.
_RAW = ("RawDiskMapping", "RawDiskVer")


@dataclass(frozen=True)
class Source:
    """The source of a clone: its VMX, disks by slot, network cards, NVRAM file, and its domain if any.

    ``images`` are those in drives whose keys, by which they are here, name them relative to the VMX.
    """

    vmx: DatastorePath
    content: bytes
    disks: Mapping[str, DatastorePath]
    images: Mapping[str, DatastorePath]
    cards: Sequence[str]
    nvram: DatastorePath | None
    record: DomainRecord | None


def read_clone_source(
    connection: EsxConnection, name: str | None, uuid: str | None, vmx_path: DatastorePath | None, snapshot: str | None
) -> Source:
    """Read the source of a clone.

    :param snapshot: the name, the path or the id of a snapshot whose disks are cloned; None for the present ones.
    :raises NotFound: if there is no such domain, snapshot or VMX.
    :raises Ambiguous: if several snapshots have the name.
    :raises Refused: for a domain that is not shut off, and for disks that are not files.
    """
    if vmx_path is not None:
        return _of_file(connection, vmx_path)
    paths = (*PENDING_PATHS, *SNAPSHOT_PATHS, _DEVICES)
    record, facts = get_domain(connection, DomainKey(name, uuid), paths=paths)
    if snapshot is None:
        _check_shutoff(record)
    devices = record.values[_DEVICES] if snapshot is None else _snapshot_devices(connection, record, snapshot)
    disks = virtual_disks(devices)
    _check_disks(record.name, disks, from_snapshot=snapshot is not None)
    vmx = parse_datastore_path(record.vmx_path or "")
    content = get_file(connection.session, datastore_file(connection, vmx))
    found = _read(vmx, content)
    _warn_of_port(connection, found)
    files = _disks(found, vmx, facts.volumes) if snapshot is None else _snapshot_disks(record.name, found, disks)
    return _source(connection, vmx, content, found, files, facts.volumes, record)


def _check_shutoff(record: DomainRecord) -> None:
    if record.state != "shutoff":
        raise Refused(
            f"The domain '{record.name}' cannot be cloned: it is {record.state}.",
            hint="Shut it off first, or clone one of its snapshots.",
        )


def _of_file(connection: EsxConnection, vmx: DatastorePath) -> Source:
    """The source whose VMX that is: a template, or a domain that is shut off."""
    user = find_domain(connection, DomainKey(vmx_path=str(vmx)), volumes=False)
    if user is not None:
        _check_shutoff(user[0])
    pools = read_pools(connection)
    usable_pool(pools, vmx.datastore)
    try:
        content = get_file(connection.session, datastore_file(connection, vmx))
    except NotFound:
        raise NotFound(f"There is no VMX {vmx}.") from None
    found = _read(vmx, content)
    _warn_of_port(connection, found)
    volumes = read_host_facts(connection).volumes
    return _source(connection, vmx, content, found, _disks(found, vmx, volumes), volumes, None)


def _read(vmx: DatastorePath, content: bytes) -> CloneSource:
    """The content of a VMX; errors name the file."""
    try:
        return read_source(content)
    except ParseError as error:
        raise ParseError(f"The file {vmx} is not a VMX that can be cloned: {error}") from None


def _source(
    connection: EsxConnection,
    vmx: DatastorePath,
    content: bytes,
    found: CloneSource,
    disks: Mapping[str, DatastorePath],
    volumes: Mapping[str, str],
    record: DomainRecord | None,
) -> Source:
    nvram = None if found.nvram is None else _resolve(found.nvram, vmx, volumes)
    if nvram is not None and nvram not in find_volumes(connection, read_pools(connection), [nvram]):
        nvram = None  # a domain that has never been started has none yet
    images = {key: _resolve(name, vmx, volumes) for key, name in found.images.items()}
    return Source(vmx, content, disks, images, found.cards, nvram, record)


def _disks(found: CloneSource, vmx: DatastorePath, volumes: Mapping[str, str]) -> dict[str, DatastorePath]:
    return {slot: _resolve(name, vmx, volumes) for slot, name in found.disks.items()}


def _resolve(name: str, vmx: DatastorePath, volumes: Mapping[str, str]) -> DatastorePath:
    """The datastore path of a file name in a VMX."""
    place = Place(f"[{vmx.datastore}] {vmx.directory}".rstrip(), volumes)
    try:
        source = place.resolve(name, relative_paths=True)
        if source is not None:
            return parse_datastore_path(source).canonical
    except (ValueError, ParseError):
        pass
    raise Refused(f"The file '{name}' of the VMX {vmx} is not on a datastore of the host; it cannot be cloned.")


def _check_disks(name: str, disks: Sequence[Any], *, from_snapshot: bool) -> None:
    """Refuse disks that cannot be cloned by copying a file."""
    for backing in (disk.backing for disk in disks):
        if any(kind in type_name(backing) for kind in _RAW):
            raise Refused(f"The domain '{name}' has a disk that is a device of the host; it cannot be cloned.")
        if from_snapshot and str(getattr(backing, "diskMode", "")).startswith("independent"):
            raise Refused(f"The domain '{name}' has an independent disk, which is not in its snapshots.")


def _snapshot_devices(connection: EsxConnection, record: DomainRecord, snapshot: str) -> Any:
    found = find_snapshot(snapshot_list(record.values), snapshot, record.name)
    if found is None:
        raise NotFound(f"The domain '{record.name}' has no snapshot '{snapshot}'.")
    return fetch_one(connection.session, found.ref, [_DEVICES])[_DEVICES]


def _snapshot_disks(name: str, found: CloneSource, devices: Sequence[Any]) -> dict[str, DatastorePath]:
    """The disks of a snapshot, which must have the same disks as the domain has now."""
    disks = {
        slot: parse_datastore_path(str(device.backing.fileName)).canonical
        for device in devices
        if (slot := _slot(device)) is not None
    }
    if set(disks) != set(found.disks):
        raise Refused(f"The domain '{name}' has other disks now than in the snapshot; clone it from another one.")
    return {slot: disks[slot] for slot in found.disks}


def _slot(device: Any) -> str | None:
    for bus, first, count in _CONTROLLERS:
        if first <= device.controllerKey < first + count:
            return f"{bus}{device.controllerKey - first}:{device.unitNumber}"
    return None


def _warn_of_port(connection: EsxConnection, found: CloneSource) -> None:
    if found.vnc_port is not None:
        connection.warn(
            f"The clone listens for VNC on port {found.vnc_port}, too, as its source does; only one of them can."
        )
