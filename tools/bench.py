# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure what a task that finds nothing to do costs: its calls of the server, its bytes, and its time.

Times are medians of rounds in which all tasks take turns in one play; processor times, of all processes of a task, are
also given as multiples of a ``debug`` task: they depend on the machine, their ratios hardly do. Beside that it is
measured how a task fares on large servers, what a play with one task takes, what a slow network does, and what it takes
to read thousands of domains. With ``--check`` nothing is timed, and it fails where a task makes more calls, or receives
more bytes, than the project promises.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
from collections.abc import Sequence

from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER, variables_of
from ansible_collections.virt.esx.tests.simulator_client import start_simulator

from tools.bench_bulk import report_bulk
from tools.bench_peers import PEERS, install_peers
from tools.bench_places import PLACES, Place
from tools.bench_runs import Bench, Cost, Row
from tools.delay import delayed

PLAYS = 7  # of one task each
LATENCIES = (5, 50)  # milliseconds of a round trip
FEW = 5  # rounds of what is slow
LOGIN = ("-datastore-name", DATASTORE, "-username", USER, "-password", PASSWORD)
DESCRIPTION = f"""
<domain type='vmware'>
  <name>domain-1</name><memory unit='MiB'>1024</memory><vcpu>1</vcpu><os><type arch='x86_64'>hvm</type></os>
  <devices>
    <disk type='file' device='disk'>
      <source file='[{DATASTORE}] domain-1/domain-1.vmdk'/><target dev='sda' bus='scsi'/>
    </disk>
    <disk type='block' device='cdrom'>
      <source dev='/vmfs/devices/cdrom/mpx.vmhba0:C0:T0:L0'/><target dev='hdc' bus='ide'/>
    </disk>
    <controller type='scsi' index='0' model='lsilogic'/>
    <interface type='bridge'><source bridge='VM Network'/><model type='e1000'/></interface>
  </devices>
</domain>
"""

CONNECTION = {"uri": "{{ esx_uri }}", "ca_path": "{{ esx_ca_path }}", "password": "{{ esx_password }}"}
DOMAIN = {**CONNECTION, "name": "domain-1", "state": "running"}

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
    Row("esx_domain, session cached", "virt.esx.esx_domain", {**DOMAIN, "session_cache": True}, calls=1, bytes=4_500),
    Row("esx_domain with xml", "virt.esx.esx_domain", {**DOMAIN, "xml": DESCRIPTION}, calls=6, bytes=11_000),
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
CACHED, WITH_XML, SCHEDULER, INFO, AS_MODULE = OURS[2], OURS[3], OURS[4], OURS[5], OURS[-1]
ABOUT_ONE = (BY_NAME, SCHEDULER, INFO)
OUR_ITEM = Row("esx_domain, an item of a loop", "virt.esx.esx_domain", DOMAIN, calls=1.1, bytes=4_500, in_loop=True)
THEIRS = tuple(
    Row(name, module, arguments, python="{{ ansible_playbook_python }}") for name, module, arguments in PEERS
)


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


def exceeded(name: str, cost: Cost, calls: float | None, most: int | None) -> bool:
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
    print(f"{'task':44}    ms  processor  debugs  calls  connections     bytes")
    rows = (DEBUG, SAME, *OURS, DEBUG_ITEM, SAME_ITEM, OUR_ITEM)
    taken = bench.time(rows)
    slow = (DEBUG, BY_NAME, AS_MODULE, *peers)
    beside = bench.time(slow, FEW) if peers else {}
    for row in (*rows, *peers):
        cost = bench.count(row)
        of_row, debug = (beside[row.name], beside[DEBUG.name]) if row in peers else (taken[row.name], taken[DEBUG.name])
        debug = taken[DEBUG_ITEM.name] if row.in_loop else debug
        print(
            f"{row.name:44} {of_row.time:5.0f} {of_row.work:10.1f} {of_row.ratio(debug):7.2f} {cost.calls:6.1f}"
            f" {cost.connections:12.1f} {cost.received:9.0f}",
            flush=True,
        )
    for ours, same in ((BY_NAME, SAME), (OUR_ITEM, SAME_ITEM)):
        print(f"{ours.name} takes {taken[ours.name].ratio(taken[same.name]):.2f} times the processor of {same.name}")
    for row in peers:
        ratios = [beside[row.name].ratio(beside[ours.name]) for ours in (BY_NAME, AS_MODULE)]
        print(
            f"{row.name} takes {ratios[0]:.1f} times the processor of ours, {ratios[1]:.2f} times of ours as a module"
        )


def report_place(place: Place, bench: Bench) -> None:
    """Print what tasks about one domain cost on a large server."""
    print(f"\n{place.name}", flush=True)
    taken = bench.time((DEBUG, *ABOUT_ONE))
    for row in ABOUT_ONE:
        cost = bench.count(row)
        debugs = taken[row.name].ratio(taken[DEBUG.name])
        print(f"{row.name:44} {debugs:7.2f} debugs {cost.calls:6.1f} calls {cost.received:9.0f} bytes", flush=True)


def report_plays(bench: Bench, peers: Sequence[Row]) -> None:
    """Print what a whole play of one task takes of a processor, with all that it imports."""
    print("\na whole play of one task: milliseconds of a processor, and plays of debug", flush=True)
    rows = (DEBUG, BY_NAME, WITH_XML, SCHEDULER, INFO, AS_MODULE, *peers)
    taken = bench.plays(rows, PLAYS)
    for row in rows:
        print(f"{row.name:44} {taken[row.name].work:7.0f} {taken[row.name].ratio(taken[DEBUG.name]):7.2f}", flush=True)
    for row in peers:
        print(f"a play of {row.name} takes {taken[row.name].ratio(taken[BY_NAME.name]):.2f} times that of ours")


def report_latency(bench: Bench, peers: Sequence[Row]) -> None:
    """Print how long a task takes in a slow network."""
    host = bench.host
    for milliseconds in LATENCIES:
        with delayed(host.port, milliseconds / 1000) as port:
            uri = variables_of(host)["esx_uri"].replace(str(host.port), str(port))
            slow = Bench(host, bench.place, uri)
            slow.variables["esx_port"] = port
            rows = (BY_NAME, CACHED, WITH_XML, *peers)
            taken = slow.time(rows, FEW)
        print(f"\nwith {milliseconds} ms of latency: milliseconds, round trips, and tasks of ours, cached and not")
        for row in rows:
            usual = taken[row.name].time
            times = [usual / taken[ours.name].time for ours in (CACHED, BY_NAME)]
            print(f"{row.name:44} {usual:7.0f} {usual / milliseconds:7.1f} {times[0]:7.1f} {times[1]:7.1f}", flush=True)


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
        with start_simulator(*LOGIN) as host, tempfile.TemporaryDirectory() as directory:
            bench = Bench(host, pathlib.Path(directory))
            report_plays(bench, peers)
            report_latency(bench, peers)
        report_bulk(5000 if options.full else 1000)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
