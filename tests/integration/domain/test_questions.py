# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain`` and the questions that a host asks: at once, late, without a default, left over from earlier."""

from __future__ import annotations

import concurrent.futures
import time
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import Question, Refused, ServerFault
from ansible_collections.virt.esx.tests.integration.domain.domains import ensure, predict_and_apply
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

LOGIN = (USER, PASSWORD)
MOVED = {"msg.uuid.altered": "button.uuid.movedTheVM"}


@pytest.fixture
def off(esx: Simulator) -> Simulator:
    """A host whose domain is shut off."""
    ensure(esx, name="domain-1", state="destroyed")
    return esx


def asks(esx: Simulator, question: str, method: str = "") -> None:
    """Have the domain ask, when it is powered on or in another method."""
    esx.change_from_outside("domain-1", set={"simulator.question" + (f".{method}" if method else ""): question})


def start(esx: Simulator, **arguments: Any) -> dict[str, Any]:
    return ensure(esx, name="domain-1", state="running", timeout=20, **arguments)


def auto_answer(esx: Simulator) -> dict[str, Any]:
    return {"uri": esx.uri(user=USER, no_verify=1, auto_answer=1)}


def state(esx: Simulator) -> str:
    return str(esx.domains()["domain-1"]["state"])


@pytest.mark.parametrize("when", ["", ":delay=400", ":cancelable"])
def test_a_question_is_answered_whenever_it_comes(off: Simulator, when: str) -> None:
    asks(off, f"moved{when}")
    result = predict_without_questions(off, answers=MOVED)
    assert result["domain"]["state"] == "running"
    (question,) = result["questions"]
    assert (question["answer"], "might have been moved" in question["text"]) == ("button.uuid.movedTheVM", True)


def test_two_questions_of_one_task_are_both_answered(off: Simulator) -> None:
    asks(off, "moved,append")
    result = start(off, answers={**MOVED, "msg.serial.file.open": "Replace"})
    assert result["domain"]["state"] == "running"
    assert [asked["answer"] for asked in result["questions"]] == ["button.uuid.movedTheVM", "Replace"]


def test_a_second_question_without_an_answer_names_itself(off: Simulator) -> None:
    asks(off, "append,moved:cancelable")
    with pytest.raises(Question, match="might have been moved") as blocked:
        start(off, answers={"msg.serial.file.open": "Replace"})
    assert "The task was cancelled" in str(blocked.value)
    assert state(off) == "poweredOff"


def predict_without_questions(esx: Simulator, **arguments: Any) -> dict[str, Any]:
    """Check mode starts no task, so it predicts all but questions."""
    predicted, done = start(esx, check=True, **arguments), start(esx, **arguments)
    assert {**predicted, "questions": done["questions"]} == done
    return done


@pytest.mark.parametrize("when", ["", ":delay=400"])
def test_the_default_is_taken_where_the_uri_says_so(off: Simulator, when: str) -> None:
    asks(off, f"append{when}")
    assert [asked["answer"] for asked in start(off, **auto_answer(off))["questions"]] == ["Append"]
    assert state(off) == "poweredOn"


def test_an_answer_comes_before_the_default(off: Simulator) -> None:
    asks(off, "append")
    answers = {"msg.serial.file.open": "Replace"}
    assert [asked["answer"] for asked in start(off, answers=answers, **auto_answer(off))["questions"]] == ["Replace"]


# The question, the answers that are given, and the error.
UNANSWERED = [
    ("moved", {}, "possible answers are 'button.uuid.cancel', 'button.uuid.movedTheVM', 'button.uuid.copiedTheVM'"),
    ("moved", {"answers": {"msg.uuid.altered": "Yes"}}, "The answer 'Yes' is not one of them"),
    ("nodefault", {"auto_answer": 1}, "It has no default answer"),
    ("nochoice", {"auto_answer": 1}, "there are no possible answers"),
]


@pytest.mark.parametrize(("question", "given", "said"), UNANSWERED)
@pytest.mark.parametrize(("how", "became"), [(":cancelable", "was cancelled"), ("", "cannot be cancelled")])
def test_without_an_answer_the_task_is_cancelled_where_that_is_possible(
    off: Simulator, question: str, given: dict[str, Any], said: str, how: str, became: str
) -> None:
    asks(off, question + how)
    arguments = auto_answer(off) if "auto_answer" in given else given
    with pytest.raises(Question, match=said) as blocked:
        start(off, **arguments)
    assert became in blocked.value.message
    assert set(blocked.value.details["question"]) == {"id", "text", "choices", "default"}
    assert state(off) == "poweredOff"


def test_a_question_that_was_left_over_is_answered_and_its_task_waited_for(off: Simulator) -> None:
    asks(off, "append")
    with pytest.raises(Question):
        start(off)
    for check in (True, False):
        with pytest.raises(Question, match="left over from an earlier task"):
            start(off, check=check)
    result = start(off, **auto_answer(off))
    assert (result["changed"], result["domain"]["state"], result["steps"]) == (True, "running", [])
    assert [asked["answer"] for asked in result["questions"]] == ["Append"]
    assert not start(off)["changed"]


def test_the_state_is_looked_at_anew_behind_an_old_question(off: Simulator) -> None:
    asks(off, "append")
    with pytest.raises(Question):
        start(off)
    result = ensure(off, name="domain-1", state="destroyed", **auto_answer(off))
    assert not result["changed"]  # it is off, be it blocked: nothing has to be done
    with pytest.raises(Refused, match="it is running"):  # it runs once its question is answered
        ensure(off, name="domain-1", state="undefined", **auto_answer(off))


def test_a_pending_task_of_somebody_else_is_waited_for(off: Simulator) -> None:
    off.inject(method="PowerOnVM_Task", delay=600, **{"in": "task"})
    off.change_from_outside("domain-1", task="PowerOnVM_Task")
    result = start(off)
    assert (result["changed"], result["domain"]["state"]) == (False, "running")


def test_a_question_in_a_live_change(esx: Simulator) -> None:
    asks(esx, "append", "ReconfigVM_Task")
    result = ensure(esx, name="domain-1", annotation="asked", **auto_answer(esx))
    assert (result["steps"], len(result["questions"])) == (["change annotation"], 1)


def test_a_question_while_a_guest_shuts_down(with_tools: Simulator) -> None:
    with_tools.change_from_outside("domain-1", set={"simulator.shutdownDelay": "500"})
    with_tools.change_from_outside("domain-1", question="append")
    result = ensure(with_tools, name="domain-1", state="shutdown", timeout=20, **auto_answer(with_tools))
    assert (result["domain"]["state"], len(result["questions"])) == ("shutoff", 1)


def test_nothing_is_asked_of_nobody(esx: Simulator) -> None:
    assert predict_and_apply(esx, name="domain-1", state="paused")["questions"] == []


@pytest.mark.parametrize("left_over", [False, True])
def test_a_question_that_another_client_answers_first_stops_nothing(off: Simulator, left_over: bool) -> None:
    asks(off, "moved")
    if left_over:
        with pytest.raises(Question):
            start(off)
    off.inject(method="AnswerVM", delay=30_000, count=1)
    with concurrent.futures.ThreadPoolExecutor() as pool:
        task = pool.submit(start, off, answers=MOVED)
        while not off.activity()["delayed"]:
            time.sleep(0.01)
        with client(off, login=LOGIN) as other:
            domain = other.domain("domain-1")
            domain.AnswerVM(other.get(domain, "runtime.question").id, "2")
        off.clear_faults()
        result = task.result()
    assert (result["domain"]["state"], result["questions"]) == ("running", [])


@pytest.mark.parametrize("left_over", [False, True])
def test_a_question_that_another_client_is_answering_stops_nothing(off: Simulator, left_over: bool) -> None:
    """The server says so while the question is still there."""
    asks(off, "moved:cancelable")
    if left_over:
        asks(off, "moved")
        with pytest.raises(Question):
            start(off)
    off.trace(reset=True)
    off.inject(method="AnswerVM", fault="ConcurrentAccess", count=1)
    with concurrent.futures.ThreadPoolExecutor() as pool, client(off, login=LOGIN) as other:
        task = pool.submit(start, off, answers=MOVED)
        while "AnswerVM" not in off.methods():
            time.sleep(0.01)
        if not left_over:  # one that is left over is answered again at once
            domain = other.domain("domain-1")
            domain.AnswerVM(other.get(domain, "runtime.question").id, "2")
        result = task.result()
    assert result["domain"]["state"] == "running"


def test_an_answer_that_is_refused_is_an_error(off: Simulator) -> None:
    asks(off, "moved:cancelable")
    off.inject(method="AnswerVM", fault="InvalidArgument", count=1)
    with pytest.raises(ServerFault, match="AnswerVM failed.*The task was cancelled"):
        start(off, answers=MOVED)
