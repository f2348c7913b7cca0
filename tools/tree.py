# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the collection as a collection: below ``ansible_collections/virt/esx``, with the files that git knows of.

ansible-test asks for the real path of its directory, so that the link in the cache is not enough, and takes the files
that git lists, so that the copy is a repository. The tools of antsibull would copy all of the checkout with its caches.
Files that are neither committed nor ignored are copied too.
"""

from __future__ import annotations

import pathlib
import shutil
import subprocess

from tools.environment import ROOT, environment


def listed_files(root: pathlib.Path) -> set[str]:
    """The files of a repository, as paths below its root: all but what git ignores, and what was deleted."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    return {name for name in listed if name and (root / name).is_file()}


def collection_in(parent: pathlib.Path) -> pathlib.Path:
    """Where Ansible looks for the collection below one of its directories."""
    return parent / "ansible_collections" / "virt" / "esx"


def copy_tree(parent: pathlib.Path) -> pathlib.Path:
    """Bring the copy below ``parent`` up to date; return its root. The caches of ansible-test in it stay."""
    target = collection_in(parent)
    files = listed_files(ROOT)
    if (target / ".git").exists():
        for old in listed_files(target) - files:
            (target / old).unlink()
    for name in files:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).unlink(missing_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    _git(target, "init", "--quiet")
    _git(target, "add", "--all")
    return target


def _git(directory: pathlib.Path, *arguments: str) -> str:
    command = ["git", "-c", f"safe.directory={directory}", *arguments]
    return subprocess.run(command, cwd=directory, env=environment(), capture_output=True, text=True, check=True).stdout
