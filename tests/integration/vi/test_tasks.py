# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for tasks, and questions at every moment of them."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    ConnectionFailed,
    Question,
    ServerFault,
    TimedOut,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.pending_tasks import pending_tasks
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.task import (
    Outcome,
    wait_for_task,
    wait_until_idle,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import MOST_LEFT, Watch
from ansible_collections.virt.esx.tests.integration.vi.sessions import find_domain, running, session_on
from ansible_collections.virt.esx.tests.simulator_client import Simulator

APPEND = "Serial device serial0 of domain-1: replace the file or append to it?"


def prepare(host: Simulator, question: str) -> None:
    """Domain 1 is off, and will ask when it is started."""
    while host.domains()["domain-1"]["question"]:
        with session_on(host) as session:
            machine = find_domain(session)
            asked = fetch_one(session, machine, ["runtime.question"])["runtime.question"]
            machine.AnswerVM(asked.id, "2")
    if host.domains()["domain-1"]["state"] == "poweredOn":
        with session_on(host) as session:
            machine = find_domain(session)
            wait_for_task(session, machine.PowerOffVM_Task(), action="Off", vm=machine)
    host.change_from_outside("domain-1", set={"simulator.question": question})
    host.trace(reset=True)


def state_of(host: Simulator) -> str:
    return str(host.domains()["domain-1"]["state"])


def start(session: Session, **options: Any) -> Outcome:
    machine = find_domain(session)
    return wait_for_task(session, machine.PowerOnVM_Task(), action="Starting 'domain-1'", vm=machine, **options)


@pytest.mark.parametrize("delay", ["", ":delay=400"])
@pytest.mark.parametrize("version", ["2.5", "8.0"])
def test_a_question_is_answered_whenever_it_comes(delay: str, version: str) -> None:
    with running("-version", version) as host:
        prepare(host, f"append{delay}")
        with session_on(host, uri={"auto_answer": 1}) as session:
            outcome = start(session)
        assert [answered.answer for answered in outcome.answered] == ["Append"]
        assert APPEND in outcome.answered[0].text
        assert state_of(host) == "poweredOn"


@pytest.mark.parametrize(
    ("kind", "key", "answer", "given"),
    [
        ("append", "msg.serial.file.open", "replace", "Replace"),
        ("append", f"msg.serial.file.open:{APPEND}", "1", "Replace"),
        ("nodefault", "msg.uuid.altered", "button.uuid.copiedTheVM", "button.uuid.copiedTheVM"),
        ("moved:delay=200", "msg.uuid.altered", "button.uuid.movedTheVM", "button.uuid.movedTheVM"),
    ],
)
@pytest.mark.parametrize("auto_answer", [0, 1])
def test_answers_come_before_the_default(
    host: Simulator, kind: str, key: str, answer: str, given: str, auto_answer: int
) -> None:
    prepare(host, kind)
    with session_on(host, answers={key: answer}, uri={"auto_answer": auto_answer}) as session:
        assert [answered.answer for answered in start(session).answered] == [given]
    assert state_of(host) == "poweredOn"


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("append", {}, "'Append', 'Replace', 'Cancel', the default is 'Append'. No answer was given. The task (task-"),
        ("append:delay=300", {}, "No answer was given. The task (task-"),
        ("append", {"answers": {"msg.serial.file.open": "Maybe"}}, "The answer 'Maybe' is not one of them."),
        ("nodefault", {"uri": {"auto_answer": 1}}, "It has no default answer."),
        ("nochoice", {"uri": {"auto_answer": 1}}, "there are no possible answers. It cannot be answered."),
    ],
)
def test_a_task_that_cannot_be_cancelled_stays_blocked(kind: str, options: dict[str, Any], message: str) -> None:
    with running() as host:
        prepare(host, kind)
        with session_on(host, **options) as session, pytest.raises(Question) as caught:
            start(session)
        assert message in caught.value.message
        assert "cannot be cancelled and is still running." in caught.value.message
        assert ("No client can answer" if kind == "nochoice" else "auto_answer=1") in str(caught.value.hint)
        assert host.domains()["domain-1"]["question"]


@pytest.mark.parametrize("kind", ["append:cancelable", "append:cancelable:delay=300"])
def test_a_task_that_can_be_cancelled_is(host: Simulator, kind: str) -> None:
    prepare(host, kind)
    with session_on(host) as session, pytest.raises(Question, match="No answer was given. The task was cancelled."):
        start(session)
    assert state_of(host) == "poweredOff"
    assert not host.domains()["domain-1"]["question"]


def test_the_answer_cancel_is_the_tasks_error(host: Simulator) -> None:
    prepare(host, "append")
    with session_on(host, answers={"msg.serial.file.open": "Cancel"}) as session, pytest.raises(ServerFault) as caught:
        start(session)
    assert "Starting 'domain-1' failed" in caught.value.message
    assert caught.value.fault is not None


@pytest.mark.parametrize("version", ["2.5", "8.0"])
def test_time_is_up(version: str) -> None:
    with running("-version", version) as host:
        prepare(host, "append:delay=30000:cancelable")
        begun = time.monotonic()
        with session_on(host, timeout=1) as session, pytest.raises(TimedOut) as caught:
            start(session)
        assert time.monotonic() - begun < 10
    assert caught.value.message.startswith("Starting 'domain-1' did not end within 1 seconds")
    assert "was asked to stop and is still running." in caught.value.message


def test_a_task_with_an_error(host: Simulator) -> None:
    prepare(host, "")
    host.inject(method="PowerOnVM_Task", fault="InsufficientResourcesFault", count=1, **{"in": "task"})
    with session_on(host) as session, pytest.raises(ServerFault) as caught:
        start(session)
    assert caught.value.fault == "InsufficientResourcesFault"
    assert "Starting 'domain-1' failed: The available resources are not sufficient" in caught.value.message


def test_one_filter_on_task_and_machine(host: Simulator) -> None:
    prepare(host, "append:delay=200")
    with session_on(host, uri={"auto_answer": 1}) as session:
        start(session)
    filters = [call for call in host.trace() if call["method"] == "CreateFilter"]
    assert len(filters) == 1
    assert {"info.state", "runtime.question"} <= set(filters[0]["paths"])
    assert "DestroyPropertyFilter" not in host.methods()  # the logout ends it
    assert len({call["connection"] for call in host.trace()}) == 1


def test_a_session_keeps_few_filters_and_is_not_told_old_news(host: Simulator) -> None:
    prepare(host, "")
    with session_on(host) as session:
        start(session)
        machine = find_domain(session)
        for number in range(3 * MOST_LEFT + 4):
            call = ("PowerOffVM_Task", "PowerOnVM_Task")[number % 2]
            wait_for_task(session, getattr(machine, call)(), action=call, vm=machine)
    filters = filters_by_collector(host.methods())
    assert max(sum(each) for each in filters) == 2 * MOST_LEFT  # half of them are not asked any more
    assert max(each[-1] for each in filters) == MOST_LEFT
    assert "DestroyPropertyFilter" not in host.methods()  # one by one would cost a call each
    sizes = [call["out"] for call in host.trace() if call["method"] == "WaitForUpdatesEx"]
    assert max(sizes) < 2 * statistics.median(sizes)


def filters_by_collector(methods: Sequence[str]) -> list[list[int]]:
    """The filters of each collector of a session after each call; its first one is never destroyed."""
    alive, found = [0], []
    for method in methods:
        if method == "CreatePropertyCollector":
            alive.append(0)
        elif method == "DestroyPropertyCollector":
            del alive[1]
        elif method in ("CreateFilter", "DestroyPropertyFilter"):
            alive[-1] += 1 if method == "CreateFilter" else -1
        found.append(list(alive))
    return found


def test_a_watch_is_told_what_another_one_was_told_meanwhile(host: Simulator) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        with Watch(session, {"VirtualMachine": ["runtime.powerState"]}, [machine]) as watch:
            assert str(watch.next_changes(5)[machine]["runtime.powerState"]) == "poweredOn"
            wait_for_task(session, machine.PowerOffVM_Task(), action="PowerOffVM_Task", vm=machine)
            host.trace(reset=True)
            assert str(watch.next_changes(5)[machine]["runtime.powerState"]) == "poweredOff"
            assert host.methods() == ["WaitForUpdatesEx"]


def test_a_filter_that_has_news_ends_with_the_next_watch(host: Simulator) -> None:
    with session_on(host) as session:
        machine = find_domain(session)
        for _number in range(2):
            with Watch(session, {"VirtualMachine": ["runtime.powerState"]}, [machine]) as watch:
                assert watch.next_changes(5)
    filters = [name for name in host.methods() if name.endswith("Filter")]
    assert filters == ["CreateFilter", "DestroyPropertyFilter", "CreateFilter"]


def test_progress_is_told(host: Simulator) -> None:
    prepare(host, "")
    told: list[int] = []
    with session_on(host) as session:
        start(session, progress=told.append)
    assert all(0 <= percent <= 100 for percent in told)
    assert told == sorted(told)


def test_an_interrupt_cancels_the_task(host: Simulator) -> None:
    prepare(host, "append:cancelable:delay=200")

    def interrupt(_percent: int) -> None:
        raise KeyboardInterrupt

    with session_on(host) as session, pytest.raises(KeyboardInterrupt):
        start(session, progress=interrupt)
    assert "CancelTask" in host.methods()


class TestLeftOver:
    """Questions and tasks of earlier, before the next task can start."""

    def test_a_question_is_answered_and_its_task_waited_for(self, host: Simulator) -> None:
        prepare(host, "append")
        host.change_from_outside("domain-1", task="PowerOnVM_Task")
        with session_on(host, uri={"auto_answer": 1}) as session:
            answered = wait_until_idle(session, find_domain(session), action="Starting 'domain-1'")
            assert [item.answer for item in answered] == ["Append"]
            assert state_of(host) == "poweredOn"

    def test_a_question_without_an_answer_is_left_alone(self) -> None:
        with running() as host:
            prepare(host, "append:cancelable")
            host.change_from_outside("domain-1", task="PowerOnVM_Task")
            with session_on(host) as session, pytest.raises(Question, match="left over from an earlier task"):
                wait_until_idle(session, find_domain(session), action="Starting 'domain-1'")
            assert "CancelTask" not in host.methods()
            assert host.domains()["domain-1"]["question"]

    def test_a_pending_task_is_waited_for(self, host: Simulator) -> None:
        prepare(host, "append:delay=500")
        host.change_from_outside("domain-1", task="PowerOnVM_Task")
        with session_on(host, uri={"auto_answer": 1}) as session:
            assert len(wait_until_idle(session, find_domain(session), action="x")) == 1
            assert state_of(host) == "poweredOn"

    def test_a_pending_task_that_does_not_end(self) -> None:
        with running() as host:
            prepare(host, "append:delay=30000:cancelable")
            host.change_from_outside("domain-1", task="PowerOnVM_Task")
            with (
                session_on(host, timeout=1) as session,
                pytest.raises(TimedOut, match="still pending and was left alone"),
            ):
                wait_until_idle(session, find_domain(session), action="x")
            assert "CancelTask" not in host.methods()

    def test_nothing_is_left(self, host: Simulator) -> None:
        prepare(host, "")
        with session_on(host) as session:
            assert wait_until_idle(session, find_domain(session), action="x") == ()


def test_two_waits_on_one_cached_session_do_not_disturb_each_other() -> None:
    with running("-autostart=false") as host:
        for name in ("domain-1", "domain-2"):
            host.change_from_outside(name, set={"simulator.question": "append:delay=400"})
        failed: list[BaseException] = []

        def work(name: str) -> None:
            try:
                with session_on(host, session_cache=True, uri={"auto_answer": 1}) as session:
                    machine = find_domain(session, name)
                    wait_for_task(session, machine.PowerOnVM_Task(), action=name, vm=machine)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=work, args=(name,)) for name in ("domain-1", "domain-2")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert failed == []
        assert {domain["state"] for domain in host.domains().values()} == {"poweredOn"}


def test_a_task_with_patience_may_take_as_long_as_it_makes_progress() -> None:
    with running("-copy-delay", "3000", "-autostart=false") as host, session_on(host, timeout=1) as session:
        machine = find_domain(session)
        taken = wait_for_task(session, machine.CreateSnapshot_Task("x", "", False, False), action="Taking").result
        wait_for_task(session, taken.RemoveSnapshot_Task(False, True), action="Removing", patience=1.0)
        with pytest.raises(TimedOut, match=r"did not end within 1 seconds \([0-9]+% done\)"):
            again = wait_for_task(session, machine.CreateSnapshot_Task("x", "", False, False), action="Taking").result
            wait_for_task(session, again.RemoveSnapshot_Task(False, True), action="Removing")


class TestLostAnswers:
    """An outcome that the server does not tell is asked for; if that fails, the error says that it is unknown."""

    @pytest.mark.parametrize("drop", ["before", "after"])
    def test_so_is_the_next_one_when_its_filter_stays(self, host: Simulator, drop: str) -> None:
        prepare(host, "")
        host.inject(method="DestroyPropertyFilter", drop=drop, count=1)
        with session_on(host) as session:
            with Watch(session, {"VirtualMachine": ["runtime.powerState"]}, [find_domain(session)]) as watch:
                assert watch.next_changes(5)
            start(session)
        assert "DestroyPropertyFilter" in host.methods()
        assert state_of(host) == "poweredOn"

    @pytest.mark.parametrize("method", ["CreateFilter", "WaitForUpdatesEx"])
    @pytest.mark.parametrize("drop", ["before", "after"])
    def test_the_task_is_followed_all_the_same(self, host: Simulator, method: str, drop: str) -> None:
        prepare(host, "append:delay=300")
        host.inject(method=method, drop=drop, count=1)
        begun = time.monotonic()
        with session_on(host, uri={"auto_answer": 1}, timeout=20) as session:
            start(session)
        assert time.monotonic() - begun < 5
        assert state_of(host) == "poweredOn"

    def test_without_a_filter_the_task_is_read(self, host: Simulator) -> None:
        prepare(host, "append:delay=300")
        host.inject(method="CreateFilter", drop="before")
        with session_on(host, uri={"auto_answer": 1}, timeout=20) as session:
            start(session)
        assert state_of(host) == "poweredOn"

    def test_a_stalled_answer_does_not_outlive_the_time(self) -> None:
        with running() as host:
            prepare(host, "append:delay=30000:cancelable")
            host.inject(method="WaitForUpdatesEx", delay=20_000, count=1)
            begun = time.monotonic()
            with session_on(host, timeout=2) as session, pytest.raises(TimedOut):
                start(session)
            assert time.monotonic() - begun < 12

    def test_a_task_that_cannot_be_read_is_unknown(self, host: Simulator) -> None:
        prepare(host, "append:delay=300")
        with session_on(host, uri={"auto_answer": 1}) as session:
            machine = find_domain(session)
            task = machine.PowerOnVM_Task()
            for method in ("CreateFilter", "RetrievePropertiesEx"):
                host.inject(method=method, drop="before")
            with pytest.raises(ConnectionFailed) as caught:
                wait_for_task(session, task, action="Starting 'domain-1'", vm=machine)
            host.clear_faults()
            assert caught.value.in_doubt
            assert "Starting 'domain-1' has begun, but the server does not say how it ended" in caught.value.message
            wait_until_idle(session, machine, action="x")

    def test_a_task_that_the_server_has_forgotten_is_not_pending(self, host: Simulator) -> None:
        with session_on(host) as session:
            gone = session.ref("Task", "task-9999999")
            assert pending_tasks(session, [gone]) == []
            assert pending_tasks(session, [gone, session.ref("Task", "task-9999998")]) == []
