# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grid: every fault at every exchange of every scenario, in both ways of running, or a part of it by a seed."""

from __future__ import annotations

import hashlib
import random
import re
import tarfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.virt.esx.tests.chaos.faults import FAULTS
from ansible_collections.virt.esx.tests.chaos.judge import Case, Record, judge
from ansible_collections.virt.esx.tests.chaos.lab import STALL, WAYS, Lab
from ansible_collections.virt.esx.tests.chaos.scenarios import SCENARIOS, Scenario
from ansible_collections.virt.esx.tests.simulator_client import Simulator

# Values that a host generates, and that differ from run to run.
_MADE_UP = re.compile(
    r"(?i)^(uuid|vc\.uuid|ethernet\d+\.(generated|address)|sched\.swap\.derivedName|scsi\d+:\d+\.redo)"
)
# The ends of the names of files whose content is data that was transferred.
_DATA = ("-flat.vmdk", ".iso", ".ova")
# The disks of the simulator's own domains are large and empty; those of scenarios are smaller than this.
_LARGEST = 64 << 20


@dataclass(frozen=True)
class Reference:
    """A run without faults: the names of its exchanges, and the state that it leaves."""

    names: Sequence[str]
    state: Any


def references(lab: Lab, names: Iterable[str]) -> dict[str, Reference]:
    """Run the scenarios once without a fault.

    :raises AssertionError: if one fails or is not idempotent by itself.
    """
    found = {}
    for name in names:
        scenario = SCENARIOS[name]
        with lab.simulator(*scenario.flags) as simulator:
            scenario.prepare(lab, simulator)
            ports = lab.proxy(listeners=scenario.listeners(simulator))["ports"]
            arguments = {**scenario.full_arguments(lab, simulator, ports), "timeout": 30}
            result = lab.run(scenario.contract, arguments, limit=60)
            assert not result.get("failed"), f"{name}: {result}"
            state = state_of(lab, simulator)
            again = lab.run(scenario.contract, scenario.full_arguments(lab, simulator, None), limit=60)
            assert not again.get("failed"), f"{name}, again: {again}"
            assert not (again["changed"] and scenario.idempotent), f"{name}, again: {again}"
            found[name] = Reference(lab.proxy()["names"], state)
    return found


def grid(found: dict[str, Reference], faults: Sequence[str], ways: Sequence[str]) -> list[Case]:
    """All cases."""
    return [
        Case(name, number, fault, way)
        for name, reference in found.items()
        for number in range(1, len(reference.names) + 1)
        for fault in faults
        for way in ways
    ]


def run_cases(
    lab: Lab, found: dict[str, Reference], cases: Sequence[Case], *, seed: int, seconds: float
) -> Iterator[Record]:
    """Run cases in an order determined by the seed, until the time is up."""
    order = list(cases)
    random.Random(seed).shuffle(order)
    end = time.monotonic() + seconds
    for case in order:
        if time.monotonic() > end:
            return
        record = run_case(lab, found[case.scenario], case)
        record.problems = judge(record)
        yield record


def run_case(lab: Lab, reference: Reference, case: Case) -> Record:
    """Run a task with a fault, then twice without."""
    scenario = SCENARIOS[case.scenario]
    with lab.simulator(*scenario.flags) as simulator:
        scenario.prepare(lab, simulator)
        control = ["127.0.0.1", simulator.port]
        ports = lab.proxy(listeners=scenario.listeners(simulator), stall=STALL, control=control)["ports"]
        result = lab.run(
            scenario.contract,
            scenario.full_arguments(lab, simulator, ports),
            way=case.way,
            started=lambda pid: lab.proxy(at=case.exchange, fault=case.fault, pid=pid),
        )
        seen = lab.proxy()
        sessions, after = len(simulator.sessions()), state_of(lab, simulator)
        again, third = (_straight(lab, scenario, simulator) for _turn in range(2))
        return Record(
            case=case,
            name=seen["names"][case.exchange - 1] if seen["fired"] else reference.names[case.exchange - 1],
            fired=seen["fired"],
            result=result,
            again=again,
            third=third,
            sessions=sessions,
            after=after,
            final=state_of(lab, simulator),
            wanted=reference.state,
            subject=scenario.subject,
            idempotent=scenario.idempotent,
        )


def _straight(lab: Lab, scenario: Scenario, simulator: Simulator) -> dict[str, Any]:
    return lab.run(scenario.contract, scenario.full_arguments(lab, simulator, None), limit=45)


def state_of(lab: Lab, simulator: Simulator) -> Any:
    """The state of a server: the domains with their states and hosts, the files, and the content of each VMX."""
    domains = {name: [item.get("state"), item.get("host")] for name, item in simulator.domains().items()}
    return {"domains": domains, "files": [_file(lab, name) for name in lab.files()]}


def _file(lab: Lab, name: str) -> list[str]:
    plain = re.sub(r"\.vswp$|-[0-9a-f]{8}\.", ".", name)
    found = next((lab.directory / "simulator").glob(f"*/{name}"), None)
    if found is None:
        return [plain]
    if name.endswith(".vmx"):
        return [name, *(line for line in found.read_text(errors="replace").splitlines() if not _MADE_UP.match(line))]
    return [plain, _content(found)] if name.endswith(_DATA) else [plain]


def _content(path: Path) -> str:
    """The content of a file of data: the names and sizes of an archive's files, otherwise its size or its checksum."""
    if path.suffix != ".ova":
        if path.stat().st_size > _LARGEST:
            return f"{path.stat().st_size} bytes"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    try:
        with tarfile.open(path) as archive:
            return repr([(entry.name, entry.size) for entry in archive if entry.name.endswith(".vmdk")])
    except tarfile.TarError as error:
        return f"damaged: {error}"


def all_faults() -> list[str]:
    """The names of all kinds of faults."""
    return list(FAULTS)


def all_ways() -> list[str]:
    """The names of both ways of running."""
    return list(WAYS)
