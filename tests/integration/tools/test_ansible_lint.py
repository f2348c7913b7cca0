# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-lint finds the mistakes in a user's tasks, and never runs one."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import yaml
from ansible_collections.virt.esx.tests.simulator_client import Simulator

ROOT = pathlib.Path(__file__).parents[3]

MODULES = sorted(path.stem for path in (ROOT / "plugins/action").glob("esx_*.py"))
# Mistakes other than a misspelled option.
MISTAKES: dict[str, tuple[dict[str, object], str]] = {
    "esx_domain_info": ({"gather": ["xmll"]}, "value of gather must be one or more of"),
    "esx_migrate": ({"names": ["web"], "parallel": "many"}, "parallel"),
    "esx_scheduler": ({"name": "web", "reservation": "lots"}, "reservation"),
}


def lint(directory: pathlib.Path, *tasks: dict[str, object]) -> list[str]:
    """The messages of ansible-lint about the arguments of tasks."""
    play = {"name": "Lint", "hosts": "localhost", "gather_facts": False, "tasks": list(tasks)}
    (directory / "play.yml").write_text("---\n" + yaml.safe_dump([play], sort_keys=False), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache"), "HOME": str(directory)}
    done = subprocess.run(
        ["ansible-lint", "--offline", "--nocolor", "-q", "-f", "json", "play.yml"],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = json.loads(done.stdout or "[]")
    return [item.get("description", "") + str(item) for item in found if item["check_name"].startswith("args")]


def task(module: str, simulator: Simulator, **arguments: object) -> dict[str, object]:
    return {"name": "Task", f"virt.esx.{module}": {"uri": simulator.uri("esx", no_verify=1), **arguments}}


def test_a_misspelt_option_of_any_module_is_found_without_a_call(host: Simulator, tmp_path: pathlib.Path) -> None:
    found = lint(tmp_path, *(task(module, host, misspelt="web") for module in MODULES))
    assert len(found) == len(MODULES)
    # Of a task's mistakes ansible-lint tells one: a task that lacks an argument may have that one told.
    assert [text for text in found if not any(word in text for word in ("misspelt", "is required", "missing"))] == []
    assert host.trace() == []


def test_other_mistakes_are_found_without_a_call(host: Simulator, tmp_path: pathlib.Path) -> None:
    found = lint(tmp_path, *(task(module, host, **arguments) for module, (arguments, _text) in MISTAKES.items()))
    for module, (_arguments, text) in MISTAKES.items():
        assert any(text in message for message in found), f"{module}: {found}"
    assert host.trace() == []


def test_a_task_without_a_mistake_passes(host: Simulator, tmp_path: pathlib.Path) -> None:
    assert lint(tmp_path, task("esx_domain", host, name="web", state="running")) == []
    assert host.trace() == []
