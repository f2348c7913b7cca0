# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps that are tasks of the host, in sequence for one object and in parallel for several.

The tasks for ten disks of a domain run at the same time. Each is still a separate step of the plan: the first of
them to be carried out starts all of them, and each reports its own result.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import INTERVAL, show_progress
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, Result, run_jobs

# The number of tasks that run in parallel; hosts queue further ones.
AT_ONCE = 16


@dataclass(frozen=True)
class HostTask:
    """A task of the host.

    :param action: what it does, for messages: ``Creating [ds] web/web.vmdk``.
    :param start: makes the call and returns the reference to the task.
    :param harmless: faults that mean there was nothing to do.
    :param domain: the virtual machine whose questions are watched, or None.
    :param otherwise: the task to carry out instead if this one ends with a given fault.
    :param foreign: faults that mean another client makes what this chain was to make: it must not be undone.
    """

    action: str
    start: Callable[[], Any]
    harmless: Sequence[str] = ()
    domain: Any = None
    otherwise: Mapping[str, HostTask] = field(default_factory=dict)
    foreign: Sequence[str] = ()


@dataclass(frozen=True)
class Chain:
    """Tasks that follow each other, as one step of a plan.

    :param name: the step's name.
    :param undo: deletes the incomplete result after a task has failed; its own errors are ignored.
    """

    name: str
    tasks: Sequence[HostTask]
    undo: Callable[[], None] | None = None


def side_by_side(connection: EsxConnection, chains: Sequence[Chain]) -> list[Step]:
    """Return one step for each chain; carrying out the first one runs all chains."""
    results: list[EsxError | None] = []

    def finish(number: int) -> None:
        if not results:
            results.extend(_run(connection, chains))
        error = results[number]
        if error is not None:
            later = [chain.name for chain, result in zip(chains[number + 1 :], results[number + 1 :]) if result is None]
            if later:
                error.append(f"Carried out at the same time: {', '.join(later)}.")
            raise error

    return [Step(chain.name, partial(finish, number)) for number, chain in enumerate(chains)]


def run_task(connection: EsxConnection, task: HostTask) -> None:
    """Carry out one task and wait for it.

    :raises EsxError: if it fails.
    """
    error = _run(connection, [Chain("", [task])])[0]
    if error is not None:
        raise error


def _run(connection: EsxConnection, chains: Sequence[Chain]) -> list[EsxError | None]:
    """Run the first tasks of all chains, then the second ones, and so on; return the outcome of each chain."""
    errors: list[EsxError | None] = [None] * len(chains)
    for level in range(max((len(chain.tasks) for chain in chains), default=0)):
        active = [n for n, chain in enumerate(chains) if errors[n] is None and level < len(chain.tasks)]
        tasks = [chains[n].tasks[level] for n in active]
        jobs = [_job(connection, task) for task in tasks]
        for number, task, outcome in zip(active, tasks, run_jobs(connection.session, jobs, at_once=AT_ONCE)):
            errors[number] = error = _failure(connection, task, outcome)
            if error is not None and error.fault not in task.foreign:
                _undo(chains[number])
    return errors


def _job(connection: EsxConnection, task: HostTask) -> Job:
    patience = float(connection.session.options.timeout)  # a copy may take as long as it makes progress
    return Job(task.action, task.start, task.domain, _progress(connection, task.action), patience=patience)


def _failure(connection: EsxConnection, task: HostTask, outcome: Result) -> EsxError | None:
    """The error of a task; None if it has succeeded, if the error is harmless, or if another task has replaced it."""
    if not isinstance(outcome, EsxError):
        connection.answered.extend(outcome.answered)
        return None
    if outcome.fault in task.otherwise:
        return _run(connection, [Chain("", [task.otherwise[str(outcome.fault)]])])[0]
    return None if outcome.fault in task.harmless else outcome


def _progress(connection: EsxConnection, action: str) -> Callable[[int], None]:
    """Show the progress of a task that takes long enough to be worth a line."""
    start = time.monotonic()
    show = show_progress(connection.progress, action)

    def take(percent: int) -> None:
        if time.monotonic() - start >= INTERVAL:
            show(percent)

    return take


def _undo(chain: Chain) -> None:
    if chain.undo is not None:
        with contextlib.suppress(EsxError):
            chain.undo()
