# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots write deltas and their files, and going back or removing them sets the disks back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim

PLACE = "[local-storage] domain-1"


@pytest.fixture
def fresh() -> Iterator[Simulator]:
    """A host with one domain that is off."""
    with start_simulator("-domains", "1", "-autostart=false") as simulator:
        yield simulator


@pytest.fixture
def host(fresh: Simulator) -> Iterator[Client]:
    with client(fresh) as connected:
        yield connected


@pytest.fixture
def domain(host: Client) -> Any:
    return host.domain("domain-1")


def disk_of(host: Client, domain: Any) -> Any:
    """The backing of the first disk."""
    devices = host.get(domain, "config.hardware.device")
    return next(device.backing for device in devices if isinstance(device, vim.vm.device.VirtualDisk))


def chain(host: Client, domain: Any) -> list[str]:
    """The files of the first disk, the uppermost first, without their directory."""
    names, backing = [], disk_of(host, domain)
    while backing is not None:
        names.append(backing.fileName.removeprefix(f"{PLACE}/"))
        backing = backing.parent
    return names


def in_file(host: Client) -> str:
    """The first disk as the VMX file names it."""
    status, text = host.folder("GET", "domain-1/domain-1.vmx")
    assert status == 200
    found = re.search(r'^scsi0:0\.fileName = "([^"]*)"$', text, re.MULTILINE)
    assert found
    return found.group(1)


def files(host: Client) -> list[str]:
    browser = host.get(next(iter(host.all(vim.Datastore).values())), "browser")
    return sorted(file.path for file in host.wait(browser.SearchDatastore_Task(PLACE)).file)


def take(host: Client, domain: Any, name: str, memory: bool = False) -> Any:
    return host.wait(domain.CreateSnapshot_Task(name, f"about {name}", memory, False))


def power(host: Client, domain: Any) -> str:
    return str(host.get(domain, "runtime.powerState"))


def test_a_snapshot_writes_a_delta(host: Client, domain: Any) -> None:
    shot = take(host, domain, "before/after")
    assert chain(host, domain) == ["domain-1-000001.vmdk", "domain-1.vmdk"]
    assert in_file(host) == "domain-1-000001.vmdk"
    assert files(host) == [
        "domain-1-000001.vmdk",
        "domain-1-Snapshot1.vmsn",
        "domain-1.vmdk",
        "domain-1.vmsd",
        "domain-1.vmx",
    ]
    assert host.folder("HEAD", "domain-1/domain-1-000001-delta.vmdk")[0] == 200
    assert 'parentFileNameHint="domain-1.vmdk"' in host.folder("GET", "domain-1/domain-1-000001.vmdk")[1]
    tree = host.get(domain, "snapshot")
    assert [(one.name, one.description, one.state, one.id) for one in tree.rootSnapshotList] == [
        ("before%2fafter", "about before/after", "poweredOff", 1)
    ]
    assert tree.currentSnapshot == shot
    layout = host.get(domain, "layoutEx")
    names = {file.key: file.name.rpartition("/")[2] for file in layout.file}
    assert [[names[key] for key in unit.fileKey] for unit in layout.disk[0].chain] == [
        ["domain-1.vmdk", "domain-1-flat.vmdk"],
        ["domain-1-000001.vmdk", "domain-1-000001-delta.vmdk"],
    ]
    assert names[layout.snapshot[0].dataKey] == "domain-1-Snapshot1.vmsn"


def test_the_file_never_vanishes(host: Client, domain: Any) -> None:
    host.wait(domain.PowerOnVM_Task())
    host.reconfigure(domain, annotation="running")
    shots = {name: take(host, domain, name) for name in ("s1", "s2", "s3")}
    assert chain(host, domain) == [
        "domain-1-000003.vmdk",
        "domain-1-000002.vmdk",
        "domain-1-000001.vmdk",
        "domain-1.vmdk",
    ]
    host.wait(shots["s1"].RevertToSnapshot_Task())
    assert in_file(host) == "domain-1-000003.vmdk"  # its former delta is gone, so that the name is free
    assert chain(host, domain) == ["domain-1-000003.vmdk", "domain-1.vmdk"]
    host.wait(shots["s2"].RemoveSnapshot_Task(removeChildren=False))
    assert [tree.name for tree in host.get(domain, "snapshot").rootSnapshotList[0].childSnapshotList] == ["s3"]
    assert in_file(host) == "domain-1-000003.vmdk"
    host.wait(shots["s1"].RemoveSnapshot_Task(removeChildren=True))
    assert host.get(domain, "snapshot") is None
    assert chain(host, domain) == ["domain-1.vmdk"]
    assert in_file(host) == "domain-1.vmdk"
    assert not [name for name in files(host) if "00000" in name or name.endswith(".vmsn")]
    assert host.folder("HEAD", "domain-1/domain-1-000001-delta.vmdk")[0] == 404


def test_a_middle_one_merges_into_its_parent(host: Client, domain: Any) -> None:
    shots = [take(host, domain, name) for name in ("a", "b", "c")]
    host.wait(shots[1].RemoveSnapshot_Task(removeChildren=False))
    assert chain(host, domain) == ["domain-1-000003.vmdk", "domain-1-000001.vmdk", "domain-1.vmdk"]
    host.wait(shots[2].RevertToSnapshot_Task())
    assert len(chain(host, domain)) == 3
    host.wait(domain.RemoveAllSnapshots_Task())
    assert chain(host, domain) == ["domain-1.vmdk"]


def test_going_back_restores_the_configuration_and_the_power_state(host: Client, domain: Any) -> None:
    off = take(host, domain, "off")
    host.reconfigure(domain, memoryMB=2048, numCPUs=4, annotation="later", name="renamed")
    host.wait(domain.PowerOnVM_Task())
    running = take(host, domain, "running", memory=True)
    assert "domain-1-Snapshot2.vmem" in files(host)
    host.wait(off.RevertToSnapshot_Task())
    assert power(host, domain) == "poweredOff"
    assert host.get(domain, "config.hardware.memoryMB") == 1024
    assert (host.get(domain, "name"), host.get(domain, "config.annotation")) == ("domain-1", None)
    host.wait(running.RevertToSnapshot_Task())
    assert power(host, domain) == "poweredOn"
    assert (host.get(domain, "config.hardware.numCPU"), host.get(domain, "name")) == (4, "renamed")
    host.wait(running.RevertToSnapshot_Task(suppressPowerOn=True))
    assert power(host, domain) == "poweredOff"
    host.wait(domain.RevertToCurrentSnapshot_Task())
    assert power(host, domain) == "poweredOn"


def test_independent_disks_are_left_out(host: Client, domain: Any) -> None:
    text = host.folder("GET", "domain-1/domain-1.vmx")[1]
    host.upload("domain-1/domain-1.vmx", f'{text}scsi0:0.mode = "independent-persistent"\n')
    domain.Reload()
    take(host, domain, "without")
    assert chain(host, domain) == ["domain-1.vmdk"]
    host.wait(domain.PowerOnVM_Task())
    with pytest.raises(vim.fault.MemorySnapshotOnIndependentDisk):
        take(host, domain, "with", memory=True)


def test_consolidation_that_failed_is_done_later(host: Client, domain: Any) -> None:
    host.reconfigure(domain, extra={"simulator.consolidate": "fail"})
    take(host, domain, "held")
    with pytest.raises(vim.fault.FileLocked):
        host.wait(domain.RemoveAllSnapshots_Task())
    assert host.get(domain, "snapshot") is None
    assert host.get(domain, "runtime.consolidationNeeded") is True
    assert in_file(host) == "domain-1-000001.vmdk"
    with pytest.raises(vim.fault.FileLocked):
        host.wait(domain.ConsolidateVMDisks_Task())
    host.reconfigure(domain, extra={"simulator.consolidate": ""})
    host.wait(domain.ConsolidateVMDisks_Task())
    assert host.get(domain, "runtime.consolidationNeeded") is False
    assert in_file(host) == "domain-1.vmdk"


def test_names_change_and_need_not_be_unique(host: Client, domain: Any) -> None:
    shots = [take(host, domain, "same") for _turn in range(2)]
    shots[0].RenameSnapshot(name="first", description="the older")
    tree = host.get(domain, "snapshot").rootSnapshotList[0]
    assert (tree.name, tree.description, tree.childSnapshotList[0].name) == ("first", "the older", "same")


def test_there_can_be_32_of_them(host: Client, domain: Any) -> None:
    for number in range(32):
        take(host, domain, str(number))
    with pytest.raises(vim.fault.TooManySnapshotLevels):
        take(host, domain, "one more")
    host.wait(domain.RemoveAllSnapshots_Task())
    host.wait(domain.RemoveAllSnapshots_Task())  # without any it is no fault


def test_a_domain_that_is_registered_again_has_its_snapshots(host: Client, domain: Any) -> None:
    take(host, domain, "kept")
    domain.UnregisterVM()
    again = host.register(f"{PLACE}/domain-1.vmx")
    tree = host.get(again, "snapshot").rootSnapshotList[0]
    host.wait(tree.snapshot.RemoveSnapshot_Task(removeChildren=False))
    assert chain(host, again) == ["domain-1.vmdk"]
