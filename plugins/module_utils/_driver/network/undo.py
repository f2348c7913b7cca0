# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undoing the steps of a task that has failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError


@dataclass
class Undo:
    """The calls that undo the steps carried out so far, by the names of these steps, the last one last."""

    calls: list[tuple[str, Callable[[], Any]]] = field(default_factory=list)

    def step(self, name: str, call: Callable[[], Any], undo: Callable[[], Any]) -> Step:
        """Return a step that can be undone once it has been carried out."""

        def carry_out() -> None:
            call()
            self.calls.append((name, undo))

        return Step(name, carry_out)

    def take_back(self, error: BaseException, done: list[str]) -> None:
        """Undo all steps that were carried out, the last one first.

        :param error: the failure; the state that things are in is appended to it.
        :param done: the names of the steps that were carried out; those that are undone are removed.
        """
        if not self.calls or not isinstance(error, EsxError):
            return
        failures = []
        for name, call in reversed(self.calls):
            failure = _failure_of(call)
            if failure is None:
                done.remove(name)
            else:
                failures.append(f"{name} ({failure})")
        listed = ", ".join(failures)
        error.append(f"These steps could not be undone: {listed}." if failures else "The earlier steps were undone.")


def _failure_of(call: Callable[[], Any]) -> str | None:
    try:
        call()
    except EsxError as error:
        return error.message
    return None
