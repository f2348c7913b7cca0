# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the targets of ``ansible-test integration`` against a simulated host."""

from __future__ import annotations

import json
import subprocess
import sys

from ansible_collections.virt.esx.tests.simulator_client import start_simulator

from tools.ansible_test import make_home
from tools.environment import CACHE, ROOT, environment
from tools.tree import copy_tree

SETTINGS = {"esx_username": "root", "esx_password": "not a secret", "esx_datastore": "datastore1"}


def main() -> int:
    """Name the simulated host in ``integration_config.yml`` of a copy, and run all targets there."""
    copy = copy_tree(CACHE / "copy-targets")
    flags = ("-domains", "0", "-datastore-name", SETTINGS["esx_datastore"])
    login = ("-username", SETTINGS["esx_username"], "-password", SETTINGS["esx_password"])
    env = environment(HOME=str(make_home(ROOT / ".venv")))
    del env["PYTHONPATH"], env["ANSIBLE_COLLECTIONS_PATH"], env["ANSIBLE_CONFIG"]
    with start_simulator(*flags, *login) as host:
        settings = {**SETTINGS, "esx_uri": host.uri(host="localhost"), "esx_ca_path": host.certificate}
        configuration = copy / "tests" / "integration" / "integration_config.yml"
        configuration.write_text(json.dumps(settings), encoding="utf-8")
        command = ["ansible-test", "integration", "--color", "no", "--python", "default"]
        return subprocess.run(command, cwd=copy, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
