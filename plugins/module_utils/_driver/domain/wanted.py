# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request wants of a domain that exists; what it leaves out is filled in where the VMX is edited."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Video
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.define import described_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import ESX, DomainRequest, with_options
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.resources import has_level

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
    described = present
    if request.is_definition:
        described = described_domain(request, facts, str(place.parent))
        if file.boolean("svga.autodetect"):
            described = replace(described, videos=_autodetected(described.videos, present.videos))
    wanted = with_options(described, request, keeps_shares=not has_level(file))
    return replace(wanted, uuid=present.uuid, name=request.name or present.name)


def _autodetected(described: tuple[Video, ...], present: tuple[Video, ...]) -> tuple[Video, ...]:
    """The present size where the host chooses it, and the description has the one that libvirt prints for any card."""
    if len(described) == len(present) == 1 and described[0].vram_kib in (None, _DEFAULT_VRAM_KIB):
        return (replace(described[0], vram_kib=present[0].vram_kib),)
    return described
