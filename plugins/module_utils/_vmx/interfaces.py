# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network interfaces (P50 to P60, F56 to F64).

::

    ethernet0.present = "TRUE"
    ethernet0.virtualDev = "vmxnet3"
    ethernet0.networkName = "VM Network"
    ethernet0.connectionType = "bridged"
    ethernet0.addressType = "vpx"
    ethernet0.generatedAddress = "00:50:56:91:48:c7"
    ethernet0.checkMACAddress = "false"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape as escape_xml

from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import NO_MAC
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Interface, Keys, VdsPort
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.mac import GENERATED_PREFIX, Range, is_multicast, mac_use
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import INT_MAX, ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.values import (
    format_uuid,
    parse_integer,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import (
    NO,
    YES,
    Entry,
    WriteContext,
    error_at,
    numbers_of,
)

_SECTION = re.compile(r"ethernet([0-9]{1,10})")

_MODELS = ("vlance", "vmxnet", "vmxnet3", "e1000", "e1000e")
_VMXNET2 = ("vmxnet", "15")  # virtualDev and features of what libvirt calls vmxnet2
_OTHER_MODELS = ("sriov", "vrdma")  # of VMware too, but not known to libvirt's driver

# addressType -> (libvirt's word, the key that has the address)
_ADDRESS_TYPES = {
    None: (None, "generatedAddress"),
    "generated": ("generated", "generatedAddress"),
    "vpx": ("generated", "generatedAddress"),
    "static": ("static", "address"),
}
_OTHER_KEY = {"generatedAddress": "address", "address": "generatedAddress"}
_TYPE_OF_KEY = {"generatedAddress": "generated", "address": "static"}

HOSTONLY = "hostonly"
# Keys that libvirt cannot express, by what they belong to.
_OPAQUE = ("opaqueNetwork.id", "opaqueNetwork.type", "externalId")
_OF_OTHER_CONNECTIONS = ("connectionType", "pvnID")
_PORT = ("dvs.portId",)
_XML_QUOTES = {'"': "&quot;", "'": "&apos;"}
_MOST = 10  # interfaces a domain can have
_MOST_BEFORE_7 = 4  # the same before virtual hardware version 7


def interface_indexes(context: ReadContext) -> tuple[int, ...]:
    """The indexes of the interfaces that are there, ascending (L18, P50)."""
    vmx = context.vmx
    indexes = []
    for section in [section for section in vmx.sections if section.startswith("ethernet")]:
        found = _SECTION.fullmatch(section)
        if found is None or section in vmx.raw or int(found[1]) > INT_MAX:
            if context.dialect.lenient_ethernet:
                continue
            raise _not_indexed(context, section)
        if str(int(found[1])) == found[1]:  # ethernet00 is never looked up (L19)
            indexes.append(int(found[1]))
    return tuple([index for index in sorted(indexes) if _is_present(context, index)])


def _not_indexed(context: ReadContext, section: str) -> ParseError:
    key = next(key for key in context.vmx.raw if key == section or key.startswith(section + "."))
    return context.vmx.error_at(key, "failed to parse the index of VMX key, expecting ethernet<number>.<name>")


def _is_present(context: ReadContext, index: int) -> bool:
    present = context.vmx.boolean(f"ethernet{index}.present")
    context.vmx.boolean(f"ethernet{index}.startConnected")  # has no effect, but has to be right
    return present


def read_interfaces(context: ReadContext, indexes: Iterable[int]) -> tuple[Interface, ...]:
    """The interfaces of these indexes."""
    return tuple([_read_interface(context, f"ethernet{index}") for index in indexes])


def _read_interface(context: ReadContext, at: str) -> Interface:
    mac_type, mac = context.attempt(_read_mac, context, at, default=_NO_MAC)
    model = context.attempt(_read_model, context, at, default=None)
    read_network = _read_network if context.dialect.tolerant else _read_network_as_libvirt
    network = context.attempt(read_network, context, at, default=_UNCONNECTED)
    return Interface(
        type=network.type,
        source=network.source,
        vds=network.port,
        mac=mac,
        mac_type=mac_type,
        mac_check=None if mac is None else _read_check(context, at, mac, mac_type),
        target=network.target,
        model=model,
        keys=network.keys,
        link=_read_link(context, at),
    )


def _read_link(context: ReadContext, at: str) -> str | None:
    """``startConnected``: a card is connected when the domain starts, unless this says otherwise."""
    if not context.dialect.link_state or context.vmx.boolean(f"{at}.startConnected", True):
        return None
    return "down"


def _read_mac(context: ReadContext, at: str) -> tuple[str | None, str | None]:
    """How the MAC address came about, and the address (P51, P52)."""
    vmx, dialect = context.vmx, context.dialect
    address_type = vmx.get(f"{at}.addressType")
    known = _ADDRESS_TYPES.get(None if address_type is None else address_type.lower())
    if known is None:
        _report_address_type(context, at, address_type)
        known = _ADDRESS_TYPES[None]
    mac_type, key = known
    mac = vmx.mac(f"{at}.{key}")
    if mac is None and dialect.either_mac_key:
        key = _OTHER_KEY[key]
        mac = vmx.mac(f"{at}.{key}")
    if not dialect.keep_missing_ids:
        return mac_type, mac or NO_MAC
    if mac is None or mac == NO_MAC:
        return None, None
    if is_multicast(mac):
        raise vmx.error_at(f"{at}.{key}", f"'{mac}' is a multicast address, which no card can have")
    return mac_type or _TYPE_OF_KEY[key], mac


def _report_address_type(context: ReadContext, at: str, address_type: str | None) -> None:
    """Refuse an unknown word, or report it in a dialect that reads it as if it were missing."""
    words = ", ".join(f"'{word}'" for word in _ADDRESS_TYPES if word)
    error = context.vmx.error_at(f"{at}.addressType", f"expecting one of {words}, found '{address_type}'")
    if not context.dialect.tolerant:
        raise error
    if address_type:
        context.leave_out(f"{at}.addressType", error.reason)


def _read_check(context: ReadContext, at: str, mac: str, mac_type: str | None) -> bool | None:
    """``checkMACAddress``, which libvirt understands in lower case only (P53, G7); ESX checks where it is missing."""
    check = context.vmx.get(f"{at}.checkMACAddress")
    if check is None:
        must_be_said = context.dialect.states_mac_check and mac_use(mac, mac_type, None).check is not None
        return True if must_be_said else None
    if context.dialect.any_mac_check:
        return context.vmx.boolean(f"{at}.checkMACAddress", True)
    return check == YES


def _read_model(context: ReadContext, at: str) -> str | None:
    """``virtualDev``, of which vmxnet means vmxnet2 with the right features (P54)."""
    word = context.vmx.get(f"{at}.virtualDev")
    features = context.vmx.integer(f"{at}.features", 0)
    if word is None or (not word and context.dialect.any_model):
        return None
    model = word.lower()
    if model in _MODELS:
        return "vmxnet2" if (model, str(features)) == _VMXNET2 else model
    if context.dialect.any_model:
        if model not in _OTHER_MODELS:
            key = f"{at}.virtualDev"
            context.report.leave_out(key, "no product of VMware knows this card", word=word, line=context.vmx.line(key))
        return word if model in _OTHER_MODELS else None
    known = ", ".join(f"'{model}'" for model in _MODELS)
    raise context.vmx.error_at(f"{at}.virtualDev", f"expecting one of {known}, found '{word}'")


class _Network(NamedTuple):
    """The network of an interface in libvirt's words, and the keys that libvirt cannot express."""

    type: str
    source: str | None = None
    target: str | None = None
    port: VdsPort | None = None
    keys: Keys = ()


_UNCONNECTED = _Network("null")
_NO_MAC: tuple[str | None, str | None] = (None, None)


def _read_network_as_libvirt(context: ReadContext, at: str) -> _Network:
    """The network of an interface (P55 to P57)."""
    vmx = context.vmx
    connection = vmx.word(f"{at}.connectionType")
    target = None
    name = vmx.get(f"{at}.networkName") if connection is None else None
    if connection in ("bridged", "custom"):
        name = vmx.required(f"{at}.networkName")
    if connection == "custom":
        target = vmx.required(f"{at}.vnet")
    switch = vmx.uuid(f"{at}.dvs.switchId")
    if switch is not None:
        return _Network("vds", port=_read_port(context, at, switch))
    if connection in (None, "bridged", "custom"):
        return _Network("null" if name is None else "bridge", name, target)
    if connection == "nat":
        return _Network("user")
    known = "'bridged', 'nat' or 'custom'"
    raise vmx.error_at(f"{at}.connectionType", f"invalid or not yet handled value '{connection}', expecting {known}")


def _read_network(context: ReadContext, at: str) -> _Network:
    """The network of an interface as VMware understands it.

    One of a distributed switch or of NSX is that whatever else is said, since a card that was moved there keeps its
    old keys. A hosted product has networks without a name: its bridged one, and virtual ones by their device.
    """
    vmx = context.vmx
    switch, opaque = vmx.uuid(f"{at}.dvs.switchId"), vmx.get(f"{at}.opaqueNetwork.id")
    if switch is not None:
        return _distributed(context, at, switch)
    if opaque:
        context.leave_out(f"{at}.opaqueNetwork.id", "libvirt has no NSX networks; it is kept as the name of a bridge")
        return _Network("bridge", opaque, keys=_kept(context, at, _OPAQUE))
    network = _connection(context, at)
    for key in ("networkName", "vnet"):
        value = vmx.get(f"{at}.{key}")
        if value and value not in (network.source, network.target, *dict(network.keys).values()):
            context.leave_out(f"{at}.{key}", "a card with this connectionType does not use it")
    return network


def _connection(context: ReadContext, at: str) -> _Network:
    """The network that ``connectionType`` says."""
    vmx = context.vmx
    connection, name = vmx.word(f"{at}.connectionType") or None, vmx.get(f"{at}.networkName")
    if connection == "bridged":
        return _Network("bridge", name or "")
    if connection == "custom":
        vnet = vmx.get(f"{at}.vnet") or None
        if vnet is None:
            context.leave_out(f"{at}.connectionType", f"a custom connection needs {at}.vnet; it is read as 'bridged'")
        return _Network("bridge", name or "", vnet)
    if connection == "nat":
        return _Network("user")
    if connection == HOSTONLY:
        return _Network("network", HOSTONLY)
    if connection is None:
        return _Network("null" if name is None else "bridge", name)
    why = f"libvirt has no connection of type '{connection}'; the card is not connected in XML"
    context.leave_out(f"{at}.connectionType", why)
    return _Network("null", keys=_kept(context, at, _OF_OTHER_CONNECTIONS))


def _distributed(context: ReadContext, at: str, switch: str) -> _Network:
    """A port of a distributed switch; with NSX the port's id is no number."""
    port_id = context.vmx.get(f"{at}.dvs.portId") or ""
    if not port_id or parse_integer(port_id) is not None:
        return _Network("vds", port=_read_port(context, at, switch))
    port = VdsPort(
        switch_id=switch,
        portgroup_id=context.vmx.get(f"{at}.dvs.portgroupId"),
        connection_id=context.count(f"{at}.dvs.connectionId", 0),
    )
    return _Network("vds", port=port, keys=_kept(context, at, _PORT))


def _kept(context: ReadContext, at: str, names: Sequence[str]) -> Keys:
    """Those of the keys that there are."""
    values = ((name, context.vmx.get(f"{at}.{name}")) for name in names)
    return tuple([(name, value) for name, value in values if value is not None])


def _read_port(context: ReadContext, at: str, switch: str) -> VdsPort:
    return VdsPort(
        switch_id=switch,
        port_id=context.count(f"{at}.dvs.portId", 0),
        portgroup_id=context.vmx.get(f"{at}.dvs.portgroupId"),
        connection_id=context.count(f"{at}.dvs.connectionId", 0),
    )


def write_interfaces(domain: Domain, context: WriteContext) -> list[Entry]:
    """The lines of all interfaces."""
    most = _MOST if context.hw_version >= 7 else _MOST_BEFORE_7
    lines: list[Entry] = []
    for index, interface in zip(numbers_of(domain.interfaces, context.interfaces), domain.interfaces):
        if index >= most and not context.dialect.any_interfaces:
            raise error_at(interface, f"Ethernet controller index {index} out of [0..{most - 1}] range")
        values = context.report.attempt(_write_interface, interface, context, default=())
        lines += [(f"ethernet{index}.{key}", value) for key, value in values]
    return lines


def _write_interface(interface: Interface, context: WriteContext) -> tuple[Entry, ...]:
    return (
        ("present", YES),
        *context.report.attempt(_model, interface, context, default=()),
        *_network(interface, context),
        *_address(interface, context),
        *_link(interface, context),
    )


def _link(interface: Interface, context: WriteContext) -> list[Entry]:
    if interface.link is None or not context.dialect.link_state:
        return []
    return [("startConnected", NO if interface.link == "down" else YES)]


def _model(interface: Interface, context: WriteContext) -> list[Entry]:
    """``virtualDev`` (F58)."""
    model = interface.model
    if model is None:
        return []
    if model == "vmxnet2":
        return [("virtualDev", _VMXNET2[0]), ("features", _VMXNET2[1])]
    if model in _MODELS or (context.dialect.any_model and model in _OTHER_MODELS):
        return [("virtualDev", model)]
    raise error_at(interface, f"model '{model}' is not supported, expecting one of {', '.join(_MODELS)}, vmxnet2")


def _network(interface: Interface, context: WriteContext) -> list[Entry]:
    """The lines about the network of an interface (F59 to F62)."""
    if interface.type == "bridge":
        return _bridge(interface, context)
    if interface.type == "user":
        return [("connectionType", "nat")]
    if interface.type == "null":
        return _kept_lines(interface, _OF_OTHER_CONNECTIONS)
    if interface.type == "vds" and interface.vds is not None:
        kept = [] if interface.vds.port_id else _kept_lines(interface, _PORT)
        return [*_port(interface.vds, context), *kept]
    if interface.type == "network" and context.dialect.hostonly and interface.source == HOSTONLY:
        return [("connectionType", HOSTONLY)]
    raise error_at(interface, f"net type '{interface.type}' is not supported, expecting 'bridge', 'user' or 'vds'")


def _bridge(interface: Interface, context: WriteContext) -> list[Entry]:
    name, opaque = interface.source or "", _kept_lines(interface, _OPAQUE)
    if opaque and ("opaqueNetwork.id", name) in opaque:
        return opaque
    lines = [("networkName", name)] if name or not context.dialect.tolerant else []
    if interface.target is None or (not interface.target and context.dialect.tolerant):
        return [*lines, ("connectionType", "bridged")]
    return [*lines, ("connectionType", "custom"), ("vnet", interface.target)]


def _kept_lines(interface: Interface, names: Sequence[str]) -> list[Entry]:
    """Those keys that libvirt cannot express which fit the network."""
    return [(name, value) for name, value in interface.keys if name in names]


def _port(port: VdsPort, context: WriteContext) -> list[Entry]:
    group = port.portgroup_id
    if group is not None and not context.dialect.plain_portgroup:
        group = escape_xml(group, _XML_QUOTES)
    values = (
        ("dvs.switchId", format_uuid(port.switch_id)),
        ("dvs.portId", str(port.port_id) if port.port_id else None),
        ("dvs.portgroupId", group),
        ("dvs.connectionId", str(port.connection_id) if port.connection_id else None),
    )
    return [(key, value) for key, value in values if value is not None]


def _address(interface: Interface, context: WriteContext) -> list[Entry]:
    """The MAC address (F63)."""
    mac = interface.mac
    if mac is None or mac == NO_MAC:
        if context.dialect.keep_missing_ids:
            return [("addressType", "generated")]
        mac = ":".join((GENERATED_PREFIX, *(f"{byte:02x}" for byte in context.random(3))))
    use = mac_use(mac, interface.mac_type, interface.mac_check)
    lines = _address_lines(mac.upper() if context.dialect.libvirt_0_7_6 else mac, use)
    if use.check is not None:
        lines.append(("checkMACAddress", YES if use.check else NO))
    return lines


def _address_lines(mac: str, use: Range) -> list[Entry]:
    if use.kind == "static":
        return [("addressType", "static"), ("address", mac)]
    if use.vpx:
        return [("addressType", "vpx"), ("generatedAddress", mac)]
    return [("addressType", "generated"), ("generatedAddress", mac), ("generatedAddressOffset", "0")]
