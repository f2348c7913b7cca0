# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power states: one table says what leads from the present state to the wanted one.

As in libvirt (esx-driver.md, section 9), but that ``running`` also resumes a paused domain, and that a paused domain
can be powered off.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.virt.esx.plugins.module_utils._driver.host import Host
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._driver.subject import Subject
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused, ServerFault, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import Watch

# What planning has to know of the guest: whether VMware Tools can be asked.
TOOLS_PATH = "guest.toolsRunningStatus"
_NO_TOOLS = "guestToolsNotRunning"


@dataclass(frozen=True)
class Guest:
    """What there is to say about asking the guest.

    :param tools: the value of ``TOOLS_PATH``, None where it is not known.
    :param shutdown_timeout: seconds that the guest has to shut down; None for as long as the task may take.
    """

    tools: str | None = None
    shutdown_timeout: int | None = None

    @property
    def is_deaf(self) -> bool:
        """Whether there is no VMware Tools that could be asked."""
        return self.tools == _NO_TOOLS


@dataclass(frozen=True)
class Move:
    """One change of the power state: its name in words for the user, and what does it."""

    name: str
    carry_out: Callable[[Host, Subject, Guest], None]
    asks_guest: bool = False


@dataclass(frozen=True)
class Impossible:
    """Why a state cannot be reached from the present one, and what can be done."""

    reason: str
    hint: str


def _power_on(host: Host, subject: Subject, _guest: Guest) -> None:
    host.wait(subject.ref.PowerOnVM_Task(None), f"Starting {subject}", subject.ref)


def _resume(host: Host, subject: Subject, _guest: Guest) -> None:
    host.wait(subject.ref.PowerOnVM_Task(None), f"Resuming {subject}", subject.ref)


def _power_off(host: Host, subject: Subject, _guest: Guest) -> None:
    host.wait(subject.ref.PowerOffVM_Task(), f"Powering off {subject}", subject.ref)


def _suspend(host: Host, subject: Subject, _guest: Guest) -> None:
    host.wait(subject.ref.SuspendVM_Task(), f"Suspending {subject}", subject.ref)


def _reset(host: Host, subject: Subject, _guest: Guest) -> None:
    host.wait(subject.ref.ResetVM_Task(), f"Resetting {subject}", subject.ref)


def _reboot(_host: Host, subject: Subject, _guest: Guest) -> None:
    subject.ref.RebootGuest()


def _shut_down(host: Host, subject: Subject, guest: Guest) -> None:
    """ShutdownGuest returns at once; the guest takes its time."""
    try:
        subject.ref.ShutdownGuest()
    except ServerFault as error:
        if error.fault != "ToolsUnavailable" or guest.shutdown_timeout is None:
            raise
        host.warn(f"VMware Tools do not run in {subject}, it is powered off without being asked.")
        _power_off(host, subject, guest)
        return
    seconds = host.session.connection.timeout if guest.shutdown_timeout is None else guest.shutdown_timeout
    if _gets_off(host, subject, seconds):
        return
    if guest.shutdown_timeout is None:
        raise TimedOut(
            f"The guest of {subject} did not shut down within {seconds} seconds; it still runs.",
            hint="Set shutdown_timeout to power it off then, or raise the option timeout.",
        )
    host.warn(f"The guest of {subject} did not shut down within {seconds} seconds, it is powered off.")
    _power_off(host, subject, guest)


def _gets_off(host: Host, subject: Subject, seconds: float) -> bool:
    """Wait for a guest to shut down; say whether it did. Questions that come up are answered."""
    deadline = time.monotonic() + seconds
    paths = ["runtime.powerState", "runtime.question"]
    with Watch(host.session, {"VirtualMachine": paths}, [subject.ref]) as watch:
        while (remaining := deadline - time.monotonic()) > 0:
            changes = watch.next_changes(remaining).get(subject.ref, {})
            if str(changes.get("runtime.powerState")) == "poweredOff":
                return True
            if changes.get("runtime.question") is not None:
                host.settle(subject.ref, f"Shutting down {subject}")
    return False


POWER_ON = Move("power on", _power_on)
RESUME = Move("resume", _resume)
SHUT_DOWN = Move("shut down", _shut_down, asks_guest=True)
POWER_OFF = Move("power off", _power_off)
SUSPEND = Move("suspend", _suspend)
REBOOT = Move("reboot", _reboot, asks_guest=True)
RESET = Move("reset", _reset)

_START_FIRST = "Bring it into state running first."
_ASLEEP = Impossible(
    "it is paused, so that its guest cannot be asked",
    "Bring it into state running first, or use state destroyed.",
)

# Wanted state -> present state -> what has to be done.
MOVES: dict[str, dict[str, Move | Impossible | None]] = {
    "defined": {"shutoff": None, "running": None, "paused": None},
    "running": {"shutoff": POWER_ON, "running": None, "paused": RESUME},
    "shutdown": {"shutoff": None, "running": SHUT_DOWN, "paused": _ASLEEP},
    "destroyed": {"shutoff": None, "running": POWER_OFF, "paused": POWER_OFF},
    "paused": {
        "shutoff": Impossible("it is shut off, and only a running domain can be paused", _START_FIRST),
        "running": SUSPEND,
        "paused": None,
    },
    "rebooted": {
        "shutoff": Impossible("it is shut off, and only a running domain can be rebooted", _START_FIRST),
        "running": REBOOT,
        "paused": _ASLEEP,
    },
    "reset": {
        "shutoff": Impossible("it is shut off, and only a running domain can be reset", _START_FIRST),
        "running": RESET,
        "paused": Impossible("it is paused, and only a running domain can be reset", _START_FIRST),
    },
}

# The state that a domain is in afterwards; ``defined`` leaves it as it is.
REACHED = {
    "running": "running",
    "shutdown": "shutoff",
    "destroyed": "shutoff",
    "paused": "paused",
    "rebooted": "running",
    "reset": "running",
}


def plan_power(host: Host, subject: Subject, present: str, wanted: str, guest: Guest) -> list[Step]:
    """The steps that bring a domain from its present power state into the wanted one.

    :param present: ``shutoff``, ``running`` or ``paused``.
    :param wanted: one of the keys of ``MOVES``.
    :raises Refused: if the present state makes that impossible.
    """
    move = MOVES[wanted][present]
    if move is None:
        return []
    if isinstance(move, Impossible):
        raise Refused(f"The {subject} cannot be brought into state {wanted}: {move.reason}.", hint=move.hint)
    return [step_of(host, subject, move, guest)]


def step_of(host: Host, subject: Subject, move: Move, guest: Guest) -> Step:
    """A move as a step of a plan.

    :raises Refused: if the guest has to be asked and cannot be, and nobody said that it may be powered off.
    """
    if move.asks_guest and guest.is_deaf and (move is not SHUT_DOWN or guest.shutdown_timeout is None):
        raise Refused(
            f"The guest of {subject} cannot be asked to {move.name}: VMware Tools do not run in it.",
            hint="VMware Tools have to run in the guest for this; states destroyed and reset do without them.",
            fault="ToolsUnavailable",
        )
    return Step(move.name, lambda: move.carry_out(host, subject, guest))
