# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several clients at once: none crashes, hangs or leaves a session, and equal requests all succeed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info, esx_migrate, esx_scheduler
from ansible_collections.virt.esx.tests.chaos.lab import PASSWORD, USER, Lab, Result
from ansible_collections.virt.esx.tests.chaos.preparations import XML
from ansible_collections.virt.esx.tests.chaos.scenarios import DATASTORE, FROM_NOTHING, SCENARIOS, VCENTER
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TURNS = 3
CLIENTS = 6

# The vCPUs of the different definitions of one name, and the files that the domain has in the end.
_NUMBERS = range(1, CLIENTS + 1)
_FILES = ["web-flat.vmdk", "web.vmdk", "web.vmx"]
# How a client says that another one was at work.
_OTHERS = re.compile(r"(?i)another client|TaskInProgress")

Job = tuple[Any, dict[str, Any]]


def check_concurrency(lab: Lab, _seed: int) -> list[str]:
    """Return the problems, a sentence each."""
    wrong = []
    for name, (flags, prepared, jobs, look) in _CASES.items():
        for _turn in range(TURNS):
            with lab.simulator(*flags) as simulator:
                SCENARIOS[prepared].prepare(lab, simulator)
                results = _at_once(lab, jobs(simulator))
                wrong += [f"{name}: {text}" for text in (*_common(results), *look(lab, simulator, results))]
                if simulator.sessions():
                    wrong.append(f"{name}: {len(simulator.sessions())} sessions are left")
    return wrong


def _at_once(lab: Lab, jobs: Sequence[Job]) -> list[Result]:
    with ThreadPoolExecutor(len(jobs)) as threads:
        return list(threads.map(lambda job: lab.run(job[0], job[1], limit=60), jobs))


def _common(results: Sequence[Result]) -> list[str]:
    wrong = [result["traceback"].strip().splitlines()[-1] for result in results if "traceback" in result]
    return wrong + ["a client hung" for result in results if result.get("hung")]


def _esx(simulator: Simulator, **arguments: Any) -> dict[str, Any]:
    return {"uri": simulator.uri(user=USER), "timeout": 30, **arguments}


def _same(simulator: Simulator) -> list[Job]:
    return [(esx_domain.CONTRACT, _esx(simulator, xml=XML, state="running"))] * CLIENTS


def _from_nothing(simulator: Simulator) -> list[Job]:
    return [(esx_domain.CONTRACT, _esx(simulator, **FROM_NOTHING))] * CLIENTS


def _different(simulator: Simulator) -> list[Job]:
    """Definitions of one name, each of which differs from the others in all of ``_parts``."""
    return [(esx_domain.CONTRACT, _esx(simulator, xml=_numbered(number), state="defined")) for number in _NUMBERS]


def _numbered(number: int) -> str:
    text = XML.replace("<vcpu>2<", f"<vcpu>{number}<").replace("'MiB'>1024<", f"'MiB'>{number * 256}<")
    return text.replace("<memory ", f"<description>{number}</description><memory ", 1)


def _parts(domain: dict[str, Any]) -> tuple[int, int, str]:
    """The parts of a domain from which it is known which of the definitions it has."""
    note = domain["xml"].partition("<description>")[2].partition("<")[0]
    return domain["vcpus"], domain["max_memory_kib"], note


def _define_and_undefine(simulator: Simulator) -> list[Job]:
    away = _esx(simulator, name="web", state="undefined")
    both = [_esx(simulator, xml=XML, state="defined"), away]
    return [(esx_domain.CONTRACT, both[number % 2]) for number in range(CLIENTS)]


def _states(simulator: Simulator) -> list[Job]:
    states = ("running", "destroyed", "paused")
    asked = [_esx(simulator, name="domain-1", state=states[number % 3]) for number in range(CLIENTS)]
    return [(esx_domain.CONTRACT, arguments) for arguments in asked]


def _migration(simulator: Simulator) -> list[Job]:
    """A migration, twice, while others change the same domain."""
    login = {"vcenter_username": USER, "vcenter_password": PASSWORD, "dest_password": PASSWORD}
    source, there = (simulator.uri("vpx", user=USER, path=f"DC0/DC0_H{number}") for number in range(2))
    move = (esx_migrate.CONTRACT, {**login, "uri": source, "dest_uri": there, "names": ["domain-1"], "timeout": 30})
    note = (esx_domain.CONTRACT, {"uri": source, "name": "domain-1", "annotation": "x", "timeout": 30})
    share = (esx_scheduler.CONTRACT, {"uri": source, "name": "domain-1", "reservation": 100, "timeout": 30})
    return [move, move, note, share]


def _nothing(_lab: Lab, _simulator: Simulator, _results: Sequence[Result]) -> list[str]:
    return []


def _all_well(_lab: Lab, simulator: Simulator, results: Sequence[Result]) -> list[str]:
    failed = [f"one of the equal requests failed: {result['msg']}" for result in results if result.get("failed")]
    state = simulator.domains().get("web", {}).get("state")
    return failed + ([] if state == "poweredOn" else [f"the domain is {state}"])


def _moved(_lab: Lab, simulator: Simulator, _results: Sequence[Result]) -> list[str]:
    host = simulator.domains()["domain-1"].get("host")
    return [] if host == "DC0_H1" else [f"the domain is on {host}"]


def _one_wins(lab: Lab, simulator: Simulator, results: Sequence[Result]) -> list[str]:
    """The domain has one of the definitions as a whole; nobody was told that it has theirs when it has not."""
    wrong = []
    whole = {number: (number, number * 256 * 1024, str(number)) for number in _NUMBERS}
    for number, result in zip(_NUMBERS, results):
        told = any("differently than requested" in text for text in result["warnings"])
        if not result.get("failed") and not told and _parts(result["domain"]) != whole[number]:
            wrong.append(f"definition {number} is told to have won, with {_parts(result['domain'])}")
        said = f"{result.get('msg')} {result.get('hint')}"
        if result.get("failed") and not ("'web'" in said and _OTHERS.search(said)):
            wrong.append(f"definition {number} does not say that another client was at work: {said}")
    info = lab.run(esx_domain_info.CONTRACT, _esx(simulator, name="web", gather=["xml"]), limit=60)
    if _parts(info["domains"][0]) not in whole.values():
        wrong.append(f"the domain is a mixture: {_parts(info['domains'][0])}")
    if all(result.get("failed") for result in results):
        wrong.append("nobody has won")
    found = [name.rpartition("/")[2] for name in lab.files() if "web/" in name]
    return wrong if found == _FILES else [*wrong, f"the files are {found}"]


Look = Callable[[Lab, Simulator, Sequence[Result]], list[str]]

_CASES: dict[str, tuple[tuple[str, ...], str, Callable[[Simulator], list[Job]], Look]] = {
    "the same definition": (DATASTORE, "define", _same, _all_well),
    "the same machine from nothing": (DATASTORE, "from_nothing", _from_nothing, _all_well),
    "different definitions of one name": (DATASTORE, "define", _different, _one_wins),
    "define and undefine": (DATASTORE, "define", _define_and_undefine, _nothing),
    "start, stop and pause": (("-domains", "1"), "info", _states, _nothing),
    "migrate and change": (VCENTER, "migrate", _migration, _moved),
}
