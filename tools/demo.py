# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the example playbooks against a simulated ESX host, and say what happens."""

from __future__ import annotations

import re
import subprocess
import sys
import time

from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.build import PROGRAM

from tools.environment import ROOT, environment

DATASTORE = "datastore1"
CREDENTIALS = {"ESX_USERNAME": "root", "ESX_PASSWORD": "not a secret"}


def headline(*lines: str) -> None:
    """Print what comes next, so that it can be told from Ansible's own output."""
    print("\n" + "\n".join(f"### {line}" for line in lines) + "\n", flush=True)


def play(host: Simulator, playbook: str) -> int:
    """Run a playbook of the examples, show its output, and return how many tasks changed something."""
    command = [
        "ansible-playbook",
        "-i",
        "localhost,",
        "-c",
        "local",
        f"examples/{playbook}",
        "-e",
        f"esx_uri={host.uri(host='localhost')}",
    ]
    command += ["-e", f"esx_ca_path={host.certificate}"]
    env = environment(**CREDENTIALS, ANSIBLE_CALLBACK_RESULT_FORMAT="yaml")
    output = ""
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            output += line
            print(line.replace("*" * 40, ""), end="", flush=True)
    changed = re.search(r"^localhost\s.*\bchanged=(\d+)\b.*\bfailed=0\b", output, re.MULTILINE)
    if process.returncode or not changed:
        sys.exit(f"The playbook {playbook} failed; what it printed above says why.")
    return int(changed.group(1))


def main() -> None:
    """The demo: convert, define, start, read back; again, and nothing changes; undefine."""
    start = time.monotonic()
    if not PROGRAM.exists():
        headline("Building the simulated ESX host (once; it takes a minute or two)")
    flags = (
        "-domains",
        "0",
        "-datastore-name",
        DATASTORE,
        "-username",
        CREDENTIALS["ESX_USERNAME"],
        "-password",
        CREDENTIALS["ESX_PASSWORD"],
    )
    with start_simulator(*flags) as host:
        headline(
            f"A simulated ESX host listens on {host.url}, with a self-signed certificate.",
            "The playbook examples/demo.yml shows a VMX file as domain XML, and creates a domain on the host.",
        )
        if play(host, "demo.yml") != 1:
            sys.exit("The first run should have changed one thing: made the domain with its disk and started it.")
        headline("The same playbook again. The domain already runs, so nothing changes: changed=0.")
        if play(host, "demo.yml") != 0:
            sys.exit("The second run should have changed nothing.")
        headline("The playbook examples/undefine.yml powers the domain off, and removes it with its disk.")
        if play(host, "undefine.yml") != 2 or host.domains():
            sys.exit("The domain should be gone.")
        headline(
            f"The demo took {time.monotonic() - start:.0f} seconds. Next: the guides in docs/docsite/rst;",
            "`make simulator`, for a simulated host of your own; `make help`, for the rest.",
        )


if __name__ == "__main__":
    main()
