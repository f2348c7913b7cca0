# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of a new domain: its description, read and checked, as the VMX that the host will get.

The rules are those of libvirt's driver (esx-driver-rules.md, section 10).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain, Os
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.checks import (
    check_datastore,
    check_devices,
    check_files,
    check_media,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.description import ESX, with_options
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_kinds import is_file_disk
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.hardware_version import (
    check_version,
    newest_version,
    requested_version,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.new_ids import with_new_ids
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_devices import with_parts
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_system import with_system
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.setting_keys import Settings
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import wanted_settings, with_settings
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    check_lengths,
    escape_datastore_item,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.encoding import encode
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import merge_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import default_hardware, write_vmx


@dataclass(frozen=True)
class Definition:
    """A domain to be defined: its VMX, where that goes, what it will be read as, and how it was described."""

    domain: Domain
    described: Domain
    content: bytes
    path: DatastorePath
    settings: Settings


def plan_definition(request: DomainRequest, facts: HostFacts, scsi_model: Callable[[Disk], str]) -> Definition:
    """The domain that a request describes, as it will be on this host.

    :param scsi_model: asked for the model of a controller 'auto', with a disk on it.
    :raises ParseError: if it has no name, or its place does not follow from its disks.
    """
    if not request.name:
        raise ParseError("the description has no name, and the option name is not set.", where="name")
    described = with_options(described_domain(request, facts), request)
    described = with_parts(described, request.parts, _directory(request, described))
    check_files(described, facts.volumes.values())
    domain = with_new_ids(described)
    domain = with_system(domain, request.system, request.report) if request.system else domain
    path = check_lengths(vmx_place(domain, request), where="name")
    check_datastore(path, "pool" if request.vmx_path is None else "vmx_path", facts.volumes.values())
    check_media(domain)
    directory = str(path.parent)
    requested = requested_version(request)
    if requested is not None:
        check_version(requested, facts.host_version)
    if request.vmx is None:
        hardware = requested or min(default_hardware(domain, ESX), newest_version(facts.host_version))
        text = write_vmx(domain, dialect=ESX, hw_version=hardware, scsi_model=scsi_model, report=request.report)
    else:
        text = merge_vmx(request.vmx, domain, hw_version=requested, directory=directory, datastores=facts.volumes)
    settings = wanted_settings(request, domain.name, domain.uuid)
    text = with_settings(text, settings)
    read = read_vmx(text, directory=directory, datastores=facts.volumes)
    check_devices(read)
    return Definition(read, described, _encoded(text), path, {} if request.vmx is not None else settings)


def _directory(request: DomainRequest, described: Domain) -> DatastorePath | None:
    """The directory of a new domain: the requested one, or that of its first disk that has a file."""
    if request.place is not None:
        return request.place.parent
    described_files = [disk.source for disk in described.disks if is_file_disk(disk)]
    named_files = [part.source for part in request.parts.disks]
    files = (file for file in (*described_files, *named_files) if file and file.startswith("["))
    return next((parse_datastore_path(file).parent for file in files), None)


def _encoded(text: str) -> bytes:
    """The bytes of a VMX: in its own encoding, unless surrogate escapes stand for the very bytes of a file."""
    vmx = VmxFile(text, ESX)
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    try:
        return encode(text, vmx.codec)
    except UnicodeEncodeError as error:
        lacking = text[error.start : error.end]
        raise vmx.error_at(".encoding", f"the encoding '{vmx.get('.encoding')}' lacks '{lacking}'") from None


def vmx_place(domain: Domain, request: DomainRequest) -> DatastorePath:
    """The place of a new domain's VMX: the requested one, or beside its first hard disk that is a file (D13).

    :raises ParseError: if it has no such disk, or the disk is in no datastore.
    """
    if request.place is not None:
        return request.place
    disk = next(filter(is_file_disk, domain.disks), None)
    if disk is None or disk.source is None:
        raise ParseError(
            "the domain has no hard disk that is a file, beside which its VMX could be placed.",
            hint="Set pool to say on which datastore the domain goes.",
        )
    return _disk_path(disk, disk.source).beside(f"{escape_datastore_item(request.name or '')}.vmx")


def _disk_path(disk: Disk, source: str) -> DatastorePath:
    """The path of a disk beside which a VMX goes."""
    if not source.startswith("["):
        raise ParseError(
            f"the place of the VMX does not follow from '{source}', expecting '[datastore] directory/name.vmdk'.",
            where=f"<disk> {disk.target}",
            line=disk.line,
        )
    path = parse_datastore_path(source)
    if not path.is_disk:
        raise ParseError(
            f"the source '{source}' is not the name of a disk, expecting it to end in '.vmdk'.",
            where=f"<disk> {disk.target}",
            line=disk.line,
        )
    return path


def described_domain(request: DomainRequest, facts: HostFacts, directory: str | None = None) -> Domain:
    """The domain of a description, its files checked.

    :param directory: the datastore directory of the VMX of a domain that exists, for bare file names in a VMX; without
        it, that which a new domain's VMX will have. A new domain gets all keys of a VMX, so that none is left out.
    :raises ParseError: for a path that does not mean what it seems to mean.
    :raises NotFound: for a file in a datastore that the host does not have, be it a CD-ROM's.
    """
    if request.xml is not None:
        described = request.xml
    elif request.vmx is not None:
        described = _of_vmx(request, request.vmx, facts, directory)
    else:
        described = _from_options(request)
    check_files(described, facts.volumes.values())
    return described


def _of_vmx(request: DomainRequest, vmx: str, facts: HostFacts, directory: str | None) -> Domain:
    """The domain of a VMX in the directory of a domain that exists, or without one where a new one will be."""
    # A volume that the host does not have keeps its name here, so that it can be told; else media become empty.
    volumes = _NamedVolumes(facts.volumes)
    if directory is not None:
        return read_vmx(vmx, directory=directory, datastores=volumes, report=request.report)
    place = vmx_place(read_vmx(vmx, datastores=volumes), request)
    return read_vmx(vmx, directory=str(place.parent), datastores=volumes)


def _from_options(request: DomainRequest) -> Domain:
    """A domain that no XML and no VMX describes; the options say all of it."""
    memory = max(request.max_memory_kib or 0, request.memory_kib or 0)
    if not memory:
        raise ParseError("a new domain needs memory.", where="max_memory")
    return Domain(name=request.name, uuid=request.uuid, memory_kib=memory, os=Os(arch="x86_64"))


class _NamedVolumes(dict[str, str]):
    """The names of datastores by volume; a volume that the host does not have is taken as a name."""

    def __contains__(self, _volume: object) -> bool:
        return True

    def __missing__(self, volume: str) -> str:
        return volume
