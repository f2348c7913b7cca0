# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One migration as a job: validated again just before it begins, and searched for if the answer is lost."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import RECENT_PATH
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import MigrationEndpoints
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.entries import MIGRATION_PATHS, Entry
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.relocation import Relocation, start, validate
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.request import MigrationRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.targets import Targets, resolve
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import QUESTION_PATH
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import show_progress
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.jobs import Job
from ansible_collections.virt.esx.plugins.module_utils._vi.pending_tasks import pending_of_kind, pending_tasks
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.task import wait_until_idle

# The tasks that take a domain to another host or datastore, by their TaskInfo.descriptionId.
_MIGRATIONS = ("relocate", "migrate")


def move_job(
    endpoints: MigrationEndpoints,
    entry: Entry,
    relocation: Relocation,
    request: MigrationRequest,
    show: Callable[[str], None],
) -> Job:
    """Return the job that migrates a domain; it changes the entry if the domain has moved before."""
    action = f"Migrating domain '{relocation.record.name}' {relocation.route}"
    patience = math.inf if request.patience is None else float(request.patience)

    def begin() -> Any:
        present = _look_again(endpoints, entry, relocation, action, patience)
        current = _as_it_is_now(endpoints, entry, relocation, present, strict=request.strict)
        return None if current is None else _start(endpoints, entry, current, action)

    progress = show_progress(show, action)
    return Job(action=action, start=begin, vm=relocation.record.ref, progress=progress, patience=patience)


def _look_again(
    endpoints: MigrationEndpoints, entry: Entry, relocation: Relocation, action: str, patience: float
) -> Values:
    """The domain's properties, after pending questions and tasks have ended; one call if there are none."""
    vcenter, ref = endpoints.vcenter, relocation.record.ref
    present = fetch_one(vcenter, ref, MIGRATION_PATHS)
    if present[QUESTION_PATH] is None and not pending_tasks(vcenter, present[RECENT_PATH]):
        return present
    entry.answered.extend(wait_until_idle(vcenter, ref, action=action, patience=patience))
    return fetch_one(vcenter, ref, MIGRATION_PATHS)


def _as_it_is_now(
    endpoints: MigrationEndpoints, entry: Entry, relocation: Relocation, present: Values, *, strict: bool
) -> Relocation | None:
    """The relocation from the domain's present host, validated if it has moved; None if it need not move any more.

    :raises EsxError: if the vCenter refuses it from there.
    """
    if present["runtime.host"] == relocation.record.values["runtime.host"]:
        return relocation
    entry.record = replace(relocation.record, values=present)
    entry.source = endpoints.host(present["runtime.host"]).host_name
    current = resolve(Targets(endpoints), entry)
    if current is None:
        entry.moves, entry.host = False, entry.source
        return None
    answer = next(iter(validate(endpoints.vcenter, [current], at_once=1)))
    if isinstance(answer, EsxError):
        raise answer
    entry.warnings, entry.errors = answer.warnings, answer.errors
    refused = f"{entry} was moved by another client and cannot be migrated {entry.route}"
    refusal = answer.refusal(refused, strict=strict)
    if refusal is not None:
        raise refusal
    return current


def _start(endpoints: MigrationEndpoints, entry: Entry, relocation: Relocation, action: str) -> Any:
    """Start the migration; return its task, or None if it has ended.

    If the answer to the call is lost, the task is searched for in the domain's recent tasks. A migration that takes no
    time may have ended by then.

    :raises EsxError: if the call fails; the message says which domain it was about.
    """
    try:
        return start(endpoints.vcenter, relocation)
    except (ConnectionFailed, TimedOut) as error:
        task = _started_task(endpoints, relocation)
        if task is None and not _has_arrived(endpoints, entry, relocation):
            raise _about(action, error) from None
        return task
    except EsxError as error:
        raise _about(action, error) from None


def _started_task(endpoints: MigrationEndpoints, relocation: Relocation) -> Any:
    """A running migration of the domain; None if there is none, or if the vCenter cannot be reached."""
    try:
        recent = fetch_one(endpoints.vcenter, relocation.record.ref, [RECENT_PATH])[RECENT_PATH]
        return next(iter(pending_of_kind(endpoints.vcenter, recent, *_MIGRATIONS)), None)
    except EsxError:
        return None


def _has_arrived(endpoints: MigrationEndpoints, entry: Entry, relocation: Relocation) -> bool:
    """Whether nothing is left to do for a domain; no if the vCenter cannot be reached."""
    try:
        present = fetch_one(endpoints.vcenter, relocation.record.ref, MIGRATION_PATHS)
        now = replace(entry, record=replace(relocation.record, values=present))
        return present["runtime.host"] == relocation.host.host and resolve(Targets(endpoints), now) is None
    except EsxError:
        return False


def _about(action: str, error: EsxError) -> EsxError:
    """The same error with the action. A lost connection keeps its type, so that no other job begins."""
    if error.message.startswith(action):
        return error
    kind = ConnectionFailed if isinstance(error, ConnectionFailed) else EsxError
    return kind(f"{action} failed: {error.message}", hint=error.hint, fault=error.fault, details=error.details)
