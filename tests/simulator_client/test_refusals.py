# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The refusals of a host: in a specification, in a VMX file, and when a domain is powered on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl

device = vim.vm.device
Change = device.VirtualDeviceSpec

VMX = """.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "13"
displayName = "web"
guestOS = "other"
memsize = "64"
"""

CARD = """ethernet0.present = "TRUE"
ethernet0.networkName = "VM Network"
ethernet0.addressType = "static"
ethernet0.address = "{}"
"""


@pytest.fixture
def host() -> Iterator[Client]:
    with start_simulator("-domains", "1", "-autostart=false") as simulator, client(simulator) as connected:
        yield connected


@pytest.fixture
def domain(host: Client) -> Any:
    return host.domain("domain-1")


def added(*devices: Any) -> list[Any]:
    return [Change(operation="add", device=one) for one in devices]


def controllers(kind: str, buses: range) -> list[Any]:
    make = {
        "scsi": lambda **at: device.VirtualLsiLogicController(sharedBus="noSharing", **at),
        "sata": device.VirtualAHCIController,
        "nvme": device.VirtualNVMEController,
    }[kind]
    return added(*(make(key=-1 - bus, busNumber=bus) for bus in buses))


def cdrom(unit: int, key: int = -1) -> Any:
    backing = device.VirtualCdrom.RemotePassthroughBackingInfo(deviceName="", exclusive=False)
    return device.VirtualCdrom(key=key, controllerKey=200, unitNumber=unit, backing=backing)


@pytest.mark.parametrize(
    ("spec", "fault", "about"),
    [
        ({"memoryMB": 66}, vmodl.fault.InvalidArgument, "memoryMB"),
        ({"numCPUs": 999}, vmodl.fault.InvalidArgument, "numCPUs"),
        ({"numCPUs": 4, "numCoresPerSocket": 3}, vmodl.fault.InvalidArgument, "numCoresPerSocket"),
        ({"guestId": "nonsense"}, vmodl.fault.InvalidArgument, "guestId"),
        ({"version": "vmx-99"}, vmodl.fault.NotSupported, ""),
        ({"name": "x" * 81}, vim.fault.InvalidName, ""),
        ({"uuid": "no-uuid"}, vmodl.fault.InvalidArgument, "uuid"),
        ({"firmware": "openboot"}, vmodl.fault.InvalidArgument, "firmware"),
        ({"extraConfig": [vim.option.OptionValue(key="a/b", value="x")]}, vmodl.fault.InvalidArgument, "extraConfig"),
        ({"cpuAllocation": vim.ResourceAllocationInfo(limit=-2)}, vmodl.fault.InvalidArgument, "cpuAllocation"),
        ({"memoryAllocation": vim.ResourceAllocationInfo(limit=-2)}, vmodl.fault.InvalidArgument, "memoryAllocation"),
        (
            {"cpuAllocation": vim.ResourceAllocationInfo(shares=vim.SharesInfo(level="custom", shares=-5))},
            vmodl.fault.InvalidArgument,
            "cpuAllocation",
        ),
        ({"deviceChange": controllers("scsi", range(1, 5))}, vim.fault.InvalidDeviceSpec, "busNumber"),
        ({"deviceChange": controllers("sata", range(5))}, vim.fault.InvalidDeviceSpec, "busNumber"),
        ({"deviceChange": controllers("nvme", range(5))}, vim.fault.InvalidDeviceSpec, "busNumber"),
        ({"deviceChange": controllers("sata", range(1)) * 2}, vim.fault.InvalidDeviceSpec, ""),
        ({"deviceChange": added(cdrom(2))}, vim.fault.InvalidDeviceSpec, "unitNumber"),
        ({"deviceChange": added(cdrom(0), cdrom(0, key=-2))}, vim.fault.InvalidDeviceSpec, "unitNumber"),
        (
            {"deviceChange": added(device.VirtualUSBController(key=-1), device.VirtualUSBController(key=-2))},
            vim.fault.TooManyDevices,
            "",
        ),
        (
            {"deviceChange": added(*(device.VirtualTPM(key=-1 - n) for n in range(2)))},
            vim.fault.TooManyDevices,
            "",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)
def test_a_specification_that_cannot_be_changes_nothing(
    host: Client, domain: Any, spec: dict[str, Any], fault: Any, about: str
) -> None:
    before = host.folder("GET", "domain-1/domain-1.vmx")
    with pytest.raises(fault) as refused:
        host.wait(domain.ReconfigVM_Task(vim.vm.ConfigSpec(**spec)))
    said = getattr(refused.value, "property", None) or getattr(refused.value, "invalidProperty", None) or ""
    assert about in said
    assert host.folder("GET", "domain-1/domain-1.vmx") == before


@pytest.mark.parametrize(
    ("lines", "fault", "said"),
    [
        ('numvcpus = "4"\ncpuid.coresPerSocket = "3"\n', vim.fault.GenericVmConfigFault, "coresPerSocket"),
        (CARD.format("00:11:22:33:44:55"), vim.fault.GenericVmConfigFault, "00:11:22:33:44:55"),
        (CARD.format("00:50:56:40:00:00"), vim.fault.GenericVmConfigFault, "checkMACAddress"),
    ],
    ids=["cores", "foreign address", "address of a vCenter"],
)
def test_what_is_registered_and_does_not_start(host: Client, lines: str, fault: Any, said: str) -> None:
    host.upload("web/web.vmx", VMX + lines)
    domain = host.register("[local-storage] web/web.vmx")
    with pytest.raises(fault) as refused:
        host.wait(domain.PowerOnVM_Task())
    assert said in refused.value.msg
    assert host.get(domain, "runtime.powerState") == "poweredOff"


@pytest.mark.parametrize(
    "lines",
    [
        CARD.format("00:50:56:3f:ff:ff"),
        CARD.format("00:11:22:33:44:55") + 'ethernet0.checkMACAddress = "false"\n',
        CARD.format("00:11:22:33:44:55").replace('"static"', '"vpx"'),
        'numvcpus = "4"\ncpuid.coresPerSocket = "2"\n',
    ],
    ids=["allowed", "not checked", "a vCenter's", "cores"],
)
def test_what_starts(host: Client, lines: str) -> None:
    host.upload("web/web.vmx", VMX + lines)
    host.wait(host.register("[local-storage] web/web.vmx").PowerOnVM_Task())


def test_newer_hardware_does_not_start() -> None:
    with start_simulator("-domains", "0", "-version", "5.5") as simulator, client(simulator) as host:
        host.upload("web/web.vmx", VMX)
        domain = host.register("[local-storage] web/web.vmx")
        with pytest.raises(vim.fault.VirtualHardwareVersionNotSupported) as refused:
            host.wait(domain.PowerOnVM_Task())
        assert "vmx-13" in refused.value.msg


def test_more_cpus_than_the_host_has_threads(host: Client) -> None:
    threads = host.get(next(iter(host.all(vim.HostSystem).values())), "hardware.cpuInfo.numCpuThreads")
    host.upload("web/web.vmx", VMX + f'numvcpus = "{threads + 1}"\n')
    domain = host.register("[local-storage] web/web.vmx")
    with pytest.raises(vim.fault.NumVirtualCpusNotSupported) as refused:
        host.wait(domain.PowerOnVM_Task())
    assert (refused.value.maxSupportedVcpusDest, refused.value.numCpuVm) == (threads, threads + 1)
    host.reconfigure(domain, numCPUs=threads)
    host.wait(domain.PowerOnVM_Task())


def test_a_template_is_not_run_nor_changed(host: Client, domain: Any) -> None:
    domain.MarkAsTemplate()
    for start in (
        domain.PowerOnVM_Task,
        lambda: domain.CreateSnapshot_Task("a", "", memory=False, quiesce=False),
        lambda: domain.ReconfigVM_Task(vim.vm.ConfigSpec(memoryMB=64)),
    ):
        with pytest.raises(vmodl.fault.NotSupported):
            host.wait(start())
    host.reconfigure(domain, annotation="a golden image")


def test_names_are_of_80_characters_at_most(host: Client, domain: Any) -> None:
    for name in ("", "x" * 81):
        with pytest.raises(vim.fault.InvalidName):
            host.wait(domain.Rename_Task(name))
    host.wait(domain.Rename_Task("x" * 80))
    assert host.get(domain, "name") == "x" * 80


def test_a_usb_device_of_the_host_needs_a_controller(host: Client, domain: Any) -> None:
    backing = device.VirtualUSB.USBBackingInfo(deviceName="path:1/2/3")
    usb = device.VirtualUSB(key=-2, backing=backing, connected=False)
    with pytest.raises(vim.fault.InvalidDeviceSpec):
        host.reconfigure(domain, deviceChange=added(usb))
    host.reconfigure(domain, deviceChange=added(device.VirtualUSBController(key=-1), usb))
    assert 'usb.autoConnect.device0 = "path:1/2/3"' in host.folder("GET", "domain-1/domain-1.vmx")[1]
    (found,) = [one for one in host.get(domain, "config.hardware.device") if isinstance(one, device.VirtualUSB)]
    assert (found.backing.deviceName, found.controllerKey) == ("path:1/2/3", 7000)
    host.reconfigure(domain, deviceChange=[Change(operation="remove", device=found)])
    assert "autoConnect" not in host.folder("GET", "domain-1/domain-1.vmx")[1]
