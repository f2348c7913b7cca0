# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks and network cards of a domain, as the host sees them."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.disk_chain import virtual_disks
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

HARDWARE_PATHS = ("config.hardware.device",)

# The VI API's types of network cards in libvirt's words.
CARD_MODELS = {
    "VirtualE1000": "e1000",
    "VirtualE1000e": "e1000e",
    "VirtualPCNet32": "vlance",
    "VirtualVmxnet": "vmxnet",
    "VirtualVmxnet2": "vmxnet2",
    "VirtualVmxnet3": "vmxnet3",
    "VirtualVmxnet3Vrdma": "vmxnet3vrdma",
    "VirtualSriovEthernetCard": "sriov",
}


def read_hardware(values: Values) -> dict[str, Any]:
    """Return the hard disks and the network cards from the values of ``HARDWARE_PATHS``."""
    devices = values["config.hardware.device"] or ()
    return {
        "disks": [_disk(device) for device in virtual_disks(devices)],
        "interfaces": [_card(device) for device in devices if isinstance(device, vim.vm.device.VirtualEthernetCard)],
    }


def _disk(device: Any) -> dict[str, Any]:
    """A disk that is a device of the host has a name instead of a file."""
    backing = device.backing
    file = getattr(backing, "fileName", None) or getattr(backing, "deviceName", None)
    return {"label": _label(device), "file": file, "capacity_kib": int(device.capacityInKB)}


def _card(device: Any) -> dict[str, Any]:
    connectable = device.connectable
    return {
        "label": _label(device),
        "mac": device.macAddress or None,
        "model": CARD_MODELS.get(type_name(device)),
        "network": _network(device.backing),
        "connected": None if connectable is None else bool(connectable.connected),
    }


def _network(backing: Any) -> str | None:
    """The network's name; for a distributed switch, the port group's key; for an opaque network, its id."""
    port = getattr(backing, "port", None)
    name = getattr(backing, "deviceName", None) or getattr(port, "portgroupKey", None)
    return name or getattr(backing, "opaqueNetworkId", None)


def _label(device: Any) -> str | None:
    return None if device.deviceInfo is None else str(device.deviceInfo.label)
