# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that leave the server while they are watched, as a domain does that another client unregisters or moves."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, NotFound, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.task import Outcome, wait_for_task
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import LEFT, Watch
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_host
from ansible_collections.virt.esx.tests.integration import contracts
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.integration.vi.sessions import find_domain, session_on
from ansible_collections.virt.esx.tests.simulator_client import Simulator

_STATE = "runtime.powerState"


@pytest.fixture
def three() -> Iterator[Simulator]:
    """A host with three domains that run, in whose guests VMware Tools run and ignore a shutdown."""
    with contracts.start_host("-domains", "3") as simulator:
        for name in ("domain-1", "domain-2", "domain-3"):
            simulator.change_from_outside(
                name, set={"simulator.tools": "running", "simulator.shutdownDelay": "never", "simulator.address": ""}
            )
        yield simulator


def let_leave(monkeypatch: pytest.MonkeyPatch, kind: str, last: bool = False) -> None:
    """Let objects of a type leave as soon as they are watched; with ``last``, the one with the highest moid."""
    original = Watch.next_changes

    def next_changes(watch: Watch, seconds: float) -> Any:
        changes = original(watch, seconds)
        found = sorted((ref for ref in changes if type_name(ref) == kind), key=moid)
        return {**changes, **{ref: {LEFT: True} for ref in (found[-1:] if last else found)}}

    monkeypatch.setattr(Watch, "next_changes", next_changes)


def test_a_domain_that_is_unregistered_leaves_its_watch(host: Simulator) -> None:
    with session_on(host) as session:
        machine, other = find_domain(session), find_domain(session, "domain-2")
        if host.domains()["domain-2"]["state"] == "poweredOn":
            wait_for_task(session, other.PowerOffVM_Task(), action="Off")
        path = host.domains()["domain-2"]["vmx"]
        with Watch(session, {"VirtualMachine": [_STATE]}, [machine, other]) as watch:
            assert set(watch.next_changes(5)) == {machine, other}
            other.UnregisterVM()
            begun = time.monotonic()
            assert watch.next_changes(20) == {other: {LEFT: True}}
            assert time.monotonic() - begun < 5
            assert set(watch.read()) == {machine}
        folder, pool = session.ref("Folder", "ha-folder-vm"), session.ref("ResourcePool", "ha-root-pool")
        wait_for_task(session, folder.RegisterVM_Task(path, None, False, pool, None), action="Register")


def test_a_task_that_leaves_is_lost_at_once(host: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    let_leave(monkeypatch, "Task")
    with session_on(host) as session:
        with pytest.raises(ConnectionFailed, match="Resetting has begun, but the server does not say how it") as caught:
            wait_for_task(session, find_domain(session).ResetVM_Task(), action="Resetting", timeout=60)
        assert caught.value.in_doubt


def test_the_other_tasks_go_on(three: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    let_leave(monkeypatch, "Task", last=True)
    with session_on(three, username=USER, password=PASSWORD) as session:
        jobs = [
            Job(f"Resetting {name}", find_domain(session, name).ResetVM_Task, patience=math.inf)
            for name in ("domain-1", "domain-2")
        ]
        results = run_jobs(session, jobs, at_once=2)
    assert {type(result) for result in results} == {Outcome, ConnectionFailed}


def test_a_domain_that_leaves_does_not_end_the_other_waits(three: Simulator) -> None:
    """A domain is unregistered while it is watched; when the task of another one ends, the rest is watched anew."""
    for name, delay in (("domain-2", 1500), ("domain-3", 800)):
        three.change_from_outside(name, set={"simulator.question.ResetVM_Task": f"append:delay={delay}"})
    login: dict[str, Any] = {"username": USER, "password": PASSWORD, "uri": {"auto_answer": 1}}
    with session_on(three, **login) as session:
        off, slow, fast = (find_domain(session, name) for name in ("domain-1", "domain-2", "domain-3"))
        wait_for_task(session, off.PowerOffVM_Task(), action="Off")
        with session_on(three, **login) as other:
            gone = find_domain(other)
            timer = threading.Timer(0.3, gone.UnregisterVM)
            timer.start()
            jobs = [Job("Watching", slow.ResetVM_Task, off, patience=3), Job("Resetting", fast.ResetVM_Task, fast)]
            results = run_jobs(session, jobs, at_once=2)
            timer.join()
    assert [type(result) for result in results] == [TimedOut, Outcome]


def test_a_domain_whose_shutdown_is_waited_for(three: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    let_leave(monkeypatch, "VirtualMachine", last=True)
    with pytest.raises(NotFound, match="The domain 'domain-1' is no longer on the server"):
        contracts.carry_out(esx_domain.CONTRACT, three, name="domain-1", state="shutdown", timeout=60)
    with pytest.raises(
        EsxError, match=r"for 1 of 2 domains. Domain 'domain-2': It is no longer on the server"
    ) as caught:
        contracts.carry_out(
            esx_domain.CONTRACT, three, names=["domain-1", "domain-2"], state="shutdown", timeout=60, shutdown_timeout=1
        )
    assert [each.get("failed", False) for each in caught.value.details["domains"]] == [False, True]


def test_a_guest_that_is_waited_for(three: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    let_leave(monkeypatch, "VirtualMachine")
    with pytest.raises(TimedOut, match="The domain 'domain-1' is no longer on the server"):
        contracts.carry_out(esx_domain.CONTRACT, three, name="domain-1", wait_for=["address"], timeout=60)


def test_a_domain_that_leaves_a_host_need_not_be_stopped(three: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("domain-1", "domain-2"):
        three.change_from_outside(name, set={"simulator.shutdownDelay": "100"})
    let_leave(monkeypatch, "VirtualMachine", last=True)
    contracts.carry_out(
        esx_host.CONTRACT, three, state="maintenance", domains="shutdown", shutdown_timeout=60, wait=False
    )
