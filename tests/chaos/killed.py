# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real ``ansible-playbook`` killed during its work; the next run of the same playbook must succeed.

Each playbook is killed while a call of its own is under way: the simulator holds its answer back, so that the kill
hits the very middle. One is killed at any time, by a seed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.virt.esx.tests.chaos.campaign import state_of
from ansible_collections.virt.esx.tests.chaos.lab import PASSWORD, USER, Lab
from ansible_collections.virt.esx.tests.chaos.preparations import XML
from ansible_collections.virt.esx.tests.chaos.scenarios import DATASTORE, SCENARIOS, Scenario
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TURNS = 4
_ROOT = Path(__file__).resolve().parents[2]

# The scenarios to kill, each with the module's name and the calls at which it is killed.
AT_CALLS: dict[str, tuple[str, tuple[str, ...]]] = {
    "upload": ("esx_volume", ("PUT", "MoveDatastoreFile_Task")),
    "from_nothing": ("esx_domain", ("CreateVirtualDisk_Task", "PUT", "RegisterVM_Task")),
    "power_cycle": ("esx_domain", ("ShutdownGuest", "ReconfigVM_Task", "PowerOnVM_Task")),
    "network": ("esx_network", ("AddVirtualSwitch", "AddPortGroup")),
    "seed_image": ("esx_seed_image", ("PUT", "MoveDatastoreFile_Task")),
    "clone": ("esx_clone", ("CopyVirtualDisk_Task", "RegisterVM_Task")),
    "import": ("esx_ova", ("POST", "HttpNfcLeaseComplete")),
    "export": ("esx_ova", ("GET",)),
    "snapshot": ("esx_snapshot", ("CreateSnapshot_Task",)),
    "snapshot_away": ("esx_snapshot", ("RemoveSnapshot_Task",)),
    "migrate": ("esx_migrate", ("RelocateVM_Task",)),
    "undefine": ("esx_domain", ("DeleteVirtualDisk_Task", "UnregisterVM")),
}

# The seconds for which the simulator holds back an answer, and those that a playbook may take to get there.
_HELD, _PATIENCE = 1.5, 60.0


def check_killed(lab: Lab, seed: int) -> list[str]:
    """Return the problems, a sentence each."""
    wrong = _killed_at_any_time(lab, seed)
    for name, (module, calls) in AT_CALLS.items():
        for call in calls:
            wrong += [f"{name}, killed at {call}: {text}" for text in _killed_at(lab, name, module, call)]
    return wrong


def _killed_at(lab: Lab, name: str, module: str, call: str) -> list[str]:
    """The problems of a playbook of one scenario that is killed at a call."""
    scenario = SCENARIOS[name]
    with lab.simulator(*scenario.flags) as simulator:
        playbook = _prepared(lab, simulator, scenario, module)
        status, output = _run(playbook)
        if status:
            return [f"the playbook fails by itself: {output[-600:]}"]
        wanted = state_of(lab, simulator)
    with lab.simulator(*scenario.flags) as simulator:
        playbook = _prepared(lab, simulator, scenario, module)
        simulator.trace(reset=True)
        simulator.inject(method=call, count=1, delay=int(_HELD * 1000))
        _run(playbook, when=lambda: call in simulator.methods())
        time.sleep(_HELD)
        simulator.clear_faults()
        return _run_again(lab, simulator, playbook, wanted)


def _prepared(lab: Lab, simulator: Simulator, scenario: Scenario, module: str) -> Path:
    scenario.prepare(lab, simulator)
    arguments = {**scenario.full_arguments(lab, simulator, None), "password": PASSWORD}
    task = {"name": "Do it", f"virt.esx.{module}": arguments}
    return _written(lab, [{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])


def _run_again(lab: Lab, simulator: Simulator, playbook: Path, wanted: Any) -> list[str]:
    """The problems of a run after one that was killed, and of a third, which must find nothing to do."""
    wrong = []
    status, output = _run(playbook)
    if status:
        return [f"run again: {output[-600:]}"]
    if state_of(lab, simulator) != wanted:
        wrong.append(
            f"run again: it is not as after an undisturbed run; {_difference(state_of(lab, simulator), wanted)}"
        )
    status, third = _run(playbook)
    if status or "changed=0" not in third:
        wrong.append(f"a third run does something: {third[-600:]}")
    return wrong + (["the password is in the output"] if PASSWORD in output + third else [])


def _difference(found: Any, wanted: Any) -> str:
    more = [file for file in found["files"] if file not in wanted["files"]]
    less = [file for file in wanted["files"] if file not in found["files"]]
    return f"more: {more}, less: {less}, domains: {found['domains']}"


def _killed_at_any_time(lab: Lab, seed: int) -> list[str]:
    chance, wrong = random.Random(seed), []
    with lab.simulator(*DATASTORE) as simulator:
        SCENARIOS["define_and_start"].prepare(lab, simulator)
        playbook = _written(lab, _play(simulator))
        begun = time.monotonic()
        status, output = _run(playbook)
        whole, wanted = time.monotonic() - begun, state_of(lab, simulator)
        if status:
            return [f"the playbook fails by itself: {output[-600:]}"]
    for _turn in range(TURNS):
        end = whole * chance.uniform(0.3, 1.0)
        with lab.simulator(*DATASTORE) as simulator:
            SCENARIOS["define_and_start"].prepare(lab, simulator)
            playbook = _written(lab, _play(simulator))
            begun = time.monotonic()
            _run(playbook, when=lambda begun=begun, end=end: time.monotonic() - begun > end)  # type: ignore[misc]
            wrong += [f"killed after {end:.1f} s, {text}" for text in _run_again(lab, simulator, playbook, wanted)]
    return wrong


def _play(simulator: Simulator) -> list[dict[str, Any]]:
    """A play that defines and starts a domain and changes it, by free strategy and in forks."""
    login = {"uri": simulator.uri(user=USER), "password": PASSWORD, "timeout": 30}
    define = {"name": "Define", "virt.esx.esx_domain": {**login, "xml": XML, "state": "running"}}
    share = {"name": "Share", "virt.esx.esx_scheduler": {**login, "name": "web", "reservation": 200}, "throttle": 1}
    read = {"name": "Read", "virt.esx.esx_domain_info": {**login, "gather": ["xml"]}}
    tasks = [define, share, read]
    return [{"hosts": "localhost", "gather_facts": False, "strategy": "free", "tasks": tasks}]


def _written(lab: Lab, play: list[dict[str, Any]]) -> Path:
    playbook = lab.directory / "chaos.yml"
    playbook.write_text(json.dumps(play))
    return playbook


def _run(playbook: Path, when: Callable[[], bool] | None = None) -> tuple[int, str]:
    """The exit status and the output of a playbook, which may be killed with all its workers.

    :param when: whether it is to be killed now; asked again and again until the playbook ends.
    """
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(_ROOT / ".cache"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "--diff", "-i", "localhost,", "-c", "local", str(playbook)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True, env=environment
    ) as process:
        end = time.monotonic() + _PATIENCE
        while when is not None and process.poll() is None and time.monotonic() < end:
            if when():
                os.killpg(process.pid, signal.SIGKILL)
                break
            time.sleep(0.02)
        output, _none = process.communicate(timeout=300)
    return process.returncode, output
