# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a plan that have to do with the definition of a domain: a new one, a changed one, and its XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.change import (
    Change,
    details,
    find_change,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.domain_plan import Present
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import machine_paths
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.made import unlike_wanted
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power_cycle import (
    PowerCycle,
    check_power_cycle,
    power_cycle_steps,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.redefine import change_steps
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.result import DomainResult
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import (
    read_text,
    to_domain,
    to_xml,
    with_uuid,
    xml_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, in_state, read_domain_of
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target


def paths_of_parts(connection: EsxConnection, request: DomainRequest) -> list[str]:
    """The properties that the parts named by a request need; they are read with the domain, in the same call.

    A description may change any part; for it, only what takes no more than a word each is read in advance.
    """
    parts = request.parts
    named = {
        "disks": parts.disks or parts.drives,
        "interfaces": parts.interfaces or request.system.boot is not None,
        "serials": parts.serials,
        "vcpus": request.vcpus is not None or request.is_definition,
        "memory_kib": request.max_memory_kib is not None or request.is_definition,
    }
    return machine_paths(connection, [part for part, is_named in named.items() if is_named])


def plan_change(
    present: Present, facts: HostFacts, steps: list[Step], before: DomainResult, after: DomainResult
) -> tuple[list[Step], DomainResult, DomainResult, PowerCycle | None, Change | None]:
    """The steps with a change of the definition among those for power, and the results with what it does.

    :returns: with the power cycle that it takes, and the change; None where there is nothing to change.
    """
    connection, request, record = present.connection, present.request, present.record
    change = find_change(connection, request, record, facts, in_state(record, present.reached))
    before, after = _results_of_change(change, before, after)
    if not change.is_needed:
        return steps, before, after, None, None
    steps, cycle = _with_change(present, steps, change)
    steps = [*change.files.steps, *steps]
    return steps, before, after, cycle, change


def _results_of_change(change: Change, before: DomainResult, after: DomainResult) -> tuple[DomainResult, DomainResult]:
    """The results with what a change does to the definition."""
    domain = change.after
    lines = details(change)
    changed = replace(
        after,
        details=lines[1],
        name=domain.name,
        vcpus=domain.vcpus,
        memory_kib=domain.current_memory_kib,
        max_memory_kib=domain.memory_kib,
        xml=xml_of(domain),
    )
    return replace(before, xml=xml_of(change.before), details=lines[0]), changed


def _with_change(present: Present, power: list[Step], change: Change) -> tuple[list[Step], PowerCycle | None]:
    """The steps for power, with the change where it can be made, and the power cycle if that takes one.

    :raises Refused: if the domain has to be shut off for it, and power_cycle is not set.
    """
    connection, target, record = present.connection, present.target, present.record
    if record.state == "shutoff":
        return [*change_steps(connection, target, change, after_power=False), *power], None
    if present.reached == "shutoff":
        return [*power, *change_steps(connection, target, change, after_power=True)], None
    if not change.how.needs_shutdown and change.how.reconfigured:
        if record.state == "paused":
            return [*power, *change_steps(connection, target, change, after_power=bool(power))], None
        return [*change_steps(connection, target, change, after_power=False), *power], None
    check_power_cycle(target, record, _needs_shutdown(change), allowed=present.request.power_cycle)
    offline = change_steps(connection, target, change, after_power=True)
    steps = power_cycle_steps(connection, target, present.guest, offline, present.reached)
    return steps, PowerCycle(target, change, [step.name for step in offline])


def _needs_shutdown(change: Change) -> Sequence[str]:
    return change.how.needs_shutdown or ["keys of the VMX"]


def read_xmls(connection: EsxConnection, ref: Any, state: str) -> tuple[str, str | None]:
    """The domain XML of a domain as it is, and in another state; None for one that will be undefined.

    :raises EsxError: if the definition cannot be read.
    """
    record, facts = read_domain_of(connection, ref, autostart=False)
    text = read_text(connection, record)
    before = to_xml(connection, record, facts, text)
    return before, None if state == "undefined" else to_xml(connection, in_state(record, state), facts, text)


def xml_as_made(
    connection: EsxConnection, record: DomainRecord, facts: HostFacts, target: Target, change: Change | None
) -> str:
    """The domain XML of a domain after a plan; a warning names what the host did differently."""
    if target.vmx is not None and record.state == "shutoff":
        text = target.vmx.decode("utf-8", "surrogateescape")
    else:
        text = read_text(connection, record)
    found = with_uuid(to_domain(connection, record, facts, text), record)
    unlike = unlike_wanted(change, found, text) if change is not None else []
    if unlike:
        connection.warn(f"The host has defined the {target} differently than requested in {', '.join(unlike)}.")
    return xml_of(found)
