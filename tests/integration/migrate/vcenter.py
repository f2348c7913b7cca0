# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated vCenter whose hosts can also be reached directly, and functions that migrate in it.

``migrate(vcenter, SOURCE, TO_DESTINATION, names=["domain-1"])`` carries the module's contract out in this process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.modules import esx_migrate
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator

H0, H1, C0, C1 = "DC0_H0", "DC0_H1", "DC0_C0_H0", "DC0_C0_H1"

# How a host can be named: as an ESX host with its vCenter, and by the vCenter alone.
KINDS = ("esx", "vpx")
PATHS = {H0: f"DC0/{H0}", H1: f"DC0/{H1}", C0: f"DC0/DC0_C0/{C0}", C1: f"DC0/DC0_C0/{C1}"}

VCENTER_LOGIN = {"vcenter_username": USER, "vcenter_password": PASSWORD}
POWER_STATES = {"running": "poweredOn", "shutoff": "poweredOff", "paused": "suspended"}


@dataclass
class Said:
    """The output of a module besides its result: warnings, and lines of progress."""

    warnings: list[str] = field(default_factory=list)
    progress: list[str] = field(default_factory=list)


def start_vcenter(*flags: str) -> Simulator:
    """A vCenter with two standalone hosts and a cluster; of the standalone hosts' domains two are shut off."""
    simulator = start_simulator(
        *("-kind", "vcenter", "-hosts", "2", "-clusters", "1", "-host-endpoints", "auto"),
        *("-username", USER, "-password", PASSWORD, "-migration-delay", "100", *flags),
    )
    for name in ("domain-2", "domain-4"):
        if name in simulator.domains():
            change_state(simulator, name, "PowerOffVM_Task", "shutoff")
    simulator.trace(reset=True)
    return simulator


def change_state(vcenter: Simulator, domain: str, task: str, state: str) -> None:
    """Let another client bring a domain into a state."""
    vcenter.change_from_outside(domain, task=task)
    wait_until(lambda: vcenter.domains()[domain]["state"] == POWER_STATES[state])


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    """Wait for an event in the simulator."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def uri_of(simulator: Simulator, host: str, kind: str = "esx", **parameters: Any) -> str:
    """A host's URI, with everything that a migration needs."""
    if kind == "vpx":
        return simulator.uri("vpx", user=USER, path=PATHS[host], no_verify=1, **parameters)
    return simulator.uri("esx", user=USER, host=host, **{"vcenter": "*", "no_verify": 1, **parameters})


def host_of(vcenter: Simulator, domain: str) -> str:
    """The host of a domain in the simulator."""
    return str(vcenter.domains()[domain]["host"])


def carry_out(
    contract: Contract,
    *,
    said: Said | None = None,
    progress: Callable[[str], None] | None = None,
    check: bool = False,
    diff: bool = False,
    **arguments: Any,
) -> dict[str, Any]:
    """Return the result of a module, logged in everywhere; errors are raised."""
    login = {"password": PASSWORD, **VCENTER_LOGIN}
    checked = ArgumentSpecValidator(**contract.validation()).validate({**login, **arguments})
    assert checked.error_messages == []
    heard = said or Said()
    show = progress or heard.progress.append
    result = contract.carry_out(Invocation(checked.validated_parameters, check, diff, heard.warnings.append, show))
    assert said is not None or heard.warnings == []
    return result


def migrate(vcenter: Simulator, source: str, destination: str, kind: str = "esx", **arguments: Any) -> dict[str, Any]:
    """Migrate between two hosts, both named in the same form."""
    endpoints = {
        "uri": uri_of(vcenter, source, kind),
        "dest_uri": uri_of(vcenter, destination, kind),
        "dest_password": PASSWORD,
    }
    return carry_out(esx_migrate.CONTRACT, **{**endpoints, **arguments})


def only(result: Mapping[str, Any]) -> dict[str, Any]:
    """The one domain of a result."""
    (domain,) = result["domains"]
    assert isinstance(domain, dict)
    return domain


def result_of(error: EsxError) -> dict[str, Any]:
    """The result that an error carries: the same keys as without it."""
    assert {"changed", "source", "destination", "domains"} <= set(error.details)
    return error.details
