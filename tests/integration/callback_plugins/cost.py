# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what each task of a playbook took into the JSON file that the environment names."""

from __future__ import annotations

DOCUMENTATION = """
name: cost
type: aggregate
short_description: Write the time and the processor time of all tasks into one JSON file
description:
  - The file is named by the environment variable E(VIRT_ESX_COST). It is for the bench of the collection.
"""

import json
import multiprocessing
import os
import pathlib
import resource
import time
from typing import Any

from ansible.plugins.callback import CallbackBase

_PATIENCE = 10  # seconds in which a worker ends after its task


class CallbackModule(CallbackBase):
    """Reads the clocks when a task begins, and when its worker has ended."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "cost"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.before = (0.0, 0.0)
        self.tasks: list[dict[str, Any]] = []

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Read the clocks before a task."""
        self.before = (time.monotonic(), _processor_time())

    def v2_runner_on_ok(self, result: Any) -> None:
        """Read them after it: the processor time when its worker is gone, as it is known only then."""
        ended = time.monotonic()
        for worker in multiprocessing.active_children():
            worker.join(_PATIENCE)
        began, used = self.before
        self.tasks.append(
            {
                "name": result._task.get_name(),
                "seconds": ended - began,
                "processor": _processor_time() - used,
                "memory": max(_usage(who).ru_maxrss for who in _WHOSE) // 1024,
            }
        )

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write all of it: the playbook is done."""
        pathlib.Path(os.environ["VIRT_ESX_COST"]).write_text(json.dumps(self.tasks), encoding="utf-8")


_WHOSE = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
_usage = resource.getrusage


def _processor_time() -> float:
    """The seconds that this process and all that have ended below it have taken of a processor."""
    return sum(_usage(who).ru_utime + _usage(who).ru_stime for who in _WHOSE)
