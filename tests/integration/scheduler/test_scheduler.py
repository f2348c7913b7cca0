# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_scheduler`` against a simulated host: what it sets, keeps, predicts and refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    EsxError,
    LicenceRestricted,
    NotFound,
    ParseError,
    Question,
    Refused,
)
from ansible_collections.virt.esx.plugins.modules import esx_scheduler
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, ROOT, USER, run_playbook
from ansible_collections.virt.esx.tests.simulator_client import Simulator

USUAL = {
    "reservation_mhz": 0,
    "limit_mhz": -1,
    "shares": 1000,
    "shares_level": "normal",
    "min_guarantee_kib": 0,
    "memory_limit_kib": -1,
    "memory_shares": 10240,
    "memory_shares_level": "normal",
}


@pytest.fixture
def host() -> Iterator[Simulator]:
    """A host with one running domain of 1 GiB and one virtual CPU."""
    with start_host("-domains", "1") as simulator:
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []


def ask(host: Simulator, **arguments: Any) -> dict[str, Any]:
    return carry_out(esx_scheduler.CONTRACT, host, **{"name": "domain-1", **arguments})


@pytest.mark.parametrize("state", ["running", "shutoff"])
@pytest.mark.parametrize(
    ("wanted", "share"),
    [
        ({"reservation": 500}, {"reservation_mhz": 500}),
        ({"limit": 2000}, {"limit_mhz": 2000}),
        ({"limit": 0}, {"limit_mhz": 0}),
        ({"reservation": 500, "limit": 500}, {"reservation_mhz": 500, "limit_mhz": 500}),
        ({"shares": "high"}, {"shares_level": "high", "shares": 2000}),
        ({"shares": "-1"}, {"shares_level": "low", "shares": 500}),
        ({"shares": "1234"}, {"shares_level": "custom", "shares": 1234}),
        ({"min_guarantee": "100 MiB"}, {"min_guarantee_kib": 102400}),
        ({"memory_limit": "512 MiB"}, {"memory_limit_kib": 524288}),
        ({"memory_shares": "high"}, {"memory_shares_level": "high", "memory_shares": 20480}),
        ({"memory_shares": "77"}, {"memory_shares_level": "custom", "memory_shares": 77}),
        (
            {"reservation": 1, "limit": 2, "shares": 3, "min_guarantee": "4 KiB"},
            {"reservation_mhz": 1, "limit_mhz": 2, "shares_level": "custom", "shares": 3, "min_guarantee_kib": 1024},
        ),
    ],
)
def test_check_mode_predicts_a_change_that_is_then_made_once(
    host: Simulator, state: str, wanted: dict[str, Any], share: dict[str, Any]
) -> None:
    if state == "shutoff":
        host.change_from_outside("domain-1", task="PowerOffVM_Task")
    predicted = ask(host, **wanted, check=True, diff=True)
    assert "ReconfigVM_Task" not in host.methods(reset=True)
    done = ask(host, **wanted, diff=True)
    assert host.methods(reset=True).count("ReconfigVM_Task") == 1
    again = ask(host, **wanted, diff=True)
    assert "ReconfigVM_Task" not in host.methods()
    assert predicted == done
    assert done["changed"] is True
    assert again["changed"] is False
    assert again["diff"]["before"] == again["diff"]["after"] == done["diff"]["after"]
    assert again["scheduler"] == done["scheduler"] == {**USUAL, **share}
    assert done["domain"]["state"] == state


def test_all_that_is_returned_is_documented(host: Simulator) -> None:
    result = ask(host, limit=2000)
    del result["changed"]
    assert undescribed(result, {"type": "dict", "contains": yaml.safe_load(esx_scheduler.RETURN)}) == []


def test_settings_that_are_not_given_stay(host: Simulator) -> None:
    ask(host, reservation=500, limit=2000, shares="high", min_guarantee="64 MiB")
    assert ask(host, limit=3000)["scheduler"] == {
        "reservation_mhz": 500,
        "limit_mhz": 3000,
        "shares": 2000,
        "shares_level": "high",
        "min_guarantee_kib": 65536,
        "memory_limit_kib": -1,
        "memory_shares": 10240,
        "memory_shares_level": "normal",
    }
    assert ask(host, limit=3000)["changed"] is False


def test_a_difference_shows_the_share_before_and_after(host: Simulator) -> None:
    assert ask(host, limit=2000, shares="low", diff=True)["diff"] == {
        "before": "reservation_mhz: 0\nlimit_mhz: -1\nshares: 1000\nshares_level: normal\nmin_guarantee_kib: 0\n"
        "memory_limit_kib: -1\nmemory_shares: 10240\nmemory_shares_level: normal\n",
        "after": "reservation_mhz: 0\nlimit_mhz: 2000\nshares: 500\nshares_level: low\nmin_guarantee_kib: 0\n"
        "memory_limit_kib: -1\nmemory_shares: 10240\nmemory_shares_level: normal\n",
    }


@pytest.mark.parametrize(
    ("present", "wanted", "message"),
    [
        ({"reservation": 500}, {"limit": 499}, "The limit of 499 MHz would be below the reservation of 500 MHz."),
        ({"limit": 500}, {"reservation": 501}, "The limit of 500 MHz would be below the reservation of 501 MHz."),
        ({}, {"min_guarantee": "2 GiB"}, "The min_guarantee of 2097152 KiB is more than the memory that the host may"),
    ],
)
def test_a_conflict_with_present_settings_is_refused_before_a_call(
    host: Simulator, present: dict[str, Any], wanted: dict[str, Any], message: str
) -> None:
    if present:
        ask(host, **present)
    host.trace(reset=True)
    for check in (True, False):
        with pytest.raises(Refused) as caught:
            ask(host, **wanted, check=check)
        assert message in str(caught.value)
    assert "ReconfigVM_Task" not in host.methods()


def test_impossible_values_are_refused_without_a_connection(host: Simulator) -> None:
    with pytest.raises(ParseError):
        ask(host, reservation=500, limit=499)
    assert host.trace() == []


def test_a_domain_is_meant_by_name_or_uuid_in_any_spelling(host: Simulator) -> None:
    uuid = host.domains()["domain-1"]["uuid"]
    assert ask(host, name=None, uuid=uuid.upper(), limit=2000)["domain"] == {
        "name": "domain-1",
        "uuid": uuid,
        "moid": host.domains()["domain-1"]["moid"],
        "state": "running",
    }
    with pytest.raises(NotFound, match="No domain of the host has the name 'nobody'"):
        ask(host, name="nobody", limit=2000)


def test_a_fault_of_the_task_is_told(host: Simulator) -> None:
    host.inject(method="ReconfigVM_Task", fault="InvalidState", count=1, **{"in": "task"})
    with pytest.raises(EsxError, match="Setting the scheduler parameters of domain 'domain-1' failed") as caught:
        ask(host, limit=2000)
    assert caught.value.fault == "InvalidState"
    assert ask(host, limit=-1, check=True)["scheduler"] == USUAL


def test_a_question_that_was_left_over_is_answered_first(host: Simulator) -> None:
    host.change_from_outside("domain-1", question="append")
    with pytest.raises(Question):
        ask(host, limit=2000)
    uri = host.uri(user=USER, no_verify=1, auto_answer=1)
    result = ask(host, uri=uri, limit=2000)
    assert result["changed"] is True
    assert len(result["questions"]) == 1


def test_a_host_whose_licence_only_reads_says_so() -> None:
    with start_host("-domains", "1", "-licence", "free") as host:
        assert ask(host, limit=-1)["changed"] is False
        with pytest.raises(LicenceRestricted):
            ask(host, limit=2000)
        assert ask(host, limit=-1)["scheduler"] == USUAL


@pytest.mark.parametrize("version", ["2.5", "4.0", "6.5"])
def test_old_hosts_take_it_as_well(version: str) -> None:
    with start_host("-domains", "1", "-version", version) as host:
        assert ask(host, reservation=100, shares="low")["changed"] is True
        assert ask(host, reservation=100, shares="low")["changed"] is False


def test_no_change_costs_five_calls_over_one_connection(host: Simulator) -> None:
    ask(host, limit=-1)
    trace = host.trace()
    assert len(trace) == 5
    assert {call["connection"] for call in trace} == {trace[0]["connection"]}


def test_the_playbook(host: Simulator, way: str) -> None:
    """Run each state in check mode and twice for real, in both ways."""
    variables = {"esx_uri": host.uri(user=USER, no_verify=1), "esx_password": PASSWORD}
    predicted = run_playbook("esx_scheduler.yml", extra_vars=variables, way=way, check=True, diff=True)
    assert predicted.task("Prefer it").changed
    assert "+shares_level: high" in predicted.output
    first = run_playbook("esx_scheduler.yml", extra_vars=variables, way=way)
    assert first.changed == predicted.changed == 2
    assert run_playbook("esx_scheduler.yml", extra_vars=variables, way=way).changed == 0


def test_the_example_does_what_check_mode_predicts(host: Simulator) -> None:
    variables = {"esx_uri": host.uri(user=USER, no_verify=1), "domain_name": "domain-1"}
    environment = {"ESX_PASSWORD": PASSWORD}
    runs = [
        run_playbook(ROOT / "examples" / "share.yml", extra_vars=variables, env=environment, check=check)
        for check in (True, False, False)
    ]
    assert [run.changed for run in runs] == [2, 2, 0]
    assert ask(host, reservation=500)["scheduler"] == {
        "reservation_mhz": 500,
        "limit_mhz": 2000,
        "shares": 2000,
        "shares_level": "high",
        "min_guarantee_kib": 262144,
        "memory_limit_kib": -1,
        "memory_shares": 10240,
        "memory_shares_level": "normal",
    }


def test_a_task_that_sets_nothing_says_so(host: Simulator) -> None:
    params = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, "name": "domain-1"}
    checked = ArgumentSpecValidator(**esx_scheduler.CONTRACT.validation()).validate(params)
    warnings: list[str] = []
    result = esx_scheduler.CONTRACT.run(Invocation(checked.validated_parameters, False, False, warnings.append))
    assert (result["changed"], len(warnings)) == (False, 1)
    assert warnings[0].startswith("The task sets nothing")
