# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Choosing snapshots of a domain by pattern, by number or by age: pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import matches
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import Snapshot


def select_snapshots(
    snapshots: Sequence[Snapshot],
    pattern: str | None,
    *,
    keep: int | None,
    older_than: int | None,
    now: datetime.datetime,
) -> list[Snapshot]:
    """Return the snapshots to remove, children before their parents.

    :param pattern: a pattern for the names, None for all.
    :param keep: the number of the newest matching snapshots to keep.
    :param older_than: seconds; only older ones are removed.
    :param now: the present time, by the host's clock.
    """
    newest = sorted(_named(snapshots, pattern), key=lambda item: (item.created, item.number), reverse=True)
    chosen = _older(newest[keep or 0 :], older_than, now)
    return [item for item in reversed(snapshots) if item in chosen]


def _named(snapshots: Sequence[Snapshot], pattern: str | None) -> Sequence[Snapshot]:
    """The snapshots whose names match a pattern; all of them without one."""
    if pattern is None:
        return snapshots
    return [item for item in snapshots if matches(item.name, pattern)]


def _older(snapshots: Sequence[Snapshot], seconds: int | None, now: datetime.datetime) -> Sequence[Snapshot]:
    """The snapshots that are older than some seconds; all of them without a limit."""
    if seconds is None:
        return snapshots
    return [item for item in snapshots if (now - item.created).total_seconds() > seconds]


def with_descendants(snapshots: Sequence[Snapshot], root: Snapshot) -> list[Snapshot]:
    """Return a snapshot and all below it."""
    found = [root]
    ids = {root.moid}
    for item in snapshots:
        if item.parent in ids:
            found.append(item)
            ids.add(item.moid)
    return found


def as_text(snapshots: Sequence[Snapshot]) -> str:
    """Return the tree as indented text, for diff mode; ``*`` marks the current snapshot."""
    lines = []
    for item in snapshots:
        mark = "* " if item.current else "- "
        description = f" ({item.description})" if item.description else ""
        lines.append(f"{'  ' * item.path.count('/')}{mark}{item.name}{description}\n")
    return "".join(lines)
