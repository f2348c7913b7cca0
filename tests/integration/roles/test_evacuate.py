# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ``evacuate``, and the module that plans for it, against a simulated vCenter."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.modules import esx_migrate, esx_placement_info
from ansible_collections.virt.esx.tests.integration.killing import run_and_kill
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import (
    C0,
    H0,
    H1,
    Said,
    carry_out,
    change_state,
    host_of,
    start_vcenter,
    uri_of,
)
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, ROOT, USER, PlaybookRun, run_playbook
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

H2 = "DC0_H2"
DOMAINS = ("domain-1", "domain-2", "domain-3", "domain-4")


def evacuate(vcenter: Simulator, *destinations: str, **arguments: Any) -> PlaybookRun:
    """Run the role on the first host."""
    variables = {"evacuate_uri": uri_of(vcenter, H0), "evacuate_destinations": destinations, "esx_password": PASSWORD}
    variables.update(arguments.pop("variables", {}))
    if "timeout" in arguments:
        variables["esx_timeout"] = arguments.pop("timeout")
    return run_playbook("evacuate.yml", extra_vars=variables, **arguments)


def plan(vcenter: Simulator, *destinations: str, said: Said | None = None, **arguments: Any) -> list[dict[str, Any]]:
    """The placements of the planning module."""
    uri = uri_of(vcenter, H0)
    result = carry_out(esx_placement_info.CONTRACT, uri=uri, destinations=list(destinations), said=said, **arguments)
    assert (result["changed"], result["source"]) == (False, H0)
    placements: list[dict[str, Any]] = result["placements"]
    return placements


def placed(placements: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {item["host"]: [domain["name"] for domain in item["domains"]] for item in placements}


def places(vcenter: Simulator) -> dict[str, str]:
    return {name: host_of(vcenter, name) for name in DOMAINS}


def test_a_host_is_emptied(vcenter: Simulator, way: str) -> None:
    predicted = evacuate(vcenter, H1, H2, way=way, check=True)
    assert "domain-1, domain-2 from DC0_H0 to DC0_H1, which has" in predicted.output
    assert set(places(vcenter).values()) == {H0}
    assert predicted.changed == 1
    run = evacuate(vcenter, H1, H2, way=way)
    assert run.changed == 1
    assert places(vcenter) == {"domain-1": H1, "domain-2": H1, "domain-3": H2, "domain-4": H2}
    assert evacuate(vcenter, H1, H2, way=way).changed == 0


def test_only_matching_domains_move(vcenter: Simulator) -> None:
    evacuate(vcenter, H1, variables={"evacuate_names": ["*-[23]", "other-*"]})
    assert places(vcenter) == {"domain-1": H0, "domain-2": H1, "domain-3": H1, "domain-4": H0}


def test_a_name_that_is_misspelt_is_an_error(vcenter: Simulator) -> None:
    run = evacuate(vcenter, H1, variables={"evacuate_names": ["domain-2", "Domain-3"]}, fails=True)
    assert run.tasks[-1].result["msg"] == "There is no domain 'Domain-3' on DC0_H0."
    assert run.tasks[-1].result["hint"] == "Did you mean 'domain-3'?"
    assert set(places(vcenter).values()) == {H0}


def test_a_domain_that_was_named_and_has_moved_is_no_error(vcenter: Simulator) -> None:
    """A second run, one after an interruption, and DRS, which is faster than the plan."""
    wanted = {"evacuate_names": ["domain-1", "domain-2"]}
    with client(vcenter, login=(USER, PASSWORD)) as center:
        host = center.all(vim.HostSystem)[H2]
        pool = center.get(center.get(host, "parent"), "resourcePool")
        center.wait(center.domain("domain-1").RelocateVM_Task(vim.vm.RelocateSpec(host=host, pool=pool)))
    assert evacuate(vcenter, H1, variables=wanted).changed == 1
    assert places(vcenter) == {"domain-1": H2, "domain-2": H1, "domain-3": H0, "domain-4": H0}
    assert evacuate(vcenter, H1, variables=wanted).changed == 0


def test_a_time_that_is_enough_for_a_task_is_no_limit_for_a_migration() -> None:
    with start_vcenter("-hosts", "2", "-clusters", "0", "-domains", "2", "-migration-delay", "2500") as vcenter:
        evacuate(vcenter, H1, way="in process", timeout=1)
        assert {host_of(vcenter, name) for name in DOMAINS[:2]} == {H1}


def test_only_hosts_that_can_take_a_domain_are_planned(vcenter: Simulator) -> None:
    with client(vcenter, login=(USER, PASSWORD)) as center:
        for name in (H0, H1):
            network = center.get(center.all(vim.HostSystem)[name], "configManager.networkSystem")
            policy = vim.host.NetworkPolicy()
            group = vim.host.PortGroup.Specification(
                name="Lab Network", vlanId=0, vswitchName="vSwitch0", policy=policy
            )
            network.AddPortGroup(group)
    for name in ("domain-1", "domain-3"):
        vcenter.change_from_outside(name, set={"ethernet0.networkName": "Lab Network"})
    assert evacuate(vcenter, H1, H2).changed == 1
    assert {places(vcenter)[name] for name in ("domain-1", "domain-3")} == {H1}
    assert H0 not in places(vcenter).values()


def test_a_domain_that_a_host_cannot_take_is_placed_elsewhere(vcenter: Simulator) -> None:
    vcenter.change_host(H1, vmotion=False)
    first, second = plan(vcenter, H1, H2)
    assert {"domain-1", "domain-3"} <= {domain["name"] for domain in second["domains"]}
    assert all(domain["state"] != "running" for domain in first["domains"])


def test_memory_is_kept_in_reserve(vcenter: Simulator) -> None:
    free = plan(vcenter, H1)[0]["free_kib"]
    assert free - plan(vcenter, H1, reserve_memory="4 GiB")[0]["free_kib"] == 4 * 1024 * 1024
    assert plan(vcenter, H1, reserve_memory="50%")[0]["free_kib"] == free - 32 * 1024 * 1024
    with pytest.raises(ParseError, match="reserve_memory: 'half' is not an amount of memory"):
        plan(vcenter, H1, reserve_memory="half")


def test_a_template_is_evacuated_too(vcenter: Simulator) -> None:
    with client(vcenter, login=(USER, PASSWORD)) as center:
        center.domain("domain-2").MarkAsTemplate()
    evacuate(vcenter, H1)
    assert H0 not in places(vcenter).values()


def test_cluster_services_stay() -> None:
    flags = ("-hosts", "1", "-clusters", "1", "-cluster-hosts", "1", "-domains", "1", "-vcls", "1")
    with start_vcenter(*flags) as vcenter:
        name = next(name for name, known in vcenter.domains().items() if known["host"] == C0 and name[:4] != "vCLS")
        with client(vcenter, login=(USER, PASSWORD)) as center:
            managed = vim.ext.ManagedByInfo(extensionKey="com.vendor.backup", type="appliance")
            center.reconfigure(center.domain(name), managedBy=managed)
        said = Said()
        result = carry_out(esx_placement_info.CONTRACT, uri=uri_of(vcenter, C0), destinations=[H0], said=said)
        assert result["moves"] == []
        reasons = {item["name"]: item["reason"] for item in result["left_out"]}
        assert reasons.pop(name) == "it is managed by the extension com.vendor.backup"
        assert list(reasons.values()) == ["it belongs to the services of its cluster (vCLS)"]
        assert len(said.warnings) == 2


def test_an_error_with_one_does_not_keep_the_others(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-1", set={"simulator.migration.error": "NoCompatibleHost"})
    run = evacuate(vcenter, H1, H2, fails=True)
    assert "Domain 'domain-1' cannot be migrated from DC0_H0 to DC0_H1" in run.output
    assert [name for name, host in places(vcenter).items() if host == H0] == ["domain-1"]


def test_a_domain_that_fits_nowhere_fails_the_role_before_any_move(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-3", set={"memsize": str(512 * 1024)})
    run = evacuate(vcenter, H1, H2, fails=True)
    assert run.tasks[-1].name.endswith("Plan where the domains go")
    assert "There is not enough free memory for 'domain-3' (524288 MiB)" in run.tasks[-1].result["msg"]
    assert set(places(vcenter).values()) == {H0}


def test_the_example(vcenter: Simulator) -> None:
    variables = {"source_uri": uri_of(vcenter, H0), "destinations": [H1, H2]}
    env = {"ESX_PASSWORD": PASSWORD, "ESX_VCENTER_USERNAME": USER, "ESX_VCENTER_PASSWORD": PASSWORD}
    run_playbook(ROOT / "examples" / "evacuate.yml", extra_vars=variables, env=env)
    assert H0 not in places(vcenter).values()


def test_the_example_of_a_single_domain(vcenter: Simulator) -> None:
    uris = {"source_uri": uri_of(vcenter, H0), "destination_uri": uri_of(vcenter, H1)}
    env = {"ESX_PASSWORD": PASSWORD, "ESX_VCENTER_USERNAME": USER, "ESX_VCENTER_PASSWORD": PASSWORD}
    run = run_playbook(ROOT / "examples" / "migrate.yml", extra_vars={**uris, "domain_name": "domain-1"}, env=env)
    assert run.changed == 2
    assert host_of(vcenter, "domain-1") == H0


def test_the_plan(vcenter: Simulator) -> None:
    first, second = plan(vcenter, H1, H2)
    assert placed([first, second]) == {H1: ["domain-1", "domain-2"], H2: ["domain-3", "domain-4"]}
    assert first["free_kib"] - first["free_after_kib"] == 1048576
    assert [domain["memory_kib"] for domain in first["domains"]] == [1048576, 0]
    assert first["domains"][0]["uuid"] == vcenter.domains()["domain-1"]["uuid"]


def test_hosts_that_cannot_be_used_are_left_out(vcenter: Simulator) -> None:
    said = Said()
    assert list(placed(plan(vcenter, H0, H1, H1, said=said))) == [H1]
    assert said.warnings == ["The host DC0_H0 is not a destination: it is the host to empty."]
    with pytest.raises(Refused, match="There is no host that the domains could be migrated to"):
        plan(vcenter, H0, said=said)
    with pytest.raises(NotFound, match="The vCenter knows no host 'esx9'"):
        plan(vcenter, H1, "esx9")


def test_a_run_that_was_killed_is_finished_by_the_next() -> None:
    with start_vcenter("-hosts", "3", "-clusters", "0", "-domains", "4") as vcenter:
        uri = uri_of(vcenter, H0, "vpx")
        planned = carry_out(esx_placement_info.CONTRACT, uri=uri, destinations=[H1, H2])
        run_and_kill(vcenter, "esx_migrate", ("RelocateVM_Task", 1), uri=uri, domains=planned["moves"], parallel=1)
        assert list(places(vcenter).values()).count(H0) == 2
        assert evacuate(vcenter, H1, H2).changed == 1
        assert H0 not in places(vcenter).values()
        assert evacuate(vcenter, H1, H2).changed == 0


def test_a_destination_in_maintenance_mode_in_the_middle() -> None:
    with start_vcenter("-hosts", "3", "-clusters", "0", "-domains", "2") as vcenter:
        for name in ("domain-5", "domain-6"):
            change_state(vcenter, name, "PowerOffVM_Task", "shutoff")
        entered: list[str] = []

        def enter_once(line: str) -> None:
            if not entered:
                entered.append(line)
                with client(vcenter, login=(USER, PASSWORD)) as center:
                    center.wait(center.all(vim.HostSystem)[H2].EnterMaintenanceMode_Task(0, False))

        moves = [{"name": "domain-1", "dest_host": H1}, {"name": "domain-2", "dest_host": H2}]
        wanted: dict[str, Any] = {"domains": moves, "parallel": 1, "progress": enter_once}
        with pytest.raises(EsxError, match="'domain-2' from DC0_H0 to DC0_H2 failed: .* It is on DC0_H0, shutoff."):
            carry_out(esx_migrate.CONTRACT, uri=uri_of(vcenter, H0), **wanted)
        evacuate(vcenter, H1, H2)
        assert {host_of(vcenter, name) for name in DOMAINS[:2]} == {H1}


def test_two_hosts_are_emptied_at_once_to_one(vcenter: Simulator) -> None:
    def empty(host: str) -> dict[str, Any]:
        uri = uri_of(vcenter, host)
        planned = carry_out(esx_placement_info.CONTRACT, uri=uri, destinations=[H2])
        return carry_out(esx_migrate.CONTRACT, uri=uri, domains=planned["moves"])

    with ThreadPoolExecutor() as both:
        assert [result["changed"] for result in both.map(empty, (H0, H1))] == [True, True]
    assert {known["host"] for known in vcenter.domains().values()} == {H2}


def test_a_host_that_is_being_emptied_itself_is_left_out(vcenter: Simulator) -> None:
    with client(vcenter, login=(USER, PASSWORD)) as center:
        task = center.all(vim.HostSystem)[H1].EnterMaintenanceMode_Task(0, False)
        said = Said()
        assert list(placed(plan(vcenter, H1, H2, said=said))) == [H2]
        task.CancelTask()
    assert said.warnings == ["The host DC0_H1 is not a destination: it is entering maintenance mode."]


def test_the_number_of_calls_does_not_grow_with_the_hosts(vcenter: Simulator) -> None:
    counts = []
    for destinations in ([H1], [H1, H2]):
        vcenter.trace(reset=True)
        plan(vcenter, *destinations)
        counts.append(len(vcenter.methods()))
    assert counts[0] == counts[1]
