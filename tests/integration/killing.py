# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killing a process that runs a module while it waits for the answer to a call."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import time
from typing import Any

from ansible_collections.virt.esx.tests.integration.running import PASSWORD, ROOT, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator

_RUN = "from ansible_collections.virt.esx.plugins.modules.{module} import main; main()"


def run_and_kill(host: Simulator, module: str, at: tuple[str, int], *, patience: float = 0.8, **arguments: Any) -> None:
    """Run a module in its own process, and kill it at a call, which the server carries out nevertheless.

    :param at: the method of the API or of HTTP, and the number of its calls that succeed first.
    :param patience: the seconds to wait after the kill; the server ends the call after about 0.7.
    """
    given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, **arguments}
    method, number = at
    host.trace(reset=True)
    host.inject(method=method, skip=number, count=1, delay=700)
    process = subprocess.Popen(
        [sys.executable, "-c", _RUN.format(module=module)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env={"PYTHONPATH": str(pathlib.Path(ROOT, ".cache")), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps({"ANSIBLE_MODULE_ARGS": given}).encode())
    process.stdin.close()
    _wait_until_it_hangs(host, process)
    process.kill()
    assert process.wait() < 0
    host.clear_faults()
    time.sleep(patience)


def _wait_until_it_hangs(host: Simulator, process: subprocess.Popen[bytes]) -> None:
    """Wait until no more calls arrive."""
    seen, quiet = 0, 0
    while not seen or quiet < 4:
        assert process.poll() is None, "the module ended before it could be killed"
        time.sleep(0.05)
        calls = len(host.trace())
        seen, quiet = calls, quiet + 1 if calls == seen else 0
