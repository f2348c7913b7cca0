# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for tasks, and for questions that block them.

One property filter watches the task and its virtual machine together, so that a question is noticed whenever it comes
(libvirt notices only those that exist before it waits). When the wait is given up, the task is cancelled if the server
allows it, and the error says what state things are in.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.virt.esx.plugins.module_utils._errors import (
    DOUBT,
    ConnectionFailed,
    EsxError,
    NotFound,
    ServerFault,
    TimedOut,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import from_fault
from ansible_collections.virt.esx.plugins.module_utils._vi.pending_tasks import STATE_PATH, pending_tasks
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import (
    Answered,
    Asked,
    Choice,
    blocked_by,
    decide,
    read_question,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import LEFT, Changes, Watch

TASK_PATHS = (STATE_PATH, "info.error", "info.progress", "info.cancelable", "info.result")

# The seconds between reads of a cancelled task, after which it is left alone.
_CANCEL_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Outcome:
    """The outcome of a task: the value of its ``info.result`` and the questions that were answered.

    ``values`` has the properties of the virtual machine that were watched, as they came with the end of the task.
    """

    result: Any = None
    answered: tuple[Answered, ...] = ()
    values: Values = field(default_factory=dict)


class GivenUp(Exception):
    """Ends the wait; carries a function from the final state of the task to the error to raise."""

    def __init__(self, make_error: Callable[[str], EsxError]) -> None:
        super().__init__()
        self.make_error = make_error


def wait_for_task(
    session: Session,
    task: Any,
    *,
    action: str,
    vm: Any = None,
    paths: Sequence[str] = (),
    progress: Progress | None = None,
    timeout: float | None = None,
    patience: float | None = None,
) -> Outcome:
    """Wait until a task has ended, and answer its questions.

    :param task: the reference to the task.
    :param action: what the task does, for messages: ``Starting domain 'web'``.
    :param vm: the virtual machine whose questions are watched, or None.
    :param paths: properties of ``vm`` that are wanted as well, which saves reading them afterwards.
    :param progress: called with the percentage whenever it changes.
    :param timeout: seconds to wait; the connection's ``timeout`` if it is None.
    :param patience: the seconds that the task may go without progress, instead of a time in which it must end.
    :raises ServerFault: if the task ended with an error.
    :raises Question: if a question has no answer; the task has been cancelled if possible.
    :raises TimedOut: if it did not end in time; the task has been cancelled if possible.
    """
    waiting = Waiting(session, task, vm, action, progress, timeout, patience=patience, paths=paths)
    try:
        waiting.run()
    except GivenUp as given_up:
        raise given_up.make_error(waiting.cancel()) from None
    except (ConnectionFailed, TimedOut, NotFound) as error:
        raise waiting.lost(error) from None
    except (KeyboardInterrupt, SystemExit):
        waiting.cancel()
        raise
    return waiting.outcome()


def wait_until_idle(
    session: Session, vm: Any, *, action: str, progress: Progress | None = None, patience: float | None = None
) -> tuple[Answered, ...]:
    """Bring a virtual machine into a state in which the next task can start.

    A pending question is answered and pending tasks are waited for. They may change the machine, so the caller must
    read it again.

    :param patience: the seconds that a pending task may go without progress; by default it must end within
        the connection's ``timeout``.
    :returns: the questions that were answered.
    :raises Question: if a question has no answer; the old task is left as it is.
    :raises TimedOut: if a pending task does not end in time; it is left as it is.
    """
    values = fetch_one(session, vm, ["runtime.question", "recentTask"])
    answered: list[Answered] = []
    if values["runtime.question"] is not None:
        answered += _answer_left_over(session, vm, values["runtime.question"])
    for task in pending_tasks(session, values["recentTask"]):
        waiting = Waiting(session, task, vm, action, progress, None, patience=patience)
        try:
            waiting.run()
            answered.extend(waiting.answered)
        except GivenUp as given_up:
            raise given_up.make_error("An earlier task is still pending and was left alone.") from None
        except NotFound:
            continue  # it has ended, and the server has forgotten it
    return tuple(answered)


class Waiting:
    """The state of one wait: the properties of the task seen so far, and the questions that were answered."""

    def __init__(
        self,
        session: Session,
        task: Any,
        vm: Any,
        action: str,
        progress: Progress | None,
        timeout: float | None,
        *,
        patience: float | None = None,
        paths: Sequence[str] = (),
    ) -> None:
        self.session = session
        self.task = task
        self.vm = vm
        self.paths = tuple(paths)
        self.action = action
        self.progress = progress
        self.patience = patience
        limit = float(session.options.timeout) if timeout is None else timeout
        self.seconds = limit if patience is None else patience
        self.deadline = time.monotonic() + self.seconds
        self.seen: dict[str, Any] = {}
        self.answered: list[Answered] = []

    @property
    def ended(self) -> bool:
        """Whether the task has ended, successfully or not."""
        return str(self.seen.get("info.state")) in ("success", "error")

    @property
    def remaining(self) -> float:
        """The remaining seconds."""
        return self.deadline - time.monotonic()

    def run(self) -> None:
        """Wait until the task has ended; raises GivenUp."""
        with watch_all(self.session, [self]) as watch:
            while not self.ended:
                left = self.remaining
                self.take(watch.next_changes(left) if left > 0 else watch.read(), as_it_is=left <= 0)

    def take(self, changes: Changes, *, as_it_is: bool) -> None:
        """Process changed properties, and answer a question; raises GivenUp.

        :param as_it_is: whether the changes are all present values; only then a task is given up whose time is over,
            as its end may have been missed before.
        :raises NotFound: if the server no longer has the task. A virtual machine may leave: its task says why.
        """
        if LEFT in changes.get(self.task, ()):
            raise NotFound(f"The server no longer has the task {moid(self.task)}.")
        before = self.seen.get("info.progress")
        self.seen.update(changes.get(self.task, {}))
        self._take_machine({} if self.vm is None else changes.get(self.vm, {}))
        percent = self.seen.get("info.progress")
        if percent is not None and percent != before:
            self._take_progress(int(percent))
        if self.ended:
            return
        if self.seen.get("runtime.question") is not None:
            self._answer(self.seen["runtime.question"])
        if as_it_is and self.remaining <= 0:
            self._give_up_in_time()

    def _take_machine(self, values: Values) -> None:
        """Process changed properties of the virtual machine, which is not watched any more once it has left."""
        if LEFT in values:
            self.vm = None
            self.seen.pop("runtime.question", None)
        else:
            self.seen.update(values)

    def _take_progress(self, percent: int) -> None:
        if self.patience is not None:
            self.deadline = time.monotonic() + self.patience
        if self.progress is not None:
            self.progress(percent)

    def outcome(self) -> Outcome:
        """The outcome of an ended task; the task's error is raised."""
        if str(self.seen["info.state"]) == "error":
            raise self._error()
        values = {path: self.seen.get(path) for path in self.paths}
        return Outcome(self.seen.get("info.result"), tuple(self.answered), values)

    def cancel(self) -> str:
        """Cancel the task if possible; return its state, as a sentence."""
        return _cancel(self.session, self.task, self.seen)

    def lost(self, error: EsxError) -> EsxError:
        """Return the error for a task that the server no longer reports."""
        text = f"{self.action} has begun, but the server does not say how it ended. {error.message} {DOUBT}"
        kind = TimedOut if isinstance(error, TimedOut) else ConnectionFailed
        return kind(text, hint="Run the task again: it looks at what is there and does what is missing.")

    def _answer(self, info: Any) -> None:
        """Answer a question once; the server takes a moment to withdraw it."""
        asked = read_question(info)
        if any(answered.id == asked.id for answered in self.answered):
            return
        options = self.session.options
        decision = decide(asked, options.answers, options.uri.auto_answer)
        if decision.choice is None:
            raise GivenUp(lambda state: blocked_by(asked, decision.reason, state))
        try:
            self.answered += _put_answer(self.session, self.vm, asked, decision.choice)
        except ServerFault as error:
            refused = error
            raise GivenUp(lambda state: _with_state(refused, state)) from None

    def _give_up_in_time(self) -> None:
        percent = self.seen.get("info.progress")
        reached = "" if percent is None else f" ({percent}% done)"
        if self.patience is None:
            message = f"{self.action} did not end within {self.seconds:.0f} seconds{reached}."
            hint = "Raise the option timeout if the host needs longer."
        else:
            message = f"{self.action} made no progress for {self.seconds:.0f} seconds{reached}."
            hint = "Raise the time that it may go without progress, or set no limit."
        raise GivenUp(lambda state: TimedOut(f"{message} {state}", hint=hint))

    def _error(self) -> EsxError:
        fault = self.seen.get("info.error")
        if fault is None:
            return EsxError(f"{self.action} failed: unknown error.")
        return from_fault(fault, self.action)


def watch_all(session: Session, waits: Sequence[Waiting]) -> Watch:
    """Return the watch, not yet entered, on the tasks and the virtual machines of some waits."""
    machines = [wait.vm for wait in waits if wait.vm is not None]
    paths = dict.fromkeys(("runtime.question", *(path for wait in waits for path in wait.paths)))
    wanted = {"Task": TASK_PATHS, **({"VirtualMachine": tuple(paths)} if machines else {})}
    return Watch(session, wanted, [*(wait.task for wait in waits), *machines])


def _answer_left_over(session: Session, vm: Any, info: Any) -> list[Answered]:
    asked = read_question(info)
    options = session.options
    decision = decide(asked, options.answers, options.uri.auto_answer)
    if decision.choice is None:
        raise blocked_by(asked, decision.reason, "It was left over from an earlier task, which is still blocked.")
    return _put_answer(session, vm, asked, decision.choice)


def _put_answer(session: Session, vm: Any, asked: Asked, choice: Choice) -> list[Answered]:
    """Answer a question; nothing is returned if another client answers it first, which a fault tells, too.

    It tells so while the other answer is carried out, when the question is still there, or by then it has gone.
    """
    try:
        vm.AnswerVM(asked.id, choice.key)
    except ServerFault as error:
        if error.fault == "ConcurrentAccess":
            return []
        pending = fetch_one(session, vm, ["runtime.question"])["runtime.question"]
        if pending is not None and read_question(pending).id == asked.id:
            raise
        return []
    return [Answered(asked.id, asked.text, choice.label)]


def _with_state(error: EsxError, state: str) -> EsxError:
    error.append(state)
    return error


def _refusal_to_cancel(task: Any) -> EsxError | None:
    try:
        task.CancelTask()
    except EsxError as error:
        return error
    return None


def _cancel(session: Session, task: Any, seen: dict[str, Any]) -> str:
    """Cancel a task if possible; return its state, as a sentence."""
    if not seen.get("info.cancelable", True):  # if nothing was seen yet, the server says whether it can
        return f"The task ({moid(task)}) cannot be cancelled and is still {seen.get('info.state', 'running')}."
    refused = _refusal_to_cancel(task)
    try:
        for pause in _CANCEL_PAUSES:
            state = str(fetch_one(session, task, ["info.state"])["info.state"])
            if state == "error":
                return "The task was cancelled." if refused is None else "The task has ended in an error."
            if state == "success":
                return "The task ended before it could be cancelled."
            if refused is not None:
                return f"The task ({moid(task)}) is still {state} and could not be cancelled: {refused}"
            time.sleep(pause)
    except EsxError as error:
        return f"Whether the task ({moid(task)}) was cancelled is not known: {error}"
    return f"The task ({moid(task)}) was asked to stop and is still {state}."
