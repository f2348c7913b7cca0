# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lint the workflows in ``.github`` with actionlint, which is built from source with the simulator's Go."""

from __future__ import annotations

import os
import subprocess
import sys

from ansible_collections.virt.esx.tests.simulator_client.build import toolchain

from tools.environment import CACHE, ROOT

VERSION = "v1.7.12"
PROGRAM = CACHE / "bin" / f"actionlint-{VERSION}"


def main() -> int:
    """Build actionlint if it is not there, and run it."""
    if not PROGRAM.exists():
        place = CACHE / "bin"
        place.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, "GOBIN": str(place), "GOTOOLCHAIN": "local"}
        package = f"github.com/rhysd/actionlint/cmd/actionlint@{VERSION}"
        subprocess.run([toolchain(), "install", package], env=environment, check=True)
        (place / "actionlint").rename(PROGRAM)
    return subprocess.run([PROGRAM, "-color=false"], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
