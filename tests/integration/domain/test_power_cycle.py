# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain`` with ``power_cycle``: whatever fails, the guest is not left shut off, and the result says so."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    domain_xml,
    ensure,
    ensure_with_warnings,
    read_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"
BUSY = {"fault": "TaskInProgress", "properties": {"task": {"type": "Task", "value": "task-1"}}}


@pytest.fixture
def on(esx: Simulator) -> Simulator:
    """A host with the domain ``web``, which runs with VMware Tools."""
    ensure(esx, xml=domain_xml())
    esx.change_from_outside("web", set={"simulator.tools": "running"})
    ensure(esx, name="web", state="running")
    return esx


def cycle(esx: Simulator, **more: Any) -> dict[str, Any]:
    return ensure(esx, name="web", vcpus=4, power_cycle=True, **more)


@pytest.mark.parametrize("state", ["defined", "running", "rebooted"])
@pytest.mark.parametrize("where", ["call", "task"])
def test_another_task_when_it_is_started_again(on: Simulator, where: str, state: str) -> None:
    on.inject(method="PowerOnVM_Task", count=1, **BUSY, **{"in": where})
    result = cycle(on, state=state)
    assert (result["changed"], result["domain"]["state"]) == (True, "running")
    assert result["steps"] == ["shut down", "change vcpus", "power on"]
    assert result["domain"]["vcpus"] == 4


def test_another_task_when_it_is_to_end_paused(on: Simulator) -> None:
    on.inject(method="PowerOnVM_Task", count=1, **BUSY)
    result = cycle(on, state="paused")
    assert result["steps"] == ["shut down", "change vcpus", "power on", "suspend"]
    assert on.domains()["web"]["state"] == "suspended"


def test_the_guest_goes_off_just_when_its_time_ends(on: Simulator) -> None:
    result = cycle(on, shutdown_timeout=0)
    assert (result["domain"]["state"], result["domain"]["vcpus"]) == ("running", 4)


def test_a_shutdown_that_was_carried_out_is_a_change(on: Simulator) -> None:
    result, _warnings = ensure_with_warnings(on, name="web", state="shutdown", shutdown_timeout=0)
    assert (result["changed"], result["steps"], result["domain"]["state"]) == (True, ["shut down"], "shutoff")


@pytest.mark.parametrize("seconds", [-1, -60])
def test_a_time_below_zero_is_refused(on: Simulator, seconds: int) -> None:
    with pytest.raises(ParseError, match="shutdown_timeout"):
        ensure(on, name="web", state="shutdown", shutdown_timeout=seconds)
    assert on.domains()["web"]["state"] == "poweredOn"


def failed(esx: Simulator, **more: Any) -> EsxError:
    with pytest.raises(EsxError) as caught:
        cycle(esx, **more)
    assert caught.value.details["changed"] is True
    return caught.value


# Failures during the change, which all leave the definition as it was.
CHANGING = [
    {"method": "ReconfigVM_Task", "fault": "InvalidState"},
    {"method": "ReconfigVM_Task", "fault": "GenericVmConfigFault", "in": "task"},
]


@pytest.mark.parametrize("rule", CHANGING)
def test_it_is_started_again_where_the_change_fails(on: Simulator, rule: dict[str, Any]) -> None:
    before = read_file(on, VMX)
    on.inject(count=1, **rule)
    error = failed(on)
    assert "was started again." in error.message
    assert error.details["steps"] == ["shut down", "power on"]
    assert error.details["domain"]["state"] == "running"
    assert on.domains()["web"]["state"] == "poweredOn"
    assert read_file(on, VMX) == before


@pytest.mark.parametrize("where", ["call", "task"])
def test_it_is_started_with_its_former_definition_where_the_new_one_does_not_start(on: Simulator, where: str) -> None:
    before = read_file(on, VMX)
    on.inject(method="PowerOnVM_Task", count=1, fault="InsufficientCpuResourcesFault", **{"in": where})
    error = failed(on)
    assert error.fault == "InsufficientCpuResourcesFault"
    assert "was started again with its former definition." in error.message
    assert error.details["steps"] == ["shut down", "change vcpus", "restore the definition", "power on"]
    assert (on.domains()["web"]["state"], error.details["domain"]["vcpus"]) == ("poweredOn", 2)
    assert read_file(on, VMX) == before
    assert cycle(on)["domain"]["vcpus"] == 4


def test_it_is_said_where_it_cannot_be_started_at_all(on: Simulator) -> None:
    on.inject(method="PowerOnVM_Task", fault="NoDiskSpace", count=2)
    error = failed(on)
    assert "is shut off; it could not be started again with its former definition" in error.message
    assert error.details["domain"]["state"] == "shutoff"
    assert ensure(on, name="web", state="running")["changed"]
