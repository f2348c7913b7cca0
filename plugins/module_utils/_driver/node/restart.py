# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rebooting a host and shutting it down, which ends the connection to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection, open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.node.state import HostState, Node, node_of, run_task
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session

# Seconds between two attempts to reach a host that is restarting.
_PAUSE = 3.0


def shut_down(connection: EsxConnection, node: Node, host: HostState) -> None:
    """Shut a host down; if it is the server itself, the session ends with it."""
    _start(connection, node, f"Shutting down host {host.name}", lambda: node.ref.ShutdownHost_Task(False))
    if node.session is connection.session and connection.is_direct:
        connection.session.forget()


def reboot(connection: EsxConnection, node: Node, invocation: Invocation, host: HostState, seconds: int) -> None:
    """Reboot a host and wait until it answers with a new boot time.

    :raises TimedOut: if it does not return in time.
    """
    _start(connection, node, f"Rebooting host {host.name}", lambda: node.ref.RebootHost_Task(False))
    deadline = time.monotonic() + seconds
    shown = False
    while time.monotonic() < deadline:
        if _is_back(node, invocation, host):
            return
        if not shown:
            invocation.progress(f"Waiting for host {host.name} to return")
            shown = True
        time.sleep(_PAUSE)
    raise TimedOut(
        f"The host {host.name} did not return within {seconds} seconds after its reboot. It is in maintenance mode.",
        hint="Raise reboot_timeout, or look at its console.",
    )


def _start(connection: EsxConnection, node: Node, action: str, start: Callable[[], Any]) -> None:
    """Start the task; its end is never seen if the host itself is the server, which goes away."""
    try:
        run_task(connection, node, action, start)
    except ConnectionFailed:
        if node.session.server.product == "vpx":
            raise


def _is_back(node: Node, invocation: Invocation, host: HostState) -> bool:
    """Whether the host is connected and has been restarted; it cannot be reached in between.

    The session is one of its own, since a kept one is closed for all that use it when an attempt fails.
    """
    try:
        if node.session.server.product == "vpx":
            return _was_started(node, host)
        with open_connection(replace(invocation, connect=open_session)) as other:
            return _was_started(node_of(other), host)
    except EsxError:
        return False


def _was_started(node: Node, host: HostState) -> bool:
    values = fetch_one(node.session, node.ref, ["runtime.bootTime", "runtime.connectionState"])
    is_connected = str(values["runtime.connectionState"]) == "connected"
    return is_connected and values["runtime.bootTime"] not in (None, host.boot_time)
