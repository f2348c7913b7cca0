# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the converters, and beside them a real libvirt on the same files where python3-libvirt is installed.

libvirt converts in process too: its driver for VMware Player needs no more than two scripts on the PATH that answer
as the player's own commands do. All are measured in turns and in processor time, so that what else the machine does
falls on each of them alike.
"""

from __future__ import annotations

import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ansible_collections.virt.esx.plugins.filter.conversion import FilterModule
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx

from tools.environment import ROOT

FILES = sorted((ROOT / "tests" / "unit" / "data" / "hosts").glob("*.vmx"))
DIRECTORY = "[datastore] directory"
ROUNDS = 7
SECONDS = 0.2  # that one measurement takes

# Debian's python3-libvirt belongs to Debian's Python.
PYTHON = "/usr/bin/python3"
PLAYER = {
    "vmplayer": "#!/bin/sh\necho VMware Player 17.5.2 build-23775571\n",
    "vmrun": "#!/bin/sh\necho Total running VMs: 0\n",
}
# Measures the file that it is told, each time that it is.
LIBVIRT = """
import libvirt, pathlib, sys, time, timeit
connection = libvirt.open("vmwareplayer:///session")
print("ready", flush=True)
for line in sys.stdin:
    text = pathlib.Path(line.strip()).read_text()
    convert = lambda: connection.domainXMLFromNative("vmware-vmx", text, 0)
    number = max(1, int(float(sys.argv[1]) / timeit.timeit(convert, number=1)))
    print(timeit.timeit(convert, number=number, timer=time.process_time) / number, flush=True)
"""


@contextmanager
def libvirt() -> Iterator[Callable[[pathlib.Path], float] | None]:
    """A function that gives the seconds libvirt takes for a file; None where there is no libvirt."""
    with tempfile.TemporaryDirectory() as place:
        for name, script in PLAYER.items():
            command = pathlib.Path(place, name)
            command.write_text(script, encoding="utf-8")
            command.chmod(0o755)
        environment = {**os.environ, "PATH": f"{place}:{os.environ['PATH']}", "HOME": place, "XDG_CACHE_HOME": place}
        with subprocess.Popen(
            [PYTHON, "-c", LIBVIRT, str(SECONDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
        ) as process:
            if process.stdin is None or process.stdout is None or process.stdout.readline() != "ready\n":
                yield None
                return
            asked, answers = process.stdin, process.stdout

            def measure(file: pathlib.Path) -> float:
                print(file, file=asked, flush=True)
                return float(answers.readline())

            yield measure
            asked.close()


def seconds(convert: Callable[[], object]) -> float:
    """The seconds that a call takes of a processor."""
    number = max(1, int(SECONDS / timeit.timeit(convert, number=1)))
    return timeit.timeit(convert, number=number, timer=time.process_time) / number


def conversions(vmx: str) -> dict[str, Callable[[], object]]:
    """The measurements with a file."""
    filters = FilterModule().filters()
    ways: dict[str, Callable[[], object]] = {}
    for name in ("libvirt", "esx"):
        dialect = DIALECTS[name]
        ways[f"VMX to XML, {name}"] = lambda dialect=dialect: write_domain(  # type: ignore[misc]
            read_vmx(vmx, dialect=dialect, directory=DIRECTORY), dialect.xml
        )
    xml = filters["vmx_to_domxml"](vmx, directory=DIRECTORY)
    ways["XML to VMX, esx"] = lambda: write_vmx(read_domain(xml, dialect.xml), dialect=dialect)
    ways["filter vmx_to_domxml"] = lambda: filters["vmx_to_domxml"](vmx, directory=DIRECTORY)
    ways["filter domxml_to_vmx"] = lambda: filters["domxml_to_vmx"](xml)
    ways["filter domxml_to_vmx with base"] = lambda: filters["domxml_to_vmx"](xml, base=vmx, directory=DIRECTORY)
    return ways


def main() -> int:
    """Print a table for each file."""
    with libvirt() as by_libvirt:
        for file in FILES:
            vmx = file.read_text(encoding="utf-8")
            ways = conversions(vmx)
            if by_libvirt is not None:
                ways = {"libvirt: VMX to XML": lambda: None, **ways}
            taken: dict[str, list[float]] = {name: [] for name in ways}
            for _round in range(ROUNDS):
                for name, convert in ways.items():
                    if by_libvirt is not None and name.startswith("libvirt:"):
                        taken[name].append(by_libvirt(file))
                    else:
                        taken[name].append(seconds(convert))
            print(f"\n{file.name}, {len(vmx.splitlines())} lines{'':18} median us  least us  a second")
            for name, times in taken.items():
                median = statistics.median(times)
                print(f"  {name:36} {1e6 * median:9.0f} {1e6 * min(times):9.0f} {1 / median:9.0f}", flush=True)
    if by_libvirt is None:
        print("\npython3-libvirt is not installed, or has no driver for VMware Player")
    return 0


if __name__ == "__main__":
    sys.exit(main())
