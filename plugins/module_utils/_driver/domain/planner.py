# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All steps from the present state of a domain to the requested one, planned before anything is done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.autostart import plan_autostart
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.change import Change, find_change, unlike_wanted
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.define import plan_define
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.definition import Definition
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import (
    RESULTING_STATE,
    SUSPEND,
    TOOLS_PATH,
    Guest,
    plan_power,
    step_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power_cycle import (
    PowerCycle,
    check_power_cycle,
    power_cycle_steps,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.redefine import change_steps
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.result import DomainResult, result_of
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.undefine import plan_undefine
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey, not_found
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import (
    read_texts,
    to_domain,
    to_xml,
    with_uuid,
    xml_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import (
    DomainRecord,
    find_domain,
    in_state,
    read_domain_of,
    read_host_facts,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, Target
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

_HOW_TO_DEFINE = (
    "Describe it in xml or vmx to have it defined. In check mode, a domain that an earlier task would define is not "
    "there either: define and start it in one task."
)
_ASKS_GUEST = ("shutdown", "rebooted")


@dataclass(frozen=True)
class DomainPlan(Plan):
    """A plan for a domain, and the domain ``before`` and ``after`` it.

    ``record`` is None for a domain that the host does not know; ``has_xml`` says whether its definition was read;
    ``cycle`` is the power cycle that is a part of the plan, ``change`` that of the definition.
    """

    target: Target
    before: DomainResult
    after: DomainResult
    has_xml: bool = False
    cycle: PowerCycle | None = None
    change: Change | None = None


def plan_domain(connection: EsxConnection, request: DomainRequest, cycle: PowerCycle | None = None) -> DomainPlan:
    """What has to be done with a domain; at most two calls if it is nothing.

    :param cycle: the power cycle that an earlier plan of the same task has begun: the domain ran before it, and so it
        has to run in the end.
    :raises EsxError: if it cannot be done: Refused, NotFound, Ambiguous, ParseError.
    """
    paths, volumes = _paths(connection, request), request.is_about_definition
    found = find_domain(
        connection,
        name=request.name,
        uuid=request.uuid,
        moid=request.moid,
        vmx_path=request.vmx_path,
        paths=paths,
        volumes=volumes,
        autostart=request.is_about_autostart,
    )
    if found is None:
        return _plan_absent(request) if request.state == "undefined" else _plan_new(connection, request)
    record, facts = found
    if request.state == "undefined":
        return _plan_undefined(connection, request, record, facts)
    if cycle is not None and record.state == "shutoff":
        return _plan_restart(connection, request, record, facts)
    return _plan_present(connection, request, record, facts)


def _plan_restart(
    connection: EsxConnection, request: DomainRequest, record: DomainRecord, facts: HostFacts
) -> DomainPlan:
    """The rest of a power cycle whose domain is shut off by now."""
    plan = _plan_present(connection, replace(request, state="running"), record, facts)
    if request.state != "paused":
        return plan
    suspend = step_of(connection, plan.target, SUSPEND, Guest())
    return replace(plan, steps=[*plan.steps, suspend], after=replace(plan.after, state="paused"))


def _paths(connection: EsxConnection, request: DomainRequest) -> list[str]:
    asks = request.state in _ASKS_GUEST or request.power_cycle
    return [*PENDING_PATHS, *([TOOLS_PATH] if asks and connection.session.has(4, 0) else [])]


def _plan_absent(request: DomainRequest) -> DomainPlan:
    nothing = DomainResult(request.name, request.uuid, None, "undefined")
    return DomainPlan((), None, Target(request.name or str(request.uuid)), nothing, nothing)


def _plan_undefined(
    connection: EsxConnection, request: DomainRequest, record: DomainRecord, facts: HostFacts
) -> DomainPlan:
    target = Target(record.name, record.ref)
    steps = plan_undefine(connection, target, record, remove_storage=request.remove_storage)
    after = DomainResult(record.name, record.uuid, None, "undefined")
    return DomainPlan(steps, record, target, result_of(record, facts), after)


def _plan_new(connection: EsxConnection, request: DomainRequest) -> DomainPlan:
    if not request.is_definition:
        meant = DomainKey(request.name, request.uuid, request.moid, request.vmx_path)
        raise not_found(connection, meant, _HOW_TO_DEFINE)
    facts = read_host_facts(connection, autostart=request.is_about_autostart)
    target = Target(request.name or "")
    definition, steps = plan_define(connection, target, request, facts)
    steps += plan_autostart(connection, target, facts, request.autostart, request.autostart_settings)
    steps += plan_power(connection, target, "shutoff", request.state, Guest(shutdown_timeout=request.shutdown_timeout))
    before = DomainResult(request.name, request.uuid, None, "undefined")
    return DomainPlan(steps, None, target, before, _result_of_new(connection, request, definition), has_xml=True)


def _result_of_new(connection: EsxConnection, request: DomainRequest, definition: Definition) -> DomainResult:
    """The domain as the host will have it; its moid, and a UUID that nobody gives, are not known yet."""
    domain = definition.domain
    return DomainResult(
        name=domain.name,
        uuid=domain.uuid,
        moid=None,
        state=RESULTING_STATE.get(request.state, "shutoff"),
        vcpus=domain.vcpus,
        memory_kib=domain.current_memory_kib,
        max_memory_kib=domain.memory_kib,
        autostart=request.autostart,
        vmx_path=str(definition.path),
        host=connection.context.host_name,
        xml=xml_of(replace(domain, datacenter_path=connection.datacenter_path)),
    )


def _plan_present(
    connection: EsxConnection, request: DomainRequest, record: DomainRecord, facts: HostFacts
) -> DomainPlan:
    guest = Guest(record.values.get(TOOLS_PATH), request.shutdown_timeout)
    present = _Present(connection, request, record, Target(record.name, record.ref), guest)
    steps = plan_power(connection, present.target, record.state, request.state, guest)
    before = result_of(record, facts)
    autostart = before.autostart if request.autostart is None else request.autostart
    after = replace(before, state=present.reached, autostart=autostart)
    is_renamed = request.name not in (None, record.name)
    if is_renamed and not request.is_about_definition:
        _record, facts = read_domain_of(connection, record.ref, autostart=request.is_about_autostart)  # and datastores
    cycle = change = None
    if request.is_about_definition or is_renamed:
        change = find_change(connection, request, record, facts, in_state(record, present.reached))
        before, after = _results_of_change(change, before, after)
        if change.is_needed:
            steps, cycle = _with_change(present, steps, change)
        else:
            change = None
    steps += plan_autostart(connection, present.target, facts, request.autostart, request.autostart_settings)
    has_xml = before.xml is not None
    return DomainPlan(steps, record, present.target, before, after, has_xml=has_xml, cycle=cycle, change=change)


@dataclass(frozen=True)
class _Present:
    """A domain that exists, and what is wanted of it."""

    connection: EsxConnection
    request: DomainRequest
    record: DomainRecord
    target: Target
    guest: Guest

    @property
    def reached(self) -> str:
        """The state that the domain will be in."""
        return RESULTING_STATE.get(self.request.state, self.record.state)


def _results_of_change(change: Change, before: DomainResult, after: DomainResult) -> tuple[DomainResult, DomainResult]:
    """The results with what a change does to the definition."""
    domain = change.after
    changed = replace(
        after,
        name=domain.name,
        vcpus=domain.vcpus,
        memory_kib=domain.current_memory_kib,
        max_memory_kib=domain.memory_kib,
        xml=xml_of(domain),
    )
    return replace(before, xml=xml_of(change.before)), changed


def _with_change(present: _Present, power: list[Step], change: Change) -> tuple[list[Step], PowerCycle | None]:
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


def with_xml(connection: EsxConnection, plan: DomainPlan) -> DomainPlan:
    """A plan whose results have the domain XML, for diff mode; without it if the definition cannot be read."""
    if plan.has_xml or plan.record is None:
        return plan
    try:
        record, facts = read_domain_of(connection, plan.record.ref, autostart=False)
        text = _read_text(connection, record)
        before, after = to_xml(connection, record, facts, text), None
        if plan.after.state != "undefined":
            after = to_xml(connection, in_state(record, plan.after.state), facts, text)
    except EsxError:
        return plan
    return replace(
        plan,
        before=replace(plan.before, xml=before),
        after=replace(plan.after, xml=after),
        has_xml=True,
    )


def read_back(connection: EsxConnection, plan: DomainPlan) -> DomainResult:
    """The domain as the server has it after a plan; one call, and one file where its definition was looked at.

    What the host made otherwise than it was wanted is warned of.
    """
    if plan.after.state == "undefined":
        return plan.after
    autostart = plan.after.autostart is not None
    record, facts = read_domain_of(connection, plan.target.ref, volumes=plan.has_xml, autostart=autostart)
    if not plan.has_xml:
        return result_of(record, facts)
    found = with_uuid(to_domain(connection, record, facts, _read_text(connection, record)), record)
    unlike = unlike_wanted(plan.change, found) if plan.change is not None else []
    if unlike:
        connection.warn(f"The host has made the {plan.target} otherwise than it was wanted in {', '.join(unlike)}.")
    return result_of(record, facts, xml_of(found))


def _read_text(connection: EsxConnection, record: DomainRecord) -> str:
    text = read_texts(connection, [record])[0]
    if isinstance(text, EsxError):
        raise text
    return text
