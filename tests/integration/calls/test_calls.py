# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that finds nothing to do makes few calls, over one connection, however many domains the host has."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info, esx_scheduler
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TASKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "esx_domain by name": (esx_domain.CONTRACT, {"name": "domain-2", "state": "running"}),
    "esx_domain by UUID": (esx_domain.CONTRACT, {"uuid": "UUID", "state": "running"}),
    "esx_domain_info of one": (esx_domain_info.CONTRACT, {"name": "domain-2", "gather": ["scheduler", "autostart"]}),
    "esx_scheduler": (esx_scheduler.CONTRACT, {"name": "domain-2", "shares": "normal"}),
}


@pytest.fixture(scope="module", params=[3, 300])
def host(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A host with few domains, and one with many."""
    with start_host("-domains", str(request.param)) as simulator:
        yield simulator


def trace_of(host: Simulator, task: str, **more: Any) -> list[dict[str, Any]]:
    """The calls of a task that must not change anything."""
    contract, arguments = TASKS[task]
    if "uuid" in arguments:
        arguments = {**arguments, "uuid": host.domains()["domain-2"]["uuid"]}
    host.trace(reset=True)
    assert carry_out(contract, host, **arguments, **more)["changed"] is False
    return host.trace()


@pytest.mark.parametrize("task", TASKS)
def test_a_task_makes_five_calls_over_one_connection(host: Simulator, task: str) -> None:
    trace = trace_of(host, task)
    assert len(trace) <= 5
    assert {call["connection"] for call in trace} == {trace[0]["connection"]}
    assert sum(call["out"] for call in trace) < 20_000
    assert host.sessions() == []


@pytest.mark.parametrize("task", TASKS)
def test_a_task_makes_two_calls_in_a_session_that_is_kept(
    host: Simulator, task: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    trace_of(host, task, session_cache=True)
    trace = trace_of(host, task, session_cache=True)
    assert len(trace) <= 2
    assert {call["connection"] for call in trace} == {trace[0]["connection"]}
    host.expire_sessions()
