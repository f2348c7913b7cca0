# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what each task of a playbook returned into the JSON file that the environment names."""

from __future__ import annotations

DOCUMENTATION = """
name: record
type: aggregate
short_description: Write the results of all tasks into one JSON file
description:
  - The file is named by the environment variable E(VIRT_ESX_RECORD). It is for the tests of the collection.
"""

import json
import os
import pathlib
import time
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    """Gathers results while the playbook runs, and writes them when it ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"

    def __init__(self) -> None:
        super().__init__()
        self.play = ""
        self.began = 0.0
        self.tasks: list[dict[str, Any]] = []

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Remember the play that the next results belong to."""
        self.play = play.get_name()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Remember when the task began."""
        self.began = time.monotonic()

    def v2_runner_on_ok(self, result: Any) -> None:
        """Keep the result of a task that went well."""
        self._keep(result, "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Keep the result of a task that failed."""
        self._keep(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        """Keep the result of a task that was skipped."""
        self._keep(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Keep the result of a task whose host could not be reached."""
        self._keep(result, "unreachable")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write the record: the playbook is done."""
        record = {"tasks": self.tasks, "stats": {host: stats.summarize(host) for host in stats.processed}}
        pathlib.Path(os.environ["VIRT_ESX_RECORD"]).write_text(json.dumps(record, default=str), encoding="utf-8")

    def _keep(self, result: Any, outcome: str) -> None:
        task = result._task
        self.tasks.append(
            {
                "play": self.play,
                "name": task.get_name(),
                "action": task.action,
                "host": result._host.get_name(),
                "outcome": outcome,
                "seconds": time.monotonic() - self.began,
                "result": result._result,
            }
        )
