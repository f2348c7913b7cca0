# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stopping several running domains in parallel, all within the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import show_progress
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._names import quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import LEFT, Watch

_AT_ONCE = 16
_STATE, _QUESTION = "runtime.powerState", "runtime.question"

_SUSPENDING = "Suspending"

# The methods that stop a running domain without its guest's cooperation.
_TASKS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "suspend": (_SUSPENDING, lambda ref: ref.SuspendVM_Task()),
    "destroy": ("Powering off", lambda ref: ref.PowerOffVM_Task()),
}


def stop_domains(connection: EsxConnection, records: Sequence[DomainRecord], how: str, seconds: float) -> None:
    """Stop running domains in parallel.

    :param how: ``shutdown`` asks the guests; ``suspend`` and ``destroy`` do not.
    :param seconds: the time in which all guests must shut down.
    :raises TimedOut: with the names of the domains that still run; the others are off.
    :raises EsxError: with the names of the domains that could not be stopped; the others are off.
    """
    if how == "shutdown":
        _shut_down(connection, records, seconds)
        return
    words, start = _TASKS[how]
    jobs = [_job(connection, record, words, start) for record in records]
    results = run_jobs(connection.session, jobs, at_once=_AT_ONCE)
    _raise_failures(records, results)


def _job(connection: EsxConnection, record: DomainRecord, words: str, start: Callable[[Any], Any]) -> Job:
    action = f"{words} domain '{record.name}'"
    progress = show_progress(connection.progress, action)
    patience = float(connection.session.options.timeout) if words == _SUSPENDING else None  # memory is written
    return Job(action, lambda: start(record.ref), record.ref, progress, patience)


def _raise_failures(records: Sequence[DomainRecord], results: Sequence[Any]) -> None:
    """Raise the errors as one; a domain that has left the server, as one that a vCenter moves does, runs no more."""
    failed = [
        (record.name, result)
        for record, result in zip(records, results)
        if isinstance(result, EsxError) and not isinstance(result, NotFound)
    ]
    if not failed:
        return
    listed = " ".join(f"Domain '{name}': {error.message}" for name, error in failed)
    first = failed[0][1]
    message = f"{len(failed)} of {len(records)} domains could not be stopped. {listed}"
    raise EsxError(message, hint=first.hint, fault=first.fault)


def _shut_down(connection: EsxConnection, records: Sequence[DomainRecord], seconds: float) -> None:
    """Ask all guests first, then wait for all: ShutdownGuest returns before the guest has shut down."""
    results = [_ask(record) for record in records]
    asked = [record for record, error in zip(records, results) if error is None]
    running, blocked = wait_until_off(connection, asked, seconds)
    _raise_failures(records, [blocked.get(record.ref, result) for record, result in zip(records, results)])
    if running:
        listed = quoted(record.name for record in running)
        raise TimedOut(
            f"The guests of {len(running)} of {len(records)} domains did not shut down within {seconds:.0f} seconds "
            f"and still run: {listed}.",
            hint="Give them more time, or choose another way to stop them.",
        )


def _ask(record: DomainRecord) -> EsxError | None:
    try:
        record.ref.ShutdownGuest()
    except EsxError as error:
        return error
    return None


def wait_until_off(
    connection: EsxConnection, records: Sequence[DomainRecord], seconds: float
) -> tuple[list[DomainRecord], dict[Any, EsxError]]:
    """Wait until all domains are off, answering questions; return those that still run when the time is up.

    :returns: also the errors of domains that are gone or that a question without an answer blocks, by their references.
    """
    running = {record.ref: record for record in records}
    blocked: dict[Any, EsxError] = {}
    deadline = time.monotonic() + seconds
    if not running:
        return [], blocked
    with Watch(connection.session, {"VirtualMachine": [_STATE, _QUESTION]}, list(running)) as watch:
        while running and (remaining := deadline - time.monotonic()) > 0:
            for ref, values in watch.next_changes(remaining).items():
                if ref not in running:
                    continue
                if LEFT in values:
                    blocked[ref] = NotFound("It is no longer on the server.")
                    del running[ref]
                elif str(values.get(_STATE)) == "poweredOff":
                    connection.progress(f"Domain '{running.pop(ref).name}' is shut off, {len(running)} still run")
                elif values.get(_QUESTION) is not None:
                    error = _answer(connection, running[ref])
                    if error is not None:
                        blocked[ref] = error
                        del running[ref]
    return list(running.values()), blocked


def _answer(connection: EsxConnection, record: DomainRecord) -> EsxError | None:
    """Answer the question of a domain whose guest shuts down; return the error if there is no answer."""
    try:
        connection.wait_until_idle(record.ref, f"Shutting down domain '{record.name}'")
    except EsxError as error:
        return error
    return None
