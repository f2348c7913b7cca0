# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which snapshots of a domain are meant: by a pattern, by number or age. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from fnmatch import fnmatchcase

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
    :param keep: this many of the newest that match stay.
    :param older_than: seconds; only older ones go.
    :param now: the present time, by the host's clock.
    """
    matching = [item for item in snapshots if pattern is None or matches(item.name, pattern)]
    newest = sorted(matching, key=lambda item: (item.created, item.number), reverse=True)
    chosen = newest[keep or 0 :]
    if older_than is not None:
        limit = now - datetime.timedelta(seconds=older_than)
        chosen = [item for item in chosen if item.created < limit]
    return [item for item in reversed(snapshots) if item in chosen]


def is_pattern(name: str) -> bool:
    """Whether a name has the marks of a shell pattern."""
    return any(mark in name for mark in "*?[")


def matches(name: str, pattern: str) -> bool:
    """Whether a name is that, or matches the shell pattern."""
    return name == pattern or fnmatchcase(name, pattern)


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
