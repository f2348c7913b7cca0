# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes of one ReconfigVM_Task, collected part by part."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import Machine
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# New devices have negative keys, each once in a specification.
_FIRST_KEY = -101

# In a specification, a removed device precedes the one that takes its place, and a controller its disks.
_REMOVED, _CONTROLLER, _ADDED, _EDITED = range(4)


class Way(IntEnum):
    """How a difference can be made: while the domain runs, while it is shut off, or by uploading its VMX only."""

    LIVE = 0
    SHUTOFF = 1
    UPLOAD = 2


@dataclass
class SpecBuilder:
    """A ConfigSpec in the making.

    ``keys`` are the keys of the VMX that differ, as spelled, with their wanted values; empty for those that go.
    """

    machine: Machine
    after: Domain
    keys: Mapping[str, str] = field(default_factory=dict)
    changes: list[tuple[int, Any]] = field(default_factory=list)
    new_controllers: dict[tuple[str, int], int] = field(default_factory=dict)

    @functools.cached_property
    def spec(self) -> Any:
        """The ConfigSpec; made only for a change, as pyVmomi has to make some thirty types for it first."""
        return vim.vm.ConfigSpec()

    def memory_allocation(self) -> Any:
        """The ResourceAllocationInfo for memory."""
        if self.spec.memoryAllocation is None:
            self.spec.memoryAllocation = vim.ResourceAllocationInfo()
        return self.spec.memoryAllocation

    def boot_options(self) -> Any:
        """The VirtualMachineBootOptions."""
        if self.spec.bootOptions is None:
            self.spec.bootOptions = vim.vm.BootOptions()
        return self.spec.bootOptions

    def edit(self, device: Any) -> None:
        """Change a device: it is sent once, as a whole, as it was read and with the differences."""
        if all(change.device is not device for _order, change in self.changes):
            self._change(_EDITED, "edit", device)

    def remove(self, device: Any) -> None:
        """Remove a device; the files behind it stay."""
        self._change(_REMOVED, "remove", device)

    def add(self, device: Any) -> None:
        """Add a device; it gets its key here."""
        device.key = self._new_key()
        self._change(_ADDED, "add", device)

    def added(self) -> list[Any]:
        """The devices that are added so far, without controllers."""
        return [change.device for order, change in self.changes if order == _ADDED]

    def add_controller(self, bus: str, controller: Any) -> int:
        """Add a disk controller and return its key; it is added once, however many disks ask for it."""
        number = int(controller.busNumber)
        if (bus, number) not in self.new_controllers:
            controller.key = self._new_key()
            self.new_controllers[bus, number] = controller.key
            self._change(_CONTROLLER, "add", controller)
        return self.new_controllers[bus, number]

    def set_keys(self, *names: str) -> bool:
        """Set those keys that differ and begin with one of some names, in lower case; return whether there are any."""
        known = {option.key for option in self.spec.extraConfig or ()}
        chosen = {key: value for key, value in self.keys.items() if key.lower().startswith(names)}
        self.add_options({key: value for key, value in chosen.items() if key not in known})
        return bool(chosen)

    def add_options(self, values: Mapping[str, str]) -> None:
        """Add keys of the VMX to ``extraConfig``; an empty value removes one."""
        options = [vim.option.OptionValue(key=key, value=value) for key, value in values.items()]
        self.spec.extraConfig = [*(self.spec.extraConfig or ()), *options]

    def finished(self, change_version: str | None) -> Any:
        """The ConfigSpec; the host refuses it if the machine has changed in the meantime."""
        self.spec.changeVersion = change_version
        if self.changes:
            self.spec.deviceChange = [change for _order, change in sorted(self.changes, key=lambda item: item[0])]
        return self.spec

    def _new_key(self) -> int:
        return _FIRST_KEY - len(self.changes)

    def _change(self, order: int, operation: str, device: Any) -> None:
        self.changes.append((order, vim.vm.device.VirtualDeviceSpec(operation=operation, device=device)))
