# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is sent to a host to change a domain that runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Cpu, Disk, Domain, DriveAddress, Interface
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import differences
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.reconfigure_live import LIVE, Machine
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.redefine import Change
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import DatastoreFile
from pyVmomi import vim

GIB = 1024 * 1024
MAC = "00:50:56:25:48:c7"
CDROM = Disk(
    device="cdrom", source="[ds] a.iso", target="hdc", bus="ide", address=DriveAddress(0, 1, 0), has_source=True
)
FLOPPY = Disk(device="floppy", source="[ds] a.flp", target="fda", bus="fdc", address=DriveAddress(0, 0, 0))
CARD = Interface(source="VM Network", mac=MAC, model="e1000")
DOMAIN = Domain(name="web", memory_kib=GIB, current_memory_kib=GIB, vcpus=2, disks=(CDROM, FLOPPY), interfaces=(CARD,))

_DEVICE = vim.vm.device
DEVICES = [
    _DEVICE.VirtualIDEController(key=200, busNumber=0),
    _DEVICE.VirtualIDEController(key=201, busNumber=1),
    _DEVICE.VirtualCdrom(key=3000, controllerKey=200, unitNumber=0),
    _DEVICE.VirtualCdrom(key=3002, controllerKey=201, unitNumber=0),
    _DEVICE.VirtualFloppy(key=8000, controllerKey=400, unitNumber=0),
    _DEVICE.VirtualE1000(key=4000, macAddress=MAC.upper()),
]
PLACE = DatastoreFile("ha-datacenter", "ds", "web/web.vmx")


def apply(changed: dict[str, Any], *, hot: bool = False) -> tuple[Any, list[str]]:
    """The ConfigSpec for a change of the domain, and what needs the domain to be shut off."""
    after = replace(DOMAIN, **changed)
    found = differences(DOMAIN, after)
    change = Change(PLACE, b"", b"x", DOMAIN, after, found, is_unread=False)
    hot_paths = ("config.cpuHotAddEnabled", "config.cpuHotRemoveEnabled", "config.memoryHotAddEnabled")
    machine = Machine({"config.hardware.device": DEVICES, **dict.fromkeys(hot_paths, hot)}, change)
    spec = vim.vm.ConfigSpec()
    needs_shutdown = [item.name for item in found if item.part not in LIVE or not LIVE[item.part](spec, item, machine)]
    return spec, needs_shutdown


# What changes, and what of the ConfigSpec says so: member and value.
SIMPLE: list[tuple[dict[str, Any], str, Any]] = [
    ({"name": "shop"}, "name", "shop"),
    ({"description": "note"}, "annotation", "note"),
    ({"current_memory_kib": GIB // 2}, "memoryAllocation.limit", 512),
    ({"min_guarantee_kib": 100000}, "memoryAllocation.reservation", 98),
    ({"shares": 4000}, "cpuAllocation.shares.level", "high"),
    ({"shares": 1000}, "cpuAllocation.shares.level", "low"),
    ({"shares": 3000}, "cpuAllocation.shares.level", "custom"),
    ({"shares": 3000}, "cpuAllocation.shares.shares", 3000),
    ({"shares": 0}, "cpuAllocation.shares.level", "custom"),
    ({"cpuset": (0, 2)}, "cpuAffinity.affinitySet", [0, 2]),
]


@pytest.mark.parametrize(("changed", "path", "value"), SIMPLE)
def test_values(changed: dict[str, Any], path: str, value: Any) -> None:
    found, needs_shutdown = apply(changed)
    assert needs_shutdown == []
    for member in path.split("."):
        found = getattr(found, member)
    assert found == value


def test_all_of_the_memory_is_no_limit() -> None:
    limited = replace(DOMAIN, current_memory_kib=GIB // 2)
    change = Change(PLACE, b"", b"x", limited, DOMAIN, differences(limited, DOMAIN), is_unread=False)
    spec = vim.vm.ConfigSpec()
    (difference,) = change.differences
    assert LIVE[difference.part](spec, difference, Machine({}, change))
    assert spec.memoryAllocation.limit == -1


HOT: list[tuple[dict[str, Any], bool, list[str]]] = [
    ({"vcpus": 4}, True, []),
    ({"vcpus": 4}, False, ["vcpus"]),
    ({"vcpus": 4, "cpu": Cpu(sockets=2, cores=2)}, True, ["CPU topology"]),
    ({"memory_kib": 2 * GIB, "current_memory_kib": 2 * GIB}, True, []),
    ({"memory_kib": 2 * GIB, "current_memory_kib": 2 * GIB}, False, ["max_memory"]),
    ({"memory_kib": GIB // 2, "current_memory_kib": GIB // 2}, True, ["max_memory"]),
]


@pytest.mark.parametrize(("changed", "hot", "needs_shutdown"), HOT)
def test_hot_add(changed: dict[str, Any], hot: bool, needs_shutdown: list[str]) -> None:
    assert apply(changed, hot=hot)[1] == needs_shutdown


def test_another_image() -> None:
    spec, needs_shutdown = apply({"disks": (replace(CDROM, source="[ds] b.iso"), FLOPPY)})
    (edit,) = spec.deviceChange
    assert (needs_shutdown, edit.operation, edit.device.key) == ([], "edit", 3002)
    assert edit.device.backing.fileName == "[ds] b.iso"
    assert edit.device.connectable.connected is True


def test_no_image() -> None:
    spec, needs_shutdown = apply({"disks": (replace(CDROM, source=None, has_source=False), FLOPPY)})
    (edit,) = spec.deviceChange
    assert (needs_shutdown, edit.device.key) == ([], 3002)
    assert isinstance(edit.device.backing, _DEVICE.VirtualCdrom.IsoBackingInfo)
    assert (edit.device.backing.fileName, edit.device.connectable.connected) == ("", False)


def test_another_floppy() -> None:
    spec, needs_shutdown = apply({"disks": (CDROM, replace(FLOPPY, source="[ds] b.flp"))})
    (edit,) = spec.deviceChange
    assert (needs_shutdown, edit.device.key, edit.device.backing.fileName) == ([], 8000, "[ds] b.flp")


def test_another_network() -> None:
    spec, needs_shutdown = apply({"interfaces": (replace(CARD, source="DMZ"),)})
    (edit,) = spec.deviceChange
    assert (needs_shutdown, edit.operation, edit.device.key, edit.device.backing.deviceName) == (
        [],
        "edit",
        4000,
        "DMZ",
    )


# Changes of devices that need the domain to be shut off.
STUCK: list[tuple[dict[str, Any], list[str]]] = [
    ({"disks": (CDROM,)}, ["disk fda"]),
    ({"disks": (CDROM, FLOPPY, Disk(source="[ds] b.vmdk", target="sda", bus="scsi"))}, ["disk sda"]),
    ({"disks": (replace(CDROM, type="block", source="/dev/cdrom"), FLOPPY)}, ["disk hdc"]),
    ({"interfaces": ()}, [f"interface {MAC}"]),
    ({"interfaces": (replace(CARD, model="vmxnet3"),)}, [f"interface {MAC}"]),
    ({"interfaces": (replace(CARD, type="user", source=None),)}, [f"interface {MAC}"]),
]


@pytest.mark.parametrize(("changed", "needs_shutdown"), STUCK)
def test_what_needs_it_to_be_shut_off(changed: dict[str, Any], needs_shutdown: list[str]) -> None:
    assert apply(changed)[1] == needs_shutdown
