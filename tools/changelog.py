# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write the changelog of a release: ``python -m tools.changelog 0.2.0``.

It takes the fragments of ``changelogs/fragments``, finds new modules and plugins by itself, and writes
``changelogs/changelog.yaml``, ``CHANGELOG.md`` and ``CHANGELOG.rst``.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import subprocess

import yaml

from tools.environment import CACHE, ROOT, environment
from tools.tree import copy_tree

WRITTEN = ("CHANGELOG.md", "CHANGELOG.rst", "changelogs/changelog.yaml")


def wanted_version() -> str:
    """The version of the command line; it has to be the one in ``galaxy.yml``."""
    parser = argparse.ArgumentParser(prog="python -m tools.changelog", description="Write the changelog of a version.")
    parser.add_argument("version", metavar="X.Y.Z", help="the version in galaxy.yml")
    version: str = parser.parse_args().version
    present = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    if version != present:
        parser.error(f"galaxy.yml has the version {present}; set it to {version} first")
    return version


def main() -> None:
    """Run antsibull-changelog in a copy of the collection, and bring what it wrote back."""
    version = wanted_version()
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
