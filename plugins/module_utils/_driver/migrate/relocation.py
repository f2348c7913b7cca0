# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a vCenter that validate a migration and start it.

Before vSphere 6.5 these are ValidateMigration, for all domains in one call, and MigrateVM_Task, as libvirt's driver
has it. From 6.5 on MigrateVM_Task is deprecated for RelocateVM_Task, to which CheckRelocate_Task belongs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import fault_text
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_content
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

_RELOCATE_SINCE = (6, 5)
_PRIORITY = "defaultPriority"


@dataclass(frozen=True)
class Validation:
    """What the vCenter says to a migration before it begins: sentences, with the names of the faults."""

    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def validate(
    endpoints: MigrationEndpoints, records: Sequence[DomainRecord], *, at_once: int
) -> list[Validation | EsxError]:
    """Ask the vCenter whether domains can be migrated; return its verdicts in their order, or what prevented one.

    :param at_once: how many checks may run at the same time.
    """
    if not records:
        return []
    if not endpoints.vcenter.has(*_RELOCATE_SINCE):
        return _validate_migration(endpoints, records)
    checker = fetch_content(endpoints.vcenter, "vmProvisioningChecker")
    jobs = [
        Job(
            action=f"Validating the migration of domain '{record.name}' {endpoints.route}",
            start=lambda vm=record.ref: checker.CheckRelocate_Task(vm, _spec(endpoints), None),  # type: ignore[misc]
        )
        for record in records
    ]
    outcomes = run_jobs(endpoints.vcenter, jobs, at_once=at_once)
    return [item if isinstance(item, EsxError) else _of_checks(item.result or ()) for item in outcomes]


def start(endpoints: MigrationEndpoints, record: DomainRecord) -> Any:
    """Start the migration of a domain; return the reference to the task."""
    if endpoints.vcenter.has(*_RELOCATE_SINCE):
        return record.ref.RelocateVM_Task(_spec(endpoints), _PRIORITY)
    return record.ref.MigrateVM_Task(endpoints.pool, endpoints.destination.context.host, _PRIORITY, None)


def _spec(endpoints: MigrationEndpoints) -> Any:
    return vim.vm.RelocateSpec(host=endpoints.destination.context.host, pool=endpoints.pool)


def _validate_migration(endpoints: MigrationEndpoints, records: Sequence[DomainRecord]) -> list[Validation | EsxError]:
    instance = endpoints.vcenter.ref("ServiceInstance", "ServiceInstance")
    refs = [record.ref for record in records]
    try:
        events = instance.ValidateMigration(refs, None, None, endpoints.pool, endpoints.destination.context.host) or ()
    except EsxError as error:
        return [error] * len(records)
    return [_of_events([event for event in events if _concerns(event, ref)]) for ref in refs]


def _concerns(event: Any, ref: Any) -> bool:
    """Whether an event is about a virtual machine, or about all of them."""
    argument = event.vm
    return argument is None or argument.vm == ref


def _of_events(events: Iterable[Any]) -> Validation:
    """MigrationWarningEvent, MigrationHostWarningEvent ... warn; what is not named a warning counts as an error."""
    texts: dict[bool, list[str]] = {True: [], False: []}
    for event in events:
        texts[type_name(event).endswith("WarningEvent")].append(_event_text(event))
    return Validation(warnings=tuple(texts[True]), errors=tuple(texts[False]))


def _event_text(event: Any) -> str:
    return str(event.fullFormattedMessage or fault_text(event.fault))


def _of_checks(results: Iterable[Any]) -> Validation:
    listed = list(results)
    return Validation(
        warnings=tuple(fault_text(fault) for result in listed for fault in result.warning or ()),
        errors=tuple(fault_text(fault) for result in listed for fault in result.error or ()),
    )
