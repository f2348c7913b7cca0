# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serial and parallel ports in domain XML, and the console that libvirt makes of the first serial port.

::

    <serial type='tcp'>
      <source mode='bind' host='0.0.0.0' service='4001'/>
      <protocol type='telnet'/>
      <target port='0'/>
    </serial>
    <console type='tcp'>
      ...
      <target type='serial' port='0'/>
    </console>
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import CharDevice
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    UINT_MAX,
    attr_of,
    choice_attr,
    error_at,
    int_attr,
)
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

_WITH_PATH = ("dev", "file", "pipe", "unix")
_TYPES = (
    *_WITH_PATH,
    "tcp",
    "null",
    "vc",
    "pty",
    "stdio",
    "udp",
    "spicevmc",
    "spiceport",
    "nmdm",
    "qemu-vdagent",
    "dbus",
)
_PROTOCOLS = ("raw", "telnet", "telnets", "tls")
_MODES = ("connect", "bind")
_SERIAL_TARGETS = (
    "isa-serial",
    "usb-serial",
    "pci-serial",
    "spapr-vio-serial",
    "system-serial",
    "sclp-serial",
    "isa-debug",
)
_CONSOLE_TARGETS = ("serial", "xen", "uml", "virtio", "lxc", "openvz", "sclp", "sclplm")


def read_serials(elements: Iterable[Element], report: Report) -> tuple[CharDevice, ...]:
    """All ``<serial>``s; one without a port gets the one after the highest of all (F13)."""
    devices = report.attempt_each(_read, elements)
    highest = max((device.port for device in devices if device.port is not None), default=-1)
    return _with_ports(devices, highest)


def read_parallels(elements: Iterable[Element], report: Report) -> tuple[CharDevice, ...]:
    """All ``<parallel>``s; one without a port gets the one after the highest before it (F13)."""
    return _with_ports(report.attempt_each(_read, elements), -1)


def _with_ports(devices: Iterable[CharDevice], highest: int) -> tuple[CharDevice, ...]:
    result = []
    for device in devices:
        port = highest + 1 if device.port is None else device.port
        highest = max(highest, port)
        result.append(replace(device, port=port))
    return tuple(result)


def read_consoles(elements: Iterable[Element], serials: tuple[CharDevice, ...]) -> tuple[CharDevice, ...]:
    """The serial ports, with the one that a ``<console>`` without any is (F13).

    :raises ParseError: a console is not one of libvirt's, or a later one than the first is a serial port.
    """
    for position, element in enumerate(elements):
        target = child(element, "target")
        kind = choice_attr(target, "type", _CONSOLE_TARGETS) or "serial"
        known = choice_attr(element, "type", _TYPES)
        if kind != "serial":
            continue
        if position:
            raise error_at(element, "Only the first console can be a serial port")
        if not serials:
            serials = (replace(_with_source(element, known or "pty"), port=0),)
    return serials


def _read(element: Element) -> CharDevice:
    device = _with_source(element, choice_attr(element, "type", _TYPES) or "pty")
    target = child(element, "target")
    if target is None:
        return device
    if element.tag == "serial":
        choice_attr(target, "type", _SERIAL_TARGETS)
    port = int_attr(target, "port", -UINT_MAX, UINT_MAX)
    # -1, also as an unsigned number, is libvirt's word for "not given".
    return device if port in (None, -1, UINT_MAX) else replace(device, port=port)


def _with_source(element: Element, kind: str) -> CharDevice:
    source = _only(element, "source")
    protocol = _only(element, "protocol")
    device = CharDevice(type=kind, line=element.sourceline)
    if kind in _WITH_PATH:
        path = attr_of(source, "path")
        if path is None:
            raise error_at(element, f"A port with type='{kind}' needs <source path='...'/>")
        return replace(device, path=path)
    if kind != "tcp":
        return device
    host, service = attr_of(source, "host"), attr_of(source, "service")
    if host is None or service is None:
        raise error_at(element, "A port with type='tcp' needs <source mode='...' host='...' service='...'/>")
    return replace(
        device,
        mode=choice_attr(source, "mode", _MODES) or "connect",
        host=host,
        service=service,
        protocol=choice_attr(protocol, "type", _PROTOCOLS) or "raw",
    )


def _only(element: Element, tag: str) -> Element | None:
    found = list(element.iterchildren(tag))
    if len(found) > 1:
        raise error_at(element, f"Only one <{tag}> is allowed in a port")
    return found[0] if found else None


def write_ports(kind: str, devices: Iterable[CharDevice], forms: XmlForms) -> str:
    """The lines of all serial or parallel ports (P69, P71).

    :param kind: ``serial`` or ``parallel``.
    """
    return "".join(
        [
            f"    <{kind} type='{device.type}'>\n{_source_lines(device, forms.exact)}"
            f"      <target port='{device.port or 0}'/>\n    </{kind}>\n"
            for device in devices
        ]
    )


def write_console(serials: Sequence[CharDevice], forms: XmlForms) -> str:
    """The console that the first serial port is (P70)."""
    if not serials:
        return ""
    first = serials[0]
    return (
        f"    <console type='{first.type}'>\n{_source_lines(first, forms.exact)}"
        f"      <target type='serial' port='{first.port or 0}'/>\n    </console>\n"
    )


def _source_lines(device: CharDevice, exact: bool) -> str:
    if device.type == "tcp":
        host, service = attribute(device.host or "", exact), attribute(device.service or "", exact)
        return (
            f"      <source mode='{device.mode}' host='{host}' service='{service}'/>\n"
            f"      <protocol type='{device.protocol}'/>\n"
        )
    return f"      <source path='{attribute(device.path, exact)}'/>\n" if device.path is not None else ""
