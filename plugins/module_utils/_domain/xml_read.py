# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domain XML read into a domain, accepted and refused as by libvirt 11.3.0's own parser (F1 to F17).

The parser's own doing is here too: sorted disks, implied controllers, the default video, the console that is a serial
port. Values that libvirt would choose at random, the UUID and MAC addresses, stay missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.boot import check_boot_order
from ansible_collections.virt.esx.plugins.module_utils._domain.chardevs import (
    read_consoles,
    read_parallels,
    read_serials,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.clock import read_clock
from ansible_collections.virt.esx.plugins.module_utils._domain.controllers import read_controllers, with_implied
from ansible_collections.virt.esx.plugins.module_utils._domain.disks import check_unique, read_disks
from ansible_collections.virt.esx.plugins.module_utils._domain.displays import read_graphics, read_video, vram_kib
from ansible_collections.virt.esx.plugins.module_utils._domain.filesystems import read_filesystem
from ansible_collections.virt.esx.plugins.module_utils._domain.firmware import read_os
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import LIBVIRT, XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.hostdevs import read_hostdev, read_sound
from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import read_interface
from ansible_collections.virt.esx.plugins.module_utils._domain.libvirt_checks import check_unused
from ansible_collections.virt.esx.plugins.module_utils._domain.metadata import read_guest_os, with_kept_keys
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Os, Video
from ansible_collections.virt.esx.plugins.module_utils._domain.processors import read_cpu, read_shares, read_vcpus
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import read_switches
from ansible_collections.virt.esx.plugins.module_utils._domain.tpms import read_tpm
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    KVM_TYPES,
    error_at,
    required_attr,
    size_kib,
    text_of,
    uuid_of,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import NO_UUID
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child, children, line_of, parse

_ONE_VCPU: tuple[int, int | None, tuple[int, ...] | None] = (1, None, None)
_NO_OS = Os()
_VMWARE = "{http://libvirt.org/schemas/domain/vmware/1.0}"


def read_domain(xml: str | bytes, forms: XmlForms = LIBVIRT, report: Report | None = None) -> Domain:
    """The domain that a text describes.

    :param xml: the document; see :func:`document.parse`.
    :param report: collects the words that a VMX has no place for.
    :raises ParseError: the text is not domain XML of a VMware domain that libvirt's parser takes.
    :raises MissingLibrary: lxml is not installed.
    """
    report = report or Report()
    domain = gather_domain(xml, forms, report)
    report.raise_refusals()
    return domain


def gather_domain(xml: str | bytes, forms: XmlForms, report: Report) -> Domain:
    """As :func:`read_domain`, with what is refused in the report and left out of the domain.

    :raises ParseError: the text is not domain XML of a VMware domain at all.
    """
    root = parse(xml)
    _check_root(root)
    report.line_of = partial(line_of, root)
    attempt, each = report.attempt, report.attempt_each
    held = list(root.iter("*"))  # lxml makes the objects again for everyone who asks, unless they are held
    top = children(root)
    name = attempt(read_name, root, top, default=None)
    memory, current_memory = attempt(_memory, root, top, default=(0, 0))
    vcpus, current_vcpus, cpuset = attempt(read_vcpus, top.get("vcpu"), default=_ONE_VCPU)
    parts: dict[str, Any] = {field: attempt(read, top[tag], default=None) for tag, field, read in _PARTS if tag in top}
    devices = _devices(root, report)
    parts.update({field: each(read, devices[tag]) for tag, field, read in _DEVICES if tag in devices})
    has_unusual_words = check_unused(root, top, devices, forms, report)
    disks = read_disks(devices.get("disk", ()), forms, report)
    check_unique(disks, report)
    controllers = read_controllers(devices.get("controller", ()), forms, report)
    serials = read_serials(devices.get("serial", ()), report)
    system = attempt(read_os, root, top, forms, default=_NO_OS)
    domain = Domain(
        name=name,
        uuid=attempt(_uuid, top, forms, default=None),
        description=text_of(top.get("description")),
        guest_os=read_guest_os(top.get("metadata"), system.arch, report if forms.reports else Report()),
        memory_kib=memory,
        current_memory_kib=current_memory,
        clock=attempt(read_clock, top.get("clock"), default=None),
        vcpus=vcpus,
        current_vcpus=current_vcpus,
        cpuset=cpuset,
        cpu=attempt(read_cpu, top.get("cpu"), forms, default=None),
        os=system,
        disks=disks,
        controllers=attempt(with_implied, controllers, disks, forms, default=controllers),
        interfaces=each(read_interface, devices.get("interface", ()), forms),
        serials=attempt(read_consoles, devices.get("console", ()), serials, default=serials),
        parallels=read_parallels(devices.get("parallel", ()), report),
        videos=_with_default_video(each(read_video, devices.get("video", ())), devices),
        switches=attempt(read_switches, top, devices, default=()) if forms.more and has_unusual_words else (),
        datacenter_path=text_of(top.get(f"{_VMWARE}datacenterpath")),
        moref=text_of(top.get(f"{_VMWARE}moref")),
        **parts,
    )
    check_boot_order(domain, (*devices.get("disk", ()), *devices.get("interface", ())), report)
    del held
    return attempt(with_kept_keys, domain, top.get("metadata"), report, default=domain) if forms.more else domain


def _check_root(root: Element) -> None:
    """Refuse another document than ``<domain type='vmware'>`` (F1)."""
    if root.tag.rpartition("}")[2] != "domain":
        raise error_at(root, "The document is not domain XML; expected the root element <domain type='vmware'>")
    if root.tag != "domain":
        namespace = root.tag.rpartition("}")[0][1:]
        message = f"The element is in the namespace '{namespace}'; libvirt's is in none, so remove xmlns='{namespace}'"
        raise ParseError(message, where="<domain>", line=root.sourceline)
    kind = required_attr(root, "type")
    if kind != "vmware":
        error = error_at(root, f"type='{kind}' is not a domain of VMware's; expected type='vmware'")
        error.hint = "The filter virt.esx.kvm_to_esx converts a domain of KVM." if kind in KVM_TYPES else None
        raise error


def _guarantee(tuning: Element) -> int | None:
    return size_kib(child(tuning, "min_guarantee")) or None


def _is_locked(backing: Element) -> bool:
    return child(backing, "locked") is not None


# Elements that need nothing but themselves, the fields of the domain that they are, and their readers.
_PARTS: tuple[tuple[str, str, Callable[[Element], object]], ...] = (
    ("genid", "genid", uuid_of),
    ("memtune", "min_guarantee_kib", _guarantee),
    ("memoryBacking", "memory_locked", _is_locked),
    ("cputune", "shares", read_shares),
)
_DEVICES: tuple[tuple[str, str, Callable[[Element], object]], ...] = (
    ("filesystem", "filesystems", read_filesystem),
    ("graphics", "graphics", read_graphics),
    ("tpm", "tpms", read_tpm),
    ("sound", "sounds", read_sound),
    ("hostdev", "hostdevs", read_hostdev),
)


def _uuid(top: Mapping[str, Element], forms: XmlForms) -> str | None:
    """The UUID; zeros are what is written where there is none (P5), and with exact forms they are read so."""
    uuid = uuid_of(top.get("uuid"))
    return None if uuid == NO_UUID and forms.exact else uuid


def read_name(root: Element, top: Mapping[str, Element]) -> str:
    """The name, which every domain has."""
    name = text_of(top.get("name"))
    if name is None:
        raise error_at(root, "The domain has no name; expected <name>...</name>")
    return name


def read_memory(root: Element, top: Mapping[str, Element]) -> int:
    """The memory in KiB (F5)."""
    memory = size_kib(top.get("memory"))
    if not memory:
        raise error_at(root, "The memory is missing or 0; expected <memory unit='KiB'>...</memory>")
    return memory


def _memory(root: Element, top: Mapping[str, Element]) -> tuple[int, int]:
    """The memory and the current memory in KiB (F5, F6)."""
    memory = read_memory(root, top)
    maximum = top.get("maxMemory")
    if maximum is not None and text_of(maximum) is not None:
        raise error_at(maximum, "Memory that is added later is not supported")
    current = size_kib(top.get("currentMemory"))
    return memory, min(current or memory, memory)


def _devices(root: Element, report: Report) -> dict[str, list[Element]]:
    """The devices by tag, in the order of the document."""
    found: dict[str, list[Element]] = {}
    for devices in root.iterchildren("devices"):
        for device in devices.iterchildren("*"):
            found.setdefault(device.tag, []).append(device)
    if "memory" in found:
        report.refuse(error_at(found["memory"][0], "Memory devices are not supported"))
    return found


def _with_default_video(videos: tuple[Video, ...], devices: Mapping[str, Sequence[Element]]) -> tuple[Video, ...]:
    """The graphics cards, with the one that graphics bring along (F14)."""
    if "graphics" in devices and "video" not in devices:
        return (Video(vram_kib=vram_kib(None)),)
    return videos
