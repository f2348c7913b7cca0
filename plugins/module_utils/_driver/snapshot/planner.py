# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning the actions for the snapshots of one domain, and the snapshots afterwards."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import is_pattern, literal
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.request import SnapshotRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.select import (
    select_snapshots,
    with_descendants,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import (
    Snapshot,
    current_snapshot,
    find_snapshot,
    get_snapshot,
    snapshot_list,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous
from ansible_collections.virt.esx.plugins.module_utils._names import escape_name

CONSOLIDATION_PATH = "runtime.consolidationNeeded"


@dataclass(frozen=True)
class Action:
    """One task of the server: its ``name`` for the user, and the function that starts it.

    ``at_once`` marks a call that starts no task and is done when it returns. ``harmless`` is the fault that means that
    another client has done it.
    """

    name: str
    start: Callable[[], Any]
    at_once: bool = False
    harmless: str | None = None


@dataclass(frozen=True)
class DomainEntry:
    """The snapshots of one domain before and after its actions.

    ``chosen`` is the path of the requested snapshot if it exists afterwards; ``lost`` has sentences about what the
    actions discard; ``state`` is the domain's own state afterwards.
    """

    record: DomainRecord
    before: Sequence[Snapshot]
    after: Sequence[Snapshot]
    actions: Sequence[Action] = ()
    chosen: str | None = None
    lost: Sequence[str] = ()
    state: str = ""
    consolidation_needed: bool = False

    @property
    def takes_snapshot(self) -> bool:
        """Whether the last snapshot is yet to be taken."""
        return bool(self.after) and self.after[-1].ref is None


def plan_entry(record: DomainRecord, request: SnapshotRequest, now: datetime.datetime) -> DomainEntry:
    """Return the actions for one domain.

    :param record: read with ``SNAPSHOT_PATHS``.
    :param now: the host's time, for ``older_than``.
    :raises NotFound: if the snapshot to revert to does not exist.
    :raises Ambiguous: if several snapshots have the name.
    """
    return _PLANNERS[request.state](present_entry(record), request, now)


def present_entry(record: DomainRecord) -> DomainEntry:
    """Return the snapshots of a domain as they are, without any action."""
    snapshots = snapshot_list(record.values)
    return DomainEntry(
        record,
        snapshots,
        snapshots,
        state=record.state,
        consolidation_needed=bool(record.values.get(CONSOLIDATION_PATH)),
    )


def _present(entry: DomainEntry, request: SnapshotRequest, now: datetime.datetime) -> DomainEntry:
    name = request.snapshot or ""
    found = find_snapshot(entry.before, name, entry.record.name)
    if found is not None:
        return _described(entry, found, request.description)
    new = _new_snapshot(entry, request, name, now)
    ref, memory = entry.record.ref, _keeps_memory(entry, request)

    def create() -> Any:
        return ref.CreateSnapshot_Task(escape_name(name), new.description, memory, request.quiesce)

    after = [*(replace(item, current=False) for item in entry.before), new]
    return replace(entry, actions=[Action(f"create snapshot '{name}'", create)], after=after, chosen=new.path)


def _keeps_memory(entry: DomainEntry, request: SnapshotRequest) -> bool:
    return request.memory and entry.record.state != "shutoff"


def _new_snapshot(entry: DomainEntry, request: SnapshotRequest, name: str, now: datetime.datetime) -> Snapshot:
    """The snapshot that will be taken; it is a child of the current one."""
    new = Snapshot(
        ref=None,
        name=name,
        path=escape_name(name),
        number=0,
        parent=None,
        parent_name=None,
        description=request.description or "",
        created=now,
        state=entry.record.state if _keeps_memory(entry, request) else "shutoff",
        quiesced=request.quiesce,
        current=True,
    )
    parent = current_snapshot(entry.before)
    if parent is None:
        return new
    return replace(new, path=f"{parent.path}/{new.path}", parent=parent.moid, parent_name=parent.name)


def _described(entry: DomainEntry, found: Snapshot, description: str | None) -> DomainEntry:
    """The actions for an existing snapshot, whose description can change."""
    if description is None or description == found.description:
        return replace(entry, chosen=found.path)
    action = Action(
        f"describe snapshot '{found.name}'", lambda: found.ref.RenameSnapshot(None, description), at_once=True
    )
    after = [replace(item, description=description) if item is found else item for item in entry.before]
    return replace(entry, actions=[action], after=after, chosen=found.path)


def _absent(entry: DomainEntry, request: SnapshotRequest, now: datetime.datetime) -> DomainEntry:
    chosen, gone = _to_remove(entry, request, now)
    actions = [
        Action(
            f"remove snapshot '{item.name}'",
            lambda ref=item.ref: ref.RemoveSnapshot_Task(request.children, True),  # type: ignore[misc]
            harmless="ManagedObjectNotFound",
        )
        for item in chosen
    ]
    return replace(entry, actions=actions, after=_without(entry.before, {item.moid for item in gone}))


def _to_remove(
    entry: DomainEntry, request: SnapshotRequest, now: datetime.datetime
) -> tuple[Sequence[Snapshot], Sequence[Snapshot]]:
    """The snapshots that are to be removed, and all that are gone then: those below them, too, where requested.

    A pattern never means the snapshot of that very name alone: once it is gone, the same text would mean others.
    """
    found = None if request.snapshot is None else find_snapshot(entry.before, request.snapshot, entry.record.name)
    if found is not None and not request.selects:
        _check_repeatable(entry, found, request)
        return [found], with_descendants(entry.before, found) if request.children else [found]
    chosen = select_snapshots(entry.before, request.snapshot, keep=request.keep, older_than=request.older_than, now=now)
    if not request.children:
        return chosen, chosen
    below = {item.moid: with_descendants(entry.before, item) for item in chosen}
    covered = {item.moid for root, items in below.items() for item in items if item.moid != root}
    return [item for item in chosen if item.moid not in covered], [item for items in below.values() for item in items]


def _check_repeatable(entry: DomainEntry, found: Snapshot, request: SnapshotRequest) -> None:
    """Refuse a text that would mean other snapshots in the next run, when the one that it names is gone."""
    text, domain = request.snapshot, entry.record.name
    same = [item for item in entry.before if item.parent == found.moid and item.name == found.name]
    if text == found.path and same and not request.children:
        raise Ambiguous(
            f"Below the snapshot '{text}' of domain '{domain}' is one of the same name, which would take its path.",
            hint=f"Give the managed object id: the one at '{text}' has {found.moid}, the one below it {same[0].moid}.",
        )
    if is_pattern(text or ""):
        raise Ambiguous(
            f"'{text}' is a snapshot of domain '{domain}', and a pattern that can match others.",
            hint=f"For this snapshot alone, give '{literal(found.name)}', which matches no other name, or its managed "
            f"object id {found.moid}; for all that match, give keep, such as 0, as well.",
        )


def _without(snapshots: Sequence[Snapshot], gone: set[str | None]) -> list[Snapshot]:
    """The tree without some snapshots: their children move up, and so does the mark of the current snapshot."""
    parents = {item.moid: item.parent for item in snapshots}

    def remaining(identifier: str | None) -> str | None:
        while identifier is not None and identifier in gone:
            identifier = parents[identifier]
        return identifier

    current = current_snapshot(snapshots)
    mark = None if current is None else remaining(current.moid)
    kept = [item for item in snapshots if item.moid not in gone]
    left: list[Snapshot] = []
    paths: dict[str | None, str] = {None: ""}
    for item in kept:
        parent = remaining(item.parent)
        path = f"{paths[parent]}{escape_name(item.name)}"
        paths[item.moid] = f"{path}/"
        left.append(replace(item, parent=parent, path=path, current=item.moid == mark))
    return left


def _reverted(entry: DomainEntry, request: SnapshotRequest, _now: datetime.datetime) -> DomainEntry:
    found = get_snapshot(entry.before, request.snapshot or "", entry.record.name)
    stays_off = request.running is False
    actions = [Action(f"revert to snapshot '{found.name}'", lambda: found.ref.RevertToSnapshot_Task(None, stays_off))]
    state = "shutoff" if stays_off else found.state or "shutoff"
    if request.running and state != "running":
        power_on = Action("power on", lambda: entry.record.ref.PowerOnVM_Task(None), harmless="InvalidPowerState")
        actions.append(power_on)
        state = "running"
    after = [replace(item, current=item is found) for item in entry.before]
    return replace(entry, actions=actions, after=after, chosen=found.path, state=state, lost=_lost(entry, found))


def _lost(entry: DomainEntry, found: Snapshot) -> list[str]:
    """The losses of reverting, for check mode and diff mode."""
    lost = [f"All changes to the disks and settings of domain '{entry.record.name}' since {_since(entry, found)}."]
    if entry.record.state != "shutoff":
        lost.append(f"The memory of the guest, which is {entry.record.state}: it is not asked to shut down.")
    return lost


def _since(entry: DomainEntry, found: Snapshot) -> str:
    current = current_snapshot(entry.before)
    if current is None or current is found:
        return f"{found.created:%Y-%m-%d %H:%M:%S %Z}".strip()
    return f"snapshot '{current.name}' of {current.created:%Y-%m-%d %H:%M:%S %Z}".strip()


def _consolidated(entry: DomainEntry, _request: SnapshotRequest, _now: datetime.datetime) -> DomainEntry:
    if not entry.consolidation_needed:
        return entry
    action = Action("consolidate disks", entry.record.ref.ConsolidateVMDisks_Task)
    return replace(entry, actions=[action], consolidation_needed=False)


_PLANNERS: dict[str, Callable[[DomainEntry, SnapshotRequest, datetime.datetime], DomainEntry]] = {
    "present": _present,
    "absent": _absent,
    "reverted": _reverted,
    "consolidated": _consolidated,
}
