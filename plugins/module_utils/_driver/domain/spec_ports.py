# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serial and parallel ports and the graphics card, from a difference to changes of devices.

All of them need the domain to be shut off.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import CharDevice
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import Machine
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder, Way
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.plugins.module_utils._vmx.chardevs import network_uri

_FIRST_SERIAL, _FIRST_PARALLEL = 9000, 10000  # the keys of the API's first ports
_DIRECTIONS = {"bind": "server", "connect": "client"}


def serial(builder: SpecBuilder, item: Difference) -> Way:
    """A serial port that is added, removed, or gets another backing."""
    present = _port(builder.machine, "VirtualSerialPort", _FIRST_SERIAL, item.before)
    return _change(builder, item, present, vim.vm.device.VirtualSerialPort(yieldOnPoll=True))


def parallel(builder: SpecBuilder, item: Difference) -> Way:
    """The same for a parallel port."""
    present = _port(builder.machine, "VirtualParallelPort", _FIRST_PARALLEL, item.before)
    return _change(builder, item, present, vim.vm.device.VirtualParallelPort())


def _change(builder: SpecBuilder, item: Difference, present: Any, new: Any) -> Way:
    """Remove the present device of a port, change it, or add the new one."""
    if item.before is not None and present is None:
        return Way.UPLOAD
    if item.after is None:
        builder.remove(present)
        return Way.SHUTOFF
    backing = _backing(item.after, type(new))
    if backing is None:
        return Way.UPLOAD
    if present is None:
        new.backing = backing
        builder.add(new)
    else:
        present.backing = backing
        builder.edit(present)
    return Way.SHUTOFF


def _port(machine: Machine, type_name: str, first: int, port: CharDevice | None) -> Any:
    """The device of a port: the API numbers the keys of ports as VMX numbers the ports."""
    if port is None:
        return None
    return next((device for device in machine.of_type(type_name) if device.key == first + (port.port or 0)), None)


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
