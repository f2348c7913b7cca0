# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request wants of a domain that exists, with the present settings where the request says nothing of them."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Cpu, Domain, Os, Video
from ansible_collections.virt.esx.plugins.module_utils._domain.shares import LEVELS, same_shares
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.define import described_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import ESX, DomainRequest, with_options
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile

# The size that libvirt prints for every card of which it knows none.
_DEFAULT_VRAM_KIB = 4096


def wanted_domain(
    request: DomainRequest, present: Domain, vmx: bytes, place: DatastorePath, facts: HostFacts
) -> Domain:
    """The description, else the domain as it is, with the plain options; by its UUID it was found.

    :param present: the domain as its VMX describes it.
    :param vmx: that VMX.
    :param place: where it is.
    """
    file = VmxFile(vmx, ESX)
    keeps_shares = not _is_level(file)
    if request.is_definition:
        described = described_domain(request, facts, str(place.parent))
        described = _with_settings(_with_password(described, present), present, keeps_shares=keeps_shares)
        if file.boolean("svga.autodetect"):
            described = replace(described, videos=_autodetected(described.videos, present.videos))
    else:
        described = present
    wanted = with_options(described, request, keeps_shares=keeps_shares)
    return replace(wanted, uuid=present.uuid, name=request.name or present.name)


def _is_level(file: VmxFile) -> bool:
    """Whether the shares are a level, which goes with the number of processors, and not a number of their own."""
    word = file.word("sched.cpu.shares")
    return word is None or word in LEVELS


def _with_settings(described: Domain, present: Domain, *, keeps_shares: bool) -> Domain:
    """With the present settings where the description says nothing of them.

    Some are set by tasks of their own (``annotation``, ``esx_scheduler``), and a guest does not start with another
    firmware than the one that it was installed with.
    """
    shares, guarantee = described.shares, described.min_guarantee_kib
    if shares is None and present.shares is not None:
        shares = present.shares if keeps_shares else same_shares(present.shares, present.vcpus, described.vcpus)
    if not guarantee and present.min_guarantee_kib:
        guarantee = min(present.min_guarantee_kib, described.current_memory_kib or described.memory_kib)
    return replace(
        described,
        description=described.description or present.description,
        min_guarantee_kib=guarantee,
        shares=shares,
        cpuset=described.cpuset or present.cpuset,
        cpu=described.cpu or _same_cores(present.cpu, described.vcpus),
        os=_same_firmware(described.os, present.os),
    )


def _same_cores(present: Cpu | None, vcpus: int) -> Cpu | None:
    """Sockets with as many cores as now, where the processors can be spread over them."""
    if present is None or vcpus % present.cores:
        return None
    return replace(present, sockets=vcpus // present.cores)


def _same_firmware(described: Os, present: Os) -> Os:
    if described.firmware is not None:
        return described
    secure_boot = present.secure_boot if described.secure_boot is None else described.secure_boot
    return replace(described, firmware=present.firmware, secure_boot=secure_boot)


def _with_password(described: Domain, present: Domain) -> Domain:
    """No XML that was read from a host has the VNC password: one without it leaves it as it is."""
    if not described.graphics or not present.graphics or described.graphics[0].password is not None:
        return described
    first = replace(described.graphics[0], password=present.graphics[0].password)
    return replace(described, graphics=(first, *described.graphics[1:]))


def _autodetected(described: tuple[Video, ...], present: tuple[Video, ...]) -> tuple[Video, ...]:
    """The present size where the host chooses it, and the description has the one that libvirt prints for any card."""
    if len(described) == len(present) == 1 and described[0].vram_kib in (None, _DEFAULT_VRAM_KIB):
        return (replace(described[0], vram_kib=present[0].vram_kib),)
    return described
