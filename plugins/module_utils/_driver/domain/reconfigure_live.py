# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host can change of a domain that runs: one table, from differences to a ConfigSpec for ReconfigVM_Task.

The ConfigSpec carries the domain's ``changeVersion``, so that the host itself notices a change by somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, DriveAddress, Interface
from ansible_collections.virt.esx.plugins.module_utils._domain.shares import level_of, normal_shares
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.redefine import Change
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim, vim_type

_DEVICES = "config.hardware.device"
_CPU_ADD = "config.cpuHotAddEnabled"
_CPU_REMOVE = "config.cpuHotRemoveEnabled"
_MEMORY_ADD = "config.memoryHotAddEnabled"

# Which properties are looked at, and for which differences; before API 4.0 there is no hot add.
_NEEDED = {
    _DEVICES: {"disks", "interfaces"},
    _CPU_ADD: {"vcpus"},
    _CPU_REMOVE: {"vcpus"},
    _MEMORY_ADD: {"memory_kib"},
}

# Shares of each processor by level (esx-driver.md, section 23).
# The bus of a disk -> the type of its controller.
_CONTROLLERS = {
    "ide": "VirtualIDEController",
    "scsi": "VirtualSCSIController",
    "sata": "VirtualAHCIController",
    "nvme": "VirtualNVMEController",
}


@dataclass(frozen=True)
class Machine:
    """A running domain as the server has it: properties by path, and the whole change that is to be made."""

    values: Values
    change: Change


# Adds a difference to a ConfigSpec; says whether the host can do it while the domain runs.
Apply = Callable[[Any, Difference, Machine], bool]


def plan_live(
    connection: EsxConnection, target: Target, record: DomainRecord, change: Change
) -> tuple[Step, list[str]]:
    """The step that changes a domain which runs, and the names of the differences that need it to be shut off.

    The step is of use only if there are none of these. One call, if devices or hot add have to be looked at.
    """
    machine = Machine(_read(connection, record, {item.part for item in change.differences}), change)
    spec = vim.vm.ConfigSpec(changeVersion=record.values["config.changeVersion"])
    needs_shutdown = [item.name for item in change.differences if not _apply(spec, item, machine)]
    return Step(change.name, lambda: _reconfigure(connection, target, spec)), needs_shutdown


def _read(connection: EsxConnection, record: DomainRecord, parts: set[str]) -> Values:
    paths = [path for path, needed_for in _NEEDED.items() if parts & needed_for]
    known = paths if connection.session.has(4, 0) else [path for path in paths if path == _DEVICES]
    return {**dict.fromkeys(paths), **(fetch_one(connection.session, record.ref, known) if known else {})}


def _apply(spec: Any, item: Difference, machine: Machine) -> bool:
    apply = LIVE.get(item.part)
    return apply is not None and apply(spec, item, machine)


def _reconfigure(connection: EsxConnection, target: Target, spec: Any) -> None:
    try:
        connection.wait(target.ref.ReconfigVM_Task(spec), f"Changing {target}", target.ref)
    except ServerFault as error:
        if error.fault != "ConcurrentAccess":
            raise
        raise Refused(
            f"The definition of {target} was changed by somebody else meanwhile, so it was left alone.",
            hint="Run the task again; it then starts from the new definition.",
            fault=error.fault,
        ) from None


def _name(spec: Any, item: Difference, _machine: Machine) -> bool:
    spec.name = item.after
    return bool(item.after)


def _annotation(spec: Any, item: Difference, _machine: Machine) -> bool:
    spec.annotation = item.after or ""
    return True


def _limit(spec: Any, item: Difference, _machine: Machine) -> bool:
    """``memoryAllocation.limit`` in MB, -1 for as much as there is."""
    _memory_allocation(spec).limit = -1 if item.after is None else -(-item.after // 1024)
    return True


def _guarantee(spec: Any, item: Difference, _machine: Machine) -> bool:
    _memory_allocation(spec).reservation = -(-(item.after or 0) // 1024)
    return True


def _memory_allocation(spec: Any) -> Any:
    if spec.memoryAllocation is None:
        spec.memoryAllocation = vim.ResourceAllocationInfo()
    return spec.memoryAllocation


def _memory(spec: Any, item: Difference, machine: Machine) -> bool:
    """Memory can be added to a guest that was started with hot add, never taken away."""
    spec.memoryMB = item.after // 1024
    return bool(machine.values[_MEMORY_ADD]) and item.after > item.before


def _vcpus(spec: Any, item: Difference, machine: Machine) -> bool:
    spec.numCPUs = item.after
    return bool(machine.values[_CPU_ADD if item.after > item.before else _CPU_REMOVE])


def _topology(_spec: Any, item: Difference, _machine: Machine) -> bool:
    """The sockets follow the number of processors; the cores of each cannot change."""
    return item.before is not None and item.after is not None and item.before.cores == item.after.cores


def _shares(spec: Any, item: Difference, machine: Machine) -> bool:
    vcpus = machine.change.after.vcpus
    number = normal_shares(vcpus) if item.after is None else item.after
    level = level_of(number, vcpus) or "custom"
    spec.cpuAllocation = vim.ResourceAllocationInfo(shares=vim.SharesInfo(level=level, shares=number))
    return True


def _affinity(spec: Any, item: Difference, _machine: Machine) -> bool:
    spec.cpuAffinity = vim.vm.AffinityInfo(affinitySet=list(item.after or ()))
    return True


def _medium(spec: Any, item: Difference, machine: Machine) -> bool:
    """Another image in a CD-ROM or floppy drive, or none."""
    before, after = item.before, item.after
    if before is None or after is None or not _same_drive(before, after):
        return False
    if after.device == "floppy":
        device = _floppy(machine.values[_DEVICES], after)
        backing = vim.vm.device.VirtualFloppy.ImageBackingInfo
    else:
        device = _on_bus(machine.values[_DEVICES], after)
        backing = vim.vm.device.VirtualCdrom.IsoBackingInfo
    if device is None or (after.source is not None and after.type != "file"):
        return False
    connected = after.source is not None
    device.backing = backing(fileName=after.source or "")  # an empty name is an empty drive that stays one for images
    device.connectable = vim.vm.device.VirtualDevice.ConnectInfo(
        connected=connected, startConnected=connected, allowGuestControl=True
    )
    _edit(spec, device)
    return True


def _same_drive(before: Disk, after: Disk) -> bool:
    return (
        before.device == after.device
        and before.device in ("cdrom", "floppy")
        and (before.bus, before.address) == (after.bus, after.address)
    )


def _network(spec: Any, item: Difference, machine: Machine) -> bool:
    """Another network behind the same card."""
    before, after = item.before, item.after
    if not (isinstance(before, Interface) and isinstance(after, Interface)) or after.type != "bridge":
        return False
    if (before.type, before.mac, before.model) != (after.type, after.mac, after.model):
        return False
    cards = _of_type(machine.values[_DEVICES], "VirtualEthernetCard")
    card = next((card for card in cards if str(card.macAddress).lower() == after.mac), None)
    if card is None:
        return False
    card.backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName=after.source)
    _edit(spec, card)
    return True


def _edit(spec: Any, device: Any) -> None:
    edit = vim.vm.device.VirtualDeviceSpec(operation="edit", device=device)
    spec.deviceChange = [*(spec.deviceChange or ()), edit]


def _of_type(devices: Iterable[Any] | None, name: str) -> Iterable[Any]:
    kind = vim_type(name)
    return (device for device in devices or () if isinstance(device, kind))


def _on_bus(devices: Iterable[Any] | None, disk: Disk) -> Any:
    """The device at a disk's address."""
    address = disk.address or DriveAddress(0, 0, 0)
    number = address.bus if disk.bus == "ide" else address.controller
    controllers = [item.key for item in _of_type(devices, _CONTROLLERS[disk.bus]) if item.busNumber == number]
    drives = _of_type(devices, "VirtualCdrom")
    return next(
        (item for item in drives if item.controllerKey in controllers and item.unitNumber == address.unit), None
    )


def _floppy(devices: Iterable[Any] | None, disk: Disk) -> Any:
    unit = disk.address.unit if disk.address else 0
    return next((item for item in _of_type(devices, "VirtualFloppy") if item.unitNumber == unit), None)


# What can be changed while a domain runs; all else needs it to be shut off.
LIVE: dict[str, Apply] = {
    "name": _name,
    "description": _annotation,
    "current_memory_kib": _limit,
    "min_guarantee_kib": _guarantee,
    "memory_kib": _memory,
    "vcpus": _vcpus,
    "cpu": _topology,
    "shares": _shares,
    "cpuset": _affinity,
    "disks": _medium,
    "interfaces": _network,
}
