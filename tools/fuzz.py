# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for inputs that break the converters: mutated ones in great number, and the property tests with new examples.

Where libvirt is installed, the dialect ``libvirt`` is held against it too.

Each problem is printed with its number; the same seed finds it again. The failures of a property test are kept in
``.hypothesis`` and tried first later.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import random
import subprocess
import sys

from ansible_collections.virt.esx.tests.unit.plugins.fuzzing import Problem, problems
from ansible_collections.virt.esx.tests.unit.plugins.live_libvirt import INSTALLED, disagreements, live_libvirt

from tools.checks import PYTEST
from tools.environment import environment

FILTERS = ("vmx_to_domxml", "domxml_to_vmx")
SHOWN = 2000  # characters of an input


def search(filter_name: str, seed: int, count: int) -> list[Problem]:
    """The problems of one converter, in a process of its own."""
    return list(problems(filter_name, seed, count))


def compare(seed: int, count: int) -> int:
    """Print what a real libvirt converts differently, and return how often."""
    found = 0
    with live_libvirt() as libvirt:
        for item in disagreements(libvirt, seed, count):
            found += 1
            print(f"libvirt {item.number}\n  {item.source!a}\n  libvirt {item.libvirt!r}\n  ours {item.ours!r}")
    print(f"{found} of {count} inputs are converted otherwise than by the libvirt that is installed")
    return found


def show(filter_name: str, problem: Problem) -> None:
    """Print what is wrong and with which input."""
    source = ascii(problem.source)
    rest = f" ... {len(source) - SHOWN} more" if len(source) > SHOWN else ""
    print(f"{filter_name} {problem.number}: {problem.what}\n  options {problem.options}\n  {source[:SHOWN]}{rest}")


def main() -> int:
    """Run both; return 1 where something was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    parser.add_argument("--count", type=int, default=200_000, help="mutated inputs for each direction")
    parser.add_argument("--only-inputs", action="store_true", help="leave the property tests out")
    args = parser.parse_args()

    print(f"{args.count} mutated inputs for each direction, seed {args.seed}", flush=True)
    found = 0
    with concurrent.futures.ProcessPoolExecutor(len(FILTERS)) as pool:
        searches = {name: pool.submit(search, name, args.seed, args.count) for name in FILTERS}
        for name, future in searches.items():
            for problem in future.result():
                show(name, problem)
                found += 1
    print(f"{found} problems")
    if INSTALLED:
        found += compare(args.seed, args.count // 10)
    if args.only_inputs:
        return 1 if found else 0
    command = [*PYTEST, "-n", "2", "-m", "hypothesis", "--hypothesis-profile=fuzz", "tests/unit"]
    status = subprocess.run(command, env=environment(), check=False).returncode
    return 1 if found else status


if __name__ == "__main__":
    sys.exit(main())
