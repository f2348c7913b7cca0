# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps to a domain that the host does not know: it is defined, or its VMX, which lies there, is registered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.autostart import plan_autostart
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.define import plan_define
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.domain_plan import DomainPlan
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.host_devices import with_device_ids
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.networks import with_networks
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import RESULTING_STATE, Guest, plan_power
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.register import plan_register
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.result import DomainResult
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import setting_text
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey, not_found
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import xml_of
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts, read_host_facts
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, parse_datastore_path

_HOW_TO_DEFINE = (
    "Describe it in xml or vmx, or set pool, to have it defined. In check mode, a domain that an earlier task would "
    "define is not there either: define and start it in one task."
)


def plan_unless_known(connection: EsxConnection, request: DomainRequest) -> DomainPlan | None:
    """As ``plan_new``, for a domain that an earlier item of a loop has not seen; None if the host may know it by now.

    The names of the host's domains are read with its facts, which are needed anyway.
    """
    facts = _read_facts(connection, request)
    return _plan_defined(connection, request, facts) if facts.lacks_name(request.name) else None


def plan_new(connection: EsxConnection, request: DomainRequest) -> DomainPlan:
    """Return the plan for a domain that the host does not know.

    :raises NotFound: if nothing says what it is to be, or its moid, which only the server gives, is requested.
    :raises Refused, ParseError: if it cannot be a domain of this host.
    """
    if request.vmx_path is not None and not request.is_definition and request.moid is None:
        return _plan_registered(connection, request)
    if not request.can_be_new:
        meant = DomainKey(request.name, request.uuid, request.moid, request.vmx_path)
        raise not_found(connection, meant, None if request.moid is not None else _HOW_TO_DEFINE)
    return _plan_defined(connection, request, _read_facts(connection, request))


def _read_facts(connection: EsxConnection, request: DomainRequest) -> HostFacts:
    has_cards = bool(request.xml.interfaces if request.xml is not None else request.parts.interfaces)
    return read_host_facts(connection, autostart=request.is_about_autostart, networks=has_cards, domains=True)


def _plan_defined(connection: EsxConnection, request: DomainRequest, facts: HostFacts) -> DomainPlan:
    parts = with_networks(connection, with_device_ids(connection, request.parts))
    request = replace(request, parts=parts)
    target = Target(request.name or "")
    definition, files, steps = plan_define(connection, target, request, facts)
    after = _result_of_new(connection, request, definition.domain, definition.path)
    settings = "".join(setting_text(key, value) for key, value in definition.settings.items())
    after = replace(after, details=settings + files.text())
    return _plan_started(connection, request, facts, target, steps, after)


def _plan_registered(connection: EsxConnection, request: DomainRequest) -> DomainPlan:
    """The plan for a VMX that lies there already, of which the host does not know."""
    facts = read_host_facts(connection, autostart=request.is_about_autostart)
    target = Target(request.name or "")
    domain, step = plan_register(connection, target, request, facts)
    path = parse_datastore_path(request.vmx_path or "")
    return _plan_started(connection, request, facts, target, [step], _result_of_new(connection, request, domain, path))


def _plan_started(
    connection: EsxConnection,
    request: DomainRequest,
    facts: HostFacts,
    target: Target,
    steps: Sequence[Step],
    after: DomainResult,
) -> DomainPlan:
    """The plan for a domain that the first steps make known to the host, with the steps that follow."""
    guest = Guest(shutdown_timeout=request.shutdown_timeout)
    following = [
        *plan_autostart(connection, target, facts, request.autostart, request.autostart_settings),
        *plan_power(connection, target, "shutoff", request.state, guest, facts),
    ]
    before = DomainResult(after.name, request.uuid, None, "undefined")
    return DomainPlan([*steps, *following], None, target, before, after, facts, has_xml=True)


def _result_of_new(
    connection: EsxConnection, request: DomainRequest, domain: Domain, path: DatastorePath
) -> DomainResult:
    """The domain as the host will have it; its moid, and a UUID that nobody gives, are not known yet."""
    return DomainResult(
        name=domain.name,
        uuid=domain.uuid,
        moid=None,
        state=RESULTING_STATE.get(request.state, "shutoff"),
        vcpus=domain.vcpus,
        memory_kib=domain.current_memory_kib,
        max_memory_kib=domain.memory_kib,
        autostart=request.autostart,
        vmx_path=str(path),
        host=connection.context.host_name,
        xml=xml_of(replace(domain, datacenter_path=connection.datacenter_path)),
    )
