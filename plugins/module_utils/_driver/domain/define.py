# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defining a domain that the host does not know: its VMX is placed, uploaded and registered.

Nothing is half done: if the host does not register it, the upload is removed and the previous file restored. The
remains of an interrupted attempt are recognised and used.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.browser import scsi_model_of
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.definition import (
    Definition,
    plan_definition,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import differences
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_users import (
    check_unused,
    disk_exists,
    hard_disks,
    images,
    missing_disk,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.host_limits import check_limits, warn_of_lacks
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.new_ids import without_new_ids
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_files import NewFiles, plan_new_files
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import RESULTING_STATE
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import find_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target, append_to_message
from ansible_collections.virt.esx.plugins.module_utils._driver.registration import find_registered, register_vmx
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import make_directory, make_new_directory
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import (
    ChangedByOther,
    delete_file,
    get_file,
    put_file,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx


@dataclass(frozen=True)
class _Place:
    """Where a new domain's VMX goes, and what is known of it from planning.

    ``former`` is what lies there, None if nothing does; ``has_directory`` says whether the directory exists, and
    ``is_unclaimed`` that no domain of the host has its VMX there, be it one whose files are gone.
    """

    file: DatastoreFile
    directory: DatastorePath
    former: bytes | None
    has_directory: bool
    is_unclaimed: bool


def plan_define(
    connection: EsxConnection, target: Target, request: DomainRequest, facts: HostFacts
) -> tuple[Definition, NewFiles, list[Step]]:
    """Return the definition, the files of its disks, and the steps that make both.

    :raises Refused: if the name, or the file, is another domain's.
    :raises ParseError: if the description cannot be a domain of this host.
    """
    _check_name_is_free(connection, request, facts)
    definition = plan_definition(request, facts, scsi_model_of(connection))
    files = plan_new_files(connection, request.parts, None, definition.domain)
    domain = definition.domain
    networks = [card.source for card in domain.interfaces if card.type == "bridge" and card.source]
    check_limits(connection, domain, networks, facts.networks)
    warn_of_lacks(connection, new_vnc=bool(domain.graphics), new_tpm=bool(domain.tpms))
    file = DatastoreFile(connection.datacenter_path, definition.path.datastore, definition.path.path)
    former = _look_at_former(connection, file, definition, facts, overwrite=request.overwrite)
    disks = hard_disks(domain)
    made = [disk for disk in disks if files.has(disk.source)]
    there = _existing(connection, request, [disk for disk in disks if disk not in made] + images(domain))
    check_unused(connection, None, disks, domain.name)
    place = _Place(
        file,
        definition.path.parent,
        former,
        has_directory=former is not None or _is_beside(definition.path, [*made, *there]),
        is_unclaimed=facts.lacks_vmx(str(definition.path.canonical)),
    )

    def define() -> None:
        _define(connection, target, place, definition)
        target.vmx = _registered_vmx(connection, target, file, definition, facts)

    return definition, files, [*files.steps, Step("define", define)]


def _existing(connection: EsxConnection, request: DomainRequest, disks: list[Disk]) -> list[Disk]:
    """Return the disks and images that are there, and warn of the others.

    A host registers the domain without them, and cannot start it like that.

    :raises NotFound: for one that is not there, if the domain is to be started.
    """
    there = []
    for disk in disks:
        if disk_exists(connection, disk.source or ""):
            there.append(disk)
            continue
        error = missing_disk(disk)
        if RESULTING_STATE.get(request.state, "shutoff") != "shutoff":
            raise error
        lack = "The domain cannot start" if disk.device == "disk" else "The drive cannot be connected"
        connection.warn(f"{error.message} {lack} without it. {error.hint}")
    return there


def _is_beside(path: DatastorePath, disks: list[Disk]) -> bool:
    """Whether the directory of a path exists: one of the disks has its file there, or it is the datastore itself."""
    return not path.parent.path or any(parse_datastore_path(disk.source or "").parent == path.parent for disk in disks)


def _check_name_is_free(connection: EsxConnection, request: DomainRequest, facts: HostFacts) -> None:
    """Refuse the name of another domain; without a UUID and a VMX the domain was looked up by the name already."""
    if (request.uuid is None and request.vmx_path is None) or facts.lacks_name(request.name):
        return
    found = find_domain(connection, DomainKey(request.name))
    if found is None:
        return
    if request.vmx_path is not None:
        has, left_out = f"of {found[0].vmx_path} and not {request.vmx_path}", "vmx_path"
    else:
        has, left_out = f"with the UUID {found[0].uuid} and not {request.uuid}", "the UUID"
    raise Refused(
        f"The host has a domain '{request.name}' already, {has}.",
        hint=f"Choose another name, or leave {left_out} out to change that domain.",
        fault="DuplicateName",
    )


def _look_at_former(
    connection: EsxConnection, file: DatastoreFile, definition: Definition, facts: HostFacts, *, overwrite: bool
) -> bytes | None:
    """The file that lies where the VMX will go; None if there is none.

    :raises Refused: if it is not this domain's, unless it may be replaced.
    """
    try:
        former = get_file(connection.session, file)
    except NotFound:
        return None
    _check_is_nobodys(connection, file)
    if not overwrite and not _is_left_over(former, definition, facts):
        raise Refused(
            f"The file {file} exists and is not this domain's VMX, or has other disks.",
            hint="Register it with vmx_path alone, set overwrite to replace it, or choose another name or directory.",
        )
    return former


def _is_left_over(former: bytes, definition: Definition, facts: HostFacts) -> bool:
    """Whether a file was left by an interrupted attempt to define the same domain: it has its UUID, or all the rest.

    One that has other disks may be a domain with snapshots, which would be taken off them.
    """
    if former == definition.content:
        return True
    try:
        found = _read(former, definition.path, facts)
    except ParseError:
        return False
    has_its_disks = [disk.source for disk in hard_disks(found)] == [
        disk.source for disk in hard_disks(definition.domain)
    ]
    return (has_its_disks and found.uuid == definition.domain.uuid) or not _unlike(found, definition)


def _unlike(found: Domain, definition: Definition) -> list[str]:
    """In what a domain is not as it was described; ids that the description leaves out can be any."""
    wanted, described = definition.domain, definition.described
    unlike = differences(without_new_ids(wanted, described), without_new_ids(found, described))
    return list(dict.fromkeys(item.name for item in unlike))


def _read(content: bytes, path: DatastorePath, facts: HostFacts) -> Domain:
    return read_vmx(content, directory=str(path.parent), datastores=facts.volumes)


def _check_is_nobodys(connection: EsxConnection, file: DatastoreFile) -> None:
    """Refuse a file that is the VMX of a domain; the fault is what registering it once more would give."""
    found = find_registered(connection, str(file))
    if found is not None:
        raise Refused(
            f"The file {file} is the VMX of the domain '{fetch_one(connection.session, found, ['name'])['name']}'.",
            hint="Choose another name or directory.",
            fault="AlreadyExists",
        )


def _define(connection: EsxConnection, target: Target, place: _Place, definition: Definition) -> None:
    """Upload the VMX and register it, unless another client has done so by now."""
    is_free = place.is_unclaimed and not place.has_directory
    if not is_free:
        _check_is_nobodys(connection, place.file)
    with _restored(connection, place, definition):
        is_new = not place.has_directory and _is_made(connection, place.directory)
        if is_free and not is_new:
            _check_is_nobodys(connection, place.file)
        _upload(connection, place, definition)
        target.ref = register_vmx(connection, str(place.file), target)


def _is_made(connection: EsxConnection, directory: DatastorePath) -> bool:
    """Make a directory, as a host takes no file into one that is not there; return whether it was not there.

    Nothing of another client can be in one that is made here.
    """
    try:
        make_new_directory(connection, directory)
    except EsxError as error:
        if error.fault != "FileAlreadyExists":
            raise
        return False
    return True


def _registered_vmx(
    connection: EsxConnection, target: Target, file: DatastoreFile, definition: Definition, facts: HostFacts
) -> bytes:
    """The VMX that the host has, compared with what was uploaded: another client may have uploaded to the same place.

    Which of two uploads a host registers is decided by the order in which it gets the calls.
    """
    content = get_file(connection.session, file)
    same = content == definition.content
    names = [] if same else _unlike(_read(content, definition.path, facts), definition)
    if names:
        raise Refused(
            f"Another client has defined the {target} at the same time, and the host has that definition: it differs "
            f"in {', '.join(names)}.",
            hint="Run the task again to change the domain.",
        )
    return content


def _upload(connection: EsxConnection, place: _Place, definition: Definition) -> None:
    """Upload the VMX, also if its directory has gone by now.

    Where nothing was before, a false success is noticed by the host, which does not register it then, and another
    client's upload to the same place when the VMX is read back.
    """
    verified = place.former is not None
    try:
        put_file(connection.session, place.file, definition.content, verified=verified)
    except NotFound:
        make_directory(connection, place.directory)
        put_file(connection.session, place.file, definition.content, verified=verified)


@contextlib.contextmanager
def _restored(connection: EsxConnection, place: _Place, definition: Definition) -> Iterator[None]:
    """Restore the previous file if the block fails and no client has registered the new one."""
    try:
        yield
    except ChangedByOther:
        raise  # what is there now is another client's
    except BaseException as error:
        with contextlib.suppress(EsxError):
            if find_registered(connection, str(place.file)) is None:
                append_to_message(error, _put_back(connection, place, definition.content))
        raise


def _put_back(connection: EsxConnection, place: _Place, uploaded: bytes) -> str:
    """Put back what was there, if the upload or a part of it is; returns the state of the file, as a sentence."""
    file, former = place.file, place.former
    try:
        found = get_file(connection.session, file)
    except NotFound:
        found = None
    if found == former:
        return "Nothing was uploaded, as a check afterwards has shown." if former is None else f"{file} is as before."
    if former is not None:
        put_file(connection.session, file, former)
        return "The former VMX was uploaded again."
    if found is not None and not uploaded.startswith(found):
        return f"Another client has uploaded {file}, which was left alone."
    with contextlib.suppress(NotFound):
        delete_file(connection.session, file)
    return "The uploaded VMX was removed again."
