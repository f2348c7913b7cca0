# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulator does with domains and their VMX files what a host does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client.client import Client, vim, vmodl

VMX = """#!/usr/bin/vmware
.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "10"
guestOS = "rhel5-64"
displayName = "fedora |7C %25"
annotation = "two|0Alines"
uuid.bios = "50 11 5e 16 9b dc 49 d7-f1 71 53 c4 d7 f9 17 10"
memsize = "1024"   # a comment
numvcpus = "3"
sched.cpu.min = "100"
sched.cpu.max = "2000"
sched.cpu.shares = "high"

scsi0.present = "true"
scsi0.virtualDev = "lsilogic"
scsi0:0.present = "true"
scsi0:0.deviceType = "scsi-hardDisk"
scsi0:0.fileName = "disk.vmdk"
scsi0:1.present = "true"
scsi0:1.fileName = "/vmfs/volumes/local-storage/reg/disk2.vmdk"
ide0:0.present = "true"
ide0:0.clientDevice = "true"
ide0:0.deviceType = "cdrom-raw"
ide0:0.startConnected = "false"
sata0.present = "true"
sata0:1.present = "true"
sata0:1.fileName = "/vmfs/volumes/498076b2-02796c1a-ef5b-000ae484a6a3/iso/a.iso"
sata0:1.deviceType = "cdrom-image"
ethernet0.present = "true"
ethernet0.networkName = "VM Network"
ethernet0.connectionType = "bridged"
ethernet0.addressType = "static"
ethernet0.address = "00:50:56:25:48:C7"
ethernet0.virtualDev = "e1000"
serial0.present = "true"
tools.syncTime = "false"
"""


@pytest.fixture
def registered(host: Client) -> Iterator[Any]:
    """A domain from ``VMX``, gone afterwards."""
    assert host.upload("reg/x.vmx", VMX) == 201
    for name in ("reg/disk.vmdk", "reg/disk2.vmdk"):
        host.create_disk(name)
    domain = host.register("[local-storage] reg/x.vmx")
    yield domain
    if host.get(domain, "runtime.powerState") != "poweredOff":
        host.wait(domain.PowerOffVM_Task())
    domain.UnregisterVM()
    host.wait(host.content.fileManager.DeleteDatastoreFile_Task("[local-storage] reg", None))


def test_a_registered_domain_is_what_its_file_says(host: Client, registered: Any) -> None:
    config = host.get(registered, "config")
    assert host.get(registered, "name") == config.name == "fedora | %25"
    assert config.uuid == "50115e16-9bdc-49d7-f171-53c4d7f91710"
    assert (config.hardware.memoryMB, config.hardware.numCPU) == (1024, 3)
    assert (config.version, config.guestId, config.annotation) == ("vmx-10", "rhel5_64Guest", "two\nlines")
    cpu = config.cpuAllocation
    assert (cpu.reservation, cpu.limit, cpu.shares.level, cpu.shares.shares) == (100, 2000, "high", 6000)
    assert [(option.key, option.value) for option in config.extraConfig] == [("tools.syncTime", "false")]
    assert host.content.searchIndex.FindByUuid(None, config.uuid.upper(), True) == registered


def test_its_devices_are_those_of_the_file(host: Client, registered: Any) -> None:
    devices = host.get(registered, "config.hardware.device")
    by_key = {device.key: device for device in devices}
    assert [by_key[key].backing.fileName for key in (2000, 2001)] == [
        "[local-storage] reg/disk.vmdk",
        "[local-storage] reg/disk2.vmdk",
    ]
    assert isinstance(by_key[1000], vim.vm.device.VirtualLsiLogicController)
    assert isinstance(by_key[3000].backing, vim.vm.device.VirtualCdrom.RemotePassthroughBackingInfo)
    assert by_key[16001].backing.fileName == "[local-storage] iso/a.iso"
    card = by_key[4000]
    assert isinstance(card, vim.vm.device.VirtualE1000)
    assert (card.macAddress, card.addressType, card.backing.deviceName) == ("00:50:56:25:48:C7", "manual", "VM Network")


def test_registering_leaves_the_file_as_it_was(host: Client, registered: Any) -> None:
    registered.Reload()
    assert host.folder("GET", "reg/x.vmx") == (200, VMX)


def test_a_second_registration_is_refused(host: Client, registered: Any) -> None:
    assert host.get(registered, "config.files.vmPathName") == "[local-storage] reg/x.vmx"
    with pytest.raises(vim.fault.AlreadyExists):
        host.register("[local-storage] reg/x.vmx")
    host.upload("reg/y.vmx", VMX)
    host.register("[local-storage] reg/y.vmx").UnregisterVM()  # a host has nothing against a second one of that name


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (VMX.replace('"1024"', '"1023"'), vim.fault.InvalidVmConfig),
        (VMX.replace('"1024"', "1024"), vim.fault.InvalidVmConfig),
        (VMX.replace("config.version", "config.x"), vim.fault.InvalidVmConfig),
        ("", vim.fault.InvalidVmConfig),
        (None, vim.fault.NotFound),
    ],
)
def test_a_broken_file_leaves_nothing(host: Client, text: str | None, fault: Any) -> None:
    if text is not None:
        host.upload("broken/b.vmx", text)
    before = host.simulator.domains()
    with pytest.raises(fault):
        host.register("[local-storage] broken/b.vmx" if text is not None else "[local-storage] broken/none.vmx")
    assert host.simulator.domains() == before


def test_a_file_in_the_root_of_a_datastore(host: Client) -> None:
    host.upload("root.vmx", VMX.replace("fedora", "root"))
    domain = host.register("[local-storage] root.vmx")
    disks = [d for d in host.get(domain, "config.hardware.device") if isinstance(d, vim.vm.device.VirtualDisk)]
    assert disks[0].backing.fileName == "[local-storage] disk.vmdk"
    host.wait(domain.Destroy_Task())
    assert host.folder("GET", "root.vmx")[0] == 404
    assert host.folder("GET", "domain-1/domain-1.vmx")[0] == 200


def test_reload_reads_everything_again(host: Client, registered: Any) -> None:
    version = host.get(registered, "config.changeVersion")
    text = VMX.replace('memsize = "1024"', 'memsize = "2048"').replace("scsi0:1.present", "scsi0:2.present")
    assert host.folder("PUT", "reg/x.vmx", text)[0] == 200
    registered.Reload()
    assert host.get(registered, "config.hardware.memoryMB") == 2048
    disks = [d.key for d in host.get(registered, "config.hardware.device") if isinstance(d, vim.vm.device.VirtualDisk)]
    assert disks == [2000, 2002]
    assert host.get(registered, "config.changeVersion") != version


def test_a_change_edits_the_lines_that_it_changes(host: Client, registered: Any) -> None:
    host.reconfigure(registered, memoryMB=512, name="renamed", extra={"tools.syncTime": "", "new.key": 'a "b"'})
    text = (
        VMX.replace('memsize = "1024"', 'memsize = "512"')
        .replace("fedora |7C %25", "renamed")
        .replace('tools.syncTime = "false"\n', 'new.key = "a |22b|22"\n')
    )
    assert host.folder("GET", "reg/x.vmx") == (200, text)
    registered.Reload()
    assert host.folder("GET", "reg/x.vmx") == (200, text)


def test_a_partial_allocation_keeps_the_rest(host: Client, registered: Any) -> None:
    host.reconfigure(registered, cpuAllocation=vim.ResourceAllocationInfo(limit=500))
    cpu = host.get(registered, "config.cpuAllocation")
    assert (cpu.reservation, cpu.limit, cpu.shares.level) == (100, 500, "high")
    with pytest.raises(vmodl.fault.InvalidArgument):
        host.reconfigure(registered, cpuAllocation=vim.ResourceAllocationInfo(limit=50))


def test_a_concurrent_change_is_noticed(host: Client, registered: Any) -> None:
    version = host.get(registered, "config.changeVersion")
    host.simulator.change_from_outside("fedora | %25", set={"memsize": "768"})
    assert host.get(registered, "config.hardware.memoryMB") == 768
    with pytest.raises(vim.fault.ConcurrentAccess):
        host.reconfigure(registered, changeVersion=version, memoryMB=1024)


def test_a_running_domain_keeps_its_memory(host: Client, registered: Any) -> None:
    host.wait(registered.PowerOnVM_Task())
    with pytest.raises(vim.fault.InvalidPowerState):
        host.reconfigure(registered, memoryMB=2048)
    with pytest.raises(vim.fault.InvalidPowerState):
        registered.UnregisterVM()


def test_rename(host: Client, registered: Any) -> None:
    host.wait(registered.Rename_Task("other/name"))
    assert host.get(registered, "name") == host.get(registered, "config.name") == "other%2fname"
    assert 'displayName = "other/name"' in host.folder("GET", "reg/x.vmx")[1]
    with pytest.raises(vim.fault.DuplicateName):
        host.wait(registered.Rename_Task("domain-1"))


def test_network_cards_and_drives_that_clients_add(host: Client, registered: Any) -> None:
    card = vim.vm.device.VirtualVmxnet3(
        key=-1, backing=vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="VM Network")
    )
    add = vim.vm.device.VirtualDeviceSpec(operation="add", device=card)
    host.reconfigure(registered, deviceChange=[add])
    text = host.folder("GET", "reg/x.vmx")[1]
    assert 'ethernet1.virtualDev = "vmxnet3"' in text
    assert text.startswith(VMX)
    unknown = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName="nowhere")
    card = vim.vm.device.VirtualE1000(key=-1, backing=unknown)
    with pytest.raises(vim.fault.InvalidDeviceBacking):
        host.reconfigure(registered, deviceChange=[vim.vm.device.VirtualDeviceSpec(operation="add", device=card)])


def test_an_annotation_is_cleared_by_an_empty_one_only(host: Client, registered: Any) -> None:
    host.wait(registered.PowerOnVM_Task())
    for sent, there in ((None, "two\nlines"), ("note", "note"), (None, "note"), ("", ""), (None, "")):
        host.reconfigure(registered, annotation=sent)
        for path in ("config.annotation", "summary.config.annotation"):
            assert (host.get(registered, path) or "") == there
        assert 'annotation = "{}"'.format(there.replace("\n", "|0A")) in host.folder("GET", "reg/x.vmx")[1]


def network_of(name: str) -> Any:
    return vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName=name)


def change_device(host: Client, domain: Any, operation: str, device: Any) -> None:
    spec = vim.vm.device.VirtualDeviceSpec(operation=operation, device=device)
    host.reconfigure(domain, deviceChange=[spec])


def card_of(host: Client, domain: Any) -> Any:
    """The network card, None if there is none."""
    devices = host.get(domain, "config.hardware.device")
    return next((device for device in devices if device.key == 4000), None)


def test_a_running_domain_s_drive_is_emptied_and_filled(host: Client, registered: Any) -> None:
    host.wait(registered.PowerOnVM_Task())
    drive = next(device for device in host.get(registered, "config.hardware.device") if device.key == 16001)
    image = drive.backing
    drive.backing = vim.vm.device.VirtualCdrom.RemotePassthroughBackingInfo(deviceName="", exclusive=False)
    change_device(host, registered, "edit", drive)
    text = host.folder("GET", "reg/x.vmx")[1]
    for entry in ('fileName = "emptyBackingString"', 'deviceType = "cdrom-raw"', 'clientDevice = "TRUE"'):
        assert f"sata0:1.{entry}" in text
    image.fileName = "[local-storage] iso/b.iso"
    drive.backing = image
    change_device(host, registered, "edit", drive)
    text = host.folder("GET", "reg/x.vmx")[1]
    for entry in ('/iso/b.iso"', 'sata0:1.deviceType = "cdrom-image"', 'sata0:1.clientDevice = "FALSE"'):
        assert entry in text


def test_a_running_domain_s_card_moves_to_another_network(host: Client, registered: Any) -> None:
    host.wait(registered.PowerOnVM_Task())
    card = card_of(host, registered)
    card.backing = network_of("Lab Network")
    change_device(host, registered, "edit", card)
    assert 'ethernet0.networkName = "Lab Network"' in host.folder("GET", "reg/x.vmx")[1]
    assert [host.get(network, "name") for network in host.get(registered, "network")] == ["Lab Network"]


@pytest.mark.parametrize("question", ["", "append"])
def test_a_card_whose_network_the_host_does_not_have(host: Client, registered: Any, question: str) -> None:
    entries = {"ethernet0.networkName": "gone", "simulator.question.ReconfigVM_Task": question}
    host.simulator.change_from_outside("fedora | %25", set=entries)
    host.wait(registered.PowerOnVM_Task())
    card = card_of(host, registered)
    assert (card.backing.deviceName, card.backing.network) == ("gone", None)
    with pytest.raises(vim.fault.InvalidDeviceBacking):
        change_device(host, registered, "edit", card)
    assert card_of(host, registered).backing.deviceName == "gone"


def test_such_a_card_can_be_moved_and_removed(host: Client, registered: Any) -> None:
    host.simulator.change_from_outside("fedora | %25", set={"ethernet0.networkName": "gone"})
    card = card_of(host, registered)
    card.backing = network_of("VM Network")
    change_device(host, registered, "edit", card)
    assert card_of(host, registered).backing.deviceName == "VM Network"
    host.simulator.change_from_outside("fedora | %25", set={"ethernet0.networkName": "gone"})
    change_device(host, registered, "remove", card_of(host, registered))
    assert card_of(host, registered) is None
    assert "ethernet0" not in host.folder("GET", "reg/x.vmx")[1]


def test_files_need_a_session(host: Client) -> None:
    assert host.folder("PUT", "f/new", "text", login=False)[0] == 401
    assert host.folder("PUT", "f/new", "text")[0] == 404  # a host makes no directory
    host.make_directory("f")
    assert [host.folder("PUT", "f/new", "text")[0] for _turn in range(2)] == [201, 200]
    assert host.folder("HEAD", "f/new")[0] == 200
    assert host.folder("DELETE", "f/new")[0] == 200
    assert host.folder("GET", "f/new")[0] == 404
    assert host.folder("GET", "f/new", dsName="none")[0] == 404
    assert host.folder("GET", "domain-1/domain-1.vmx", dcPath="none")[0] == 404


def test_directories_disks_and_moves(host: Client) -> None:
    files, disks = host.content.fileManager, host.content.virtualDiskManager
    files.MakeDirectory("[local-storage] made/below", None, True)
    spec = vim.VirtualDiskManager.FileBackedVirtualDiskSpec(diskType="thin", adapterType="lsiLogic", capacityKb=4096)
    host.wait(disks.CreateVirtualDisk_Task("[local-storage] made/d.vmdk", None, spec))
    host.wait(disks.ZeroFillVirtualDisk_Task("[local-storage] made/d.vmdk", None))
    host.wait(disks.DeleteVirtualDisk_Task("[local-storage] made/d.vmdk", None))
    with pytest.raises(vim.fault.FileNotFound):
        host.wait(disks.DeleteVirtualDisk_Task("[local-storage] made/d.vmdk", None))
    host.upload("made/a", "text")
    host.wait(files.MoveDatastoreFile_Task("[local-storage] made/a", None, "[local-storage] made/b", None))
    assert host.folder("GET", "made/b") == (200, "text")
    host.wait(files.DeleteDatastoreFile_Task("[local-storage] made", None))
    assert host.folder("GET", "made/b")[0] == 404


def test_searching_a_datastore(host: Client) -> None:
    browser = host.get(next(iter(host.all(vim.Datastore).values())), "browser")
    details = vim.host.DatastoreBrowser.FileInfo.Details(fileType=True, fileSize=True)
    flags = vim.host.DatastoreBrowser.VmDiskQuery.Details(diskType=True, capacityKb=True, hardwareVersion=True)
    query = [vim.host.DatastoreBrowser.VmDiskQuery(details=flags)]
    spec = vim.host.DatastoreBrowser.SearchSpec(details=details, query=query)
    found = {
        result.folderPath: [(file.path, file.capacityKb) for file in result.file]
        for result in host.wait(browser.SearchDatastoreSubFolders_Task("[local-storage]", spec))
    }
    assert found["[local-storage] domain-1/"] == [("domain-1.vmdk", 8 << 20)]
    pattern = vim.host.DatastoreBrowser.SearchSpec(matchPattern=["DOMAIN-1.VMX"])
    result = host.wait(browser.SearchDatastore_Task("[local-storage] domain-1", pattern))
    assert [file.path for file in result.file] == ["domain-1.vmx"]
    assert host.wait(browser.SearchDatastore_Task("[local-storage] domain-1")).file  # no specification: no crash


def test_power(host: Client) -> None:
    domain = host.domain("domain-2")
    for method, state in (
        ("SuspendVM_Task", "suspended"),
        ("PowerOnVM_Task", "poweredOn"),
        ("ResetVM_Task", "poweredOn"),
        ("PowerOffVM_Task", "poweredOff"),
    ):
        host.wait(getattr(domain, method)())
        assert host.get(domain, "runtime.powerState") == state
    with pytest.raises(vim.fault.InvalidPowerState, match="current power state"):
        host.wait(domain.ResetVM_Task())
    host.wait(domain.PowerOnVM_Task())


def test_the_guest_shuts_down_in_its_own_time(host: Client) -> None:
    domain = host.domain("domain-2")
    with pytest.raises(vim.fault.ToolsUnavailable):
        domain.ShutdownGuest()
    host.reconfigure(domain, extra={"simulator.tools": "running", "simulator.shutdownDelay": "200"})
    domain.RebootGuest()
    assert host.get(domain, "guest.toolsRunningStatus") == "guestToolsRunning"
    domain.ShutdownGuest()
    assert host.get(domain, "runtime.powerState") == "poweredOn"
    time.sleep(0.4)
    assert host.get(domain, "runtime.powerState") == "poweredOff"
    host.reconfigure(domain, extra={"simulator.tools": "", "simulator.shutdownDelay": ""})
    host.wait(domain.PowerOnVM_Task())


def test_snapshots(host: Client) -> None:
    domain = host.domain("domain-3")
    for name in ("one", "two"):
        host.wait(domain.CreateSnapshot_Task(name, "", True, False))
    host.wait(domain.PowerOffVM_Task())
    one = host.get(domain, "snapshot.rootSnapshotList")[0].snapshot
    host.wait(one.RevertToSnapshot_Task())
    assert host.get(domain, "runtime.powerState") == "poweredOn"
    host.wait(one.RemoveSnapshot_Task(False))  # the current root, with a child: the library crashes
    assert [tree.name for tree in host.get(domain, "snapshot.rootSnapshotList")] == ["two"]


def test_destroy_deletes_what_is_the_domains(host: Client) -> None:
    host.upload("doomed/x.vmx", VMX.replace("fedora", "doomed").replace("/reg/disk2", "/elsewhere/disk2"))
    host.upload("elsewhere/other", "")
    for name in ("doomed/disk.vmdk", "elsewhere/disk2.vmdk"):
        host.create_disk(name)
    host.wait(host.register("[local-storage] doomed/x.vmx").Destroy_Task())
    files = ("doomed", "doomed/x.vmx", "elsewhere/disk2.vmdk", "elsewhere/other")
    assert [host.folder("GET", name)[0] for name in files] == [404, 404, 404, 200]
