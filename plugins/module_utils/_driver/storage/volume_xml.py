# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's XML of storage pools and volumes, written and read as its ESX driver does."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute
from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import text as escaped
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    error_at,
    size_bytes,
    text_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child, parse

# The elements of each volume's XML in libvirt's driver.
_VOLUME = ("name", "key", "capacity", "allocation", "target")
_TARGET = ("path", "format")
# libvirt's format for each type of volume.
_FORMATS = {"vmdk": "vmdk", "iso": "iso", "floppy": "raw"}


@dataclass(frozen=True)
class VolumeXml:
    """The content of a volume's XML: sizes in bytes, ``allocation`` as in the option, elements without an effect."""

    name: str | None = None
    capacity: int | None = None
    allocation: str | None = None
    unused: tuple[str, ...] = ()


def read_volume_xml(text: str) -> VolumeXml:
    """Read a volume's XML, as ``virsh vol-create`` takes it.

    :raises ParseError: unless it is a disk of format vmdk that is allocated fully or not at all.
    """
    root = parse(text)
    _check_kind(root)
    capacity = size_bytes(child(root, "capacity"), "bytes")
    if capacity is None:
        raise error_at(root, "the <capacity> is missing")
    if capacity == 0:
        raise error_at(root, "the <capacity> is 0; no disk is so small")
    if child(root, "target", "encryption") is not None or child(root, "encryption") is not None:
        raise error_at(root, "a volume with <encryption> cannot be created; hosts encrypt whole domains")
    allocation = size_bytes(child(root, "allocation"), "bytes")
    if allocation not in (None, 0, capacity):
        raise error_at(root, f"the <allocation> has to be 0 or {capacity}, the capacity; it is {allocation}")
    kind = None if allocation is None else ("thick" if allocation else "thin")
    return VolumeXml(text_of(child(root, "name")), capacity, kind, _unused(root))


def _check_kind(root: Element) -> None:
    if root.tag != "volume":
        raise ParseError(f"<{root.tag}> is not the description of a volume, expecting <volume>.", where="xml")
    if root.get("type") not in (None, "file"):
        raise error_at(root, f"type='{root.get('type')}' cannot be created, only 'file'")
    format_ = child(root, "target", "format")
    if format_ is None or format_.get("type") != "vmdk":
        raise error_at(root if format_ is None else format_, "only volumes with <format type='vmdk'/> can be created")
    if child(root, "backingStore") is not None:
        raise error_at(root, "a volume with a <backingStore> cannot be created")


def _unused(root: Element) -> tuple[str, ...]:
    """The elements that have no effect; those that ``virsh vol-dumpxml`` prints of any volume do not count."""
    target = child(root, "target")
    inner = () if target is None else target.iterchildren("*")
    return (
        *(f"<{one.tag}>" for one in root.iterchildren("*") if one.tag not in _VOLUME),
        *(f"<target><{one.tag}>" for one in inner if one.tag not in _TARGET),
    )


def write_volume_xml(volume: Volume, key: str) -> str | None:
    """Return a volume's XML as ``virsh vol-dumpxml`` prints it; None for files that are not volumes in libvirt.

    :param key: the disk's UUID, or the path of another volume.
    """
    if volume.type not in _FORMATS:
        return None
    return (
        f"<volume type='file'>\n  <name>{escaped(volume.path.path, True)}</name>\n  <key>{escaped(key, True)}</key>\n"
        f"  <capacity unit='bytes'>{volume.capacity}</capacity>\n"
        f"  <allocation unit='bytes'>{volume.allocation}</allocation>\n"
        f"  <target>\n    <path>{escaped(str(volume.path), True)}</path>\n"
        f"    <format type='{_FORMATS[volume.type]}'/>\n  </target>\n</volume>\n"
    )


def md5_uuid(text: str) -> str:
    """Return the UUID that libvirt derives from a text, such as the path at which a host mounts a pool."""
    return str(uuid.UUID(bytes=hashlib.md5(text.encode(), usedforsecurity=False).digest()))


def write_pool_xml(facts: dict[str, Any]) -> str | None:
    """Return a pool's XML as ``virsh pool-dumpxml`` prints it; None for types of datastores that libvirt refuses.

    :param facts: the pool as ``esx_pool_info`` returns it.
    """
    source = _pool_source(facts)
    if source is None:
        return None
    kind, lines = source
    middle = "".join(f"    {line}\n" for line in lines)
    path = "" if facts["target"] is None else f"    <path>{escaped(facts['target'], True)}</path>\n"
    return (
        f"<pool type='{kind}'>\n  <name>{escaped(facts['name'], True)}</name>\n  <uuid>{facts['uuid']}</uuid>\n"
        f"  <capacity unit='bytes'>{facts['capacity_bytes']}</capacity>\n"
        f"  <allocation unit='bytes'>{facts['allocation_bytes']}</allocation>\n"
        f"  <available unit='bytes'>{facts['available_bytes']}</available>\n"
        f"  <source>\n{middle}  </source>\n"
        f"  <target>\n{path}"
        "    <permissions>\n      <mode>00</mode>\n      <owner>0</owner>\n      <group>0</group>\n"
        "    </permissions>\n  </target>\n</pool>\n"
    )


def _pool_source(facts: dict[str, Any]) -> tuple[str, list[str]] | None:
    """The type of a pool in libvirt, and the lines of its source."""
    if facts["type"] == "vmfs":
        return "fs", ["<format type='vmfs'/>"]
    if facts["type"] in ("nfs", "nfs41", "cifs"):
        return "netfs", _netfs_source(facts)
    if facts["type"] == "iscsi":
        return "iscsi", _iscsi_source(facts)
    if facts["type"] == "local":
        return "dir", []
    return None


def _netfs_source(facts: dict[str, Any]) -> list[str]:
    format_ = "cifs" if facts["type"] == "cifs" else "nfs"
    host, path = (attribute(facts["source"][part] or "", True) for part in ("host", "path"))
    return [f"<host name='{host}'/>", f"<dir path='{path}'/>", f"<format type='{format_}'/>"]


def _iscsi_source(facts: dict[str, Any]) -> list[str]:
    host, iqn = attribute(facts["source"]["host"] or "", True), attribute(facts["name"], True)
    port = f" port='{facts['source']['port']}'" if facts["source"]["port"] else ""
    return [f"<host name='{host}'{port}/>", "<initiator>", f"  <iqn name='{iqn}'/>", "</initiator>"]
