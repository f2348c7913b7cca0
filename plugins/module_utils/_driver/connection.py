# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to the host that a module works on: its session, and the host's place in the inventory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext, Scope
    from ansible_collections.virt.esx.plugins.module_utils._vi.questions import Answered
    from ansible_collections.virt.esx.plugins.module_utils._vi.task import Outcome

# The only datacenter of a standalone host; its name never changes.
HOST_DATACENTER = "ha-datacenter"


@dataclass(frozen=True)
class EsxConnection:
    """An open connection to a host, directly or through its vCenter."""

    session: Session
    warn: Callable[[str], None]
    progress: Callable[[str], None]
    answered: list[Answered] = field(default_factory=list)
    located: list[Any] = field(default_factory=list)

    @property
    def is_direct(self) -> bool:
        """Whether the server is the host itself, not a vCenter."""
        return self.session.server.product != "vpx"

    @property
    def scope(self) -> Scope:
        """The scope of the URI: one host, or all hosts of a cluster, a datacenter or a folder."""
        from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import find_scope

        return find_scope(self.session)

    @property
    def context(self) -> HostContext:
        """The host's place in the server's inventory; read from the server on first use.

        It is the host that the URI names, otherwise the host of the domain that was found last.

        :raises ParseError: if the URI names several hosts, and no domain has been found yet.
        """
        from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import find_host

        is_one_of_several = self.located and not self.is_direct and self.scope.not_one_host is not None
        return self.context_of(self.located[0]) if is_one_of_several else find_host(self.session)

    @property
    def host(self) -> Any:
        """The HostSystem that ``context`` is about; known without a call once a domain has been found."""
        return self.located[0] if self.located else self.context.host

    @property
    def datacenter_path(self) -> str:
        """The ``dcPath`` of file URLs; on a direct connection it is known without a call."""
        return HOST_DATACENTER if self.is_direct else self.context.datacenter_path

    def context_of(self, host: Any) -> HostContext:
        """Return the context of a host by its reference; the host that the URI names costs no call."""
        from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import host_of_ref

        return self.scope.host(host) or host_of_ref(self.session, host)

    def datacenter_path_of(self, host: Any) -> str:
        """Return the ``dcPath`` of the files of domains that run on a host."""
        return HOST_DATACENTER if self.is_direct else self.context_of(host).datacenter_path

    def is_here(self, host: Any) -> bool:
        """Whether the URI names a host, alone or with others."""
        return self.is_direct or self.scope.host(host) is not None

    def locate(self, host: Any) -> None:
        """Use the host of a domain that was found as the connection's host; None if the user may not see it."""
        self.located[:] = [] if host is None else [host]

    def wait(self, task: Any, action: str, vm: Any = None) -> Any:
        """Wait for a task of the server, answering questions of ``vm``; return the task's result.

        :param action: what the task does, for messages: ``Starting domain 'web'``.
        :raises EsxError: as ``_vi.task.wait_for_task``.
        """
        return self._outcome_of(task, action, vm, ()).result

    def wait_and_read(
        self, task: Any, action: str, vm: Any, paths: Sequence[str], *, patience: float | None = None
    ) -> Values:
        """As ``wait``, for a task of ``vm``; return its properties as the server told them with the end of the task.

        :param patience: the seconds that it may go without progress; by default it must end within ``timeout``.
        """
        return self._outcome_of(task, action, vm, paths, patience).values

    def _outcome_of(
        self, task: Any, action: str, vm: Any, paths: Sequence[str], patience: float | None = None
    ) -> Outcome:
        from ansible_collections.virt.esx.plugins.module_utils._vi.task import wait_for_task

        outcome = wait_for_task(self.session, task, action=action, vm=vm, paths=paths, patience=patience)
        self.answered.extend(outcome.answered)
        return outcome

    def wait_until_idle(self, vm: Any, action: str) -> None:
        """Answer the pending question of ``vm``, and wait for its pending tasks."""
        from ansible_collections.virt.esx.plugins.module_utils._vi.task import wait_until_idle

        self.answered.extend(wait_until_idle(self.session, vm, action=action))

    def questions(self) -> list[dict[str, str]]:
        """The questions that have been answered so far, for a module's result."""
        return [asdict(answered) for answered in self.answered]


@contextmanager
def open_connection(invocation: Invocation) -> Iterator[EsxConnection]:
    """Open the connection that a module's options describe, for the duration of a ``with`` block.

    :raises EsxError: if the options contradict each other, or the server cannot be reached or refuses the login.
    """
    options = resolve(invocation.params, os.environ)
    with invocation.connect(options, warn=invocation.warn) as session:
        if options.uri.vcenter == "*":
            from ansible_collections.virt.esx.plugins.module_utils._vi.vcenter import vcenter_server

            vcenter_server(session)  # as in the manual: an error if no vCenter manages the host
        yield EsxConnection(session, invocation.warn, invocation.progress)
