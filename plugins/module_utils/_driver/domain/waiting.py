# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting until the guests of running domains have started: VMware Tools, their heartbeat, an address.

The server tells what changes; nothing is polled. All domains have the same time.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Union

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.guest import read_addresses
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import TOOLS_PATH
from ansible_collections.virt.esx.plugins.module_utils._errors import TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import LEFT, Watch

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

_STATE = "runtime.powerState"
_HEARTBEAT = "guestHeartbeatStatus"
_OLD_TOOLS_PATH = "guest.toolsStatus"
_PATHS = (_STATE, _HEARTBEAT, _OLD_TOOLS_PATH, "guest.hostName", "guest.ipAddress", "guest.net")
# The words of both properties for tools that run.
_RUNNING = ("guestToolsRunning", "toolsOk", "toolsOld")


def addresses_of(values: Values) -> list[str]:
    """Return the addresses of a guest, those that reach beyond its own link first, then by family and number."""
    return [str(address) for address in _addresses(values)]


def _addresses(values: Values) -> list[Address]:
    """The same, typed. A guest chooses what it reports: what is no address is left out."""
    known = [address for address in map(_read_address, read_addresses(values)) if address is not None]
    return sorted(known, key=lambda one: (_stays_here(one), one.version, int(one)))


def _read_address(text: str) -> Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _stays_here(address: Address) -> bool:
    """Whether an address does not reach beyond the guest's own link."""
    return address.is_link_local or address.is_loopback or address.is_unspecified


def _has_address(values: Values) -> bool:
    return not all(map(_stays_here, _addresses(values)))


def _tools(values: Values) -> Any:
    """The state of VMware Tools, in the words of either property."""
    return values.get(TOOLS_PATH) or values[_OLD_TOOLS_PATH]


def _has_tools(values: Values) -> bool:
    return str(_tools(values)) in _RUNNING


# The conditions that can be waited for -> whether a guest fulfils them.
CONDITIONS: dict[str, Callable[[Values], bool]] = {
    "tools": _has_tools,
    "heartbeat": lambda values: str(values[_HEARTBEAT]) == "green",
    "address": _has_address,
}
# In words, what it means that a guest does not fulfil them: it has ...
_LACKS = {"tools": "no running VMware Tools", "heartbeat": "no heartbeat", "address": "no address"}


def wait_for_guests(
    connection: EsxConnection, names: Mapping[Any, str], conditions: Sequence[str], restarted: Collection[Any] = ()
) -> tuple[dict[Any, dict[str, Any]], dict[Any, TimedOut]]:
    """Wait until all of some guests fulfil all conditions, for the connection's ``timeout`` at most.

    :param names: the names of the domains by their references.
    :param conditions: some of ``CONDITIONS``.
    :param restarted: the references of those that were just asked to reboot, or reset. They may go on running for some
        seconds, so that they fulfil the conditions only after VMware Tools have stopped in them.
    :returns: what is known of each guest, and the errors of those that do not fulfil the conditions in time, or are
        no longer running.
    """
    seconds = connection.session.options.timeout
    deadline = time.monotonic() + seconds
    waiting, not_down = dict(names), set(restarted)
    values: dict[Any, dict[str, Any]] = {ref: {} for ref in names}
    failed: dict[Any, TimedOut] = {}
    paths = [*_PATHS, *([TOOLS_PATH] if connection.session.has(4, 0) else [])]
    with Watch(connection.session, {"VirtualMachine": paths}, list(names)) as watch:
        while waiting and (remaining := deadline - time.monotonic()) > 0:
            for ref, changed in watch.next_changes(remaining).items():
                values[ref] = {**dict.fromkeys(paths), **values[ref], **changed}
            not_down -= {ref for ref in not_down if values[ref] and not _has_tools(values[ref])}
            failed.update(_take_finished(connection, waiting, not_down, values, conditions))
    for ref, name in waiting.items():
        lacking = _lacking(values[ref], conditions)
        failed[ref] = _not_down(name, seconds) if ref in not_down else _late(name, values[ref], lacking, seconds)
    return {ref: guest_of(values[ref]) for ref in names if values[ref]}, failed


def _take_finished(
    connection: EsxConnection,
    waiting: dict[Any, str],
    not_down: Collection[Any],
    values: Mapping[Any, Values],
    conditions: Sequence[str],
) -> dict[Any, TimedOut]:
    """Take the guests that are ready out of those that are waited for, and those that stopped; return their errors."""
    stopped = {}
    for ref in [ref for ref in waiting if values[ref]]:
        if LEFT in values[ref]:
            stopped[ref] = TimedOut(f"The domain '{waiting.pop(ref)}' is no longer on the server.")
        elif str(values[ref][_STATE]) != "poweredOn":
            stopped[ref] = TimedOut(f"The domain '{waiting.pop(ref)}' is no longer running.")
        elif ref not in not_down and not _lacking(values[ref], conditions):
            connection.progress(f"The guest of domain '{waiting.pop(ref)}' is ready, {len(waiting)} are not")
    return stopped


def guest_of(values: Values) -> dict[str, Any]:
    """Return what a module's result says of a guest."""
    return {
        "hostname": values["guest.hostName"] or None,
        "tools": str(_tools(values) or "") or None,
        "heartbeat": str(values[_HEARTBEAT] or "") or None,
        "addresses": addresses_of(values),
    }


def _lacking(values: Values, conditions: Sequence[str]) -> list[str]:
    return [name for name in conditions if not (values and CONDITIONS[name](values))]


def _not_down(name: str, seconds: float) -> TimedOut:
    return TimedOut(
        f"The guest of domain '{name}' has not begun to restart after {seconds:g} seconds: VMware Tools still run in "
        "it. It may yet restart.",
        hint="Raise the option timeout.",
    )


def _late(name: str, values: Values, lacking: Sequence[str], seconds: float) -> TimedOut:
    hint = "Raise the option timeout."
    if values and not _has_tools(values):
        hint = "VMware Tools do not run in the guest; without them a host knows nothing of it."
    lacks = " and ".join(_LACKS[condition] for condition in lacking)
    return TimedOut(
        f"The guest of domain '{name}' has {lacks} after {seconds:g} seconds; the domain itself is running.",
        hint=hint,
    )
