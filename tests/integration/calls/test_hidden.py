# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties that the server does not show to an account: each ends in an error for the user, or in an unknown value.

A task is run once to see which properties it reads, and then once without each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.info import inventory_hosts
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi import properties
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name
from ansible_collections.virt.esx.plugins.modules import (
    esx_clone,
    esx_domain,
    esx_domain_info,
    esx_host,
    esx_host_info,
    esx_migrate,
    esx_network,
    esx_network_info,
    esx_placement_info,
    esx_pool_info,
    esx_scheduler,
    esx_screenshot,
    esx_snapshot,
    esx_volume,
    esx_volume_info,
)
from ansible_collections.virt.esx.tests.integration.contracts import parameters, start_host
from ansible_collections.virt.esx.tests.integration.migrate import vcenter as of_vcenter
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator

# The tasks on a host; each in check mode.
ON_HOST: dict[str, tuple[Any, dict[str, Any]]] = {
    "domain_info": (esx_domain_info, {}),
    "start": (esx_domain, {"name": "domain-2", "state": "running"}),
    "all": (esx_domain, {"names": ["*"], "state": "running"}),
    "change": (esx_domain, {"name": "domain-2", "vcpus": 2, "autostart": True}),
    "snapshot": (esx_snapshot, {"name": "domain-1", "snapshot": "y"}),
    "snapshots": (esx_snapshot, {"names": ["*"], "snapshot": "x", "state": "absent", "older_than": "1 h"}),
    "host": (esx_host, {"state": "maintenance", "domains": "destroy"}),
    "host_info": (esx_host_info, {}),
    "network": (esx_network, {"name": "switch9", "mtu": 1500}),
    "network_info": (esx_network_info, {}),
    "pool_info": (esx_pool_info, {}),
    "scheduler": (esx_scheduler, {"name": "domain-1", "shares": "high"}),
    "clone": (esx_clone, {"name": "domain-2", "clone_name": "copy"}),
    "screenshot": (esx_screenshot, {"name": "domain-1", "dest": "/nowhere/x.png"}),
    "volume": (esx_volume, {"path": "[local-storage] a/a.vmdk", "clone_of": "[local-storage] domain-2/domain-2.vmdk"}),
    "volume_info": (esx_volume_info, {}),
}

# The tasks in a vCenter; URI and login are added.
MOVE = {"name": "domain-1", "dest_host": of_vcenter.H1, "dest_datastore": "local-storage"}
IN_VCENTER: dict[str, tuple[Any, dict[str, Any]]] = {
    "migrate": (esx_migrate, {"dest_host": of_vcenter.H1, "names": ["*"]}),
    "migrate with files": (esx_migrate, {"domains": [MOVE]}),
    "migrate with cards": (esx_migrate, {"domains": [{**MOVE, "dest_networks": {"VM Network": "Lab Network"}}]}),
    "placement": (esx_placement_info, {"destinations": [of_vcenter.H1]}),
    "host": (esx_host, {"state": "maintenance", "domains": "leave"}),
    "host_info": (esx_host_info, {}),
    "start": (esx_domain, {"name": "domain-2", "state": "running"}),
}


class Hiding:
    """The properties that were read, by type and path, and those that are hidden."""

    def __init__(self) -> None:
        self.read: dict[tuple[str, str], None] = {}
        self.hidden: set[tuple[str, str]] = set()


@pytest.fixture
def hiding(monkeypatch: pytest.MonkeyPatch) -> Hiding:
    """Hide properties of all objects as a server does: they are missing in its answer."""
    found, original = Hiding(), properties._checked

    def checked(session: Any, contents: Any) -> Iterator[Any]:
        for content in original(session, contents):
            of = type_name(content.obj)
            found.read.update({(of, item.name): None for item in content.propSet or ()})
            content.propSet = [item for item in content.propSet or () if (of, item.name) not in found.hidden]
            yield content

    monkeypatch.setattr(properties, "_checked", checked)
    return found


@pytest.fixture(scope="module", name="host")
def _host() -> Iterator[Simulator]:
    with start_host("-domains", "2", "-autostart=false") as simulator:
        simulator.change_from_outside("domain-1", task="PowerOnVM_Task")
        of_vcenter.wait_until(lambda: simulator.domains()["domain-1"]["state"] == "poweredOn")
        yield simulator


@pytest.fixture(scope="module", name="vcenter")
def _vcenter() -> Iterator[Simulator]:
    with of_vcenter.start_vcenter() as simulator:
        yield simulator


def check_each(hiding: Hiding, run: Callable[[], Any]) -> None:
    """Run a task without each of the properties that it reads."""

    def run_or_fail() -> None:
        message = ""
        try:
            run()
        except EsxError as error:
            message = error.message
        assert "None" not in message

    hiding.hidden = set()
    run_or_fail()
    reads = list(hiding.read)
    assert reads
    for each in reads:
        hiding.hidden = {each}
        try:
            run_or_fail()
        except Exception as error:
            raise AssertionError(f"without {each}: {error!r}") from error


def on_host(host: Simulator, module: Any, **arguments: Any) -> dict[str, Any]:
    given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, **arguments}
    result: dict[str, Any] = module.CONTRACT.carry_out(
        Invocation(parameters(module.CONTRACT, **given), True, True, lambda _text: None)
    )
    return result


@pytest.mark.parametrize("task", ON_HOST)
def test_each_property_that_a_task_reads_can_be_hidden(host: Simulator, hiding: Hiding, task: str) -> None:
    module, arguments = ON_HOST[task]
    check_each(hiding, lambda: on_host(host, module, **arguments))


@pytest.mark.parametrize("task", IN_VCENTER)
def test_each_property_of_a_vcenter_can_be_hidden(vcenter: Simulator, hiding: Hiding, task: str) -> None:
    module, arguments = IN_VCENTER[task]
    for kind in of_vcenter.KINDS:
        given = {"uri": of_vcenter.uri_of(vcenter, of_vcenter.H0, kind), **arguments}
        check_each(
            hiding,
            lambda given=given: of_vcenter.carry_out(  # type: ignore[misc]
                module.CONTRACT, said=of_vcenter.Said(), check=True, **given
            ),
        )


def test_each_property_of_an_inventory_can_be_hidden(host: Simulator, hiding: Hiding) -> None:
    options = parameters(esx_domain_info.CONTRACT, uri=host.uri(user=USER, no_verify=1), password=PASSWORD)
    invocation = Invocation({**options, "gather": ["guest", "snapshots", "disks"]}, False, False, lambda _text: None)

    def read() -> None:
        for facts in inventory_hosts.read_facts(invocation):
            inventory_hosts.to_variables(facts, guest_address=False)

    check_each(hiding, read)


def test_a_state_that_is_hidden_is_named(host: Simulator, hiding: Hiding) -> None:
    hiding.hidden = {("VirtualMachine", "runtime.powerState")}
    with pytest.raises(Refused, match=r"does not show the property runtime\.powerState of domain 'domain-2'") as caught:
        on_host(host, esx_domain, name="domain-2", state="running")
    assert "System.Read" in str(caught.value.hint)
    states = {each["state"] for each in on_host(host, esx_domain_info)["domains"]}
    assert states == {None}


def test_facts_of_a_host_that_are_hidden_are_unknown(host: Simulator, hiding: Hiding) -> None:
    hidden = ("config.product", "hardware.cpuInfo", "hardware.memorySize", "name")
    hiding.hidden = {("HostSystem", path) for path in hidden} | {("Datastore", "name")}
    (found,) = on_host(host, esx_host_info)["hosts"]
    assert found["name"] == found["moid"]
    assert (found["product"]["version"], found["node"]["cpus"], found["node"]["memory_kib"]) == (None, None, None)
    assert (found["memory_free_kib"], found["pools"]) == (None, [])
