# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serial and parallel ports and the graphics card, from a difference to changes of devices.

All of them need the domain to be shut off.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence, Set
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._domain.model import CharDevice
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder, Way
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.plugins.module_utils._vmx.chardevs import network_uri

_FIRST_SERIAL, _FIRST_PARALLEL = 9000, 10000  # the keys of the API's first ports
_DIRECTIONS = {"bind": "server", "connect": "client"}


def serial(builder: SpecBuilder, item: Difference) -> Way:
    """A serial port that is added, removed, or gets another backing."""
    ports = _Ports(builder.machine.of_type("VirtualSerialPort"), _FIRST_SERIAL)
    return _change(builder, item, ports, vim.vm.device.VirtualSerialPort(yieldOnPoll=True))


def parallel(builder: SpecBuilder, item: Difference) -> Way:
    """The same for a parallel port."""
    ports = _Ports(builder.machine.of_type("VirtualParallelPort"), _FIRST_PARALLEL)
    return _change(builder, item, ports, vim.vm.device.VirtualParallelPort())


class _Ports(NamedTuple):
    """The devices of ports of one kind. The API numbers their keys, from ``first``, as VMX numbers the ports."""

    devices: Sequence[Any]
    first: int

    def of(self, port: CharDevice) -> Any:
        """The device of a port, None if there is none."""
        return next((device for device in self.devices if device.key == self.first + (port.port or 0)), None)

    def numbers(self) -> set[int]:
        """The numbers of the ports."""
        return {device.key - self.first for device in self.devices}


def _change(builder: SpecBuilder, item: Difference, ports: _Ports, new: Any) -> Way:
    """Remove the present device of a port, change it, or add the new one."""
    present = None if item.before is None else ports.of(item.before)
    if item.before is not None and present is None:
        return Way.UPLOAD
    if item.after is None:
        builder.remove(present)
        return Way.SHUTOFF
    backing = _backing(item.after, type(new))
    if backing is None or (present is None and not _gets_its_number(builder, item, ports, type(new))):
        return Way.UPLOAD
    if present is None:
        new.backing = backing
        builder.add(new)
    else:
        present.backing = backing
        builder.edit(present)
    return Way.SHUTOFF


def _gets_its_number(builder: SpecBuilder, item: Difference, ports: _Ports, kind: Any) -> bool:
    """Whether a host gives a new port the number that it is to have: it takes the first free one.

    Whether the number of a port that the same change removes is free by then is not known, so it must not matter.
    """
    taken = ports.numbers()
    kept = taken & {port.port for port in getattr(builder.after, item.part)}
    added = sum(isinstance(device, kind) for device in builder.added())
    return all(_first_free(numbers, added) == (item.after.port or 0) for numbers in (taken, kept))


def _first_free(taken: Set[int], skipped: int) -> int:
    """The first number that is not taken, after some others that are free."""
    free = (number for number in itertools.count() if number not in taken)
    return next(itertools.islice(free, skipped, None))


def _backing(port: CharDevice, kind: Any) -> Any:
    """The backing of a port; None if the API has none of that kind.

    :param kind: the API's type of the port.
    """
    if port.type == "file":
        return kind.FileBackingInfo(fileName=port.path)
    if port.type == "dev":
        return kind.DeviceBackingInfo(deviceName=port.path or "")
    if port.type == "pipe" and hasattr(kind, "PipeBackingInfo"):
        return kind.PipeBackingInfo(pipeName=port.path or "", endpoint="client", noRxLoss=False)
    if port.type == "tcp" and hasattr(kind, "URIBackingInfo"):
        direction = _DIRECTIONS[port.mode or "connect"]
        return kind.URIBackingInfo(serviceURI=network_uri(port), direction=direction)
    return None


def video(builder: SpecBuilder, item: Difference) -> Way:
    """The memory of the graphics card; with a requested size, the host no longer chooses it."""
    cards = builder.machine.of_type("VirtualMachineVideoCard")
    if not cards or item.after is None:
        return Way.UPLOAD
    (card,) = cards[:1]
    card.videoRamSizeInKB = item.after.vram_kib
    card.useAutoDetect = False
    builder.edit(card)
    return Way.SHUTOFF
