# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` checks: one row a check."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

PYTEST = ("pytest", "-q", "-p", "no:cacheprovider")
TYPED = ("plugins", "tools", "tests/simulated")


@dataclasses.dataclass(frozen=True)
class Check:
    """One check: its commands are run in turn from the project's root, and all have to end with 0.

    :param name: what `make check NAME=` calls it.
    :param what: what it shows when it passes, for the list of checks.
    :param commands: the argument vectors.
    :param needs: the checks that have to have passed before this one can start.
    :param seconds: about how long it takes from nothing; the longest are started first.
    """

    name: str
    what: str
    commands: Sequence[Sequence[str]]
    needs: Sequence[str] = ()
    seconds: int = 5


def tool(name: str, *arguments: str) -> Sequence[str]:
    """The command for one of our own scripts."""
    return ("python", "-m", f"tools.{name}", *arguments)


CHECKS = (
    Check(
        "ruff",
        "Python sources are in form and free of common mistakes",
        (("ruff", "check"), ("ruff", "format", "--check")),
    ),
    Check("mypy", "types are right, by mypy's strict rules", (("mypy",),), seconds=40),
    Check(
        "unit",
        "the code below the modules, without a server",
        ((*PYTEST, "-n", "2", "--cov", "--cov-report=term:skip-covered", "tests/unit"),),
        seconds=60,
    ),
)
