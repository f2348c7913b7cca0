# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the campaign: ``python -m tests.chaos [--seed N] [--seconds N] [--scenario ...] [--fault ...] [--way ...]``."""

from __future__ import annotations

import argparse
import sys

from ansible_collections.virt.esx.plugins.module_utils._vi.results import preload
from ansible_collections.virt.esx.tests.chaos.campaign import all_faults, all_ways, grid, references, run_cases
from ansible_collections.virt.esx.tests.chaos.concurrency import check_concurrency
from ansible_collections.virt.esx.tests.chaos.inputs import check_inputs
from ansible_collections.virt.esx.tests.chaos.killed import check_killed
from ansible_collections.virt.esx.tests.chaos.lab import Lab
from ansible_collections.virt.esx.tests.chaos.scenarios import SCENARIOS
from ansible_collections.virt.esx.tests.chaos.table import show

# The checks besides the grid: name, and the function that returns the problems, as sentences.
BESIDE = {"concurrency": check_concurrency, "hostile input": check_inputs, "killed playbooks": check_killed}


def main() -> int:
    """Run the selected checks; return 0 if there was no problem."""
    asked = _arguments()
    preload()
    problems = 0
    with Lab() as lab:
        found = references(lab, asked.scenario or SCENARIOS)
        cases = grid(found, asked.fault or all_faults(), asked.way or all_ways())
        records = list(run_cases(lab, found, cases, seed=asked.seed, seconds=asked.seconds))
        print(show(records))
        problems += sum(bool(record.problems) for record in records if record.fired)
        for name, check in BESIDE.items() if asked.beside else ():
            wrong = check(lab, asked.seed)
            print(f"\n{name}: {'as it should be' if not wrong else ''}", *wrong, sep="\n    ")
            problems += len(wrong)
    print(f"\nseed {asked.seed}, {len(records)} of {len(cases)} cases, {problems} problems")
    return 1 if problems else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the order of the cases, and with --seconds their choice")
    parser.add_argument("--seconds", type=float, default=1e9, help="how long the grid may take; default: all of it")
    parser.add_argument("--scenario", action="append", choices=list(SCENARIOS), help="only this one; may be repeated")
    parser.add_argument("--fault", action="append", choices=all_faults(), help="only this kind; may be repeated")
    parser.add_argument("--way", action="append", choices=all_ways(), help="only this way of running")
    parser.add_argument("--beside", action="store_true", help="concurrency, hostile input and killed playbooks, too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
