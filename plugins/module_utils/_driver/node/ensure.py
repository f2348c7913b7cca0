# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a host into the requested state: what the module ``esx_host`` does.

A host does not stop running domains: entering maintenance mode waits until they are gone, without a limit, and a reboot
is refused outside of maintenance mode. So the domains are stopped first, as the user chooses; then the host stays in
maintenance mode while it restarts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connected import check_host
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import NO_TOOLS, TOOLS_PATH, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.node.request import (
    AUTOSTART_MEMBERS,
    STOP_ACTION_WORDS,
    HostRequest,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.node.restart import reboot, shut_down
from ansible_collections.virt.esx.plugins.module_utils._driver.node.state import (
    HostState,
    Node,
    node_of,
    read_state,
    run_task,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, carry_out
from ansible_collections.virt.esx.plugins.module_utils._driver.stopping import stop_domains
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._names import quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# No timeout, in the API's terms: the task is watched from here.
_NO_TIMEOUT = 0


@dataclass(frozen=True)
class HostPlan(Plan):
    """The steps for a host, and the host before and after them; ``stopped`` are the names of the domains.

    ``restarts`` says that the host is rebooted or shut down.
    """

    before: HostState
    after: HostState
    stopped: Sequence[str]

    restarts: bool = False

    @property
    def overtaken(self) -> tuple[str, ...]:
        """The host is in maintenance mode, or has left it, already; it is not rebooted once more for that."""
        return () if self.restarts else ("InvalidState",)

    @property
    def repeatable(self) -> bool:
        """A reboot is not seen in the host's state: it would be rebooted again, and not leave maintenance mode."""
        return not self.restarts


@dataclass(frozen=True)
class _Work:
    """The objects that every step needs."""

    connection: EsxConnection
    invocation: Invocation
    node: Node
    request: HostRequest
    before: HostState


def ensure_host(connection: EsxConnection, invocation: Invocation, request: HostRequest) -> dict[str, Any]:
    """Bring the connection's host into the requested state; return the module's result.

    :raises Refused: if domains run, and the user has not chosen what to do with them.
    :raises TimedOut: if guests do not shut down in time, or the host does not return or enter maintenance mode in time.
    """
    node = node_of(connection)

    def make_plan() -> HostPlan:
        plan = _plan(_Work(connection, invocation, node, request, read_state(node)))
        if plan.steps:
            check_host(plan.before.name, plan.before.connection)
        return plan

    outcome = carry_out(connection, invocation, make_plan)
    after = outcome.plan.after
    if outcome.first.steps and not invocation.check_mode and request.state != "shutoff":
        after = read_state(node)
    report = outcome.report(connection, invocation, outcome.first.before.text(), after.text())
    return {"host": after.as_dict(), "stopped": list(outcome.first.stopped), **report}


def _plan(work: _Work) -> HostPlan:
    request, before = work.request, work.before
    after = replace(before, autostart={**before.autostart, **request.autostart})
    steps = _autostart_steps(work, after)
    if request.state is None or (request.state == before.state != "entering"):
        return HostPlan(steps, None, before, after, ())
    if request.state == "active":
        return HostPlan([*steps, *_leave_steps(work)], None, before, replace(after, state="active"), ())
    return _with_stop(work, steps, after)


def _with_stop(work: _Work, steps: list[Step], after: HostState) -> HostPlan:
    """The plan for a state in which no domain can run."""
    request, before = work.request, work.before
    leaves = request.domains == "leave"
    names = [] if leaves else [record.name for record in before.running]
    if names:
        _check_domains(request, before)
        steps.append(_stop_step(work, names))
    if before.state != "maintenance":
        steps += _enter_steps(work)
    steps += _power_steps(work)
    running = before.running if leaves and not request.wait else ()
    after = replace(after, state=_reached(work), running=running)
    return HostPlan(steps, None, before, after, names, restarts=request.state != "maintenance")


def _stop_step(work: _Work, names: Sequence[str]) -> Step:
    request, running = work.request, work.before.running
    return Step(
        f"{request.domains} {', '.join(names)}",
        lambda: stop_domains(work.connection, running, request.domains, request.shutdown_timeout),
    )


def _power_steps(work: _Work) -> list[Step]:
    """Reboot the host, and leave maintenance mode if it was not in it before; or shut it down; or nothing."""
    request, before = work.request, work.before
    if request.state == "shutoff":
        return [Step("shut down the host", lambda: shut_down(work.connection, work.node, before))]
    if request.state != "rebooted":
        return []
    restart = Step(
        "reboot", lambda: reboot(work.connection, work.node, work.invocation, before, request.reboot_timeout)
    )
    return [restart, _leave_step(work)] if before.state == "active" else [restart]


def _reached(work: _Work) -> str:
    """The state of the host afterwards; one that is rebooted is active again only if it was active before."""
    state = str(work.request.state)
    if state == "rebooted":
        return "active" if work.before.state == "active" else "maintenance"
    return "entering" if state == "maintenance" and not work.request.wait else state


def _check_domains(request: HostRequest, before: HostState) -> None:
    if request.domains == "fail":
        raise Refused(
            f"{len(before.running)} domains run on the host {before.name}: {_names(before.running)}.",
            hint="Set domains to shutdown, suspend, destroy or leave, or move them away by the role virt.esx.evacuate.",
        )
    deaf = [record for record in before.running if record.values.get(TOOLS_PATH) == NO_TOOLS]
    if request.domains == "shutdown" and deaf:
        raise Refused(
            f"The guests of {len(deaf)} of {len(before.running)} domains cannot be asked to shut down: VMware Tools do "
            f"not run in {_names(deaf)}.",
            hint="Stop these domains first, or set domains to suspend or destroy.",
            fault="ToolsUnavailable",
        )


def _names(records: Iterable[DomainRecord]) -> str:
    return quoted(record.name for record in records)


def _enter_steps(work: _Work) -> list[Step]:
    """Start entering maintenance mode unless that is under way, and wait for it if requested."""
    pending = work.before.entering

    def start() -> Any:
        return pending[0] if pending else work.node.ref.EnterMaintenanceMode_Task(_NO_TIMEOUT, False)

    if not work.request.wait:
        return [] if pending else [Step("begin to enter maintenance mode", _ignoring_result(start))]
    action = f"Entering maintenance mode on host {work.before.name}"
    name = "wait for maintenance mode" if pending else "enter maintenance mode"
    patience = float(work.request.maintenance_timeout)
    return [Step(name, lambda: run_task(work.connection, work.node, action, start, patience=patience))]


def _leave_steps(work: _Work) -> list[Step]:
    steps = [Step("stop entering maintenance mode", task.CancelTask) for task in work.before.entering]
    return [*steps, _leave_step(work)] if work.before.state == "maintenance" else steps


def _leave_step(work: _Work) -> Step:
    action = f"Leaving maintenance mode on host {work.before.name}"
    return Step(
        "leave maintenance mode",
        lambda: run_task(
            work.connection, work.node, action, lambda: work.node.ref.ExitMaintenanceMode_Task(_NO_TIMEOUT)
        ),
    )


def _ignoring_result(call: Callable[[], Any]) -> Callable[[], None]:
    def carry_out_call() -> None:
        call()

    return carry_out_call


def _autostart_steps(work: _Work, after: HostState) -> list[Step]:
    before = work.before
    if before.autostart == after.autostart:
        return []

    def reconfigure() -> None:
        given = {AUTOSTART_MEMBERS[name]: value for name, value in work.request.autostart.items()}
        if "stopAction" in given:
            given["stopAction"] = STOP_ACTION_WORDS[given["stopAction"]]
        kind = vim.host.AutoStartManager
        before.autostart_manager.ReconfigureAutostart(kind.Config(defaults=kind.SystemDefaults(**given)))

    changed = [name for name, value in after.autostart.items() if value != before.autostart[name]]
    return [Step(f"change autostart defaults {', '.join(changed)}", reconfigure)]
