# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing the definition of a domain that the host has, which libvirt's driver refuses.

The VMX is edited in place. Of a domain that is shut off the edited file is uploaded and read by the host; what the host
can change while a domain runs is in ``live.py``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.browser import scsi_model_of
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference, differences
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest, with_options
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import read_texts, to_domain, with_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, HostFacts, find_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target, append_to_message
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import (
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import DatastoreFile, get_file, put_file
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import as_in_xml, merge_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge_defaults import with_settings_of
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx


@dataclass(frozen=True)
class Change:
    """The present definition of a domain, the wanted one, and in what they differ.

    ``old`` and ``new`` are the VMX; they are the same where nothing differs. ``is_unread`` says that the host has not
    read the present one, since whoever uploaded it was interrupted.
    """

    file: DatastoreFile
    old: bytes
    new: bytes
    before: Domain
    after: Domain
    differences: Sequence[Difference]
    is_unread: bool

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do."""
        return self.old != self.new or self.is_unread

    @property
    def name(self) -> str:
        """The change in words: ``change vcpus, disk sdb``."""
        return "change " + ", ".join(item.name for item in self.differences) if self.differences else "reload"


def find_change(
    connection: EsxConnection,
    request: DomainRequest,
    record: DomainRecord,
    facts: HostFacts,
    predicted: DomainRecord,
) -> Change:
    """What a wish changes in the definition of a domain; one file is read.

    :param foretold: the domain in the state that it will be in.
    :raises Refused: if it gives the domain a name that another one has.
    """
    text = read_texts(connection, [record])[0]
    if isinstance(text, EsxError):
        raise text
    old = text.encode("utf-8", "surrogateescape")
    present = to_domain(connection, record, facts, text)
    path = parse_datastore_path(record.vmx_path or "")
    directory = f"[{path.datastore}] {path.directory}".rstrip()
    new = merge_vmx(
        old,
        _wanted(request, present, directory, facts),
        directory=directory,
        datastores=facts.volumes,
        scsi_model=scsi_model_of(connection),
        report=request.report,
    )
    after = to_domain(connection, predicted, facts, new.decode("utf-8", "surrogateescape"))
    _check_name(connection, record, after)
    return Change(
        file=DatastoreFile(connection.datacenter_path, path.datastore, path.path),
        old=old,
        new=new,
        before=with_uuid(present, record),
        after=with_uuid(after, record),
        differences=differences(as_in_xml(present), as_in_xml(after)) if new != old else [],
        is_unread=record.state == "shutoff" and _has(record) != _says(present),
    )


def _has(record: DomainRecord) -> tuple[int | None, ...]:
    """By what it shows that a host has not read a VMX: the sizes that it knows itself."""
    return record.vcpus, record.max_memory_kib, record.memory_kib


def _says(domain: Domain) -> tuple[int | None, ...]:
    return domain.vcpus, domain.memory_kib, domain.current_memory_kib


def _wanted(request: DomainRequest, present: Domain, directory: str, facts: HostFacts) -> Domain:
    """The description, else the domain as it is, with the plain options; by its UUID it was found."""
    if request.vmx is not None:
        described = read_vmx(request.vmx, directory=directory, datastores=facts.volumes, report=request.report)
    else:
        described = request.xml or present
    wanted = with_options(with_settings_of(described, present), request)
    return replace(wanted, uuid=present.uuid, name=request.name or present.name)


def _check_name(connection: EsxConnection, record: DomainRecord, after: Domain) -> None:
    if not after.name or after.name == record.name:
        return
    other = find_domain(connection, name=after.name)
    if other is not None and other[0].ref != record.ref:
        raise Refused(
            f"The domain '{record.name}' cannot be renamed: the host has another domain '{after.name}', "
            f"with the UUID {other[0].uuid}.",
            hint="Choose another name.",
        )


def change_step(connection: EsxConnection, target: Target, change: Change) -> Step:
    """The step that changes a domain which is shut off by then."""
    return Step(change.name, lambda: _upload_and_reload(connection, target, change))


def _upload_and_reload(connection: EsxConnection, target: Target, change: Change) -> None:
    """Upload the edited VMX and have the host read it; if it does not take it, all is as before."""
    if get_file(connection.session, change.file) != change.old:
        raise Refused(
            f"The definition of {target} was changed by somebody else meanwhile, so it was left alone.",
            hint="Run the task again; it then starts from the new definition.",
        )
    if change.new != change.old:
        put_file(connection.session, change.file, change.new)
    try:
        target.ref.Reload()
    except BaseException as error:
        with contextlib.suppress(EsxError):
            put_file(connection.session, change.file, change.old)
            target.ref.Reload()
            append_to_message(error, "The definition is as before.")
        raise
