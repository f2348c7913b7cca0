# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated vCenter migrates between its hosts, and each host shows what is on it at an address of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl


@pytest.fixture(scope="module")
def vcenter() -> Iterator[Simulator]:
    flags = ("-kind", "vcenter", "-hosts", "2", "-clusters", "1", "-cluster-hosts", "1", "-domains", "1")
    with start_simulator(*flags, "-host-endpoints", "auto", "-migration-delay", "150") as simulator:
        yield simulator


@pytest.fixture
def center(vcenter: Simulator) -> Iterator[Client]:
    with client(vcenter) as connected:
        yield connected


def target(center: Client, name: str) -> dict[str, Any]:
    """Host and pool of a move."""
    host = center.all(vim.HostSystem)[name]
    return {"host": host, "pool": center.get(center.get(host, "parent"), "resourcePool")}


def hosts_of(center: Client, domain: Any) -> list[str]:
    """The hosts that list a domain."""
    return [name for name, host in center.all(vim.HostSystem).items() if domain in (center.get(host, "vm") or [])]


@pytest.mark.parametrize("method", ["MigrateVM_Task", "RelocateVM_Task"])
@pytest.mark.parametrize("state", ["poweredOn", "poweredOff"])
def test_live_and_cold_there_and_back(center: Client, method: str, state: str) -> None:
    domain = center.domain("domain-1")
    if state == "poweredOff":
        center.wait(domain.PowerOffVM_Task())
    for name in ("DC0_H1", "DC0_C0_H0", "DC0_H0"):
        to = target(center, name)
        if method == "MigrateVM_Task":
            task = domain.MigrateVM_Task(priority="defaultPriority", **to)
        else:
            task = domain.RelocateVM_Task(vim.vm.RelocateSpec(**to))
        assert center.get(domain, "name") == "domain-1"  # it can still be read
        center.wait(task)
        assert 0 < center.get(task, "info.progress") < 100
        assert hosts_of(center, domain) == [name]
        assert center.get(domain, "runtime.host") == to["host"]
        assert domain in center.get(to["pool"], "vm")
        assert center.get(domain, "runtime.powerState") == state
    if state == "poweredOff":
        center.wait(domain.PowerOnVM_Task())


def events(center: Client, domain: Any, **to: Any) -> list[tuple[str, str]]:
    found = center.instance.ValidateMigration(vm=[domain], **to)
    return [(type(event).__name__.rpartition(".")[2], type(event.fault).__name__.rpartition(".")[2]) for event in found]


def test_validation_returns_errors_and_warnings(center: Client) -> None:
    domain, to = center.domain("domain-1"), target(center, "DC0_H1")
    assert events(center, domain, **to) == []
    center.wait(center.domain("domain-2").PowerOffVM_Task())  # the mode waits until nothing runs
    center.wait(to["host"].EnterMaintenanceMode_Task(timeout=0))
    center.reconfigure(domain, extra={"simulator.migration.warning": "NoGuestHeartbeat"})
    assert events(center, domain, **to) == [
        ("MigrationErrorEvent", "InvalidState"),
        ("MigrationWarningEvent", "NoGuestHeartbeat"),
    ]
    checker = center.content.vmProvisioningChecker
    for task in (
        checker.CheckMigrate_Task(vm=domain, **to),
        checker.CheckRelocate_Task(vm=domain, spec=vim.vm.RelocateSpec(**to)),
    ):
        result = center.wait(task)[0]
        assert [type(f).__name__.rpartition(".")[2] for f in result.error] == ["InvalidState"]
        assert [type(f).__name__.rpartition(".")[2] for f in result.warning] == ["NoGuestHeartbeat"]
    with pytest.raises(vim.fault.InvalidState):
        center.wait(domain.MigrateVM_Task(priority="defaultPriority", **to))
    center.wait(to["host"].ExitMaintenanceMode_Task(timeout=0))
    center.wait(center.domain("domain-2").PowerOnVM_Task())
    center.reconfigure(domain, extra={"simulator.migration.warning": ""})


def test_impossible_migrations_are_refused(center: Client) -> None:
    domain = center.domain("domain-1")
    with pytest.raises(vmodl.fault.InvalidArgument):  # the pool is one of another host
        center.wait(domain.MigrateVM_Task(host=target(center, "DC0_H1")["host"], priority="defaultPriority"))
    with pytest.raises(vim.fault.InvalidPowerState):
        to = target(center, "DC0_H1")
        center.wait(domain.MigrateVM_Task(priority="defaultPriority", state="poweredOff", **to))


def test_a_migration_can_be_cancelled(center: Client) -> None:
    domain = center.domain("domain-1")
    task = domain.MigrateVM_Task(priority="defaultPriority", **target(center, "DC0_H1"))
    with pytest.raises(vim.fault.TaskInProgress):
        domain.MigrateVM_Task(priority="defaultPriority", **target(center, "DC0_H1"))
    task.CancelTask()
    with pytest.raises(vmodl.fault.RequestCanceled):
        center.wait(task)
    assert hosts_of(center, domain) == ["DC0_H0"]


def test_many_at_once(center: Client) -> None:
    domains = [center.domain(name) for name in ("domain-1", "domain-2")]
    for first, second in (("DC0_H1", "DC0_H0"), ("DC0_H0", "DC0_H1")):
        for task in [
            domain.MigrateVM_Task(priority="defaultPriority", **target(center, name))
            for domain, name in zip(domains, (first, second))
        ]:
            center.wait(task)
    assert [hosts_of(center, domain) for domain in domains] == [["DC0_H0"], ["DC0_H1"]]


def test_a_host_shows_its_own_domains(vcenter: Simulator, center: Client) -> None:
    with client(vcenter, host="DC0_H0") as first, client(vcenter, host="DC0_H1") as second:
        assert first.content.about.apiType == "HostAgent"
        assert (list(first.all(vim.VirtualMachine)), list(second.all(vim.VirtualMachine))) == (
            ["domain-1"],
            ["domain-2"],
        )
        assert list(first.all(vim.HostSystem)) == ["DC0_H0"]
        domain = first.domain("domain-1")
        uuid = first.get(domain, "config.uuid")
        center.wait(center.domain("domain-1").MigrateVM_Task(priority="defaultPriority", **target(center, "DC0_H1")))
        assert list(first.all(vim.VirtualMachine)) == []
        assert sorted(second.all(vim.VirtualMachine)) == ["domain-1", "domain-2"]
        assert first.content.searchIndex.FindByUuid(None, uuid, True) is None
        assert second.content.searchIndex.FindByUuid(None, uuid, True) == domain
        with pytest.raises(vmodl.fault.NotSupported):
            second.domain("domain-1").MigrateVM_Task(priority="defaultPriority", **target(center, "DC0_H0"))
    center.wait(center.domain("domain-1").MigrateVM_Task(priority="defaultPriority", **target(center, "DC0_H0")))


def test_hosts_and_vcenter_know_each_other(vcenter: Simulator, center: Client) -> None:
    with client(vcenter, host="DC0_H1") as host:
        own = host.all(vim.HostSystem)["DC0_H1"]
        assert host.get(own, "summary.managementServerIp") == "127.0.0.1"
        assert center.content.searchIndex.FindByIp(None, "127.0.0.3", False) == own
        assert {session["host"] for session in vcenter.sessions()} == {"", "DC0_H1"}
        host.instance._stub.cookie = center.instance._stub.cookie
        with pytest.raises(vim.fault.NotAuthenticated):  # the vCenter's session is none of the host's
            host.instance.CurrentTime()


def test_a_domain_registered_on_a_host_is_in_the_vcenter(vcenter: Simulator, center: Client) -> None:
    with client(vcenter, host="DC0_H1") as host:
        text = host.folder("GET", "domain-2/domain-2.vmx")[1].replace("domain-2", "new")
        host.upload("new/new.vmx", text)
        domain = host.register("[local-storage] new/new.vmx")
        assert "new" in host.all(vim.VirtualMachine)
        assert hosts_of(center, center.domain("new")) == ["DC0_H1"]
        domain.UnregisterVM()


def test_memory_in_use_follows_the_domains(center: Client) -> None:
    hosts = center.all(vim.HostSystem)

    def usage() -> list[int]:
        return [center.get(hosts[name], "summary.quickStats.overallMemoryUsage") for name in ("DC0_H0", "DC0_H1")]

    first, second = usage()
    domain = center.domain("domain-1")
    center.wait(domain.MigrateVM_Task(priority="defaultPriority", **target(center, "DC0_H1")))
    assert usage() == [first - 1024, second + 1024]
    center.wait(domain.PowerOffVM_Task())
    assert usage() == [first - 1024, second]
    center.wait(domain.MigrateVM_Task(priority="defaultPriority", **target(center, "DC0_H0")))
    center.wait(domain.PowerOnVM_Task())
    assert usage() == [first, second]


def test_a_host_alone_does_not_migrate() -> None:
    with start_simulator() as simulator, client(simulator) as host:
        with pytest.raises(vmodl.fault.NotSupported):
            host.domain("domain-1").MigrateVM_Task(host=None, pool=None, priority="defaultPriority")
        with pytest.raises(vmodl.fault.NotSupported):
            host.instance.ValidateMigration(vm=[host.domain("domain-1")])


def test_a_vcenter_keeps_custom_values(center: Client) -> None:
    fields, domain = center.content.customFieldsManager, center.domain("domain-1")
    owner = fields.AddCustomFieldDef(name="owner", moType=vim.VirtualMachine)
    fields.SetField(entity=domain, key=owner.key, value="web team")
    assert [(v.key, v.value) for v in center.get(domain, "customValue")] == [(owner.key, "web team")]
    assert [v.value for v in center.get(domain, "summary.customValue")] == ["web team"]
    assert [f.name for f in center.get(domain, "availableField")] == ["owner"]
    with pytest.raises(vim.fault.DuplicateName):
        fields.AddCustomFieldDef(name="owner", moType=vim.VirtualMachine)
