# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The differences of two domains, part by part, each with a name that users know. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain, Interface, Os
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_kinds import is_empty_drive


@dataclass(frozen=True)
class Difference:
    """One part that differs: ``part`` is the member of ``Domain``; where it is not, ``before`` or ``after`` is None."""

    part: str
    name: str
    before: Any
    after: Any


# The names of parts that differ from the name of the member.
_NAMES = {
    "uuid": "UUID",
    "genid": "generation id",
    "description": "annotation",
    "guest_os": "guest operating system",
    "memory_kib": "max_memory",
    "current_memory_kib": "memory",
    "min_guarantee_kib": "guaranteed memory",
    "cpuset": "CPU affinity",
    "shares": "CPU shares",
    "os": "firmware",
    "cpu": "CPU topology",
    "memory_locked": "locked memory",
    "switches": "settings of the hardware",
}

# The name of what several parts say together: ``<boot>`` of the system, disks and cards.
_BOOT_ORDER = "boot order"

# Members that say nothing about the definition.
_ASIDE = ("current_vcpus", "datacenter_path", "moref", "id")
_COMPARED = tuple(member.name for member in fields(Domain) if member.name not in _ASIDE)

# Controllers that every domain has: XML has them where there is a disk on them.
_IMPLIED = ("controller ide", "controller fdc")

# The name that identifies a device: one of the same name is the same device, before and after.
_DEVICES: dict[str, Callable[[int, Any], str]] = {
    "disks": lambda _place, disk: f"disk {disk.target}",
    "controllers": lambda _place, controller: f"controller {controller.type} {controller.index}",
    "filesystems": lambda _place, filesystem: f"filesystem {filesystem.target}",
    "interfaces": lambda place, interface: f"interface {interface.mac or place}",
    "serials": lambda place, port: f"serial {place if port.port is None else port.port}",
    "parallels": lambda place, port: f"parallel {place if port.port is None else port.port}",
    "graphics": lambda place, _graphics: f"graphics {place}",
    "videos": lambda place, _video: f"video {place}",
    "tpms": lambda place, _tpm: f"tpm {place}",
    "sounds": lambda place, _sound: f"sound {place}",
    "hostdevs": lambda place, device: f"hostdev {device.address or place}",
}


def differences(before: Domain, after: Domain) -> list[Difference]:
    """The differences of two domains, in the order of the model."""
    found: list[Difference] = []
    for member in _COMPARED:
        old, new = _value(before, member), _value(after, member)
        if old == new:
            continue
        if member in _DEVICES:
            found += _of_devices(member, old, new)
        else:
            name = _BOOT_ORDER if is_boot_order(old, new) else _NAMES.get(member, member)
            found.append(Difference(member, name, old, new))
    return found


def disk_pairs(changes: Iterable[Difference]) -> list[tuple[Disk | None, Disk | None]]:
    """The disks and drives among some differences, before and after."""
    return [(item.before, item.after) for item in changes if item.part == "disks"]


def new_sources(changes: Iterable[Difference]) -> list[tuple[Disk | None, Disk]]:
    """Those of ``disk_pairs`` that have another source than before."""
    return [
        (before, after)
        for before, after in disk_pairs(changes)
        if after is not None and (before is None or before.source != after.source)
    ]


def memory_limit_kib(domain: Domain) -> int | None:
    """The limit of a domain's memory, None if it may have all of its memory."""
    current = domain.current_memory_kib
    return None if current is None or current >= domain.memory_kib else current


def _value(domain: Domain, member: str) -> Any:
    return memory_limit_kib(domain) if member == "current_memory_kib" else getattr(domain, member)


def _of_devices(member: str, before: Sequence[Any], after: Sequence[Any]) -> list[Difference]:
    name = _DEVICES[member]
    old = {name(place, device): device for place, device in enumerate(before)}
    new = {name(place, device): device for place, device in enumerate(after)}
    found = []
    for key in {**old, **new}:
        one, other = old.get(key), new.get(key)
        if _comparable(one) != _comparable(other) and not key.startswith(_IMPLIED):
            found.append(Difference(member, _BOOT_ORDER if is_boot_order(one, other) else key, one, other))
    return found


def is_boot_order(before: Any, after: Any) -> bool:
    """Whether two values of one part, system, disk or card, differ in the boot order only."""
    if isinstance(before, Os):
        same = replace(before, boot=after.boot, boot_menu=after.boot_menu, boot_delay_ms=after.boot_delay_ms)
        return bool(same == after)
    if not isinstance(before, (Disk, Interface)) or after is None:
        return False
    return bool(replace(before, boot_order=after.boot_order) == after)


def _comparable(device: Any) -> Any:
    """A device as it is compared: an empty CD-ROM drive is empty, be it one for images or the client's."""
    return replace(device, type="file", keys=()) if is_empty_drive(device) else device
