# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ReconfigVM_Task does all of a specification or nothing, and what it does is in the VMX file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl

device = vim.vm.device
Change = device.VirtualDeviceSpec
PLACE = "[local-storage] domain-1"


@pytest.fixture
def fresh() -> Iterator[Simulator]:
    with start_simulator("-domains", "2", "-autostart=false") as simulator:
        yield simulator


@pytest.fixture
def host(fresh: Simulator) -> Iterator[Client]:
    with client(fresh) as connected:
        yield connected


@pytest.fixture
def domain(host: Client) -> Any:
    return host.domain("domain-1")


def vmx(host: Client) -> str:
    return str(host.folder("GET", "domain-1/domain-1.vmx")[1])


def all_of(host: Client, domain: Any, kind: Any) -> list[Any]:
    return [one for one in host.get(domain, "config.hardware.device") if isinstance(one, kind)]


def new_disk(kib: int = 2048, controller: int = 1000, unit: int | None = 1, name: str = "", thin: bool = True) -> Any:
    backing = device.VirtualDisk.FlatVer2BackingInfo(
        fileName=f"{PLACE}/{name}" if name else "", diskMode="persistent", thinProvisioned=thin
    )
    disk = device.VirtualDisk(
        key=-1, controllerKey=controller, unitNumber=unit, capacityInKB=kib, capacityInBytes=kib * 1024, backing=backing
    )
    return Change(operation="add", fileOperation="create", device=disk)


def existing_disk(name: str, unit: int = 1, controller: int = 1000) -> Any:
    change = new_disk(0, controller, unit, name)
    change.fileOperation = None
    return change


def test_a_new_disk_has_a_file_and_a_slot(host: Client, domain: Any) -> None:
    host.reconfigure(domain, deviceChange=[new_disk(), new_disk(4096, unit=None, name="data.vmdk", thin=False)][:1])
    host.reconfigure(domain, deviceChange=[new_disk(4096, unit=None, name="data.vmdk", thin=False)])
    disks = all_of(host, domain, device.VirtualDisk)
    assert [(disk.key, disk.unitNumber, disk.capacityInKB, disk.backing.fileName) for disk in disks[1:]] == [
        (2001, 1, 2048, f"{PLACE}/domain-1_1.vmdk"),
        (2002, 2, 4096, f"{PLACE}/data.vmdk"),
    ]
    assert [disk.backing.thinProvisioned for disk in disks] == [True, True, False]
    assert host.folder("HEAD", "domain-1/domain-1_1-flat.vmdk")[0] == 200
    assert 'scsi0:2.fileName = "data.vmdk"' in vmx(host)


def test_a_disk_grows_and_never_shrinks(host: Client, domain: Any) -> None:
    disk = all_of(host, domain, device.VirtualDisk)[0]
    disk.capacityInBytes, disk.capacityInKB = 9 << 30, 9 << 20
    host.reconfigure(domain, deviceChange=[Change(operation="edit", device=disk)])
    assert all_of(host, domain, device.VirtualDisk)[0].capacityInKB == 9 << 20
    host.wait(domain.CreateSnapshot_Task("s", "", False, False))
    disk = all_of(host, domain, device.VirtualDisk)[0]
    disk.capacityInBytes, disk.capacityInKB = 10 << 30, 10 << 20
    with pytest.raises(vim.fault.GenericVmConfigFault, match="parents cannot be expanded"):
        host.reconfigure(domain, deviceChange=[Change(operation="edit", device=disk)])
    host.wait(domain.RemoveAllSnapshots_Task())
    disk = all_of(host, domain, device.VirtualDisk)[0]
    disk.capacityInBytes, disk.capacityInKB = 1 << 30, 1 << 20
    with pytest.raises(vim.fault.InvalidDeviceSpec):
        host.reconfigure(domain, deviceChange=[Change(operation="edit", device=disk)])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (new_disk(unit=7), vim.fault.InvalidDeviceSpec),
        (new_disk(unit=0), vim.fault.InvalidDeviceSpec),
        (new_disk(unit=16), vim.fault.InvalidDeviceSpec),
        (new_disk(controller=4711), vim.fault.InvalidDeviceSpec),
        (new_disk(kib=0), vim.fault.InvalidDeviceSpec),
        (new_disk(kib=1 << 40), vim.fault.InvalidDeviceSpec),
        (new_disk(name="domain-1.vmdk"), vim.fault.FileAlreadyExists),
        (new_disk(name="none/x.vmdk"), vim.fault.FileNotFound),
        (new_disk(name="../../x.vmdk"), vim.fault.InvalidDatastorePath),
        (existing_disk("none.vmdk"), vim.fault.FileNotFound),
        (existing_disk("domain-1.vmdk"), vim.fault.InvalidDeviceSpec),
    ],
)
def test_a_disk_that_cannot_be_changes_nothing(host: Client, domain: Any, change: Any, fault: Any) -> None:
    before = vmx(host)
    with pytest.raises(fault):
        host.reconfigure(domain, deviceChange=[change], annotation="changed", memoryMB=2048)
    assert vmx(host) == before
    assert len(all_of(host, domain, device.VirtualDisk)) == 1


def test_one_wrong_change_undoes_the_others(host: Client, domain: Any) -> None:
    with pytest.raises(vim.fault.InvalidDeviceSpec) as caught:
        wrong = new_disk(unit=7)
        wrong.device.key = -2
        host.reconfigure(domain, deviceChange=[new_disk(name="right.vmdk"), wrong])
    assert caught.value.deviceIndex == 1
    assert host.folder("HEAD", "domain-1/right.vmdk")[0] == 404


def test_what_a_running_domain_takes(host: Client, domain: Any) -> None:
    host.create_disk("domain-1/second.vmdk")
    host.wait(domain.PowerOnVM_Task())
    host.reconfigure(domain, deviceChange=[existing_disk("second.vmdk")])
    on_ide = existing_disk("third.vmdk", unit=0, controller=200)
    host.create_disk("domain-1/third.vmdk")
    drive = device.VirtualCdrom(key=-1, controllerKey=201, unitNumber=1, backing=device.VirtualCdrom.IsoBackingInfo())
    for change in (on_ide, Change(operation="add", device=drive)):
        with pytest.raises(vim.fault.InvalidPowerState):
            host.reconfigure(domain, deviceChange=[change])
    for setting in ({"numCoresPerSocket": 2, "numCPUs": 2}, {"firmware": "efi"}, {"guestId": "otherGuest"}):
        with pytest.raises(vim.fault.InvalidPowerState):
            host.reconfigure(domain, **setting)
    second = next(one for one in all_of(host, domain, device.VirtualDisk) if one.key == 2001)
    host.reconfigure(domain, deviceChange=[Change(operation="remove", fileOperation="destroy", device=second)])
    assert "second" not in vmx(host)
    assert host.folder("HEAD", "domain-1/second.vmdk")[0] == 404


def test_memory_and_cpus_can_grow_where_that_is_enabled(host: Client, domain: Any) -> None:
    host.reconfigure(domain, memoryHotAddEnabled=True, cpuHotAddEnabled=True)
    assert 'mem.hotadd = "TRUE"' in vmx(host)
    host.wait(domain.PowerOnVM_Task())
    host.reconfigure(domain, memoryMB=2048, numCPUs=2)
    assert 'memsize = "2048"' in vmx(host)
    for less in ({"memoryMB": 1024}, {"numCPUs": 1}):
        with pytest.raises(vim.fault.InvalidPowerState):
            host.reconfigure(domain, **less)


@pytest.mark.parametrize(
    "spec",
    [
        {"numCPUs": 9999},
        {"memoryMB": 900 << 20},
        {"numCPUs": 3, "numCoresPerSocket": 2},
        {"guestId": "nonsenseGuest"},
    ],
)
def test_sizes_that_cannot_be(host: Client, domain: Any, spec: dict[str, Any]) -> None:
    with pytest.raises(vmodl.fault.InvalidArgument):
        host.reconfigure(domain, **spec)


def test_an_eleventh_card_is_one_too_many(host: Client, domain: Any) -> None:
    def card(number: int) -> Any:
        backing = device.VirtualEthernetCard.NetworkBackingInfo(deviceName="VM Network")
        return Change(operation="add", device=device.VirtualVmxnet3(key=-1 - number, backing=backing))

    host.reconfigure(domain, deviceChange=[card(number) for number in range(9)])
    cards = all_of(host, domain, device.VirtualEthernetCard)
    assert len({one.macAddress for one in cards}) == 10
    assert all(one.macAddress.startswith("00:0c:29") for one in cards)
    with pytest.raises(vim.fault.TooManyDevices):
        host.reconfigure(domain, deviceChange=[card(0)])


def test_controllers_and_their_drives_in_one_call(host: Client, domain: Any) -> None:
    controller = device.ParaVirtualSCSIController(key=-10, busNumber=1, sharedBus="noSharing")
    sata = device.VirtualAHCIController(key=-11, busNumber=0)
    disk = new_disk(controller=-10, unit=0, name="p.vmdk")
    drive = device.VirtualCdrom(
        key=-12,
        controllerKey=-11,
        unitNumber=0,
        backing=device.VirtualCdrom.RemotePassthroughBackingInfo(deviceName="", exclusive=False),
        connectable=device.VirtualDevice.ConnectInfo(startConnected=False, connected=False, allowGuestControl=True),
    )
    changes = [Change(operation="add", device=one) for one in (controller, sata)]
    host.reconfigure(domain, deviceChange=[*changes, disk, Change(operation="add", device=drive)])
    for line in ('scsi1.virtualDev = "pvscsi"', 'scsi1:0.fileName = "p.vmdk"', 'sata0:0.clientDevice = "TRUE"'):
        assert line in vmx(host)
    controllers = all_of(host, domain, device.ParaVirtualSCSIController)
    with pytest.raises(vim.fault.InvalidDeviceSpec):
        host.reconfigure(domain, deviceChange=[Change(operation="remove", device=controllers[0])])


# A device, how the VMX file says it, and the class that comes back.
PORT = device.VirtualSerialPort
OTHERS = [
    (
        PORT(yieldOnPoll=True, backing=PORT.FileBackingInfo(fileName=f"{PLACE}/serial.log")),
        ['serial0.fileType = "file"', 'serial0.fileName = "serial.log"', 'serial0.yieldOnMsrRead = "TRUE"'],
    ),
    (
        PORT(yieldOnPoll=False, backing=PORT.URIBackingInfo(serviceURI="tcp://:7001", direction="server")),
        ['serial0.fileType = "network"', 'serial0.fileName = "tcp://:7001"'],
    ),
    (device.VirtualUSBController(busNumber=0, ehciEnabled=True), ['usb.present = "TRUE"', 'ehci.present = "TRUE"']),
    (device.VirtualUSBXHCIController(busNumber=0), ['usb_xhci.present = "TRUE"']),
    (
        device.VirtualHdAudioCard(backing=device.VirtualSoundCard.DeviceBackingInfo(deviceName="", useAutoDetect=True)),
        ['sound.virtualDev = "hdaudio"', 'sound.autodetect = "TRUE"'],
    ),
    (device.VirtualTPM(), ['vtpm.present = "TRUE"']),
    (
        device.VirtualFloppy(backing=device.VirtualFloppy.ImageBackingInfo(fileName="[local-storage] boot.flp")),
        ['floppy0.fileType = "file"'],
    ),
    (
        device.VirtualPCIPassthrough(
            backing=device.VirtualPCIPassthrough.DeviceBackingInfo(
                id="0000:03:00.0", deviceId="0x10fb", systemId="s", vendorId=-32634
            )
        ),
        ['pciPassthru0.id = "0000:03:00.0"', 'pciPassthru0.vendorId = "0x8086"'],
    ),
]


@pytest.mark.parametrize(("added", "lines"), OTHERS, ids=lambda value: type(value).__name__.rpartition(".")[2])
def test_other_devices_come_and_go(host: Client, domain: Any, added: Any, lines: list[str]) -> None:
    added.key = -1
    host.reconfigure(domain, deviceChange=[Change(operation="add", device=added)])
    assert [line for line in lines if line not in vmx(host)] == []
    (found,) = all_of(host, domain, type(added))
    assert found.key > 0
    host.reconfigure(domain, deviceChange=[Change(operation="remove", device=found)])
    assert all_of(host, domain, type(added)) == []
    assert [line for line in lines if line.partition(" ")[0] in vmx(host) and "ehci" not in line] == []


def test_settings_are_entries_of_the_file(host: Client, domain: Any) -> None:
    boot = vim.vm.BootOptions
    host.reconfigure(
        domain,
        firmware="efi",
        nestedHVEnabled=True,
        cpuAffinity=vim.vm.AffinityInfo(affinitySet=[0, 2]),
        latencySensitivity=vim.LatencySensitivity(level="high"),
        flags=vim.vm.FlagInfo(diskUuidEnabled=True),
        tools=vim.vm.ToolsConfigInfo(syncTimeWithHost=True, toolsUpgradePolicy="upgradeAtPowerCycle"),
        bootOptions=boot(
            bootDelay=5000,
            efiSecureBootEnabled=True,
            bootOrder=[boot.BootableDiskDevice(deviceKey=2000), boot.BootableEthernetDevice(deviceKey=4000)],
        ),
        extra={"guestinfo.userdata": 'a "b" | c', "vhv.enable": "TRUE"},
    )
    text = vmx(host)
    for line in (
        'firmware = "efi"',
        'vhv.enable = "TRUE"',
        'sched.cpu.affinity = "0,2"',
        'sched.cpu.latencySensitivity = "high"',
        'disk.EnableUUID = "TRUE"',
        'tools.upgrade.policy = "upgradeAtPowerCycle"',
        'bios.bootDelay = "5000"',
        'uefi.secureBoot.enabled = "TRUE"',
        'bios.bootOrder = "hdd,ethernet0"',
        'bios.hddOrder = "scsi0:0"',
        'guestinfo.userdata = "a |22b|22 |7C c"',
    ):
        assert line in text
    config = host.get(domain, "config")
    assert (config.nestedHVEnabled, config.flags.diskUuidEnabled, config.bootOptions.bootDelay) == (True, True, 5000)
    assert [one.deviceKey for one in config.bootOptions.bootOrder] == [2000, 4000]
    assert list(config.cpuAffinity.affinitySet) == [0, 2]
    host.reconfigure(domain, bootOptions=boot(bootOrder=[boot.BootableDevice()]), extra={"guestinfo.userdata": ""})
    assert "bootOrder" not in vmx(host)
    assert "guestinfo" not in vmx(host)


def test_secure_boot_needs_efi(host: Client, domain: Any) -> None:
    with pytest.raises(vim.fault.InvalidVmConfig):
        host.reconfigure(domain, bootOptions=vim.vm.BootOptions(efiSecureBootEnabled=True))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('numvcpus = "1"', 'numvcpus = "9999"'),
        ('memsize = "1024"', f'memsize = "{900 << 20}"'),
        ('floppy0.present = "FALSE"', 'ethernet10.present = "TRUE"'),
        (
            'floppy0.present = "FALSE"',
            'ethernet1.present = "TRUE"\nethernet0.pciSlotNumber = "33"\nethernet1.pciSlotNumber = "33"',
        ),
        ('floppy0.present = "FALSE"', 'scsi0:7.present = "TRUE"\nscsi0:7.fileName = "x.vmdk"'),
        ('floppy0.present = "FALSE"', 'scsi0:1.present = "TRUE"\nscsi0:1.fileName = "domain-1.vmdk"'),
    ],
)
def test_a_file_that_no_host_can_run_makes_the_domain_invalid(host: Client, domain: Any, old: str, new: str) -> None:
    good = vmx(host)
    assert host.folder("PUT", "domain-1/domain-1.vmx", good.replace(old, new))[0] == 200
    domain.Reload()
    assert host.get(domain, "runtime.connectionState") == "invalid"
    for act in (domain.PowerOnVM_Task, lambda: domain.CreateSnapshot_Task("x", "", False, False)):
        with pytest.raises(vim.fault.InvalidState):
            host.wait(act())
    with pytest.raises(vim.fault.InvalidState):
        host.reconfigure(domain, annotation="x")
    host.folder("PUT", "domain-1/domain-1.vmx", good)
    domain.Reload()
    assert host.get(domain, "runtime.connectionState") == "connected"
    host.wait(domain.PowerOnVM_Task())


def test_a_copied_directory_is_a_second_domain_of_that_name(host: Client, domain: Any) -> None:
    files = host.content.fileManager
    host.wait(files.CopyDatastoreFile_Task(PLACE, host.datacenter(), "[local-storage] copy", host.datacenter()))
    copy = host.register("[local-storage] copy/domain-1.vmx")
    assert {host.get(one, "name") for one in (copy, domain)} == {"domain-1"}
    assert len(host.content.searchIndex.FindAllByUuid(None, host.get(copy, "config.uuid"), True)) == 2
    copy.UnregisterVM()


def test_a_created_domain_has_its_file_and_its_disk(host: Client) -> None:
    folder = host.get(host.datacenter(), "vmFolder")
    compute = host.get(next(iter(host.all(vim.HostSystem).values())), "parent")
    scsi = device.VirtualLsiLogicController(key=-5, busNumber=0, sharedBus="noSharing")
    spec = vim.vm.ConfigSpec(
        name="made",
        memoryMB=512,
        numCPUs=2,
        guestId="debian10_64Guest",
        files=vim.vm.FileInfo(vmPathName="[local-storage]"),
        deviceChange=[Change(operation="add", device=scsi), new_disk(controller=-5, unit=0)],
    )
    made = host.wait(folder.CreateVM_Task(spec, host.get(compute, "resourcePool")))
    assert host.get(made, "config.files.vmPathName") == "[local-storage] made/made.vmx"
    assert 'scsi0:0.fileName = "made.vmdk"' in host.folder("GET", "made/made.vmx")[1]
    host.wait(made.PowerOnVM_Task())
    host.wait(made.PowerOffVM_Task())
    host.wait(made.Destroy_Task())
    assert host.folder("HEAD", "made")[0] == 404


def test_limits_can_be_asked_for(host: Client, domain: Any) -> None:
    browser = host.get(domain, "environmentBrowser")
    newest = browser.QueryConfigOption()
    assert (newest.version, newest.hardwareOptions.numCPU[-1]) == ("vmx-20", 768)
    older = browser.QueryConfigOption("vmx-10")
    assert (older.hardwareOptions.numCPU[-1], older.hardwareOptions.memoryMB.max) == (64, 1011 << 10)
    assert newest.guestOSDescriptor[0].supportedMaxCPUs == 768
    assert [one.key for one in browser.QueryConfigOptionDescriptor()][-1] == "vmx-20"
    assert browser.QueryConfigTarget().maxMemMBOptimalPerf == 64 << 10
