# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of the host's VirtualDiskManager, for disks that no domain uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.host_tasks import HostTask
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import GONE, deletion
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# How a disk's space is allocated, and the API's VirtualDiskType for it.
_DISK_TYPES = {"thin": "thin", "thick": "preallocated", "eager": "eagerZeroedThick"}
# libvirt's models, and the API's VirtualDiskAdapterType for them.
_ADAPTER_TYPES = {"lsilogic": "lsiLogic", "buslogic": "busLogic", "ide": "ide"}

# The faults that mean that another client has just made a disk of that name, or is making it.
_TAKEN = ("FileAlreadyExists",)


class Form(Protocol):
    """How a disk is made."""

    @property
    def allocation(self) -> str:
        """One of ``thin``, ``thick``, ``eager``."""

    @property
    def adapter(self) -> str:
        """One of ``lsilogic``, ``buslogic``, ``ide``."""


@dataclass(frozen=True)
class DiskTasks:
    """Makes tasks, which start only when they are run; capacities are in bytes."""

    connection: EsxConnection

    @property
    def _manager(self) -> Any:
        return self.connection.session.content.virtualDiskManager

    @property
    def _datacenter(self) -> Any:
        return self.connection.context.datacenter

    def create(self, path: DatastorePath, capacity: int, form: Form) -> HostTask:
        """Create an empty disk; its directory must exist."""
        spec = vim.VirtualDiskManager.FileBackedVirtualDiskSpec(
            diskType=_DISK_TYPES[form.allocation],
            adapterType=_ADAPTER_TYPES[form.adapter],
            capacityKb=-(-capacity // 1024),
        )
        return HostTask(
            f"Creating {path}",
            lambda: self._manager.CreateVirtualDisk_Task(str(path), self._datacenter, spec),
            foreign=_TAKEN,
        )

    def copy(self, source: DatastorePath, path: DatastorePath, form: Form) -> HostTask:
        """Copy a disk with the files that it is based on; a vCenter ignores the requested allocation."""
        spec = None
        if self.connection.is_direct:
            spec = vim.VirtualDiskManager.VirtualDiskSpec(
                diskType=_DISK_TYPES[form.allocation], adapterType=_ADAPTER_TYPES[form.adapter]
            )
        return HostTask(
            f"Copying {source} to {path}",
            lambda: self._manager.CopyVirtualDisk_Task(
                str(source), self._datacenter, str(path), self._datacenter, spec, False
            ),
            foreign=_TAKEN,
        )

    def move(self, source: DatastorePath, path: DatastorePath) -> HostTask:
        """Rename a disk with its data; no disk may have the new name."""
        return HostTask(
            f"Moving {source} to {path}",
            lambda: self._manager.MoveVirtualDisk_Task(
                str(source), self._datacenter, str(path), self._datacenter, False, None
            ),
        )

    def extend(self, path: DatastorePath, capacity: int | None) -> HostTask:
        """Grow a disk; a thin disk stays thin."""
        kib = -(-(capacity or 0) // 1024)
        return HostTask(
            f"Growing {path}",
            lambda: self._manager.ExtendVirtualDisk_Task(str(path), self._datacenter, kib, None),
        )

    def wipe(self, path: DatastorePath) -> HostTask:
        """Overwrite a disk with zeros."""
        return HostTask(f"Wiping {path}", lambda: self._manager.ZeroFillVirtualDisk_Task(str(path), self._datacenter))

    def delete(self, path: DatastorePath) -> HostTask:
        """Delete a disk with its data. It is no error if it is already gone, or if the file is not really a disk."""
        return HostTask(
            f"Deleting {path}",
            lambda: self._manager.DeleteVirtualDisk_Task(str(path), self._datacenter),
            GONE,
            otherwise={"InvalidDiskFormat": deletion(self.connection, path)},
        )
