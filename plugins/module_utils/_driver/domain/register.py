# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering a VMX that lies on a datastore: the host knows the domain from then on, and the file is not changed."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.checks import listed
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import find_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target
from ansible_collections.virt.esx.plugins.module_utils._driver.registration import register_vmx
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import get_file
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx


def plan_register(
    connection: EsxConnection, target: Target, request: DomainRequest, facts: HostFacts
) -> tuple[Domain, Step]:
    """The domain of the VMX that is to be registered, and the step that does it.

    :raises NotFound: if there is no such file.
    :raises Refused: if the host has another domain of that name, or more than registering is requested.
    :raises ParseError: if the file is not a VMX.
    """
    path = parse_datastore_path(request.vmx_path or "")
    content = _content(connection, path, facts)
    read = read_vmx(content, directory=str(path.parent), datastores=facts.volumes)
    domain = replace(read, name=request.name or read.name)
    target.name = domain.name or ""
    _check_request(target, request, path, read)
    _check_name_is_free(connection, target.name)

    def register() -> None:
        target.ref = register_vmx(connection, str(path), target, request.name)

    return domain, Step("register", register)


def _content(connection: EsxConnection, path: DatastorePath, facts: HostFacts) -> bytes:
    """The content of the VMX."""
    if path.datastore not in facts.volumes.values():
        text = f"vmx_path: the host has no datastore '{path.datastore}'; it has {listed(facts.volumes.values())}."
        raise NotFound(text)
    try:
        return get_file(connection.session, datastore_file(connection, path))
    except NotFound as error:
        raise NotFound(
            f"The host has no domain with the VMX {path}, and there is no such file that could be registered.",
            hint="Correct vmx_path, or describe the domain in xml or vmx to have it defined there.",
        ) from error


def _check_request(target: Target, request: DomainRequest, path: DatastorePath, read: Domain) -> None:
    """Refuse a request for more than registering a VMX, or for another domain than it describes."""
    if request.is_about_definition:
        raise Refused(
            f"The {target} is registered by its VMX as it is, and cannot be changed in the same task.",
            hint="Change it in a second task.",
        )
    if request.uuid not in (None, read.uuid):
        raise Refused(
            f"The VMX {path} is that of the domain '{read.name}' with the UUID {read.uuid}, not {request.uuid}.",
            hint="Correct the UUID, or leave it out.",
        )


def _check_name_is_free(connection: EsxConnection, name: str) -> None:
    other = find_domain(connection, DomainKey(name))
    if other is not None:
        raise Refused(
            f"The host has a domain '{name}' already, of {other[0].vmx_path}.",
            hint="Give the option name to register this one under another name.",
            fault="DuplicateName",
        )
