# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The progress of a long task, as lines on the controller's screen, at a rate that can be read."""

from __future__ import annotations

import time
from typing import Callable

# The seconds between two lines about one task.
INTERVAL = 2.0


def show_progress(
    show: Callable[[str], None], action: str, *, clock: Callable[[], float] = time.monotonic
) -> Callable[[int], None]:
    """Return a function that takes the percentage of a task and shows it: the first, one every two seconds, and 100.

    :param show: shows one line.
    :param action: what the task does: ``Migrating domain 'web'``.
    :param clock: the time in seconds.
    """
    shown: list[float] = []

    def take(percent: int) -> None:
        if percent < 100 and shown and clock() - shown[-1] < INTERVAL:
            return
        shown[:] = [clock()]
        show(f"{action}: {percent}%")

    return take
