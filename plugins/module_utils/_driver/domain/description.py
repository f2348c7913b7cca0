# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The description that a user gives of a domain, and the plain options that override it."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Cpu, Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.shares import same_shares
from ansible_collections.virt.esx.plugins.module_utils._domain.values import round_up
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import NO_UUID
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import memory_limit_kib
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import MIB, DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._texts import wrong_in_xml
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.wanted import read_wanted

ESX = DIALECTS["esx"]


def read_vmx_description(vmx: str) -> Domain:
    """The domain of a VMX; without a displayName it is called nothing, not as its directory (P4).

    :raises ParseError: for a VMX that cannot be read, or with a value that no domain XML could say: no later task
        could name or describe the domain.
    """
    file = VmxFile(vmx, ESX)
    _check_characters(file)
    domain = read_vmx(vmx)
    return domain if "displayName" in file else replace(domain, name=None)


def _check_characters(file: VmxFile) -> None:
    """Refuse characters that XML cannot hold, except in what is the guest's own, which no XML says."""
    for key in file.raw:
        value = file.get(key) or ""
        wrong = None if key.startswith("guestinfo.") else wrong_in_xml(value)
        if wrong is not None:
            raise file.error_at(key, f"the value has {wrong}, which XML cannot hold; remove it")
        if key == "displayname" and "\n" in value:
            raise file.error_at(key, "it has a line end, which the name of a domain cannot have")


def read_xml_description(xml: str, report: Report) -> Domain:
    """The domain of domain XML, which has a UUID of zeros where there is none (P5)."""
    domain = read_wanted(xml, ESX, report)
    return replace(domain, uuid=None) if domain.uuid == NO_UUID else domain


def with_options(domain: Domain, request: DomainRequest, *, keeps_shares: bool = False) -> Domain:
    """A domain with what the plain options say; they override its description.

    :param keeps_shares: whether its CPU shares are a number of their own, and not a level.
    :raises Refused: if they cannot go together with the rest of it.
    """
    changed = replace(
        _with_memory(domain, request),
        name=request.name or domain.name,
        uuid=request.uuid or domain.uuid,
    )
    if request.vcpus is not None and request.vcpus != domain.vcpus:
        changed = _with_vcpus(changed, request.vcpus, keeps_shares=keeps_shares)
    if request.annotation is not None:
        changed = replace(changed, description=request.annotation)
    return changed


def _with_vcpus(domain: Domain, vcpus: int, *, keeps_shares: bool) -> Domain:
    shares = domain.shares
    if shares is not None and not keeps_shares:
        shares = same_shares(shares, domain.vcpus, vcpus)
    return replace(domain, vcpus=vcpus, current_vcpus=None, cpu=_topology(domain.cpu, vcpus), shares=shares)


def _with_memory(domain: Domain, request: DomainRequest) -> Domain:
    """With other sizes of memory; a guarantee is never more than what the domain may have."""
    if request.memory_kib is None and request.max_memory_kib is None:
        return domain
    most = request.max_memory_kib or round_up(domain.memory_kib, 4 * MIB)
    current = _limit_below(most, domain) if request.memory_kib is None else request.memory_kib
    if current > most:
        raise Refused(
            f"memory is {current} KiB, which is more than the domain's maximum of {most} KiB.",
            hint="Set max_memory, too.",
        )
    guarantee = min(domain.min_guarantee_kib, current) if domain.min_guarantee_kib else domain.min_guarantee_kib
    return replace(domain, memory_kib=most, current_memory_kib=current, min_guarantee_kib=guarantee)


def _limit_below(most: int, domain: Domain) -> int:
    """The memory limit of a domain with another maximum: all of it, if it may have all of its memory now."""
    return min(memory_limit_kib(domain) or most, most)


def _topology(cpu: Cpu | None, vcpus: int) -> Cpu | None:
    """The sockets for another number of processors; each keeps its cores."""
    if cpu is None or cpu.sockets is None:
        return cpu
    if vcpus % cpu.cores:
        raise Refused(
            f"{vcpus} vcpus cannot be spread over sockets with {cpu.cores} cores each.",
            hint=f"Take a multiple of {cpu.cores}, or describe another <topology> in xml.",
        )
    return replace(cpu, sockets=vcpus // cpu.cores)
