# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All steps from the present state of a domain to the requested one, planned before anything is done.

The converters are half of the code. A task about power needs none of them, so all about definitions is
in ``definition_plans.py``, which is imported only where it is needed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.autostart import plan_autostart
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.domain_plan import DomainPlan, Present
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import (
    SUSPEND,
    TEMPLATE_PATH,
    Guest,
    check_startable,
    check_valid,
    plan_power,
    step_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.result import DomainResult, result_of
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey, was_not_seen
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import (
    TOOLS_PATH,
    DomainRecord,
    check_name,
    find_domain,
    read_domain_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Target
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power_cycle import PowerCycle

_ASKS_GUEST = ("shutdown", "rebooted")


def plan_domain(connection: EsxConnection, request: DomainRequest, cycle: PowerCycle | None = None) -> DomainPlan:
    """Plan the steps of a request; at most two calls if there is nothing to do.

    :param cycle: the power cycle that an earlier plan of the same task has begun: the domain ran before it, and so it
        has to run in the end.
    :raises Refused, NotFound, Ambiguous, ParseError: if the request cannot be carried out.
    """
    key = DomainKey(request.name, request.uuid, request.moid, request.vmx_path)
    if request.can_be_new and was_not_seen(connection, key):
        new = _plan_unless_known(connection, request)
        if new is not None:
            return new
    paths, volumes = _paths(connection, request), request.is_about_definition
    found = find_domain(connection, key, paths=paths, volumes=volumes, autostart=request.is_about_autostart)
    if found is None:
        return _plan_absent(request) if request.state == "undefined" else _plan_new(connection, request)
    record, facts = found
    if request.state == "undefined":
        return _plan_undefined(connection, request, record, facts)
    request = _with_ids_of_host(connection, request)
    if cycle is not None and record.state == "shutoff":
        return _plan_restart(connection, request, record, facts)
    return _plan_present(connection, request, record, facts)


def _with_ids_of_host(connection: EsxConnection, request: DomainRequest) -> DomainRequest:
    """Complete the parts of a request with facts of the host: port groups of switches, ids of devices."""
    parts = request.parts
    if not parts.interfaces and not parts.hostdevs:
        return request
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import host_devices, networks

    parts = networks.with_networks(connection, host_devices.with_device_ids(connection, parts))
    return replace(request, parts=parts)


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
    paths = [*PENDING_PATHS, *([TOOLS_PATH] if asks and connection.session.has(4, 0) else [])]
    if request.state == "running" and not connection.is_direct:
        paths.append(TEMPLATE_PATH)
    if request.is_about_definition and request.state != "undefined":
        from ansible_collections.virt.esx.plugins.module_utils._driver.domain import definition_plans

        paths += definition_plans.paths_of_parts(connection, request)
    return paths


def _plan_absent(request: DomainRequest) -> DomainPlan:
    nothing = DomainResult(request.name, request.uuid, None, "undefined")
    return DomainPlan((), None, Target(request.name or str(request.uuid)), nothing, nothing)


def _plan_undefined(
    connection: EsxConnection, request: DomainRequest, record: DomainRecord, facts: HostFacts
) -> DomainPlan:
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import undefine

    target = Target(record.name, record.ref)
    check_name(DomainKey(request.name, request.uuid, request.moid, request.vmx_path), record)
    steps = undefine.plan_undefine(connection, target, record, remove_storage=request.remove_storage)
    after = DomainResult(record.name, record.uuid, None, "undefined")
    return DomainPlan(steps, record, target, result_of(record, facts), after)


def _plan_new(connection: EsxConnection, request: DomainRequest) -> DomainPlan:
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import planner_new

    return planner_new.plan_new(connection, request)


def _plan_unless_known(connection: EsxConnection, request: DomainRequest) -> DomainPlan | None:
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import planner_new

    return planner_new.plan_unless_known(connection, request)


def _plan_present(
    connection: EsxConnection, request: DomainRequest, record: DomainRecord, facts: HostFacts
) -> DomainPlan:
    guest = Guest(record.values.get(TOOLS_PATH), request.shutdown_timeout)
    present = Present(connection, request, record, Target(record.name, record.ref), guest)
    steps = plan_power(connection, present.target, record.state, request.state, guest, facts)
    if steps and request.state == "running":
        check_startable(present.target, record)
        if not request.is_about_definition:
            check_valid(present.target, record)
    before = result_of(record, facts)
    autostart = before.autostart if request.autostart is None else request.autostart
    after = replace(before, state=present.reached, autostart=autostart)
    is_renamed = request.name not in (None, record.name)
    if is_renamed and not request.is_about_definition:
        _record, facts = read_domain_of(connection, record.ref, autostart=request.is_about_autostart)  # and datastores
    cycle = change = None
    if request.is_about_definition or is_renamed:
        from ansible_collections.virt.esx.plugins.module_utils._driver.domain import definition_plans

        steps, before, after, cycle, change = definition_plans.plan_change(present, facts, steps, before, after)
    steps += plan_autostart(connection, present.target, facts, request.autostart, request.autostart_settings)
    has_xml = before.xml is not None
    return DomainPlan(steps, record, present.target, before, after, facts, has_xml, cycle, change)


def with_xml(connection: EsxConnection, plan: DomainPlan) -> DomainPlan:
    """A plan whose results have the domain XML, for diff mode; without it if the definition cannot be read."""
    if plan.has_xml or plan.record is None:
        return plan
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import definition_plans

    try:
        before, after = definition_plans.read_xmls(connection, plan.record.ref, plan.after.state)
    except EsxError:
        return plan
    return replace(
        plan,
        before=replace(plan.before, xml=before),
        after=replace(plan.after, xml=after),
        facts=None,
        has_xml=True,
    )


def read_back(connection: EsxConnection, plan: DomainPlan) -> DomainResult:
    """The domain as the server has it after a plan; at most one call, and one file if the plan has its XML.

    Differences between the request and what the host made are warned of.
    """
    if plan.after.state == "undefined":
        return plan.after
    record, facts = _told(plan) or read_domain_of(
        connection, plan.target.ref, volumes=plan.has_xml, autostart=plan.after.autostart is not None
    )
    if not plan.has_xml:
        return replace(result_of(record, facts), details=plan.after.details)
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import definition_plans

    xml = definition_plans.xml_as_made(connection, record, facts, plan.target, plan.change)
    return replace(result_of(record, facts, xml), details=plan.after.details)


def _told(plan: DomainPlan) -> tuple[DomainRecord, HostFacts] | None:
    """The domain as its last task has left it, if that is what was planned; otherwise the server is asked once more.

    A vCenter may be told a little later than of the end of the task what its host has made.
    """
    record, facts = plan.target.record, plan.facts
    if record is None or facts is None or record.values["runtime.host"] != facts.ref:
        return None
    planned = replace(plan.after, moid=record.moid, xml=None, details="")
    return (record, facts) if result_of(record, facts) == planned else None
