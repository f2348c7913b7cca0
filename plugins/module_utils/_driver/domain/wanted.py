# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requested definition of an existing domain; parts that it leaves out are filled in when the VMX is edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.guests import guest_named
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain, Video
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.checks import check_files, check_media
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.definition import described_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.description import ESX, with_options
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_kinds import is_empty_drive
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_devices import with_parts
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_system import with_system
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import settings_of_vmx
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._report import LeftOut, Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.resources import has_level

# The size that libvirt prints for every card whose size it does not know.
_DEFAULT_VRAM_KIB = 4096
_OF_CLOCK = "rtc."
# The keys of a CD-ROM drive that a host has emptied.
_OF_CLIENT = (("clientDevice", "TRUE"), ("deviceType", "cdrom-raw"), ("fileName", "emptyBackingString"))


def wanted_domain(
    request: DomainRequest, present: Domain, vmx: bytes, place: DatastorePath, facts: HostFacts
) -> Domain:
    """The description, or without one the present domain, with the plain options; its UUID is the one it was found by.

    :param present: the domain as its VMX describes it.
    :param vmx: that VMX.
    :param place: where it is.
    """
    file = VmxFile(vmx, ESX)
    described = present
    if request.is_definition:
        described = _described(request, facts, place, file)
        described = replace(described, disks=_as_drives_are(described.disks, present.disks))
        if any(key.lower().startswith(_OF_CLOCK) for key in request.settings):
            described = replace(described, clock=None)  # the keys say it, and most descriptions have UTC in them
        if file.boolean("svga.autodetect"):
            described = replace(described, videos=_autodetected(described.videos, present.videos))
    wanted = with_options(described, request, keeps_shares=not has_level(file))
    if request.parts:
        wanted = with_parts(wanted, request.parts, place.parent, present)
        check_files(wanted, facts.volumes.values())
        wanted = replace(wanted, disks=_as_drives_are(wanted.disks, present.disks))
    if request.system:
        wanted = with_system(wanted, request.system, request.report)
    check_media(wanted)
    return replace(
        wanted,
        uuid=present.uuid,
        name=request.name or present.name,
        description=_as_sent(wanted.description, present.description),
        guest_os=_as_host_names(wanted.guest_os, present.guest_os),
    )


def _as_host_names(wanted: str | None, present: str | None) -> str | None:
    """The word for a guest that a host has, or will have, of several that the API has one identifier for.

    ``winServer2008Standard-64`` becomes ``longhorn-64``, unless it is what the domain has.
    """
    named, before = guest_named(wanted or ""), guest_named(present or "")
    if named is None:
        return wanted
    if before is not None and before.api_id == named.api_id:
        return present
    main = guest_named(named.api_id)
    return wanted if main is None else main.word


def _described(request: DomainRequest, facts: HostFacts, place: DatastorePath, present: VmxFile) -> Domain:
    """The domain of a description; a key of a VMX without effect is reported, unless the present VMX has it."""
    found = Report(request.report.unsupported)
    described = described_domain(replace(request, report=found), facts, str(place.parent))
    left_out = found.left_out if request.vmx is None else _without_effect(found.left_out, request.vmx, present)
    for entry in left_out:
        if entry not in request.report.left_out:
            request.report.left_out.append(entry)
    return described


def _without_effect(left_out: Iterable[LeftOut], vmx: str, present: VmxFile) -> Iterator[LeftOut]:
    """The keys of a VMX that a domain cannot express, except those that are set nevertheless, or are so already."""
    wanted, made = VmxFile(vmx, ESX), {key.lower() for key in settings_of_vmx(vmx)}

    def has_effect(key: str) -> bool:
        return key.lower() in made or (wanted.get(key) is not None and wanted.get(key) == present.get(key))

    for entry in left_out:
        keys = [key for key in entry.where.split(", ") if not has_effect(key)]
        if keys:
            yield entry._replace(where=", ".join(keys))


def _as_sent(wanted: str | None, present: str | None) -> str | None:
    """A note as the API can say it: in XML each end of a line is the same one."""
    if wanted is None:
        return None
    sent = _one_line_end(wanted)
    return present if present is not None and _one_line_end(present) == sent else sent


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _as_drives_are(described: tuple[Disk, ...], present: tuple[Disk, ...]) -> tuple[Disk, ...]:
    """Empty drives as a host has them: one that is empty stays as it is, one that it empties becomes the client's."""
    empty = {(disk.bus, disk.address): disk for disk in present if is_empty_drive(disk)}

    def as_it_is(disk: Disk) -> Disk:
        if not is_empty_drive(disk):
            return disk
        now = empty.get((disk.bus, disk.address), replace(disk, type="block", keys=_OF_CLIENT))
        return replace(now, target=disk.target, boot_order=disk.boot_order)

    return tuple(map(as_it_is, described))


def _autodetected(described: tuple[Video, ...], present: tuple[Video, ...]) -> tuple[Video, ...]:
    """The present size where the host chooses it, and the description has the one that libvirt prints for any card."""
    if len(described) == len(present) == 1 and described[0].vram_kib in (None, _DEFAULT_VRAM_KIB):
        return (replace(described[0], vram_kib=present[0].vram_kib),)
    return described
