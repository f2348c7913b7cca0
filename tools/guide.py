# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow the guide "Getting started" to the letter, in an empty directory.

One shell runs all of its commands, and its files are saved where it says. Three things are different: the collection
comes from the tarball of this checkout instead of Galaxy, the simulator from its sources here instead of GitHub, and
its port is any free one.
"""

from __future__ import annotations

import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile

from ansible_collections.virt.esx.tests.simulator_client.build import toolchain

from tools.environment import ROOT, environment
from tools.release import PUBLISHED

GUIDE = ROOT / "docs" / "docsite" / "rst" / "getting_started.rst"
BLOCK = re.compile(r"^\.\. code-block:: (shell|yaml|xml\+jinja)\n\n((?:    .*\n|\n)+)", re.MULTILINE)
# The results of create.yml that the guide promises: a change in check mode and for real, none, and one in check mode.
PROMISED = ("changed=1", "changed=1", "changed=0", "changed=1")


def script(directory: pathlib.Path) -> str:
    """Save the files of the guide; return its commands."""
    commands = ["set -eu", "trap 'kill $(jobs -p)' EXIT"]
    for kind, indented in BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
        text = re.sub("^    ", "", indented, flags=re.MULTILINE).strip() + "\n"
        if kind == "shell":
            commands.append(text)
            continue
        found = re.match(r"# (\S+\.yml)\n", text)
        name = found[1] if found else "templates/domain.xml.j2"
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text(text, encoding="utf-8")
    return "\n".join(commands)


def from_here(commands: str, directory: pathlib.Path) -> str:
    """The commands with this checkout in the place of Galaxy and GitHub."""
    sources = directory / "sources"
    shutil.copytree(ROOT / "tests" / "simulator", sources)
    (tarball,) = PUBLISHED.glob("*.tar.gz")
    for old, new in (
        ("install virt.esx", f"install --offline {tarball}"),
        ('install "git+https://github.com/virt-esx/virt.esx#subdirectory=tests/simulator"', f"install {sources}"),
        ("8989", str(free_port())),
    ):
        if old not in commands:
            raise SystemExit(f"the guide does not say: {old}")
        commands = commands.replace(old, new)
    return commands


def free_port() -> int:
    """A TCP port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def go_caches() -> dict[str, str]:
    """Go's settings for what it has fetched and compiled, which are below the home that the guide does not have."""
    names = ("GOCACHE", "GOMODCACHE")
    answer = subprocess.run([toolchain(), "env", *names], capture_output=True, text=True, check=True)
    return dict(zip(names, answer.stdout.splitlines()))


def main() -> None:
    """Follow the guide, and compare what ``create.yml`` reports with what the guide promises."""
    with tempfile.TemporaryDirectory(prefix="virt-esx-guide-") as place:
        directory = pathlib.Path(place)
        home = directory / "home"
        home.mkdir()
        work = directory / "work"
        work.mkdir()
        commands = from_here(script(work), directory)
        env = environment(HOME=str(home), PIP_QUIET="1", **go_caches())
        # The user's shell, with the Python and Go that the checks run on, and nothing of the project's own environment.
        env["PATH"] = f"{sys.base_exec_prefix}/bin:/usr/local/bin:/usr/bin:/bin:{pathlib.Path(toolchain()).parent}"
        for name in ("PYTHONPATH", "ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_CONFIG"):
            del env[name]
        done = subprocess.run(
            ["bash", "-mc", commands], cwd=work, env=env, check=False, text=True, capture_output=True, timeout=900
        )
        print(done.stdout, done.stderr, sep="\n")
        if done.returncode:
            raise SystemExit("The guide does not work as it is written.")
        creations = re.findall(r"\bchanged=\d+", done.stdout.partition("PLAY [A domain that a template")[2])[
            : len(PROMISED)
        ]
        if tuple(creations) != PROMISED or "+" not in done.stdout:
            raise SystemExit(f"The guide promises {', '.join(PROMISED)}; create.yml reported {', '.join(creations)}.")


if __name__ == "__main__":
    main()
