# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of power states has no gap."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import (
    POWER_ACTIONS,
    RESULTING_STATE,
    Unreachable,
    check_startable,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import STATES, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Target
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.modules.esx_domain import CONTRACT


def test_every_wanted_state_is_in_the_table() -> None:
    wanted = set(CONTRACT.argument_spec["state"]["choices"]) - {"undefined"}
    assert set(POWER_ACTIONS) == wanted
    assert set(RESULTING_STATE) == wanted - {"defined"}


@pytest.mark.parametrize("wanted", POWER_ACTIONS)
def test_every_present_state_is_in_its_row(wanted: str) -> None:
    assert set(POWER_ACTIONS[wanted]) == set(STATES.values())


@pytest.mark.parametrize("wanted", RESULTING_STATE)
def test_the_state_that_is_reached_needs_nothing_more_where_it_is_a_state(wanted: str) -> None:
    move = POWER_ACTIONS[wanted][RESULTING_STATE[wanted]]
    assert (move is None) == (wanted not in ("rebooted", "reset"))


@pytest.mark.parametrize("wanted", POWER_ACTIONS)
def test_what_is_impossible_says_what_to_do(wanted: str) -> None:
    for move in POWER_ACTIONS[wanted].values():
        if isinstance(move, Unreachable):
            assert move.reason
            assert "state running" in move.hint


@pytest.mark.parametrize(
    ("state", "said"),
    [("inaccessible", "its host cannot access its VMX"), ("orphaned", "its host no longer knows it")],
)
def test_a_domain_that_its_host_has_lost_is_not_started(state: str, said: str) -> None:
    with pytest.raises(Refused, match=f"The domain 'web' cannot be started: {said}") as refused:
        check_startable(Target("web"), DomainRecord(None, {"runtime.connectionState": state}))
    assert refused.value.hint
    check_startable(Target("web"), DomainRecord(None, {"runtime.connectionState": "connected"}))
