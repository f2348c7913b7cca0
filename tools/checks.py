# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` checks: one row a check."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

PYTEST = ("pytest", "-q", "-p", "no:cacheprovider")
COVERAGE = ".cache/coverage"
# Sanity tests and all others run with the newest ansible-core, sanity tests with the oldest one, too.
MIDDLE_CORES = ("2.17", "2.18", "2.19", "2.20")
MEASURED = "plugins/module_utils/*,plugins/plugin_utils/*"


@dataclasses.dataclass(frozen=True)
class Check:
    """One check: its commands are run in turn from the project's root, and all have to end with 0.

    :param name: what `make check NAME=` calls it.
    :param what: what it shows when it passes, for the list of checks.
    :param commands: the argument vectors.
    :param in_copy: the commands are run in a copy of the collection that has no caches (``tools/tree.py``).
    :param needs: the checks that have to have passed before this one can start.
    :param seconds: about how long it takes from nothing; the longest are started first.
    """

    name: str
    what: str
    commands: Sequence[Sequence[str]]
    needs: Sequence[str] = ()
    seconds: int = 5
    in_copy: bool = False


def tool(name: str, *arguments: str) -> Sequence[str]:
    """The command for one of our own scripts."""
    return ("python", "-m", f"tools.{name}", *arguments)


def data_of(run: str) -> str:
    """Coverage's option for the file in which a run's data is."""
    return f"--data-file={COVERAGE}/{run}"


def measured(tests: str) -> Sequence[str]:
    """The command for one directory of tests, which leaves behind which branches it has taken."""
    run = ("-n", "2", "--cov", "--cov-report=", f"tests/{tests}")
    return ("env", f"COVERAGE_FILE={COVERAGE}/{tests}", *PYTEST, *run)


CHECKS = (
    Check(
        "ruff",
        "Python sources are in form and free of common mistakes",
        (("ruff", "check"), ("ruff", "format", "--check")),
    ),
    Check("mypy", "types are right, by mypy's strict rules", (("mypy",),), seconds=40),
    Check("unit", "the code below the modules does what it says, without a server", (measured("unit"),), seconds=60),
    Check("simulator", "the simulated ESX host builds", (tool("simulator", "--build"),), seconds=90),
    Check(
        "simulator-go",
        "its Go sources are in form, and pass vet and their own tests",
        (tool("format", "--check-go"), tool("simulator", "--test")),
        needs=("simulator",),
        seconds=60,
    ),
    Check(
        "simulator-client",
        "it does what an ESX host does",
        ((*PYTEST, "tests/simulator_client"),),
        ("simulator",),
        seconds=60,
    ),
    Check(
        "integration",
        "each module's playbook holds: twice, in check mode, and in both ways of running",
        (measured("integration"),),
        needs=("simulator",),
        seconds=300,
    ),
    Check(
        "targets",
        "the targets of ansible-test integration hold",
        (tool("targets"),),
        needs=("simulator",),
        seconds=30,
    ),
    Check(
        "coverage",
        "95 % of the branches below the modules are tested by the two",
        (
            ("coverage", "combine", "--keep", "--quiet", data_of("all"), f"{COVERAGE}/unit", f"{COVERAGE}/integration"),
            ("coverage", "report", data_of("all"), f"--include={MEASURED}", "--skip-covered", "--fail-under=95"),
        ),
        needs=("unit", "integration"),
    ),
    Check(
        "chaos",
        "each kind of fault in the network, at exchanges that a seed chooses, does no harm and gets its message",
        (("python", "-m", "tests.chaos", "--seconds", "75"),),
        ("simulator",),
        seconds=110,
    ),
    Check(
        "calls",
        "a task makes no more calls, and receives no more bytes, than is promised",
        (tool("bench", "--check"),),
        ("simulator",),
        seconds=60,
    ),
    Check("demo", "the demo ends well and its second run changes nothing", (tool("demo"),), ("simulator",), seconds=20),
    Check("molecule", "the molecule scenarios hold", (tool("molecule"),), ("simulator",), seconds=30),
    Check(
        "sanity-newest",
        "ansible-test sanity with the newest ansible-core",
        (tool("ansible_test", "newest", "sanity", "--color", "no"),),
        seconds=150,
    ),
    Check(
        "sanity-oldest",
        "ansible-test sanity of what is published, with the oldest ansible-core that is supported",
        (tool("ansible_test", "oldest", "sanity", "--color", "no", "--exclude", "tests/", "--exclude", "tools/"),),
        seconds=120,
    ),
    Check(
        "unit-oldest",
        "the same on the oldest Python and with the lowest versions of the libraries, by ansible-test units",
        (tool("ansible_test", "lowest", "units", "--color", "no"),),
        seconds=60,
    ),
    *(
        Check(
            f"core-{version}",
            f"a domain's life, tasks in the background and the inventory with ansible-core {version}",
            (tool("cores", version),),
            ("simulator",),
            seconds=35,
        )
        for version in MIDDLE_CORES
    ),
    Check("lint", "ansible-lint's production profile", (("ansible-lint", "--offline", "--strict"),), seconds=20),
    Check("yamllint", "YAML files are in form", (("yamllint", "--strict", "."),)),
    Check("workflows", "the workflows of the repository are in form", (tool("workflows"),)),
    Check("changelog", "changelog fragments are in form", (("antsibull-changelog", "lint"),), in_copy=True),
    Check(
        "docs",
        "options, return values and links that the documentation names are there",
        (
            (
                *("antsibull-docs", "lint-collection-docs", "--plugin-docs", "--skip-rstcheck"),
                *("--validate-collection-refs=all", "--disallow-unknown-collection-refs", "."),
            ),
        ),
        seconds=20,
        in_copy=True,
    ),
    Check(
        "site",
        "the documentation's site builds without a warning, and fits into a desktop's and a phone's browser",
        (tool("docs"), tool("site_check")),
        seconds=60,
    ),
    Check(
        "guide",
        "the guide for beginners works as it is written, from an empty directory",
        (tool("guide"),),
        ("tarball",),
        seconds=100,
    ),
    Check(
        "tarball",
        "what is published installs and works elsewhere, and holds no more than it has to",
        (tool("release"),),
        seconds=20,
    ),
    Check("importer", "Galaxy's importer has nothing to say against it", (tool("importer"),), ("tarball",), seconds=50),
)
