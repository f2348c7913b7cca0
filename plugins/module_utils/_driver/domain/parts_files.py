# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the disks that a task names: made where they are missing, and grown where they are too small.

The file of a disk that is new to the domain is made before the domain gets the disk. So an interrupted task finds the
file under the same name, and goes on with it. A disk that the domain has grows by the same ReconfigVM_Task that makes
all other changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import (
    DiskRequest,
    check_room_to_grow,
    plan_disks,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_growth import check_may_grow
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_options import disk_requests
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import (
    Difference,
    disk_pairs,
    new_sources,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_identity import is_kept
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import Machine
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import DiskPart, Parts
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import FileUsers, read_file_users_and_pools
from ansible_collections.virt.esx.plugins.module_utils._driver.options import size_text
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    canonical_path,
    parse_datastore_path,
    quoted,
)

GROWTH = "disk_sizes"


@dataclass(frozen=True)
class NewFiles:
    """The steps that make the files of new disks; ``paths`` are these files, canonical, also those that exist.

    ``sizes`` are their sizes in bytes, by the targets of the disks.
    """

    steps: Sequence[Step] = ()
    paths: frozenset[str] = field(default_factory=frozenset)
    sizes: Mapping[str, int] = field(default_factory=dict)

    def text(self) -> str:
        """The sizes as lines for diff mode; domain XML does not have them."""
        return "".join(f"size of disk {target}: {size_text(size)}\n" for target, size in self.sizes.items())

    def has(self, source: str | None) -> bool:
        """Whether a disk's file is one of these, and so exists when the domain gets the disk."""
        return source is not None and canonical_path(source) in self.paths


@dataclass(frozen=True)
class Growth:
    """A disk of the domain that grows to ``capacity`` bytes."""

    disk: Disk
    capacity: int


def plan_new_files(connection: EsxConnection, parts: Parts, before: Domain | None, after: Domain) -> NewFiles:
    """Return how the files of disks that are new to a domain are made; two reads, none without such a disk.

    :param before: the domain as it is, None for a new one.
    :param after: the domain as it is to be.
    :raises ParseError: for a new disk whose place is not known.
    :raises Refused, NotFound: as ``plan_disks``.
    """
    new = _new_parts(parts, before)
    if not new:
        return NewFiles()
    disks = {disk.target: disk for disk in after.disks}
    files = {part.target: parse_datastore_path(_source(disks[part.target])) for part in new}
    plan = plan_disks(connection, _disk_requests(new, files, disks))
    return NewFiles(
        plan.steps,
        frozenset(canonical_path(str(path)) for path in files.values()),
        {target: plan.after[path].capacity for target, path in files.items()},
    )


def _new_parts(parts: Parts, before: Domain | None) -> list[DiskPart]:
    """The named disks that the domain does not have, and whose files are to be made."""
    known = _targets(before) if before is not None else set()
    return [part for part in parts.disks if part.makes_file and part.target not in known]


def _targets(domain: Domain) -> set[str]:
    return {disk.target for disk in domain.disks}


def _disk_requests(
    parts: Sequence[DiskPart], files: Mapping[str, DatastorePath], disks: Mapping[str, Disk]
) -> list[DiskRequest]:
    """The requests for the files of disks, by their targets; one on an IDE bus is made for that."""
    requests = disk_requests([part.file for part in parts], files)
    return [
        replace(request, adapter="ide") if disks[part.target].bus == "ide" else request
        for request, part in zip(requests, parts)
    ]


def _source(disk: Disk) -> str:
    if disk.source is None or not disk.source.startswith("["):
        raise ParseError(
            f"the file of the disk {disk.target} cannot be made: its place is not known.",
            where="disks",
            hint="Give it a source, as '[datastore1] web/web.vmdk', or set pool.",
        )
    return disk.source


def sized(parts: Parts, present: Domain) -> list[DiskPart]:
    """Return the named disks that the domain has and whose size is given."""
    known = _targets(present)
    return [part for part in parts.disks if part.file.size is not None and part.target in known]


def growth_of(
    connection: EsxConnection, parts: Sequence[DiskPart], present: Domain, machine: Machine
) -> list[Difference]:
    """Return the disks of a domain that have to grow, as differences; two reads at most, none without such a disk.

    :raises Refused: for a disk that would have to become smaller, that snapshots are based on, that another domain
        needs as large as it is, or that its datastore has no room for.
    """
    disks = {disk.target: disk for disk in present.disks}
    found = []
    for part in parts:
        disk, size = disks[part.target], part.file.size or 0
        capacity = _capacity(disk, machine)
        if size < capacity:
            raise Refused(
                f"The disk {disk.target}, {disk.source}, has {capacity} bytes, more than the {size} requested; a disk "
                "cannot become smaller.",
                hint="Correct its size, or leave it out.",
            )
        if size > capacity:
            _check_may_grow(disk, machine)
            found.append(Difference(GROWTH, f"size of disk {disk.target}", capacity, Growth(disk, size)))
    if found:
        users, pools = read_file_users_and_pools(connection)
        _check_users(users, [item.after.disk.source or "" for item in found])
        check_room_to_grow(pools, dict(_growing(found, machine)))
    return found


def _growing(found: Sequence[Difference], machine: Machine) -> Iterator[tuple[DatastorePath, tuple[int, int]]]:
    """The capacity of each disk afterwards, and the space that it takes in addition: none, unless it is a thick one."""
    for item in found:
        source, capacity = item.after.disk.source or "", item.after.capacity
        if source.startswith("["):
            backing = machine.in_slot(item.after.disk).backing
            is_thick = getattr(backing, "thinProvisioned", None) is False
            yield parse_datastore_path(source), (capacity, capacity - item.before if is_thick else 0)


def _check_users(users: FileUsers, sources: Sequence[str]) -> None:
    for path in (parse_datastore_path(source) for source in sources if source.startswith("[")):
        check_may_grow(path, users.of(path))


def _capacity(disk: Disk, machine: Machine) -> int:
    """The size of a disk in bytes, as the host says it."""
    device = machine.in_slot(disk)
    if device is None:
        raise Refused(f"The host does not say how large the disk {disk.target} is, so it cannot grow.")
    return int(device.capacityInKB) * 1024


def _check_may_grow(disk: Disk, machine: Machine) -> None:
    if machine.snapshots:
        raise Refused(
            f"The disk {disk.target} cannot grow: the domain has the snapshots {quoted(machine.snapshots)}.",
            hint="Remove the snapshots first.",
        )


def check_same_files(name: str, parts: Parts, found: Sequence[Difference]) -> None:
    """Check that no named disk would be exchanged for another file, and that one with a size stays where it is.

    :param name: the domain's name.
    :param found: the differences, with the names that the present domain has for its own files.
    :raises Refused: if one would.
    """
    named = {part.target for part in parts.disks if part.source is not None}
    for before, after in new_sources(found):
        if before is not None and after.target in named:
            raise Refused(
                f"The disk {before.target} of the domain '{name}' is '{before.source}', not '{after.source}'.",
                hint="Give it the state absent first, if it is to be exchanged; its file stays.",
            )
    _check_grown_disks_stay(name, parts, found)


def _check_grown_disks_stay(name: str, parts: Parts, found: Sequence[Difference]) -> None:
    with_size = {part.target for part in parts.disks if part.file.size is not None}
    for before, after in disk_pairs(found):
        if before is not None and before.target in with_size and not is_kept(before, after):
            raise Refused(
                f"The disk {before.target} of the domain '{name}', '{before.source}', cannot grow in the task that "
                "gives the domain another disk in its place.",
                hint="Give the size in a second task.",
            )
