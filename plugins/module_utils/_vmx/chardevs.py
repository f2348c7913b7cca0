# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Serial and parallel ports (P63 to P71, F65 to F70).

::

    serial0.present = "TRUE"
    serial0.fileType = "network"
    serial0.fileName = "telnet://0.0.0.0:4001"
    serial0.network.endPoint = "server"
    serial0.yieldOnMsrRead = "TRUE"

    parallel0.present = "TRUE"
    parallel0.fileType = "device"
    parallel0.fileName = "/dev/parport0"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote

from ansible_collections.virt.esx.plugins.module_utils._domain.model import CharDevice, Domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import INT_MAX, ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import NO, YES, Entry, WriteContext, error_at

SERIALS = tuple([f"serial{port}" for port in range(4)])
PARALLELS = tuple([f"parallel{port}" for port in range(3)])

# Scheme of the URI behind a network port -> libvirt's protocol; the first scheme of a protocol is the one written.
_PROTOCOLS = {
    "tcp": "raw",
    "tcp4": "raw",
    "tcp6": "raw",
    "": "raw",
    "telnet": "telnet",
    "telnets": "telnets",
    "ssl": "tls",
    "tcp+ssl": "tls",
    "tcp4+ssl": "tls",
    "tcp6+ssl": "tls",
}
_SCHEMES = {protocol: scheme for scheme, protocol in reversed(list(_PROTOCOLS.items()))}
_MODES = {"server": "bind", "client": "connect"}
_END_POINTS = {mode: word for word, mode in _MODES.items()}

_OF_HOSTS = "!$&'()*+,;=:~"  # characters that may stand in the host of a URI besides letters and digits
_URI = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?//"
    r"(?:[A-Za-z0-9._~!$&'()*+,;=:%-]*@)?"
    r"(?:\[([^\]]*)\]|([A-Za-z0-9._~!$&'()*+,;=%-]*))"
    r":([0-9]{1,10})"
    r"(?:[/?#][A-Za-z0-9._~!$&'()*+,;=:@%/?#\[\]-]*)?\Z"
)

# A type that hosted products have and libvirt does not; the port is there, what is behind it is not known.
_WITHOUT_WORD = ("thinprint",)


def read_serials(context: ReadContext) -> tuple[CharDevice, ...]:
    """The serial ports that are there."""
    return _read_ports(context, SERIALS, _read_serial)


def read_parallels(context: ReadContext) -> tuple[CharDevice, ...]:
    """The parallel ports that are there."""
    return _read_ports(context, PARALLELS, _read_parallel)


def _read_ports(
    context: ReadContext, sections: Sequence[str], read: Callable[[ReadContext, int], CharDevice]
) -> tuple[CharDevice, ...]:
    found = [context.attempt(read, context, port, default=None) for port in _present(context, sections)]
    return tuple([device for device in found if device is not None])


def _present(context: ReadContext, sections: Sequence[str]) -> list[int]:
    vmx = context.vmx
    found = []
    for port, at in enumerate(sections):
        if at not in vmx.sections:
            continue
        present = vmx.boolean(f"{at}.present")
        vmx.boolean(f"{at}.startConnected")  # has no effect, but has to be right
        if present:
            found.append(port)
    return found


def _read_serial(context: ReadContext, port: int) -> CharDevice:
    vmx, at = context.vmx, f"serial{port}"
    name = vmx.get(f"{at}.fileName")
    word = vmx.word(f"{at}.fileType")
    if word == "network":
        return _read_network(context, port, name)
    if context.dialect.null_ports and (not name or word in _WITHOUT_WORD):
        if word in _WITHOUT_WORD:
            context.leave_out(f"{at}.fileType", f"libvirt has no port of type '{word}'; it is read as type 'null'")
        return CharDevice("null", port)
    if word in (None, "device"):
        return CharDevice("dev", port, path=name)
    if word == "pipe":
        if context.dialect.reports and vmx.word(f"{at}.pipe.endPoint") == "server":
            context.leave_out(f"{at}.pipe.endPoint", "libvirt's driver supports only the client end of a pipe")
        return CharDevice("pipe", port, path=name)
    if word == "file":
        return CharDevice("file", port, path=context.path(f"{at}.fileName", vmx.required(f"{at}.fileName")))
    raise vmx.error_at(f"{at}.fileType", f"expecting 'device', 'file', 'pipe' or 'network', found '{word}'")


def _read_network(context: ReadContext, port: int, name: str | None) -> CharDevice:
    """A port behind a URI; what is no URI of a host and a port is type null (P66, P67)."""
    at = f"serial{port}"
    found = _URI.match(name or "")
    if not found or not 0 < int(found[4]) <= INT_MAX:
        if name and context.dialect.reports:
            why = f"'{name}' is not a URI with a host and a port, such as tcp://host:1234; it is read as type 'null'"
            context.leave_out(f"{at}.fileName", why)
        return CharDevice("null", port)
    host = unquote(found[2] if found[3] is None else found[3], errors="surrogateescape").partition("\0")[0]
    if not host and not context.dialect.null_ports:
        return CharDevice("null", port)  # VMware takes it for all addresses of the host
    protocol = _protocol(context, at, found[1])
    mode = _mode(context, at)
    return CharDevice("tcp", port, mode=mode, host=host, service=str(int(found[4])), protocol=protocol)


def _protocol(context: ReadContext, at: str, scheme: str | None) -> str:
    protocol = _PROTOCOLS.get((scheme or "").lower())
    if protocol is None:
        schemes = ", ".join(f"'{known}'" for known in _PROTOCOLS if known)
        raise context.vmx.error_at(f"{at}.fileName", f"unsupported scheme '{scheme}', expecting one of {schemes}")
    return protocol


def _mode(context: ReadContext, at: str) -> str:
    """Which end of a connection the port is; the server's where nothing is said."""
    end_point = context.vmx.get(f"{at}.network.endPoint")
    mode = "bind" if end_point is None else _MODES.get(end_point.lower())
    if mode is None:
        raise context.vmx.error_at(f"{at}.network.endPoint", f"expecting 'server' or 'client', found '{end_point}'")
    return mode


def _read_parallel(context: ReadContext, port: int) -> CharDevice:
    vmx, at = context.vmx, f"parallel{port}"
    if context.dialect.null_ports and not vmx.get(f"{at}.fileName"):
        return CharDevice("null", port)
    usual = "device" if context.dialect.null_ports else None
    word = vmx.word(f"{at}.fileType") or usual or vmx.required(f"{at}.fileType").lower()
    name = vmx.required(f"{at}.fileName")
    if word == "device":
        return CharDevice("dev", port, path=name)
    if word == "file":
        return CharDevice("file", port, path=context.path(f"{at}.fileName", name))
    raise vmx.error_at(f"{at}.fileType", f"expecting 'device' or 'file', found '{word}'")


def write_serials(domain: Domain, context: WriteContext) -> list[Entry]:
    """The lines of all serial ports, each with the flag that lets an idle guest sleep."""
    lines: list[Entry] = []
    for at, device in _ports(domain.serials, SERIALS, "<serial>"):
        values = (("present", YES), *_serial_backing(device, context), ("yieldOnMsrRead", YES))
        lines += [(f"{at}.{key}", value) for key, value in values]
    return lines


def _local_backing(device: CharDevice, where: str, context: WriteContext) -> list[Entry]:
    """A device or a file of the host."""
    if device.type == "dev":
        return [("fileType", "device"), ("fileName", device.path or "")]
    return [("fileType", "file"), ("fileName", context.path(device.path or "", where, device.line))]


def _serial_backing(device: CharDevice, context: WriteContext) -> list[Entry]:
    if device.type in ("dev", "file"):
        return _local_backing(device, "<serial>", context)
    if device.type == "pipe":
        return [
            ("fileType", "pipe"),
            ("pipe.endPoint", "client"),
            ("tryNoRxLoss", NO),
            ("fileName", device.path or ""),
        ]
    if device.type == "tcp":
        _check_service(device, context)
        uri = network_uri(device, ipv6_brackets=context.dialect.ipv6_brackets)
        return [("fileType", "network"), ("fileName", uri), ("network.endPoint", _END_POINTS[device.mode or "connect"])]
    if device.type == "null" and context.dialect.null_ports:
        return [("fileType", "network"), ("fileName", ""), ("network.endPoint", "server")]
    expected = "'dev', 'file', 'pipe' or 'tcp'"
    raise error_at(device, f"type='{device.type}' is not supported, expecting {expected}", "<serial>")


def _check_service(device: CharDevice, context: WriteContext) -> None:
    """Refuse a port that would be read as one of type 'null' (P66)."""
    service = device.service or ""
    is_number = service.isascii() and service.isdigit() and len(service) <= 10
    if context.dialect.null_ports and not (is_number and 0 < int(service) <= INT_MAX):
        raise error_at(device, f"service='{service}' is not the number of a port", "<serial>")


def network_uri(port: CharDevice, *, ipv6_brackets: bool = True) -> str:
    """The URI of what is behind a port of type ``tcp``, as VMX and the API have it.

    :param ipv6_brackets: write an IPv6 address so that it can be read again (libvirt does not, G24).
    """
    host = port.host or ""
    if ipv6_brackets:
        host = quote(host, safe=_OF_HOSTS, errors="surrogateescape")
        host = f"[{host}]" if ":" in host else host
    return f"{_SCHEMES[port.protocol or 'raw']}://{host}:{port.service}"


def write_parallels(domain: Domain, context: WriteContext) -> list[Entry]:
    """The lines of all parallel ports."""
    lines: list[Entry] = []
    for at, device in _ports(domain.parallels, PARALLELS, "<parallel>"):
        values = (("present", YES), *_parallel_backing(device, context))
        lines += [(f"{at}.{key}", value) for key, value in values]
    return lines


def _parallel_backing(device: CharDevice, context: WriteContext) -> list[Entry]:
    if device.type in ("dev", "file"):
        return _local_backing(device, "<parallel>", context)
    if device.type == "null" and context.dialect.null_ports:
        return [("fileType", "device"), ("fileName", "")]
    raise error_at(device, f"type='{device.type}' is not supported, expecting 'dev' or 'file'", "<parallel>")


def _ports(devices: Sequence[CharDevice], sections: Sequence[str], where: str) -> list[tuple[str, CharDevice]]:
    """The devices with what their keys begin with; a port that is not stated is the next one (F13)."""
    result = []
    following = 0
    for device in devices:
        port = following if device.port is None else device.port
        if not 0 <= port < len(sections):
            raise error_at(device, f"port index {port} out of [0..{len(sections) - 1}] range", where)
        following = max(following, port + 1)
        result.append((sections[port], device))
    return result
