# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's XML of a snapshot.

    <domainsnapshot>
      <name>before-upgrade</name>
      <description>Debian 12</description>
      <memory snapshot='no'/>
      <state>shutoff</state>
      <creationTime>1795600000</creationTime>
      <parent><name>installed</name></parent>
    </domainsnapshot>

State, creation time and parent are facts of a snapshot that exists; a new one cannot choose them.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ansible_collections.virt.esx.plugins.module_utils._domain.values import error_at, text_of
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, parse

_FACTS = ("state", "creationTime", "parent", "domain", "cookie", "inactiveDomain", "active")


@dataclass(frozen=True)
class SnapshotDescription:
    """A snapshot as a user describes it in XML; None for what is left out."""

    name: str | None = None
    description: str | None = None
    memory: bool | None = None


def read_snapshot(xml: str | bytes) -> SnapshotDescription:
    """Return what libvirt's XML of a snapshot asks for.

    :raises ParseError: for anything that a snapshot of an ESX host cannot be, as in libvirt: disks of one's own choice,
        and files for the memory.
    """
    root = parse(xml)
    if root.tag != "domainsnapshot":
        raise error_at(root, "This is not the description of a snapshot, expecting <domainsnapshot>")
    found: dict[str, str | bool | None] = {}
    for element in root.iterchildren("*"):
        if element.tag in ("name", "description"):
            found[element.tag] = text_of(element)
        elif element.tag == "memory":
            found["memory"] = _memory(element)
        elif element.tag not in _FACTS:
            raise error_at(element, "A snapshot of an ESX host has no such element; the host chooses the disks itself")
    return SnapshotDescription(**found)  # type: ignore[arg-type]


def _memory(element: Element) -> bool:
    wanted = element.get("snapshot")
    if wanted not in ("no", "internal") or element.get("file") is not None:
        raise error_at(element, "The host keeps the memory itself; expecting snapshot='no' or snapshot='internal'")
    return wanted == "internal"


def write_snapshot(
    *,
    name: str,
    description: str = "",
    state: str | None = None,
    created: int = 0,
    parent: str | None = None,
    domain_uuid: str | None = None,
) -> str:
    """Return the XML of a snapshot that exists, as ``virsh snapshot-dumpxml`` prints it.

    :param created: seconds since 1970.
    :param parent: the parent's name.
    """
    lines = [
        "<domainsnapshot>",
        f"  <name>{escape(name, quote=False)}</name>",
        f"  <description>{escape(description, quote=False)}</description>",
    ]
    if state is not None:
        lines.append(f"  <state>{state}</state>")
    if parent is not None:
        lines += ["  <parent>", f"    <name>{escape(parent, quote=False)}</name>", "  </parent>"]
    lines.append(f"  <creationTime>{created}</creationTime>")
    if domain_uuid is not None:
        lines += ["  <domain>", f"    <uuid>{domain_uuid}</uuid>", "  </domain>"]
    lines.append("</domainsnapshot>")
    return "".join(f"{line}\n" for line in lines)
