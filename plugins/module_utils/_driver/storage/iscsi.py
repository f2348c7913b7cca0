# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The static targets of a host's iSCSI adapter, which libvirt has as storage pools too; they are read only.

The volumes of such a pool are the disks that a target offers. Their sizes are theirs; the pool itself has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.volume_xml import md5_uuid, write_pool_xml
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name

_ADAPTERS = "config.storageDevice.hostBusAdapter"
_TOPOLOGY = "config.storageDevice.scsiTopology.adapter"
_LUNS = "config.storageDevice.scsiLun"


def iscsi_infos(connection: EsxConnection, *, name: str | None, refresh: bool) -> list[dict[str, Any]]:
    """Return what is to be said of the targets of the host's first iSCSI adapter, sorted by name; one read.

    Before API 4.0 there are none: such servers describe adapters in a form of their own.

    :param name: only the target of that name.
    :param refresh: let the adapter look for targets and disks first.
    """
    if not connection.session.has(4, 0):
        return []
    values = _read(connection)
    adapter = _adapter(values)
    if adapter is None:
        return []
    if refresh and any(name in (None, target.iScsiName) for target in adapter.configuredStaticTarget or ()):
        path = "configManager.storageSystem"
        fetch_one(connection.session, connection.context.host, [path])[path].RescanHba(adapter.device)
        values = _read(connection)
        adapter = _adapter(values) or adapter
    targets = sorted(adapter.configuredStaticTarget or (), key=lambda target: str(target.iScsiName))
    return [_info(target, values) for target in targets if name in (None, target.iScsiName)]


def _read(connection: EsxConnection) -> Values:
    return fetch_one(connection.session, connection.context.host, [_ADAPTERS, _TOPOLOGY, _LUNS])


def _adapter(values: Values) -> Any:
    """The first adapter for iSCSI, as libvirt takes it; None if there is none."""
    return next((item for item in values[_ADAPTERS] or () if type_name(item) == "HostInternetScsiHba"), None)


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
    keys = {
        lun.scsiLun
        for interface in values[_TOPOLOGY] or ()
        for target in interface.target or ()
        if getattr(target.transport, "iScsiName", None) == name
        for lun in target.lun or ()
    }
    yield from (lun for lun in values[_LUNS] or () if lun.key in keys)


def _volume(lun: Any) -> dict[str, Any]:
    """A disk of a target; what is no disk, such as a tape, has no size."""
    size = getattr(lun, "capacity", None)
    return {
        "name": lun.deviceName,
        "path": getattr(lun, "devicePath", None) or lun.deviceName,
        "key": md5_uuid(str(lun.uuid)),
        "capacity_bytes": None if size is None else int(size.block) * int(size.blockSize),
    }
