# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An existing machine as the API has it: its devices, what it can add while it runs, and its snapshots."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, DriveAddress
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_chain import chain
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import SNAPSHOT_PATHS, read_snapshots
from ansible_collections.virt.esx.plugins.module_utils._names import canonical_path
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim_type

DEVICES = "config.hardware.device"
CPU_ADD = "config.cpuHotAddEnabled"
CPU_REMOVE = "config.cpuHotRemoveEnabled"
MEMORY_ADD = "config.memoryHotAddEnabled"

# Which properties are read for which differences; before API 4.0 there is no hot add, and devices are not complete.
_NEEDED: dict[str, frozenset[str]] = {
    DEVICES: frozenset({"disks", "disk_sizes", "controllers", "interfaces", "serials", "parallels", "videos"}),
    CPU_ADD: frozenset({"vcpus"}),
    CPU_REMOVE: frozenset({"vcpus"}),
    MEMORY_ADD: frozenset({"memory_kib"}),
    **dict.fromkeys(SNAPSHOT_PATHS, frozenset({"disks", "disk_sizes"})),
}

# The bus of a disk -> the type of its controllers.
_CONTROLLERS = {
    "ide": "VirtualIDEController",
    "scsi": "VirtualSCSIController",
    "sata": "VirtualAHCIController",
    "nvme": "VirtualNVMEController",
}


@dataclass(frozen=True)
class Machine:
    """The properties of a machine by path; None for what was not read, or what the server does not have."""

    values: Values

    @property
    def snapshots(self) -> list[str]:
        """The names of its snapshots, parents before children."""
        known = {path: self.values.get(path) for path in SNAPSHOT_PATHS}
        return [str(snapshot["name"]) for snapshot in read_snapshots(known)]

    def of_type(self, name: str) -> list[Any]:
        """The devices of a type of the API, subtypes included."""
        kind = vim_type(name)
        return [device for device in self.values.get(DEVICES) or () if isinstance(device, kind)]

    def controller(self, bus: str, number: int) -> Any:
        """A disk controller by its bus and number, None if it is not there."""
        found = self.of_type(_CONTROLLERS[bus]) if bus in _CONTROLLERS else []
        return next((device for device in found if device.busNumber == number), None)

    def in_slot(self, disk: Disk) -> Any:
        """The device in the slot of a disk, None if there is none."""
        unit = slot_of(disk).unit
        return next((device for device in self._beside(disk) if device.unitNumber == unit), None)

    def _beside(self, disk: Disk) -> list[Any]:
        """The devices on the controller of a disk; floppy drives have one of their own."""
        if disk.bus == "fdc":
            return self.of_type("VirtualFloppy")
        controller = self.controller(disk.bus, controller_number(disk))
        if controller is None:
            return []
        return [device for device in self.values.get(DEVICES) or () if device.controllerKey == controller.key]

    def card(self, mac: str | None) -> Any:
        """A network card by its MAC address, None if there is none."""
        if not mac:
            return None
        return next((card for card in self.of_type("VirtualEthernetCard") if str(card.macAddress).lower() == mac), None)

    def chains(self) -> list[list[str]]:
        """The chain of files of each hard disk, canonical paths, the file that it runs on first."""
        disks = self.of_type("VirtualDisk")
        return [[canonical_path(name) for name in chain(disk.backing)] for disk in disks]


def controller_number(disk: Disk) -> int:
    """The number of a disk's controller in the API: for IDE each channel is one."""
    address = slot_of(disk)
    return address.bus if disk.bus == "ide" else address.controller


def slot_of(disk: Disk) -> DriveAddress:
    """The address of a disk, the first slot where it has none."""
    return disk.address or DriveAddress(0, 0, 0)


def read_machine(connection: EsxConnection, record: DomainRecord, parts: Collection[str]) -> Machine:
    """The machine of a domain, as far as changes of some parts need it; one call, none if it was all read before.

    :param parts: members of ``Domain`` that are to change.
    """
    paths = machine_paths(connection, parts)
    known = {path: record.values[path] for path in paths if path in record.values}
    missing = [path for path in paths if path not in known]
    return Machine({**known, **(fetch_one(connection.session, record.ref, missing) if missing else {})})


def machine_paths(connection: EsxConnection, parts: Collection[str]) -> list[str]:
    """The properties of a machine that changes of some parts need."""
    paths = [path for path, needed_for in _NEEDED.items() if needed_for.intersection(parts)]
    return paths if connection.session.has(4, 0) else [path for path in paths if path in SNAPSHOT_PATHS]
