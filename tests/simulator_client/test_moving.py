# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A vCenter's refusals when domains move, their files, and how hosts are emptied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl


def target(center: Client, name: str) -> dict[str, Any]:
    """Host and pool of a move."""
    host = center.all(vim.HostSystem)[name]
    return {"host": host, "pool": center.get(center.get(host, "parent"), "resourcePool")}


def checked(center: Client, domain: Any, **spec: Any) -> list[str]:
    """The names of the errors of CheckRelocate_Task."""
    task = center.content.vmProvisioningChecker.CheckRelocate_Task(vm=domain, spec=vim.vm.RelocateSpec(**spec))
    return [type(error).__name__.rpartition(".")[2] for error in center.wait(task)[0].error]


def relocate(center: Client, domain: Any, **spec: Any) -> None:
    center.wait(domain.RelocateVM_Task(vim.vm.RelocateSpec(**spec)))


@pytest.fixture(scope="module")
def pair() -> Iterator[Simulator]:
    """Two hosts with a shared datastore, and one datastore each of their own; domain-1 and domain-2."""
    flags = ("-kind", "vcenter", "-hosts", "2", "-domains", "1", "-datastores", "1", "-local-datastores", "1")
    with start_simulator(*flags) as simulator:
        yield simulator


@pytest.fixture
def center(pair: Simulator) -> Iterator[Client]:
    with client(pair) as connected:
        yield connected
        for name in ("DC0_H0", "DC0_H1"):
            pair.change_host(name, connection="connected", vmotion=True, memory_mb=65536, cpu="intel-icelake")


def test_a_template_is_relocated_and_not_migrated() -> None:
    flags = ("-kind", "vcenter", "-hosts", "2", "-domains", "1", "-autostart=false")
    with start_simulator(*flags) as simulator, client(simulator) as center:
        domain, to = center.domain("domain-1"), target(center, "DC0_H1")
        domain.MarkAsTemplate()
        with pytest.raises(vmodl.fault.NotSupported):
            center.wait(domain.MigrateVM_Task(priority="defaultPriority", **to))
        relocate(center, domain, host=to["host"])
        assert center.get(domain, "runtime.host") == to["host"]
        assert center.get(domain, "config.template")


def test_a_fault_has_its_required_members(pair: Simulator, center: Client) -> None:
    domain = center.domain("domain-1")
    pair.change_from_outside("domain-1", set={"simulator.migration.error": 'CannotAccessVmDisk {"device": "Disk 9"}'})
    task = center.content.vmProvisioningChecker.CheckRelocate_Task(
        vm=domain, spec=vim.vm.RelocateSpec(**target(center, "DC0_H1"))
    )
    (error,) = center.wait(task)[0].error
    assert (error.device, type(error.fault)) == ("Disk 9", vmodl.fault.SystemError)
    with pytest.raises(vim.fault.CannotAccessVmDisk):
        relocate(center, domain, **target(center, "DC0_H1"))
    pair.change_from_outside("domain-1", set={"simulator.migration.error": ""})


@pytest.mark.parametrize(
    "fault", ["CannotAccessVmDisk", "InvalidPowerState", "ResourceInUse", "InsufficientResourcesFault"]
)
def test_any_fault_can_be_read(pair: Simulator, center: Client, fault: str) -> None:
    pair.inject(method="PowerOffVM_Task", fault=fault, **{"in": "task"})
    try:
        with pytest.raises(getattr(vim.fault, fault)):
            center.wait(center.domain("domain-1").PowerOffVM_Task())
    finally:
        pair.clear_faults()


def test_files_move_with_the_domain(center: Client) -> None:
    domain, stores = center.domain("domain-1"), center.all(vim.Datastore)
    own, others = stores["datastore1"], stores["datastore1 (1)"]
    assert checked(center, domain, datastore=others) == ["InvalidDatastore"]
    relocate(center, domain, datastore=own)
    assert center.get(domain, "config.files.vmPathName") == "[datastore1] domain-1/domain-1.vmx"
    disk = next(d for d in center.get(domain, "config.hardware.device") if isinstance(d, vim.vm.device.VirtualDisk))
    assert disk.backing.fileName == "[datastore1] domain-1/domain-1.vmdk"
    assert (center.get(domain, "datastore"), center.get(own, "vm")) == ([own], [domain])
    text = center.folder("GET", "domain-1/domain-1.vmx", dcPath="DC0", dsName="datastore1")[1]
    assert 'scsi0:0.fileName = "domain-1.vmdk"' in text
    assert center.folder("GET", "domain-1/domain-1.vmx", dcPath="DC0")[0] == 404

    to = target(center, "DC0_H1")
    assert checked(center, domain, **to) == ["CannotAccessFile", "CannotAccessVmDisk"]
    with pytest.raises(vim.fault.CannotAccessFile):
        relocate(center, domain, **to)
    relocate(center, domain, datastore=others, **to)
    assert center.get(domain, "runtime.host") == to["host"]
    assert center.get(domain, "config.files.vmPathName") == "[datastore1 (1)] domain-1/domain-1.vmx"
    relocate(center, domain, datastore=stores["local-storage"], **target(center, "DC0_H0"))


def test_a_single_disk_moves(center: Client) -> None:
    domain, stores = center.domain("domain-1"), center.all(vim.Datastore)
    relocate(center, domain, disk=[vim.vm.RelocateSpec.DiskLocator(diskId=2000, datastore=stores["datastore1"])])
    text = center.folder("GET", "domain-1/domain-1.vmx", dcPath="DC0")[1]
    assert "/vmfs/volumes/" in text.partition("scsi0:0.fileName")[2].splitlines()[0]
    assert set(center.get(domain, "datastore")) == {stores["local-storage"], stores["datastore1"]}
    relocate(center, domain, datastore=stores["local-storage"])
    assert center.get(domain, "datastore") == [stores["local-storage"]]


def test_a_host_without_vmotion_memory_or_cpu(pair: Simulator, center: Client) -> None:
    domain, to = center.domain("domain-1"), target(center, "DC0_H1")
    pair.change_host("DC0_H1", vmotion=False)
    assert checked(center, domain, **to) == ["VMotionNotConfigured"]
    pair.change_host("DC0_H1", vmotion=True, cpu="intel-merom")
    assert checked(center, domain, **to) == ["FeatureRequirementsNotMet"]
    pair.change_host("DC0_H1", cpu="amd-zen2")
    assert checked(center, domain, **to) == ["FeatureRequirementsNotMet"]
    pair.change_host("DC0_H1", cpu="intel-icelake", memory_mb=2048)
    assert checked(center, domain, **to) == []
    center.reconfigure(domain, memoryAllocation=vim.ResourceAllocationInfo(reservation=1000))
    assert checked(center, domain, **to) == ["InsufficientMemoryResourcesFault"]
    center.wait(domain.PowerOffVM_Task())
    assert checked(center, domain, **to) == []
    relocate(center, domain, **to)
    with pytest.raises(vim.fault.InsufficientMemoryResourcesFault):
        center.wait(domain.PowerOnVM_Task())
    relocate(center, domain, **target(center, "DC0_H0"))
    center.reconfigure(domain, memoryAllocation=vim.ResourceAllocationInfo(reservation=0))
    center.wait(domain.PowerOnVM_Task())


def test_all_pairs_in_one_call(pair: Simulator, center: Client) -> None:
    pair.change_host("DC0_H1", vmotion=False)
    domains, hosts = [center.domain("domain-1")], list(center.all(vim.HostSystem).values())
    results = center.wait(center.content.vmProvisioningChecker.QueryVMotionCompatibilityEx_Task(domains, hosts))
    found = {center.get(r.host, "name"): [type(e).__name__.rpartition(".")[2] for e in r.error] for r in results}
    assert found == {"DC0_H0": [], "DC0_H1": ["VMotionNotConfigured"]}


@pytest.mark.parametrize("state", ["disconnected", "notResponding"])
def test_nothing_works_on_a_host_that_is_not_connected(pair: Simulator, center: Client, state: str) -> None:
    domain = center.domain("domain-2")
    host = center.get(domain, "runtime.host")
    pair.change_host("DC0_H1", connection=state)
    assert center.get(host, "runtime.connectionState") == state
    assert center.get(domain, "runtime.connectionState") == "disconnected"
    assert not center.get(center.all(vim.Datastore)["datastore1 (1)"], "summary.accessible")
    for call in (
        domain.PowerOffVM_Task,
        lambda: host.EnterMaintenanceMode_Task(timeout=0),
        host.QueryHostConnectionInfo,
    ):
        with pytest.raises(vmodl.fault.HostNotConnected):
            call()
    assert checked(center, center.domain("domain-1"), **target(center, "DC0_H1")) == ["HostNotConnected"]
    center.wait(host.ReconnectHost_Task())
    assert center.get(domain, "runtime.connectionState") == "connected"


def test_maintenance_mode_waits_until_nothing_runs(center: Client) -> None:
    domain = center.domain("domain-2")
    host = center.get(domain, "runtime.host")
    with pytest.raises(vim.fault.Timedout):
        center.wait(host.EnterMaintenanceMode_Task(timeout=1))
    cancelled, task = host.EnterMaintenanceMode_Task(timeout=0), host.EnterMaintenanceMode_Task(timeout=0)
    cancelled.CancelTask()
    with pytest.raises(vmodl.fault.RequestCanceled):
        center.wait(cancelled)
    relocate(center, domain, **target(center, "DC0_H0"))
    center.wait(task)
    assert center.get(host, "runtime.inMaintenanceMode")
    with pytest.raises(vim.fault.InvalidState):
        center.wait(host.EnterMaintenanceMode_Task(timeout=0))
    center.wait(host.ExitMaintenanceMode_Task(timeout=0))
    with pytest.raises(vim.fault.InvalidState):
        center.wait(host.ExitMaintenanceMode_Task(timeout=0))
    relocate(center, domain, **target(center, "DC0_H1"))


def test_across_datacenters_only_with_a_datastore_that_is_known_there() -> None:
    flags = ("-kind", "vcenter", "-datacenters", "2", "-hosts", "1", "-domains", "1")
    with start_simulator(*flags) as simulator, client(simulator) as center:
        domain, to = center.domain("domain-1"), target(center, "DC1_H0")
        (there,) = center.get(to["host"], "datastore")
        (here,) = center.get(domain, "datastore")
        assert (center.get(here, "name"), here == there) == (center.get(there, "name"), False)
        assert checked(center, domain, datastore=here, **to) == ["InvalidDatastore"]
        relocate(center, domain, datastore=there, **to)
        assert center.get(domain, "datastore") == [there]
        center_of = center.all(vim.Datacenter)["DC1"]
        assert center.get(domain, "parent") == center.get(center_of, "vmFolder")
        assert center.get(domain, "network") == [
            network for network in center.get(center_of, "network") if center.get(network, "name") == "VM Network"
        ]


def test_hosts_and_boards_are_told_apart() -> None:
    flags = ("-kind", "vcenter", "-hosts", "2", "-domains", "0")
    with start_simulator(*flags) as one, start_simulator(*flags) as other:
        boards = []
        for simulator in (one, other):
            with client(simulator) as center:
                boards += [center.get(h, "hardware.systemInfo.uuid") for h in center.all(vim.HostSystem).values()]
        assert len(set(boards)) == 4
        one.change_host("DC0_H0", uuid=boards[3], addresses=["10.0.0.1", "10.0.0.2"], management_server="10.9.9.9")
        with client(one) as center:
            host = center.all(vim.HostSystem)["DC0_H0"]
            assert center.get(host, "hardware.systemInfo.uuid") == boards[3]
            cards = center.get(host, "config.network.vnic")
            assert [card.spec.ip.ipAddress for card in cards] == ["10.0.0.1", "10.0.0.2"]
            assert center.get(host, "summary.managementServerIp") == "10.9.9.9"


def cluster(*flags: str) -> Simulator:
    return start_simulator("-kind", "vcenter", "-hosts", "0", "-clusters", "1", "-cluster-hosts", "2", *flags)


def test_drs_moves_at_power_on() -> None:
    with cluster("-domains", "1", "-drs", "initial", "-autostart=false") as simulator, client(simulator) as center:
        domain = center.domain("domain-1")
        before = center.get(domain, "runtime.host")
        center.wait(domain.PowerOnVM_Task())
        after = center.get(domain, "runtime.host")
        assert (before == after, center.get(before, "vm"), domain in center.get(after, "vm")) == (False, [], True)


def test_drs_empties_a_host() -> None:
    with cluster("-domains", "2", "-drs", "full", "-vcls", "1") as simulator, client(simulator) as center:
        host = center.all(vim.HostSystem)["DC0_C0_H0"]
        center.wait(host.EnterMaintenanceMode_Task(timeout=0))
        names = [center.get(domain, "name") for domain in center.get(host, "vm")]
        assert [name[:5] for name in names] == ["vCLS-"]


def test_vcls_machines_cannot_be_moved() -> None:
    with cluster("-domains", "0", "-vcls", "2") as simulator, client(simulator) as center:
        agents = list(center.all(vim.VirtualMachine).values())
        assert len(agents) == 2
        for agent in agents:
            assert center.get(agent, "config.files.vmPathName").startswith("[] /var/run/crx/")
            assert center.get(agent, "config.managedBy").extensionKey == "VirtualCenter"
            assert center.get(agent, "runtime.powerState") == "poweredOn"
            assert not center.get(agent, "datastore")
        with pytest.raises(vim.fault.MethodDisabled):
            agents[0].PowerOffVM_Task()
        assert "NotSupported" in checked(center, agents[0], **target(center, "DC0_C0_H1"))


def test_a_domain_can_be_managed_by_an_extension(center: Client) -> None:
    domain = center.domain("domain-1")
    managed = vim.ext.ManagedByInfo(extensionKey="com.vendor.backup", type="appliance")
    center.reconfigure(domain, managedBy=managed)
    assert center.get(domain, "config.managedBy").extensionKey == "com.vendor.backup"


def test_a_cluster_keeps_hosts_in_reserve() -> None:
    with cluster("-domains", "1", "-ha", "1", "-autostart=false") as simulator, client(simulator) as center:
        for name in ("DC0_C0_H0", "DC0_C0_H1"):
            simulator.change_host(name, memory_mb=3404)  # 2000 to reserve
        first, second = center.domain("domain-1"), center.domain("domain-2")
        for domain in (first, second):
            center.reconfigure(domain, memoryAllocation=vim.ResourceAllocationInfo(reservation=1024))
        center.wait(first.PowerOnVM_Task())
        with pytest.raises(vim.fault.InsufficientFailoverResourcesFault):
            center.wait(second.PowerOnVM_Task())
