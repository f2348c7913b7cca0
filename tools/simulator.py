# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the simulated ESX host, and say how to use it; with ``--test`` run the tests of its own sources instead."""

from __future__ import annotations

import subprocess
import sys

from ansible_collections.virt.esx.tests.simulator_client.build import build, toolchain

from tools.environment import ROOT, SIMULATOR, environment

USE = """\
The simulated ESX host is {program}. Start it with

    {program} -listen 127.0.0.1:8989 -certificate-file .cache/simulator.pem \\
        -domains 0 -datastore-name datastore1

and use it with any user and password:

    export PATH=$PWD/.venv/bin:$PATH ANSIBLE_COLLECTIONS_PATH=$PWD/.cache ESX_USERNAME=root ESX_PASSWORD=secret
    ansible-playbook examples/demo.yml -e esx_uri=esx://localhost:8989/ -e esx_ca_path=$PWD/.cache/simulator.pem

{program} -help lists what it can simulate: a vCenter with hosts, old versions, the free licence.
"""


def main() -> None:
    """Do what the arguments say."""
    program = build()
    if sys.argv[1:] == ["--test"]:
        go = toolchain()
        for arguments in (("vet", "./..."), ("test", "./...")):
            subprocess.run([go, *arguments], cwd=SIMULATOR, env=environment(), check=True)
    elif sys.argv[1:] != ["--build"]:
        print(USE.format(program=program.relative_to(ROOT)))


if __name__ == "__main__":
    main()
