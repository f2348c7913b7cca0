# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: whether the host starts a domain when it starts itself."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.domain.domains import check_apply_repeat, ensure, open_as_user
from ansible_collections.virt.esx.tests.simulator_client import Simulator

DEFAULTS = {"startDelay": 7, "waitForHeartbeat": "yes", "stopDelay": 9, "stopAction": "suspend"}


def configure(esx: Simulator, *, enabled: bool, entries: dict[str, dict[str, Any]]) -> None:
    """Somebody else sets the host's autostart."""
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
    """Order, start delay, start action and stop action of each entry."""
    names = {domain["moid"]: name for name, domain in esx.domains().items()}
    with open_as_user(esx) as host:
        path = "config.autoStart.powerInfo"
        found = fetch_one(host.session, host.context.host, [path])[path] or ()
        return {
            names[item.key._GetMoId()]: (item.startOrder, item.startDelay, item.startAction, item.stopAction)
            for item in found
        }


def test_it_is_switched_on_and_off(esx: Simulator) -> None:
    assert check_apply_repeat(esx, name="domain-1", autostart=True)["steps"] == ["switch autostart on"]
    assert entries(esx) == {"domain-1": (-1, -1, "powerOn", "none")}
    assert check_apply_repeat(esx, name="domain-1", autostart=False)["steps"] == ["switch autostart off"]
    assert entries(esx) == {}


def test_entries_of_others_stay() -> None:
    with start_host("-domains", "2") as esx:
        configure(esx, enabled=True, entries={"domain-2": {"startOrder": 1}})
        before = entries(esx)
        check_apply_repeat(esx, name="domain-1", autostart=True)
        check_apply_repeat(esx, name="domain-1", autostart=False)
        assert entries(esx) == before == {"domain-2": (1, 7, "powerOn", "suspend")}


def test_an_entry_keeps_its_order_and_delays(esx: Simulator) -> None:
    configure(esx, enabled=False, entries={"domain-1": {"startOrder": 3}})
    assert check_apply_repeat(esx, name="domain-1", autostart=True)["changed"]  # it was off as a whole
    assert entries(esx) == {"domain-1": (3, 7, "powerOn", "suspend")}


@pytest.mark.parametrize("check", [True, False])
def test_other_domains_are_not_started_by_the_way(check: bool) -> None:
    with start_host("-domains", "2") as esx:
        configure(esx, enabled=False, entries={"domain-2": {"startOrder": 1}})
        with pytest.raises(Refused, match="1 other domains have an entry there"):
            ensure(esx, name="domain-1", autostart=True, check=check)
        assert not check_apply_repeat(esx, name="domain-1", autostart=False)["changed"]
