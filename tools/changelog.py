# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the changelog of a release: ``python -m tools.changelog 0.2.0``.

It takes the fragments of ``changelogs/fragments``, finds new modules and plugins by itself, and writes
``changelogs/changelog.yaml``, ``CHANGELOG.md`` and ``CHANGELOG.rst``.
"""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys

from tools.environment import CACHE, ROOT, environment
from tools.tree import copy_tree

WRITTEN = ("CHANGELOG.md", "CHANGELOG.rst", "changelogs/changelog.yaml")


def main() -> None:
    """Run antsibull-changelog in a copy of the collection, and bring what it wrote back."""
    (version,) = sys.argv[1:]
    date = datetime.datetime.now(datetime.timezone.utc).date().isoformat()
    parent = CACHE / "copy-changelog"
    copy = copy_tree(parent)
    command = ["antsibull-changelog", "release", "--version", version, "--date", date, "--update-existing"]
    env = environment(ANSIBLE_COLLECTIONS_PATH=str(parent))
    subprocess.run([*command, "--reload-plugins"], cwd=copy, env=env, check=True)
    for name in WRITTEN:
        shutil.copy2(copy / name, ROOT / name)
    for fragment in (ROOT / "changelogs" / "fragments").glob("*.yml"):
        if not (copy / fragment.relative_to(ROOT)).exists():
            fragment.unlink()


if __name__ == "__main__":
    main()
