# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure transfers: a file up and down beside curl, and a package in and out beside govc.

Rates depend on the machine and on what else it does, so each program transfers the same bytes to and from the same
simulated host in turns, and what is compared is the median of the rounds: the time, and the processor time of the
program alone. All work of a module is in it, from the login to the checksum; only the start of Python is left out.
"""

from __future__ import annotations

import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain, DriveAddress
from ansible_collections.virt.esx.plugins.module_utils._ovf.write import DiskFile, write_package
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, ROOT, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

from tools import govc

ROUNDS = 5
SIZE = 256 << 20
POOL = f"[{DATASTORE}]"

# Carries out a module, and prints its seconds, its processor seconds, and the memory that it needed at most in KiB.
_MODULE = """
import importlib, json, os, resource, sys, time
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
name, given = json.loads(sys.argv[1])
contract = importlib.import_module("ansible_collections.virt.esx.plugins.modules." + name).CONTRACT
params = ArgumentSpecValidator(**contract.validation()).validate(given).validated_parameters
start, spent = time.monotonic(), sum(os.times()[:2])
result = contract.run(Invocation(params, False, False, print))
spent = sum(os.times()[:2]) - spent
assert result["changed"]
print(json.dumps([time.monotonic() - start, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@dataclass(frozen=True)
class Cost:
    """The costs of one transfer: seconds, processor seconds, and KiB of memory where that is known."""

    seconds: float
    processor: float
    memory: int = 0


@dataclass(frozen=True)
class Row:
    """A transfer: the module's, another program's, and what removes what both have made."""

    name: str
    size: int
    module: Callable[[], Cost]
    program: str
    other: Callable[[], Cost]
    clear: Callable[[], None]


def by_module(host: Simulator, module: str, /, **given: Any) -> Cost:
    """Carry out a module in a process of its own."""
    login = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD}
    argument = json.dumps([module, {**login, **given}])
    environment = {"PYTHONPATH": str(pathlib.Path(ROOT, ".cache")), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [sys.executable, "-c", _MODULE, argument], env=environment, check=True, capture_output=True, text=True
    )
    return Cost(*json.loads(done.stdout.splitlines()[-1]))


def by_program(*command: str, **environment: str) -> Cost:
    """Run another program."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, env={**os.environ, **environment}, check=True, capture_output=True)
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def file_rows(host: Simulator, place: pathlib.Path) -> Iterator[Row]:
    """A file up and down."""
    source, target, theirs = place / "source.iso", place / "target.iso", place / "theirs.iso"
    with source.open("wb") as file:
        for _block in range(SIZE >> 20):
            file.write(os.urandom(1 << 20))
    path, url = f"{POOL} bench.iso", f"{host.url}/folder/theirs.iso?dsName={DATASTORE}"
    curl = ("curl", "-sf", "-k", "-u", f"{USER}:{PASSWORD}", url, "-o")
    yield Row(
        "upload",
        SIZE,
        lambda: by_module(host, "esx_volume", path=path, source=str(source)),
        "curl",
        lambda: by_program(*curl, os.devnull, "-T", str(source)),
        lambda: void(by_module(host, "esx_volume", path=path, state="absent")),
    )
    by_module(host, "esx_volume", path=path, source=str(source))
    yield Row(
        "download",
        SIZE,
        lambda: by_module(host, "esx_volume", path=path, dest=str(target)),
        "curl",
        lambda: by_program(*curl, str(theirs)),
        lambda: remove(target, theirs),
    )


def package_rows(host: Simulator, place: pathlib.Path) -> Iterator[Row]:
    """A package in and out; its disk is compressed, as all disks of packages are."""
    program = str(govc.build())
    url = host.url.replace("://", f"://{USER}:{quote(PASSWORD)}@")
    settings = {"GOVC_URL": url, "GOVC_INSECURE": "1", "GOVC_PERSIST_SESSION": "false"}
    source = make_package(place)
    size, target, theirs = source.stat().st_size, place / "golden.ova", place / "theirs"
    yield Row(
        "import",
        size,
        lambda: by_module(host, "esx_ova", source=str(source), name="ours"),
        "govc",
        lambda: by_program(program, "import.ova", "-name", "theirs", str(source), **settings),
        lambda: destroy(host, "ours", "theirs"),
    )
    by_module(host, "esx_ova", source=str(source), name="ours")
    yield Row(
        "export",
        size,
        lambda: by_module(host, "esx_ova", state="exported", name="ours", dest=str(target)),
        "govc",
        lambda: by_program(program, "export.ovf", "-f", "-vm", "ours", str(theirs), **settings),
        lambda: remove(*place.glob("golden.*")),
    )


def make_package(place: pathlib.Path) -> pathlib.Path:
    """Write an OVA whose one disk is full of data that cannot be compressed."""
    raw, disk = place / "disk.raw", place / "disk.vmdk"
    with raw.open("wb") as file:
        for _block in range(SIZE >> 20):
            file.write(os.urandom(1 << 20))
    subprocess.run(
        ["qemu-img", "convert", "-O", "vmdk", "-o", "subformat=streamOptimized", str(raw), str(disk)], check=True
    )
    raw.unlink()
    domain = Domain(
        name="bench",
        memory_kib=1 << 16,
        vcpus=1,
        disks=(Disk(source="disk.vmdk", target="sda", bus="scsi", address=DriveAddress(0, 0, 0)),),
    )
    file_ = DiskFile("disk.vmdk", SIZE, disk.stat().st_size)
    text = write_package(domain, {"disk.vmdk": file_}, 13, Report())
    (place / "bench.ovf").write_text(text, encoding="utf-8")
    with tarfile.open(place / "bench.ova", "w", format=tarfile.USTAR_FORMAT) as archive:
        for name in ("bench.ovf", "disk.vmdk"):
            archive.add(place / name, name)
    disk.unlink()
    return place / "bench.ova"


def remove(*files: pathlib.Path) -> None:
    """Delete files."""
    for file in files:
        file.unlink()


def void(_cost: Cost) -> None:
    """Drop a result."""


def destroy(host: Simulator, *names: str) -> None:
    """Delete domains and their disks."""
    with client(host, login=(USER, PASSWORD)) as connected:
        for name in names:
            connected.wait(connected.domain(name).Destroy_Task())


def measure(row: Row) -> None:
    """Print a row."""
    ours, theirs = [], []
    for _round in range(ROUNDS):
        ours.append(row.module())
        theirs.append(row.other())
        row.clear()
    times = [statistics.median(cost.seconds for cost in costs) for costs in (ours, theirs)]
    spent = [statistics.median(cost.processor for cost in costs) for costs in (ours, theirs)]
    rate = row.size / (1 << 20) / times[0]
    print(
        f"{row.name}: {rate:.0f} MiB/s, {100 * times[1] / times[0]:.0f} % of {row.program}'s; processor"
        f" {spent[0]:.2f} s, {row.program} {spent[1]:.2f} s; {max(cost.memory for cost in ours) // 1024} MiB of memory",
        flush=True,
    )


def transfers(place: pathlib.Path) -> None:
    """Print the costs of all transfers."""
    with start_host("-domains", "0", "-datastore-name", DATASTORE) as host:
        for rows in (file_rows, package_rows):
            for row in rows(host, place):
                measure(row)
