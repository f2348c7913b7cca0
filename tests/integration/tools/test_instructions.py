# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that users are told to run work as they are written."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

from tools.environment import ROOT, environment
from tools.guide import free_port


def test_the_commands_of_make_simulator_work_as_they_are_printed(tmp_path: pathlib.Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "tools.simulator"], cwd=ROOT, check=True, text=True, capture_output=True
    ).stdout
    start, use = re.findall(r"^\n((?:    .+\n)+)", shown, re.MULTILINE)
    ready = tmp_path / "ready"
    background = f"{start.rstrip()} > {ready} & simulator=$!\ntrap 'kill $simulator' EXIT"
    script = f"set -e\n{background}\nuntil test -s {ready}; do sleep 0.1; done\n{use}"
    user = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": os.environ["HOME"]}
    done = subprocess.run(
        ["bash", "-c", script.replace("8989", str(free_port()))],
        cwd=ROOT,
        env=user,
        check=False,
        text=True,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "demo is running" in done.stdout


def test_the_command_of_the_troubleshooting_guide_finds_the_python_of_ansible() -> None:
    guide = (ROOT / "docs" / "docsite" / "rst" / "troubleshooting.rst").read_text(encoding="utf-8")
    (command,) = re.findall(r"^    (.*) -m pip install pyvmomi lxml$", guide, re.MULTILINE)
    script = f"{command} -c 'import sys; print(sys.prefix)'"
    done = subprocess.run(["bash", "-c", script], check=False, text=True, capture_output=True, env=environment())
    assert done.returncode == 0, done.stderr
    assert pathlib.Path(done.stdout.strip()).resolve() == pathlib.Path(sys.prefix).resolve()
