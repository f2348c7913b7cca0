# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time to read thousands of domains, beside the least possible: reading the same bytes with lxml."""

from __future__ import annotations

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from unittest import mock

from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._vi import stub
from ansible_collections.virt.esx.plugins.module_utils._vi.exchange import exchange
from ansible_collections.virt.esx.plugins.modules import esx_domain_info
from ansible_collections.virt.esx.tests.integration.contracts import parameters
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, clean_environment, variables_of
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from lxml import etree

from tools.bench_runs import Bench, Row
from tools.environment import ROOT

ROUNDS = 4
INVENTORY = "lab.esx.yml"
CONNECTION = {"uri": "{{ esx_uri }}", "ca_path": "{{ esx_ca_path }}", "password": "{{ esx_password }}"}
GATHERED: tuple[Sequence[str], ...] = ((), ("hardware",), ("xml",))

# A program that tells what another one took; a large one, as this is, would count as its memory.
MEASURE = """
import json, resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024]))
"""


def report_bulk(domains: int) -> None:
    """Print what information about all domains of a host, and an inventory of them, take."""
    flags = ("-domains", str(domains), "-username", USER, "-password", PASSWORD)
    with start_simulator(*flags) as host, tempfile.TemporaryDirectory() as directory:
        bench = Bench(host, pathlib.Path(directory))
        print(f"\n{domains} domains: seconds of a processor, MiB of memory, MB received; calls", flush=True)
        rows = [
            Row(f"esx_domain_info {' '.join(words)}", "virt.esx.esx_domain_info", {**CONNECTION, "gather": list(words)})
            for words in GATHERED
        ]
        for row, words in zip(rows, GATHERED):
            taken, cost = bench.time([row], ROUNDS)[row.name], bench.count(row)
            print(
                f"{row.name:32} {taken.work / 1000:6.2f} {taken.memory:5} {cost.received / 1e6:6.1f} {cost.calls:6.0f}",
                flush=True,
            )
            ours, least = read_in_process(host, words)
            print(f"{'  in process, and lxml alone':32} {ours:6.2f} {least:6.2f}", flush=True)
        for name, source in (("nothing", "localhost,"), ("inventory", INVENTORY)):
            work, memory = inventory(host, pathlib.Path(directory), source)
            print(f"ansible all --list-hosts: {name:6} {work:6.2f} {memory:5}", flush=True)


def read_in_process(host: Simulator, gather: Sequence[str]) -> tuple[float, float]:
    """The seconds of a processor that reading all domains takes in this process, and lxml for the same answers."""
    options = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, "gather": list(gather)}
    answers: list[bytes] = []

    def kept(*args: object, **more: object) -> object:
        answer = exchange(*args, **more)  # type: ignore[arg-type]
        answers.append(answer.body)
        return answer

    invocation = Invocation(parameters(esx_domain_info.CONTRACT, **options), False, False, lambda _text: None)
    taken = []
    for _round in range(ROUNDS):
        answers.clear()
        before = time.process_time()
        with mock.patch.object(stub, "exchange", kept):
            esx_domain_info.CONTRACT.run(invocation)
        taken.append(time.process_time() - before)
    before = time.process_time()
    for answer in answers:
        etree.fromstring(answer)
    return statistics.median(taken[1:]), time.process_time() - before


def inventory(host: Simulator, place: pathlib.Path, source: str) -> tuple[float, int]:
    """The seconds of a processor, and the MiB of memory, that Ansible takes to list the hosts of an inventory."""
    settings = {"plugin": "virt.esx.esx_domains", **_connection(host)}
    (place / INVENTORY).write_text(json.dumps(settings), encoding="utf-8")
    env = {**clean_environment(), "ESX_PASSWORD": PASSWORD, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache")}
    command = [sys.executable, "-m", "ansible", "adhoc", "all", "-i", source, "--list-hosts"]
    measured = [sys.executable, "-c", MEASURE, *command]
    taken = []
    for _round in range(ROUNDS):
        done = subprocess.run(measured, cwd=place, env=env, check=True, capture_output=True, text=True)
        taken.append(json.loads(done.stdout))
    return statistics.median(work for work, _memory in taken), max(memory for _work, memory in taken)


def _connection(host: Simulator) -> dict[str, str]:
    variables = variables_of(host)
    return {"uri": variables["esx_uri"], "ca_path": variables["esx_ca_path"]}
