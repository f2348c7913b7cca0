# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault campaign runs each module, and judges what users would notice."""

from __future__ import annotations

import importlib
import pathlib
import socket

import pytest
from ansible_collections.virt.esx.plugins import modules
from ansible_collections.virt.esx.tests.chaos.faults import reset
from ansible_collections.virt.esx.tests.chaos.judge import Case, Record, judge
from ansible_collections.virt.esx.tests.chaos.scenarios import SCENARIOS

MODULES = sorted(path.stem for path in pathlib.Path(modules.__path__[0]).glob("esx_*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_each_module_has_a_scenario(name: str) -> None:
    contract = importlib.import_module(f"{modules.__name__}.{name}").CONTRACT
    assert [name for name, scenario in SCENARIOS.items() if scenario.contract is contract]


def record(fault: str, name: str, **result: object) -> Record:
    """A record of a scenario about the domain 'web', that ended right apart from ``result``."""
    well = {"changed": False}
    return Record(
        Case("define", 1, fault, "action"),
        name=name,
        fired=True,
        result={"seconds": 1.0, **result},
        again=well,
        third=well,
        sessions=0,
        after="as wanted",
        final="as wanted",
        wanted="as wanted",
        subject="web",
    )


@pytest.mark.parametrize(
    ("message", "problems"),
    [
        ("Domain 'web', define: the answer is lost. Whether it was carried out is not known.", set()),
        ("Domain 'web', define: the answer is lost.", {"message"}),
        ("The answer is lost. Whether it was carried out is not known.", {"message"}),
        ("Domain 'web', define: NoneType. Whether it was carried out is not known.", {"message"}),
    ],
)
def test_a_message_names_the_subject_and_the_doubt(message: str, problems: set[str]) -> None:
    assert judge(record("half", "RegisterVM_Task", failed=True, msg=message)) == problems


def test_a_connection_that_another_thread_has_closed_is_no_error() -> None:
    """Otherwise the proxy, and with it the whole campaign, ends now and then."""
    ours, theirs = socket.socketpair()
    with theirs:
        reset(ours)
        reset(ours)
