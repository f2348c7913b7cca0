# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The errors of steps as the user reads them: the step, its object, and the state that things are in now."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError


@contextlib.contextmanager
def step_named(subject: str, name: str) -> Iterator[None]:
    """Name the step in an error of the block; ``subject`` is in words: ``domain 'web'``."""
    try:
        yield
    except EsxError as error:
        where = f" of {subject}" if subject and subject not in error.message else ""
        error.append(f"The step was '{name}'{where}.")
        raise


def say_state(error: BaseException, done: Sequence[str], steps_left: Callable[[], Sequence[str]]) -> None:
    """Add to the error that ended a task the state that things are in, if the server can still be read.

    :param done: the names of the steps that were carried out.
    :param steps_left: reads the present state and returns the names of the steps from there.
    """
    if not isinstance(error, EsxError):
        return
    say_done(error, done)
    if error.in_doubt:
        _say_what_is_left(error, steps_left)


def say_done(error: EsxError, done: Sequence[str]) -> None:
    """Add to the error of a step the names of the steps that were carried out before it."""
    if done:
        error.append(f"The steps before it were carried out: {', '.join(done)}.")


def _say_what_is_left(error: EsxError, steps_left: Callable[[], Sequence[str]]) -> None:
    try:
        left = steps_left()
    except EsxError as again:
        error.append(f"The present state could not be read: {again.message}")
    else:
        error.append(
            f"The state was read again; still to do: {', '.join(left)}."
            if left
            else "The state was read again; nothing is left to do."
        )


def failure_of_some(failed: Sequence[tuple[str, EsxError]], total: int, details: Mapping[str, Any]) -> EsxError:
    """Return the error of a task that failed for some of its domains; hint and fault are those of the first one.

    :param failed: the names of the domains, with their errors.
    :param total: the number of all domains of the task.
    :param details: the module's result.
    """
    listed = " ".join(_about(name, error) for name, error in failed)
    first = failed[0][1]
    message = f"The task failed for {len(failed)} of {total} domains. {listed}"
    return EsxError(message, hint=first.hint, fault=first.fault, details=details)


def failure_entry(error: EsxError | None) -> dict[str, Any]:
    """Return what a result says of one of several domains that failed; nothing without an error."""
    return {} if error is None else {"failed": True, "msg": error.message}


def _about(name: str, error: EsxError) -> str:
    """The message of an error; it begins with the domain."""
    subject = f"Domain '{name}'"
    return error.message if error.message.startswith(subject) else f"{subject}: {error.message}"
