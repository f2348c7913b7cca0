# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power states: one table says what leads from the present state to the wanted one.

As in libvirt (esx-driver-rules.md, section 9), but ``running`` also resumes a paused domain, and a paused domain
can be powered off.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import NO_TOOLS, TOOLS_PATH, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused, ServerFault, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one


class Guest(NamedTuple):
    """Whether the guest can be asked, and how long it may take.

    :param tools: the value of ``TOOLS_PATH``, None where it is not known.
    :param shutdown_timeout: seconds that the guest has to shut down; None for as long as the task may take.
    """

    tools: str | None = None
    shutdown_timeout: int | None = None

    @property
    def lacks_tools(self) -> bool:
        """Whether VMware Tools, which would have to be asked, do not run."""
        return self.tools == NO_TOOLS


class PowerAction(NamedTuple):
    """One change of the power state: its name in words for the user, and what does it."""

    name: str
    carry_out: Callable[[EsxConnection, Target, Guest], None]
    asks_guest: bool = False


class Unreachable(NamedTuple):
    """Why a state cannot be reached from the present one, and what can be done."""

    reason: str
    hint: str


def _power_on(connection: EsxConnection, target: Target, _guest: Guest) -> None:
    target.wait(connection, target.ref.PowerOnVM_Task(None), "Starting")


def _resume(connection: EsxConnection, target: Target, _guest: Guest) -> None:
    target.wait(connection, target.ref.PowerOnVM_Task(None), "Resuming", copies=True)


def _power_off(connection: EsxConnection, target: Target, _guest: Guest) -> None:
    target.wait(connection, target.ref.PowerOffVM_Task(), "Powering off")


def _suspend(connection: EsxConnection, target: Target, _guest: Guest) -> None:
    target.wait(connection, target.ref.SuspendVM_Task(), "Suspending", copies=True)


def _reset(connection: EsxConnection, target: Target, _guest: Guest) -> None:
    target.wait(connection, target.ref.ResetVM_Task(), "Resetting")


def _reboot(_connection: EsxConnection, target: Target, _guest: Guest) -> None:
    target.ref.RebootGuest()


def _shut_down(connection: EsxConnection, target: Target, guest: Guest) -> None:
    """Ask the guest, and wait: ShutdownGuest returns before the guest has shut down."""
    target.record = None
    try:
        target.ref.ShutdownGuest()
    except ServerFault as error:
        if error.fault != "ToolsUnavailable" or guest.shutdown_timeout is None:
            raise
        connection.warn(f"VMware Tools do not run in {target}; it is powered off without asking its guest.")
        _power_off(connection, target, guest)
        return
    seconds = shutdown_seconds(connection, guest.shutdown_timeout)
    if _wait_until_off(connection, target, seconds):
        return
    if guest.shutdown_timeout is None:
        raise TimedOut(
            f"The guest of {target} did not shut down within {seconds} seconds; it still runs, and may yet shut down.",
            hint="Set shutdown_timeout to power it off then, or raise the option timeout.",
        )
    if _power_off_if_on(connection, target, guest):
        connection.warn(f"The guest of {target} did not shut down within {seconds} seconds; it was powered off.")


def shutdown_seconds(connection: EsxConnection, timeout: int | None) -> int:
    """How long a guest may take to shut down: its own time where the request says it, else as long as the task."""
    return connection.session.options.timeout if timeout is None else timeout


def _power_off_if_on(connection: EsxConnection, target: Target, guest: Guest) -> bool:
    """Power a domain off; return whether that was needed, as its guest may go off at the same moment."""
    try:
        _power_off(connection, target, guest)
    except ServerFault as error:
        state = fetch_one(connection.session, target.ref, ["runtime.powerState"])["runtime.powerState"]
        if error.fault != "InvalidPowerState" or str(state) != "poweredOff":
            raise
        return False
    return True


def _wait_until_off(connection: EsxConnection, target: Target, seconds: float) -> bool:
    """Wait for a guest to shut down, answering questions; return whether it did."""
    from ansible_collections.virt.esx.plugins.module_utils._vi.watch import LEFT, Watch

    deadline = time.monotonic() + seconds
    paths = ["runtime.powerState", "runtime.question"]
    with Watch(connection.session, {"VirtualMachine": paths}, [target.ref]) as watch:
        while (remaining := deadline - time.monotonic()) > 0:
            changes = watch.next_changes(remaining).get(target.ref, {})
            if LEFT in changes:
                raise NotFound(f"The {target} is no longer on the server.", fault="ManagedObjectNotFound")
            if str(changes.get("runtime.powerState")) == "poweredOff":
                return True
            if changes.get("runtime.question") is not None:
                connection.wait_until_idle(target.ref, f"Shutting down {target}")
    return False


POWER_ON = PowerAction("power on", _power_on)
RESUME = PowerAction("resume", _resume)
SHUT_DOWN = PowerAction("shut down", _shut_down, asks_guest=True)
POWER_OFF = PowerAction("power off", _power_off)
SUSPEND = PowerAction("suspend", _suspend)
REBOOT = PowerAction("reboot", _reboot, asks_guest=True)
RESET = PowerAction("reset", _reset)
# The actions after which a guest that runs starts anew.
RESTARTS = (REBOOT, RESET)

_START_FIRST = "Bring it into state running first."
_NOT_WHILE_PAUSED = Unreachable(
    "it is paused, so that its guest cannot be asked",
    "Bring it into state running first, or use state destroyed.",
)

# Wanted state -> present state -> what has to be done.
POWER_ACTIONS: dict[str, dict[str, PowerAction | Unreachable | None]] = {
    "defined": {"shutoff": None, "running": None, "paused": None},
    "running": {"shutoff": POWER_ON, "running": None, "paused": RESUME},
    "shutdown": {"shutoff": None, "running": SHUT_DOWN, "paused": _NOT_WHILE_PAUSED},
    "destroyed": {"shutoff": None, "running": POWER_OFF, "paused": POWER_OFF},
    "paused": {
        "shutoff": Unreachable("it is shut off, and only a running domain can be paused", _START_FIRST),
        "running": SUSPEND,
        "paused": None,
    },
    "rebooted": {
        "shutoff": Unreachable("it is shut off, and only a running domain can be rebooted", _START_FIRST),
        "running": REBOOT,
        "paused": _NOT_WHILE_PAUSED,
    },
    "reset": {
        "shutoff": Unreachable("it is shut off, and only a running domain can be reset", _START_FIRST),
        "running": RESET,
        "paused": Unreachable("it is paused, and only a running domain can be reset", _START_FIRST),
    },
}

# The state that a domain is in afterwards; ``defined`` leaves it as it is.
RESULTING_STATE = {
    "running": "running",
    "shutdown": "shutoff",
    "destroyed": "shutoff",
    "paused": "paused",
    "rebooted": "running",
    "reset": "running",
}


def plan_power(
    connection: EsxConnection, target: Target, present: str, wanted: str, guest: Guest, host: HostFacts
) -> list[Step]:
    """The steps that bring a domain from its present power state into the wanted one.

    :param present: ``shutoff``, ``running`` or ``paused``.
    :param wanted: one of the keys of ``POWER_ACTIONS``.
    :param host: the host that the domain is on.
    :raises Refused: if the present state, or that of the host, makes that impossible.
    """
    action = POWER_ACTIONS[wanted][present]
    if action is None:
        return []
    if isinstance(action, Unreachable):
        raise Refused(f"The {target} cannot be brought into state {wanted}: {action.reason}.", hint=action.hint)
    if action in (POWER_ON, RESUME):
        _check_host_starts(connection, target, host)
    return [step_of(connection, target, action, guest)]


def _check_host_starts(connection: EsxConnection, target: Target, host: HostFacts) -> None:
    """Refuse to start a domain in maintenance mode; a vCenter may start it on another host."""
    if connection.is_direct and host.in_maintenance:
        raise Refused(
            f"The {target} cannot be started: the host {host.host_name} is in maintenance mode.",
            hint="Let the host leave it first: module virt.esx.esx_host, state active.",
        )


def is_deaf(record: DomainRecord | None) -> bool:
    """Whether the guest of a domain cannot be asked, as VMware Tools do not run in it; their state was read with it."""
    return record is not None and Guest(record.values.get(TOOLS_PATH)).lacks_tools


# Whether a domain is a template, which only a vCenter has.
TEMPLATE_PATH = "config.template"

# The states of a connection to a domain that its host has lost.
_LOST = {
    "inaccessible": Unreachable("its host cannot access its VMX", "Make its datastore accessible to the host first."),
    "orphaned": Unreachable(
        "its host no longer knows it", "Undefine it without remove_storage, and register its VMX with vmx_path alone."
    ),
}


def is_invalid(record: DomainRecord) -> bool:
    """Whether the host could not read a domain's VMX; such a domain is neither started nor reconfigured."""
    return str(record.values["runtime.connectionState"]) == "invalid"


def check_valid(target: Target, record: DomainRecord, refused: str = "started") -> None:
    """Refuse what no host does with a domain whose VMX it could not read.

    :param refused: what cannot be done, in words.
    :raises Refused: with a way to repair it.
    """
    if is_invalid(record):
        raise Refused(
            f"The {target} cannot be {refused}: its host could not read {record.vmx_path}.",
            hint="Describe the domain in xml or vmx, or set the option that is wrong: the VMX is then corrected.",
        )


def check_startable(target: Target, record: DomainRecord) -> None:
    """Refuse to start a template, and a domain that its host has lost.

    :raises Refused: with what can be done instead.
    """
    if record.values.get(TEMPLATE_PATH):
        raise Refused(
            f"The {target} cannot be started: it is a template.",
            hint="Clone it with the module virt.esx.esx_clone, or convert it into a virtual machine first.",
        )
    lost = _LOST.get(str(record.values["runtime.connectionState"]))
    if lost is not None:
        raise Refused(f"The {target} cannot be started: {lost.reason}.", hint=lost.hint)


def step_of(connection: EsxConnection, target: Target, action: PowerAction, guest: Guest) -> Step:
    """An action as a step of a plan.

    :raises Refused: if the guest has to be asked and cannot be, and the request does not allow powering it off.
    """
    if action.asks_guest and guest.lacks_tools and (action is not SHUT_DOWN or guest.shutdown_timeout is None):
        raise Refused(
            f"The guest of {target} cannot be asked to {action.name}: VMware Tools do not run in it.",
            hint="VMware Tools have to run in the guest for this; states destroyed and reset do without them.",
            fault="ToolsUnavailable",
        )
    return Step(action.name, lambda: action.carry_out(connection, target, guest))
