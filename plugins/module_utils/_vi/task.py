# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for tasks, and for questions that block them.

One property filter watches the task and its virtual machine together, so that a question is noticed whenever it comes
(libvirt notices only those that are there before it waits). When a task is given up on, it is cancelled where the
server allows it, and the error says what state things are in.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Callable

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import from_fault
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import Answered, blocked_by, decide, read_question
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import Watch

TASK_PATHS = ("info.state", "info.error", "info.progress", "info.cancelable", "info.result")

# The seconds between looks at a task that was cancelled; then it is left to itself.
_CANCEL_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """What a task came to: the value of its ``info.result`` and the questions that were answered on its way."""

    result: Any = None
    answered: tuple[Answered, ...] = ()


class _GivenUp(Exception):
    """Stops the waiting; carries a function from what became of the task to the error to raise."""

    def __init__(self, make_error: Callable[[str], EsxError]) -> None:
        super().__init__()
        self.make_error = make_error


def wait_for_task(
    session: Session,
    task: Any,
    *,
    doing: str,
    vm: Any = None,
    progress: Progress | None = None,
    timeout: float | None = None,
) -> Outcome:
    """Wait until a task has ended, and answer the questions that come up.

    :param task: the reference to the task.
    :param doing: what the task does, for messages: ``Starting domain 'web'``.
    :param vm: the virtual machine whose questions are watched, or None.
    :param progress: called with the percentage whenever it changes.
    :param timeout: seconds to wait; the connection's ``timeout`` if it is None.
    :raises ServerFault: if the task ended with an error.
    :raises Question: if there is no answer for a question; the task was cancelled if that was possible.
    :raises TimedOut: if it did not end in time; the task was cancelled if that was possible.
    """
    waiting = _Waiting(session, task, vm, doing, progress, timeout)
    try:
        return waiting.run()
    except _GivenUp as given_up:
        raise given_up.make_error(_cancel(session, task, waiting.seen)) from None
    except (KeyboardInterrupt, SystemExit):
        _cancel(session, task, waiting.seen)
        raise


def settle(session: Session, vm: Any, *, doing: str, progress: Progress | None = None) -> tuple[Answered, ...]:
    """Bring a virtual machine into a state in which the next task can start.

    A question that was left over is answered, and the tasks that are still pending are waited for. The caller has to
    look at the machine's state anew if it was not settled before: see ``is_settled``.

    :returns: the questions that were answered.
    :raises Question: if there is no answer for a question; the old task is left as it is.
    :raises TimedOut: if a pending task does not end in time; it is left as it is.
    """
    values = fetch_one(session, vm, ["runtime.question", "recentTask"])
    answered: list[Answered] = []
    if values["runtime.question"] is not None:
        answered.append(_answer_left_over(session, vm, values["runtime.question"]))
    for task in pending_tasks(session, values["recentTask"]):
        waiting = _Waiting(session, task, vm, doing, progress, None)
        try:
            answered.extend(waiting.run(ended_badly=False).answered)
        except _GivenUp as given_up:
            raise given_up.make_error("An earlier task is still pending and was left alone.") from None
    return tuple(answered)


def pending_tasks(session: Session, recent: Any) -> list[Any]:
    """Return those of a VM's ``recentTask`` that are queued or running; one call for all."""
    tasks = list(recent or ())
    rows = fetch(session, "Task", ["info.state"], objects=tasks) if tasks else []
    return [task for task, values in rows if str(values["info.state"]) in ("queued", "running")]


class _Waiting:
    """The state of one wait: what was seen of the task so far, and the questions that were answered."""

    def __init__(
        self,
        session: Session,
        task: Any,
        vm: Any,
        doing: str,
        progress: Progress | None,
        timeout: float | None,
    ) -> None:
        self.session = session
        self.task = task
        self.vm = vm
        self.doing = doing
        self.progress = progress
        self.seconds = float(session.connection.timeout) if timeout is None else timeout
        self.deadline = time.monotonic() + self.seconds
        self.seen: dict[str, Any] = {}
        self.answered: list[Answered] = []

    def run(self, *, ended_badly: bool = True) -> Outcome:
        """Wait; ``ended_badly`` says whether an error of the task is raised."""
        wanted = {"Task": list(TASK_PATHS)}
        objects = [self.task]
        if self.vm is not None:
            wanted["VirtualMachine"] = ["runtime.question"]
            objects.append(self.vm)
        with Watch(self.session, wanted, objects) as watch:
            while str(self.seen.get("info.state")) not in ("success", "error"):
                remaining = self.deadline - time.monotonic()
                changes = watch.next_changes(remaining) if remaining > 0 else None
                if changes is None:
                    self._give_up_in_time()
                self._take(changes or {})
        if ended_badly and str(self.seen["info.state"]) == "error":
            raise self._error()
        return Outcome(self.seen.get("info.result"), tuple(self.answered))

    def _take(self, changes: dict[str, Any]) -> None:
        before = self.seen.get("info.progress")
        self.seen.update(changes)
        percent = self.seen.get("info.progress")
        if self.progress is not None and percent is not None and percent != before:
            self.progress(int(percent))
        question = self.seen.get("runtime.question")
        if question is not None and str(self.seen.get("info.state")) not in ("success", "error"):
            self._answer(question)

    def _answer(self, info: Any) -> None:
        """Answer a question once; the server takes a moment to withdraw it."""
        asked = read_question(info)
        if any(answered.id == asked.id for answered in self.answered):
            return
        connection = self.session.connection
        decision = decide(asked, connection.answers, connection.uri.auto_answer)
        if decision.choice is None:
            raise _GivenUp(lambda state: blocked_by(asked, decision.reason, state))
        self.vm.AnswerVM(asked.id, decision.choice.key)
        self.answered.append(Answered(asked.id, asked.text, decision.choice.label))

    def _give_up_in_time(self) -> None:
        percent = self.seen.get("info.progress")
        reached = "" if percent is None else f" ({percent}% done)"
        message = f"{self.doing} did not end within {self.seconds:.0f} seconds{reached}."
        hint = "Raise the option timeout if the host needs longer."
        raise _GivenUp(lambda state: TimedOut(f"{message} {state}", hint=hint))

    def _error(self) -> EsxError:
        fault = self.seen.get("info.error")
        if fault is None:
            return EsxError(f"{self.doing} failed: unknown error.")
        return from_fault(fault, self.doing)


def _answer_left_over(session: Session, vm: Any, info: Any) -> Answered:
    asked = read_question(info)
    connection = session.connection
    decision = decide(asked, connection.answers, connection.uri.auto_answer)
    if decision.choice is None:
        raise blocked_by(asked, decision.reason, "It was left over from an earlier task, which is still blocked.")
    vm.AnswerVM(asked.id, decision.choice.key)
    return Answered(asked.id, asked.text, decision.choice.label)


def _cancel(session: Session, task: Any, seen: dict[str, Any]) -> str:
    """Cancel a task where that is possible; return what became of it, as a sentence."""
    if not seen.get("info.cancelable"):
        return f"The task ({moid(task)}) cannot be cancelled and is still {seen.get('info.state', 'running')}."
    try:
        task.CancelTask()
        for pause in _CANCEL_PAUSES:
            state = str(fetch_one(session, task, ["info.state"])["info.state"])
            if state == "error":
                return "The task was cancelled."
            if state == "success":
                return "The task ended before it could be cancelled."
            time.sleep(pause)
    except EsxError as error:
        return f"The task ({moid(task)}) could not be cancelled: {error}"
    return f"The task ({moid(task)}) was asked to stop and is still {state}."
