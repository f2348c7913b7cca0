# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that take a snapshot of the same name at the same time.

A host takes two snapshots of one name without a word. Between reading the domains and the last of many snapshots there
can be minutes, so each task looks afterwards: the snapshot with the lowest number stays, and a task whose own came
later removes it. Numbers are given in sequence, so exactly one stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import Snapshot
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, Result, run_when_idle


def later_duplicate(snapshots: Sequence[Snapshot], taken: Any) -> Snapshot | None:
    """Return the snapshot that a task has taken if an earlier one of the domain has the same name, otherwise None.

    :param taken: its reference; None if it is not known.
    """
    own = next((item for item in snapshots if item.ref == taken), None)
    if own is None or not any(item.name == own.name and item.number < own.number for item in snapshots):
        return None
    return own


def withdraw(
    connection: EsxConnection,
    duplicates: Mapping[Any, Snapshot],
    make_job: Callable[[Any, str, Callable[[], Any]], Job],
    at_once: int,
) -> dict[Any, Result]:
    """Remove snapshots that came later than others of the same name; return the outcome for each domain.

    :param duplicates: the snapshot by its domain.
    :param make_job: makes the job from the domain, the name of what it does, and the call.
    """
    jobs = [
        make_job(domain, name_of(item), lambda ref=item.ref: ref.RemoveSnapshot_Task(False, True))  # type: ignore[misc]
        for domain, item in duplicates.items()
    ]
    return dict(zip(duplicates, run_when_idle(connection.session, jobs, at_once=at_once)))


def name_of(duplicate: Snapshot) -> str:
    """Return the name of the step that removes a duplicate."""
    return f"remove this task's snapshot '{duplicate.name}', as another client was faster"
