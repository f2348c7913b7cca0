# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The error of a step as the user reads it: which step of which object it was, and what state things are in now."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError


@contextlib.contextmanager
def step_named(subject: str, name: str) -> Iterator[None]:
    """Add to an error of the block the step that it is of; ``subject`` is in words: ``domain 'web'``."""
    try:
        yield
    except EsxError as error:
        where = f" of {subject}" if subject and subject not in error.message else ""
        error.append(f"The step was '{name}'{where}.")
        raise


def say_state(error: BaseException, done: Sequence[str], steps_left: Callable[[], Sequence[str]]) -> None:
    """Add to the error that ended a task which state things are in, as far as the server still tells it.

    :param done: the names of the steps that were carried out.
    :param steps_left: reads the present state and returns the names of the steps from there.
    """
    if not isinstance(error, EsxError) or not (done or error.in_doubt):
        return
    if done:
        error.append(f"Before it these were carried out: {', '.join(done)}.")
    if not error.in_doubt:
        return
    try:
        left = steps_left()
    except EsxError as again:
        error.append(f"The present state could not be read: {again.message}")
    else:
        error.append(
            f"As a look shows, there is still to do: {', '.join(left)}."
            if left
            else "A look shows that nothing is left to do."
        )
