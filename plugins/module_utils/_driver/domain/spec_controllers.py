# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk controllers, from a difference to changes of devices."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder, Way
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim_type

_LSI_LOGIC = "VirtualLsiLogicController"
# libvirt's models of SCSI controllers -> the API's types.
_SCSI_TYPES = {
    "buslogic": "VirtualBusLogicController",
    "lsilogic": _LSI_LOGIC,
    "lsisas1068": "VirtualLsiLogicSASController",
    "vmpvscsi": "ParaVirtualSCSIController",
    None: _LSI_LOGIC,
}
_TYPES = {"sata": "VirtualAHCIController", "nvme": "VirtualNVMEController"}


def controller(builder: SpecBuilder, item: Difference) -> Way:
    """A controller that is added or removed; another model means another device under the same disks."""
    before, after = item.before, item.after
    kind = (before or after).type
    if kind not in ("scsi", *_TYPES) or (before is not None and after is not None):
        return Way.UPLOAD
    if after is not None:
        controller_key(builder, after.type, after.index)
        return _way(kind)
    device = builder.machine.controller(before.type, before.index)
    if device is None:
        return Way.UPLOAD
    builder.remove(device)
    return Way.SHUTOFF


def controller_key(builder: SpecBuilder, bus: str, number: int) -> int | None:
    """The key of a controller, which is added if it is missing; None if that is impossible.

    Every machine has its IDE controllers; they cannot be added.
    """
    present = builder.machine.controller(bus, number)
    if present is not None:
        return int(present.key)
    if bus not in ("scsi", *_TYPES):
        return None
    return builder.add_controller(bus, _new(bus, number, _model(builder, bus, number)))


def _way(kind: str) -> Way:
    return Way.LIVE if kind == "scsi" else Way.SHUTOFF


def _model(builder: SpecBuilder, bus: str, number: int) -> str | None:
    known: dict[tuple[str, int], Controller] = {(item.type, item.index): item for item in builder.after.controllers}
    found = known.get((bus, number))
    return None if found is None else found.model


def _new(bus: str, number: int, model: str | None) -> Any:
    if bus != "scsi":
        return vim_type(_TYPES[bus])(busNumber=number)
    return vim_type(_SCSI_TYPES.get(model, _LSI_LOGIC))(busNumber=number, sharedBus="noSharing")
