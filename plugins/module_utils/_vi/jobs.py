# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running several tasks, a limited number of them at once, in one thread and over one session.

One property filter watches all running tasks and their virtual machines. When a task ends, the next one is started. An
error is the result of its task and does not end the others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Callable, Union

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, NotFound
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import Answered
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.task import (
    GivenUp,
    Outcome,
    Progress,
    Waiting,
    wait_until_idle,
    watch_all,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import Changes

# The fault of a task that another one of the same object prevents, and how often it is tried.
_BUSY, _TRIES = "TaskInProgress", 4

Result = Union[Outcome, EsxError]


@dataclass(frozen=True)
class Job:
    """A task to carry out.

    :param action: what the task does, for messages: ``Migrating domain 'web'``.
    :param start: makes the call and returns the reference to the task, or None if there is nothing left to do.
    :param vm: the virtual machine whose questions are watched, or None.
    :param progress: called with the percentage whenever it changes.
    :param patience: the seconds that the task may go without progress, ``math.inf`` for no limit. Without it, the task
        must end within the connection's ``timeout``.
    """

    action: str
    start: Callable[[], Any]
    vm: Any = None
    progress: Progress | None = None
    patience: float | None = None


def run_jobs(session: Session, jobs: Sequence[Job], *, at_once: int) -> list[Result]:
    """Run jobs and return the outcome of each, in order.

    Each job has the connection's ``timeout`` from its start, unless it has its own ``patience``. If the server becomes
    unreachable, running tasks are left alone and waiting jobs are not started; all of them get that error.

    :param at_once: the number of jobs that may run at the same time.
    """
    crew = _Crew(session, jobs, at_once)
    try:
        while crew.queue or crew.running:
            crew.start_some()
            crew.wait_for_some()
    except (KeyboardInterrupt, SystemExit):
        for waiting in crew.running.values():
            waiting.cancel()
        raise
    return [crew.results[number] for number in range(len(jobs))]


def run_when_idle(session: Session, jobs: Sequence[Job], *, at_once: int) -> list[Result]:
    """As ``run_jobs``; a job that a task of another client prevents is run again when that task has ended.

    :param jobs: jobs of virtual machines.
    """
    results = run_jobs(session, jobs, at_once=at_once)
    for _again in range(_TRIES - 1):
        busy = [number for number, result in enumerate(results) if getattr(result, "fault", None) == _BUSY]
        waits = [_WhenIdle(session, jobs[number]) for number in busy]
        again = run_jobs(session, [replace(wait.job, start=wait.start) for wait in waits], at_once=at_once)
        for number, wait, result in zip(busy, waits, again):
            results[number] = wait.with_answers(result)
        if not busy:
            break
    return results


class _WhenIdle:
    """The start of a job as soon as its virtual machine is idle, and the questions that were answered for that."""

    def __init__(self, session: Session, job: Job) -> None:
        self.session = session
        self.job = job
        self.answered: tuple[Answered, ...] = ()

    def start(self) -> Any:
        job = self.job
        self.answered = wait_until_idle(self.session, job.vm, action=job.action, patience=job.patience)
        return job.start()

    def with_answers(self, result: Result) -> Result:
        """The result with these questions, too."""
        if isinstance(result, EsxError):
            return result
        return replace(result, answered=(*self.answered, *result.answered))


class _Crew:
    """The waiting jobs, the running ones, and the results, by the number of the job."""

    def __init__(self, session: Session, jobs: Sequence[Job], at_once: int) -> None:
        self.session = session
        self.at_once = at_once
        self.queue = deque(enumerate(jobs))
        self.running: dict[int, Waiting] = {}
        self.results: dict[int, Result] = {}

    def start_some(self) -> None:
        """Start jobs until the limit is reached."""
        while self.queue and len(self.running) < self.at_once:
            number, job = self.queue.popleft()
            try:
                task = job.start()
            except EsxError as error:
                error.append(f"{job.action} {'may have begun' if error.in_doubt else 'has not begun'}.")
                self.results[number] = error
                if isinstance(error, ConnectionFailed):
                    self._drop_the_rest(error)
            else:
                if task is None:
                    self.results[number] = Outcome()
                else:
                    self.running[number] = Waiting(
                        self.session, task, job.vm, job.action, job.progress, None, patience=job.patience
                    )

    def wait_for_some(self) -> None:
        """Wait until at least one of the running jobs is done."""
        before = len(self.running)
        if not before:
            return
        try:
            with watch_all(self.session, list(self.running.values())) as watch:
                while len(self.running) == before:
                    left = min(waiting.remaining for waiting in self.running.values())
                    self._take(watch.next_changes(left) if left > 0 else watch.read(), as_it_is=left <= 0)
        except EsxError as error:
            self.results.update({number: waiting.lost(error) for number, waiting in self.running.items()})
            self.running.clear()
            self._drop_the_rest(error)

    def _take(self, changes: Changes, *, as_it_is: bool) -> None:
        for number, waiting in list(self.running.items()):
            try:
                waiting.take(changes, as_it_is=as_it_is)
                if not waiting.ended:
                    continue
                self.results[number] = waiting.outcome()
            except GivenUp as given_up:
                self.results[number] = given_up.make_error(waiting.cancel())
            except EsxError as error:
                is_lost = isinstance(error, NotFound) and not waiting.ended
                self.results[number] = waiting.lost(error) if is_lost else error
            del self.running[number]

    def _drop_the_rest(self, error: EsxError) -> None:
        for number, job in self.queue:
            self.results[number] = EsxError(f"{job.action} was not begun, as an earlier call failed: {error}")
        self.queue.clear()
