# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that are kept for the next task."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import AuthFailed, CacheUnusable
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session
from ansible_collections.virt.esx.plugins.module_utils._vi.session_cache import (
    SessionCache,
    cache_directory,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.task import wait_for_task
from ansible_collections.virt.esx.tests.integration.contracts import calls_of
from ansible_collections.virt.esx.tests.integration.vi.sessions import (
    BEGIN,
    PASSWORD,
    connection_to,
    find_domain,
    no_change,
    reconfiguration,
    running,
    session_on,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def run(simulator: Simulator, **options: Any) -> list[str]:
    with session_on(simulator, session_cache=True, **options) as session:
        no_change(session)
    calls = simulator.trace()
    assert len({call["connection"] for call in calls}) == 1
    return [call["method"] for call in calls]


def files() -> list[Path]:
    return sorted(cache_directory(os.environ).glob("*.json"))


@pytest.fixture(autouse=True)
def _end(host: Simulator) -> Any:
    yield
    host.expire_sessions()


def test_the_next_task_makes_its_own_calls_only(host: Simulator) -> None:
    assert run(host) == [*BEGIN, "FindByInventoryPath", "RetrievePropertiesEx"]
    assert run(host) == ["FindByInventoryPath", "RetrievePropertiesEx"]
    assert len(host.sessions()) == 1


def test_the_file_has_no_secret(host: Simulator) -> None:
    run(host)
    (path,) = files()
    assert path.stat().st_mode & 0o777 == 0o600
    assert PASSWORD not in path.read_text()
    assert "s3cret" not in path.read_text()


def test_an_expired_session_is_renewed(host: Simulator) -> None:
    run(host)
    host.expire_sessions()
    methods = run(host)
    assert methods.count("Login") == 1
    assert run(host) == ["FindByInventoryPath", "RetrievePropertiesEx"]


def test_another_user_or_check_has_another_session(host: Simulator) -> None:
    run(host)
    with pytest.raises(AuthFailed):
        run(host, username="other")
    run(host, uri={"no_verify": 0}, ca_path=host.certificate)
    assert len(files()) == 2


def test_tasks_at_the_same_time_log_in_once(host: Simulator) -> None:
    errors: list[BaseException] = []
    host.trace(reset=True)

    def task() -> None:
        try:
            with open_session(connection_to(host, session_cache=True)) as session:
                no_change(session)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=task) for _turn in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert host.methods().count("Login") == 1


def test_a_session_renewed_by_another_task_is_used(host: Simulator) -> None:
    with session_on(host, session_cache=True) as session:
        host.expire_sessions()
        with open_session(connection_to(host, session_cache=True)) as other:
            no_change(other)
        no_change(session)
        assert session.cookie == other.cookie
    assert host.methods().count("Login") == 2


def test_a_task_that_waits_has_its_own_collector(host: Simulator) -> None:
    with session_on(host, session_cache=True) as session:
        machine = find_domain(session)
        for _number in range(3):
            wait_for_task(session, machine.ReconfigVM_Task(reconfiguration()), action="Note", vm=machine)
    methods = [name for name in calls_of(host) if name.endswith(("Collector", "Filter", "UpdatesEx"))]
    waits = ["CreateFilter", "WaitForUpdatesEx"] * 3
    assert methods == ["CreatePropertyCollector", *waits, "DestroyPropertyCollector"]


@pytest.mark.parametrize("lost", ["CreatePropertyCollector", "CreateFilter", "WaitForUpdatesEx"])
def test_a_wait_with_its_own_collector_goes_on_when_an_answer_is_lost(host: Simulator, lost: str) -> None:
    with session_on(host, session_cache=True) as session:
        machine = find_domain(session)
        host.inject(method=lost, drop="after", count=1)
        for _number in range(2):
            wait_for_task(session, machine.ReconfigVM_Task(reconfiguration()), action="Note", vm=machine)
    assert host.methods().count("ReconfigVM_Task") == 2


def test_a_wait_goes_on_when_the_session_ends_before_its_filter_is_made(host: Simulator) -> None:
    """In the next session there is no such collector."""
    with session_on(host, session_cache=True) as session:
        machine = find_domain(session)
        host.inject(method="CreateFilter", fault="NotAuthenticated", count=1)
        for _number in range(2):
            wait_for_task(session, machine.ReconfigVM_Task(reconfiguration()), action="Note", vm=machine)
    assert host.methods().count("ReconfigVM_Task") == 2
    assert host.methods().count("Login") == 2


def test_a_wait_goes_on_when_another_call_has_renewed_the_session() -> None:
    with running("-domains", "1") as host:
        host.change_from_outside("domain-1", set={"simulator.question": "moved"})
        with session_on(host, session_cache=True, uri={"auto_answer": 1}) as session:
            machine = find_domain(session)
            wait_for_task(session, machine.PowerOffVM_Task(), action="Stopping", vm=machine)
            host.inject(method="AnswerVM", fault="NotAuthenticated", count=1)
            outcome = wait_for_task(session, machine.PowerOnVM_Task(None), action="Starting", vm=machine)
        assert [answered.answer for answered in outcome.answered] == ["button.uuid.copiedTheVM"]
        host.expire_sessions()


def test_a_session_that_cannot_be_kept_is_closed(host: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise CacheUnusable("/cache", "No space left on device")

    monkeypatch.setattr(SessionCache, "store", fail)
    warnings: list[str] = []
    with open_session(connection_to(host, session_cache=True), warn=warnings.append) as session:
        no_change(session)
    assert host.sessions() == []
    assert len(warnings) == 1
    assert "is not kept for later tasks. The session cache /cache cannot be used: No space left" in warnings[0]


def test_a_user_without_a_home_keeps_no_session(host: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 987_654)
    warnings: list[str] = []
    with open_session(connection_to(host, session_cache=True), warn=warnings.append) as session:
        no_change(session)
    assert host.sessions() == []
    assert [text.partition("later tasks. ")[2] for text in warnings] == [
        "The session cache below ~/.cache cannot be used: the user has no home directory."
    ]


def test_without_the_option_nothing_is_stored(host: Simulator) -> None:
    with session_on(host) as session:
        no_change(session)
    assert files() == []
