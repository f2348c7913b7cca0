# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are, and the environment that the project's commands run in."""

from __future__ import annotations

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
# Ansible looks below this directory for `ansible_collections/virt/esx`, a link to the root that the Makefile makes.
COLLECTIONS = CACHE
SIMULATOR = ROOT / "tests" / "simulator"

# A user's variables that would change the outcome of a check: other collections, a real host's password.
FOREIGN = ("ANSIBLE_", "COVERAGE_", "ESX_", "GIT_", "LIBVIRT_", "MOLECULE_", "PYTEST_", "VMWARE_")
# Git's settings for the network are the machine's, not a repository's.
KEPT = ("GIT_SSL_CAINFO",)


def environment(**more: str) -> dict[str, str]:
    """The environment for a command of ours: the caller's, less what is foreign, with Ansible's settings for tests."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or not name.startswith(FOREIGN)}
    kept.update(
        ANSIBLE_COLLECTIONS_PATH=str(COLLECTIONS),
        ANSIBLE_CONFIG=str(ROOT / "tests" / "ansible.cfg"),
        LC_ALL="C.UTF-8",
        PYTHONPATH=str(COLLECTIONS),
    )
    kept.update(more)
    return kept
