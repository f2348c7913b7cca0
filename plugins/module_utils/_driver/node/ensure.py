# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a host into the requested state: what the module ``esx_host`` does.

A host leaves running domains alone: entering maintenance mode waits for ever until they are gone, and a reboot is
refused outside of maintenance mode. So the domains are dealt with first, as the user chooses; then the host is in
maintenance mode for as long as it restarts.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection, open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import CORE_PATHS, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.node.facts import read_autostart
from ansible_collections.virt.esx.plugins.module_utils._driver.node.request import (
    AUTOSTART_MEMBERS,
    STOP_ACTION_WORDS,
    HostRequest,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, carry_out
from ansible_collections.virt.esx.plugins.module_utils._driver.stopping import stop_domains
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, Refused, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, fetch_one, fetch_types
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

_HOST_PATHS = (
    "name",
    "runtime.inMaintenanceMode",
    "runtime.bootTime",
    "runtime.connectionState",
    "config.autoStart.defaults",
    "configManager.autoStartManager",
)

# Seconds between two attempts to reach a host that restarts.
_PAUSE = 3.0
# Waiting without an end, in the API's words: whoever calls waits for the task himself.
_NO_TIMEOUT = 0


@dataclass(frozen=True)
class HostState:
    """What matters of a host: its state, autostart defaults, and the domains that run on it."""

    name: str
    state: str
    boot_time: datetime.datetime | None
    autostart: dict[str, Any]
    running: Sequence[DomainRecord]
    ref: Any
    autostart_manager: Any

    def as_dict(self) -> dict[str, Any]:
        """Return the host as the module's result shows it."""
        boot = self.boot_time
        return {
            "name": self.name,
            "state": self.state,
            "boot_time": None if boot is None else boot.isoformat(),
            "autostart": self.autostart,
            "running": [record.name for record in self.running],
        }

    def text(self) -> str:
        """Return the host as lines, for diff mode."""
        lines = {"state": self.state, "running": ", ".join(record.name for record in self.running)}
        lines.update({f"autostart.{key}": value for key, value in self.autostart.items()})
        return "".join(f"{key}: {value}\n" for key, value in lines.items())


@dataclass(frozen=True)
class HostPlan(Plan):
    """The steps for a host, and the host before and after them."""

    before: HostState
    after: HostState
    stopped: Sequence[str]


def ensure_host(connection: EsxConnection, invocation: Invocation, request: HostRequest) -> dict[str, Any]:
    """Bring the connection's host into the requested state; return the module's result.

    :raises Refused: if domains run, and the user has not chosen what happens to them.
    :raises TimedOut: if guests do not shut down, or the host does not return, in time.
    """
    outcome = carry_out(connection, invocation, lambda: _plan(connection, invocation, request))
    after = outcome.plan.after
    if outcome.first.steps and not invocation.check_mode and request.state != "shutoff":
        after = read_state(connection)
    report = outcome.report(connection, invocation, outcome.first.before.text(), after.text())
    return {"host": after.as_dict(), "stopped": list(outcome.first.stopped), **report}


def read_state(connection: EsxConnection) -> HostState:
    """Return the present state of the connection's host and the domains that run on it; one call."""
    host = connection.context.host
    wanted = {"HostSystem": _HOST_PATHS, "VirtualMachine": CORE_PATHS}
    rows = fetch_types(connection.session, wanted, objects=[host], traversal=HOST_VMS, include_start=True)
    values = dict(rows)[host]
    domains = [DomainRecord(ref, row) for ref, row in rows if type_name(ref) == "VirtualMachine"]
    return HostState(
        name=unescape_name(values["name"]),
        state="maintenance" if values["runtime.inMaintenanceMode"] else "active",
        boot_time=values["runtime.bootTime"],
        autostart=read_autostart(values["config.autoStart.defaults"]),
        running=sorted((item for item in domains if item.state == "running"), key=lambda item: item.name),
        ref=host,
        autostart_manager=values["configManager.autoStartManager"],
    )


def _plan(connection: EsxConnection, invocation: Invocation, request: HostRequest) -> HostPlan:
    before = read_state(connection)
    after = replace(before, autostart={**before.autostart, **request.autostart})
    steps = _autostart_steps(before, after, request)
    if request.state in (None, before.state):
        return HostPlan(steps, None, before, after, ())
    if request.state == "active":
        steps.append(Step("leave maintenance mode", lambda: _leave(connection, before)))
        return HostPlan(steps, None, before, replace(after, state="active"), ())
    return _with_stop(connection, invocation, request, steps, before, after)


def _with_stop(
    connection: EsxConnection,
    invocation: Invocation,
    request: HostRequest,
    steps: list[Step],
    before: HostState,
    after: HostState,
) -> HostPlan:
    """The plan for a state in which no domain can run."""
    names = [record.name for record in before.running]
    if names:
        _check_domains(request, before)
        how = request.domains
        stop = Step(
            f"{how} {', '.join(names)}",
            lambda: stop_domains(connection, before.running, how, request.shutdown_timeout),
        )
        steps.append(stop)
    if before.state == "active":
        steps.append(Step("enter maintenance mode", lambda: _enter(connection, before)))
    if request.state == "rebooted":
        steps.append(Step("reboot", lambda: _reboot(connection, invocation, before, request.reboot_timeout)))
        if before.state == "active":
            steps.append(Step("leave maintenance mode", lambda: _leave(connection, before)))
    elif request.state == "shutoff":
        steps.append(Step("shut down the host", lambda: _shut_down(connection, before)))
    reached = {"maintenance": "maintenance", "rebooted": before.state, "shutoff": "shutoff"}[str(request.state)]
    return HostPlan(steps, None, before, replace(after, state=reached, running=()), names)


def _check_domains(request: HostRequest, before: HostState) -> None:
    if request.domains != "fail":
        return
    listed = ", ".join(f"'{record.name}'" for record in before.running)
    raise Refused(
        f"{len(before.running)} domains run on the host {before.name}: {listed}.",
        hint="Set domains to shutdown, suspend or destroy, or move them away first (role virt.esx.evacuate).",
    )


def _autostart_steps(before: HostState, after: HostState, request: HostRequest) -> list[Step]:
    if before.autostart == after.autostart:
        return []

    def reconfigure() -> None:
        given = {AUTOSTART_MEMBERS[name]: value for name, value in request.autostart.items()}
        if "stopAction" in given:
            given["stopAction"] = STOP_ACTION_WORDS[given["stopAction"]]
        kind = vim.host.AutoStartManager
        before.autostart_manager.ReconfigureAutostart(kind.Config(defaults=kind.SystemDefaults(**given)))

    changed = [name for name, value in after.autostart.items() if value != before.autostart[name]]
    return [Step(f"change autostart defaults {', '.join(changed)}", reconfigure)]


def _enter(connection: EsxConnection, host: HostState) -> None:
    task = host.ref.EnterMaintenanceMode_Task(_NO_TIMEOUT, False)
    connection.wait(task, f"Entering maintenance mode on host {host.name}")


def _leave(connection: EsxConnection, host: HostState) -> None:
    task = host.ref.ExitMaintenanceMode_Task(_NO_TIMEOUT)
    connection.wait(task, f"Leaving maintenance mode on host {host.name}")


def _shut_down(connection: EsxConnection, host: HostState) -> None:
    """The end of the task is never seen where the host itself is the server: it goes away."""
    task = host.ref.ShutdownHost_Task(False)
    _wait_for_going(connection, task, f"Shutting down host {host.name}")
    if connection.is_direct:
        connection.session.forget()


def _wait_for_going(connection: EsxConnection, task: Any, action: str) -> None:
    try:
        connection.wait(task, action)
    except ConnectionFailed:
        if not connection.is_direct:
            raise


def _reboot(connection: EsxConnection, invocation: Invocation, host: HostState, seconds: int) -> None:
    """Reboot a host and wait until it answers with another time of start.

    :raises TimedOut: if it does not return in time.
    """
    task = host.ref.RebootHost_Task(False)
    _wait_for_going(connection, task, f"Rebooting host {host.name}")
    deadline = time.monotonic() + seconds
    shown = False
    while time.monotonic() < deadline:
        if _is_back(connection, invocation, host):
            return
        if not shown:
            invocation.progress(f"Waiting for host {host.name} to return")
            shown = True
        time.sleep(_PAUSE)
    raise TimedOut(
        f"The host {host.name} did not return within {seconds} seconds after its reboot. It is in maintenance mode.",
        hint="Raise reboot_timeout, or look at its console.",
    )


def _is_back(connection: EsxConnection, invocation: Invocation, host: HostState) -> bool:
    """Whether the host is connected and was started since; a host that restarts cannot be reached for a while."""
    try:
        if not connection.is_direct:
            return _was_started(connection, host)
        with open_connection(invocation) as other:
            return _was_started(other, host)
    except EsxError:
        return False


def _was_started(connection: EsxConnection, host: HostState) -> bool:
    ref = connection.context.host if connection.is_direct else host.ref
    values = fetch_one(connection.session, ref, ["runtime.bootTime", "runtime.connectionState"])
    is_connected = str(values["runtime.connectionState"]) == "connected"
    return is_connected and values["runtime.bootTime"] not in (None, host.boot_time)
