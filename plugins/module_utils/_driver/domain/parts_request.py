# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a domain that a task names one by one, as typed values: disks, drives, cards, ports, host devices."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import to_mac
from ansible_collections.virt.esx.plugins.module_utils._domain.model import CharDevice, PciAddress
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_options import DiskEntry, read_disk_entries
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.arguments import PART_OPTIONS
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import (
    DiskPart,
    DrivePart,
    HostdevPart,
    InterfacePart,
    Parts,
    SerialPart,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import check_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vmx.mac import is_multicast

ABSENT = "absent"
_Part = TypeVar("_Part")

_PORT_NUMBER = re.compile(r"[1-9][0-9]{0,4}")
_LAST_PORT = 65535
# The greatest numbers in the address of a PCI device: domain, bus, slot and function.
_LAST_PCI = (0xFFFF, 0xFF, 0x1F, 7)


def read_parts(params: Mapping[str, Any]) -> Parts:
    """Return the parts that validated options name.

    :raises ParseError: for an entry that contradicts itself, or a device that is named twice.
    """
    files = {entry.target: entry for entry in read_disk_entries(params["disks"] or ())}
    parts = Parts(
        disks=_read(params, "disks", partial(_disk, files)),
        drives=(
            *_read(params, "cdroms", partial(_drive, "cdrom")),
            *_read(params, "floppies", partial(_drive, "floppy")),
        ),
        interfaces=_read(params, "interfaces", _interface),
        serials=_read(params, "serials", _serial),
        hostdevs=_read(params, "hostdevs", _hostdev),
    )
    _check_each_is_named_once(parts)
    return parts


def _check_each_is_named_once(parts: Parts) -> None:
    targets = [*(part.target for part in parts.disks), *(part.target for part in parts.drives)]
    _check_distinct("disks, cdroms and floppies", targets)
    _check_distinct("interfaces", [part.mac or part.index for part in parts.interfaces])
    _check_distinct("serials", [part.port for part in parts.serials])
    _check_distinct("hostdevs", [str(part.address) for part in parts.hostdevs])


def _read(params: Mapping[str, Any], option: str, read: Callable[[Mapping[str, Any], str], _Part]) -> tuple[_Part, ...]:
    entries: Sequence[Mapping[str, Any]] = params[option] or ()
    return tuple(read(entry, f"{option}[{place}]") for place, entry in enumerate(entries))


def _check_distinct(option: str, keys: Sequence[Any]) -> None:
    for key in keys:
        if key is not None and keys.count(key) > 1:
            raise ParseError(f"'{key}' is given twice.", where=option)


def _source(entry: Mapping[str, Any], where: str) -> str | None:
    source = entry.get("source")
    return source if not source else str(check_datastore_path(source, where=f"{where}.source"))


def _without_others(entry: Mapping[str, Any], where: str, names: Sequence[str]) -> bool:
    """Whether a part is absent; then nothing else can be said of it.

    :raises ParseError: if it is.
    """
    if entry["state"] != ABSENT:
        return False
    for name in names:
        if entry.get(name) is not None:
            raise ParseError(f"{name} has no effect with state absent.", where=where)
    return True


def _disk(files: Mapping[str, DiskEntry], entry: Mapping[str, Any], where: str) -> DiskPart:
    is_absent = _without_others(entry, where, ("source", "size", "clone_of", "image", "bus"))
    source = _source(entry, where)
    if source == "":
        raise ParseError("it is empty; state absent removes a disk.", where=f"{where}.source")
    return DiskPart(entry["target"], files[entry["target"]], source, entry["bus"], is_absent)


def _drive(device: str, entry: Mapping[str, Any], where: str) -> DrivePart:
    is_absent = _without_others(entry, where, ("source", "bus"))
    if device == "floppy" and not is_absent and not entry["source"]:
        hint = "Use state absent to take the drive away."
        raise ParseError("a floppy drive without an image is not seen by libvirt.", where=f"{where}.source", hint=hint)
    return DrivePart(device, entry["target"], _source(entry, where), entry.get("bus"), is_absent)


def _interface(entry: Mapping[str, Any], where: str) -> InterfacePart:
    is_absent = _without_others(entry, where, ("network", "model", "link"))
    mac = None if entry["mac"] is None else _card_address(entry["mac"], where)
    index = entry["index"]
    if mac is not None and index is not None:
        raise ParseError("mac and index both say which card is meant; give one of them.", where=where)
    if mac is None and index is None:
        raise ParseError("neither mac nor index says which card is meant.", where=where)
    if index is not None and index < 0:
        raise ParseError(f"index is {index}, expecting at least 0.", where=where)
    return InterfacePart(mac, index, entry["network"], entry["model"], entry["link"], is_absent)


def _card_address(text: str, where: str) -> str:
    """The MAC address of a card: neither that of a group, nor only zeros."""
    mac = to_mac(text)
    if mac is None:
        raise ParseError(f"'{text}' is not a MAC address, expecting one like '00:50:56:00:00:21'.", where=where)
    if is_multicast(mac) or not mac.strip("0:"):
        raise ParseError(f"'{text}' is not the MAC address of a network card.", where=where)
    return mac


# The option that each type of port needs besides, and those without effect on it.
_NEEDED = {"file": "path", "dev": "path", "pipe": "path", "tcp": "service"}
_OF_TCP = ("mode", "host", "service", "protocol")
_WITHOUT_EFFECT = {"file": _OF_TCP, "dev": _OF_TCP, "pipe": _OF_TCP, "tcp": ("path",)}


def _serial(entry: Mapping[str, Any], where: str) -> SerialPart:
    is_absent = _without_others(entry, where, ("type", "path", "host", "service"))
    kind, port = entry["type"], entry["port"]
    if not 0 <= port <= 3:
        raise ParseError(f"port is {port}, expecting 0 to 3.", where=where)
    if is_absent:
        return SerialPart(port, CharDevice("null", port), is_absent=True)
    lacking = _lacking(entry)
    if lacking is not None:
        raise ParseError(f"{lacking} is missing.", where=where)
    for name in _WITHOUT_EFFECT[kind]:
        if entry[name] != PART_OPTIONS["serials"][name].get("default"):
            raise ParseError(f"{name} has no effect with type {kind}.", where=where)
    return SerialPart(port, _network_port(entry, where) if kind == "tcp" else _local_port(entry, where))


def _lacking(entry: Mapping[str, Any]) -> str | None:
    """The suboption that a port lacks: its type, or what that type needs."""
    kind = entry["type"]
    if kind is None:
        return "type"
    return None if entry[_NEEDED[kind]] else _NEEDED[kind]


def _local_port(entry: Mapping[str, Any], where: str) -> CharDevice:
    """A port behind which is a file in a datastore, or a device or pipe of the host."""
    path = entry["path"]
    if entry["type"] == "file":
        path = str(check_datastore_path(path, where=f"{where}.path"))
    return CharDevice(entry["type"], entry["port"], path=path)


def _network_port(entry: Mapping[str, Any], where: str) -> CharDevice:
    # A port that waits for connections without a host does so on all addresses.
    host = entry["host"] or ("0.0.0.0" if entry["mode"] == "bind" else None)  # noqa: S104
    if host is None:
        raise ParseError("host is missing; a port that connects needs to know where to.", where=where)
    service = entry["service"]
    if not _PORT_NUMBER.fullmatch(service) or int(service) > _LAST_PORT:
        raise ParseError(f"service is '{service}', expecting a port number from 1 to {_LAST_PORT}.", where=where)
    return CharDevice("tcp", entry["port"], mode=entry["mode"], host=host, service=service, protocol=entry["protocol"])


def _hostdev(entry: Mapping[str, Any], where: str) -> HostdevPart:
    return HostdevPart(_pci_address(entry["address"], where), entry["state"] == ABSENT)


def _pci_address(text: str, where: str) -> PciAddress:
    """The address in the form that hosts and ``lspci`` show it in: ``0000:3b:00.0``, or without the domain."""
    wrong = ParseError(f"'{text}' is not a PCI address, expecting one like '0000:3b:00.0'.", where=where)
    try:
        place, function = text.strip().rsplit(".", 1)
        numbers = [int(number, 16) for number in (*place.split(":"), function)]
        domain, bus, slot, last = numbers if len(numbers) == 4 else (0, *numbers)
    except (ValueError, TypeError):
        raise wrong from None
    if any(not 0 <= number <= most for number, most in zip((domain, bus, slot, last), _LAST_PCI)):
        raise wrong
    return PciAddress(domain, bus, slot, last)
