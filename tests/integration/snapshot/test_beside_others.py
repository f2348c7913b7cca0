# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots that several tasks, or other clients, take and remove at the same time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot import ensure
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    EsxError,
)
from ansible_collections.virt.esx.tests.integration.snapshot.snapshots import (
    names,
    snapshot,
    take,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def beside(monkeypatch: pytest.MonkeyPatch, act: Callable[[], Any]) -> None:
    """Let another client act between the reading of the domains and the first task, once."""
    original, acts = ensure._run_stage, [act]

    def run_stage(*arguments: Any) -> None:
        if acts:
            acts.pop()()
        original(*arguments)

    monkeypatch.setattr(ensure, "_run_stage", run_stage)


def test_of_two_snapshots_that_are_taken_at_once_the_first_one_stays(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside(monkeypatch, lambda: take(esx, "domain-1"))
    result = snapshot(esx, snapshot="x")
    removed = "remove this task's snapshot 'x', as another client was faster"
    assert (names(result), result["steps"]) == (["x*"], ["create snapshot 'x'", removed])
    assert result["snapshot"]["description"] == "of another client"
    assert snapshot(esx, snapshot="x")["changed"] is False
    beside(monkeypatch, lambda: take(esx, "domain-2"))
    several = snapshot(esx, names=["*"], snapshot="x")
    assert names(several) == {f"domain-{number}": ["x*"] for number in (1, 2, 3)}
    assert several["steps"] == ["create snapshot 'x' of domain-2, domain-3", f"{removed}, of domain-2"]


@pytest.mark.parametrize("which", [{"name": "domain-1"}, {"names": ["*"]}])
def test_a_duplicate_that_cannot_be_removed_is_named(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch, which: dict[str, Any]
) -> None:
    esx.inject(method="RemoveSnapshot_Task", fault="SnapshotFault")
    beside(monkeypatch, lambda: take(esx, "domain-1"))
    with pytest.raises(EsxError, match=r"has two snapshots 'x' now; \S+ is the one to remove") as caught:
        snapshot(esx, snapshot="x", **which)
    assert caught.value.details["changed"] is True
    assert caught.value.details["steps"][0].startswith("create snapshot 'x'")
    esx.clear_faults()
    later = caught.value.message.partition("now; ")[2].split()[0]
    assert names(snapshot(esx, state="absent", snapshot=later)) == ["x*"]


def test_many_domains_wait_for_a_task_of_another_client(esx: Simulator) -> None:
    for state in ("present", "absent"):
        method = "CreateSnapshot_Task" if state == "present" else "RemoveSnapshot_Task"
        task = {"task": {"type": "Task", "value": "task-1"}}
        esx.inject(method=method, fault="TaskInProgress", properties=task, count=1)
        assert snapshot(esx, names=["*"], snapshot="x", state=state)["changed"]
        assert snapshot(esx, names=["*"], snapshot="x", state=state)["changed"] is False


@pytest.mark.parametrize(("which", "gone"), [({}, 1), ({"names": ["*"]}, 1), ({"names": ["*"]}, 3)])
def test_snapshots_that_another_client_has_removed_are_gone(
    esx: Simulator, monkeypatch: pytest.MonkeyPatch, which: dict[str, Any], gone: int
) -> None:
    snapshot(esx, names=["*"], snapshot="x")
    others = [f"domain-{number}" for number in range(1, gone + 1)]
    beside(monkeypatch, partial(snapshot, esx, names=others, state="absent", snapshot="x"))
    assert snapshot(esx, state="absent", snapshot="x", **which)["changed"] is (bool(which) and gone == 1)
