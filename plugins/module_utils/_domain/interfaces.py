# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network cards in domain XML.

::

    <interface type='bridge'>
      <mac address='00:50:56:3a:00:01' type='static' check='yes'/>
      <source bridge='VM Network'/>
      <target dev='vmnet7'/>
      <model type='vmxnet3'/>
    </interface>
    <interface type='vds'>
      <mac address='00:50:56:91:00:01' type='generated'/>
      <source switchid='503426b2-94e9-3b16-1d68-87bfff4a5440' portid='5' portgroupid='dvportgroup-1' connectionid='7'/>
    </interface>

A host-only card of VMware's is ``<interface type='network'>`` with ``<source network='hostonly'/>``; one on the bridged
network of a hosted product, which has no name, has ``<source bridge=''/>``.
"""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._domain.boot import read_boot_order, write_boot_order
from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute, optional, yes_no
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Interface, Keys, VdsPort
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    LONG_MAX,
    attr_of,
    choice_attr,
    error_at,
    int_attr,
    required_attr,
    to_uuid,
    truth_attr,
)
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child, children

# Type -> the attribute of <source> with the network's name, which then is required.
_SOURCE = {"bridge": "bridge", "network": "network", "internal": "name"}
_TYPES = (
    *_SOURCE,
    "user",
    "vds",
    "null",
    "ethernet",
    "direct",
    "server",
    "client",
    "mcast",
    "udp",
    "hostdev",
    "vhostuser",
    "vdpa",
)
_MAC_TYPES = ("generated", "static")
_LINK_STATES = ("up", "down")
NO_MAC = "00:00:00:00:00:00"  # what libvirt prints for a card without an address (P51), and reads as none (F11)

_MAC = re.compile(r"([0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2}){5})(?:[\x00-\x20].*)?", re.DOTALL)
_MAC_LENGTH = len(NO_MAC)
# Devices that libvirt takes for its own and forgets (F12, P58).
_OWN_DEVICES = ("vnet", "macvtap", "macvlan")


def to_mac(text: str) -> str | None:
    """A MAC address in lower case, six pairs, None if the text is not one (L24)."""
    found = _MAC.fullmatch(text)
    if found is None:
        return None
    mac = found[1].lower()
    return mac if len(mac) == _MAC_LENGTH else ":".join([pair.zfill(2) for pair in mac.split(":")])


def read_interface(element: Element, forms: XmlForms) -> Interface:
    """One ``<interface>`` (F11, F12).

    :raises ParseError: where libvirt's parser refuses it.
    """
    kind = choice_attr(element, "type", _TYPES) or "user"
    parts = children(element)
    mac = parts.get("mac")
    check = truth_attr(mac, "check")
    return Interface(
        type=kind,
        source=_source(element, kind),
        vds=_vds_port(element, forms) if kind == "vds" else None,
        mac=read_mac(mac),
        mac_type=choice_attr(mac, "type", _MAC_TYPES),
        mac_check=check,
        target=_device(attr_of(parts.get("target"), "dev"), forms),
        model=(attr_of(parts.get("model"), "type") or "").lower() or None,
        link=choice_attr(parts.get("link"), "state", _LINK_STATES),
        boot_order=read_boot_order(parts),
        keys=_port_key(parts.get("source"), forms) if kind == "vds" else (),
        line=element.sourceline,
    )


def _device(name: str | None, forms: XmlForms) -> str | None:
    """The device of the host that a card is at, as far as libvirt does not take it for its own."""
    is_own = name is not None and name.startswith(_OWN_DEVICES)
    return None if is_own and not forms.exact else name


def read_mac(element: Element | None) -> str | None:
    """The address of a ``<mac>``, None for one of zeros or none at all."""
    text = attr_of(element, "address")
    if element is None or text is None:
        return None
    mac = to_mac(text)
    if mac is None:
        raise error_at(
            element, f"address='{text}' is not a MAC address; expected six pairs of hexadecimal digits and ':'"
        )
    if int(mac[:2], 16) & 1:
        raise error_at(element, f"address='{text}' is a multicast address; a network card has a unicast one")
    return None if mac == NO_MAC else mac


def _source(element: Element, kind: str) -> str | None:
    if kind not in _SOURCE:
        return None
    source = child(element, "source")
    if source is None:
        raise error_at(element, f"A network card with type='{kind}' needs <source {_SOURCE[kind]}='...'/>")
    return required_attr(source, _SOURCE[kind])


def _vds_port(element: Element, forms: XmlForms) -> VdsPort:
    source = child(element, "source")
    if source is None:
        raise error_at(element, "A network card with type='vds' needs <source switchid='...'/>")
    switch_id = to_uuid(required_attr(source, "switchid"))
    if switch_id is None:
        raise error_at(source, f"switchid='{source.get('switchid')}' is not a UUID; expected 32 hexadecimal digits")
    group = source.get("portgroupid")
    return VdsPort(
        switch_id,
        0 if _port_key(source, forms) else int_attr(source, "portid", -LONG_MAX - 1, LONG_MAX) or 0,
        group if forms.bare_vds else group or None,
        int_attr(source, "connectionid", -LONG_MAX - 1, LONG_MAX) or 0,
    )


def _port_key(source: Element | None, forms: XmlForms) -> Keys:
    """The port of a distributed switch under NSX, whose id is a UUID, as the key of VMX that has it."""
    port = attr_of(source, "portid")
    return (("dvs.portId", port),) if port is not None and forms.more and to_uuid(port) is not None else ()


def write_interface(interface: Interface, forms: XmlForms) -> str:
    """The lines of one network card (P52 to P59)."""
    exact = forms.exact
    target, model = _device(interface.target, forms), interface.model
    return "".join(
        (
            f"    <interface type='{interface.type}'>\n",
            _mac_line(interface, forms),
            _vds_line(interface.vds, forms) if interface.vds else _source_line(interface, exact),
            f"      <target dev='{attribute(target, exact)}'/>\n" if target is not None else "",
            f"      <model type='{attribute(model, exact)}'/>\n" if model else "",
            f"      <link state='{interface.link}'/>\n" if interface.link else "",
            write_boot_order(interface.boot_order),
            "    </interface>\n",
        )
    )


def _mac_line(interface: Interface, forms: XmlForms) -> str:
    if interface.mac is None and forms.exact:
        return ""
    details = _mac_details(interface) if forms.mac_details else ""
    return f"      <mac address='{interface.mac or NO_MAC}'{details}/>\n"


def _mac_details(interface: Interface) -> str:
    """How an address came about, and whether the host checks it."""
    kind = f" type='{interface.mac_type}'" if interface.mac_type else ""
    return kind if interface.mac_check is None else f"{kind} check='{yes_no(interface.mac_check)}'"


def _source_line(interface: Interface, exact: bool) -> str:
    if interface.source is None or interface.type not in _SOURCE:
        return ""
    return f"      <source {_SOURCE[interface.type]}='{attribute(interface.source, exact)}'/>\n"


def _vds_line(port: VdsPort, forms: XmlForms) -> str:
    group = port.portgroup_id if forms.bare_vds else port.portgroup_id or ""
    return (
        f"      <source switchid='{port.switch_id}' portid='{port.port_id}'"
        f"{optional('portgroupid', group, forms.exact)} connectionid='{port.connection_id}'/>\n"
    )
