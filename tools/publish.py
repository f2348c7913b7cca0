# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publish the tarball of a tag on Galaxy; the release workflow runs it with ``TAG`` and ``GALAXY_TOKEN``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import yaml

from tools.environment import ROOT
from tools.release import PUBLISHED

UNRELEASED = "Unreleased."  # how the summary of a version in the changelog begins until its tag exists


def main() -> int:
    """Refuse what is not the tagged version, or has no release in the changelog; else publish it."""
    version = str(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    releases = yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"]
    tag, token = os.environ.get("TAG"), os.environ.get("GALAXY_TOKEN")
    if tag != f"v{version}" or version not in releases:
        print(f"The tag is {tag}, the version of galaxy.yml {version}; the changelog has {', '.join(releases)}.")
        return 1
    if str(releases[version]["changes"]["release_summary"]).startswith(UNRELEASED):
        print(f"The changelog says that {version} is unreleased.")
        return 1
    if not token:
        print("GALAXY_TOKEN is not set.")
        return 1
    tarball = PUBLISHED / f"virt-esx-{version}.tar.gz"
    # A file, so that the token is in no process list.
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"token": token}, file)
        file.flush()
        environment = {**os.environ, "ANSIBLE_GALAXY_TOKEN_PATH": file.name}
        command = ["ansible-galaxy", "collection", "publish", str(tarball)]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
