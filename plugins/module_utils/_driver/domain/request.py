# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user wants of one domain: the options of ``esx_domain`` as typed values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Cpu, Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.shares import same_shares
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import NO_UUID
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.autostart import AutostartSettings, read_settings
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_kib, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import check_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.wanted import read_wanted

ESX = DIALECTS["esx"]

_MIB = 1024


@dataclass(frozen=True)
class DomainRequest:
    """What is wanted of a domain; None where nothing is said.

    ``xml`` and ``vmx`` are the description in one of the two forms. Memory is rounded as VMware takes it.
    """

    state: str
    name: str | None = None
    uuid: str | None = None
    moid: str | None = None
    vmx_path: str | None = None
    xml: Domain | None = None
    vmx: str | None = None
    vcpus: int | None = None
    memory_kib: int | None = None
    max_memory_kib: int | None = None
    annotation: str | None = None
    autostart: bool | None = None
    autostart_settings: AutostartSettings = field(default_factory=AutostartSettings)
    overwrite: bool = False
    power_cycle: bool = False
    shutdown_timeout: int | None = None
    remove_storage: bool = False
    report: Report = field(default_factory=Report, compare=False)  # what the description says and a VMX cannot

    @property
    def is_definition(self) -> bool:
        """Whether it describes a whole domain."""
        return self.xml is not None or self.vmx is not None

    @property
    def is_about_autostart(self) -> bool:
        """Whether anything is said of autostart."""
        return self.autostart is not None

    @property
    def is_about_definition(self) -> bool:
        """Whether anything is said of what is in a domain's VMX, but for its name."""
        parts = (self.vcpus, self.memory_kib, self.max_memory_kib, self.annotation)
        return self.is_definition or any(part is not None for part in parts)


# A path that ends in the extension of a description, with or without that of a template.
_FILE_NAME = re.compile(r"[^<>=\n]+\.(?:xml|vmx)(?:\.j2)?", re.IGNORECASE)


def _refuse_file_name(option: str, text: str | None) -> None:
    """Raise ParseError for the name of a file where its content belongs: ``files/web.xml``."""
    name = (text or "").strip()
    if not _FILE_NAME.fullmatch(name):
        return
    lookup = "template" if name.lower().endswith(".j2") else "file"
    raise ParseError(
        f"'{name}' is the name of a file, not its content.",
        where=option,
        hint=f"""Write {option}: "{{{{ lookup('ansible.builtin.{lookup}', '{name}') }}}}".""",
    )


def read_request(params: Mapping[str, Any]) -> DomainRequest:
    """The wish that validated options express; ``name`` and ``uuid`` come before those of a description.

    :raises ParseError: for a description, a UUID or a size that cannot be understood.
    """
    for option in ("xml", "vmx"):
        _refuse_file_name(option, params[option])
    report = Report(REFUSE)
    xml = None if params["xml"] is None else _with_uuid(read_wanted(params["xml"], ESX, report))
    described = xml if params["vmx"] is None else _identity(params["vmx"])
    name = _name(params["name"] or (described.name if described else None))
    uuid = parse_uuid(params["uuid"]) if params["uuid"] else (described.uuid if described else None)
    moid, vmx_path = params["moid"], params["vmx_path"]
    if not name and not uuid and not moid and not vmx_path:
        raise ParseError("neither a name nor a UUID says which domain is meant.", where="name")
    return DomainRequest(
        state=params["state"],
        name=name,
        uuid=uuid,
        moid=moid,
        vmx_path=None if vmx_path is None else str(check_datastore_path(vmx_path, where="vmx_path")),
        xml=xml,
        vmx=params["vmx"],
        vcpus=_at_least(1, params["vcpus"], "vcpus"),
        memory_kib=_size(params["memory"], "memory", _MIB),
        max_memory_kib=_size(params["max_memory"], "max_memory", 4 * _MIB),
        annotation=params["annotation"],
        autostart=params["autostart"],
        autostart_settings=read_settings(params["autostart"], params["autostart_settings"]),
        overwrite=params["overwrite"],
        power_cycle=params["power_cycle"],
        shutdown_timeout=_at_least(0, params["shutdown_timeout"], "shutdown_timeout"),
        remove_storage=params["remove_storage"],
        report=report,
    )


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
        topology = _topology(domain.cpu, request.vcpus)
        shares = domain.shares
        if shares is not None and not keeps_shares:
            shares = same_shares(shares, domain.vcpus, request.vcpus)
        changed = replace(changed, vcpus=request.vcpus, current_vcpus=None, cpu=topology, shares=shares)
    if request.annotation is not None:
        changed = replace(changed, description=request.annotation)
    return changed


def _with_memory(domain: Domain, request: DomainRequest) -> Domain:
    """With another maximum, a domain that may have all of its memory may have all of the new one.

    A guarantee is never more than what the domain may have.
    """
    if request.memory_kib is None and request.max_memory_kib is None:
        return domain
    most = request.max_memory_kib or _rounded(domain.memory_kib, 4 * _MIB)
    current = request.memory_kib
    if current is None:
        unlimited = domain.current_memory_kib is None or domain.current_memory_kib >= domain.memory_kib
        current = most if unlimited else min(domain.current_memory_kib or most, most)
    if current > most:
        raise Refused(
            f"memory is {current} KiB, which is more than the domain's maximum of {most} KiB.",
            hint="Set max_memory, too.",
        )
    guarantee = min(domain.min_guarantee_kib, current) if domain.min_guarantee_kib else domain.min_guarantee_kib
    return replace(domain, memory_kib=most, current_memory_kib=current, min_guarantee_kib=guarantee)


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


def _identity(vmx: str) -> Domain:
    """The domain of a VMX; without a displayName it is called nothing, not as its directory (P4)."""
    domain = read_vmx(vmx)
    return domain if "displayName" in VmxFile(vmx, ESX) else replace(domain, name=None)


def _with_uuid(domain: Domain) -> Domain:
    """XML has a UUID of zeros where there is none (P5)."""
    return replace(domain, uuid=None) if domain.uuid == NO_UUID else domain


def _name(name: str | None) -> str | None:
    if name is not None and "\n" in name:
        raise ParseError("it has a line end, which the name of a domain cannot have.", where="name")
    return name


def _at_least(least: int, number: int | None, option: str) -> int | None:
    if number is not None and number < least:
        raise ParseError(f"it is {number}, expecting at least {least}.", where=option)
    return number


# What VMware takes sizes of memory in: the option, the element of XML, the member of Domain, and the step in KiB.
_STEPS = (
    ("max_memory", "<memory>", "memory_kib", 4 * _MIB),
    ("memory", "<currentMemory>", "current_memory_kib", _MIB),
    (None, "<min_guarantee>", "min_guarantee_kib", _MIB),
)


def rounded_sizes(params: Mapping[str, Any], xml: Domain | None) -> list[str]:
    """A sentence for each size of memory that has to be rounded up."""
    found = []
    for option, element, member, step in _STEPS:
        if option is not None and params[option] is not None:
            name, size = option, parse_kib(params[option], option)
        else:
            name, size = element, getattr(xml, member) or 0 if xml is not None else 0
        if size % step:
            found.append(
                f"{name}: {size} KiB are rounded up to {_rounded(size, step)} KiB, {step // _MIB} MiB at a time."
            )
    return found


def _size(text: str | None, option: str, step: int) -> int | None:
    """An amount of memory in KiB, rounded up to whole steps; there is no domain without memory."""
    if text is None:
        return None
    size = parse_kib(text, option)
    if not size:
        raise ParseError(f"'{text}' is not a size above 0.", where=option)
    return _rounded(size, step)


def _rounded(size: int, step: int) -> int:
    return -(-size // step) * step
