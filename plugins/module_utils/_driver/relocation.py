# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a vCenter that validate a migration and start it.

Before vSphere 6.5 these are ValidateMigration, for all domains in one call, and MigrateVM_Task, as libvirt's driver
has it. From 6.5 on MigrateVM_Task is deprecated for RelocateVM_Task, to which CheckRelocate_Task belongs.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.domains import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.ends import Ends
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import describe
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_content
from ansible_collections.virt.esx.plugins.module_utils._vi.tasks import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

_RELOCATE_SINCE = (6, 5)
_PRIORITY = "defaultPriority"


@dataclass(frozen=True)
class Verdict:
    """What the vCenter says to a migration before it begins: sentences, with the names of the faults."""

    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


def validate(ends: Ends, records: Sequence[DomainRecord], *, at_once: int) -> list[Verdict | EsxError]:
    """Ask the vCenter whether domains can be migrated; return its verdicts in their order, or what prevented one.

    :param at_once: how many checks may run at the same time.
    """
    if not records:
        return []
    if not ends.vcenter.has(*_RELOCATE_SINCE):
        return _validate_migration(ends, records)
    checker = fetch_content(ends.vcenter, "vmProvisioningChecker")
    jobs = [
        Job(
            doing=f"Validating the migration of domain '{record.name}' {ends.way}",
            start=lambda vm=record.ref: checker.CheckRelocate_Task(vm, _spec(ends), None),  # type: ignore[misc]
        )
        for record in records
    ]
    outcomes = run_jobs(ends.vcenter, jobs, at_once=at_once)
    return [item if isinstance(item, EsxError) else _of_checks(item.result or ()) for item in outcomes]


def start(ends: Ends, record: DomainRecord) -> Any:
    """Start the migration of a domain; return the reference to the task."""
    if ends.vcenter.has(*_RELOCATE_SINCE):
        return record.ref.RelocateVM_Task(_spec(ends), _PRIORITY)
    return record.ref.MigrateVM_Task(ends.pool, ends.destination.context.host, _PRIORITY, None)


def _spec(ends: Ends) -> Any:
    return vim.vm.RelocateSpec(host=ends.destination.context.host, pool=ends.pool)


def _validate_migration(ends: Ends, records: Sequence[DomainRecord]) -> list[Verdict | EsxError]:
    instance = ends.vcenter.ref("ServiceInstance", "ServiceInstance")
    refs = [record.ref for record in records]
    try:
        events = instance.ValidateMigration(refs, None, None, ends.pool, ends.destination.context.host) or ()
    except EsxError as error:
        return [error] * len(records)
    return [_of_events([event for event in events if _concerns(event, ref)]) for ref in refs]


def _concerns(event: Any, ref: Any) -> bool:
    """Whether an event is about a virtual machine, or about all of them."""
    argument = event.vm
    return argument is None or argument.vm == ref


def _of_events(events: Iterable[Any]) -> Verdict:
    """MigrationWarningEvent, MigrationHostWarningEvent ... warn; what is not named a warning counts as an error."""
    texts: dict[bool, list[str]] = {True: [], False: []}
    for event in events:
        texts[type_name(event).endswith("WarningEvent")].append(_event_text(event))
    return Verdict(warnings=tuple(texts[True]), errors=tuple(texts[False]))


def _event_text(event: Any) -> str:
    return str(event.fullFormattedMessage or describe(event.fault))


def _of_checks(results: Iterable[Any]) -> Verdict:
    listed = list(results)
    return Verdict(
        warnings=tuple(describe(fault) for result in listed for fault in result.warning or ()),
        errors=tuple(describe(fault) for result in listed for fault in result.error or ()),
    )
