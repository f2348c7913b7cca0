# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers in domain XML, those that are written and those that disks imply.

``<controller type='scsi' index='0' model='lsilogic'/>``
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Disk
from ansible_collections.virt.esx.plugins.module_utils._domain.values import INT_MAX, choice_attr, error_at, int_attr
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import quoted
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element

SCSI_MODELS = (
    "auto",
    "buslogic",
    "lsilogic",
    "lsisas1068",
    "vmpvscsi",
    "ibmvscsi",
    "virtio-scsi",
    "lsisas1078",
    "virtio-transitional",
    "virtio-non-transitional",
    "ncr53c90",
    "dc390",
    "am53c974",
)
_USB_MODELS = (
    "piix3-uhci",
    "piix4-uhci",
    "ehci",
    "ich9-ehci1",
    "ich9-uhci1",
    "ich9-uhci2",
    "ich9-uhci3",
    "vt82c686b-uhci",
    "pci-ohci",
    "nec-xhci",
    "qusb1",
    "qusb2",
    "qemu-xhci",
    "none",
)
_PCI_MODELS = (
    "pci-root",
    "pcie-root",
    "pci-bridge",
    "dmi-to-pci-bridge",
    "pcie-to-pci-bridge",
    "pcie-root-port",
    "pcie-switch-upstream-port",
    "pcie-switch-downstream-port",
    "pci-expander-bus",
    "pcie-expander-bus",
)
_VIRTIO_SERIAL_MODELS = ("virtio", "virtio-transitional", "virtio-non-transitional")
# Type of controller -> the models that libvirt knows; a model of another type's is refused.
_MODELS: dict[str, tuple[str, ...]] = {
    "scsi": SCSI_MODELS,
    "ide": ("piix3", "piix4", "ich6"),
    "fdc": (),
    "sata": (),
    "virtio-serial": _VIRTIO_SERIAL_MODELS,
    "ccid": (),
    "usb": _USB_MODELS,
    "pci": _PCI_MODELS,
    "xenbus": (),
    "isa": (),
}
# Buses whose controllers are added where disks need them, in libvirt's order (F15, P29a); nvme is ours.
_IMPLIED = ("scsi", "fdc", "ide", "sata", "nvme")
_MAX_IMPLIED = 255  # the highest index that is implied; no bus of ESX has a tenth of it


def read_controllers(elements: Iterable[Element], forms: XmlForms, report: Report) -> tuple[Controller, ...]:
    """All ``<controller>``s, each type's together and by index; an index that is left out is the next of its type.

    Refused are a type, model or index that is not libvirt's, and an index that occurs twice (F15).
    """
    types = (*_MODELS, "nvme") if forms.more else tuple(_MODELS)
    by_type: dict[str, list[Controller]] = {}
    for controller in report.attempt_each(_read, elements, types):
        by_type.setdefault(controller.type, []).append(controller)
    return tuple(controller for kind, found in by_type.items() for controller in _numbered(kind, found, report))


def _read(element: Element, types: Collection[str]) -> Controller:
    kind = choice_attr(element, "type", types) or "ide"
    model = element.get("model")
    models = _MODELS.get(kind, ())
    if model is not None and model not in models:
        raise error_at(element, f"model='{model}' is not known for type='{kind}'; known are {quoted(models)}")
    index = int_attr(element, "index", 0, INT_MAX)
    return Controller(kind, -1 if index is None else index, model, element.sourceline)


def _numbered(kind: str, found: list[Controller], report: Report) -> list[Controller]:
    taken = {controller.index for controller in found}
    result = sorted((controller for controller in found if controller.index >= 0), key=lambda one: one.index)
    if kind != "usb":  # companions of a USB controller share its index
        _check_indexes(result, report)
    free = (index for index in itertools.count() if index not in taken)
    unnumbered = (controller for controller in found if controller.index < 0)
    return result + [replace(controller, index=index) for controller, index in zip(unnumbered, free)]


def _check_indexes(by_index: list[Controller], report: Report) -> None:
    """Refuse two controllers of one type with the same index."""
    for before, after in zip(by_index, by_index[1:]):
        if before.index == after.index:
            message = f"An earlier controller of type '{after.type}' has the index {after.index} too"
            report.refuse(ParseError(message, where="<controller>", line=after.line))


def with_implied(controllers: Iterable[Controller], disks: Iterable[Disk], forms: XmlForms) -> tuple[Controller, ...]:
    """The controllers and those that are not written but that the disks are on (F15, P29).

    libvirt adds those below one that has disks too; with exact forms they are not there.

    :raises ParseError: a disk is on a controller with an index that no virtual hardware has.
    """
    used: dict[str, dict[int, int | None]] = {}  # by bus and index, the line of the first disk that needs it
    for disk in disks:
        if disk.address is not None:
            index = disk.address.controller
            _check_implied(index, disk)
            lines = used.setdefault(disk.bus, {})
            for needed in (index,) if forms.exact else range(index + 1):
                lines.setdefault(needed, disk.line)
    result = list(controllers)
    present = {(controller.type, controller.index) for controller in result}
    for kind in _IMPLIED:
        lines = used.get(kind, {})
        result += [
            Controller(kind, index, line=lines[index]) for index in sorted(lines) if (kind, index) not in present
        ]
    return tuple(result)


def _check_implied(index: int, disk: Disk) -> None:
    if index > _MAX_IMPLIED:
        raise ParseError(
            f"The controller {index} is out of range; expected at most {_MAX_IMPLIED}",
            where=f"disk '{disk.target}'",
            line=disk.line,
        )


def write_controller(controller: Controller, forms: XmlForms) -> str:
    """The line of one controller; of an NVMe controller none, since libvirt's schema has none: its disks imply it."""
    if controller.type == "nvme" and not forms.nvme_bus:
        return ""
    model = "" if controller.model is None else f" model='{controller.model}'"
    return f"    <controller type='{controller.type}' index='{controller.index}'{model}/>\n"
