# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance mode: the module, and the role that empties a host for it."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import TimedOut
from ansible_collections.virt.esx.plugins.modules import esx_host
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import (
    C0,
    H0,
    H1,
    carry_out,
    host_of,
    start_vcenter,
    uri_of,
)
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, run_playbook
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def set_mode(vcenter: Simulator, host: str, **arguments: object) -> dict[str, object]:
    result = carry_out(esx_host.CONTRACT, uri=uri_of(vcenter, host, "vpx"), diff=True, **arguments)  # type: ignore[arg-type]
    return {"state": result["host"]["state"], "changed": result["changed"], "steps": result["steps"]}


def test_it_is_begun_and_waited_for_and_stopped(vcenter: Simulator) -> None:
    begun = {"state": "entering", "changed": True, "steps": ["begin to enter maintenance mode"]}
    assert set_mode(vcenter, H0, state="maintenance", domains="leave", wait=False) == begun
    assert set_mode(vcenter, H0, state="maintenance", domains="leave", wait=False) == {
        **begun,
        "changed": False,
        "steps": [],
    }
    stopped = {"state": "active", "changed": True, "steps": ["stop entering maintenance mode"]}
    assert set_mode(vcenter, H0, state="active") == stopped
    with pytest.raises(TimedOut, match="Entering maintenance mode on host DC0_H0 made no progress for 1 seconds"):
        set_mode(vcenter, H0, state="maintenance", domains="leave", maintenance_timeout=1)
    assert set_mode(vcenter, H0, state="active")["changed"] is False


@pytest.mark.parametrize("drs", ["off", "full"])
def test_the_role_empties_a_host_for_it(drs: str) -> None:
    """A later run that fails does not take the host out of the mode that it was in before."""
    flags = ("-hosts", "1", "-clusters", "1", "-cluster-hosts", "2", "-domains", "2", "-drs", drs, "-vcls", "1")
    with start_vcenter(*flags) as vcenter:
        variables = {
            "evacuate_uri": uri_of(vcenter, C0, "vpx"),
            "evacuate_destinations": ["DC0_C0_H1", H0],
            "evacuate_maintenance": True,
            "esx_password": PASSWORD,
        }
        predicted = run_playbook("evacuate.yml", extra_vars=variables, check=True)
        run = run_playbook("evacuate.yml", extra_vars=variables)
        assert predicted.changed == 2 >= run.changed  # DRS can be faster than the second
        assert set_mode(vcenter, C0, state="maintenance", domains="leave")["changed"] is False
        run = run_playbook("evacuate.yml", extra_vars={**variables, "evacuate_names": ["misspelt"]}, fails=True)
        assert "There is no domain 'misspelt' on DC0_C0_H0." in run.tasks[-1].result["msg"]
        assert set_mode(vcenter, C0, state="maintenance", domains="leave")["changed"] is False
        assert {name[:5] for name in vcenter.domains() if host_of(vcenter, name) == C0} <= {"vCLS-"}


def test_a_host_that_cannot_be_emptied_works_on(vcenter: Simulator) -> None:
    vcenter.change_from_outside("domain-1", set={"simulator.migration.error": "NoCompatibleHost"})
    variables = {
        "evacuate_uri": uri_of(vcenter, H0, "vpx"),
        "evacuate_destinations": [H1],
        "evacuate_maintenance": True,
        "esx_password": PASSWORD,
    }
    run = run_playbook("evacuate.yml", extra_vars=variables, fails=True)
    assert "Domain 'domain-1' cannot be migrated from DC0_H0 to DC0_H1" in run.tasks[-1].result["msg"]
    assert set_mode(vcenter, H0, state="active") == {"state": "active", "changed": False, "steps": []}
