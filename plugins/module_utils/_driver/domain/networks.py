# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks that a task names for cards: a host's own port groups, and those of a vCenter's distributed switches.

A domain says the first by name, and the second by the ids of the switch and the port group.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import VdsPort
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.checks import listed
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import InterfacePart, Parts
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Traversal, Values, fetch_types
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name

_SWITCH = "config.distributedVirtualSwitch"
_WANTED = {
    "Network": ["name"],
    "DistributedVirtualPortgroup": ["key", _SWITCH],
    "DistributedVirtualSwitch": ["uuid"],
}
_TRAVERSAL = (
    Traversal("networks", "HostSystem", "network", ("switches",)),
    Traversal("switches", "DistributedVirtualPortgroup", _SWITCH),
)


def with_networks(connection: EsxConnection, parts: Parts) -> Parts:
    """Return parts whose cards have the port group of a distributed switch that they name.

    One read through a vCenter, none on a host, which has no distributed switches of its own.

    :raises NotFound: for a network that the host does not have.
    :raises Refused: for a network of NSX, which knows each of its cards.
    """
    if connection.is_direct or all(part.network is None for part in parts.interfaces):
        return parts
    networks, switches = _read_networks(connection)
    cards = [_with_port(part, networks, switches) for part in parts.interfaces]
    return replace(parts, interfaces=tuple(cards))


def _read_networks(connection: EsxConnection) -> tuple[dict[str, tuple[Any, Values]], dict[Any, str]]:
    """The networks of the host by name, and the UUIDs of its distributed switches; one read."""
    rows = fetch_types(connection.session, _WANTED, objects=[connection.host], traversal=_TRAVERSAL)
    networks = {unescape_name(str(values["name"])): (ref, values) for ref, values in rows if "name" in values}
    return networks, {ref: str(values["uuid"]) for ref, values in rows if "uuid" in values}


def _with_port(
    part: InterfacePart, networks: Mapping[str, tuple[Any, Values]], switches: Mapping[Any, str]
) -> InterfacePart:
    """A card with the port group of a distributed switch, if that is the network that it names."""
    if part.network is None:
        return part
    if part.network not in networks:
        raise NotFound(f"The host has no network '{part.network}'; it has {listed(networks)}.")
    ref, values = networks[part.network]
    if type_name(ref) == "OpaqueNetwork":
        text = f"'{part.network}' is a network of NSX, and this cannot connect a card to it."
        raise Refused(text, hint="Connect it with NSX; the card is left alone where network is not given.")
    return replace(part, vds=_port(values, switches)) if "key" in values else part


def _port(values: Mapping[str, Any], switches: Mapping[Any, str]) -> VdsPort:
    """Any port of a distributed port group."""
    switch = switches.get(values[_SWITCH])
    if switch is None:
        raise Refused(f"The server does not say which distributed switch '{values['name']}' belongs to.")
    return VdsPort(str(uuid.UUID(switch.replace(" ", "").replace("-", ""))), portgroup_id=str(values["key"]))
