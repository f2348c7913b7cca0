# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bring the sources into the project's form; with ``--check-go`` only say which Go files are not in it."""

from __future__ import annotations

import subprocess
import sys

from tools.environment import ROOT, SIMULATOR


def main() -> int:
    """Format Python and Go, or check Go; ruff has a check of its own."""
    if sys.argv[1:] == ["--check-go"]:
        astray = subprocess.run(["gofmt", "-l", str(SIMULATOR)], capture_output=True, text=True, check=True).stdout
        print(astray or "all Go files are in form")
        return 1 if astray else 0
    for command in (["ruff", "check", "--fix"], ["ruff", "format"], ["gofmt", "-w", str(SIMULATOR)]):
        subprocess.run(command, cwd=ROOT, check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
