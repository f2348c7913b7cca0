# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Identifying domains: shared names, managed object ids, VMX paths, and all hosts of a vCenter."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import read_domain_of
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._vi import properties
from ansible_collections.virt.esx.plugins.modules import (
    esx_domain,
    esx_domain_info,
    esx_scheduler,
    esx_screenshot,
    esx_snapshot,
)
from ansible_collections.virt.esx.tests.integration.contracts import LOGIN, carry_out, start_host
from ansible_collections.virt.esx.tests.integration.domain.domains import domain_xml
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

TWINS = ("domain-2", "domain-3")


@contextlib.contextmanager
def start_twins(domains: int) -> Iterator[Simulator]:
    """A host on which two of some domains have one name."""
    with start_host("-domains", str(domains)) as simulator:
        simulator.change_from_outside(TWINS[1], set={"displayName": TWINS[0]})
        simulator.trace(reset=True)
        try:
            yield simulator
        finally:
            sessions = simulator.sessions()
        assert sessions == []


@pytest.fixture
def host() -> Iterator[Simulator]:
    """A host on which two of four domains have one name."""
    with start_twins(4) as simulator:
        yield simulator


@pytest.fixture
def vcenter() -> Iterator[Simulator]:
    """A vCenter with two standalone hosts and a cluster of two, four domains on each."""
    flags = ("-kind", "vcenter", "-hosts", "2", "-clusters", "1", "-domains", "4")
    with start_simulator(*flags, *LOGIN) as simulator:
        yield simulator
        assert simulator.sessions() == []


@pytest.mark.parametrize(
    ("contract", "arguments"),
    [
        (esx_domain.CONTRACT, {"state": "destroyed"}),
        (esx_domain.CONTRACT, {"annotation": "a note"}),
        (esx_scheduler.CONTRACT, {"shares": "high"}),
        (esx_snapshot.CONTRACT, {"snapshot": "x"}),
        (esx_screenshot.CONTRACT, {}),
    ],
)
@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("domains", [4, properties.FEW + 4])
def test_of_two_domains_of_one_name_none_is_changed(
    contract: Any, arguments: dict[str, Any], check: bool, domains: int
) -> None:
    """The names of few domains are read in the call that finds one; with many, it is another call."""
    with start_twins(domains) as host:
        check_none_is_changed(host, contract, arguments, check=check)


def check_none_is_changed(host: Simulator, contract: Any, arguments: dict[str, Any], *, check: bool) -> None:
    paths = sorted(f"[local-storage] {name}/{name}.vmx" for name in TWINS)
    with pytest.raises(Ambiguous) as caught:
        carry_out(contract, host, name=TWINS[0], check=check, **arguments)
    assert str(caught.value).startswith("More than one domain of the host has the name 'domain-2': 'domain-2' (UUID ")
    assert all(f", {path})" in str(caught.value) for path in paths)
    assert not {method for method in host.methods() if method.endswith("_Task") or method == "UnregisterVM"}


@pytest.mark.parametrize("state", ["running", "defined"])
def test_two_domains_of_one_name_are_noticed_where_nothing_is_to_be_done(host: Simulator, state: str) -> None:
    with pytest.raises(Ambiguous):
        carry_out(esx_domain.CONTRACT, host, name=TWINS[0], state=state)


def test_both_domains_of_one_name_are_read(host: Simulator) -> None:
    found = carry_out(esx_domain_info.CONTRACT, host, name=TWINS[0])["domains"]
    assert sorted(domain["vmx_path"] for domain in found) == [f"[local-storage] {name}/{name}.vmx" for name in TWINS]


def test_on_a_host_with_many_domains_they_are_noticed_before_a_change() -> None:
    with start_host("-domains", "60") as host:
        host.change_from_outside(TWINS[1], set={"displayName": TWINS[0]})
        with pytest.raises(Ambiguous):
            carry_out(esx_domain.CONTRACT, host, name=TWINS[0], state="destroyed")
        assert carry_out(esx_domain.CONTRACT, host, name="domain-60", state="destroyed")["changed"]


def test_the_managed_object_id_and_the_vmx_choose(host: Simulator) -> None:
    everything = carry_out(esx_domain_info.CONTRACT, host)["domains"]
    twins = [domain for domain in everything if domain["name"] == TWINS[0]]
    assert len(twins) == 2
    first, second = twins
    done = carry_out(esx_domain.CONTRACT, host, moid=first["moid"], state="destroyed")
    assert (done["domain"]["vmx_path"], done["domain"]["state"]) == (first["vmx_path"], "shutoff")
    done = carry_out(esx_scheduler.CONTRACT, host, vmx_path=second["vmx_path"], shares="high")
    assert done["domain"]["moid"] == second["moid"]
    (found,) = carry_out(esx_domain_info.CONTRACT, host, moid=second["moid"])["domains"]
    assert found["state"] == "running"


def test_of_two_domains_of_one_name_none_is_undefined(host: Simulator) -> None:
    for domain in carry_out(esx_domain_info.CONTRACT, host)["domains"]:
        carry_out(esx_domain.CONTRACT, host, moid=domain["moid"], state="destroyed")
    with pytest.raises(Ambiguous):
        carry_out(esx_domain.CONTRACT, host, name=TWINS[0], state="undefined")


@pytest.mark.parametrize("key", [{"moid": "vm-9999"}, {"vmx_path": "[local-storage] nobody/nobody.vmx"}])
def test_an_id_that_nobody_has(host: Simulator, key: dict[str, str]) -> None:
    with pytest.raises(NotFound, match=f"No domain of the host has the .*{next(iter(key.values()))[-9:]}"):
        carry_out(esx_scheduler.CONTRACT, host, shares="high", moid=key.get("moid"), vmx_path=key.get("vmx_path"))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"snapshot": False}, 4),
        ({"snapshot": True}, 0),
        ({"autostart": True}, 1),
        ({"autostart": False}, 3),
        ({"network": "VM *"}, 4),
        ({"network": "nowhere"}, 0),
        ({"datastore": "local-*"}, 4),
        ({"datastore": "other"}, 0),
        ({"autostart": True, "states": ["shutoff"]}, 0),
    ],
)
def test_filters_leave_domains_out(host: Simulator, filters: dict[str, Any], found: int) -> None:
    carry_out(esx_domain.CONTRACT, host, name="domain-1", autostart=True)
    domains = carry_out(esx_domain_info.CONTRACT, host, **filters)["domains"]
    assert len(domains) == found
    assert all({"hardware", "datastores", "autostart", "snapshots"}.isdisjoint(domain) for domain in domains)


def uri_of(vcenter: Simulator, path: str) -> str:
    return vcenter.uri("vpx", user=USER, path=path, no_verify=1)


@pytest.mark.parametrize("path", ["DC0", "DC0/DC0_C0"])
def test_a_path_that_ends_early_names_all_hosts_below(vcenter: Simulator, path: str) -> None:
    everywhere = vcenter.domains()
    wanted = {name for name, known in everywhere.items() if path == "DC0" or known["host"].startswith("DC0_C0")}
    found = carry_out(esx_domain_info.CONTRACT, vcenter, uri=uri_of(vcenter, path), gather=["xml"])["domains"]
    assert {domain["name"]: domain["host"] for domain in found} == {name: everywhere[name]["host"] for name in wanted}
    assert all("<vmware:datacenterpath>DC0</vmware:datacenterpath>" in domain["xml"] for domain in found)


def test_a_domain_is_found_wherever_it_is(vcenter: Simulator) -> None:
    everywhere = vcenter.domains()
    for name in (min(everywhere), max(everywhere)):
        for key in ({"name": name}, {"uuid": everywhere[name]["uuid"]}):
            done = carry_out(
                esx_domain.CONTRACT, vcenter, uri=uri_of(vcenter, "DC0"), state="running", annotation=str(key), **key
            )
            assert (done["changed"], done["domain"]["host"]) == (True, everywhere[name]["host"])


def test_domains_of_several_hosts_are_undefined_with_their_files(vcenter: Simulator) -> None:
    everywhere = vcenter.domains()
    names = sorted({known["host"]: name for name, known in everywhere.items()}.values())
    assert len(names) == 4
    carry_out(esx_domain.CONTRACT, vcenter, uri=uri_of(vcenter, "DC0"), names=names, state="destroyed")
    for check in (True, False):
        done = carry_out(
            esx_domain.CONTRACT,
            vcenter,
            uri=uri_of(vcenter, "DC0"),
            names=names,
            state="undefined",
            remove_storage=True,
            check=check,
        )
        for domain in done["domains"]:
            assert f"delete [local-storage] {domain['name']}/{domain['name']}.vmdk" in domain["steps"]
    assert set(vcenter.domains()) == set(everywhere) - set(names)


def test_a_name_that_a_domain_of_another_host_has_too(vcenter: Simulator) -> None:
    """The vCenter's path leads to a domain of another host; the domain of this host is in another folder."""
    everywhere = vcenter.domains()
    other = next(name for name, known in everywhere.items() if known["host"] == "DC0_H0")
    own = next(name for name, known in everywhere.items() if known["host"] == "DC0_H1")
    with client(vcenter, login=(USER, PASSWORD)) as center:
        folder = center.get(center.domain(own), "parent").CreateFolder("elsewhere")
        center.wait(folder.MoveIntoFolder_Task([center.domain(own)]))
    vcenter.change_from_outside(own, set={"displayName": other})
    done = carry_out(
        esx_domain.CONTRACT, vcenter, uri=uri_of(vcenter, "DC0/DC0_H1"), name=other, state="destroyed", diff=True
    )
    assert (done["domain"]["host"], done["domain"]["uuid"]) == ("DC0_H1", everywhere[own]["uuid"])
    with pytest.raises(Ambiguous):
        carry_out(esx_domain.CONTRACT, vcenter, uri=uri_of(vcenter, "DC0"), name=other, state="destroyed")


def test_a_new_domain_needs_one_host(vcenter: Simulator) -> None:
    with pytest.raises(ParseError, match="it ends before it names a host or cluster"):
        carry_out(esx_domain.CONTRACT, vcenter, uri=uri_of(vcenter, "DC0"), xml=domain_xml())


def test_a_lookup_by_name_does_not_grow_with_the_host() -> None:
    sizes = []
    for number in ("60", "300"):
        with start_simulator("-kind", "vcenter", "-hosts", "1", "-domains", number, *LOGIN) as vcenter:
            done = carry_out(
                esx_domain.CONTRACT, vcenter, uri=uri_of(vcenter, "DC0/DC0_H0"), name="domain-2", state="running"
            )
            assert done["changed"] is False
            sizes.append(sum(call["out"] for call in vcenter.trace()))
    assert sizes[1] < sizes[0] + 2000


def test_a_domain_is_read_back_wherever_a_cluster_has_taken_it(vcenter: Simulator) -> None:
    name, known = next((name, known) for name, known in vcenter.domains().items() if known["host"] == "DC0_H1")
    params = {"uri": uri_of(vcenter, "DC0/DC0_H0"), "password": PASSWORD}
    with open_connection(Invocation(params, False, False, lambda _text: None)) as connection:
        record, facts = read_domain_of(connection, connection.session.ref("VirtualMachine", known["moid"]))
    assert (record.name, facts.host_name) == (name, "DC0_H1")


def test_attributes_of_other_objects_are_not_those_of_domains(vcenter: Simulator) -> None:
    """A host can have an attribute of the same name."""
    with client(vcenter, login=(USER, PASSWORD)) as center:
        fields = center.content.customFieldsManager
        owner = fields.AddCustomFieldDef(name="owner", moType=vim.VirtualMachine)
        for name, kind in (("rack", vim.HostSystem), ("owner", vim.HostSystem), ("any", vim.ManagedEntity)):
            fields.AddCustomFieldDef(name=name, moType=kind)
        fields.SetField(center.domain("domain-1"), owner.key, "alice")
    uri = vcenter.uri("vpx", user=USER, path="DC0", no_verify=1)
    (found,) = carry_out(esx_domain_info.CONTRACT, vcenter, uri=uri, name="domain-1", gather=["custom_values"])[
        "domains"
    ]
    assert found["custom_values"] == {"owner": "alice", "any": None}
