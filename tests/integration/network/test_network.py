# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual switches and port groups of a simulated host."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.network import ensure
from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import HostNetwork
from ansible_collections.virt.esx.plugins.module_utils._driver.network.read import read_host_network
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_network, esx_network_info
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, parameters, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import H0, H1, start_vcenter, uri_of
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import carry_out as carry_out_in_vcenter
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.integration.virsh import Virsh
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TEXT = {
    "type": "dict",
    "contains": {**yaml.safe_load(esx_network.RETURN), "changed": {"type": "bool"}, "diff": {"type": "dict"}},
}
READING = {"RetrieveServiceContent", "Login", "Logout", "RetrievePropertiesEx"}

XML = """<network>
  <name>vSwitch1</name>
  <forward mode='bridge'><interface dev='vmnic1'/></forward>
  <portgroup name='Web'><vlan><tag id='20'/></vlan></portgroup>
  <portgroup name='Slow'>
    <bandwidth>
      <inbound average='1000' peak='2000' burst='512'/><outbound average='1000' peak='2000' burst='512'/>
    </bandwidth>
  </portgroup>
</network>"""


@pytest.fixture
def esx() -> Iterator[Simulator]:
    with start_host("-domains", "1") as host:
        yield host


def ask(host: Simulator, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """Return the module's result, which its documentation must describe completely."""
    result = carry_out(esx_network.CONTRACT, host, check=check, diff=True, **arguments)
    assert undescribed(result, TEXT) == []
    return result


def apply(host: Simulator, **arguments: Any) -> dict[str, Any]:
    """Run in check mode, for real, and again; check mode must predict the result."""
    host.trace(reset=True)
    predicted = ask(host, check=True, **arguments)
    assert set(host.methods()) <= READING
    done = ask(host, **arguments)
    assert predicted["steps"] == done["steps"]
    if predicted["diff"]["before"]:  # a host completes the policy of a new switch with its own defaults
        assert predicted["diff"] == done["diff"]
    again = ask(host, **arguments)
    assert (again["changed"], again["steps"]) == (False, [])
    return done


def groups(result: dict[str, Any]) -> dict[str, str]:
    return {group["name"]: group["vlan"] for group in result["network"]["port_groups"]}


def test_a_switch_is_made_changed_and_removed(esx: Simulator) -> None:
    made = apply(esx, name="vSwitch1", uplinks=["vmnic1"], port_groups=[{"name": "Web", "vlan": "20"}])
    assert made["steps"] == ["add switch 'vSwitch1'", "add port group 'Web'"]
    assert [nic["name"] for nic in made["network"]["uplinks"]] == ["vmnic1"]
    changed = apply(esx, name="vSwitch1", mtu=9000, port_groups=[{"name": "Web", "vlan": "trunk"}])
    assert changed["steps"] == ["change MTU of switch 'vSwitch1'", "change port group 'Web'"]
    assert [nic["name"] for nic in changed["network"]["uplinks"]] == ["vmnic1"]
    assert groups(changed) == {"Web": "trunk"}
    apply(esx, name="vSwitch1", port_groups=[{"name": "Database"}, {"name": "Web", "state": "absent"}])
    assert apply(esx, name="vSwitch1", uplinks=[])["network"]["uplinks"] == []
    gone = apply(esx, name="vSwitch1", state="absent")
    assert (gone["network"], gone["steps"][-1]) == (None, "remove switch 'vSwitch1'")


def test_policies_change_in_place_and_keep_the_rest(esx: Simulator) -> None:
    policy = {
        "security": {"promiscuous": True},
        "teaming": {"balancing": "failover", "active": ["vmnic1"], "notify": True, "failback": False},
        "bandwidth": {"average": 1000},
    }
    apply(esx, name="vSwitch1", uplinks=["vmnic1"], **policy)
    result = apply(esx, name="vSwitch1", security={"mac_changes": False}, port_groups=[{"name": "Web", **policy}])
    switch, (group,) = result["network"], result["network"]["port_groups"]
    for entry in (switch, group):
        assert entry["security"]["promiscuous"] is True
        assert entry["teaming"]["balancing"] == "failover"
        assert entry["teaming"]["failback"] is False
        assert entry["bandwidth"] == {"average": 1000, "peak": 1000, "burst": 1000}
    assert switch["security"]["mac_changes"] is False
    off = apply(esx, name="vSwitch1", bandwidth={"average": 0, "peak": 0, "burst": 0})
    assert off["network"]["bandwidth"] is None


def test_a_port_group_does_without_the_shaping_of_its_switch(esx: Simulator) -> None:
    off: dict[str, Any] = {"name": "Web", "bandwidth": {"average": 0}}
    unshaped = apply(esx, name="vSwitch1", port_groups=[{"name": "Web"}])
    assert unshaped["network"]["port_groups"][0]["bandwidth"] is None
    apply(esx, name="vSwitch1", bandwidth={"average": 1000})
    result = apply(esx, name="vSwitch1", port_groups=[off])
    assert result["steps"] == ["change port group 'Web'"]
    assert result["network"]["port_groups"][0]["bandwidth"] == {"average": 0, "peak": 0, "burst": 0}
    assert "bandwidth.average: 0" in result["diff"]["after"]
    assert result["network"]["bandwidth"]["average"] == 1000


def test_libvirts_xml_is_read_and_returned(esx: Simulator) -> None:
    xml = apply(esx, xml=XML)["network"]["xml"]
    assert "<interface dev='vmnic1'/>" in xml
    assert "<tag id='20'/>" in xml
    assert "<inbound average='1000' peak='2000' burst='512'/>" in xml
    assert ask(esx, xml=xml)["changed"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"state": "absent"}, r"port group 'Management Network' carries vmk0 \(127.0.0.1\) of the host; it stays"),
        ({"port_groups": [{"name": "Management Network", "state": "absent"}]}, "carries vmk0"),
        ({"port_groups": [{"name": "Management Network", "vlan": "7"}]}, "would be cut off"),
        ({"uplinks": []}, "at least one of its present uplinks vmnic0 has to stay"),
        ({"uplinks": ["vmnic1"]}, "at least one of its present uplinks vmnic0 has to stay"),
        ({"mtu": 1280}, "MTU of switch 'vSwitch0' cannot be lowered"),
        ({"uplinks": ["vmnic0", "vmnic1"], "teaming": {"active": ["vmnic1"]}}, "vmnic0 to stay active"),
        ({"port_groups": [{"name": "VM Network", "state": "absent"}]}, "is used by domain 'domain-1'"),
    ],
)
def test_nothing_cuts_off_the_host_or_a_domain(esx: Simulator, arguments: dict[str, Any], message: str) -> None:
    for check in (True, False):
        with pytest.raises(Refused, match=message):
            ask(esx, check=check, name="vSwitch0", **arguments)
    assert set(esx.methods()) <= READING


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "s", "uplinks": ["vmnic9"]}, NotFound, "no network card 'vmnic9'; it has vmnic0, vmnic1"),
        ({"name": "s", "uplinks": ["vmnic0"]}, Refused, "'vmnic0' is an uplink of switch 'vSwitch0'"),
        ({"name": "s", "port_groups": [{"name": "VM Network"}]}, Refused, "belongs to switch 'vSwitch0'"),
        ({"name": "s", "port_groups": [{"name": "x", "vlan": "4096"}]}, ParseError, "vlan '4096' is neither"),
        ({"name": "s", "port_groups": [{"name": "x", "vlan": "\u00b2"}]}, ParseError, "is neither a number"),
        (
            {"name": "s", "port_groups": [{"name": "x", "vlan": "1"}, {"name": "x", "vlan": "2"}]},
            ParseError,
            "port_groups: the port group 'x' is given twice",
        ),
        ({"name": "s", "port_groups": [{"name": ""}]}, ParseError, "port_groups: a port group needs a name"),
        ({"name": "s", "bandwidth": {"average": 2, "peak": 1}}, ParseError, "bandwidth: the peak of 1 is below"),
        ({"name": "s", "bandwidth": {"average": 2, "burst": 0}}, ParseError, "bandwidth: either all of average, peak"),
        ({"name": "s", "bandwidth": {"average": 1 << 40}}, ParseError, "average 1099511627776 is not between 0 and"),
        (
            {"name": "s", "port_groups": [{"name": "x", "bandwidth": {"average": 2, "peak": 1}}]},
            ParseError,
            "port_groups 'x', bandwidth: the peak of 1 is below the average of 2",
        ),
        (
            {
                "xml": "<network><name>s</name><bandwidth><inbound average='2' peak='1'/>"
                "<outbound average='2' peak='1'/></bandwidth></network>"
            },
            ParseError,
            "bandwidth: the peak of 1 is below the average of 2",
        ),
        ({"name": "s", "mtu": 100}, ParseError, "mtu: 100 is not between"),
        (
            {"name": "vSwitch0", "state": "absent", "port_groups": [{"name": "Lab Network"}]},
            ParseError,
            "port_groups: 'Lab Network' is to be present, and the state absent of the switch removes all port groups",
        ),
        ({"name": "x" * 33}, ParseError, "does not have 1 to 32 characters"),
        (
            {"name": "s", "teaming": {"active": ["vmnic1"]}},
            Refused,
            "of switch 's' has the card 'vmnic1', which is not",
        ),
        (
            {"name": "s", "port_groups": [{"name": "x", "teaming": {"active": ["vmnic1"]}}]},
            Refused,
            "The teaming of port group 'x' has the card 'vmnic1', which is not an uplink of switch 's'",
        ),
        ({"xml": "<network><name>s</name><forward mode='nat'/></network>"}, ParseError, "mode='nat'"),
        ({"xml": "<network><name>s</name><ip address='192.0.2.1'/></network>"}, ParseError, "no such element"),
        (
            {"xml": "<network><name>s</name><forward mode='bridge'><pf dev='x'/></forward></network>"},
            ParseError,
            "no such element",
        ),
        (
            {"xml": "<network><name>s</name><portgroup name='x' default='yes'/></network>"},
            ParseError,
            "no such attribute: 'default'",
        ),
        (
            {"xml": "<network><name>s</name><portgroup name='x'/><portgroup name='x'/></network>"},
            ParseError,
            "The port group 'x' is given twice",
        ),
    ],
)
def test_changes_that_a_host_would_refuse(
    esx: Simulator, arguments: dict[str, Any], error: type[EsxError], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask(esx, **arguments)


def test_a_definition_that_fails_half_way_is_taken_back(esx: Simulator) -> None:
    esx.inject(method="AddPortGroup", fault="HostConfigFault", skip=1)
    wanted: dict[str, Any] = {"name": "vSwitch1", "port_groups": [{"name": "a"}, {"name": "b"}]}
    with pytest.raises(EsxError, match="The earlier steps were undone") as caught:
        ask(esx, **wanted)
    assert "carried out" not in caught.value.message
    assert caught.value.details.get("changed", False) is False
    esx.clear_faults()
    names = [network["name"] for network in carry_out(esx_network_info.CONTRACT, esx)["networks"]]
    assert names == ["vSwitch0"]
    assert len(apply(esx, **wanted)["steps"]) == 3


@pytest.mark.parametrize(
    "wanted", [{"mtu": 9000, "port_groups": [{"name": "a", "state": "absent"}]}, {"state": "absent"}]
)
def test_a_removal_that_fails_half_way_is_taken_back(esx: Simulator, wanted: dict[str, Any]) -> None:
    """The step that fails is the removal of the last port group, or of the switch."""
    method = "RemoveVirtualSwitch" if "state" in wanted else "RemovePortGroup"
    apply(esx, name="vSwitch1", port_groups=[{"name": "a", "vlan": "7"}, {"name": "b"}])
    esx.inject(method=method, fault="HostConfigFault", count=1)
    with pytest.raises(EsxError, match="The earlier steps were undone"):
        ask(esx, name="vSwitch1", **wanted)
    (switch,) = carry_out(esx_network_info.CONTRACT, esx, name="vSwitch1")["networks"]
    assert (groups({"network": switch}), switch["mtu"]) == ({"a": "7", "b": "0"}, 1500)


def test_properties_of_a_switch_to_be_removed_are_told(esx: Simulator) -> None:
    warnings: list[str] = []
    given = {"uri": esx.uri(user=USER, no_verify=1), "password": PASSWORD, "name": "vSwitch1", "state": "absent"}
    options = parameters(esx_network.CONTRACT, **given, mtu=9000, uplinks=["vmnic1"])
    esx_network.CONTRACT.run(Invocation(options, False, False, warnings.append))
    assert warnings == ["uplinks, mtu have no effect with state absent."]


def test_what_another_client_has_added_is_not_added_again(esx: Simulator) -> None:
    esx.inject(method="AddPortGroup", fault="AlreadyExists", skip=1, count=1)
    done = ask(esx, name="vSwitch1", port_groups=[{"name": "a"}, {"name": "b"}])
    assert done["steps"] == ["add switch 'vSwitch1'", "add port group 'a'", "add port group 'b'"]


def beside(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Let another client act between the reading of the network and the first step, once."""
    original, acts = read_host_network, [act]

    def read(connection: EsxConnection) -> HostNetwork:
        found = original(connection)
        if acts:
            acts.pop()()
        return found

    monkeypatch.setattr(ensure, "read_host_network", read)


def test_what_another_client_removes_is_not_put_back(esx: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [{"name": "a"}, {"name": "b"}]
    absent: dict[str, Any] = {"name": "vSwitch1", "state": "absent"}
    apply(esx, name="vSwitch1", port_groups=both)
    beside(monkeypatch, lambda: ask(esx, **absent))
    assert ask(esx, **absent)["changed"] is False
    apply(esx, name="vSwitch1", port_groups=both)
    gone = [{"name": name, "state": "absent"} for name in ("a", "b")]
    beside(monkeypatch, lambda: ask(esx, name="vSwitch1", port_groups=gone[1:]))
    done = ask(esx, name="vSwitch1", port_groups=gone)
    assert (done["changed"], groups(done)) == (True, {})
    apply(esx, name="vSwitch1", port_groups=both)
    beside(monkeypatch, lambda: ask(esx, name="vSwitch1", port_groups=[{"name": "c"}]))
    assert ask(esx, **absent)["steps"] == [
        *("remove port group 'a'", "remove port group 'b'", "remove port group 'c'"),
        "remove switch 'vSwitch1'",
    ]


def test_the_domains_of_other_hosts_of_a_vcenter_do_not_use_a_port_group() -> None:
    """In a vCenter, the port groups of one name on all hosts of a datacenter are one network."""
    with start_vcenter("-clusters", "0") as vcenter:
        uris = [uri_of(vcenter, host, "vpx") for host in (H0, H1)]
        wanted: dict[str, Any] = {"name": "vSwitch0", "port_groups": [{"name": "Lab"}]}
        for uri in uris:
            carry_out_in_vcenter(esx_network.CONTRACT, uri=uri, **wanted)
        other = next(name for name, domain in vcenter.domains().items() if domain["host"] == H1)
        vcenter.change_from_outside(other, set={"ethernet0.networkName": "Lab"})
        for uri, users in zip(uris, ([], [other])):
            (switch,) = carry_out_in_vcenter(esx_network_info.CONTRACT, uri=uri, name="vSwitch0")["networks"]
            assert next(group["domains"] for group in switch["port_groups"] if group["name"] == "Lab") == users
        wanted["port_groups"][0]["state"] = "absent"
        assert carry_out_in_vcenter(esx_network.CONTRACT, uri=uris[0], **wanted)["changed"]
        with pytest.raises(Refused, match=f"is used by domain '{other}'"):
            carry_out_in_vcenter(esx_network.CONTRACT, uri=uris[1], **wanted)


def test_reading_costs_two_calls_beside_the_session(esx: Simulator) -> None:
    esx.trace(reset=True)
    (network,) = carry_out(esx_network_info.CONTRACT, esx)["networks"]
    assert [method for method in esx.methods() if method.startswith("Retrieve")] == [
        "RetrieveServiceContent",
        "RetrievePropertiesEx",
        "RetrievePropertiesEx",
    ]
    text = {"type": "dict", "contains": yaml.safe_load(esx_network_info.RETURN)["networks"]["contains"]}
    assert undescribed(network, text) == []


@pytest.mark.skipif(shutil.which("virsh") is None, reason="Debian's libvirt-clients is not installed")
def test_virsh_sees_the_same(esx: Simulator, virsh: Virsh) -> None:
    ask(esx, xml=XML)
    uri = esx.uri(user=USER, no_verify=1)
    theirs = virsh(uri, "net-dumpxml", "vSwitch1")
    ours = carry_out(esx_network_info.CONTRACT, esx, name="vSwitch1")["networks"][0]
    assert f"<uuid>{ours['uuid']}</uuid>" in theirs
    without = [line for line in ours["xml"].splitlines() if not any(word in line for word in ("mtu", "vlan", "<tag"))]
    assert without == theirs.strip().splitlines()
    virsh(uri, "net-define", xml="<network><name>vSwitch2</name><portgroup name='Theirs'/></network>")
    (found,) = carry_out(esx_network_info.CONTRACT, esx, name="vSwitch2")["networks"]
    assert groups({"network": found}) == {"Theirs": "0"}
    ask(esx, name="vSwitch2", state="absent")
    assert "vSwitch2" not in virsh(uri, "net-list", "--all")


def test_the_playbook(esx: Simulator, way: str) -> None:
    variables = {"esx_uri": esx.uri(user=USER, no_verify=1), "esx_password": PASSWORD}
    predicted = run_playbook("esx_network.yml", extra_vars=variables, way=way, check=True, diff=True)
    assert predicted.task("A switch with two port groups").changed
    assert "+  vlan: trunk" in predicted.output
    assert run_playbook("esx_network.yml", extra_vars=variables, way=way).changed == 1
    assert run_playbook("esx_network.yml", extra_vars=variables, way=way).changed == 0
