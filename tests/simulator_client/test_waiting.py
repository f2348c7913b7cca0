# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients wait for changes: each session is told of all of its own, however many wait at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client, vim, vmodl

PC = vmodl.query.PropertyCollector


def watch(host: Client, paths: dict[Any, list[str]], *, partial: bool = False) -> Any:
    """A filter for paths of objects."""
    spec = PC.FilterSpec(
        objectSet=[PC.ObjectSpec(obj=obj) for obj in paths],
        propSet=[PC.PropertySpec(type=type(obj), pathSet=names) for obj, names in paths.items()],
    )
    return host.content.propertyCollector.CreateFilter(spec, partial)


def next_changes(host: Client, version: str, seconds: int = 5) -> tuple[str, dict[str, Any]]:
    """Version and changes by path of the next answer; the old version and nothing when there is none in time."""
    answer = host.content.propertyCollector.WaitForUpdatesEx(version, PC.WaitOptions(maxWaitSeconds=seconds))
    if answer is None:
        return version, {}
    found = {c.name: c.val for s in answer.filterSet for o in s.objectSet for c in o.changeSet}
    return answer.version, found


def follow(host: Client, task: Any) -> str:
    """Wait for the end of a task by updates alone."""
    created = watch(host, {task: ["info.state"]})
    version, state = "", "running"
    while state in ("running", "queued"):
        version, changes = next_changes(host, version)
        if not changes:
            return "lost"
        state = changes["info.state"]
    created.DestroyPropertyFilter()
    return state


def test_many_sessions_wait_side_by_side() -> None:
    flags = ("-kind", "vcenter", "-hosts", "2", "-domains", "16", "-migration-delay", "200")
    with start_simulator(*flags) as simulator, client(simulator) as first:
        host = first.all(vim.HostSystem)["DC0_H1"]
        pool = first.get(first.get(host, "parent"), "resourcePool")

        def migrate(number: int) -> str:
            with client(simulator) as own:
                domain = vim.VirtualMachine(domains[number]._moId, own.instance._stub)
                return follow(own, domain.MigrateVM_Task(host=host, pool=pool, priority="defaultPriority"))

        found = first.all(vim.VirtualMachine)
        domains = [found[f"domain-{number + 1}"] for number in range(16)]
        with ThreadPoolExecutor(16) as threads:
            assert list(threads.map(migrate, range(16))) == ["success"] * 16


def test_two_sessions_see_the_same_change(esx: Simulator, host: Client) -> None:
    with client(esx) as other:
        watchers = [(host, host.domain("domain-1")), (other, other.domain("domain-1"))]
        versions = []
        for who, domain in watchers:
            watch(who, {domain: ["config.annotation"]})
            versions.append(next_changes(who, "")[0])
        host.reconfigure(watchers[0][1], annotation="seen by both")
        for (who, _domain), version in zip(watchers, versions):
            assert next_changes(who, version)[1] == {"config.annotation": "seen by both"}


def test_a_lost_answer_comes_again_and_an_unknown_version_is_refused(host: Client) -> None:
    domain = host.domain("domain-1")
    watch(host, {domain: ["config.annotation"]})
    version, _changes = next_changes(host, "")
    host.reconfigure(domain, annotation="once")
    first = next_changes(host, version)
    assert first[1] == {"config.annotation": "once"}
    assert next_changes(host, version) == first
    assert next_changes(host, first[0], seconds=0) == (first[0], {})
    with pytest.raises(vmodl.query.InvalidCollectorVersion):
        next_changes(host, "nonsense")


@pytest.mark.parametrize("partial", [False, True])
def test_partial_updates_contain_only_the_changes(host: Client, partial: bool) -> None:
    domain = host.domain("domain-2")
    host.reconfigure(domain, annotation="")
    watch(host, {domain: ["summary"]}, partial=partial)
    version, first = next_changes(host, "")
    assert set(first) == {"summary"}
    host.reconfigure(domain, annotation="partly")
    version, changes = next_changes(host, version)
    if partial:
        assert changes["summary.config.annotation"] == "partly"
        assert "summary" not in changes
    else:
        assert set(changes) == {"summary"}


def test_who_waits_hears_that_the_session_is_over() -> None:
    with start_simulator("-domains", "1") as simulator:
        waiter = Client(simulator)
        watch(waiter, {waiter.domain("domain-1"): ["name"]})
        version, _changes = next_changes(waiter, "")
        with ThreadPoolExecutor(1) as thread:
            waiting = thread.submit(next_changes, waiter, version, 30)
            simulator.expire_sessions()
            with pytest.raises(vim.fault.NotAuthenticated):
                waiting.result(10)
