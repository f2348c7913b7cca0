# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what a task that finds nothing to do costs: its time, in ``debug`` tasks, and its calls of the server.

With ``--check`` it fails where a task makes more calls than the project promises.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import statistics
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

import yaml
from ansible_collections.virt.esx.tests.integration.running import (
    AS_MODULE,
    DATASTORE,
    IN_PROCESS,
    PASSWORD,
    USER,
    run_playbook,
    variables_of,
)
from ansible_collections.virt.esx.tests.simulated import Simulator, start_simulator

REPEATED = 15  # times that each task is run, after one time that does not count
CONNECTION = {"uri": "{{ esx_uri }}", "ca_path": "{{ esx_ca_path }}", "password": "{{ esx_password }}"}


@dataclasses.dataclass(frozen=True)
class Row:
    """One task that is measured, and the most calls that it may make."""

    name: str
    module: str
    arguments: Mapping[str, Any]
    way: str = IN_PROCESS
    items: int = 1
    calls: int | None = None


ROWS = (
    Row("debug", "ansible.builtin.debug", {"msg": "nothing"}),
    Row("esx_domain", "virt.esx.esx_domain", {**CONNECTION, "name": "domain-1", "state": "running"}, calls=5),
    Row(
        "esx_domain, session kept",
        "virt.esx.esx_domain",
        {**CONNECTION, "name": "domain-1", "state": "running", "session_cache": True},
        calls=2,
    ),
    Row(
        "esx_domain, an item of a loop of 10",
        "virt.esx.esx_domain",
        {**CONNECTION, "name": "domain-1", "state": "running"},
        items=10,
    ),
    Row(
        "esx_domain as a module",
        "virt.esx.esx_domain",
        {**CONNECTION, "name": "domain-1", "state": "running"},
        way=AS_MODULE,
        calls=5,
    ),
    Row("esx_domain_info, all", "virt.esx.esx_domain_info", CONNECTION, calls=5),
)


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a task costs: milliseconds, calls of the server, connections, and bytes that it was sent."""

    milliseconds: float
    calls: float
    connections: float
    received: float


def measure(row: Row, host: Simulator, place: pathlib.Path) -> Cost:
    """Run a row's task once, and then again and again in one play; the time is a median, the rest an average."""
    task: dict[str, Any] = {"name": "Measured", row.module: dict(row.arguments)}
    if row.items > 1:
        task["loop"] = list(range(row.items))
    playbook = place / "play.yml"
    environment = {"XDG_CACHE_HOME": str(place), "XDG_RUNTIME_DIR": str(place)}
    for times in (1, REPEATED):
        plays = [{"hosts": "localhost", "gather_facts": False, "tasks": [task] * times}]
        playbook.write_text(yaml.safe_dump(plays), encoding="utf-8")
        host.trace(reset=True)
        run = run_playbook(playbook, extra_vars=variables_of(host), way=row.way, env=environment)
    trace = host.trace()
    done = REPEATED * row.items
    return Cost(
        milliseconds=1000 * statistics.median(task.seconds for task in run.tasks) / row.items,
        calls=len(trace) / done,
        connections=len({call["connection"] for call in trace}) / done,
        received=sum(call["out"] for call in trace) / done,
    )


def main() -> int:
    """Print a table for a host with few domains and one for a host with many."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where a task makes more calls than is promised")
    check = parser.parse_args().check
    exceeded = []
    for domains in (2,) if check else (2, 500):
        flags = ("-domains", str(domains), "-datastore-name", DATASTORE, "-username", USER, "-password", PASSWORD)
        print(f"\na host with {domains} domains\n{'task':36}    ms  debugs  calls  connections  bytes", flush=True)
        with start_simulator(*flags) as host, tempfile.TemporaryDirectory() as place:
            debug = 0.0
            for row in ROWS:
                cost = measure(row, host, pathlib.Path(place))
                debug = debug or cost.milliseconds
                print(
                    f"{row.name:36} {cost.milliseconds:5.0f} {cost.milliseconds / debug:7.1f} {cost.calls:6.1f}"
                    f" {cost.connections:12.1f} {cost.received:6.0f}",
                    flush=True,
                )
                if row.calls and cost.calls > row.calls:
                    exceeded.append(f"{row.name}: {cost.calls:.1f} calls instead of {row.calls}")
    print("\n".join(exceeded))
    return 1 if check and exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
