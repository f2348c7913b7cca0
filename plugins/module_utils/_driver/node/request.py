# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``esx_host`` as typed values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.values import INT_MAX
from ansible_collections.virt.esx.plugins.module_utils._driver.node.facts import STOP_ACTIONS
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError


@dataclass(frozen=True)
class HostRequest:
    """The requested state of a host, None to leave it, and the autostart defaults that are given.

    ``domains`` says what to do with running domains; times are in seconds.
    """

    state: str | None
    domains: str
    shutdown_timeout: int
    reboot_timeout: int
    maintenance_timeout: int
    wait: bool
    autostart: Mapping[str, Any]


def read_request(params: Mapping[str, Any]) -> HostRequest:
    """Read validated options.

    :raises ParseError: for an invalid time.
    """
    for option in ("shutdown_timeout", "reboot_timeout", "maintenance_timeout"):
        if params[option] < 1:
            raise ParseError(f"{params[option]} is not at least 1.", where=option)
    if not params["wait"] and params["state"] != "maintenance":
        raise ParseError("it has an effect with state 'maintenance' only.", where="wait")
    if params["domains"] == "leave" and params["state"] in ("rebooted", "shutoff"):
        raise ParseError("'leave' is possible with state 'maintenance' only.", where="domains")
    return HostRequest(
        state=params["state"],
        domains=params["domains"],
        shutdown_timeout=params["shutdown_timeout"],
        reboot_timeout=params["reboot_timeout"],
        maintenance_timeout=params["maintenance_timeout"],
        wait=params["wait"],
        autostart=_autostart(params["autostart"] or {}),
    )


def _autostart(options: Mapping[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    for name in ("start_delay", "stop_delay"):
        if not 0 <= given.get(name, 0) <= INT_MAX:
            raise ParseError(f"{given[name]} is not between 0 and {INT_MAX}.", where=f"autostart.{name}")
    return given


# The API's member for each autostart default, and its value for each stop action.
AUTOSTART_MEMBERS = {
    "enabled": "enabled",
    "start_delay": "startDelay",
    "stop_delay": "stopDelay",
    "wait_for_heartbeat": "waitForHeartbeat",
    "stop_action": "stopAction",
}
STOP_ACTION_WORDS = {mine: theirs for theirs, mine in STOP_ACTIONS.items()}
