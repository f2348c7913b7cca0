# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the progress of a task is shown."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.progress import show_progress


def test_at_once_then_every_two_seconds_and_the_end() -> None:
    lines: list[str] = []
    clock = [0.0]
    take = show_progress(lines.append, "Migrating domain 'web'", clock=lambda: clock[-1])
    told = {0: 0.0, 10: 0.5, 20: 1.9, 30: 2.0, 60: 3.9, 80: 4.1, 100: 4.2}
    for percent, seconds in told.items():
        clock.append(seconds)
        take(percent)
    assert lines == [f"Migrating domain 'web': {percent}%" for percent in (0, 30, 80, 100)]
