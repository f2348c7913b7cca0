# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_migrate`` in a playbook, in both ways of running."""

from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.modules.esx_migrate import CONTRACT
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import H0, H1, host_of, uri_of
from ansible_collections.virt.esx.tests.integration.running import IN_PROCESS, PASSWORD, run_playbook
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def test_the_playbook(vcenter: Simulator, way: str) -> None:
    variables = {
        "source_uri": uri_of(vcenter, H0),
        "destination_uri": uri_of(vcenter, H1),
        "esx_password": PASSWORD,
    }
    run = run_playbook("esx_migrate.yml", extra_vars=variables, way=way, diff=True)
    changed = {task.name: task.changed for task in run.tasks}
    assert changed == {
        "Migrate them": True,
        "Migrate them again": False,
        "Migrate them back": True,
        "Migrate them back again": False,
        "Migrate one that is not there, and one that is": True,
    }
    last = run.tasks[-1]
    assert last.outcome == "ignored"
    assert last.result["msg"].startswith("1 of 2 domains were not migrated from DC0_H0 to DC0_H1. Domain 'nobody'")
    assert [domain["failed"] for domain in last.result["domains"]] == [True, False]
    assert (host_of(vcenter, "domain-1"), host_of(vcenter, "domain-2")) == (H1, H0)
    assert "-domain-1: DC0_H0" in run.output
    assert "+domain-1: DC0_H1" in run.output
    assert ("Migrating domain 'domain-1' from DC0_H0 to DC0_H1: " in run.output) == (way == IN_PROCESS)
    assert PASSWORD not in run.output + str(run.tasks)


def test_the_playbook_in_check_mode(vcenter: Simulator, way: str) -> None:
    variables = {
        "source_uri": uri_of(vcenter, H0),
        "destination_uri": uri_of(vcenter, H1),
        "esx_password": PASSWORD,
    }
    run = run_playbook("esx_migrate.yml", extra_vars=variables, way=way, check=True)
    assert [task.changed for task in run.tasks] == [True, True, False, False, True]
    assert [domain["host"] for domain in run.tasks[0].result["domains"]] == [H1, H1]
    assert (host_of(vcenter, "domain-1"), host_of(vcenter, "domain-2")) == (H0, H0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": ["web"]}, "one of the following is required: dest_uri, dest_host"),
        ({"dest_host": "esx2"}, "one of the following is required: names, uuids"),
        ({"names": ["web"], "dest_host": "esx2", "dest_uri": "esx://h/"}, "mutually exclusive: dest_uri|dest_host"),
    ],
)
def test_arguments_that_contradict_each_other(arguments: dict[str, object], message: str) -> None:
    checked = ArgumentSpecValidator(**CONTRACT.validation()).validate(arguments)
    assert message in checked.error_messages[0]
