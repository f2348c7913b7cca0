# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tasks of a virtual machine that have not ended yet."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session

STATE_PATH = "info.state"

# The task that takes a host into maintenance mode, for ``pending_of_kind``.
ENTERING_MAINTENANCE = "entermaintenancemode"


def pending_tasks(session: Session, recent: Any) -> list[Any]:
    """Return the tasks in a VM's ``recentTask`` that are queued or running; one call for all.

    A task that the server has forgotten is not pending.
    """
    tasks = list(recent or ())
    if not tasks:
        return []
    try:
        rows = fetch(session, "Task", [STATE_PATH], objects=tasks)
    except NotFound:
        return [] if len(tasks) == 1 else [one for task in tasks for one in pending_tasks(session, [task])]
    return [task for task, values in rows if is_pending(values[STATE_PATH])]


def is_pending(state: Any) -> bool:
    """Say whether a task with this ``info.state`` has not ended yet."""
    return str(state) in ("queued", "running")


def pending_of_kind(session: Session, recent: Any, *kinds: str) -> list[Any]:
    """Return the pending tasks in ``recentTask`` of some kinds.

    :param kinds: beginnings of what follows the dot in TaskInfo.descriptionId, such as ``relocate`` for
        ``VirtualMachine.relocate``. Servers write them in different case.
    """
    rows = fetch(session, "Task", ["info.descriptionId"], objects=pending_tasks(session, recent))
    named = [(task, str(values["info.descriptionId"]).rpartition(".")[2].lower()) for task, values in rows]
    return [task for task, name in named if name.startswith(kinds)]
