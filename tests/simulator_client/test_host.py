# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rest of what the driver reads and changes of a host: networks, autostart, paged reads."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.tests.simulator_client.client import Client, vim, vmodl


def test_virtual_switches_and_port_groups(host: Client) -> None:
    machine = next(iter(host.all(vim.HostSystem).values()))
    networks = host.get(machine, "configManager.networkSystem")
    bridge = vim.host.VirtualSwitch.BondBridge(nicDevice=["vmnic1"])
    networks.AddVirtualSwitch("vSwitch9", vim.host.VirtualSwitch.Specification(numPorts=64, bridge=bridge))
    group = vim.host.PortGroup.Specification(
        name="group9", vswitchName="vSwitch9", vlanId=5, policy=vim.host.NetworkPolicy()
    )
    networks.AddPortGroup(group)
    switch = next(s for s in host.get(machine, "config.network.vswitch") if s.name == "vSwitch9")
    assert (list(switch.pnic), list(switch.portgroup)) == (
        ["key-vim.host.PhysicalNic-vmnic1"],
        ["key-vim.host.PortGroup-group9"],
    )
    with pytest.raises(vim.fault.ResourceInUse):
        networks.RemoveVirtualSwitch("vSwitch9")
    with pytest.raises(vim.fault.ResourceInUse):
        networks.RemovePortGroup("Management Network")
    networks.RemovePortGroup("group9")
    networks.RemoveVirtualSwitch("vSwitch9")
    assert [s.name for s in host.get(machine, "config.network.vswitch")] == ["vSwitch0"]


def test_a_host_has_a_second_network(host: Client) -> None:
    machine = next(iter(host.all(vim.HostSystem).values()))
    groups = [group.spec.name for group in host.get(machine, "config.network.portgroup")]
    assert groups == ["VM Network", "Management Network", "Lab Network"]
    assert set(host.all(vim.Network)) == {"VM Network", "Lab Network"}


def test_a_port_group_is_a_network_as_long_as_it_is_there(host: Client) -> None:
    machine = next(iter(host.all(vim.HostSystem).values()))
    system = host.get(machine, "configManager.networkSystem")

    def names() -> list[list[str]]:
        owners = (machine, host.get(machine, "parent"), next(iter(host.all(vim.Datacenter).values())))
        return [[host.get(network, "name") for network in host.get(owner, "network")] for owner in owners]

    before = names()
    policy = vim.host.NetworkPolicy()
    spec = vim.host.PortGroup.Specification(name="group8", vswitchName="vSwitch0", vlanId=8, policy=policy)
    system.AddPortGroup(spec)
    assert names() == [[*networks, "group8"] for networks in before]
    system.RemovePortGroup("group8")
    assert names() == before


def test_autostart_is_merged(host: Client) -> None:
    machine = next(iter(host.all(vim.HostSystem).values()))
    manager = host.get(machine, "configManager.autoStartManager")
    auto = vim.host.AutoStartManager
    one, two = host.domain("domain-1"), host.domain("domain-2")

    def power(domain: object, action: str) -> object:
        return auto.AutoPowerInfo(
            key=domain,
            startOrder=-1,
            startDelay=-1,
            waitForHeartbeat="systemDefault",
            startAction=action,
            stopDelay=-1,
            stopAction="none",
        )

    enabled = auto.SystemDefaults(enabled=True)
    manager.ReconfigureAutostart(auto.Config(defaults=enabled, powerInfo=[power(one, "powerOn")]))
    manager.ReconfigureAutostart(auto.Config(powerInfo=[power(two, "powerOn")]))
    assert [info.key for info in host.get(manager, "config").powerInfo] == [one, two]
    manager.ReconfigureAutostart(auto.Config(powerInfo=[power(one, "none")]))
    for config in (host.get(manager, "config"), host.get(machine, "config.autoStart")):
        assert config.defaults.enabled
        assert [info.key for info in config.powerInfo] == [two]
    with pytest.raises(vmodl.fault.InvalidArgument):
        unknown = vim.VirtualMachine("vm-9999", host.instance._stub)
        manager.ReconfigureAutostart(auto.Config(powerInfo=[power(unknown, "powerOn")]))


def test_reads_come_in_pages(host: Client) -> None:
    collector = vmodl.query.PropertyCollector
    spec = collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=domain) for domain in host.all(vim.VirtualMachine).values()],
        propSet=[collector.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "snapshot"])],
    )
    page = host.content.propertyCollector.RetrievePropertiesEx([spec], collector.RetrieveOptions(maxObjects=2))
    sizes = [len(page.objects)]
    while page.token:
        page = host.content.propertyCollector.ContinueRetrievePropertiesEx(page.token)
        sizes.append(len(page.objects))
        assert [prop.name for prop in page.objects[0].propSet] == ["name"]
    assert sizes == [2, 1]


def test_attributes_can_be_read_as_other_clients_do(host: Client) -> None:
    domain = host.domain("domain-1")
    assert domain.snapshot is None
    assert domain.runtime.powerState == domain.summary.runtime.powerState
    assert domain.parentVApp is None


def test_datastores_are_where_a_host_has_them(host: Client) -> None:
    store = host.all(vim.Datastore)["local-storage"]
    volume = "/vmfs/volumes/498076b2-02796c1a-ef5b-000ae484a6a3"
    assert host.get(store, "host")[0].mountInfo.path == volume
    assert host.get(store, "summary.url") == f"ds://{volume}/"
    assert host.get(store, "summary.type") == "VMFS"
