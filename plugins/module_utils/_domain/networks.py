# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""libvirt's XML of a network, as far as an ESX host has it: a virtual switch with uplinks and port groups.

    <network>
      <name>vSwitch1</name>
      <forward mode='bridge'><interface dev='vmnic1'/></forward>
      <mtu size='9000'/>
      <portgroup name='DMZ'>
        <vlan><tag id='20'/></vlan>
        <bandwidth>
          <inbound average='1000' peak='2000' burst='1024'/>
          <outbound average='1000' peak='2000' burst='1024'/>
        </bandwidth>
      </portgroup>
    </network>

``<mtu>`` and ``<vlan>`` are libvirt's words, which its own ESX driver does not use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from ansible_collections.virt.esx.plugins.module_utils._domain.values import error_at, int_attr, required_attr, text_of
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child, parse

# The VLAN id with which a port group hands all tags through to its guests: <vlan trunk='yes'/>.
TRUNK = 4095

# The least and the most bytes of a packet that a virtual switch can be set to.
MTU = (1280, 9000)

# The highest number of kilobytes or KiB in a <bandwidth>.
BANDWIDTH_LIMIT = (1 << 31) - 1

# The attributes and the children that each element can have. libvirt adds ``connections`` to what it prints.
_SHAPING = (("average", "peak", "burst"), ())
_KNOWN: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "network": (("connections",), ("name", "uuid", "forward", "mtu", "bandwidth", "portgroup")),
    "name": ((), ()),
    "uuid": ((), ()),
    "forward": (("mode", "dev"), ("interface",)),
    "interface": (("dev", "connections"), ()),
    "mtu": (("size",), ()),
    "portgroup": (("name",), ("vlan", "bandwidth")),
    "vlan": (("trunk",), ("tag",)),
    "tag": (("id",), ()),
    "bandwidth": ((), ("inbound", "outbound")),
    "inbound": _SHAPING,
    "outbound": _SHAPING,
}


@dataclass(frozen=True)
class Bandwidth:
    """Traffic shaping in both directions: ``average`` and ``peak`` in kilobytes a second, ``burst`` in KiB."""

    average: int
    peak: int | None = None
    burst: int | None = None


@dataclass(frozen=True)
class PortGroup:
    """A port group; ``vlan`` is 0 for untagged, ``TRUNK`` for all tags, None where nothing is said."""

    name: str
    vlan: int | None = None
    bandwidth: Bandwidth | None = None


@dataclass(frozen=True)
class Network:
    """A virtual switch; ``uplinks`` and ``mtu`` are None where nothing is said."""

    name: str
    uuid: str | None = None
    uplinks: tuple[str, ...] | None = None
    mtu: int | None = None
    bandwidth: Bandwidth | None = None
    port_groups: tuple[PortGroup, ...] = ()


def read_network(xml: str | bytes) -> Network:
    """Return the network that libvirt's XML describes.

    :raises ParseError: for what a virtual switch of an ESX host cannot be.
    """
    root = parse(xml)
    if root.tag != "network":
        raise error_at(root, "This is not the description of a network, expecting <network>")
    name = text_of(child(root, "name"))
    if not name:
        raise error_at(root, "The network has no <name>")
    _check_known(root)
    groups = tuple(_port_group(element) for element in root.iterchildren("portgroup"))
    _check_names(root, groups)
    return Network(
        name=name,
        uplinks=_uplinks(child(root, "forward")),
        mtu=int_attr(child(root, "mtu"), "size", *MTU),
        bandwidth=_bandwidth(child(root, "bandwidth")),
        port_groups=groups,
    )


def _check_known(element: Element) -> None:
    """Refuse elements and attributes that would have no effect."""
    attributes, children = _KNOWN[element.tag]
    for name in sorted({*element.keys()}.difference(attributes)):
        raise error_at(element, f"A virtual switch of an ESX host has no such attribute: '{name}'")
    for below in element.iterchildren("*"):
        if below.tag not in children:
            raise error_at(below, "A virtual switch of an ESX host has no such element")
        _check_known(below)


def _check_names(root: Element, groups: Sequence[PortGroup]) -> None:
    names = [group.name for group in groups]
    for element, name in zip(root.iterchildren("portgroup"), names):
        if names.count(name) > 1:
            raise error_at(element, f"The port group '{name}' is given twice")


def _uplinks(forward: Element | None) -> tuple[str, ...]:
    """Without <forward> the switch has no uplink, as in libvirt."""
    if forward is None:
        return ()
    mode = forward.get("mode") or "nat"
    if mode != "bridge":
        raise error_at(forward, f"mode='{mode}' is not possible on an ESX host; expecting mode='bridge'")
    devices = [required_attr(element, "dev") for element in forward.iterchildren("interface")]
    single = forward.get("dev")
    return tuple(dict.fromkeys([*([single] if single else []), *devices]))


def _port_group(element: Element) -> PortGroup:
    return PortGroup(
        required_attr(element, "name"), _vlan(child(element, "vlan")), _bandwidth(child(element, "bandwidth"))
    )


def _vlan(element: Element | None) -> int | None:
    if element is None:
        return None
    tags = list(element.iterchildren("tag"))
    if element.get("trunk") == "yes":
        if tags:
            raise error_at(element, "A port group passes on either all tags or none; leave out the <tag>s")
        return TRUNK
    if len(tags) != 1:
        raise error_at(element, "Expecting one <tag>, or trunk='yes' for all tags")
    return int_attr(tags[0], "id", 0, TRUNK)


def _bandwidth(element: Element | None) -> Bandwidth | None:
    """Inbound and outbound have to be equal, as in libvirt's driver: a host has one setting for both."""
    if element is None:
        return None
    both = [_direction(element, name) for name in ("inbound", "outbound")]
    if both[0] != both[1]:
        raise error_at(
            element, "<inbound> and <outbound> have to be there and equal: the host has one setting for both"
        )
    return both[0]


def _direction(element: Element, name: str) -> Bandwidth | None:
    found = child(element, name)
    if found is None:
        return None
    average = int_attr(found, "average", 0, BANDWIDTH_LIMIT)
    if average is None:
        raise error_at(found, "The attribute 'average' is missing")
    return Bandwidth(average, int_attr(found, "peak", 0, BANDWIDTH_LIMIT), int_attr(found, "burst", 0, BANDWIDTH_LIMIT))


def write_network(network: Network) -> str:
    """Return the XML of a network, as ``virsh net-dumpxml`` prints it, with MTU and VLANs."""
    lines = ["<network>", f"  <name>{quoteattr(network.name)[1:-1]}</name>"]
    if network.uuid is not None:
        lines.append(f"  <uuid>{network.uuid}</uuid>")
    lines += _forward_lines(network.uplinks or ())
    if network.mtu is not None:
        lines.append(f"  <mtu size='{network.mtu}'/>")
    lines += _bandwidth_lines(network.bandwidth, "  ")
    for group in network.port_groups:
        lines += [f"  <portgroup name={_quoted(group.name)}>", *_group_lines(group), "  </portgroup>"]
    return "".join(f"{line}\n" for line in [*lines, "</network>"])


def _forward_lines(uplinks: Sequence[str]) -> list[str]:
    if not uplinks:
        return []
    interfaces = [f"    <interface dev={_quoted(name)}/>" for name in uplinks]
    return [f"  <forward dev={_quoted(uplinks[0])} mode='bridge'>", *interfaces, "  </forward>"]


def _group_lines(group: PortGroup) -> list[str]:
    lines = []
    if group.vlan == TRUNK:
        lines.append("    <vlan trunk='yes'/>")
    elif group.vlan:
        lines += ["    <vlan>", f"      <tag id='{group.vlan}'/>", "    </vlan>"]
    return lines + _bandwidth_lines(group.bandwidth, "    ")


def _bandwidth_lines(bandwidth: Bandwidth | None, indent: str) -> list[str]:
    if bandwidth is None:
        return []
    values = {"average": bandwidth.average, "peak": bandwidth.peak, "burst": bandwidth.burst}
    text = "".join(f" {key}='{value}'" for key, value in values.items() if value)
    return [
        f"{indent}<bandwidth>",
        f"{indent}  <inbound{text}/>",
        f"{indent}  <outbound{text}/>",
        f"{indent}</bandwidth>",
    ]


def _quoted(text: str) -> str:
    """An attribute's value between single quotes."""
    return "'" + quoteattr(text)[1:-1].replace("&quot;", '"').replace("'", "&apos;") + "'"
