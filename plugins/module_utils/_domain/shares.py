# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU shares: libvirt has their number, VMware also names levels, which stand for so many a processor (P14, F29)."""

from __future__ import annotations

LEVELS = {"low": 500, "normal": 1000, "high": 2000}  # of each processor


def level_of(shares: int, processors: int) -> str | None:
    """The level that so many shares are, None where they are a number of their own."""
    return next((level for level, each in LEVELS.items() if each * processors == shares), None)


def normal_shares(processors: int) -> int:
    """The shares of so many processors that nobody has set."""
    return LEVELS["normal"] * processors


def same_shares(shares: int, processors: int, others: int) -> int:
    """Shares converted to another number of processors: a level stays a level, a number a number."""
    level = level_of(shares, processors)
    return shares if level is None else LEVELS[level] * others
