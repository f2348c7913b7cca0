# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Autostart: whether the host starts a domain when it starts itself, when, and how it stops it when it shuts down.

VirtualCenter and the host client write an entry for each domain that the host starts (HostAutoStartManager's
AutoStartPowerInfo). ``ReconfigureAutostart`` merges: entries that it is not given stay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts, is_started
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import VM_HOST
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

_MANAGER = "configManager.autoStartManager"

# The API's value for "as the host's own settings say", for delays, and for "in any order".
_DEFAULT = -1

# The options' words for the values of the API's members.
STOP_ACTIONS = {
    "default": "systemDefault",
    "shutdown": "guestShutdown",
    "destroy": "powerOff",
    "suspend": "suspend",
    "none": "none",
}
HEARTBEATS = {"default": "systemDefault", "yes": "yes", "no": "no"}
# The least values of numbers that are not ``_DEFAULT``, and the greatest that the API has.
_LEAST = {"start_order": 1, "start_delay": 0, "stop_delay": 0}
_MOST = 2**31 - 1

# The members of a new entry: in any order, and as the host's own settings say.
_NEW_ENTRY: dict[str, Any] = {
    "startOrder": _DEFAULT,
    "startDelay": _DEFAULT,
    "waitForHeartbeat": "systemDefault",
    "stopDelay": _DEFAULT,
    "stopAction": "systemDefault",
}


@dataclass(frozen=True)
class AutostartSettings:
    """The requested members of a domain's entry, named as in the API; None to leave one as it is."""

    startOrder: int | None = None  # noqa: N815
    startDelay: int | None = None  # noqa: N815
    waitForHeartbeat: str | None = None  # noqa: N815
    stopDelay: int | None = None  # noqa: N815
    stopAction: str | None = None  # noqa: N815

    def given(self) -> dict[str, Any]:
        """The members that are wanted."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def read_settings(autostart: bool | None, options: Mapping[str, Any] | None) -> AutostartSettings:
    """Read the suboptions of ``autostart_settings``.

    :raises ParseError: for a value that no host accepts, and without ``autostart``, where they have no effect.
    """
    if not options:
        return AutostartSettings()
    if not autostart:
        raise ParseError("it only has an effect if autostart is true.", where="autostart_settings")
    for name, least in _LEAST.items():
        _check_range(name, options[name], least)
    return AutostartSettings(
        startOrder=options["start_order"],
        startDelay=options["start_delay"],
        waitForHeartbeat=HEARTBEATS.get(options["wait_for_heartbeat"]),
        stopDelay=options["stop_delay"],
        stopAction=STOP_ACTIONS.get(options["stop_action"]),
    )


def _check_range(name: str, value: int | None, least: int) -> None:
    if value is None or value == _DEFAULT or least <= value <= _MOST:
        return
    wrong = f"neither -1 nor at least {least}" if value < least else f"more than a host takes, which is {_MOST}"
    raise ParseError(f"{value} is {wrong}.", where=f"autostart_settings.{name}")


def plan_autostart(
    connection: EsxConnection,
    target: Target,
    facts: HostFacts,
    wanted: bool | None,
    settings: AutostartSettings = AutostartSettings(),
) -> list[Step]:
    """The step that switches autostart on or off or changes its settings, if they are not as wanted.

    :param wanted: None to leave it as it is.
    :param facts: read with the host's autostart settings, unless nothing is wanted.
    :raises Refused: if switching it on would also start other domains, since the host's autostart is off as a whole.
    """
    if wanted is None:
        return []
    present = _entry_of(target, facts)
    is_on = target.ref is not None and bool(facts.starts(target.ref))
    if wanted == is_on and not _changes(settings, present):
        return []
    if wanted:
        _check_start(target, facts, settings)
    enable = wanted and not facts.autostart_enabled
    switch = partial(_switch, connection, target, present, settings, on=wanted, enable=enable)
    return [Step(_step_name(wanted, is_on), switch)]


def _entry_of(target: Target, facts: HostFacts) -> Any:
    """The domain's own entry, None if it has none."""
    return next((entry for entry in facts.autostart_entries or () if entry.key == target.ref), None)


def _step_name(wanted: bool, is_on: bool) -> str:
    return "change autostart settings" if wanted == is_on else f"switch autostart {'on' if wanted else 'off'}"


def _changes(settings: AutostartSettings, present: Any) -> bool:
    """Whether settings differ from a domain's entry, None for no entry."""
    return any(_differs(getattr(present, name, None), value) for name, value in settings.given().items())


def _check_start(target: Target, facts: HostFacts, settings: AutostartSettings) -> None:
    """Refuse what the host would refuse, or do to other domains, if it is to start this one."""
    others = [entry for entry in facts.autostart_entries or () if entry.key != target.ref and is_started(entry)]
    if not facts.autostart_enabled:
        _check_others(target, others)
    _check_order(target, settings.startOrder, others)


def _check_others(target: Target, others: Sequence[Any]) -> None:
    """Refuse to switch autostart on for the host as a whole if that would start other domains."""
    if others:
        raise Refused(
            f"Autostart of {target} cannot be switched on: autostart is off on the host as a whole, and {len(others)} "
            "other domains have an entry there and would be started, too.",
            hint="Switch autostart on for the host itself first, or remove those entries.",
        )


def _check_order(target: Target, order: int | None, others: Sequence[Any]) -> None:
    """Refuse a place that would leave a gap in the order, as the host would."""
    last = 1 + sum(1 for entry in others if entry.startOrder > 0)
    if order is not None and order > last:
        raise Refused(
            f"The {target} cannot be number {order} in the host's start order: {last - 1} other domains have a number.",
            hint=f"Give start_order from 1 to {last}, or -1 for any.",
        )


def _differs(present: Any, wanted: Any) -> bool:
    """Hosts and clients write the API's words in different case."""
    return str(present).lower() != str(wanted).lower()


def _switch(
    connection: EsxConnection, target: Target, present: Any, settings: AutostartSettings, *, on: bool, enable: bool
) -> None:
    ((_host, values),) = fetch(connection.session, "HostSystem", [_MANAGER], objects=[target.ref], traversal=VM_HOST)
    config = vim.host.AutoStartManager
    spec = config.Config(powerInfo=[_entry(config.AutoPowerInfo, target.ref, present, settings, on=on)])
    if enable:
        spec.defaults = config.SystemDefaults(enabled=True)
    values[_MANAGER].ReconfigureAutostart(spec)


def _entry(make: Any, ref: Any, present: Any, settings: AutostartSettings, *, on: bool) -> Any:
    """The domain's entry: what the settings do not say stays, or is left to the host's own settings.

    A new entry has the host's own stop action. With ``none`` in its place the host would not stop the guest when it
    shuts down itself.
    """
    members = {name: getattr(present, name, default) for name, default in _NEW_ENTRY.items()}
    if not on:
        members["startOrder"] = _DEFAULT
    members.update(settings.given())
    return make(key=ref, startAction="powerOn" if on else "none", **members)
