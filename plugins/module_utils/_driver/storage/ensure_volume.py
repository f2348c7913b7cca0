# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a volume into the requested state: what the module ``esx_volume`` does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import THICK, THIN, DiskRequest, plan_disks
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_leftovers import (
    check_leftovers,
    leftover_pattern,
    leftover_tasks,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_options import checked_image
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_tasks import DiskTasks
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.host_tasks import Chain, HostTask, side_by_side
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Outcome, Plan, Step, carry_out
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, read_pools, usable_pool
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.download import plan_download
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.request import ABSENT, WIPED, VolumeRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.upload import (
    Upload,
    check_space,
    plan_upload,
    record_path,
    source_checksum,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.upload_parts import (
    new_part_path,
    part_pattern,
    parts_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import (
    delete_file,
    deletion,
    make_directory,
    move_file,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume, find_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, check_lengths


@dataclass(frozen=True)
class VolumePlan(Plan):
    """A plan for a volume, with the volume before and after it; None if it does not exist."""

    before: Volume | None
    after: Volume | None

    @property
    def subject(self) -> str:
        """The volume."""
        volume = self.after or self.before
        return "" if volume is None else f"volume {volume.path}"


def ensure_volume(connection: EsxConnection, invocation: Invocation, request: VolumeRequest) -> dict[str, Any]:
    """Bring a volume into the requested state, and return the module's result.

    :raises EsxError: if that is impossible or fails; no incomplete file has the volume's name then.
    """
    if request.dest is not None:
        outcome = _carry_out_reading(invocation, _plan_download(connection, request, request.dest))
    else:
        make_plan = _planner(request)
        outcome = carry_out(connection, invocation, lambda: make_plan(connection, request))
    _warn_of_allocation(connection, request, outcome.first.before)
    if request.unused_xml:
        connection.warn(f"These elements of the volume's XML have no effect: {', '.join(request.unused_xml)}.")
    after = outcome.plan.after
    if outcome.steps and after is not None and not invocation.check_mode:
        after = find_volumes(connection, read_pools(connection), [after.path]).get(after.path, after)
    wanted = _text(after) + _checksum_text(invocation, request, outcome.steps)
    report = outcome.report(connection, invocation, _text(outcome.first.before), wanted)
    return {"volume": None if after is None else after.facts(), **report}


def _planner(request: VolumeRequest) -> Callable[[EsxConnection, VolumeRequest], VolumePlan]:
    """The function that plans what is requested, which is not a download."""
    if request.state == ABSENT:
        return _plan_absent
    if request.state == WIPED:
        return _plan_wiped
    if request.moved_from is not None:
        return partial(_plan_move, source=request.moved_from)
    return _plan_disk if request.is_disk else _plan_file


def _carry_out_reading(invocation: Invocation, plan: VolumePlan) -> Outcome[VolumePlan]:
    """Carry out a plan that changes nothing on the host, and thus needs no licence for writing."""
    if not invocation.check_mode:
        for step in plan.steps:
            step.carry_out()
    return Outcome(plan, plan, plan.names(), changed=bool(plan.steps))


def _plan_disk(connection: EsxConnection, request: VolumeRequest) -> VolumePlan:
    image = checked_image(request.source, request.source_format, request.checksum, where="source")
    wanted = DiskRequest(
        request.path, request.capacity, request.allocation or THIN, request.adapter, request.clone_of, image
    )
    plan = plan_disks(connection, [wanted])
    return VolumePlan(plan.steps, None, plan.before[request.path], plan.after[request.path])


def _plan_file(connection: EsxConnection, request: VolumeRequest) -> VolumePlan:
    pools = read_pools(connection)
    if request.source is not None:
        upload = Upload(request.path, request.source, request.checksum)
        steps, before, after = plan_upload(connection, pools, upload)
        return VolumePlan(steps, None, before, after)
    if request.clone_of is None:
        volume = _existing(connection, pools, request.path)
        return VolumePlan([], None, volume, volume)
    return _plan_file_copy(connection, pools, request.path, request.clone_of)


def _plan_file_copy(
    connection: EsxConnection, pools: dict[str, Pool], path: DatastorePath, source: DatastorePath
) -> VolumePlan:
    """Copying a file that is not a disk, within the host."""
    pool = usable_pool(pools, path.datastore)
    found = find_volumes(connection, pools, [path], [part_pattern(path)])
    _refuse_directory(found, path)
    if path in found:
        return VolumePlan([], None, found[path], found[path])
    volume = _existing(connection, pools, source)
    parts = parts_of(path, found)
    check_space(pool, volume.capacity, parts)
    manager, datacenter = connection.session.content.fileManager, connection.context.datacenter
    part = check_lengths(new_part_path(path), where="the incomplete file")
    if part_pattern(path).has(source):
        raise Refused(f"{source} cannot be copied to {path}: it has the name of an incomplete {path}.")

    def copy() -> Any:
        return manager.CopyDatastoreFile_Task(str(source), datacenter, str(part), datacenter, False)

    def move() -> Any:
        return manager.MoveDatastoreFile_Task(str(part), datacenter, str(path), datacenter, False)

    tasks = [
        *(deletion(connection, left.path) for left in parts),
        HostTask(f"Copying {source} to {part}", copy),
        HostTask(f"Moving {part} to {path}", move),
    ]
    chain = Chain(f"clone {source} to {path}", tasks, partial(delete_file, connection, part))
    steps = [*_directory_steps(connection, path, found), *side_by_side(connection, [chain])]
    return VolumePlan(steps, None, None, replace(volume, path=path))


def _plan_move(connection: EsxConnection, request: VolumeRequest, *, source: DatastorePath) -> VolumePlan:
    pools, path = read_pools(connection), request.path
    usable_pool(pools, source.datastore)
    pool = usable_pool(pools, path.datastore)
    found = find_volumes(connection, pools, [path, source, record_path(source), record_path(path)])
    for each in (path, source):
        _refuse_directory(found, each)
    if path in found and source in found:
        raise Refused(f"{source} cannot be moved to {path}: both exist.")
    if path in found:
        return VolumePlan([], None, found[path], found[path])
    if source not in found:
        raise NotFound(f"Neither {path} nor {source}, from which it is to be moved, exists.")
    read_file_users(connection).refuse(source, "cannot be moved")
    if path.datastore != source.datastore:
        check_space(pool, found[source].allocation)
    steps = _directory_steps(connection, path, found)
    if request.is_disk:
        steps += side_by_side(
            connection, [Chain(f"move {source} to {path}", [DiskTasks(connection).move(source, path)])]
        )
    else:
        steps.append(Step(f"move {source} to {path}", partial(_move_file, connection, source, path, found)))
    return VolumePlan(steps, None, found[source], replace(found[source], path=path))


def _move_file(
    connection: EsxConnection, source: DatastorePath, path: DatastorePath, found: dict[DatastorePath, Volume]
) -> None:
    move_file(connection, source, path, replace=False)
    if record_path(source) in found:
        move_file(connection, record_path(source), record_path(path), replace=True)
    elif record_path(path) in found:  # of a former file; it is newer than the one that was moved, and would be trusted
        delete_file(connection, record_path(path))


def _plan_download(connection: EsxConnection, request: VolumeRequest, dest: str) -> VolumePlan:
    volume = _existing(connection, read_pools(connection), request.path)
    steps = plan_download(connection, volume, dest, request.checksum)
    return VolumePlan(steps, None, volume, volume)


def _plan_absent(connection: EsxConnection, request: VolumeRequest) -> VolumePlan:
    pools, path = read_pools(connection), request.path
    usable_pool(pools, path.datastore)
    pattern = leftover_pattern(path) if path.is_disk else part_pattern(path)
    found = find_volumes(connection, pools, [path, *([] if path.is_disk else [record_path(path)])], [pattern])
    volume = found.get(path)
    if volume is not None:
        _check_deletable(connection, volume)
    if path.is_disk:
        check_leftovers(connection, [path], found)
        disks = DiskTasks(connection)
        tasks = [*([] if volume is None else [disks.delete(path)]), *leftover_tasks(disks, path, found)]
    else:
        own = [path, record_path(path), *filter(pattern.has, found)]
        tasks = [deletion(connection, file) for file in own if file in found]
    name = f"delete {path}" if volume is not None else f"delete what an interrupted task has left of {path}"
    chains = [Chain(name, tasks)] if tasks else []
    return VolumePlan(side_by_side(connection, chains), None, volume, None)


def _check_deletable(connection: EsxConnection, volume: Volume) -> None:
    if volume.type == "directory":
        raise Refused(f"{volume.path} is a directory; only files are deleted.")
    read_file_users(connection).refuse(volume.path, "cannot be deleted")


def _plan_wiped(connection: EsxConnection, request: VolumeRequest) -> VolumePlan:
    volume = _existing(connection, read_pools(connection), request.path)
    read_file_users(connection).refuse(request.path, "cannot be wiped")
    chain = Chain(f"wipe {request.path}", [DiskTasks(connection).wipe(request.path)])
    return VolumePlan(side_by_side(connection, [chain]), None, volume, volume)


def _directory_steps(connection: EsxConnection, path: DatastorePath, found: dict[DatastorePath, Volume]) -> list[Step]:
    if not path.directory or path.parent in found:
        return []
    return [Step(f"create directory {path.parent}", partial(make_directory, connection, path.parent))]


def _existing(connection: EsxConnection, pools: dict[str, Pool], path: DatastorePath) -> Volume:
    usable_pool(pools, path.datastore)
    found = find_volumes(connection, pools, [path])
    if path not in found:
        raise NotFound(f"There is no volume {path}.")
    _refuse_directory(found, path)
    return found[path]


def _refuse_directory(found: dict[DatastorePath, Volume], path: DatastorePath) -> None:
    if path in found and found[path].type == "directory":
        raise Refused(f"{path} is a directory, not a volume.")


def _warn_of_allocation(connection: EsxConnection, request: VolumeRequest, before: Volume | None) -> None:
    """Warn if a requested allocation has no effect."""
    wanted = request.allocation
    if wanted is None:
        return
    if before is None:
        if not connection.is_direct and (request.source or request.clone_of):
            connection.warn(f"A vCenter decides by itself how the space of {request.path} is allocated, not {wanted}.")
    elif before.provisioning not in (None, THIN if wanted == THIN else THICK):
        connection.warn(
            f"The disk {request.path} is {before.provisioning} and stays so; only a clone of it can be {wanted}."
        )


def _checksum_text(invocation: Invocation, request: VolumeRequest, steps: Sequence[str]) -> str:
    """The checksum of an uploaded file for diff mode, as different content can have the same size."""
    if not invocation.diff or not steps or request.source is None or request.is_disk:
        return ""
    return f"checksum: {source_checksum(request.source, request.checksum)}\n"


def _text(volume: Volume | None) -> str:
    """The volume as YAML, for diff mode; properties that a host changes by itself are left out."""
    if volume is None:
        return ""
    facts = volume.facts()
    return "".join(f"{name}: {facts[name]}\n" for name in ("path", "type", "capacity_bytes"))
