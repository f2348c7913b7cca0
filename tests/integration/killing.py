# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that carries out a module and is killed while it waits for the answer to one of its calls."""

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


def run_and_kill(host: Simulator, module: str, at: tuple[str, int], **arguments: Any) -> None:
    """Run a module in a process of its own, and kill it at a call, which is answered all the same.

    :param at: the method of the API or of HTTP, and how many calls of it go well first.
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
    time.sleep(0.8)


def _wait_until_it_hangs(host: Simulator, process: subprocess.Popen[bytes]) -> None:
    """Wait until no further call comes."""
    seen, quiet = 0, 0
    while not seen or quiet < 4:
        assert process.poll() is None, "the module ended before it could be killed"
        time.sleep(0.05)
        calls = len(host.trace())
        seen, quiet = calls, quiet + 1 if calls == seen else 0
