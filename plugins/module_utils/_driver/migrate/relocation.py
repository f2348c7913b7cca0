# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vCenter's calls that validate and start a migration.

Before vSphere 6.5 these are ValidateMigration, for all domains with one destination in one call, and MigrateVM_Task, as
in libvirt's driver. Since 6.5, MigrateVM_Task is deprecated in favour of RelocateVM_Task, which CheckRelocate_Task
validates. A migration that also moves files needs these two on older servers as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import fault_hint, fault_text
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job, run_jobs
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_content, required
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim

_RELOCATE_SINCE = (6, 5)
_PRIORITY = "defaultPriority"
_CHECKER = "vmProvisioningChecker"


@dataclass(frozen=True)
class Relocation:
    """The destination of a domain, as references; None for what stays.

    ``disks`` are pairs of a disk's key and a datastore, ``devices`` the cards with new networks. ``route`` is in
    words: ``from esx1 to esx2``.
    """

    record: DomainRecord
    host: HostContext
    route: str
    pool: Any = None
    folder: Any = None
    datastore: Any = None
    disks: Sequence[tuple[int, Any]] = ()
    devices: Sequence[Any] = field(default=(), repr=False)

    @property
    def moves_only_host(self) -> bool:
        """Whether files, folder and networks stay."""
        return self.folder is None and self.datastore is None and not self.disks and not self.devices

    def spec(self) -> Any:
        """Return the RelocateSpec."""
        spec = vim.vm.RelocateSpec(host=self.host.host, pool=self.pool)
        if self.folder is not None:
            spec.folder = self.folder
        if self.datastore is not None:
            spec.datastore = self.datastore
        if self.disks:
            locator = vim.vm.RelocateSpec.DiskLocator
            spec.disk = [locator(diskId=key, datastore=datastore) for key, datastore in self.disks]
        if self.devices:
            change = vim.vm.device.VirtualDeviceSpec
            spec.deviceChange = [change(operation="edit", device=device) for device in self.devices]
        return spec


@dataclass(frozen=True)
class Validation:
    """The vCenter's validation of a migration: warnings and errors as sentences, with the names of the faults.

    ``hints`` say what can be done about the errors.
    """

    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()

    def refusal(self, sentence: str, *, strict: bool) -> Refused | None:
        """Return the error for a migration that is refused, None if it is not.

        :param sentence: what is not possible, without the reasons.
        :param strict: whether warnings are errors, as in libvirt.
        """
        reasons = [*self.errors, *(self.warnings if strict else ())]
        return Refused(f"{sentence}: {clauses(reasons)}.", hint=" ".join(self.hints) or None) if reasons else None


def clauses(sentences: Iterable[str]) -> str:
    """Return sentences as the clauses of one, without full stop."""
    return "; ".join(text.rstrip(".") for text in sentences)


def validate(vcenter: Session, relocations: Sequence[Relocation], *, at_once: int) -> list[Validation | EsxError]:
    """Ask the vCenter whether domains can be migrated; return its answers in order, or the error that prevented one.

    :param at_once: the number of checks that may run at the same time.
    """
    checked = [number for number, each in enumerate(relocations) if _is_relocated(vcenter, each)]
    answers = dict(zip(checked, _check_relocate(vcenter, [relocations[number] for number in checked], at_once)))
    for group in _groups(vcenter, relocations):
        answers.update(zip(group, _validate_migration(vcenter, [relocations[number] for number in group])))
    return [answers[number] for number in range(len(relocations))]


def _groups(vcenter: Session, relocations: Sequence[Relocation]) -> Iterable[list[int]]:
    """The numbers of the migrations that ValidateMigration validates, those with one destination together."""
    groups: dict[Any, list[int]] = {}
    for number, each in enumerate(relocations):
        if not _is_relocated(vcenter, each):
            groups.setdefault((each.host.host, each.pool), []).append(number)
    return groups.values()


def start(vcenter: Session, relocation: Relocation) -> Any:
    """Start the migration of a domain; return the reference to the task."""
    ref = relocation.record.ref
    if _is_relocated(vcenter, relocation):
        return ref.RelocateVM_Task(relocation.spec(), _PRIORITY)
    return ref.MigrateVM_Task(relocation.pool, relocation.host.host, _PRIORITY, None)


def _is_relocated(vcenter: Session, relocation: Relocation) -> bool:
    return vcenter.has(*_RELOCATE_SINCE) or not relocation.moves_only_host


def _check_relocate(vcenter: Session, relocations: Sequence[Relocation], at_once: int) -> list[Validation | EsxError]:
    if not relocations:
        return []
    checker = required({_CHECKER: fetch_content(vcenter, _CHECKER)}, _CHECKER, "the vCenter")
    jobs = [_check_job(checker, relocation) for relocation in relocations]
    outcomes = run_jobs(vcenter, jobs, at_once=at_once)
    return [item if isinstance(item, EsxError) else _of_checks(item.result or ()) for item in outcomes]


def _check_job(checker: Any, relocation: Relocation) -> Job:
    record = relocation.record
    return Job(
        action=f"Validating the migration of domain '{record.name}' {relocation.route}",
        start=lambda: checker.CheckRelocate_Task(record.ref, relocation.spec(), None),
    )


def _validate_migration(vcenter: Session, group: Sequence[Relocation]) -> list[Validation | EsxError]:
    instance = vcenter.ref("ServiceInstance", "ServiceInstance")
    refs = [relocation.record.ref for relocation in group]
    try:
        events = instance.ValidateMigration(refs, None, None, group[0].pool, group[0].host.host) or ()
    except EsxError as error:
        return [error] * len(refs)
    return [_of_events([event for event in events if _concerns(event, ref)]) for ref in refs]


def _concerns(event: Any, ref: Any) -> bool:
    """Whether an event is about a virtual machine, or about all of them."""
    argument = event.vm
    return argument is None or argument.vm == ref


def _of_events(events: Iterable[Any]) -> Validation:
    """MigrationWarningEvent, MigrationHostWarningEvent ... are warnings; all other events are errors."""
    warnings: list[Any] = []
    errors: list[Any] = []
    for event in events:
        found = warnings if type_name(event).endswith("WarningEvent") else errors
        found.append(event)
    hints = _hints(event.fault for event in errors if event.fault)
    return Validation(tuple(map(_event_text, warnings)), tuple(map(_event_text, errors)), hints)


def _event_text(event: Any) -> str:
    return str(event.fullFormattedMessage or fault_text(event.fault))


def _of_checks(results: Iterable[Any]) -> Validation:
    warnings: list[Any] = []
    errors: list[Any] = []
    for result in results:
        warnings.extend(result.warning or ())
        errors.extend(result.error or ())
    return Validation(tuple(map(fault_text, warnings)), tuple(map(fault_text, errors)), _hints(errors))


def _hints(faults: Iterable[Any]) -> tuple[str, ...]:
    hints = (fault_hint(fault) for fault in faults)
    return tuple(dict.fromkeys(hint for hint in hints if hint is not None))
