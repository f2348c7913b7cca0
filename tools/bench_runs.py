# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks that are measured: their time, their processor time, and what they cost at the server.

Other programs on the machine change a task's time, and hardly its processor time. So rows take turns in one play, and a
ratio is the median of those of neighbours. The processor time is that of all processes of the task.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.virt.esx.tests.integration.running import clean_environment, other_interpreter, variables_of
from ansible_collections.virt.esx.tests.simulator_client import Simulator

from tools.bench_peers import PLACE

ROUNDS = 15  # the first, in which everything is imported, does not count
ITEMS = 50  # of a loop; only the first logs in


@dataclasses.dataclass(frozen=True)
class Row:
    """One task that is measured.

    ``calls`` is the most that it may make, beside one for each full page of 500; ``bytes`` the most that it may receive
    on a host with two domains.
    """

    name: str
    module: str
    arguments: Mapping[str, Any]
    calls: float | None = None
    bytes: int | None = None
    in_loop: bool = False
    python: str | None = None  # of a module, where it is not to run in process

    @property
    def items(self) -> int:
        """How many times the work is done."""
        return ITEMS if self.in_loop else 1

    def task(self) -> dict[str, Any]:
        """The task as a playbook has it."""
        task: dict[str, Any] = {"name": self.name, self.module: dict(self.arguments)}
        if self.in_loop:
            task["loop"] = list(range(ITEMS))
        if self.python is not None:
            task["vars"] = {"ansible_python_interpreter": self.python}
        return task


@dataclasses.dataclass(frozen=True)
class Cost:
    """The costs of a task, or an item of a loop, at the server: calls, connections, and bytes that it was sent."""

    calls: float
    connections: float
    received: float


@dataclasses.dataclass(frozen=True)
class Taken:
    """The time of a task in each round: milliseconds, and milliseconds of a processor; and the most memory in MiB."""

    times: Sequence[float]
    processor: Sequence[float]
    memory: int = 0

    @property
    def time(self) -> float:
        """The usual time."""
        return statistics.median(self.times)

    @property
    def work(self) -> float:
        """The usual processor time."""
        return statistics.median(self.processor)

    def per(self, items: int) -> Taken:
        """The same of one item of so many."""
        return Taken([each / items for each in self.times], [each / items for each in self.processor], self.memory)

    def ratio(self, other: Taken) -> float:
        """How many times the processor time of another task this one takes, by the rounds of both."""
        return statistics.median(ours / theirs for ours, theirs in zip(self.processor, other.processor))


class Bench:
    """A simulated host and a place for playbooks."""

    def __init__(self, host: Simulator, place: pathlib.Path, uri: str | None = None) -> None:
        self.host = host
        self.place = place
        self.costs = place / "costs.json"
        self.environment = {
            **clean_environment(),
            "XDG_CACHE_HOME": str(place),
            "VIRT_ESX_COST": str(self.costs),
            "VIRT_ESX_RECORD": os.devnull,
            "ANSIBLE_CALLBACKS_ENABLED": "cost",
            "ANSIBLE_DEPRECATION_WARNINGS": "false",
            "ANSIBLE_COLLECTIONS_PATH": f"{PLACE.parent}:{PLACE}",
            "REQUESTS_CA_BUNDLE": "",  # else the peers check certificates that they were told not to check
        }
        self.variables = {
            **variables_of(host),
            **({} if uri is None else {"esx_uri": uri}),
            "esx_port": host.port,
            "uuid": host.domains()["domain-1"]["uuid"],
            "other_python": str(other_interpreter(place)),
        }

    def play(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Run the tasks of some rows in one play, as a user does; return what the callback ``cost`` says of each."""
        playbook = self.place / "play.yml"
        tasks = [row.task() for row in rows]
        plays = [{"hosts": "localhost", "gather_facts": False, "vars": self.variables, "tasks": tasks}]
        playbook.write_text(yaml.safe_dump(plays), encoding="utf-8")
        command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", str(playbook)]
        done = subprocess.run(command, env=self.environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{done.stdout}\n{done.stderr}")
        costs: list[dict[str, Any]] = json.loads(self.costs.read_text(encoding="utf-8"))
        return costs

    def count(self, row: Row) -> Cost:
        """The costs of one task of a row at the server, with a session if the row keeps one."""
        if "session_cache" in row.arguments:
            self.play([row])
        self.host.trace(reset=True)
        self.play([row])
        trace = self.host.trace()
        return Cost(
            calls=len(trace) / row.items,
            connections=len({call["connection"] for call in trace}) / row.items,
            received=sum(call["out"] for call in trace) / row.items,
        )

    def time(self, rows: Sequence[Row], rounds: int = ROUNDS) -> dict[str, Taken]:
        """The time that a task, or an item, takes, by the row's name."""
        tasks = self.play(list(rows) * rounds)[len(rows) :]
        found = {}
        for number, row in enumerate(rows):
            of_row = tasks[number :: len(rows)]
            taken = Taken(
                [1000 * task["seconds"] for task in of_row],
                [1000 * task["processor"] for task in of_row],
                max(task["memory"] for task in of_row),
            )
            found[row.name] = taken.per(row.items)
        return found

    def plays(self, rows: Sequence[Row], rounds: int) -> dict[str, Taken]:
        """The time that a whole play of one task takes, imports included, by the row's name."""
        found: dict[str, tuple[list[float], list[float]]] = {row.name: ([], []) for row in rows}
        for _round in range(rounds):
            for row in rows:
                before = resource.getrusage(resource.RUSAGE_CHILDREN)
                (task,) = self.play([row])
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
                found[row.name][0].append(1000 * task["seconds"])
                found[row.name][1].append(1000 * work)
        return {name: Taken(times, work) for name, (times, work) in found.items()}
