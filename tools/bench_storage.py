# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure storage: a file up and down beside curl, what listing many volumes costs, and ten disks side by side.

Rates depend on the machine, so curl moves the same file to and from the same simulated host in turns with the module.
The module runs in a process of its own, whose greatest memory is measured, too.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial

from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import DiskRequest
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, ROOT, USER
from ansible_collections.virt.esx.tests.integration.storage.test_disk_files import make as make_disks
from ansible_collections.virt.esx.tests.integration.storage.test_disk_files import path_of
from ansible_collections.virt.esx.tests.integration.storage.volumes import POOL, ensure, listed
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

ROUNDS = 3
SIZE = 512 << 20
VOLUMES = (10, 1000, 5000)

# Times the transfer alone: a login and Ansible's own start are not curl's either.
_TRANSFER = """
import json, pathlib, resource, sys, time
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import file_blocks
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file, upload_blocks
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import download_file
way, params, pool, local, size = json.loads(sys.argv[1])
path = DatastorePath(pool, "bench.iso")
with open_connection(Invocation(params, False, False, print)) as connection:
    start = time.monotonic()
    if way == "up":
        upload_blocks(connection, path, file_blocks(local), size, "bench")
    else:
        with pathlib.Path(local).open("wb") as target:
            download_file(connection.session, datastore_file(connection, path), target)
    print(json.dumps([time.monotonic() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""
_OPTIONS = (
    "hostname",
    "port",
    "validate_certs",
    "username",
    "vcenter_username",
    "vcenter_password",
    "auth_file",
    "ca_path",
    "thumbprint",
)


def by_us(host: Simulator, way: str, local: pathlib.Path) -> tuple[float, int]:
    """The seconds that a transfer takes, and the KiB of memory that its process needs."""
    params: dict[str, object] = {
        **dict.fromkeys(_OPTIONS),
        "uri": host.uri(user=USER, no_verify=1),
        "password": PASSWORD,
        "timeout": 300,
        "answers": {},
        "session_cache": False,
    }
    argument = json.dumps([way, params, DATASTORE, str(local), SIZE])
    environment = {"PYTHONPATH": str(pathlib.Path(ROOT, ".cache")), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", _TRANSFER, argument], env=environment, check=True, capture_output=True, text=True
    )
    seconds, memory = json.loads(done.stdout.splitlines()[-1])
    return seconds, memory


def by_curl(host: Simulator, way: str, local: pathlib.Path) -> float:
    """The seconds that curl takes for the same."""
    url = f"{host.url}/folder/curl.iso?dsName={DATASTORE}"
    command = ["curl", "-sf", "-k", "-u", f"{USER}:{PASSWORD}", "-o", "/dev/null", "-w", "%{time_total}", url]
    if way == "up":
        command += ["-T", str(local)]
    else:
        command[command.index("/dev/null")] = str(local)
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def transfers(place: pathlib.Path) -> None:
    """Print the rates of both, and the module's memory."""
    source = place / "source"
    block = bytes(range(256)) * 4096
    with source.open("wb") as file:
        for _number in range(SIZE // len(block)):
            file.write(block)
    with start_host("-domains", "0", "-datastore-name", DATASTORE) as host:
        for way in ("up", "down"):
            local = source if way == "up" else place / "target"
            ours, memory = zip(*(_both(host, way, local) for _round in range(ROUNDS)))
            best, curl = min(one for one, _other in ours), min(other for _one, other in ours)
            rates = [SIZE / (1 << 20) / seconds for seconds in (best, curl)]
            print(
                f"{SIZE >> 20} MiB {way}: {rates[0]:.0f} MiB/s, curl {rates[1]:.0f} MiB/s"
                f" ({100 * rates[0] / rates[1]:.0f} %), {max(memory) // 1024} MiB of memory",
                flush=True,
            )


def _both(host: Simulator, way: str, local: pathlib.Path) -> tuple[tuple[float, float], int]:
    seconds, memory = by_us(host, way, local)
    return (seconds, by_curl(host, way, local)), memory


def listing() -> int:
    """Print what listing volumes costs; return how many more calls the most volumes take than the fewest."""
    counts = []
    with start_host("-domains", "2", "-datastore-name", DATASTORE) as host:
        present = 0
        for number in VOLUMES:
            make(host, range(present, number))
            present = number
            host.trace(reset=True)
            seconds = timed(lambda: listed(host))
            # how often the end of the search is asked for depends on how long it takes
            counts.append(len([method for method in host.methods() if not method.startswith("WaitForUpdates")]))
            print(f"{number} volumes listed: {counts[-1]} calls, {1000 * seconds:.0f} ms", flush=True)
    return counts[-1] - counts[0]


def make(host: Simulator, numbers: range) -> None:
    """Create disks in directories of a hundred."""
    with client(host, login=(USER, PASSWORD)) as connected:
        manager = connected.content.virtualDiskManager
        spec = vim.VirtualDiskManager.FileBackedVirtualDiskSpec(
            diskType="thin", adapterType="lsiLogic", capacityKb=1024
        )
        for number in numbers:
            directory = f"{POOL} many{number // 100}"
            if number % 100 == 0:
                connected.content.fileManager.MakeDirectory(directory, connected.datacenter(), True)
            task = manager.CreateVirtualDisk_Task(f"{directory}/{number}.vmdk", connected.datacenter(), spec)
            connected.wait(task)


def disks() -> None:
    """Print what one disk takes, and ten of them in one plan, on a host that takes its time."""
    with start_host("-domains", "0", "-datastore-name", DATASTORE, "-copy-delay", "500") as host:
        ensure(host, "template.vmdk", capacity="1 MiB")
        template = parse_datastore_path(f"{POOL} template.vmdk")
        for number in (1, 10):
            requests = [DiskRequest(path_of(f"{number}-{index}"), clone_of=template) for index in range(number)]
            seconds = timed(partial(make_disks, host, requests))
            print(f"{number} disks cloned, half a second each: {seconds:.1f} s", flush=True)


def timed(call: Callable[[], object]) -> float:
    """The seconds that a call takes."""
    start = time.monotonic()
    call()
    return time.monotonic() - start


def main() -> int:
    """Measure all of it."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        transfers(pathlib.Path(place))
    more = listing()
    disks()
    return 1 if more > 0 else 0


if __name__ == "__main__":
    sys.exit(main())
