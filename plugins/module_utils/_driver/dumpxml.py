# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The definition of a domain on the host: its VMX file, and the same as domain XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import get_files
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.secrets import without_secrets


def read_texts(connection: EsxConnection, records: Sequence[DomainRecord]) -> list[str | EsxError]:
    """Return the VMX of each domain, or the error of reading it; several files are read in parallel.

    Bytes that are not UTF-8 become surrogate escapes, so that the text represents the file's exact bytes.
    """
    files = [_vmx_file(connection, record) for record in records]
    contents = iter(get_files(connection.session, [file for file in files if isinstance(file, DatastoreFile)]))
    found = [file if isinstance(file, EsxError) else next(contents) for file in files]
    return [item.decode("utf-8", "surrogateescape") if isinstance(item, bytes) else item for item in found]


def read_text(connection: EsxConnection, record: DomainRecord) -> str:
    """Return the VMX of one domain, as ``read_texts`` does.

    :raises EsxError: if it cannot be read.
    """
    (text,) = read_texts(connection, [record])
    if isinstance(text, EsxError):
        raise text
    return text


def to_xml(connection: EsxConnection, record: DomainRecord, facts: HostFacts, text: str) -> str:
    """Return the domain XML of a domain, as ``virsh dumpxml`` prints it: without the VNC password.

    :param text: its VMX, as ``read_texts`` returns it.
    :raises ParseError: if domain XML cannot express the VMX.
    """
    return xml_of(with_uuid(to_domain(connection, record, facts, text), record))


def xml_of(domain: Domain) -> str:
    """Return the domain XML for results and differences, without the VNC password."""
    return write_domain(domain, DIALECTS["esx"].xml, secure=False)


def with_uuid(domain: Domain, record: DomainRecord) -> Domain:
    """Return the domain with the UUID that the host knows, even if the host has not written it into the VMX."""
    return replace(domain, uuid=domain.uuid or record.uuid)


def to_domain(
    connection: EsxConnection, record: DomainRecord, facts: HostFacts, text: str, report: Report | None = None
) -> Domain:
    """As ``to_xml``, but return typed values.

    :param report: collects the keys that a domain has no place for.
    """
    path = parse_datastore_path(record.vmx_path or "")
    return replace(
        read_vmx(text, directory=str(path.parent), datastores=facts.volumes, report=report),
        datacenter_path=connection.datacenter_path_of(record.values["runtime.host"]),
        moref=record.moid,
        id=record.id,
    )


def readable(text: str) -> str:
    """Return a VMX for display: decoded from its declared encoding, without the lines with a VNC password or key.

    A VMX that is broken, or not in its declared encoding, is decoded as far as possible.
    """
    try:
        decoded = VmxFile(text, DIALECTS["esx"]).text
    except ParseError:
        decoded = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return without_secrets(decoded)


def _vmx_file(connection: EsxConnection, record: DomainRecord) -> DatastoreFile | EsxError:
    if record.vmx_path is None:
        return NotFound("The server does not say where the domain's VMX is.")
    try:
        path = parse_datastore_path(record.vmx_path)
    except EsxError as error:
        return error
    datacenter = connection.datacenter_path_of(record.values["runtime.host"])
    return DatastoreFile(datacenter, path.datastore, path.path)
