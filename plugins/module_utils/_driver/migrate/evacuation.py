# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning where the domains of a host go: which can move, which hosts the vCenter accepts, and which have the memory.

First the hosts are chosen that reach a domain's datastores and networks, which are read for all in one call each. Then
memory decides. The vCenter validates each placement; if it refuses one, the domain is placed again without that host,
and last on hosts that at least reach its VMX.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, domain_records
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.bin_packing import Demand, HostCapacity, place
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.entries import MIGRATION_PATHS, Entry
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.reach import Reach
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.relocation import (
    Relocation,
    Validation,
    clauses,
    validate,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.request import MoveRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.storage import home_of
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.targets import Targets, find_relocation
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_kib
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import (
    chosen_to_leave,
    is_pattern,
    require_names,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext, Scope, hosts_by_name
from ansible_collections.virt.esx.plugins.module_utils._vi.pending_tasks import ENTERING_MAINTENANCE, pending_of_kind
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_VMS,
    SCOPE_VMS,
    Values,
    fetch,
    list_at,
    number_at,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vcenter import host_in_vcenter, open_vcenter

_HOST_PATHS = (
    "hardware.memorySize",
    "summary.quickStats.overallMemoryUsage",
    "summary.quickStats.overallCpuUsage",
    "summary.hardware.cpuMhz",
    "summary.hardware.numCpuCores",
    "runtime.connectionState",
    "runtime.inMaintenanceMode",
    "recentTask",
    "datastore",
    "network",
)

_MANAGED_BY = "config.managedBy.extensionKey"

# The machines of a cluster's own services: vCLS-<uuid>, vCLS (1)
_CLUSTER_SERVICE = re.compile(r"vCLS(-[0-9a-f-]{36}| \([0-9]+\))")

_CHECKS_AT_ONCE = 8


@dataclass
class _Planning:
    """The domains by managed object id, the usable hosts by name, and the placements that the vCenter has refused.

    ``hints`` say what can be done about the refusals of a domain.
    """

    endpoints: MigrationEndpoints
    records: dict[str, DomainRecord]
    hosts: dict[str, HostContext]
    reach: Reach
    refusals: dict[str, dict[str, str]] = field(default_factory=dict)
    hints: dict[str, dict[str, None]] = field(default_factory=dict)
    accepted: set[tuple[str, str]] = field(default_factory=set)


def plan_evacuation(connection: EsxConnection, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the module's result: the domains of the host that are placed on each destination.

    :param params: ``destinations``, names of hosts in the vCenter, ``names``, names and patterns of domains, and
        ``reserve_memory``, the memory to keep free on each destination.
    :raises NotFound: if a domain or a host does not exist in the vCenter.
    :raises Refused: if there is no destination, or no destination that can take a domain has the memory for it.
    """
    reserve = parse_reserve(params["reserve_memory"])
    vcenter = open_vcenter(connection.session)
    source = host_in_vcenter(connection.session)
    records, left_out = _domains(vcenter, source, params["names"])
    for item in left_out:
        connection.warn(f"The domain '{item['name']}' is left out: {item['reason']}.")
    contexts = _destinations(connection, vcenter, source, params["destinations"])
    planning = _planning(vcenter, source, records, contexts)
    capacities = [_capacity(context, values, reserve) for context, values in contexts]
    demands = [_demand(record, planning.reach) for record in records]
    placed = _place_validated(planning, demands, capacities)
    return {
        "changed": False,
        "source": source.host_name,
        "placements": [_result(host) for host in placed],
        "moves": _moves(source, placed),
        "refused": [_refused(planning, demand) for demand in demands if _is_refused(planning, demand)],
        "left_out": left_out,
    }


def parse_reserve(text: str) -> tuple[int, int]:
    """Return the memory to keep free in KiB and in percent of a host's memory: ``4 GiB``, ``10%``.

    :raises ParseError: for anything else.
    """
    if not text.strip().endswith("%"):
        return parse_kib(text, "reserve_memory"), 0
    percent = text.strip()[:-1].strip()
    if not re.fullmatch(r"[0-9]{1,2}", percent, re.ASCII):
        raise ParseError(f"'{text}' is not a part of a host's memory from 0% to 99%.", where="reserve_memory")
    return 0, int(percent)


def why_left_out(record: DomainRecord) -> str | None:
    """Return why only the vCenter itself may move a domain; None if it may be moved."""
    if _CLUSTER_SERVICE.fullmatch(record.name) or (record.vmx_path or "").startswith("[] /"):
        return "it belongs to the services of its cluster (vCLS)"
    extension = record.values.get(_MANAGED_BY)
    return f"it is managed by the extension {extension}" if extension else None


def _domains(
    vcenter: Session, source: HostContext, patterns: Sequence[str]
) -> tuple[list[DomainRecord], list[dict[str, Any]]]:
    """The domains to move, and those that must not be moved with the reason; one call per page."""
    paths = [*MIGRATION_PATHS, *([_MANAGED_BY] if vcenter.has(5, 0) else [])]
    rows = fetch(vcenter, "VirtualMachine", paths, objects=[source.host], traversal=HOST_VMS)
    every = domain_records(rows)
    here = {record.name for record in every}
    _require_names(vcenter, source, patterns, here)
    names = chosen_to_leave(patterns, here)
    movable: list[DomainRecord] = []
    left_out: list[dict[str, Any]] = []
    for record in every:
        if record.name in names:
            reason = why_left_out(record)
            if reason is None:
                movable.append(record)
            else:
                left_out.append({**record.identity(), "reason": reason})
    return movable, left_out


def _require_names(vcenter: Session, source: HostContext, patterns: Sequence[str], here: set[str]) -> None:
    """Refuse a name that no domain has. One that has left the host, in an earlier run for example, needs no move.

    One more call per page, if the host lacks a name.
    """
    if all(is_pattern(pattern) or pattern in here for pattern in patterns):
        return
    rows = fetch(vcenter, "VirtualMachine", ["name"], objects=[vcenter.content.rootFolder], traversal=SCOPE_VMS)
    known = here | {record.name for record in domain_records(rows)}
    require_names(patterns, known, where=f"on {source.host_name}")


def _destinations(
    connection: EsxConnection, vcenter: Session, source: HostContext, names: Sequence[str]
) -> list[tuple[HostContext, Values]]:
    """The destinations with their properties; unusable hosts are left out with a warning.

    One call, or two if a host has tasks, one of which may enter maintenance mode.
    """
    contexts = {context.host: context for context in hosts_by_name(vcenter, list(dict.fromkeys(names)))}
    rows = dict(fetch(vcenter, "HostSystem", _HOST_PATHS, objects=list(contexts)))
    entering = _entering_tasks(vcenter, rows.values())
    usable = []
    for ref, context in contexts.items():
        reason = "it is the host to empty" if ref == source.host else _unusable(rows[ref], entering)
        if reason is not None:
            connection.warn(f"The host {context.host_name} is not a destination: {reason}.")
        else:
            usable.append((context, rows[ref]))
    if not usable:
        raise Refused(
            "There is no host that the domains could be migrated to.",
            hint="Name connected hosts that are not in maintenance mode.",
        )
    return usable


def _entering_tasks(vcenter: Session, hosts: Iterable[Values]) -> Sequence[Any]:
    """The pending tasks of hosts that enter maintenance mode."""
    return pending_of_kind(
        vcenter, [task for values in hosts for task in list_at(values, "recentTask")], ENTERING_MAINTENANCE
    )


def _unusable(values: Values, entering: Sequence[Any]) -> str | None:
    """Why a host cannot be a destination; None if it can.

    :param entering: the pending tasks that enter maintenance mode.
    """
    if str(values["runtime.connectionState"]) != "connected":
        return f"the vCenter says that it is {values['runtime.connectionState']}"
    if values["runtime.inMaintenanceMode"]:
        return "it is in maintenance mode"
    return "it is entering maintenance mode" if set(list_at(values, "recentTask")) & set(entering) else None


def _planning(
    vcenter: Session,
    source: HostContext,
    records: Sequence[DomainRecord],
    contexts: Sequence[tuple[HostContext, Values]],
) -> _Planning:
    return _Planning(
        MigrationEndpoints(vcenter, Scope(source.host, (source,))),
        {record.moid: record for record in records},
        {context.host_name: context for context, _values in contexts},
        Reach(vcenter, records, contexts),
    )


def _capacity(context: HostContext, values: Values, reserve: tuple[int, int]) -> HostCapacity:
    """``memorySize`` is in bytes, ``overallMemoryUsage`` in MiB (esx-driver-rules.md, section 17)."""
    total = number_at(values, "hardware.memorySize") // 1024
    used = number_at(values, "summary.quickStats.overallMemoryUsage") * 1024
    kept = max(reserve[0], total * reserve[1] // 100)
    mhz = number_at(values, "summary.hardware.cpuMhz") * number_at(values, "summary.hardware.numCpuCores")
    return HostCapacity(
        context.host_name,
        max(0, total - used - kept),
        max(0, mhz - number_at(values, "summary.quickStats.overallCpuUsage")),
    )


def _demand(record: DomainRecord, reach: Reach) -> Demand:
    """A domain, with the hosts that reach its datastores and, if it runs, its networks."""
    memory = record.memory_kib or 0
    return Demand(
        name=record.name,
        uuid=record.uuid,
        state=record.state,
        kib=memory if record.state == "running" else 0,
        size_kib=memory,
        hosts=reach.able(record),
        moid=record.moid,
    )


def _place_validated(
    planning: _Planning, demands: Sequence[Demand], capacities: Sequence[HostCapacity]
) -> list[HostCapacity]:
    """Place domains until the vCenter accepts all placements; domains that no host can take are left out."""
    while True:
        possible = [demand for demand in demands if not _is_refused(planning, demand)]
        placed = place([_without_refused(planning, demand) for demand in possible], capacities)
        if not _refuse_more(planning, placed):
            return placed


def _is_refused(planning: _Planning, demand: Demand) -> bool:
    return not _hosts_left(planning, demand)


def _without_refused(planning: _Planning, demand: Demand) -> Demand:
    hosts = _hosts_left(planning, demand)
    return replace(demand, hosts=None if hosts >= planning.hosts.keys() else hosts)


def _hosts_left(planning: _Planning, demand: Demand) -> frozenset[str]:
    """The hosts that the vCenter has not refused: those that are able to take a domain, otherwise those that may be."""
    refused = planning.refusals.get(demand.moid, {}).keys()
    able = (demand.hosts or frozenset()) - refused
    return able or planning.reach.possible(planning.records[demand.moid]) - refused


def _refuse_more(planning: _Planning, placed: Sequence[HostCapacity]) -> bool:
    """Let the vCenter validate placements that are new; return whether it refused one."""
    targets = Targets(planning.endpoints)
    pairs = [(demand.moid, host.host) for host in placed for demand in host.placed]
    new = [pair for pair in pairs if pair not in planning.accepted]
    relocations: dict[tuple[str, str], Relocation] = {}
    for moid, host in new:
        relocation = _relocation(planning, targets, moid, host)
        if isinstance(relocation, EsxError):
            _note_answer(planning, moid, host, relocation)
        else:
            relocations[moid, host] = relocation
    answers = validate(planning.endpoints.vcenter, list(relocations.values()), at_once=_CHECKS_AT_ONCE)
    for (moid, host), answer in zip(relocations, answers):
        _note_answer(planning, moid, host, answer)
    return not planning.accepted.issuperset(new)


def _note_answer(planning: _Planning, moid: str, host: str, answer: Validation | EsxError) -> None:
    """Note whether a placement is accepted."""
    validation = Validation(errors=(answer.message,)) if isinstance(answer, EsxError) else answer
    if validation.errors:
        planning.hints.setdefault(moid, {}).update(dict.fromkeys(validation.hints))
        planning.refusals.setdefault(moid, {})[host] = clauses(validation.errors)
    else:
        planning.accepted.add((moid, host))


def _relocation(planning: _Planning, targets: Targets, moid: str, host: str) -> Relocation | EsxError:
    """The relocation of a domain to a host, or why that host cannot have it: it may be in another datacenter."""
    record, destination = planning.records[moid], planning.hosts[host]
    source = planning.endpoints.host(record.values["runtime.host"]).host_name
    entry = Entry(MoveRequest(moid=moid), record, destination, source=source)
    try:
        relocation = find_relocation(targets, entry, record, destination)
    except (NotFound, Refused) as error:
        return error
    return relocation or EsxError("the domain is there already")


def _refused(planning: _Planning, demand: Demand) -> dict[str, Any]:
    """Why no host can take a domain."""
    reasons = planning.refusals.get(demand.moid, {})
    home = home_of(planning.records[demand.moid])
    unreached = f"it does not have the datastore '{home}' of the domain's VMX"
    by_host = {host: reasons.get(host, unreached) for host in planning.hosts}
    source = planning.endpoints.host(planning.records[demand.moid].values["runtime.host"]).host_name
    listed = "; ".join(f"to {host}: {reason}" for host, reason in by_host.items())
    hints = "".join(f" {hint}" for hint in planning.hints.get(demand.moid, ()))
    return {
        **planning.records[demand.moid].identity(),
        "reasons": by_host,
        "msg": f"Domain '{demand.name}' cannot be migrated from {source} {listed}.{hints}",
    }


def _moves(source: HostContext, placed: Sequence[HostCapacity]) -> list[dict[str, str]]:
    """The placements as ``domains`` of esx_migrate."""
    return [
        {"moid": demand.moid, "source_host": source.host_name, "dest_host": host.host}
        for host in placed
        for demand in host.placed
    ]


def _result(host: HostCapacity) -> dict[str, Any]:
    return {
        "host": host.host,
        "free_kib": host.free_kib,
        "free_after_kib": host.remaining_kib,
        "domains": [
            {
                "name": demand.name,
                "uuid": demand.uuid,
                "moid": demand.moid,
                "state": demand.state,
                "memory_kib": demand.kib,
            }
            for demand in host.placed
        ],
    }
