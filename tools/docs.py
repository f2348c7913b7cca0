# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the documentation's site: antsibull-docs writes a page a plugin, Sphinx makes HTML of these and the guides."""

from __future__ import annotations

import shutil
import subprocess

from tools.environment import CACHE, ROOT, environment
from tools.tree import copy_tree

SETTINGS = ROOT / "tools" / "site"
SOURCES = CACHE / "site"
BUILT = ROOT / "docs" / "build"


def main() -> None:
    """Build it into ``docs/build/html``; any warning fails."""
    env = environment(ANSIBLE_COLLECTIONS_PATH=str(CACHE / "copy-site"))
    copy_tree(CACHE / "copy-site")
    SOURCES.mkdir(parents=True, exist_ok=True)
    SOURCES.chmod(0o755)  # antsibull-docs asks for a directory that nobody else can write to
    write_pages = ["antsibull-docs", "--config-file", str(SETTINGS / "antsibull-docs.cfg"), "collection"]
    write_pages += ["--use-current", "--squash-hierarchy", "--cleanup", "everything", "--fail-on-error"]
    subprocess.run([*write_pages, "--dest-dir", str(SOURCES), "virt.esx"], env=env, check=True)
    shutil.rmtree(BUILT, ignore_errors=True)
    make_html = ["sphinx-build", "-q", "-W", "--keep-going", "-b", "html", "-c", str(SETTINGS)]
    make_html += ["-d", str(CACHE / "doctrees"), str(SOURCES), str(BUILT / "html")]
    subprocess.run(make_html, env=env, check=True)
    print(f"The site begins at {BUILT.relative_to(ROOT) / 'html' / 'index.html'}")


if __name__ == "__main__":
    main()
