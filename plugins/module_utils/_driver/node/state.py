# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a host, and the server that knows it."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import CORE_PATHS, TOOLS_PATH, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.node.facts import read_autostart
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import show_progress
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.pending_tasks import ENTERING_MAINTENANCE, pending_of_kind
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, fetch_types
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vcenter import host_in_vcenter, open_vcenter
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name

_HOST_PATHS = (
    "runtime.connectionState",
    "runtime.inMaintenanceMode",
    "runtime.bootTime",
    "config.autoStart.defaults",
    "configManager.autoStartManager",
    "recentTask",
)


@dataclass(frozen=True)
class Node:
    """A host, and the session that it is read and changed in: that of its vCenter, if the URI names one."""

    session: Session
    context: HostContext

    @property
    def ref(self) -> Any:
        """The reference to the HostSystem."""
        return self.context.host


@dataclass(frozen=True)
class HostState:
    """The state of a host, its autostart defaults, and the domains that run on it.

    ``entering`` has the pending tasks that enter maintenance mode, ``connection`` is the vCenter's word for whether the
    host is connected.
    """

    name: str
    state: str
    boot_time: datetime.datetime | None
    autostart: dict[str, Any]
    running: Sequence[DomainRecord]
    entering: Sequence[Any]
    autostart_manager: Any
    connection: Any = None

    def as_dict(self) -> dict[str, Any]:
        """Return the host in the form of results."""
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


def node_of(connection: EsxConnection) -> Node:
    """Return the connection's host, in the vCenter if the URI names one."""
    if connection.is_direct and connection.session.options.uri.vcenter is None:
        return Node(connection.session, connection.context)
    return Node(open_vcenter(connection.session), host_in_vcenter(connection.session))


def read_state(node: Node) -> HostState:
    """Return the present state of a host and the domains that run on it; one call, two if it has pending tasks."""
    tools = [TOOLS_PATH] if node.session.has(4, 0) else []
    wanted = {"HostSystem": _HOST_PATHS, "VirtualMachine": [*CORE_PATHS, *tools]}
    rows = fetch_types(node.session, wanted, objects=[node.ref], traversal=HOST_VMS, include_start=True)
    values = dict(rows)[node.ref]
    domains = [DomainRecord(ref, row) for ref, row in rows if type_name(ref) == "VirtualMachine"]
    is_in = bool(values["runtime.inMaintenanceMode"])
    entering = () if is_in else pending_of_kind(node.session, values["recentTask"], ENTERING_MAINTENANCE)
    return HostState(
        name=node.context.host_name,
        state="maintenance" if is_in else "entering" if entering else "active",
        boot_time=values["runtime.bootTime"],
        autostart=read_autostart(values["config.autoStart.defaults"]),
        running=sorted((item for item in domains if item.state == "running"), key=lambda item: item.name),
        entering=tuple(entering),
        autostart_manager=values["configManager.autoStartManager"],
        connection=values["runtime.connectionState"],
    )


def run_task(
    connection: EsxConnection, node: Node, action: str, start: Callable[[], Any], *, patience: float | None = None
) -> None:
    """Start a task of a host and wait for it.

    :param action: what it does, for messages.
    :param patience: the seconds that it may go without progress; by default it must end within ``timeout``.
    :raises EsxError: if it fails.
    """
    progress = show_progress(connection.progress, action)
    (outcome,) = run_jobs(node.session, [Job(action, start, progress=progress, patience=patience)], at_once=1)
    if isinstance(outcome, EsxError):
        raise outcome
    connection.answered.extend(outcome.answered)
