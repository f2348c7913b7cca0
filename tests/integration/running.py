# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a real playbook with ``ansible-playbook``, and get the results of its tasks.

For example::

    run = run_playbook("esx_domain.yml", extra_vars=variables_of(host), way=AS_MODULE)
    assert run.changed == 0
    assert run.task("Define it").result["domain"]["state"] == "shutoff"
"""

from __future__ import annotations

import atexit
import dataclasses
import functools
import json
import os
import pathlib
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.tests.integration.starter import Request, Starter
from ansible_collections.virt.esx.tests.simulator_client import Simulator

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LIMIT = 300  # seconds that one playbook may take

# The two ways of running a module; each test of a module uses both.
IN_PROCESS = "in process"  # by the action plugin, in the controller's process
AS_MODULE = "as a module"  # as an ordinary module, in its own Python process
WAYS = (IN_PROCESS, AS_MODULE)

# The login of simulated hosts, and their first datastore.
USER, PASSWORD = "root", "not the usual one"
DATASTORE = "datastore1"

# Environment variables that Python and Ansible read once, when they start.
READ_AT_START = ("ANSIBLE_", "PYTHON")

# Environment variables of a developer's shell that must not reach a test.
FOREIGN = ("ANSIBLE_", "ESX_", "GIT_", "LIBVIRT_", "VMWARE_")


@dataclasses.dataclass(frozen=True)
class Task:
    """The result of one task on one host; its outcome is ok, failed, ignored, skipped or unreachable."""

    play: str
    name: str
    action: str
    host: str
    outcome: str
    seconds: float
    result: Mapping[str, Any]

    @property
    def changed(self) -> bool:
        """Whether the task reported a change."""
        return bool(self.result.get("changed"))


@dataclasses.dataclass(frozen=True)
class PlaybookRun:
    """One run of a playbook: its exit status, its output, its tasks in order, and Ansible's statistics per host."""

    status: int
    output: str
    tasks: Sequence[Task]
    stats: Mapping[str, Mapping[str, int]]

    @property
    def changed(self) -> int:
        """The number of tasks that changed something, over all hosts."""
        return sum(counts["changed"] for counts in self.stats.values())

    def task(self, name: str) -> Task:
        """The task with this name; the last one if it ran several times."""
        found = [task for task in self.tasks if task.name == name]
        assert found, f"no task {name!r} ran; there were {[task.name for task in self.tasks]}\n{self.output}"
        return found[-1]


def run_playbook(
    playbook: str | pathlib.Path,
    *,
    extra_vars: Mapping[str, Any] | None = None,
    check: bool = False,
    diff: bool = False,
    way: str = IN_PROCESS,
    env: Mapping[str, str] | None = None,
    arguments: Sequence[str] = (),
    fails: bool = False,
) -> PlaybookRun:
    """Run a playbook, which must succeed, or fail with ``fails``; return the run.

    :param playbook: its path; a relative one is looked for below ``tests/integration/playbooks``.
    :param extra_vars: variables for the whole run.
    :param check: in check mode.
    :param diff: with differences.
    :param way: :data:`IN_PROCESS` or :data:`AS_MODULE`.
    :param env: further environment variables.
    :param arguments: further arguments of ``ansible-playbook``.
    """
    with tempfile.TemporaryDirectory(prefix="virt-esx-") as place:
        variables = dict(extra_vars or {})
        if way == AS_MODULE:
            variables["ansible_python_interpreter"] = str(other_interpreter(pathlib.Path(place)))
        record = pathlib.Path(place, "record.json")
        values = pathlib.Path(place, "variables.json")
        values.write_text(json.dumps(variables), encoding="utf-8")
        given = ["-i", "localhost,", "-c", "local", "-e", f"@{values}"]
        given += ["--check"] * check + ["--diff"] * diff + [*arguments, str(HERE / "playbooks" / playbook)]
        done = run_ansible("playbook", given, env={**(env or {}), "VIRT_ESX_RECORD": str(record)})
        output = done.stdout + done.stderr
        assert (done.status != 0) == fails, f"ansible-playbook {given} ended with {done.status}:\n{output}"
        assert record.exists(), f"the playbook did not begin:\n{output}"
        recorded = json.loads(record.read_text(encoding="utf-8"))
    return PlaybookRun(done.status, output, [Task(**task) for task in recorded["tasks"]], recorded["stats"])


@dataclasses.dataclass(frozen=True)
class Done:
    """How one of Ansible's commands ended: its exit status and its output streams."""

    status: int
    stdout: str
    stderr: str


def run_ansible(tool: str, arguments: Sequence[str], env: Mapping[str, str] | None = None) -> Done:
    """Run one of Ansible's commands in a process of its own, which has imported Ansible already where it can.

    :param tool: one of :data:`starter.TOOLS`.
    :param env: further environment variables.
    """
    environment = {**clean_environment(), **(env or {})}
    with tempfile.TemporaryDirectory(prefix="virt-esx-") as place:
        outputs = [pathlib.Path(place, name) for name in ("stdout", "stderr")]
        request = Request(tool, list(arguments), environment, str(ROOT), *map(str, outputs))
        settings = {name: value for name, value in environment.items() if name.startswith(READ_AT_START)}
        status = _starter(tuple(sorted(settings.items()))).run(request, LIMIT)
        return Done(status, *(path.read_text(encoding="utf-8") for path in outputs))


@functools.lru_cache(maxsize=4)
def _starter(settings: tuple[tuple[str, str], ...]) -> Starter:
    """The process that runs the commands with these settings of Python and Ansible."""
    starter = Starter({**clean_environment(), **dict(settings)})
    atexit.register(starter.end)
    return starter


def variables_of(host: Simulator) -> dict[str, str]:
    """The connection to a simulated host, as variables for the playbooks of the tests and the examples."""
    return {
        "esx_uri": host.uri(user=USER, host="localhost"),
        "esx_password": PASSWORD,
        "esx_ca_path": host.certificate or "",
    }


def other_interpreter(place: pathlib.Path) -> pathlib.Path:
    """The running Python under another path, which the action plugin does not recognise as the controller's."""
    python = place / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return python


def clean_environment() -> dict[str, str]:
    """The environment without the caller's settings for Ansible and servers, and with those of the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return {
        **kept,
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback_plugins"),
        "ANSIBLE_CALLBACKS_ENABLED": "record",
        "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
        "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
        "LC_ALL": "C.UTF-8",
    }
