# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: whether the host starts a domain when it starts itself."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.domain.domains import check_apply_repeat, ensure, open_as_user
from ansible_collections.virt.esx.tests.simulator_client import Simulator

DEFAULTS = {"startDelay": 7, "waitForHeartbeat": "yes", "stopDelay": 9, "stopAction": "suspend"}


def configure(esx: Simulator, *, enabled: bool, entries: dict[str, dict[str, Any]]) -> None:
    """Set the host's autostart as another client."""
    types = vim.host.AutoStartManager
    with open_as_user(esx) as host:
        path = "configManager.autoStartManager"
        manager = fetch_one(host.session, host.context.host, [path])[path]
        info = [
            types.AutoPowerInfo(key=reference(host, esx, name), **{**DEFAULTS, "startAction": "powerOn", **entry})
            for name, entry in entries.items()
        ]
        manager.ReconfigureAutostart(types.Config(defaults=types.SystemDefaults(enabled=enabled), powerInfo=info))


def reference(connection: EsxConnection, esx: Simulator, name: str) -> Any:
    return connection.session.ref("VirtualMachine", esx.domains()[name]["moid"])


def entries(esx: Simulator) -> dict[str, tuple[Any, ...]]:
    """Order, start delay, start action and stop action of each domain that the host starts."""
    names = {domain["moid"]: name for name, domain in esx.domains().items()}
    with open_as_user(esx) as host:
        path = "config.autoStart.powerInfo"
        found = fetch_one(host.session, host.context.host, [path])[path] or ()
        return {
            names[item.key._GetMoId()]: (item.startOrder, item.startDelay, item.startAction, item.stopAction)
            for item in found
            if item.startAction.lower() != "none"
        }


def test_it_is_switched_on_and_off(esx: Simulator) -> None:
    assert check_apply_repeat(esx, name="domain-1", autostart=True)["steps"] == ["switch autostart on"]
    assert entries(esx) == {"domain-1": (-1, -1, "powerOn", "systemDefault")}
    assert check_apply_repeat(esx, name="domain-1", autostart=False)["steps"] == ["switch autostart off"]
    assert entries(esx) == {}


def test_its_order_delays_and_stop_action_are_set(esx: Simulator) -> None:
    settings = {"start_order": 1, "start_delay": 30, "stop_action": "shutdown"}
    chosen: dict[str, Any] = {"name": "domain-1", "autostart": True}
    assert check_apply_repeat(esx, **chosen, autostart_settings=settings)["steps"] == ["switch autostart on"]
    assert entries(esx) == {"domain-1": (1, 30, "powerOn", "guestShutdown")}
    done = check_apply_repeat(esx, **chosen, autostart_settings={"stop_action": "default", "stop_delay": 60})
    assert done["steps"] == ["change autostart settings"]
    assert entries(esx) == {"domain-1": (1, 30, "powerOn", "systemDefault")}
    assert not check_apply_repeat(esx, **chosen)["changed"]


@pytest.mark.parametrize(
    ("autostart", "settings", "message"),
    [
        (None, {"start_order": 1}, "autostart_settings: it only has an effect if autostart is true."),
        (False, {"stop_delay": 1}, "autostart_settings: it only has an effect if autostart is true."),
        (True, {"start_order": 0}, "autostart_settings.start_order: 0 is neither -1 nor at least 1."),
        (True, {"stop_delay": -2}, "autostart_settings.stop_delay: -2 is neither -1 nor at least 0."),
        (True, {"start_delay": 2**31}, "autostart_settings.start_delay: 2147483648 is more than a host takes"),
    ],
)
def test_settings_that_have_no_effect_are_refused(
    esx: Simulator, autostart: bool | None, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParseError, match=message):
        ensure(esx, name="domain-1", autostart=autostart, autostart_settings=settings)


def test_a_place_that_leaves_a_gap_is_refused(esx: Simulator) -> None:
    with pytest.raises(Refused, match="cannot be number 2 in the host's start order: 0 other domains have a number"):
        ensure(esx, name="domain-1", autostart=True, autostart_settings={"start_order": 2})


def test_a_task_about_something_else_does_not_read_the_hosts_list(esx: Simulator) -> None:
    configure(esx, enabled=True, entries={"domain-1": {"startOrder": 1}})
    size = sum(call["out"] for call in _trace_of(esx, state="running"))
    assert sum(call["out"] for call in _trace_of(esx, autostart=True)) > size


def _trace_of(esx: Simulator, **arguments: Any) -> list[dict[str, Any]]:
    esx.trace(reset=True)
    assert not ensure(esx, name="domain-1", diff=False, **arguments)["changed"]
    return esx.trace()


def test_entries_of_others_stay() -> None:
    with start_host("-domains", "2") as esx:
        configure(esx, enabled=True, entries={"domain-2": {"startOrder": 1}})
        before = entries(esx)
        check_apply_repeat(esx, name="domain-1", autostart=True)
        check_apply_repeat(esx, name="domain-1", autostart=False)
        assert entries(esx) == before == {"domain-2": (1, 7, "powerOn", "suspend")}


def test_an_entry_keeps_its_order_and_delays(esx: Simulator) -> None:
    configure(esx, enabled=False, entries={"domain-1": {"startOrder": 1}})
    assert check_apply_repeat(esx, name="domain-1", autostart=True)["changed"]  # it was off as a whole
    assert entries(esx) == {"domain-1": (1, 7, "powerOn", "suspend")}


@pytest.mark.parametrize("check", [True, False])
def test_other_domains_are_not_started_by_the_way(check: bool) -> None:
    with start_host("-domains", "2") as esx:
        configure(esx, enabled=False, entries={"domain-2": {"startOrder": 1}})
        with pytest.raises(Refused, match="1 other domains have an entry there"):
            ensure(esx, name="domain-1", autostart=True, check=check)
        assert not check_apply_repeat(esx, name="domain-1", autostart=False)["changed"]
