# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a host in the form of ``esx_host_info``'s result: pure.

The rules for libvirt's node information are those of its driver (esx-driver-rules.md, section 17).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.node import write_capabilities, write_interface
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, list_at

# The CPUID leaf with the bit for 64-bit mode; the API lists it as a negative number.
_EXTENDED_LEAF = 0x80000001 - (1 << 32)
_LONG_MODE = 29

# AboutInfo's member for each fact of the installed product.
_PRODUCT = {
    "name": "name",
    "full_name": "fullName",
    "version": "version",
    "build": "build",
    "api_version": "apiVersion",
}

_MARKS = re.compile(r"\((?:R|C|TM)\)")
_MODEL_LENGTH = 31


def read_product(product: Any) -> dict[str, Any]:
    """Return the installed product: AboutInfo as values, None if the user may not see it."""
    return {name: getattr(product, member, None) for name, member in _PRODUCT.items()}


def read_node(values: Values) -> dict[str, Any]:
    """Return processors and memory as in ``virsh nodeinfo``; None for what the user may not see."""
    return {
        "model": short_model(values["summary.hardware.cpuModel"] or ""),
        "nodes": int(values["hardware.numaInfo.numNodes"] or 1),
        **_processors(values["hardware.cpuInfo"]),
        "memory_kib": _memory_kib(values),
    }


def _processors(cpu: Any) -> dict[str, int | None]:
    if cpu is None:
        return dict.fromkeys(("mhz", "cpus", "sockets", "cores_per_socket", "threads_per_core"))
    packages, cores, threads = int(cpu.numCpuPackages), int(cpu.numCpuCores), int(cpu.numCpuThreads)
    return {
        "mhz": int(cpu.hz) // 1_000_000,
        "cpus": cores,
        "sockets": packages,
        "cores_per_socket": cores // packages,
        "threads_per_core": threads // cores,
    }


def _memory_kib(values: Values) -> int | None:
    size = values["hardware.memorySize"]
    return None if size is None else int(size) // 1024


def short_model(text: str) -> str:
    """Return a processor's name as in libvirt: without trade marks and repeated blanks, at most 31 characters."""
    return " ".join(_MARKS.sub("", text).split())[:_MODEL_LENGTH]


def free_memory_kib(values: Values) -> int | None:
    """Return the memory that neither the host nor its domains use, None if it is unknown."""
    used, total = values["summary.quickStats.overallMemoryUsage"], _memory_kib(values)
    return None if used is None or total is None else total - int(used) * 1024


def is_64_bit(features: Iterable[Any]) -> bool | None:
    """Return whether the processors have 64-bit mode, None if it is unknown."""
    leaf = next((item for item in features if item.level == _EXTENDED_LEAF), None)
    if leaf is None or not leaf.edx:
        return None
    bits = str(leaf.edx).replace(":", "")
    return bits[::-1][_LONG_MODE : _LONG_MODE + 1] == "1"


def capabilities(values: Values) -> str:
    """Return libvirt's XML of the host's capabilities."""
    wide = is_64_bit(list_at(values, "hardware.cpuFeature"))
    return write_capabilities(uuid=values["hardware.systemInfo.uuid"], is_64_bit=wide is not False)


def hostname(dns: Any) -> str | None:
    """Return the host's full name, None if it has none."""
    if dns is None or not dns.hostName:
        return None
    return f"{dns.hostName}.{dns.domainName}" if dns.domainName else str(dns.hostName)


def read_interface(nic: Any) -> dict[str, Any]:
    """Return a physical network card, with libvirt's XML of it."""
    link, ip = nic.linkSpeed, nic.spec.ip if nic.spec is not None else None
    address = getattr(ip, "ipAddress", None) or None
    prefix = _prefix(getattr(ip, "subnetMask", None)) if address else None
    mac = str(nic.mac).lower()
    return {
        "name": nic.device,
        "mac": mac,
        "driver": nic.driver,
        "speed_mbps": None if link is None else int(link.speedMb),
        "full_duplex": None if link is None else bool(link.duplex),
        "xml": write_interface(
            name=nic.device, mac=mac, address=address, prefix=prefix, dhcp=bool(getattr(ip, "dhcp", False))
        ),
    }


def _prefix(mask: str | None) -> int | None:
    try:
        return ipaddress.ip_network(f"0.0.0.0/{mask}").prefixlen if mask else None
    except ValueError:
        return None


def read_autostart(defaults: Any) -> dict[str, Any]:
    """Return the host's defaults for starting and stopping domains."""
    return {
        "enabled": bool(getattr(defaults, "enabled", False)),
        "start_delay": getattr(defaults, "startDelay", None),
        "stop_delay": getattr(defaults, "stopDelay", None),
        "wait_for_heartbeat": bool(getattr(defaults, "waitForHeartbeat", False)),
        "stop_action": stop_action(getattr(defaults, "stopAction", None)),
    }


# The API's stop actions; hosts write them in any case.
STOP_ACTIONS = {
    "none": "none",
    "systemDefault": "default",
    "powerOff": "destroy",
    "suspend": "suspend",
    "guestShutdown": "shutdown",
}


def stop_action(word: str | None) -> str | None:
    """Return the collection's name of a stop action of the API, ignoring case."""
    found = [mine for theirs, mine in STOP_ACTIONS.items() if theirs.lower() == str(word).lower()]
    return found[0] if found else None
