# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the collection's tarball, look what is in it, and use it from an empty directory."""

from __future__ import annotations

import fnmatch
import pathlib
import subprocess
import tarfile
import tempfile

from tools.environment import CACHE, ROOT, environment
from tools.tree import copy_tree

PUBLISHED = CACHE / "release"

# All that may be in it: no test, no cache, nothing of Go.
PACKED = (
    "CHANGELOG.*",
    "*.md",
    "FILES.json",
    "LICENSE",
    "MAINTAINERS",
    "MANIFEST.json",
    "changelogs/changelog.yaml",
    "changelogs/config.yaml",
    "docs/docsite/*.yml",
    "docs/docsite/rst/*.rst",
    "examples/*",
    "extensions/audit/event_query.yml",
    "extensions/molecule/*.yml",
    "meta/execution-environment.yml",
    "meta/runtime.yml",
    "plugins/*.py",
    "plugins/*.yml",
    "requirements.txt",
    "roles/*",
)
# The files that a user cannot do without.
INDISPENSABLE = {"README.md", "LICENSE", "CHANGELOG.md", "requirements.txt", "meta/runtime.yml", "examples/demo.yml"}

PLAYBOOK = r"""
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.assert:
        that: "'<name>web</name>' in (vmx | virt.esx.vmx_to_domxml)"
      vars:
        vmx: |
          config.version = "8"
          virtualHW.version = "13"
          displayName = "web"
          memsize = "64"
    - virt.esx.esx_domain_info:
        uri: esx://localhost:1/
        password: none
      ignore_errors: true
      register: unreachable
    - ansible.builtin.assert:
        that: unreachable is failed and 'localhost' in unreachable.msg
"""


def build() -> pathlib.Path:
    """Build the tarball from the files that git knows of; return its path."""
    copy = copy_tree(CACHE / "copy-release")
    PUBLISHED.mkdir(parents=True, exist_ok=True)
    for old in PUBLISHED.glob("*.tar.gz"):
        old.unlink()
    command = ["ansible-galaxy", "collection", "build", "--output-path", str(PUBLISHED), str(copy)]
    subprocess.run(command, env=environment(), check=True)
    (tarball,) = PUBLISHED.glob("*.tar.gz")
    return tarball


def check_contents(tarball: pathlib.Path) -> None:
    """Fail for a file that does not belong into the tarball, and for one that lacks."""
    with tarfile.open(tarball) as opened:
        names = {member.name for member in opened if member.isfile()}
    foreign = {name for name in names if not any(fnmatch.fnmatch(name, pattern) for pattern in PACKED)}
    if foreign:
        raise SystemExit(f"does not belong into the tarball: {', '.join(sorted(foreign))}")
    if not names >= INDISPENSABLE:
        raise SystemExit(f"the tarball lacks {', '.join(sorted(INDISPENSABLE - names))}")
    print(f"{tarball.name} has {len(names)} files")


def check_use(tarball: pathlib.Path) -> None:
    """Install the tarball into an empty directory, and use it there."""
    with tempfile.TemporaryDirectory(prefix="virt-esx-release-") as place:
        env = environment(ANSIBLE_COLLECTIONS_PATH=place)
        del env["PYTHONPATH"]
        playbook = pathlib.Path(place, "play.yml")
        playbook.write_text(PLAYBOOK, encoding="utf-8")
        for command in (
            ["ansible-galaxy", "collection", "install", "--offline", "-p", place, str(tarball)],
            ["ansible-playbook", "-i", "localhost,", "-c", "local", str(playbook)],
            ["ansible-doc", "--type", "filter", "virt.esx.vmx_to_domxml", "virt.esx.domxml_to_vmx"],
            ["ansible-doc", *(f"virt.esx.{path.stem}" for path in sorted((ROOT / "plugins" / "modules").glob("*.py")))],
        ):
            done = subprocess.run(command, cwd=place, env=env, check=False, stdout=subprocess.PIPE, text=True)
            if done.returncode:
                raise SystemExit(f"{done.stdout}\n{' '.join(command)} failed")


def main() -> None:
    """Build and check; the tarball stays in the cache."""
    tarball = build()
    check_contents(tarball)
    check_use(tarball)
    print(f"It installs and works; it is kept as {tarball.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
