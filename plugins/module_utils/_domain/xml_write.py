# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain written as domain XML, byte for byte as libvirt prints it (Z1 to Z7), by joining strings.

A writer on a tree of lxml's is several times slower, and puts attributes in other quotes.
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.chardevs import write_console, write_ports
from ansible_collections.virt.esx.plugins.module_utils._domain.clock import write_clock
from ansible_collections.virt.esx.plugins.module_utils._domain.controllers import write_controller
from ansible_collections.virt.esx.plugins.module_utils._domain.disks import write_disk
from ansible_collections.virt.esx.plugins.module_utils._domain.displays import write_graphics, write_video
from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import text
from ansible_collections.virt.esx.plugins.module_utils._domain.filesystems import write_filesystem
from ansible_collections.virt.esx.plugins.module_utils._domain.firmware import write_os
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import LIBVIRT, XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.hostdevs import write_hostdev, write_sound
from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import write_interface
from ansible_collections.virt.esx.plugins.module_utils._domain.metadata import write_metadata
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._domain.processors import write_cpu, write_vcpus
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import (
    write_backing,
    write_features,
    write_numa,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.tpms import write_tpm

NO_UUID = "00000000-0000-0000-0000-000000000000"  # what libvirt prints for a domain without one (P5)

_CONSTANT = """  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
"""


def write_domain(domain: Domain, forms: XmlForms = LIBVIRT, *, secure: bool = True) -> str:
    """The domain's XML.

    :param secure: write the VNC password.
    :raises ParseError: with exact forms, a text has a character that XML cannot hold.
    """
    return "".join(
        (
            _root(domain, forms),
            _identity(domain, forms),
            _memory(domain, forms),
            write_vcpus(domain, forms),
            write_numa(domain.switches),
            write_os(domain.os, forms, domain.switches),
            write_features(domain.switches),
            write_cpu(domain.cpu, forms),
            write_clock(domain.clock, domain.switches),
            _CONSTANT,
            _devices(domain, forms, secure),
            _namespace(domain, forms),
            "</domain>\n",
        )
    )


def _root(domain: Domain, forms: XmlForms) -> str:
    identifier = f" id='{domain.id}'" if domain.id is not None else ""
    vmware = domain.datacenter_path is not None or (domain.moref is not None and forms.moref)
    namespace = " xmlns:vmware='http://libvirt.org/schemas/domain/vmware/1.0'" if vmware else ""
    return f"<domain type='vmware'{identifier}{namespace}>\n"


def _identity(domain: Domain, forms: XmlForms) -> str:
    exact = forms.exact
    return "".join(
        (
            _element("name", domain.name, exact),
            f"  <uuid>{domain.uuid or NO_UUID}</uuid>\n" if domain.uuid or not forms.exact else "",
            f"  <genid>{domain.genid}</genid>\n" if domain.genid else "",
            _element("description", domain.description, exact),
            write_metadata(domain, forms) if forms.more else "",
        )
    )


def _element(tag: str, value: str | None, exact: bool) -> str:
    """The line of an element that is a text, empty where there is none."""
    return "" if value is None else f"  <{tag}>{text(value, exact)}</{tag}>\n"


def _memory(domain: Domain, forms: XmlForms) -> str:
    unit = " unit='KiB'" if forms.memory_unit else ""
    memory, current = domain.memory_kib, domain.current_memory_kib
    lines = (
        f"  <memory{unit}>{memory}</memory>\n"
        f"  <currentMemory{unit}>{memory if current is None else current}</currentMemory>\n"
    )
    backing = write_backing(domain)
    if not domain.min_guarantee_kib:
        return lines + backing
    guarantee = f"<min_guarantee{unit}>{domain.min_guarantee_kib}</min_guarantee>"
    return f"{lines}  <memtune>\n    {guarantee}\n  </memtune>\n{backing}"


def _devices(domain: Domain, forms: XmlForms, secure: bool) -> str:
    parts = ["  <devices>\n"]
    if forms.slots:
        parts += [write_disk(disk, forms) for disk in domain.disks]
        parts += [write_controller(controller, forms) for controller in domain.controllers]
    else:
        parts += [write_disk(disk, forms, _driver(domain, disk)) for disk in domain.disks]
    parts += [write_filesystem(filesystem, forms) for filesystem in domain.filesystems]
    parts += [write_interface(interface, forms) for interface in domain.interfaces]
    if domain.serials or domain.parallels:
        parts.append(write_ports("serial", domain.serials, forms))
        parts.append(write_ports("parallel", domain.parallels, forms))
        parts.append(write_console(domain.serials, forms))
    if forms.more:
        parts += map(write_tpm, domain.tpms)
    parts += [write_graphics(graphics, forms, secure) for graphics in domain.graphics]
    if forms.more:
        parts += map(write_sound, domain.sounds)
    if forms.video:
        parts += [write_video(video, domain.switches) for video in domain.videos]
    if forms.more:
        parts += map(write_hostdev, domain.hostdevs)
    parts.append("  </devices>\n")
    return "".join(parts)


def _driver(domain: Domain, disk: Disk) -> str | None:
    """The model of a disk's SCSI controller, for forms that have no controllers to say it (S4)."""
    if disk.bus != "scsi" or disk.address is None:
        return None
    index = disk.address.controller
    return next((one.model for one in domain.controllers if (one.type, one.index) == ("scsi", index)), None)


def _namespace(domain: Domain, forms: XmlForms) -> str:
    """The elements that libvirt's driver adds for a domain of a server (P73)."""
    path, moref = domain.datacenter_path, domain.moref if forms.moref else None
    return _element("vmware:datacenterpath", path, forms.exact) + _element("vmware:moref", moref, forms.exact)
