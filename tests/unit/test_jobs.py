# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of twenty jobs in the guide "parts": our tasks are valid, and have the lines that it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.modules import esx_clone, esx_domain

ROOT = Path(__file__).resolve().parents[2]
JOBS: list[dict[str, Any]] = yaml.safe_load((ROOT / "tests/unit/data/twenty_jobs.yml").read_text(encoding="utf-8"))
CONTRACTS = {"virt.esx.esx_domain": esx_domain.CONTRACT, "virt.esx.esx_clone": esx_clone.CONTRACT}
ROW = re.compile(r"   \* - (.*)\n     - .*\n     - (\d+)\n     - (\d+|none)\n")
# A domain that runs is powered off by a task of its own before it is removed.
LONGER = ("remove it with its disks",)


def lines(tasks: list[Any] | None) -> str:
    """The lines of tasks with one line for each value; "none" where there is no task."""
    if tasks is None:
        return "none"
    return str(len(yaml.safe_dump(tasks, default_flow_style=False, width=1000).splitlines()))


def test_the_table_has_the_lines_of_each_job() -> None:
    guide = (ROOT / "docs/docsite/rst/parts.rst").read_text(encoding="utf-8")
    assert ROW.findall(guide) == [(job["job"], lines(job["ours"]), lines(job["theirs"])) for job in JOBS]
    assert len(JOBS) == 20


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job["job"])
def test_a_job_needs_valid_options_and_no_more_lines(job: dict[str, Any]) -> None:
    for task in job["ours"]:
        ((module, arguments),) = task.items()
        contract = CONTRACTS[module]
        assert ArgumentSpecValidator(**contract.validation()).validate(arguments).error_messages == []
    if job["theirs"] is not None and job["job"] not in LONGER:
        assert int(lines(job["ours"])) <= int(lines(job["theirs"]))
