# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Publish the tarball of a tag on Galaxy; the release workflow runs it with ``TAG`` and ``GALAXY_TOKEN``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import yaml

from tools.environment import ROOT
from tools.release import PUBLISHED

UNRELEASED = "Unreleased."  # how the summary of a version in the changelog begins until its tag exists


def refusal(version: str, tag: str | None, releases: Mapping[str, Any]) -> str | None:
    """Why a version is not published, None if it can be.

    :param version: that of ``galaxy.yml``.
    :param releases: those of the changelog.
    """
    if tag != f"v{version}" or version not in releases:
        return f"The tag is {tag}, the version of galaxy.yml {version}; the changelog has {', '.join(releases)}."
    summary = str(releases[version].get("changes", {}).get("release_summary", ""))
    if not summary:
        return f"The changelog has no release_summary for {version}; add it to changelogs/changelog.yaml."
    return f"The changelog says that {version} is unreleased." if summary.startswith(UNRELEASED) else None


def main() -> int:
    """Refuse what is not the tagged version, or has no release in the changelog; else publish it."""
    version = str(yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"])
    releases = yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text(encoding="utf-8"))["releases"]
    tag, token = os.environ.get("TAG"), os.environ.get("GALAXY_TOKEN")
    reason = refusal(version, tag, releases)
    if reason:
        print(reason)
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
