# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Growing disks: through the domain that has the disk, even while it runs, or through the host if no domain has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_tasks import DiskTasks
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import FileUser, read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.host_tasks import Chain, HostTask, side_by_side
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim


def plan_growth(connection: EsxConnection, tasks: DiskTasks, growing: Sequence[tuple[Volume, int]]) -> list[Step]:
    """Return the steps that grow disks to a capacity in bytes; empty if no disk must grow.

    :raises Refused: if a domain's snapshots need a disk unchanged, or if several domains share it.
    """
    if not growing:
        return []
    users = read_file_users(connection)
    return side_by_side(
        connection, [_chain(tasks, volume, capacity, users.of(volume.path)) for volume, capacity in growing]
    )


def _chain(tasks: DiskTasks, volume: Volume, capacity: int, users: Sequence[FileUser]) -> Chain:
    name = f"grow {volume.path}"
    if not users:
        return Chain(name, [tasks.extend(volume.path, capacity)])
    check_may_grow(volume.path, users)
    return Chain(name, [_by_domain(users[0], capacity, name)])


def check_may_grow(path: DatastorePath, users: Sequence[FileUser]) -> None:
    """Check that neither a snapshot nor another domain needs a disk as large as it is.

    :raises Refused: if one does.
    """
    for user in users:
        if user.disk is None or user.snapshots:
            kept = quoted(user.snapshots) if user.snapshots else "another disk is based on it"
            raise Refused(f"The disk {path} of domain '{user.name}' cannot grow: it has snapshots ({kept}).")
    if len(users) > 1:
        names = quoted(user.name for user in users)
        raise Refused(f"The disk {path} cannot grow: the domains {names} share it.")


def _by_domain(user: FileUser, capacity: int, name: str) -> HostTask:
    """The server expects the whole device as it was read, with the new capacity in both units."""
    device = user.disk
    device.capacityInKB = -(-capacity // 1024)
    if getattr(device, "capacityInBytes", None) is not None:
        device.capacityInBytes = device.capacityInKB * 1024
    change: Any = vim.vm.device.VirtualDeviceSpec(operation="edit", device=device)
    spec = vim.vm.ConfigSpec(deviceChange=[change])
    action = f"Changing domain '{user.name}' to {name}"
    return HostTask(action, lambda: user.ref.ReconfigVM_Task(spec), domain=user.ref)
