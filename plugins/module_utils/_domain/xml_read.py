# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain XML read into a domain, accepted and refused as by libvirt 11.3.0's own parser (F1 to F17).

The parser's own doing is here too: sorted disks, implied controllers, the default video, the console that is a serial
port. What is missing and would be random, the UUID and MAC addresses, stays missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.virt.esx.plugins.module_utils._domain.chardevs import read_consoles, read_ports
from ansible_collections.virt.esx.plugins.module_utils._domain.controllers import read_controllers, with_implied
from ansible_collections.virt.esx.plugins.module_utils._domain.disks import check_unique, read_disks
from ansible_collections.virt.esx.plugins.module_utils._domain.displays import read_graphics, read_video, vram_kib
from ansible_collections.virt.esx.plugins.module_utils._domain.document import Element, child, children, parse
from ansible_collections.virt.esx.plugins.module_utils._domain.filesystems import read_filesystem
from ansible_collections.virt.esx.plugins.module_utils._domain.firmware import read_os
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import LIBVIRT, XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import read_interface
from ansible_collections.virt.esx.plugins.module_utils._domain.libvirt_checks import check_unused
from ansible_collections.virt.esx.plugins.module_utils._domain.metadata import read_guest_os, with_kept_keys
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Video
from ansible_collections.virt.esx.plugins.module_utils._domain.processors import read_cpu, read_shares, read_vcpus
from ansible_collections.virt.esx.plugins.module_utils._domain.tpms import read_tpm
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    error_at,
    required_attr,
    size_kib,
    text_of,
    uuid_of,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import NO_UUID

_VMWARE = "{http://libvirt.org/schemas/domain/vmware/1.0}"


def read_domain(xml: str | bytes, forms: XmlForms = LIBVIRT) -> Domain:
    """The domain that a text describes.

    :param xml: the document; see :func:`document.parse`.
    :raises ParseError: the text is not domain XML of a VMware domain that libvirt's parser takes.
    :raises MissingLibrary: lxml is not installed.
    """
    root = parse(xml)
    _check_root(root)
    elements = list(root.iter("*"))  # lxml makes their objects anew for each who asks, unless somebody holds them
    top = children(root)
    name = text_of(top.get("name"))
    if name is None:
        raise error_at(root, "The domain has no name; expected <name>...</name>")
    memory, current_memory = _memory(root, top)
    vcpus, current_vcpus, cpuset = read_vcpus(top.get("vcpu"))
    devices = _devices(root)
    check_unused(elements, top, devices)
    disks = read_disks(devices.get("disk", ()), forms)
    check_unique(disks)
    system = read_os(root, top, forms)
    domain = Domain(
        name=name,
        uuid=_uuid(top, forms),
        genid=uuid_of(top.get("genid")),
        description=text_of(top.get("description")),
        guest_os=read_guest_os(top.get("metadata"), system.arch),
        memory_kib=memory,
        current_memory_kib=current_memory,
        min_guarantee_kib=size_kib(child(top.get("memtune"), "min_guarantee")) or None,
        vcpus=vcpus,
        current_vcpus=current_vcpus,
        cpuset=cpuset,
        shares=read_shares(top.get("cputune")),
        os=system,
        cpu=read_cpu(top.get("cpu")),
        disks=disks,
        controllers=with_implied(read_controllers(devices.get("controller", ()), forms), disks, forms),
        filesystems=tuple(map(read_filesystem, devices.get("filesystem", ()))),
        interfaces=tuple(read_interface(element, forms) for element in devices.get("interface", ())),
        serials=read_consoles(devices.get("console", ()), read_ports(devices.get("serial", ()))),
        parallels=read_ports(devices.get("parallel", ())),
        graphics=tuple(map(read_graphics, devices.get("graphics", ()))),
        videos=_videos(devices.get("video", ()), bool(devices.get("graphics"))),
        tpms=tuple(map(read_tpm, devices.get("tpm", ()))),
        datacenter_path=text_of(top.get(f"{_VMWARE}datacenterpath")),
        moref=text_of(top.get(f"{_VMWARE}moref")),
    )
    return with_kept_keys(domain, top.get("metadata")) if forms.more else domain


def _check_root(root: Element) -> None:
    """Refuse another document than ``<domain type='vmware'>`` (F1)."""
    if root.tag.rpartition("}")[2] != "domain":
        raise error_at(root, "The document is not domain XML; expected the root element <domain type='vmware'>")
    kind = required_attr(root, "type")
    if kind != "vmware":
        raise error_at(root, f"type='{kind}' is not a domain of VMware's; expected type='vmware'")


def _uuid(top: Mapping[str, Element], forms: XmlForms) -> str | None:
    """The UUID; zeros are what is written where there is none (P5), and with exact forms they are read so."""
    uuid = uuid_of(top.get("uuid"))
    return None if uuid == NO_UUID and forms.exact else uuid


def _memory(root: Element, top: Mapping[str, Element]) -> tuple[int, int]:
    """The memory and the current memory in KiB (F5, F6)."""
    memory = size_kib(top.get("memory"))
    if not memory:
        raise error_at(root, "The memory is missing or 0; expected <memory unit='KiB'>...</memory>")
    maximum = top.get("maxMemory")
    if maximum is not None and text_of(maximum) is not None:
        raise error_at(maximum, "Memory that is added later is not supported")
    current = size_kib(top.get("currentMemory"))
    return memory, min(current or memory, memory)


def _devices(root: Element) -> dict[str, list[Element]]:
    """The devices by tag, in the order of the document."""
    found: dict[str, list[Element]] = {}
    for devices in root.iterchildren("devices"):
        for device in devices.iterchildren("*"):
            found.setdefault(device.tag, []).append(device)
    if "memory" in found:
        raise error_at(found["memory"][0], "Memory devices are not supported")
    return found


def _videos(elements: Sequence[Element], with_graphics: bool) -> tuple[Video, ...]:
    """The graphics cards, with the one that graphics bring along (F14)."""
    if with_graphics and not elements:
        return (Video(vram_kib=vram_kib(None)),)
    return tuple(map(read_video, elements))
