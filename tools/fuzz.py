# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the property tests with 5,000 new examples each; what fails is kept in ``.hypothesis`` and tried first later."""

from __future__ import annotations

import subprocess
import sys

from tools.checks import PYTEST
from tools.environment import environment


def main() -> int:
    """Run the tests that hypothesis feeds, and only these."""
    command = [*PYTEST, "-n", "2", "-m", "hypothesis", "--hypothesis-profile=fuzz", "tests/unit", *sys.argv[1:]]
    return subprocess.run(command, env=environment(), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
