# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what a task that finds nothing to do costs: its calls of the server, its bytes, and its time.

Times are medians of rounds in which all tasks take turns in one play, given as multiples of a ``debug`` task: they
depend on the machine, their ratios hardly do. Beside that it is measured how a task fares on large servers, how much
of a play with one task is processor time, and what a slow network does. With ``--check`` nothing is timed, and it fails
where a task makes more calls, or receives more bytes, than the project promises.
"""

from __future__ import annotations

import argparse
import dataclasses
import pathlib
import resource
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from ansible_collections.virt.esx.tests.integration.running import (
    DATASTORE,
    PASSWORD,
    USER,
    other_interpreter,
    run_playbook,
    variables_of,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator

from tools.bench_peers import PEERS, PLACE, install_peers
from tools.bench_places import PLACES, Place
from tools.delay import delayed

ROUNDS = 15  # the first, in which everything is imported, does not count
ITEMS = 50  # of a loop; only the first logs in
PLAYS = 6  # of one task each
LATENCIES = (5, 50)  # milliseconds of a round trip
LOGIN = ("-datastore-name", DATASTORE, "-username", USER, "-password", PASSWORD)

CONNECTION = {"uri": "{{ esx_uri }}", "ca_path": "{{ esx_ca_path }}", "password": "{{ esx_password }}"}
DOMAIN = {**CONNECTION, "name": "domain-1", "state": "running"}


@dataclasses.dataclass(frozen=True)
class Row:
    """One task that is measured.

    ``calls`` is the most that it may make, beside one for each full page of 500; ``bytes`` the most that it may receive
    on a host with two domains.
    """

    name: str
    module: str
    arguments: Mapping[str, Any]
    calls: int | None = None
    bytes: int | None = None
    in_loop: bool = False
    python: str | None = None  # of a module, where it is not to run in process

    def task(self) -> dict[str, Any]:
        """The task as a playbook has it."""
        task: dict[str, Any] = {"name": self.name, self.module: dict(self.arguments)}
        if self.in_loop:
            task["loop"] = list(range(ITEMS))
        if self.python is not None:
            task["vars"] = {"ansible_python_interpreter": self.python}
        return task


DEBUG = Row("debug", "ansible.builtin.debug", {"msg": "nothing"})
DEBUG_ITEM = Row("debug, an item of a loop", "ansible.builtin.debug", {"msg": "nothing"}, in_loop=True)
# What Ansible itself needs for a task with our arguments: it fills in their variables again for each item.
SAME = Row("debug with our arguments", "ansible.builtin.debug", {"msg": DOMAIN})
SAME_ITEM = Row("debug with our arguments, an item of a loop", "ansible.builtin.debug", {"msg": DOMAIN}, in_loop=True)
BY_NAME = Row("esx_domain by name", "virt.esx.esx_domain", DOMAIN, calls=5, bytes=9_000)
OURS = (
    BY_NAME,
    Row(
        "esx_domain by UUID",
        "virt.esx.esx_domain",
        {**CONNECTION, "uuid": "{{ uuid }}", "state": "running"},
        calls=5,
        bytes=9_000,
    ),
    Row("esx_domain, session cached", "virt.esx.esx_domain", {**DOMAIN, "session_cache": True}, calls=2, bytes=4_500),
    Row(
        "esx_scheduler",
        "virt.esx.esx_scheduler",
        {**CONNECTION, "name": "domain-1", "limit": -1},
        calls=5,
        bytes=10_000,
    ),
    Row("esx_domain_info of one", "virt.esx.esx_domain_info", {**CONNECTION, "name": "domain-1"}, calls=5, bytes=9_000),
    Row("esx_domain_info of all", "virt.esx.esx_domain_info", CONNECTION, calls=5, bytes=12_500),
    Row(  # one call more, for the VMX; the machine's devices come with the domain
        "esx_domain with parts",
        "virt.esx.esx_domain",
        {**DOMAIN, "disks": [{"target": "sda"}], "interfaces": [{"index": 0, "network": "VM Network"}]},
        calls=6,
        bytes=17_000,
    ),
    Row("esx_domain as a module", "virt.esx.esx_domain", DOMAIN, calls=5, bytes=9_000, python="{{ other_python }}"),
)
ABOUT_ONE = (BY_NAME, OURS[3], OURS[4])
SLOW = (BY_NAME, OURS[2])
OUR_ITEM = Row("esx_domain, an item of a loop", "virt.esx.esx_domain", DOMAIN, calls=3, bytes=4_500, in_loop=True)
THEIRS = tuple(
    Row(name, module, arguments, python="{{ ansible_playbook_python }}") for name, module, arguments in PEERS
)


@dataclasses.dataclass(frozen=True)
class Cost:
    """What a task, or an item of a loop, costs at the server: calls, connections, and bytes that it was sent."""

    calls: float
    connections: float
    received: float


class Bench:
    """A simulated host and a place for playbooks."""

    def __init__(self, host: Simulator, place: pathlib.Path, uri: str | None = None) -> None:
        self.host = host
        self.place = place
        self.environment = {
            "XDG_CACHE_HOME": str(place),
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

    def play(self, rows: Sequence[Row]) -> list[tuple[str, float]]:
        """Run the tasks of some rows in one play; return the name and the seconds of each task."""
        playbook = self.place / "play.yml"
        plays = [{"hosts": "localhost", "gather_facts": False, "tasks": [row.task() for row in rows]}]
        playbook.write_text(yaml.safe_dump(plays), encoding="utf-8")
        run = run_playbook(playbook, extra_vars=self.variables, env=self.environment)
        return [(task.name, task.seconds) for task in run.tasks]

    def processor_time(self, row: Row) -> float:
        """The seconds that a whole play of one task takes of a processor, all its processes together."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.play([row])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def count(self, row: Row) -> Cost:
        """What one task of a row costs at the server, a session being there if the row keeps one."""
        if "session_cache" in row.arguments:
            self.play([row])
        self.host.trace(reset=True)
        self.play([row])
        trace = self.host.trace()
        items = ITEMS if row.in_loop else 1
        return Cost(
            calls=len(trace) / items,
            connections=len({call["connection"] for call in trace}) / items,
            received=sum(call["out"] for call in trace) / items,
        )

    def time(self, rows: Sequence[Row]) -> dict[str, float]:
        """The milliseconds of a task, or of an item, by the row's name."""
        taken: dict[str, list[float]] = {row.name: [] for row in rows}
        for name, seconds in self.play(list(rows) * ROUNDS):
            taken[name].append(1000 * seconds)
        items = {row.name: ITEMS if row.in_loop else 1 for row in rows}
        return {name: statistics.median(times[1:]) / items[name] for name, times in taken.items()}


def check(bench: Bench) -> int:
    """Say which tasks make more calls, or receive more, than is promised, and how many there are."""
    found = [exceeded(row.name, bench.count(row), row.calls, row.bytes) for row in (*OURS, OUR_ITEM)]
    return sum(found)


def check_place(place: Place, bench: Bench) -> int:
    """The same of tasks about one domain on a large server."""
    found = []
    for row in ABOUT_ONE:
        name = f"{row.name} on {place.name}"
        found.append(exceeded(name, bench.count(row), (row.calls or 0) + place.calls, place.bytes))
    return sum(found)


def exceeded(name: str, cost: Cost, calls: int | None, most: int | None) -> bool:
    """Whether a task costs more than is promised, which is then said."""
    too_many = calls is not None and cost.calls > calls
    too_much = most is not None and cost.received > most
    if too_many:
        print(f"{name}: {cost.calls:.1f} calls instead of {calls}")
    if too_much:
        print(f"{name}: {cost.received:.0f} bytes received instead of {most}")
    return too_many or too_much


def report(bench: Bench, peers: Sequence[Row]) -> None:
    """Print what each task costs, in itself and beside ``debug`` and the peers."""
    print(f"{'task':44}    ms  debugs  calls  connections     bytes")
    rows = (DEBUG, SAME, *OURS, *peers, DEBUG_ITEM, SAME_ITEM, OUR_ITEM)
    times = bench.time(rows)
    for row in rows:
        cost = bench.count(row)
        debug = times[(DEBUG_ITEM if row.in_loop else DEBUG).name]
        print(
            f"{row.name:44} {times[row.name]:5.0f} {times[row.name] / debug:7.1f} {cost.calls:6.1f}"
            f" {cost.connections:12.1f} {cost.received:9.0f}",
            flush=True,
        )
    for ours, same in ((BY_NAME, SAME), (OUR_ITEM, SAME_ITEM)):
        print(f"{ours.name} takes {times[ours.name] / times[same.name]:.1f} times as long as {same.name}")
    for row in peers:
        print(f"{row.name} takes {times[row.name] / times[BY_NAME.name]:.1f} times as long as {BY_NAME.name}")


def report_place(place: Place, bench: Bench) -> None:
    """Print what tasks about one domain cost on a large server."""
    print(f"\n{place.name}", flush=True)
    times = bench.time((DEBUG, *ABOUT_ONE))
    for row in ABOUT_ONE:
        cost = bench.count(row)
        debugs = times[row.name] / times[DEBUG.name]
        print(f"{row.name:44} {debugs:7.1f} debugs {cost.calls:6.1f} calls {cost.received:9.0f} bytes", flush=True)


def report_plays() -> None:
    """Print what a whole play of one task takes of a processor, and how long a task takes in a slow network."""
    with start_simulator(*LOGIN) as host, tempfile.TemporaryDirectory() as directory:
        bench = Bench(host, pathlib.Path(directory))
        print("\nprocessor time of a whole play of one task, in plays of debug", flush=True)
        taken: dict[str, list[float]] = {}
        for _round in range(PLAYS):
            for row in (DEBUG, BY_NAME, OURS[3], OURS[-1]):
                taken.setdefault(row.name, []).append(bench.processor_time(row))
        debug = statistics.median(taken[DEBUG.name])
        for name, times in taken.items():
            print(f"{name:44} {statistics.median(times) / debug:7.2f}")
        for milliseconds in LATENCIES:
            with delayed(host.port, milliseconds / 1000) as port:
                uri = variables_of(host)["esx_uri"].replace(str(host.port), str(port))
                slow = Bench(host, pathlib.Path(directory), uri).time(SLOW)
            print(f"\nwith {milliseconds} ms of latency: milliseconds, and round trips")
            for row in SLOW:
                print(f"{row.name:44} {slow[row.name]:7.0f} {slow[row.name] / milliseconds:7.1f}", flush=True)


def main() -> int:
    """Measure on hosts with few domains and with many."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only count calls, and fail where they are too many")
    parser.add_argument("--full", action="store_true", help="measure a host with 5000 domains, too")
    parser.add_argument("--no-peers", action="store_true", help="do not measure the modules of other collections")
    options = parser.parse_args()
    peers = () if options.check or options.no_peers or not install_peers() else THEIRS
    failed = 0
    for domains in (2,) if options.check else (10, 100, 1000, 5000)[: 4 if options.full else 3]:
        with start_simulator("-domains", str(domains), *LOGIN) as host, tempfile.TemporaryDirectory() as place:
            bench = Bench(host, pathlib.Path(place))
            if options.check:
                failed += check(bench)
            else:
                print(f"\na host with {domains} domains", flush=True)
                report(bench, peers)
    for large in PLACES:
        with start_simulator(*LOGIN, *large.flags) as host, tempfile.TemporaryDirectory() as directory:
            large.prepare(host)
            bench = Bench(host, pathlib.Path(directory), large.uri(host))
            if options.check:
                failed += check_place(large, bench)
            else:
                report_place(large, bench)
    if not options.check:
        report_plays()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
