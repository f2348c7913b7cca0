# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run molecule's scenarios, from nothing to nothing, with molecule's own check that a second run changes nothing."""

from __future__ import annotations

import pathlib
import subprocess
import sys

from ansible_collections.virt.esx.tests.simulator_client.build import build

from tools.environment import CACHE, ROOT, environment

SCENARIOS = ROOT / "extensions" / "molecule"


def test(scenario: str, simulator: pathlib.Path) -> bool:
    """Run one scenario; whether it holds. Its temporary files are this checkout's own."""
    place = str(CACHE / "molecule" / scenario)
    env = environment(MOLECULE_EPHEMERAL_DIRECTORY=place, ESX_SIMULATOR=str(simulator))
    command = ["molecule", "test", "--scenario-name", scenario]
    return subprocess.run(command, cwd=SCENARIOS.parent, env=env, check=False).returncode == 0


def main() -> int:
    """Run all scenarios, also after one that fails; the simulator is there already, or is built."""
    simulator = build()
    scenarios = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))
    failed = [scenario for scenario in scenarios if not test(scenario, simulator)]
    print(f"{len(scenarios) - len(failed)} scenarios hold", *(f"{scenario} does not" for scenario in failed), sep=", ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
