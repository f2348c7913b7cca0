# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Defining a domain that the host does not know: its VMX is placed, uploaded and registered.

The rules are those of libvirt's driver (esx-driver.md, section 10).

Nothing is half done: if the host does not register it, what was uploaded goes again, and what was there before comes
back. What an interrupted attempt has left is recognised and taken over.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.browser import scsi_model_of
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import ESX, DomainRequest, with_options
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import HostFacts, find_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target, append_to_message
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    escape_datastore_item,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.about import version_numbers
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import (
    ChangedByOther,
    DatastoreFile,
    delete_file,
    get_file,
    put_file,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import merge_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import default_hardware, write_vmx

# The newest virtual hardware version of each version of ESX, newest first.
HARDWARE = (
    ((8, 0), 20),
    ((7, 0), 17),
    ((6, 7), 14),
    ((6, 5), 13),
    ((6, 0), 11),
    ((5, 5), 10),
    ((5, 1), 9),
    ((5, 0), 8),
    ((4, 0), 7),
    ((0, 0), 4),
)
_HARDWARE_OF_GSX = 7


@dataclass(frozen=True)
class Definition:
    """A domain to be defined: its VMX, where that goes, and what it will be read as."""

    domain: Domain
    content: bytes
    path: DatastorePath


def plan_define(
    connection: EsxConnection, target: Target, request: DomainRequest, facts: HostFacts
) -> tuple[Definition, list[Step]]:
    """What will be defined, and the step that does it.

    :raises Refused: if the name, or the file, is another domain's.
    :raises ParseError: if the description cannot be a domain of this host.
    """
    _check_name_is_free(connection, request)
    definition = plan_definition(request, facts, scsi_model_of(connection))
    file = DatastoreFile(connection.datacenter_path, definition.path.datastore, definition.path.path)
    former = _look_at_former(connection, file, definition, overwrite=request.overwrite)
    return definition, [Step("define", lambda: _define(connection, target, file, definition, former))]


def plan_definition(request: DomainRequest, facts: HostFacts, scsi_model: Callable[[Disk], str]) -> Definition:
    """The domain that a wish describes, as it will be on this host.

    :param scsi_model: asked for the model of a controller 'auto', with a disk on it.
    :raises ParseError: if it has no name, or its place does not follow from its disks.
    """
    if not request.name:
        raise ParseError("the description has no name, and the option name is not set.", where="name")
    domain = with_options(_described(request, facts), request)
    path = vmx_place(domain, request.name)
    if path.datastore not in facts.volumes.values():
        known = ", ".join(f"'{name}'" for name in sorted(facts.volumes.values()))
        raise NotFound(f"The host has no datastore '{path.datastore}'; it has {known or 'none'}.")
    directory = f"[{path.datastore}] {path.directory}".rstrip()
    if request.vmx is None:
        hardware = _hardware(domain, facts.host_version)
        text = write_vmx(domain, dialect=ESX, hw_version=hardware, scsi_model=scsi_model)
    else:
        text = merge_vmx(request.vmx, domain, directory=directory, datastores=facts.volumes)
    read = read_vmx(text, directory=directory, datastores=facts.volumes)
    return Definition(read, _encoded(text), path)


def _encoded(text: str) -> bytes:
    """The bytes of a VMX: in its own encoding, unless surrogate escapes stand for the very bytes of a file."""
    vmx = VmxFile(text, ESX)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    try:
        return text.encode(vmx.codec)
    except UnicodeEncodeError as error:
        lacking = text[error.start : error.end]
        raise vmx.error_at(".encoding", f"the encoding '{vmx.get('.encoding')}' lacks '{lacking}'") from None


def vmx_place(domain: Domain, name: str) -> DatastorePath:
    """The place of a domain's VMX: beside its first hard disk that is a file (D13), in the datastore's root as well.

    :raises ParseError: if it has no such disk, or the disk is in no datastore.
    """
    disk = next((disk for disk in domain.disks if (disk.device, disk.type) == ("disk", "file")), None)
    if disk is None or disk.source is None:
        raise ParseError("the domain has no hard disk that is a file, beside which its VMX could be placed.")
    if not disk.source.startswith("["):
        raise ParseError(
            f"the place of the VMX does not follow from '{disk.source}', expecting '[datastore] directory/name.vmdk'.",
            where=f"<disk> {disk.target}",
            line=disk.line,
        )
    place = parse_datastore_path(disk.source)
    if not place.name.lower().endswith(".vmdk"):
        raise ParseError(
            f"the source '{disk.source}' is not the name of a disk, expecting it to end in '.vmdk'.",
            where=f"<disk> {disk.target}",
            line=disk.line,
        )
    directory = f"{place.directory}/" if place.directory else ""
    return DatastorePath(place.datastore, f"{directory}{escape_datastore_item(name)}.vmx")


def _described(request: DomainRequest, facts: HostFacts) -> Domain:
    """The domain of the description; bare file names of a VMX mean the directory that it will have."""
    if request.xml is not None:
        return request.xml
    first = read_vmx(request.vmx or "", datastores=facts.volumes)
    place = vmx_place(first, request.name or "")
    return read_vmx(request.vmx or "", directory=f"[{place.datastore}] {place.directory}", datastores=facts.volumes)


def _hardware(domain: Domain, host_version: str | None) -> int:
    """The virtual hardware version to write: the usual one, or the newest that an older host has."""
    version = version_numbers(host_version or "") or HARDWARE[0][0]
    return min(default_hardware(domain, ESX), next(newest for since, newest in HARDWARE if version >= since))


def _check_name_is_free(connection: EsxConnection, request: DomainRequest) -> None:
    """Without a UUID the domain was looked up by this name already."""
    found = find_domain(connection, name=request.name) if request.uuid is not None else None
    if found is not None:
        raise Refused(
            f"The host has a domain '{request.name}' already, with the UUID {found[0].uuid} and not {request.uuid}.",
            hint="Choose another name, or leave the UUID out to change that domain.",
            fault="DuplicateName",
        )


def _look_at_former(
    connection: EsxConnection, file: DatastoreFile, definition: Definition, *, overwrite: bool
) -> bytes | None:
    """What lies where the VMX will go, None if nothing does.

    :raises Refused: if it is not this domain's, unless it may be replaced.
    """
    try:
        former = get_file(connection.session, file)
    except NotFound:
        return None
    _check_is_nobodys(connection, file)
    if not overwrite and not _is_left_over(former, definition):
        raise Refused(
            f"The file {file} exists and is not this domain's VMX.",
            hint="Set overwrite to replace it, or choose another name or directory.",
        )
    return former


def _is_left_over(former: bytes, definition: Definition) -> bool:
    """Whether a file was left by an interrupted attempt to define the same domain."""
    if former == definition.content:
        return True
    try:
        return definition.domain.uuid is not None and read_vmx(former).uuid == definition.domain.uuid
    except ParseError:
        return False


def _check_is_nobodys(connection: EsxConnection, file: DatastoreFile) -> None:
    """Refuse a file that is the VMX of a domain; the fault is what registering it once more would give."""
    found = _find_registered(connection, file)
    if found is not None:
        raise Refused(
            f"The file {file} is the VMX of the domain '{fetch_one(connection.session, found, ['name'])['name']}'.",
            hint="Choose another name or directory.",
            fault="AlreadyExists",
        )


def _find_registered(connection: EsxConnection, file: DatastoreFile) -> Any:
    return connection.session.content.searchIndex.FindByDatastorePath(connection.context.datacenter, str(file))


def _define(
    connection: EsxConnection, target: Target, file: DatastoreFile, definition: Definition, former: bytes | None
) -> None:
    """Upload the VMX and register it, unless somebody else has done so meanwhile."""
    context = connection.context
    _check_is_nobodys(connection, file)
    with _restored(connection, file, former):
        _upload(connection, file, definition.content)
        task = context.vm_folder.RegisterVM_Task(str(file), None, False, context.pool, context.host)
        target.ref = connection.wait(task, f"Registering {target}")


def _upload(connection: EsxConnection, file: DatastoreFile, content: bytes) -> None:
    """A host takes no file into a directory that is not there."""
    try:
        put_file(connection.session, file, content)
    except NotFound:
        directory = f"[{file.datastore}] {file.path.rpartition('/')[0]}"
        connection.session.content.fileManager.MakeDirectory(directory, connection.context.datacenter, True)
        put_file(connection.session, file, content)


@contextlib.contextmanager
def _restored(connection: EsxConnection, file: DatastoreFile, former: bytes | None) -> Iterator[None]:
    """Put back what was there before the block, if the block fails and nobody has registered the file."""
    try:
        yield
    except ChangedByOther:
        raise  # what is there now is another client's
    except BaseException as error:
        with contextlib.suppress(EsxError):
            if _find_registered(connection, file) is None:
                _put_back(connection, file, former)
                append_to_message(error, f"What was uploaded is {'removed' if former is None else 'replaced'} again.")
        raise


def _put_back(connection: EsxConnection, file: DatastoreFile, former: bytes | None) -> None:
    if former is not None:
        put_file(connection.session, file, former)
        return
    with contextlib.suppress(NotFound):
        delete_file(connection.session, file)
