# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance, reboot and autostart defaults of a simulated host."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._driver.node import ensure, restart
from ansible_collections.virt.esx.plugins.module_utils._driver.node.state import read_state
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError, Refused, TimedOut
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_host
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.domain import domains
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TEXT = {
    "type": "dict",
    "contains": {**yaml.safe_load(esx_host.RETURN), "changed": {"type": "bool"}, "diff": {"type": "dict"}},
}
NEW = {"pool": "local-storage", "max_memory": "64 MiB", "disks": [{"target": "sda", "size": "1 MiB"}]}
READING = {"RetrieveServiceContent", "Login", "Logout", "RetrievePropertiesEx"}


@pytest.fixture
def esx(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    monkeypatch.setattr(restart, "_PAUSE", 0.1)
    with start_host("-domains", "2", "-boot-time", "500") as host:
        yield host


def ask(host: Simulator, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    result = carry_out(esx_host.CONTRACT, host, check=check, diff=True, **arguments)
    assert undescribed(result, TEXT) == []
    return result


def apply(host: Simulator, **arguments: Any) -> dict[str, Any]:
    """Run in check mode, for real, and again."""
    host.trace(reset=True)
    predicted = ask(host, check=True, **arguments)
    assert set(host.methods()) <= READING
    done = ask(host, **arguments)
    assert (predicted["steps"], predicted["diff"]) == (done["steps"], done["diff"])
    if arguments.get("state") not in ("rebooted", "shutoff"):
        assert ask(host, **arguments)["changed"] is False
    return done


def with_tools(host: Simulator) -> None:
    for name in ("domain-1", "domain-2"):
        host.change_from_outside(name, set={"simulator.tools": "running"})


def states(host: Simulator) -> dict[str, str]:
    return {name: domain["state"] for name, domain in host.domains().items()}


def test_running_domains_are_not_stopped_by_accident(esx: Simulator) -> None:
    for state in ("maintenance", "rebooted", "shutoff"):
        for check in (True, False):
            with pytest.raises(Refused, match="2 domains run on the host .*: 'domain-1', 'domain-2'"):
                ask(esx, check=check, state=state)


@pytest.mark.parametrize(("how", "state"), [("suspend", "suspended"), ("destroy", "poweredOff")])
def test_maintenance_and_back(esx: Simulator, how: str, state: str) -> None:
    result = apply(esx, state="maintenance", domains=how)
    assert result["steps"] == [f"{how} domain-1, domain-2", "enter maintenance mode"]
    assert (result["stopped"], result["host"]["running"]) == (["domain-1", "domain-2"], [])
    assert set(states(esx).values()) == {state}
    esx.trace(reset=True)
    for which in ({"name": "domain-1"}, {"names": ["domain-*"]}, {"name": "new", **NEW}):
        for check in (True, False):
            with pytest.raises(EsxError, match="cannot be started: the host .* is in maintenance mode"):
                carry_out(esx_domain.CONTRACT, esx, check=check, state="running", **which)
    assert set(esx.methods()) <= domains.READING
    assert apply(esx, state="active")["steps"] == ["leave maintenance mode"]


def test_guests_shut_down_side_by_side(esx: Simulator) -> None:
    with_tools(esx)
    for name in ("domain-1", "domain-2"):
        esx.change_from_outside(name, set={"simulator.shutdownDelay": "300"})
    assert apply(esx, state="maintenance", domains="shutdown")["stopped"] == ["domain-1", "domain-2"]


def test_no_guest_is_asked_if_one_cannot_be_asked(esx: Simulator) -> None:
    esx.change_from_outside("domain-1", set={"simulator.tools": "running"})
    before = states(esx)
    for check in (True, False):
        with pytest.raises(Refused, match="The guests of 1 of 2 domains cannot be .* Tools do not run in 'domain-2'"):
            ask(esx, check=check, state="maintenance", domains="shutdown")
    assert states(esx) == before


def test_a_guest_that_does_not_shut_down_is_named(esx: Simulator) -> None:
    with_tools(esx)
    esx.change_from_outside("domain-2", set={"simulator.shutdownDelay": "never"})
    with pytest.raises(
        TimedOut, match="guests of 1 of 2 domains did not shut down within 1 seconds and still run: 'domain-2'"
    ):
        ask(esx, state="maintenance", domains="shutdown", shutdown_timeout=1)
    assert states(esx) == {"domain-1": "poweredOff", "domain-2": "poweredOn"}
    assert ask(esx, state="maintenance", domains="destroy")["stopped"] == ["domain-2"]


def test_a_reboot_is_waited_for(esx: Simulator) -> None:
    before = ask(esx, autostart={"start_delay": 120})["host"]["boot_time"]
    result = ask(esx, state="rebooted", domains="destroy")
    assert result["steps"] == [
        "destroy domain-1, domain-2",
        "enter maintenance mode",
        "reboot",
        "leave maintenance mode",
    ]
    assert result["host"]["boot_time"] > before
    assert result["host"]["state"] == "active"


def test_what_another_client_has_done_need_not_be_done(esx: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    acts: list[Any] = []

    def read(node: Any) -> Any:
        found = read_state(node)
        if acts:
            acts.pop()()
        return found

    monkeypatch.setattr(ensure, "read_state", read)
    for state in ("maintenance", "active"):
        acts.append(lambda state=state: ask(esx, state=state, domains="destroy"))
        result = ask(esx, state=state, domains="destroy")
        assert (result["changed"], result["host"]["state"]) == (False, state)
    acts.append(lambda: ask(esx, state="maintenance"))
    with pytest.raises(EsxError, match="Entering maintenance mode on host .* failed"):
        ask(esx, state="rebooted")
    assert "RebootHost_Task" not in esx.methods()


def test_a_host_is_not_rebooted_twice(esx: Simulator) -> None:
    task = {"task": {"type": "Task", "value": "task-1"}}
    esx.inject(method="ExitMaintenanceMode_Task", fault="TaskInProgress", properties=task, count=1)
    with pytest.raises(EsxError, match="The step was 'leave maintenance mode'.*were carried out: .*reboot"):
        ask(esx, state="rebooted", domains="destroy")
    assert esx.methods().count("RebootHost_Task") == 1


def test_a_host_that_was_entering_maintenance_mode_is_in_it_after_a_reboot(esx: Simulator) -> None:
    ask(esx, state="maintenance", domains="leave", wait=False)
    predicted = ask(esx, check=True, state="rebooted", domains="destroy")
    done = ask(esx, state="rebooted", domains="destroy")
    assert predicted["steps"] == done["steps"] == ["destroy domain-1, domain-2", "wait for maintenance mode", "reboot"]
    assert predicted["host"]["state"] == done["host"]["state"] == "maintenance"


def test_a_host_that_does_not_return(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restart, "_PAUSE", 0.1)
    with (
        start_host("-domains", "0", "-boot-time", "60000") as host,
        pytest.raises(TimedOut, match="did not return within 1 seconds after its reboot. It is in maintenance mode"),
    ):
        carry_out(esx_host.CONTRACT, host, state="rebooted", reboot_timeout=1)


def test_a_host_is_shut_down(esx: Simulator) -> None:
    result = apply(esx, state="shutoff", domains="destroy")
    assert result["steps"][-1] == "shut down the host"
    assert result["host"]["state"] == "shutoff"


def test_autostart_defaults(esx: Simulator) -> None:
    wanted = {"enabled": True, "start_delay": 30, "stop_action": "shutdown"}
    result = apply(esx, autostart=wanted)
    assert result["steps"] == ["change autostart defaults enabled, start_delay, stop_action"]
    assert {key: result["host"]["autostart"][key] for key in wanted} == wanted
    assert result["host"]["autostart"]["stop_delay"] == 120


def test_times_that_are_none(esx: Simulator) -> None:
    with pytest.raises(ParseError, match="shutdown_timeout: 0 is not at least 1"):
        ask(esx, state="maintenance", shutdown_timeout=0)
    for seconds in (-1, 1 << 31):
        with pytest.raises(ParseError, match=f"autostart.start_delay: {seconds} is not between 0 and"):
            ask(esx, autostart={"start_delay": seconds})


def test_the_playbook_refuses_to_stop_domains_and_reboots_the_host(esx: Simulator, way: str, tmp_path: Any) -> None:
    variables = {"esx_uri": esx.uri(user=USER, no_verify=1), "esx_password": PASSWORD, "dest": str(tmp_path / "x.png")}
    run = run_playbook("esx_node.yml", extra_vars=variables, way=way)
    assert "domains run on the host" in run.task("Domains are not stopped by accident").result["msg"]
    assert run.task("It reboots, and returns as it was").result["steps"][-2:] == ["reboot", "leave maintenance mode"]
    assert "could not be closed" not in run.output
