# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Autostart: whether the host starts a domain when it starts itself (esx-driver.md, section 11)."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

_MANAGER = "configManager.autoStartManager"

# The system's own value for order and delays.
_DEFAULT = -1


def plan_autostart(connection: EsxConnection, target: Target, facts: HostFacts, wanted: bool | None) -> list[Step]:
    """The step that switches autostart on or off, if it is not as wanted.

    :param wanted: None to leave it as it is.
    :raises Refused: if switching it on would also start other domains, since the host's autostart is off as a whole.
    """
    if wanted is None or wanted == (target.ref is not None and facts.starts(target.ref)):
        return []
    others = [entry for entry in facts.autostart_entries if entry.key != target.ref and _starts(entry)]
    if wanted and not facts.autostart_enabled and others:
        raise Refused(
            f"Autostart of {target} cannot be switched on: autostart is off on the host as a whole, and {len(others)} "
            "other domains have an entry there, which would be started, too.",
            hint="Switch autostart on for the host itself first, or remove those entries.",
        )
    enable = wanted and not facts.autostart_enabled
    name = f"switch autostart {'on' if wanted else 'off'}"
    return [Step(name, lambda: _switch(connection, target, facts, on=bool(wanted), enable=enable))]


def _starts(entry: Any) -> bool:
    return str(entry.startAction).lower() == "poweron"


def _switch(connection: EsxConnection, target: Target, facts: HostFacts, *, on: bool, enable: bool) -> None:
    """ReconfigureAutostart merges: entries that are not in the spec stay."""
    owner = fetch_one(connection.session, target.ref, ["runtime.host"])["runtime.host"]
    manager = fetch_one(connection.session, owner, [_MANAGER])[_MANAGER]
    present = next((entry for entry in facts.autostart_entries if entry.key == target.ref), None)
    config = vim.host.AutoStartManager
    spec = config.Config(powerInfo=[_entry(config.AutoPowerInfo, target.ref, present, on=on)])
    if enable:
        spec.defaults = config.SystemDefaults(enabled=True)
    manager.ReconfigureAutostart(spec)


def _entry(make: Any, ref: Any, present: Any, *, on: bool) -> Any:
    """The domain's entry: order, delays and stop action stay as they are."""
    return make(
        key=ref,
        startOrder=_DEFAULT if present is None else present.startOrder,
        startDelay=_DEFAULT if present is None else present.startDelay,
        waitForHeartbeat="systemDefault" if present is None else present.waitForHeartbeat,
        startAction="powerOn" if on else "none",
        stopDelay=_DEFAULT if present is None else present.stopDelay,
        stopAction="none" if present is None else present.stopAction,
    )
