# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance mode of a host: entering it, which the server ends as soon as nothing runs there, and leaving it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, carry_out
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import show_progress
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.task import pending_of_kind
from ansible_collections.virt.esx.plugins.module_utils._vi.vcenter import host_in_vcenter, open_vcenter

# The task that enters maintenance mode, as its TaskInfo.descriptionId has it.
_ENTERING = "entermaintenancemode"

MAINTENANCE, NORMAL = "maintenance", "normal"


@dataclass(frozen=True)
class _Node:
    """A host, and the session in which it is asked: its vCenter's where the URI names one."""

    session: Session
    host: HostContext


@dataclass(frozen=True)
class MaintenancePlan(Plan):
    """A plan for a host's mode, with the mode ``before`` and ``after`` it, in words."""

    before: str
    after: str


def set_maintenance(connection: EsxConnection, invocation: Invocation) -> dict[str, Any]:
    """Bring a host into the requested mode, and return the module's result.

    :param invocation: its parameters are ``state``, ``wait`` and ``maintenance_timeout``.
    :raises TimedOut: if nothing happens for ``maintenance_timeout`` seconds; the host does not enter the mode then.
    """
    params = invocation.params
    if params["maintenance_timeout"] < 1:
        raise ParseError(f"{params['maintenance_timeout']} is not a number of at least 1.", where="maintenance_timeout")
    node = _node(connection)
    outcome = carry_out(connection, invocation, lambda: _plan(connection, node, params))
    after = outcome.plan.after
    report = outcome.report(connection, invocation, f"{outcome.first.before}\n", f"{after}\n")
    return {"host": node.host.host_name, "state": after, **report}


def _node(connection: EsxConnection) -> _Node:
    if connection.is_direct and connection.session.options.uri.vcenter is None:
        return _Node(connection.session, connection.context)
    return _Node(open_vcenter(connection.session), host_in_vcenter(connection.session))


def _plan(connection: EsxConnection, node: _Node, params: Mapping[str, Any]) -> MaintenancePlan:
    """``entering`` is the mode of a host that enters maintenance mode and still has running domains."""
    values = fetch_one(node.session, node.host.host, ["runtime.inMaintenanceMode", "recentTask"])
    entering = pending_of_kind(node.session, values["recentTask"], _ENTERING)
    is_in = bool(values["runtime.inMaintenanceMode"])
    before = MAINTENANCE if is_in else ("entering" if entering else NORMAL)
    if params["state"] == NORMAL:
        return MaintenancePlan(_leave(connection, node, params, entering, is_in=is_in), None, before, NORMAL)
    after = MAINTENANCE if params["wait"] or is_in else "entering"
    steps = [] if before == after else [_enter(connection, node, params, entering)]
    return MaintenancePlan(steps, None, before, after)


def _enter(connection: EsxConnection, node: _Node, params: Mapping[str, Any], entering: list[Any]) -> Step:
    """The step that starts the task, if none is under way, and waits for it, if that is wanted."""

    def start() -> Any:
        return entering[0] if entering else node.host.host.EnterMaintenanceMode_Task(0, False)

    if not params["wait"]:
        return Step("begin to enter maintenance mode", lambda: _begin(start))
    action = f"Entering maintenance mode of the host {node.host.host_name}"
    name = "wait for maintenance mode" if entering else "enter maintenance mode"
    return Step(name, lambda: _wait(connection, node, params, action, start))


def _begin(start: Callable[[], Any]) -> None:
    """Start a task and do not wait for it."""
    start()


def _leave(
    connection: EsxConnection, node: _Node, params: Mapping[str, Any], entering: list[Any], *, is_in: bool
) -> list[Step]:
    action = f"Leaving maintenance mode of the host {node.host.host_name}"
    steps = [Step("stop entering maintenance mode", task.CancelTask) for task in entering]
    if is_in:
        leave = lambda: node.host.host.ExitMaintenanceMode_Task(0)  # noqa: E731
        steps.append(Step("leave maintenance mode", lambda: _wait(connection, node, params, action, leave)))
    return steps


def _wait(connection: EsxConnection, node: _Node, params: Mapping[str, Any], action: str, start: Any) -> None:
    patience = float(params["maintenance_timeout"])
    progress = show_progress(connection.progress, action)
    (outcome,) = run_jobs(node.session, [Job(action, start, progress=progress, patience=patience)], at_once=1)
    if isinstance(outcome, Exception):
        raise outcome
