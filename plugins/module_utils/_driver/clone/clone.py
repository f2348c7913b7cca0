# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cloning a domain as virt-clone does: its disks are copied by the host, its VMX is written with a new identity.

A standalone host has no method for it, so the same steps are used on hosts and vCenters. A file in the clone's
directory marks an incomplete clone, so that a task that is run again can continue with the files there.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.clone.request import CloneRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.clone.source import Source, read_clone_source
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import DiskRequest, plan_disks
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_tasks import DiskTasks
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.host_tasks import HostTask, run_task
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import find_domain, read_domain_of
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, append_to_message, carry_out
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, read_pools, usable_pool
from ansible_collections.virt.esx.plugins.module_utils._driver.registration import find_registered, register_vmx
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import (
    datastore_file,
    delete_file,
    make_new_directory,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume, find_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    check_lengths,
    directory_of_name,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import get_file, put_file
from ansible_collections.virt.esx.plugins.module_utils._vmx.clone import CloneIdentity, clone_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.mac import GENERATED_PREFIX
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import vmx_file_name


@dataclass(frozen=True)
class ClonePlan(Plan):
    """A plan for a clone. ``present`` is the domain if it exists, ``clone`` what it is or will be."""

    present: bool
    clone: Mapping[str, Any]
    made: Made


@dataclass
class Made:
    """The files to delete if a step fails, once they are marked as the clone's; ``ref`` is the domain once it exists.

    The marker is the first of ``files`` and deleted last, as the files of an incomplete clone are known by it. Nothing
    is deleted if ``vmx`` is registered.
    """

    vmx: DatastorePath | None = None
    disks: list[DatastorePath] = field(default_factory=list)
    files: list[DatastorePath] = field(default_factory=list)
    ref: Any = None


def clone_domain(connection: EsxConnection, invocation: Invocation, request: CloneRequest) -> dict[str, Any]:
    """Clone a domain unless one with the clone's name exists; return the module's result.

    :raises NotFound: if the source does not exist.
    :raises Refused: if the source cannot be cloned as it is. Nothing has been changed then.
    """
    plans: list[ClonePlan] = []

    def make_plan() -> ClonePlan:
        plans.append(_plan(connection, request))
        return plans[-1]

    try:
        outcome = carry_out(connection, invocation, make_plan)
    except BaseException as error:
        _undo(connection, [plan.made for plan in plans], partial(append_to_message, error))
        raise
    if outcome.plan.present:
        name = request.clone_name
        _undo(
            connection,
            [plan.made for plan in plans],
            lambda text: connection.warn(f"Another client has made domain '{name}' at the same time. {text}"),
        )
    clone = dict(outcome.plan.clone)
    if outcome.plan.made.ref is not None:
        record, _facts = read_domain_of(connection, outcome.plan.made.ref, volumes=False)
        clone.update(record.identity())
    before = _text(outcome.first.clone) if outcome.first.present else ""
    return {"domain": clone, **outcome.report(connection, invocation, before, _text(clone))}


def _plan(connection: EsxConnection, request: CloneRequest) -> ClonePlan:
    found = find_domain(connection, DomainKey(request.clone_name), volumes=False)
    pools = read_pools(connection)
    if found is not None:
        record = found[0]
        steps = _left_marker(connection, pools, record.vmx_path)
        clone = {**record.identity(), "vmx_path": record.vmx_path}
        return ClonePlan(steps, None, True, clone, Made())
    _check_uuid(connection, request)
    source = read_clone_source(connection, request.name, request.uuid, request.vmx_path, request.snapshot)
    if len(request.macs) > len(source.cards):
        raise Refused(f"There are {len(request.macs)} macs, but the domain has {len(source.cards)} network cards.")
    stem = directory_of_name(request.clone_name, where="clone_name")
    vmx = DatastorePath(request.pool or source.vmx.datastore, f"{stem}/{stem}.vmx")
    check_lengths(marker_path(vmx), where="clone_name")
    usable_pool(pools, vmx.datastore)
    work = _Work(connection, request, source, vmx)
    return ClonePlan(work.steps(pools), source.record, False, work.description(), work.made)


def _check_uuid(connection: EsxConnection, request: CloneRequest) -> None:
    """Refuse a UUID that another domain has: nothing could tell the two from each other."""
    if request.clone_uuid is None:
        return
    found = find_domain(connection, DomainKey(uuid=request.clone_uuid), volumes=False)
    if found is not None:
        raise Refused(
            f"The clone '{request.clone_name}' cannot be made: the domain '{found[0].name}' has the UUID "
            f"{request.clone_uuid} already.",
            hint="Leave clone_uuid out, and the clone gets a new one.",
        )


def marker_path(vmx: DatastorePath) -> DatastorePath:
    """The file beside the VMX that marks an incomplete clone."""
    return vmx.beside(f".{vmx.name[: -len('.vmx')]}.clone")


def _left_marker(connection: EsxConnection, pools: Mapping[str, Pool], vmx_path: str | None) -> list[Step]:
    """The step that deletes the marker of a clone whose task was killed just before its end."""
    if vmx_path is None or not vmx_path.endswith(".vmx"):
        return []
    vmx = parse_datastore_path(vmx_path)
    if vmx.datastore not in pools or not pools[vmx.datastore].is_accessible:
        return []
    marker = marker_path(vmx)
    if marker not in find_volumes(connection, dict(pools), [marker]):
        return []
    return [Step(f"delete {marker}", partial(delete_file, connection, marker))]


@dataclass(frozen=True)
class _Work:
    """The steps that make one clone."""

    connection: EsxConnection
    request: CloneRequest
    source: Source
    vmx: DatastorePath
    made: Made = field(default_factory=Made)
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def description(self) -> dict[str, Any]:
        """The clone as it will be; its UUID is generated with it, unless one was given."""
        return {
            "name": self.request.clone_name,
            "uuid": self.request.clone_uuid,
            "moid": None,
            "state": "shutoff",
            "vmx_path": str(self.vmx),
        }

    def disks(self) -> dict[str, DatastorePath]:
        """The clone's disks by slot: ``web2.vmdk``, ``web2_1.vmdk``, ..."""
        stem = self.vmx.name[: -len(".vmx")]
        names = [f"{stem}{'' if number == 0 else f'_{number}'}.vmdk" for number in range(len(self.source.disks))]
        return {slot: self.vmx.beside(name) for slot, name in zip(self.source.disks, names)}

    def nvram(self) -> DatastorePath | None:
        """The clone's NVRAM file, None if the source has none."""
        return None if self.source.nvram is None else self.vmx.beside(f"{self.vmx.name[: -len('.vmx')]}.nvram")

    def files(self) -> list[DatastorePath]:
        """Its marker, and all files of the clone."""
        nvram = self.nvram()
        return [marker_path(self.vmx), self.vmx, *self.disks().values(), *([] if nvram is None else [nvram])]

    def steps(self, pools: dict[str, Pool]) -> list[Step]:
        """All steps, in their order."""
        nvram, files = self.nvram(), self.files()
        found = find_volumes(self.connection, pools, files)
        self._check_is_ours(found, files)
        plan = plan_disks(self.connection, self._disk_requests())
        steps = []
        if self.vmx.parent not in found:
            steps.append(Step(f"create directory {self.vmx.parent}", self._make_directory))
        steps.append(Step("mark the clone as incomplete", self._mark))
        steps += plan.disks
        if self.source.nvram is not None and nvram is not None:
            steps.append(Step(f"copy {self.source.nvram} to {nvram}", partial(self._copy_nvram, nvram)))
        steps.append(Step(f"define domain '{self.request.clone_name}'", self._define))
        return steps

    def _disk_requests(self) -> list[DiskRequest]:
        allocation = self.request.allocation
        return [
            DiskRequest(path, None, allocation, clone_of=self.source.disks[slot]) for slot, path in self.disks().items()
        ]

    def _check_is_ours(self, found: Mapping[DatastorePath, Volume], files: Sequence[DatastorePath]) -> None:
        """Refuse to write into a directory that has other files with these names, or those of a finished clone."""
        marker = marker_path(self.vmx)
        taken = [path for path in files if path in found and path != marker]
        if not taken:
            return
        if marker in found and self._is_own_mark(marker):
            users = read_file_users(self.connection)
            for path in taken:
                users.refuse(path, f"cannot become a file of the clone '{self.request.clone_name}'")
            return
        raise Refused(
            f"The clone '{self.request.clone_name}' cannot be made: {', '.join(map(str, taken))} already exists.",
            hint="Delete these files, or choose another name or pool. If they are a domain's, define it instead.",
        )

    def _is_own_mark(self, marker: DatastorePath) -> bool:
        """Whether a marker is that of a clone of the same source."""
        content = get_file(self.connection.session, datastore_file(self.connection, marker))
        return content.decode("utf-8", "replace").strip() == self._mark_text()

    def _mark_text(self) -> str:
        """A text that identifies the source of the clone; the disks of a snapshot have their own names."""
        about = [str(self.source.vmx), *map(str, self.source.disks.values())]
        return hashlib.sha256("\n".join(about).encode()).hexdigest()

    def _make_directory(self) -> None:
        """Make the directory of the clone; two tasks that make one clone would delete each other's files."""
        try:
            make_new_directory(self.connection, self.vmx.parent)
        except EsxError as error:
            if error.fault != "FileAlreadyExists":
                raise
            raise Refused(
                f"Another client has just made the directory {self.vmx.parent}; it may be making the same clone.",
                hint="Run the task again when that has ended.",
            ) from None

    def _mark(self) -> None:
        """Mark the clone as incomplete; its files are deleted from now on if a step fails, those of former runs too."""
        marker = marker_path(self.vmx)
        put_file(self.connection.session, datastore_file(self.connection, marker), f"{self._mark_text()}\n".encode())
        disks = list(self.disks().values())
        self.made.vmx = self.vmx
        self.made.disks.extend(disks)
        self.made.files.extend(file for file in self.files() if file not in disks)

    def _copy_nvram(self, path: DatastorePath) -> None:
        manager, datacenter = self.connection.session.content.fileManager, self.connection.context.datacenter
        source = str(self.source.nvram)
        run_task(
            self.connection,
            HostTask(
                f"Copying {source} to {path}",
                lambda: manager.CopyDatastoreFile_Task(source, datacenter, str(path), datacenter, True),
            ),
        )

    def _define(self) -> None:
        connection, nvram = self.connection, self.nvram()
        macs = [*self.request.macs, *(random_mac() for _card in self.source.cards[len(self.request.macs) :])]
        identity = CloneIdentity(
            name=self.request.clone_name,
            uuid=self.request.clone_uuid or self.uuid,
            description=self.request.description,
            files={slot: path.name for slot, path in self.disks().items()},
            images={key: vmx_file_name(str(path), verbatim=False) for key, path in self.source.images.items()},
            macs=dict(zip(self.source.cards, macs)),
            nvram=None if nvram is None else nvram.name,
        )
        put_file(connection.session, datastore_file(connection, self.vmx), clone_vmx(self.source.content, identity))
        self.made.ref = register_vmx(connection, str(self.vmx), f"domain '{self.request.clone_name}'")
        delete_file(connection, marker_path(self.vmx))


def random_mac() -> str:
    """Return a random MAC address from the range that hosts and libvirt use for generated addresses."""
    return ":".join([GENERATED_PREFIX, *(f"{byte:02x}" for byte in os.urandom(3))])


def _undo(connection: EsxConnection, attempts: Sequence[Made], say: Callable[[str], None]) -> None:
    """Delete the files of an unfinished clone, unless it was registered as a domain after all.

    :param say: takes a sentence about what became of them.
    """
    disks = dict.fromkeys(disk for made in attempts for disk in made.disks)
    files = dict.fromkeys(file for made in attempts for file in made.files)
    paths = {str(made.vmx) for made in attempts if made.vmx is not None}
    if not files:
        return
    try:
        if any(find_registered(connection, path) is not None for path in paths):
            return
        _delete(connection, disks, reversed(files))
    except EsxError as again:
        say(f"Not all files of the clone could be deleted: {again.message}")
    else:
        say("The files of the clone were deleted again.")


def _delete(connection: EsxConnection, disks: Iterable[DatastorePath], files: Iterable[DatastorePath]) -> None:
    tasks = DiskTasks(connection)
    for disk in disks:
        run_task(connection, tasks.delete(disk))
    for file in files:
        delete_file(connection, file)


def _text(clone: Mapping[str, Any]) -> str:
    """The clone as YAML, for a difference; its identifiers are known only when it is made."""
    return "".join(f"{name}: {clone[name]}\n" for name in ("name", "state", "vmx_path"))
