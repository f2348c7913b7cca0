# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and disks: paths stay inside, disks have their data, space runs out, and what is used is locked."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl

LEAVES = "[local-storage] ../../../etc/x"
INSIDE = "[local-storage] kept/x"
Spec = vim.VirtualDiskManager.FileBackedVirtualDiskSpec


@pytest.fixture
def disks(host: Client) -> Any:
    """The virtual disk manager; what a test has made goes afterwards."""
    host.make_directory("kept")
    yield host.content.virtualDiskManager
    host.wait(host.content.fileManager.DeleteDatastoreFile_Task("[local-storage] kept", host.datacenter()))


def spec(kib: int = 1024, kind: str = "thin", adapter: str = "lsiLogic") -> Any:
    return Spec(diskType=kind, adapterType=adapter, capacityKb=kib)


def free(host: Client) -> int:
    datastore = next(iter(host.all(vim.Datastore).values()))
    datastore.RefreshDatastore()
    return int(host.get(datastore, "summary.freeSpace"))


# A method of a manager that takes a path, and its arguments.
CALLS: list[tuple[str, str, tuple[Any, ...]]] = [
    ("fileManager", "MakeDirectory", (LEAVES, None, True)),
    ("fileManager", "DeleteDatastoreFile_Task", (LEAVES, None)),
    ("fileManager", "MoveDatastoreFile_Task", (LEAVES, None, INSIDE, None)),
    ("fileManager", "MoveDatastoreFile_Task", (INSIDE, None, LEAVES, None)),
    ("fileManager", "CopyDatastoreFile_Task", (LEAVES, None, INSIDE, None)),
    ("virtualDiskManager", "CreateVirtualDisk_Task", (f"{LEAVES}.vmdk", None, spec())),
    ("virtualDiskManager", "CopyVirtualDisk_Task", (LEAVES, None, INSIDE, None)),
    ("virtualDiskManager", "DeleteVirtualDisk_Task", (LEAVES, None)),
    ("virtualDiskManager", "ExtendVirtualDisk_Task", (LEAVES, None, 4096)),
]


@pytest.mark.parametrize(("manager", "method", "arguments"), CALLS)
def test_no_path_leaves_its_datastore(host: Client, manager: str, method: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(vim.fault.InvalidDatastorePath):
        host.wait(getattr(getattr(host.content, manager), method)(*arguments))


def test_nor_does_that_of_a_domain_or_a_request(host: Client) -> None:
    with pytest.raises(vim.fault.InvalidDatastorePath):
        host.register(f"{LEAVES}.vmx")
    assert host.folder("GET", "../../etc/passwd")[0] == 400


@pytest.mark.parametrize(
    ("name", "wanted", "fault"),
    [
        ("a.vmdk", spec(kind="nonsense"), vmodl.fault.InvalidArgument),
        ("a.vmdk", spec(adapter="pvscsi"), vmodl.fault.InvalidArgument),
        ("a.vmdk", spec(-1), vmodl.fault.InvalidArgument),
        ("a.vmdk", spec(1 << 40), vmodl.fault.InvalidArgument),
        ("a.vmdk", spec(2 << 30, "preallocated"), vim.fault.NoDiskSpace),
        ("none/a.vmdk", spec(), vim.fault.FileNotFound),
    ],
)
def test_disks_that_cannot_be_made(host: Client, disks: Any, name: str, wanted: Any, fault: Any) -> None:
    with pytest.raises(fault):
        host.wait(disks.CreateVirtualDisk_Task(f"[local-storage] kept/{name}", None, wanted))


def test_a_disk_s_life(host: Client, disks: Any) -> None:
    before = free(host)
    host.create_disk("kept/a.vmdk", 8192, "preallocated")
    assert before - free(host) >= 8 << 20
    host.folder("PUT", "kept/a-flat.vmdk", "x" * (8 << 20))
    thin = vim.VirtualDiskManager.VirtualDiskSpec(diskType="thin", adapterType="lsiLogic")
    copy = ("[local-storage] kept/a.vmdk", None, "[local-storage] kept/b.vmdk", None, thin)
    host.wait(disks.CopyVirtualDisk_Task(*copy))
    assert host.folder("GET", "kept/b-flat.vmdk") == (200, "x" * (8 << 20))
    with pytest.raises(vim.fault.FileAlreadyExists):
        host.wait(disks.CopyVirtualDisk_Task(*copy, True))
    text = host.folder("GET", "kept/b.vmdk")[1]
    assert 'RW 16384 VMFS "b-flat.vmdk"' in text
    assert 'ddb.thinProvisioned = "1"' in text
    uuids = [disks.QueryVirtualDiskUuid(f"[local-storage] kept/{name}.vmdk", None) for name in "ab"]
    assert len(set(uuids)) == 2
    host.wait(disks.ExtendVirtualDisk_Task("[local-storage] kept/b.vmdk", None, 16384))
    with pytest.raises(vmodl.fault.InvalidArgument):
        host.wait(disks.ExtendVirtualDisk_Task("[local-storage] kept/b.vmdk", None, 8192))
    host.wait(disks.MoveVirtualDisk_Task("[local-storage] kept/b.vmdk", None, "[local-storage] kept/c.vmdk", None))
    assert len(host.folder("GET", "kept/c-flat.vmdk")[1]) == 16 << 20
    host.wait(disks.ZeroFillVirtualDisk_Task("[local-storage] kept/c.vmdk", None))
    assert host.folder("GET", "kept/c-flat.vmdk")[1].strip("\0") == ""
    for name in "ac":
        host.wait(disks.DeleteVirtualDisk_Task(f"[local-storage] kept/{name}.vmdk", None))
    assert free(host) == before


def test_what_a_running_domain_uses_is_locked(host: Client) -> None:
    domain = host.domain("domain-1")
    disk = "[local-storage] domain-1/domain-1.vmdk"
    disks, files = host.content.virtualDiskManager, host.content.fileManager
    refused: list[tuple[Any, tuple[Any, ...]]] = [
        (disks.DeleteVirtualDisk_Task, (disk, None)),
        (disks.ExtendVirtualDisk_Task, (disk, None, 9 << 20)),
        (disks.CopyVirtualDisk_Task, (disk, None, "[local-storage] copy.vmdk", None)),
        (files.DeleteDatastoreFile_Task, ("[local-storage] domain-1", None)),
    ]
    for method, arguments in refused:
        with pytest.raises(vim.fault.FileLocked):
            host.wait(method(*arguments))
    assert host.folder("GET", "domain-1/domain-1-flat.vmdk")[0] == 500
    assert host.folder("DELETE", "domain-1/domain-1-flat.vmdk")[0] == 500
    host.wait(domain.CreateSnapshot_Task("backup", "", False, False))
    assert host.folder("HEAD", "domain-1/domain-1-flat.vmdk")[0] == 200  # the base can be read now
    host.wait(domain.RemoveAllSnapshots_Task())


def test_a_domain_does_not_start_without_its_disk(host: Client) -> None:
    domain = host.domain("domain-3")
    host.wait(domain.PowerOffVM_Task())
    flat = "[local-storage] domain-3/domain-3-flat.vmdk"
    files = host.content.fileManager
    host.wait(files.MoveDatastoreFile_Task(flat, None, "[local-storage] away", None))
    with pytest.raises(vim.fault.FileNotFound) as caught:
        host.wait(domain.PowerOnVM_Task())
    assert caught.value.file == flat
    host.wait(files.MoveDatastoreFile_Task("[local-storage] away", None, flat, None))
    host.simulator.change_datastore("local-storage", lock="domain-3/domain-3-flat.vmdk")
    with pytest.raises(vim.fault.FileLocked):
        host.wait(domain.PowerOnVM_Task())
    host.simulator.change_datastore("local-storage", unlock="domain-3/domain-3-flat.vmdk")
    host.wait(domain.PowerOnVM_Task())
    assert "uuid.location" in host.folder("GET", "domain-3/domain-3.vmx")[1]


def test_the_tools_come_some_time_after_the_start(host: Client) -> None:
    domain = host.domain("domain-2")
    host.wait(domain.PowerOffVM_Task())
    entries = {
        "simulator.tools": "running",
        "simulator.tools.delay": "400",
        "simulator.address": "192.0.2.7,2001:db8::7",
    }
    host.reconfigure(domain, extra={**entries, "simulator.hostName": "web.example.com"})
    host.wait(domain.PowerOnVM_Task())
    assert host.get(domain, "guest.toolsRunningStatus") == "guestToolsNotRunning"
    time.sleep(0.7)
    assert host.get(domain, "guest.toolsRunningStatus") == "guestToolsRunning"
    assert host.get(domain, "guest.ipAddress") == "192.0.2.7"
    assert host.get(domain, "guest.hostName") == "web.example.com"
    assert host.get(domain, "guestHeartbeatStatus") == "green"
    (card,) = host.get(domain, "guest.net")
    assert [address.ipAddress for address in card.ipConfig.ipAddress] == ["192.0.2.7", "2001:db8::7"]


@pytest.fixture(scope="module")
def small() -> Iterator[Simulator]:
    """A host with a datastore of 1 GiB, another one on NFS, and copies that take a second."""
    flags = ("-datastore-capacity", "1", "-datastores", "2", "-datastore-types", "vmfs,nfs", "-copy-delay", "1000")
    with start_simulator("-domains", "0", *flags) as simulator:
        yield simulator


def test_a_copy_shows_its_progress_and_is_cancelled(small: Simulator) -> None:
    with client(small) as host:
        host.create_disk("a.vmdk")
        disks = host.content.virtualDiskManager
        task = disks.CopyVirtualDisk_Task("[local-storage] a.vmdk", None, "[local-storage] b.vmdk", None)
        time.sleep(0.4)
        assert host.get(task, "info.cancelable") is True
        assert 0 < host.get(task, "info.progress") < 100
        task.CancelTask()
        with pytest.raises(vmodl.fault.RequestCanceled):
            host.wait(task)
        assert host.folder("HEAD", "b.vmdk")[0] == 404


def test_a_datastore_is_full(small: Simulator) -> None:
    with client(small) as host:
        small.change_datastore("local-storage", free=1000)
        assert host.folder("PUT", "big", "x" * 2000)[0] == 500
        assert host.folder("PUT", "little", "x" * 100)[0] == 201
        assert host.folder("DELETE", "little")[0] == 200


def test_kinds_of_datastores(small: Simulator) -> None:
    with client(small) as host:
        stores = host.all(vim.Datastore)
        kinds = {name: host.get(store, "summary.type") for name, store in stores.items()}
        assert kinds == {"local-storage": "VMFS", "local-storage-2": "NFS"}
        assert host.get(stores["local-storage-2"], "info").nas.remoteHost == "nas.example.com"


def test_an_account_without_privileges() -> None:
    with start_simulator("-domains", "1") as simulator, client(simulator) as host:
        simulator.take_privileges("root", "Datastore.FileManagement")
        assert host.folder("GET", "domain-1/domain-1.vmx")[0] == 200
        assert host.folder("PUT", "domain-1/new", "x")[0] == 401
        with pytest.raises(vim.fault.NoPermission):
            host.content.fileManager.MakeDirectory("[local-storage] new", None, False)
        assert host.content.sessionManager.currentSession  # the session lives
        simulator.take_privileges("root", "Datastore.Browse")
        assert host.folder("GET", "domain-1/domain-1.vmx")[0] == 401
