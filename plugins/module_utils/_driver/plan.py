# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan: what has to be done to get from what is to what is wanted.

Every acting module makes a plan first. Check mode and diff show the plan, otherwise the same plan is carried out: so
they cannot say one thing and do another.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError


@dataclass(frozen=True)
class Step:
    """One thing to do: its ``name`` in words for the user, and the function that does it."""

    name: str
    carry_out: Callable[[], None]


@dataclass(frozen=True)
class Plan:
    """The steps, in order, and the texts before and after that diff mode shows."""

    steps: Sequence[Step] = ()
    before: str = ""
    after: str = ""

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)

    def names(self) -> list[str]:
        """The names of the steps."""
        return [step.name for step in self.steps]

    def diff(self) -> dict[str, str]:
        """The difference in the form that Ansible shows."""
        return {"before": self.before, "after": self.after}

    def carry_out(self, done: Callable[[str], None] = lambda _name: None) -> None:
        """Do everything that is planned; the first error ends it. ``done`` gets the name of each step behind it."""
        for step in self.steps:
            step.carry_out()
            done(step.name)


def say_also(error: BaseException, sentence: str) -> None:
    """Add to an error what state things are in now."""
    if isinstance(error, EsxError):
        error.message = f"{error.message} {sentence}"
        error.args = (error.message,)
