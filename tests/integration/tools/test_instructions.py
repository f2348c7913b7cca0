# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make simulator`` prints works in a new shell, as it is printed."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys

from tools.environment import ROOT
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
