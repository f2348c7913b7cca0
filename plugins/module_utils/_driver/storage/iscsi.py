# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The static targets of a host's iSCSI adapter, which are storage pools in libvirt, too; they are only read.

The volumes of such a pool are the disks that a target offers. They have sizes; the pool itself has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.volume_xml import md5_uuid, write_pool_xml
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch_one, list_at
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name

_ADAPTERS = "config.storageDevice.hostBusAdapter"
_TOPOLOGY = "config.storageDevice.scsiTopology.adapter"
_LUNS = "config.storageDevice.scsiLun"


def iscsi_infos(connection: EsxConnection, *, name: str | None, refresh: bool) -> list[dict[str, Any]]:
    """Return the targets of the host's first iSCSI adapter in the form of results, sorted by name; one read.

    Servers before API 4.0 describe adapters differently, so the list is empty for them.

    :param name: only the target with that name.
    :param refresh: whether the adapter rescans targets and disks first.
    """
    if not connection.session.has(4, 0):
        return []
    values = _read(connection)
    adapter = _adapter(values)
    if adapter is None:
        return []
    if refresh and _targets(adapter, name):
        path = "configManager.storageSystem"
        fetch_one(connection.session, connection.context.host, [path])[path].RescanHba(adapter.device)
        values = _read(connection)
        adapter = _adapter(values) or adapter
    return [_info(target, values) for target in _targets(adapter, name)]


def _targets(adapter: Any, name: str | None) -> list[Any]:
    """The static targets, or the one with a name."""
    targets = sorted(adapter.configuredStaticTarget or (), key=lambda target: str(target.iScsiName))
    return [target for target in targets if name in (None, target.iScsiName)]


def _read(connection: EsxConnection) -> Values:
    return fetch_one(connection.session, connection.context.host, [_ADAPTERS, _TOPOLOGY, _LUNS])


def _adapter(values: Values) -> Any:
    """The first iSCSI adapter, as in libvirt; None if there is none."""
    return next((item for item in list_at(values, _ADAPTERS) if type_name(item) == "HostInternetScsiHba"), None)


def _info(target: Any, values: Values) -> dict[str, Any]:
    name = str(target.iScsiName)
    facts: dict[str, Any] = {
        "name": name,
        "uuid": md5_uuid(name),
        "type": "iscsi",
        "state": "running",
        "capacity_bytes": 0,
        "available_bytes": 0,
        "allocation_bytes": 0,
        "target": None,
        "source": {"host": target.address, "port": target.port, "path": None, "devices": []},
        "volumes": [_volume(lun) for lun in _luns(name, values)],
    }
    return {**facts, "xml": write_pool_xml(facts)}


def _luns(name: str, values: Values) -> Iterator[Any]:
    """The ScsiLuns of a target."""
    keys = {lun.scsiLun for target in _seen(name, values) for lun in target.lun or ()}
    yield from (lun for lun in list_at(values, _LUNS) if lun.key in keys)


def _seen(name: str, values: Values) -> Iterator[Any]:
    """A target as each interface sees it."""
    for interface in list_at(values, _TOPOLOGY):
        for target in interface.target or ():
            if getattr(target.transport, "iScsiName", None) == name:
                yield target


def _volume(lun: Any) -> dict[str, Any]:
    """A disk of a target; other devices, such as tapes, have no size."""
    size = getattr(lun, "capacity", None)
    return {
        "name": lun.deviceName,
        "path": getattr(lun, "devicePath", None) or lun.deviceName,
        "key": md5_uuid(str(lun.uuid)),
        "capacity_bytes": None if size is None else int(size.block) * int(size.blockSize),
    }
