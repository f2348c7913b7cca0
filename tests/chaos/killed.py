# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real ``ansible-playbook`` killed during its work; the next run of the same playbook must succeed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.virt.esx.tests.chaos.campaign import state_of
from ansible_collections.virt.esx.tests.chaos.lab import PASSWORD, USER, Lab
from ansible_collections.virt.esx.tests.chaos.preparations import XML
from ansible_collections.virt.esx.tests.chaos.scenarios import DATASTORE, SCENARIOS
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TURNS = 4
_ROOT = Path(__file__).resolve().parents[2]


def check_killed(lab: Lab, seed: int) -> list[str]:
    """Return the problems, a sentence each."""
    chance, wrong = random.Random(seed), []
    playbook = lab.directory / "chaos.yml"
    with lab.simulator(*DATASTORE) as simulator:
        SCENARIOS["define_and_start"].prepare(lab, simulator)
        playbook.write_text(json.dumps(_play(simulator)))
        begun = time.monotonic()
        status, output = _run(playbook)
        whole, wanted = time.monotonic() - begun, state_of(lab, simulator)
        if status:
            return [f"the playbook fails by itself: {output[-600:]}"]
    for _turn in range(TURNS):
        at = whole * chance.uniform(0.3, 1.0)
        with lab.simulator(*DATASTORE) as simulator:
            SCENARIOS["define_and_start"].prepare(lab, simulator)
            playbook.write_text(json.dumps(_play(simulator)))
            _run(playbook, kill_after=at)
            status, output = _run(playbook)
            if status:
                wrong.append(f"killed after {at:.1f} s, run again: {output[-600:]}")
            elif state_of(lab, simulator) != wanted:
                wrong.append(f"killed after {at:.1f} s, run again: it is not as after an undisturbed run")
            if PASSWORD in output:
                wrong.append("the password is in the output")
    return wrong


def _play(simulator: Simulator) -> list[dict[str, Any]]:
    """A play that defines and starts a domain and changes it, by free strategy and in forks."""
    login = {"uri": simulator.uri(user=USER), "password": PASSWORD, "timeout": 30}
    define = {"name": "Define", "virt.esx.esx_domain": {**login, "xml": XML, "state": "running"}}
    share = {"name": "Share", "virt.esx.esx_scheduler": {**login, "name": "web", "reservation": 200}, "throttle": 1}
    read = {"name": "Read", "virt.esx.esx_domain_info": {**login, "gather": ["xml"]}}
    tasks = [define, share, read]
    return [{"hosts": "localhost", "gather_facts": False, "strategy": "free", "tasks": tasks}]


def _run(playbook: Path, kill_after: float | None = None) -> tuple[int, str]:
    """The exit status and the output of a playbook, which may be killed with all its workers."""
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(_ROOT / ".cache"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "--diff", "-i", "localhost,", "-c", "local", str(playbook)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, env=environment
    ) as process:
        if kill_after is not None:
            time.sleep(kill_after)
            os.killpg(process.pid, signal.SIGKILL)
        output, _none = process.communicate(timeout=300)
    return process.returncode, output
