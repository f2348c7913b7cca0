# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk files that must exist: created, cloned, or filled from an image if they are missing, grown otherwise.

A disk that takes time to make gets a temporary name beside its own first. By its form a task that is run again after
an interruption finds the incomplete file and deletes it. A file with the final name is complete. An existing disk is
never recreated and never shrinks.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_growth import plan_growth
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_leftovers import (
    check_leftovers,
    flat_path,
    leftover_bytes,
    leftover_pattern,
    leftover_tasks,
    new_upload_path,
    part_path,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_tasks import DiskTasks
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import FileUsers, read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.host_tasks import Chain, run_task, side_by_side
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, append_to_message
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, read_pools, usable_pool
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import (
    amount_text,
    datastore_file,
    make_directory,
    removed_on_error,
    upload_blocks,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume, find_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._images.descriptor import flat_descriptor
from ansible_collections.virt.esx.plugins.module_utils._images.image import Image, raw_blocks
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, check_lengths
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import put_file

ALLOCATIONS = ("thin", "thick", "eager")
THIN, THICK = ALLOCATIONS[:2]
ADAPTERS = ("lsilogic", "buslogic", "ide")


@dataclass(frozen=True)
class DiskRequest:
    """A disk file that must exist.

    ``capacity`` is in bytes, a multiple of 1 KiB; None for the source's. At most one of ``clone_of`` and
    ``image`` says what is in it. ``allocation`` and ``adapter`` matter only where it is made.
    """

    path: DatastorePath
    capacity: int | None = None
    allocation: str = THIN
    adapter: str = ADAPTERS[0]
    clone_of: DatastorePath | None = None
    image: Image | None = None


@dataclass(frozen=True)
class DiskPlan:
    """The steps to make and grow disks, with the disks before and after them; None for a missing one.

    ``directories`` are the steps that make the directories of new disks, ``disks`` those that follow.
    """

    directories: Sequence[Step]
    disks: Sequence[Step]
    before: Mapping[DatastorePath, Volume | None]
    after: Mapping[DatastorePath, Volume]

    @property
    def steps(self) -> list[Step]:
        """All steps, in their order."""
        return [*self.directories, *self.disks]


def plan_disks(connection: EsxConnection, requests: Sequence[DiskRequest]) -> DiskPlan:
    """Return the plan that makes all requested disk files exist, each at least as large as requested.

    It costs two reads, and one more if a disk must grow or be cloned.

    :raises NotFound: if a datastore or a disk to clone does not exist.
    :raises Refused: if a disk would shrink, or there is no room for it. Nothing has been changed then.
    """
    pools = read_pools(connection)
    _check_pools(pools, requests)
    names = [path for request in requests for path in _paths(request)]
    found = find_volumes(connection, pools, names, [leftover_pattern(request.path) for request in requests])
    before = {request.path: found.get(request.path) for request in requests}
    after = {request.path: _wanted(request, found) for request in requests}
    missing = [request for request in requests if before[request.path] is None]
    check_leftovers(connection, [request.path for request in missing], found)
    _check_names(missing)
    _check_space(pools, found, requests)
    _check_sources(connection, missing)
    tasks = DiskTasks(connection)
    steps = [*_steps_for_missing(tasks, missing, found), *plan_growth(connection, tasks, _growing(before, after))]
    return DiskPlan(_directories(connection, missing, found), steps, before, after)


def _check_pools(pools: dict[str, Pool], requests: Sequence[DiskRequest]) -> None:
    for request in requests:
        usable_pool(pools, request.path.datastore)
        if request.clone_of is not None:
            usable_pool(pools, request.clone_of.datastore)


def _paths(request: DiskRequest) -> list[DatastorePath]:
    """The files to look for: the disk, and the source of a clone."""
    return [request.path, *([] if request.clone_of is None else [request.clone_of])]


def _growing(
    before: Mapping[DatastorePath, Volume | None], after: Mapping[DatastorePath, Volume]
) -> list[tuple[Volume, int]]:
    """The disks that must grow, and the capacity of each afterwards."""
    disks = [(volume, after[path].capacity) for path, volume in before.items() if volume is not None]
    return [(volume, capacity) for volume, capacity in disks if volume.capacity < capacity]


def _wanted(request: DiskRequest, found: Mapping[DatastorePath, Volume]) -> Volume:
    """The disk as it will be."""
    volume = found.get(request.path)
    return _new(request, found) if volume is None else _kept(request, volume)


def _kept(request: DiskRequest, volume: Volume) -> Volume:
    """An existing disk, with the capacity that it will have."""
    if volume.type != "vmdk":
        raise Refused(f"{request.path} is not a disk, but a {volume.type}.")
    capacity = volume.capacity if request.capacity is None else request.capacity
    if capacity < volume.capacity:
        raise Refused(
            f"The disk {request.path} has {volume.capacity} bytes, more than the {capacity} requested; "
            "a disk cannot become smaller."
        )
    return replace(volume, capacity=capacity)


def _new(request: DiskRequest, found: Mapping[DatastorePath, Volume]) -> Volume:
    least = _source_capacity(request, found)
    if request.capacity is not None and least is not None and request.capacity < least:
        source = request.clone_of if request.image is None else f"image '{request.image.path}'"
        raise Refused(
            f"The disk {request.path} would have {request.capacity} bytes, but the {source} has {least}; "
            "a disk cannot become smaller."
        )
    capacity = request.capacity or least
    if capacity is None:
        raise Refused(f"The disk {request.path} does not exist, and no capacity is given to create it with.")
    allocation = 0 if request.allocation == THIN else capacity
    return Volume(request.path, "vmdk", capacity, allocation, THIN if request.allocation == THIN else THICK)


def _source_capacity(request: DiskRequest, found: Mapping[DatastorePath, Volume]) -> int | None:
    if request.image is not None:
        return request.image.capacity
    if request.clone_of is None:
        return None
    source = found.get(request.clone_of)
    if source is None:
        raise NotFound(f"The disk {request.clone_of}, of which {request.path} is to be a clone, does not exist.")
    if source.type != "vmdk":
        raise Refused(f"{request.clone_of} is not a disk, but a {source.type}; {request.path} cannot be its clone.")
    return source.capacity


def _check_names(missing: Sequence[DiskRequest]) -> None:
    """Refuse names that cannot be extended to those of temporary files, and sources that have the name of one.

    :raises Refused: for a source that would be deleted as an incomplete disk before it is cloned.
    """
    patterns = [(request.path, leftover_pattern(request.path)) for request in missing]
    for request in missing:
        check_lengths(_longest_name(request), where="a file beside the disk")
        if request.image is not None and '"' in request.path.name:
            raise Refused(
                f"The disk {request.path} cannot be made from an image: a disk names the file of its data in quotation "
                "marks, so its name can have none.",
                hint="Choose a name without a quotation mark.",
            )
        source = request.clone_of
        path = None if source is None else next((path for path, pattern in patterns if pattern.has(source)), None)
        if path is not None:
            raise Refused(
                f"{source} cannot be cloned to {request.path}: it has the name of an incomplete {path}, which is "
                "deleted first.",
                hint="Give it another name first, with moved_from.",
            )


def _longest_name(request: DiskRequest) -> DatastorePath:
    """The longest name of a file that is made for a disk."""
    if request.image is not None:
        return flat_path(new_upload_path(request.path))
    return flat_path(part_path(request.path) if _takes_time(request) else request.path)


def _check_space(
    pools: Mapping[str, Pool], found: Mapping[DatastorePath, Volume], requests: Sequence[DiskRequest]
) -> None:
    """Refuse, before the first step, disks that would fill a datastore or exceed its maximum size of a disk."""
    needed: dict[str, int] = {}
    for request in requests:
        present, capacity = found.get(request.path), _wanted(request, found).capacity
        if present is None or present.capacity < capacity:
            pool = pools[request.path.datastore]
            _check_capacity(pool, request.path, capacity)
            needed[pool.name] = needed.get(pool.name, 0) + _space(request, found, capacity)
    _check_free(pools, needed)


def check_room_to_grow(pools: dict[str, Pool], growing: Mapping[DatastorePath, tuple[int, int]]) -> None:
    """Refuse that disks of a domain grow beyond their datastores.

    :param growing: for each disk its capacity afterwards, and the space that it then takes in addition, in bytes.
    """
    needed: dict[str, int] = {}
    for path, (capacity, space) in growing.items():
        _check_capacity(usable_pool(pools, path.datastore), path, capacity)
        needed[path.datastore] = needed.get(path.datastore, 0) + space
    _check_free(pools, needed)


def _check_free(pools: Mapping[str, Pool], needed: Mapping[str, int]) -> None:
    for name, size in needed.items():
        if size > pools[name].available:
            raise Refused(
                f"The datastore '{name}' is too full: {amount_text(size)} are needed, "
                f"{amount_text(pools[name].available)} are free."
            )


def _check_capacity(pool: Pool, path: DatastorePath, capacity: int) -> None:
    if pool.largest_disk is not None and capacity > pool.largest_disk:
        raise Refused(
            f"The disk {path} would have {amount_text(capacity)}; the datastore '{pool.name}' holds disks of at most "
            f"{amount_text(pool.largest_disk)}."
        )


def _check_sources(connection: EsxConnection, missing: Sequence[DiskRequest]) -> None:
    """Refuse to clone a disk that a running domain writes to, as the host has it locked."""
    sources = [request.clone_of for request in missing if request.clone_of is not None]
    users = read_file_users(connection) if sources else FileUsers()
    for source in sources:
        for user in users.of(source):
            if user.disk is not None and user.state == "running":
                raise Refused(
                    f"The disk {source} cannot be cloned: the running domain '{user.name}' writes to it.",
                    hint="Shut the domain off, or clone the disk of a snapshot.",
                )


def _space(request: DiskRequest, found: Mapping[DatastorePath, Volume], capacity: int) -> int:
    """The maximum space that making or growing a disk takes."""
    present = found.get(request.path)
    if present is not None:
        return capacity - present.capacity if present.provisioning == THICK else 0
    return _space_of_new(request, found, capacity) - leftover_bytes(request.path, found)


def _space_of_new(request: DiskRequest, found: Mapping[DatastorePath, Volume], capacity: int) -> int:
    """The maximum space that making a disk takes; an image is uploaded with all its zeros before it becomes thin."""
    if request.allocation != THIN:
        return capacity + (request.image.capacity if request.image is not None else 0)
    if request.image is not None:
        return request.image.capacity
    return 0 if request.clone_of is None else found[request.clone_of].allocation


def _directories(
    connection: EsxConnection, missing: Sequence[DiskRequest], found: Mapping[DatastorePath, Volume]
) -> list[Step]:
    """Make the directories of new disks that do not exist."""
    directories = dict.fromkeys(request.path.parent for request in missing if request.path.directory)
    return [
        Step(f"create directory {directory}", partial(make_directory, connection, directory))
        for directory in directories
        if directory not in found
    ]


def _steps_for_missing(
    tasks: DiskTasks, missing: Sequence[DiskRequest], found: Mapping[DatastorePath, Volume]
) -> list[Step]:
    """Create and clone disks side by side, then fill disks from images, each by itself."""
    made = [_chain(tasks, request, found) for request in missing if request.image is None]
    filled = [
        Step(f"create {request.path} from {request.image.path}", partial(_fill, tasks, request, request.image, found))
        for request in missing
        if request.image is not None
    ]
    return [*side_by_side(tasks.connection, made), *filled]


def _chain(tasks: DiskTasks, request: DiskRequest, found: Mapping[DatastorePath, Volume]) -> Chain:
    """The host's tasks that create or clone a disk."""
    path, part = request.path, part_path(request.path)
    left_over = leftover_tasks(tasks, path, found)
    if request.clone_of is None:
        capacity = request.capacity or 0
        if not _takes_time(request):
            return Chain(f"create {path}", [*left_over, tasks.create(path, capacity, request)])
        made = tasks.create(part, capacity, request)
        return Chain(f"create {path}", [*left_over, made, tasks.move(part, path)], partial(_drop, tasks, part))
    grow = [tasks.extend(part, request.capacity)] if _is_larger(request, found[request.clone_of]) else []
    copies = [*left_over, tasks.copy(request.clone_of, part, request), *grow, tasks.move(part, path)]
    return Chain(f"clone {request.clone_of} to {path}", copies, partial(_drop, tasks, part))


def _takes_time(request: DiskRequest) -> bool:
    """Whether making a disk takes time; an empty thin one is there at once, and leaves nothing behind if it fails."""
    return request.clone_of is not None or request.image is not None or request.allocation != THIN


def _is_larger(request: DiskRequest, source: Volume | Image) -> bool:
    return request.capacity is not None and request.capacity > source.capacity


def _drop(tasks: DiskTasks, part: DatastorePath) -> None:
    run_task(tasks.connection, tasks.delete(part))


def _fill(tasks: DiskTasks, request: DiskRequest, image: Image, found: Mapping[DatastorePath, Volume]) -> None:
    """Upload an image as a disk's data, and make the disk from it.

    A host copies the uploaded disk, so that the result is thin or thick as requested. Through a vCenter that is
    not possible, so the uploaded disk itself is used.
    """
    connection, path = tasks.connection, request.path
    upload = new_upload_path(path)
    part = part_path(path) if connection.is_direct else upload
    for task in leftover_tasks(tasks, path, found):
        run_task(connection, task)
    try:
        with removed_on_error(connection, flat_path(upload), upload):
            _upload_pair(connection, request, image, upload)
            if connection.is_direct:
                run_task(connection, tasks.copy(upload, part, request))
        with _dropped_on_error(tasks, part):
            if connection.is_direct:
                run_task(connection, tasks.delete(upload))
            if _is_larger(request, image):
                run_task(connection, tasks.extend(part, request.capacity))
            run_task(connection, tasks.move(part, path))
    except EsxError as error:
        append_to_message(error, f"The disk {path} was not created.")
        raise


def _upload_pair(connection: EsxConnection, request: DiskRequest, image: Image, upload: DatastorePath) -> None:
    """The two files of a disk whose data are stored as they are, which every host can use."""
    flat = flat_path(upload)
    with raw_blocks(image) as blocks:
        upload_blocks(connection, flat, blocks, image.capacity, f"Uploading {image.path} to {request.path}")
    text = flat_descriptor(image.capacity, flat.name, request.adapter, hosted=False)
    put_file(connection.session, datastore_file(connection, upload), text.encode())


@contextlib.contextmanager
def _dropped_on_error(tasks: DiskTasks, part: DatastorePath) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(EsxError):
            _drop(tasks, part)
        raise
