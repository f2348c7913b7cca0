# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build govc, a client of VMware's that tests compare with, into ``.cache/bin``: ``python -m tools.govc``.

The pinned version is the last one whose command the Go module proxy has in the module itself.
"""

from __future__ import annotations

import fcntl
import os
import pathlib
import subprocess

from tests.simulator_client.build import toolchain

VERSION = "v0.18.0"
PLACE = pathlib.Path(__file__).resolve().parents[1] / ".cache" / "bin"
PROGRAM = PLACE / f"govc-{VERSION}"


def build() -> pathlib.Path:
    """Build it unless it is there; return its path. Several processes may call this at once."""
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "govc.lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not PROGRAM.exists():
            environment = {**os.environ, "GOTOOLCHAIN": "local", "GOBIN": str(PLACE)}
            package = f"github.com/vmware/govmomi/govc@{VERSION}"
            subprocess.run([toolchain(), "install", package], env=environment, check=True)
            (PLACE / "govc").replace(PROGRAM)
    return PROGRAM


if __name__ == "__main__":
    print(build())
