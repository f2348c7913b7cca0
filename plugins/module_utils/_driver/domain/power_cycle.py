# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shutting a running domain down, changing it and starting it again; it is started even if anything fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import (
    POWER_ON,
    SHUT_DOWN,
    SUSPEND,
    Guest,
    step_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.result import result_of
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, read_domain_of
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target, append_to_message
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.change import Change


@dataclass(frozen=True)
class PowerCycle:
    """A domain that runs before a power cycle and has to run after it.

    ``change`` has the definition that it ran with; ``offline`` are the names of the steps that change it.
    """

    target: Target
    change: Change
    offline: Sequence[str]


def check_power_cycle(target: Target, record: DomainRecord, needs_shutdown: Sequence[str], *, allowed: bool) -> None:
    """Refuse a power cycle that was not asked for, or that the guest cannot be asked for.

    :param needs_shutdown: the names of what needs the domain to be shut off.
    """
    refused = f"The {target} has to be shut off to change {', '.join(needs_shutdown)}, and it is {record.state}"
    if not allowed:
        raise Refused(f"{refused}.", hint="Set power_cycle to have it shut down, changed and started again.")
    if record.state == "paused":
        raise Refused(
            f"{refused}, so that its guest cannot be asked to shut down.",
            hint="Bring it into state running first.",
        )


def power_cycle_steps(
    connection: EsxConnection, target: Target, guest: Guest, offline: Sequence[Step], reached: str
) -> list[Step]:
    """The steps: shut down, change, start, and suspend where that is wanted.

    :param reached: the state in which the domain is wanted, ``running`` or ``paused``.
    """
    actions = [POWER_ON, SUSPEND] if reached == "paused" else [POWER_ON]
    again = [step_of(connection, target, action, guest) for action in actions]
    return [step_of(connection, target, SHUT_DOWN, guest), *offline, *again]


def start_again(connection: EsxConnection, cycle: PowerCycle, error: BaseException, done: list[str]) -> None:
    """Start a domain that a failed power cycle left shut off, with its former definition if the new one does not start.

    :param error: the failure; the domain's state is appended to it.
    :param done: the names of the steps that were carried out; those done here are added.
    """
    try:
        record, _facts = read_domain_of(connection, cycle.target.ref, volumes=False)
        if record.state == "shutoff" and not _is_started(connection, cycle, error, done):
            return
        record, facts = read_domain_of(connection, cycle.target.ref, volumes=False)
    except EsxError as unknown:
        append_to_message(error, f"Whether the {cycle.target} runs is not known: {unknown.message}")
        return
    _add_details(error, domain=result_of(record, facts).as_dict())


def _is_started(connection: EsxConnection, cycle: PowerCycle, error: BaseException, done: list[str]) -> bool:
    # Only what has changed needs it.
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import redefine

    how = ""
    try:
        if set(cycle.offline) & set(done):
            redefine.restore_definition(connection, cycle.target, cycle.change)
            done.append("restore the definition")
            how = " with its former definition"
        POWER_ON.carry_out(connection, cycle.target, Guest())
    except EsxError as failed:
        append_to_message(
            error, f"The {cycle.target} is shut off; it could not be started again{how}: {failed.message}"
        )
        _add_details(error, domain={"name": cycle.target.name, "state": "shutoff"})
        return False
    done.append(POWER_ON.name)
    append_to_message(error, f"The {cycle.target} was started again{how}.")
    return True


def _add_details(error: BaseException, **details: Any) -> None:
    if isinstance(error, EsxError):
        error.details = {**error.details, **details}
