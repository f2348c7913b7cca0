# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: every state from every state, in check mode, for real, and again."""

from __future__ import annotations

import time
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    Ambiguous,
    NotFound,
    Refused,
    ServerFault,
    TimedOut,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.task import Waiting
from ansible_collections.virt.esx.plugins.modules import esx_host
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    check_apply_repeat,
    domain_xml,
    ensure,
    ensure_with_warnings,
    predict_and_apply,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

# How a domain that runs comes into a state.
INTO = {"running": [], "paused": ["SuspendVM_Task"], "shutoff": ["PowerOffVM_Task"]}

# Present state, wanted state: the steps, or what is said; and the state afterwards.
RESULTING_STATE = [
    ("shutoff", "defined", [], "shutoff"),
    ("running", "defined", [], "running"),
    ("paused", "defined", [], "paused"),
    ("shutoff", "running", ["power on"], "running"),
    ("running", "running", [], "running"),
    ("paused", "running", ["resume"], "running"),
    ("shutoff", "shutdown", [], "shutoff"),
    ("running", "shutdown", ["shut down"], "shutoff"),
    ("shutoff", "destroyed", [], "shutoff"),
    ("running", "destroyed", ["power off"], "shutoff"),
    ("paused", "destroyed", ["power off"], "shutoff"),
    ("running", "paused", ["suspend"], "paused"),
    ("paused", "paused", [], "paused"),
    ("shutoff", "undefined", ["undefine"], "undefined"),
    ("paused", "undefined", ["undefine"], "undefined"),
]
EACH_TIME = [("rebooted", ["reboot"]), ("reset", ["reset"])]
IMPOSSIBLE = [
    ("paused", "shutdown", "it is paused"),
    ("shutoff", "paused", "it is shut off"),
    ("shutoff", "rebooted", "it is shut off"),
    ("paused", "rebooted", "it is paused"),
    ("shutoff", "reset", "it is shut off"),
    ("paused", "reset", "it is paused"),
    ("running", "undefined", "it is running"),
]


def bring_into(esx: Simulator, state: str) -> None:
    """Bring the domain into a state as another client."""
    for task in INTO[state]:
        esx.change_from_outside("domain-1", task=task)
    words = {"running": "poweredOn", "paused": "suspended", "shutoff": "poweredOff"}
    deadline = time.monotonic() + 10
    while esx.domains()["domain-1"]["state"] != words[state]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(("present", "wanted", "steps", "state"), RESULTING_STATE)
def test_a_state_is_reached_and_kept(
    with_tools: Simulator, present: str, wanted: str, steps: list[str], state: str
) -> None:
    bring_into(with_tools, present)
    result = predict_and_apply(with_tools, name="domain-1", state=wanted)
    assert (result["steps"], result["changed"], result["domain"]["state"]) == (steps, bool(steps), state)
    again = ensure(with_tools, name="domain-1", state=wanted)
    assert (again["steps"], again["changed"], again["domain"]["state"]) == ([], False, state)


@pytest.mark.parametrize(("wanted", "steps"), EACH_TIME)
def test_an_action_is_a_change_each_time(with_tools: Simulator, wanted: str, steps: list[str]) -> None:
    for _time in range(2):
        result = predict_and_apply(with_tools, name="domain-1", state=wanted)
        assert (result["steps"], result["changed"], result["domain"]["state"]) == (steps, True, "running")
        guest = ensure(with_tools, name="domain-1", wait_for=["tools"])["domain"]["guest"]
        assert guest["tools"] == "guestToolsRunning"


@pytest.mark.parametrize(("present", "wanted", "said"), IMPOSSIBLE)
@pytest.mark.parametrize("check", [True, False])
def test_what_the_present_state_makes_impossible_says_so(
    with_tools: Simulator, present: str, wanted: str, said: str, check: bool
) -> None:
    bring_into(with_tools, present)
    with pytest.raises(Refused) as refused:
        ensure(with_tools, check=check, name="domain-1", state=wanted)
    assert said in refused.value.message
    assert refused.value.hint


@pytest.mark.parametrize("wanted", ["shutdown", "rebooted"])
@pytest.mark.parametrize("check", [True, False])
def test_without_tools_the_guest_cannot_be_asked(esx: Simulator, wanted: str, check: bool) -> None:
    with pytest.raises(Refused, match="VMware Tools do not run") as refused:
        ensure(esx, check=check, name="domain-1", state=wanted)
    assert refused.value.fault == "ToolsUnavailable"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "domain-1", "state": "shutdown"}, "it would be powered off without asking its guest."),
        ({"names": ["domain-1"], "state": "shutdown"}, "Would be powered off, since VMware Tools do not run in it"),
        ({"name": "domain-1", "vcpus": 2, "power_cycle": True}, "it would be powered off without asking its guest."),
    ],
)
def test_check_mode_tells_of_a_guest_that_would_not_be_asked(
    esx: Simulator, arguments: dict[str, Any], said: str
) -> None:
    result, warnings = ensure_with_warnings(esx, check=True, **arguments, shutdown_timeout=60)
    assert (result["changed"], len(warnings)) == (True, 1)
    assert said in warnings[0]


def test_without_tools_a_shutdown_with_a_timeout_powers_off(esx: Simulator) -> None:
    result, warnings = ensure_with_warnings(esx, name="domain-1", state="shutdown", shutdown_timeout=60)
    assert result["steps"] == ["shut down"]
    assert warnings == ["VMware Tools do not run in domain 'domain-1'; it is powered off without asking its guest."]
    assert esx.domains()["domain-1"]["state"] == "poweredOff"


def test_suspending_and_resuming_may_take_as_long_as_they_make_progress(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They write and read the memory of the guest; everything else has to end within the time."""
    patience: dict[str, float | None] = {}
    original = Waiting.__init__

    def begin(waiting: Waiting, *arguments: Any, **named: Any) -> None:
        original(waiting, *arguments, **named)
        patience[waiting.action] = waiting.patience

    monkeypatch.setattr(Waiting, "__init__", begin)
    for which in ({"name": "domain-1"}, {"names": ["domain-1"]}):
        for state in ("paused", "running", "destroyed", "running"):
            ensure(esx, state=state, timeout=70, **which)
    carry_out(esx_host.CONTRACT, esx, state="maintenance", domains="suspend", timeout=70, wait=False)
    assert patience == {
        **dict.fromkeys(("Suspending domain 'domain-1'", "Resuming domain 'domain-1'"), 70),
        **dict.fromkeys(("Powering off domain 'domain-1'", "Starting domain 'domain-1'"), None),
        **dict.fromkeys(("Domain 'domain-1': suspend", "Domain 'domain-1': resume"), 70),
        **dict.fromkeys(("Domain 'domain-1': power off", "Domain 'domain-1': power on"), None),
    }


def test_a_shutdown_is_waited_for(with_tools: Simulator) -> None:
    with_tools.change_from_outside("domain-1", set={"simulator.shutdownDelay": "300"})
    assert check_apply_repeat(with_tools, name="domain-1", state="shutdown", timeout=20)["domain"]["state"] == "shutoff"


def test_a_guest_that_does_not_shut_down_in_time_goes_on_running(with_tools: Simulator) -> None:
    with_tools.change_from_outside("domain-1", set={"simulator.shutdownDelay": "never"})
    with pytest.raises(TimedOut, match="did not shut down within 1 seconds; it still runs"):
        ensure(with_tools, name="domain-1", state="shutdown", timeout=1)
    assert with_tools.domains()["domain-1"]["state"] == "poweredOn"


def test_a_guest_that_does_not_shut_down_in_time_is_powered_off_where_asked_for(with_tools: Simulator) -> None:
    with_tools.change_from_outside("domain-1", set={"simulator.shutdownDelay": "never"})
    result, warnings = ensure_with_warnings(with_tools, name="domain-1", state="shutdown", shutdown_timeout=1)
    assert (result["steps"], result["domain"]["state"]) == (["shut down"], "shutoff")
    assert warnings == ["The guest of domain 'domain-1' did not shut down within 1 seconds; it was powered off."]
    assert with_tools.domains()["domain-1"]["state"] == "poweredOff"


@pytest.mark.parametrize("key", ["name", "uuid"])
@pytest.mark.parametrize("state", ["running", "defined"])
def test_no_change_costs_five_calls(esx: Simulator, key: str, state: str) -> None:
    meant = esx.domains()["domain-1"][key]
    esx.trace(reset=True)
    assert not ensure(esx, diff=False, **{key: meant}, state=state)["changed"]
    assert len(esx.methods()) == 5


def test_a_domain_that_is_not_there(esx: Simulator) -> None:
    with pytest.raises(NotFound, match="has the name 'web'"):
        ensure(esx, name="web", state="running")
    nothing = ensure(esx, name="web", state="undefined")
    assert (nothing["changed"], nothing["domain"]["state"]) == (False, "undefined")


def test_a_uuid_in_any_form(esx: Simulator) -> None:
    uuid = esx.domains()["domain-1"]["uuid"].upper().replace("-", "")
    assert not ensure(esx, uuid=uuid, state="running")["changed"]


def test_copies_share_a_uuid(esx: Simulator) -> None:
    uuid = esx.domains()["domain-1"]["uuid"]
    ensure(esx, xml=domain_xml("copy"), state="running")
    esx.change_from_outside("copy", set={"uuid.bios": uuid})
    with pytest.raises(Ambiguous, match="More than one domain"):
        ensure(esx, uuid=uuid, state="running")
    assert ensure(esx, uuid=uuid, name="copy", state="running")["domain"]["name"] == "copy"
    for state in ("running", "undefined"):
        with pytest.raises(Ambiguous, match="More than one domain of the host has the UUID"):
            ensure(esx, uuid=uuid, name="neither", state=state)


def test_a_fault_of_the_host_is_told(with_tools: Simulator) -> None:
    with_tools.inject(method="SuspendVM_Task", fault="GenericVmConfigFault", **{"in": "task"})
    with pytest.raises(ServerFault, match="Suspending domain 'domain-1' failed"):
        ensure(with_tools, name="domain-1", state="paused")
