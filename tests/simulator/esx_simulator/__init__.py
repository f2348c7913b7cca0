# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command ``esx-simulator``."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Become the program."""
    program = str(Path(__file__).with_name("esx-simulator"))
    os.execv(program, [program, *sys.argv[1:]])  # noqa: S606
