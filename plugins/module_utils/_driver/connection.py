# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that a module works on: its session, where its domains live, and the tasks that were waited for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext, find_host
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.questions import Answered
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.task import wait_for_task, wait_until_idle
from ansible_collections.virt.esx.plugins.module_utils._vi.vcenter import vcenter_server

# The one datacenter of a host that is managed by itself; its name never changes.
HOST_DATACENTER = "ha-datacenter"


@dataclass(frozen=True)
class EsxConnection:
    """An open connection to a host, directly or through its vCenter."""

    session: Session
    warn: Callable[[str], None]
    progress: Callable[[str], None]
    answered: list[Answered] = field(default_factory=list)

    @property
    def is_direct(self) -> bool:
        """Whether the server is the host itself, not a vCenter."""
        return self.session.server.product != "vpx"

    @property
    def context(self) -> HostContext:
        """The host's place in the server's inventory; read from the server when it is first asked for."""
        return find_host(self.session)

    @property
    def datacenter_path(self) -> str:
        """The ``dcPath`` of file URLs; of a direct connection it is known without asking."""
        return HOST_DATACENTER if self.is_direct else self.context.datacenter_path

    def wait(self, task: Any, action: str, vm: Any = None) -> Any:
        """Wait for a task of the server, answering questions of ``vm``; return the task's result.

        :param doing: what the task does, for messages: ``Starting domain 'web'``.
        :raises EsxError: as ``_vi.task.wait_for_task``.
        """
        outcome = wait_for_task(self.session, task, action=action, vm=vm)
        self.answered.extend(outcome.answered)
        return outcome.result

    def wait_until_idle(self, vm: Any, action: str) -> None:
        """Answer a question that was left over on ``vm``, and wait for its pending tasks."""
        self.answered.extend(wait_until_idle(self.session, vm, action=action))

    def questions(self) -> list[dict[str, str]]:
        """The questions that were answered so far, for a module's result."""
        return [asdict(answered) for answered in self.answered]


@contextmanager
def open_connection(invocation: Invocation) -> Iterator[EsxConnection]:
    """Open the connection that a module's options describe, for the time of a ``with`` block.

    :raises EsxError: if the options contradict each other, or the server cannot be reached or refuses the login.
    """
    options = resolve(invocation.params, os.environ)
    with invocation.connect(options, warn=invocation.warn) as session:
        if options.uri.vcenter == "*":
            vcenter_server(session)  # as the manual has it: an error for a host that no vCenter manages
        yield EsxConnection(session, invocation.warn, invocation.progress)
