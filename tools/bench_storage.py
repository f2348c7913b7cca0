# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure storage: transfers beside curl and govc, what listing many volumes costs, and ten disks side by side."""

from __future__ import annotations

import argparse
import pathlib
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial

from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import DiskRequest
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER
from ansible_collections.virt.esx.tests.integration.storage.test_disk_files import make as make_disks
from ansible_collections.virt.esx.tests.integration.storage.test_disk_files import path_of
from ansible_collections.virt.esx.tests.integration.storage.volumes import POOL, ensure, listed
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

from tools.bench_transfers import transfers

VOLUMES = (10, 1000, 5000)


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
