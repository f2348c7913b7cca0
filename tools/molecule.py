# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run molecule's scenarios, from nothing to nothing, with molecule's own check that a second run changes nothing."""

from __future__ import annotations

import subprocess
import sys

from ansible_collections.virt.esx.tests.simulated.build import build

from tools.environment import CACHE, ROOT, environment


def main() -> int:
    """Run all scenarios; the simulator is there already, or is built."""
    build()
    env = environment(MOLECULE_EPHEMERAL_DIRECTORY_ROOT=str(CACHE / "molecule"))
    return subprocess.run(["molecule", "test", "--all"], cwd=ROOT / "extensions", env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
