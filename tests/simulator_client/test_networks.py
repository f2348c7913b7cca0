# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual switches, port groups and physical network cards are as a host has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl

Policy = vim.host.NetworkPolicy


class Host:
    """The network system of a host, by its objects' names."""

    def __init__(self, session: Client, name: str = "") -> None:
        hosts = session.all(vim.HostSystem)
        self.session, self.host = session, hosts[name] if name else next(iter(hosts.values()))
        self.system = session.get(self.host, "configManager.networkSystem")

    def switch(self, name: str) -> Any:
        config = self.session.get(self.host, "config.network")
        info = self.session.get(self.system, "networkInfo")
        assert [s.name for s in config.vswitch] == [s.name for s in info.vswitch]
        return next(s for s in config.vswitch if s.name == name)

    def group(self, name: str) -> Any:
        return next(g for g in self.session.get(self.host, "config.network.portgroup") if g.spec.name == name)

    def add_group(self, name: str, switch: str = "vSwitch0", vlan: int = 0, policy: Any = None) -> None:
        self.system.AddPortGroup(group_spec(name, switch, vlan, policy))


def group_spec(name: str, switch: str = "vSwitch0", vlan: int = 0, policy: Any = None) -> Any:
    return vim.host.PortGroup.Specification(name=name, vswitchName=switch, vlanId=vlan, policy=policy or Policy())


def switch_spec(*uplinks: str, mtu: int | None = None, policy: Any = None) -> Any:
    bridge = vim.host.VirtualSwitch.BondBridge(nicDevice=list(uplinks)) if uplinks else None
    return vim.host.VirtualSwitch.Specification(numPorts=128, bridge=bridge, mtu=mtu, policy=policy)


@pytest.fixture
def net() -> Iterator[Host]:
    with start_simulator("-domains", "2") as simulator, client(simulator) as session:
        yield Host(session)


def test_a_switch_changes_in_place(net: Host) -> None:
    net.system.AddVirtualSwitch("lab", switch_spec("vmnic1", "key-vim.host.PhysicalNic-vmnic2", mtu=9000))
    switch = net.switch("lab")
    assert (switch.mtu, switch.spec.mtu) == (9000, 9000)
    assert list(switch.pnic) == ["key-vim.host.PhysicalNic-vmnic1", "key-vim.host.PhysicalNic-vmnic2"]
    assert list(switch.spec.policy.nicTeaming.nicOrder.activeNic) == ["vmnic1", "vmnic2"]
    assert switch.spec.policy.security.macChanges is False
    net.system.UpdateVirtualSwitch("lab", switch_spec())
    assert (list(net.switch("lab").pnic), net.switch("lab").mtu) == ([], 1500)


def test_port_groups_inherit_unset_policies(net: Host) -> None:
    net.system.AddVirtualSwitch("lab", switch_spec())
    net.add_group("guests", "lab", 20, Policy(security=vim.host.NetworkPolicy.SecurityPolicy(macChanges=True)))
    computed = net.group("guests").computedPolicy.security
    assert (computed.macChanges, computed.allowPromiscuous) == (True, False)
    assert net.group("guests").spec.policy.security.allowPromiscuous is None
    open_switch = Policy(security=vim.host.NetworkPolicy.SecurityPolicy(allowPromiscuous=True))
    net.system.UpdateVirtualSwitch("lab", switch_spec(policy=open_switch))
    assert net.group("guests").computedPolicy.security.allowPromiscuous


def test_a_port_group_is_renamed_and_moved(net: Host) -> None:
    net.system.AddVirtualSwitch("lab", switch_spec())
    net.add_group("before")
    net.system.UpdatePortGroup("before", group_spec("after", "lab", 4095))
    assert (net.group("after").spec.vlanId, net.group("after").vswitch) == (4095, net.switch("lab").key)
    assert list(net.switch("lab").portgroup) == ["key-vim.host.PortGroup-after"]
    assert {"before", "after"} & set(net.session.all(vim.Network)) == {"after"}
    net.system.UpdatePortGroup("Management Network", group_spec("Control"))
    assert [c.portgroup for c in net.session.get(net.host, "config.network.vnic")] == ["Control"]


REFUSED: dict[str, tuple[Any, Any]] = {
    "vlan": (vmodl.fault.InvalidArgument, lambda net: net.add_group("x", vlan=4096)),
    "no name": (vmodl.fault.InvalidArgument, lambda net: net.add_group("")),
    "no switch": (vim.fault.NotFound, lambda net: net.add_group("x", "nowhere")),
    "group twice": (vim.fault.AlreadyExists, lambda net: net.add_group("VM Network")),
    "switch twice": (vim.fault.AlreadyExists, lambda net: net.system.AddVirtualSwitch("vSwitch0", switch_spec())),
    "long name": (vmodl.fault.InvalidArgument, lambda net: net.system.AddVirtualSwitch("x" * 33, switch_spec())),
    "mtu": (vmodl.fault.InvalidArgument, lambda net: net.system.AddVirtualSwitch("x", switch_spec(mtu=9001))),
    "uplink in use": (
        vim.fault.ResourceInUse,
        lambda net: net.system.AddVirtualSwitch("x", switch_spec("vmnic0")),
    ),
    "no uplink": (vim.fault.NotFound, lambda net: net.system.AddVirtualSwitch("x", switch_spec("vmnic9"))),
    "rename": (
        vim.fault.AlreadyExists,
        lambda net: net.system.UpdatePortGroup("Lab Network", group_spec("VM Network")),
    ),
    "unknown group": (vim.fault.NotFound, lambda net: net.system.UpdatePortGroup("x", group_spec("x"))),
    "unknown switch": (vim.fault.NotFound, lambda net: net.system.UpdateVirtualSwitch("x", switch_spec())),
    "VMkernel port": (vim.fault.ResourceInUse, lambda net: net.system.RemovePortGroup("Management Network")),
    "running domain": (vim.fault.ResourceInUse, lambda net: net.system.RemovePortGroup("VM Network")),
    "switch with groups": (vim.fault.ResourceInUse, lambda net: net.system.RemoveVirtualSwitch("vSwitch0")),
}


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_networks_are_refused(net: Host, case: str) -> None:
    fault, act = REFUSED[case]
    before = net.session.get(net.host, "config.network")
    with pytest.raises(fault):
        act(net)
    assert str(net.session.get(net.host, "config.network")) == str(before)


def test_a_teaming_order_of_other_cards_is_refused(net: Host) -> None:
    order = vim.host.NetworkPolicy.NicOrderPolicy(activeNic=["vmnic1"])
    policy = Policy(nicTeaming=vim.host.NetworkPolicy.NicTeamingPolicy(nicOrder=order))
    with pytest.raises(vmodl.fault.InvalidArgument):
        net.system.UpdateVirtualSwitch("vSwitch0", switch_spec("vmnic0", policy=policy))


def test_running_domains_are_ports(net: Host) -> None:
    ports = net.group("VM Network").port
    assert [p.type for p in ports] == ["virtualMachine"] * 2
    assert {mac for p in ports for mac in p.mac} == {"00:0c:29:00:00:01", "00:0c:29:00:00:02"}
    network = net.session.all(vim.Network)["VM Network"]
    assert len(net.session.get(network, "vm")) == 2
    for name in ("domain-1", "domain-2"):
        net.session.wait(net.session.domain(name).PowerOffVM_Task())
    assert not net.group("VM Network").port
    assert len(net.session.get(network, "vm")) == 2
    net.system.RemovePortGroup("VM Network")


def test_physical_cards_have_speeds(net: Host) -> None:
    cards = net.session.get(net.host, "config.network.pnic")
    assert {c.device: c.linkSpeed and c.linkSpeed.speedMb for c in cards} == {
        "vmnic0": 10000,
        "vmnic1": 10000,
        "vmnic2": 1000,
        "vmnic3": None,
    }
    assert len({c.mac for c in cards}) == 4


def test_hosts_share_a_network_of_one_name() -> None:
    flags = ("-kind", "vcenter", "-hosts", "2", "-domains", "0")
    with start_simulator(*flags) as simulator, client(simulator) as center:
        first, second = Host(center, "DC0_H0"), Host(center, "DC0_H1")
        for host in (first, second):
            host.add_group("shared", vlan=7)
        (network,) = [n for name, n in center.all(vim.Network).items() if name == "shared"]
        assert set(center.get(network, "host")) == {first.host, second.host}
        first.system.RemovePortGroup("shared")
        assert center.get(network, "host") == [second.host]
        assert [n for n in center.get(first.host, "network") if n == network] == []
        second.system.RemovePortGroup("shared")
        assert "shared" not in center.all(vim.Network)


def test_a_card_on_a_distributed_switch_has_four_keys() -> None:
    flags = ("-kind", "vcenter", "-hosts", "2", "-domains", "1", "-distributed-portgroups", "1")
    with start_simulator(*flags) as simulator, client(simulator) as center:
        group = center.all(vim.dvs.DistributedVirtualPortgroup)["DC0_DVPG0"]
        switch = center.get(group, "config.distributedVirtualSwitch")
        uuid, key = center.get(switch, "uuid"), center.get(group, "key")
        assert (len(uuid), uuid[:3], uuid[23]) == (47, "50 ", "-")
        domain = center.domain("domain-1")
        card = next(
            d for d in center.get(domain, "config.hardware.device") if isinstance(d, vim.vm.device.VirtualEthernetCard)
        )
        card.backing = vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(
            port=vim.dvs.PortConnection(switchUuid=uuid, portgroupKey=key)
        )
        edit = vim.vm.device.VirtualDeviceSpec(operation="edit", device=card)
        center.reconfigure(domain, deviceChange=[edit])
        text = center.folder("GET", "domain-1/domain-1.vmx", dcPath="DC0")[1]
        lines = dict(line.split(" = ", 1) for line in text.splitlines() if line.startswith("ethernet0."))
        assert lines["ethernet0.dvs.switchId"] == f'"{uuid}"'
        assert lines["ethernet0.dvs.portgroupId"] == f'"{key}"'
        assert int(lines["ethernet0.dvs.portId"].strip('"')) > 0
        assert int(lines["ethernet0.dvs.connectionId"].strip('"')) > 0
        assert "ethernet0.networkName" not in lines
        domain.Reload()
        again = next(d for d in center.get(domain, "config.hardware.device") if d.key == card.key)
        assert again.backing.port.portKey == lines["ethernet0.dvs.portId"].strip('"')
        assert (center.get(domain, "network"), center.get(group, "vm")) == ([group], [domain])
        to = center.all(vim.HostSystem)["DC0_H1"]
        pool = center.get(center.get(to, "parent"), "resourcePool")
        center.wait(domain.RelocateVM_Task(vim.vm.RelocateSpec(host=to, pool=pool)))
        assert center.get(domain, "network") == [group]
