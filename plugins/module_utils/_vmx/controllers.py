# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk controllers (P26 to P29a, F39 to F44, N5).

::

    scsi0.present = "TRUE"
    scsi0.virtualDev = "pvscsi"
    sata0.present = "TRUE"
    nvme0.present = "TRUE"

IDE and floppy controllers have no keys: they are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.controllers import SCSI_MODELS
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.disk_modes import read_shared_bus
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.slots import BUSES, CONTROLLERS
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import YES, Entry, WriteContext, error_at

# VMware's word for a SCSI controller -> libvirt's.
_MODELS = {"buslogic": "buslogic", "lsilogic": "lsilogic", "lsisas1068": "lsisas1068", "pvscsi": "vmpvscsi"}
_VIRTUAL_DEVS = {model: word for word, model in _MODELS.items()}
_AUTO = "auto"

# The order in which libvirt adds the controllers that disks need, and in which it writes them (P29a).
_ORDER = ("scsi", "sata", "nvme", "fdc", "ide")
_WITH_KEYS = ("scsi", "sata", "nvme")  # of _ORDER, those that have keys in VMX


def present_controllers(context: ReadContext, kind: str) -> tuple[Controller, ...]:
    """The controllers of that kind that are there, with their models (P26, P27)."""
    sections = context.vmx.sections
    return tuple(
        [
            Controller(
                kind,
                index,
                context.attempt(_read_model, context, f"{at}.virtualDev", default=None) if kind == "scsi" else None,
                keys=read_shared_bus(context, at),
            )
            for index, at in enumerate(CONTROLLERS[kind])
            if at in sections and context.vmx.boolean(f"{at}.present")
        ]
    )


def _read_model(context: ReadContext, key: str) -> str | None:
    word = context.vmx.get(key)
    if word is None or (not word and context.dialect.tolerant):
        return None
    model = _MODELS.get(word.lower())
    if model is None:
        raise context.vmx.error_at(key, f"expecting one of {_quoted(_MODELS)}, found '{word.lower()}'")
    return model


def read_controllers(
    context: ReadContext, present: Sequence[Controller], disks: Sequence[Disk]
) -> tuple[Controller, ...]:
    """The controllers of a domain: the present ones, or for libvirt those up to the last one used (P28, P29)."""
    if context.dialect.address_is_slot:
        implied = {(disk.bus, disk.address.controller) for disk in disks if disk.address and disk.bus in ("fdc", "ide")}
        return (*present, *[Controller(kind, index) for kind, index in sorted(implied)])
    models = {(controller.type, controller.index): controller.model for controller in present}
    last: dict[str, int] = {}
    highest: dict[str, int] = {}
    for disk in disks:
        if disk.address is not None:
            last[disk.bus] = disk.address.controller
            highest[disk.bus] = max(highest.get(disk.bus, 0), disk.address.controller)
    found = []
    for kind in _ORDER:
        for index in range(highest.get(kind, -1) + 1):
            # Controllers above that of the last disk are added by libvirt later, without a model.
            model = models.get((kind, index)) if index <= last[kind] else None
            found.append(Controller(kind, index, model))
    return tuple(found)


def write_controllers(domain: Domain, context: WriteContext) -> list[Entry]:
    """The controllers with keys in VMX: those with disks, and in ``esx`` also those that are said to be there."""
    disks = domain.disks
    if context.dialect.address_is_slot:
        _check_indices(domain.controllers)
    known = _with_driver_names(domain.controllers, disks, context)
    used = {disk.controller for disk in disks}
    written = used | known.keys() if context.dialect.address_is_slot else used
    kinds = _WITH_KEYS if context.dialect.writes_sata_nvme else ("scsi",)
    lines = []
    for place in [(kind, index) for kind in kinds for index in range(BUSES[kind].controllers)]:
        if place in written:
            controller = known.get(place) or Controller(*place)
            at = f"{controller.type}{controller.index}"
            values = (("present", YES), *_model(controller, disks, context, place in used), *controller.keys)
            lines += [(f"{at}.{key}", value) for key, value in values]
    return lines


def _check_indices(controllers: Iterable[Controller]) -> None:
    """Refuse a controller that no virtual machine can have; libvirt leaves it out."""
    for controller in controllers:
        bus = BUSES.get(controller.type)
        if bus is not None and not 0 <= controller.index < bus.controllers:
            place = f"<controller type='{controller.type}' index='{controller.index}'>"
            raise error_at(controller, f"index out of [0..{bus.controllers - 1}] range", place)


def _model(controller: Controller, disks: Sequence[Disk], context: WriteContext, is_used: bool) -> list[Entry]:
    """``virtualDev`` of a SCSI controller (F42 to F44)."""
    model = controller.model
    if controller.type != "scsi":
        return []
    if model == _AUTO:
        model = _detected(controller, disks, context) if is_used else None
    if model is None:
        return []
    word = _VIRTUAL_DEVS.get(model)
    if word is None:
        raise error_at(
            controller,
            f"model='{model}' is not supported, expecting one of {_quoted(_VIRTUAL_DEVS)}",
            f"<controller type='scsi' index='{controller.index}'>",
        )
    return [("virtualDev", word)]


def _detected(controller: Controller, disks: Sequence[Disk], context: WriteContext) -> str:
    """The model that the disks of a controller were made for (F42)."""
    models = {context.scsi_model(disk) for disk in disks if disk.controller == ("scsi", controller.index)}
    if len(models) > 1:
        raise error_at(
            controller,
            f"the disks were made for different models, {_quoted(sorted(models))}",
            f"<controller type='scsi' index='{controller.index}'>",
        )
    return models.pop()


def _with_driver_names(
    controllers: Iterable[Controller], disks: Sequence[Disk], context: WriteContext
) -> dict[tuple[str, int], Controller]:
    """The controllers, with the models that disks name in the first manual's form (F39, F40).

    ``<driver name='lsilogic'/>`` of a SCSI disk. libvirt gives it to the first controller with the disk's controller
    number, of whatever type (G8).
    """
    found = {(controller.type, controller.index): controller for controller in controllers}
    for disk in disks:
        key = disk.controller
        if disk.driver_name is None or key is None or disk.bus != "scsi":
            continue
        if not context.dialect.driver_name_on_scsi:
            key = next((other for other in found if other[1] == key[1]), key)
        found[key] = _with_driver_name(found.get(key) or Controller(*key), disk, disk.driver_name.lower())
    return found


def _with_driver_name(controller: Controller, disk: Disk, model: str) -> Controller:
    """The controller with the model that one of its disks names."""
    if model not in SCSI_MODELS:
        raise error_at(disk, f"unknown driver name, expecting one of {_quoted(_VIRTUAL_DEVS)}", _driver_of(disk))
    if controller.model not in (None, model):
        raise error_at(
            disk, f"inconsistent SCSI controller model, the controller has '{controller.model}'", _driver_of(disk)
        )
    return replace(controller, model=model)


def _driver_of(disk: Disk) -> str:
    return f"<driver name='{disk.driver_name}'/> of disk '{disk.target}'"


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)
