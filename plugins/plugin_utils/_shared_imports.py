# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports that only some tasks need, done once a play all the same.

Ansible forks a worker for each task. What is imported before that costs every play, and what a worker imports itself
is lost with it, and costs every task. So a worker tells when its task has needed such modules, by a byte of memory that
it shares with the process that has forked it, and that process imports them before it forks the next worker.

Note that this plugin util is private to the collection: it can change at any time.
"""

from __future__ import annotations

import importlib
import mmap
import os
import sys
from collections.abc import Sequence


class SharedImports:
    """Modules that only some tasks need, by their full names."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._needed = mmap.mmap(-1, 1)  # anonymous: a process and those that it forks see the same byte
        os.register_at_fork(before=self._import_if_needed)

    def tell(self) -> None:
        """Tell the process that has forked this one if any of the modules was imported here."""
        if any(name in sys.modules for name in self._names):
            self._needed[0] = 1

    def _import_if_needed(self) -> None:
        if self._needed[0]:
            for name in self._names:
                importlib.import_module(name)
