# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ConfigSpec for a host that changes a machine that exists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    CharDevice,
    Controller,
    Cpu,
    Disk,
    Domain,
    DriveAddress,
    Filesystem,
    Graphics,
    Interface,
    Os,
    Tpm,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import differences
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import Machine
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.reconfigure import (
    Reconfiguration,
    changed_keys,
    plan_reconfiguration,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_settings import guest_id
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
HOT_PATHS = ("config.cpuHotAddEnabled", "config.cpuHotRemoveEnabled", "config.memoryHotAddEnabled")


def plan(
    before: Domain, after: Domain, *, hot: bool = False, devices: Sequence[Any] = (), keys: dict[str, str] | None = None
) -> tuple[Any, Reconfiguration]:
    """The ConfigSpec for a change of a domain, and how its parts are changed."""
    machine = Machine({"config.hardware.device": [*DEVICES, *devices], **dict.fromkeys(HOT_PATHS, hot)})
    found = plan_reconfiguration(
        differences(before, after), SpecBuilder(machine, after, keys or {}), lambda *_version: True
    )
    return found.builder.finished("7"), found


def apply(changed: dict[str, Any], *, hot: bool = False) -> tuple[Any, list[str]]:
    """The ConfigSpec for a change of the domain, and what needs the domain to be shut off."""
    spec, how = plan(DOMAIN, replace(DOMAIN, **changed), hot=hot)
    assert how.by_upload == []
    return spec, list(how.needs_shutdown)


# The change, and the member and value of the ConfigSpec for it.
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
    spec, how = plan(limited, DOMAIN)
    assert (spec.memoryAllocation.limit, how.needs_shutdown) == (-1, [])


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
    assert isinstance(edit.device.backing, _DEVICE.VirtualCdrom.RemotePassthroughBackingInfo)
    assert (edit.device.backing.deviceName, edit.device.connectable.connected) == ("", False)


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


LSI = _DEVICE.VirtualLsiLogicController(key=1000, busNumber=0, sharedBus="noSharing")
FLAT = _DEVICE.VirtualDisk.FlatVer2BackingInfo
DISK = Disk(source="[ds] a.vmdk", target="sda", bus="scsi", address=DriveAddress(0, 0, 0), has_source=True)
OF_DISK = _DEVICE.VirtualDisk(
    key=2000, controllerKey=1000, unitNumber=0, backing=FLAT(fileName="[ds] a.vmdk", diskMode="persistent")
)
SECOND = replace(DISK, source="[ds] b.vmdk", target="sdb", address=DriveAddress(0, 0, 1))
ON_SATA = replace(DISK, source="[ds] b.vmdk", target="sdb", bus="sata", address=DriveAddress(1, 0, 3))
WITH_DISK = replace(DOMAIN, disks=(*DOMAIN.disks, DISK), controllers=(Controller("scsi", 0, "lsilogic"),))
SERIAL = CharDevice("file", 0, path="[ds] a.log")
OF_SERIAL = _DEVICE.VirtualSerialPort(
    key=9000, backing=_DEVICE.VirtualSerialPort.FileBackingInfo(fileName="[ds] a.log")
)


def change_of_devices(before: Domain, after: Domain) -> tuple[list[tuple[str, str]], Reconfiguration, Any]:
    """The operations on devices, in their order, with their types."""
    spec, how = plan(before, after, devices=[LSI, OF_DISK, *([OF_SERIAL] if before.serials else [])])
    return [(item.operation, item.device._wsdlName) for item in spec.deviceChange], how, spec


# The present domain, the wanted one, the changes of devices, and those for which it has to be shut off.
CHANGES: list[tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]], list[str]]] = [
    ({}, {"disks": (*WITH_DISK.disks, SECOND)}, [("add", "VirtualDisk")], []),
    ({}, {"disks": DOMAIN.disks}, [("remove", "VirtualDisk")], []),
    (
        {},
        {"disks": (*DOMAIN.disks, replace(DISK, source="[ds] c.vmdk"))},
        [("remove", "VirtualDisk"), ("add", "VirtualDisk")],
        [],
    ),
    ({}, {"disks": (*DOMAIN.disks, replace(DISK, transient=True))}, [("edit", "VirtualDisk")], ["disk sda"]),
    (
        {},
        {"disks": (*WITH_DISK.disks, ON_SATA), "controllers": (*WITH_DISK.controllers, Controller("sata", 1))},
        [("add", "VirtualAHCIController"), ("add", "VirtualDisk")],
        ["controller sata 1"],
    ),
    ({}, {"disks": (CDROM, DISK)}, [("remove", "VirtualFloppy")], ["disk fda"]),
    ({"disks": (FLOPPY, DISK)}, {}, [("add", "VirtualCdrom")], ["disk hdc"]),
    ({}, {"interfaces": ()}, [("remove", "VirtualE1000")], []),
    ({}, {"interfaces": (CARD, replace(CARD, mac=None, model="vmxnet3"))}, [("add", "VirtualVmxnet3")], []),
    (
        {},
        {"interfaces": (replace(CARD, model="vmxnet3"),)},
        [("remove", "VirtualE1000"), ("add", "VirtualVmxnet3")],
        [f"interface {MAC}"],
    ),
    ({}, {"serials": (SERIAL,)}, [("add", "VirtualSerialPort")], ["serial 0"]),
    ({"serials": (SERIAL,)}, {}, [("remove", "VirtualSerialPort")], ["serial 0"]),
    (
        {"serials": (SERIAL,)},
        {"serials": (CharDevice("tcp", 0, mode="bind", host="::1", service="4001", protocol="telnet"),)},
        [("edit", "VirtualSerialPort")],
        ["serial 0"],
    ),
    ({}, {"parallels": (CharDevice("dev", 0, path="/dev/lp0"),)}, [("add", "VirtualParallelPort")], ["parallel 0"]),
    (
        {},
        {"controllers": (*WITH_DISK.controllers, Controller("scsi", 1, "vmpvscsi"))},
        [("add", "ParaVirtualSCSIController")],
        [],
    ),
]


@pytest.mark.parametrize(("has", "wanted", "operations", "needs_shutdown"), CHANGES)
def test_devices(
    has: dict[str, Any], wanted: dict[str, Any], operations: list[tuple[str, str]], needs_shutdown: list[str]
) -> None:
    before = replace(WITH_DISK, **has)
    found, how, spec = change_of_devices(before, replace(WITH_DISK, **wanted))
    assert found == operations
    assert (how.by_upload, list(how.needs_shutdown)) == ([], needs_shutdown)
    keys = [item.device.key for item in spec.deviceChange if item.operation == "add"]
    assert all(key < 0 for key in keys)
    assert len(set(keys)) == len(keys)


def test_a_disk_and_its_new_controller_are_added_together() -> None:
    after = replace(
        WITH_DISK, disks=(*WITH_DISK.disks, ON_SATA), controllers=(*WITH_DISK.controllers, Controller("sata", 1))
    )
    _operations, _how, spec = change_of_devices(WITH_DISK, after)
    controller, disk = (item.device for item in spec.deviceChange)
    assert (controller.busNumber, disk.controllerKey, disk.unitNumber) == (1, controller.key, 3)
    assert (disk.backing.fileName, disk.capacityInKB) == ("[ds] b.vmdk", 0)
    assert spec.deviceChange[1].fileOperation is None


def test_a_port_of_a_network() -> None:
    port = CharDevice("tcp", 0, mode="bind", host="::1", service="4001", protocol="telnet")
    _operations, _how, spec = change_of_devices(DOMAIN, replace(DOMAIN, serials=(port,)))
    backing = spec.deviceChange[0].device.backing
    assert (backing.serviceURI, backing.direction) == ("telnet://[::1]:4001", "server")


# Changes that the API cannot express are made in the VMX.
UPLOADED: list[tuple[dict[str, Any], list[str]]] = [
    ({"filesystems": (Filesystem("/srv", "srv"),)}, ["filesystem srv"]),
    ({"controllers": (Controller("scsi", 0, "vmpvscsi"),)}, ["controller scsi 0"]),
    ({"interfaces": (replace(CARD, type="user", source=None),)}, [f"interface {MAC}"]),
    ({"disks": (*WITH_DISK.disks, replace(SECOND, type="block", source="/vmfs/devices/disks/x"))}, ["disk sdb"]),
    ({"tpms": (Tpm(),)}, ["tpm 0"]),
    ({"serials": (replace(SERIAL, port=2),)}, ["serial 2"]),  # a host would give it the first free number
]


@pytest.mark.parametrize(("changed", "names"), UPLOADED)
def test_what_the_api_cannot_say(changed: dict[str, Any], names: list[str]) -> None:
    spec, how = plan(WITH_DISK, replace(WITH_DISK, vcpus=4, **changed), devices=[LSI, OF_DISK])
    assert (how.by_upload, how.reconfigured) == (names, ["vcpus"])
    assert set(names) <= set(how.needs_shutdown)
    assert spec.deviceChange == []


def test_keys_that_the_api_has_no_members_for() -> None:
    keys = {"RemoteDisplay.vnc.enabled": "TRUE", "RemoteDisplay.vnc.port": "5901", "memsize": "512"}
    spec, how = plan(DOMAIN, replace(DOMAIN, graphics=(Graphics(port=5901),)), keys=keys)
    assert {option.key: option.value for option in spec.extraConfig} == {
        "RemoteDisplay.vnc.enabled": "TRUE",
        "RemoteDisplay.vnc.port": "5901",
    }
    assert how.needs_shutdown == ["graphics 0"]


def test_firmware_and_secure_boot() -> None:
    spec, how = plan(DOMAIN, replace(DOMAIN, os=Os(firmware="efi", secure_boot=True)))
    assert (spec.firmware, spec.bootOptions.efiSecureBootEnabled) == ("efi", True)
    assert how.needs_shutdown == ["firmware"]


# guestOS of VMX -> guestId of the API.
GUESTS = [
    ("debian11-64", "debian11_64Guest"),
    ("ubuntu-64", "ubuntu64Guest"),
    ("rhel8-64", "rhel8_64Guest"),
    ("windows9srv-64", "windows9Server64Guest"),
    ("other", "otherGuest"),
    ("other-64", "otherGuest64"),
    ("other3xlinux-64", "other3xLinux64Guest"),
    ("nobody-knows", None),
]


@pytest.mark.parametrize(("word", "identifier"), GUESTS)
def test_guests(word: str, identifier: str | None) -> None:
    assert guest_id(word) == identifier


def test_the_keys_that_differ() -> None:
    old, new = b'a = "1"\nb = "2"\nC = "3"\n', b'a = "1"\nb = "x|22"\nd = "4"\n'
    assert changed_keys(old, new) == {"b": 'x"', "C": "", "d": "4"}


def test_the_change_is_of_one_version_of_the_machine() -> None:
    spec, _how = plan(DOMAIN, replace(DOMAIN, description="x"))
    assert spec.changeVersion == "7"
