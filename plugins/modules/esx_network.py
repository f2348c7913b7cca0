#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_network."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_network
short_description: Manage virtual switches and port groups
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Creates, changes and removes a virtual switch of an ESX host with its port groups. In libvirt's terms the switch
    is a network.
  - Options that are not given leave the settings as they are. Port groups that are not named stay.
  - A network that carries an interface of the host itself is protected. Its port group and switch cannot be removed,
    its VLAN cannot be changed, its MTU cannot be lowered, and at least one of its present uplinks must stay and remain
    active. Otherwise the host could become unreachable for good.
  - A port group cannot be removed while a domain uses it, whether the domain runs or not.
  - Distributed switches belong to a vCenter and are only read, see M(virt.esx.esx_network_info).
options:
  name:
    description: The name of the virtual switch, such as V(vSwitch1). Overrides the name in O(xml).
    type: str
  state:
    description: Whether the switch exists. V(absent) also removes its port groups.
    type: str
    choices: [present, absent]
    default: present
  xml:
    description:
      - libvirt's XML of the network. C(<forward mode='bridge'>) lists the uplinks, C(<portgroup>) the port groups with
        C(<vlan>) and C(<bandwidth>), C(<mtu>) the MTU. Without C(<forward>) the switch has no uplinks.
      - Other options override it.
    type: str
  uplinks:
    description: The physical network cards of the switch. An empty list removes all.
    type: list
    elements: str
  mtu:
    description: The largest packet in bytes, from 1280 to 9000. A new switch has 1500.
    type: int
  security:
    description: >-
      Rules for the addresses that a guest may use. Settings that are not given stay as they are; a new switch or port
      group inherits them.
    type: dict
    suboptions: &security
      promiscuous:
        description: Whether a guest may see the traffic of other guests.
        type: bool
      mac_changes:
        description: Whether a guest may receive traffic for a MAC address other than its card's.
        type: bool
      forged_transmits:
        description: Whether a guest may send from a MAC address other than its card's.
        type: bool
  teaming:
    description: How several uplinks share the traffic. Settings that are not given stay as they are.
    type: dict
    suboptions: &teaming
      balancing:
        description:
          - The rule by which an uplink is chosen. V(port) is the virtual port, V(ip) a hash of the addresses, which
            needs link aggregation on the physical switch, V(mac) the guest's MAC address, V(failover) only the order.
        type: str
        choices: [port, ip, mac, failover]
      notify:
        description: Whether the physical switch is notified when traffic moves to another uplink.
        type: bool
      failback:
        description: Whether traffic returns to an uplink whose link is back.
        type: bool
      active:
        description: The uplinks that are used, in this order.
        type: list
        elements: str
      standby:
        description: The uplinks that are used when no active one has a link, in this order.
        type: list
        elements: str
  bandwidth:
    description: Traffic shaping, as in libvirt's XML. All zeros disable it.
    type: dict
    suboptions: &bandwidth
      average:
        description: Average kilobytes per second.
        type: int
        required: true
      peak:
        description: Maximum kilobytes per second. The default is the average.
        type: int
      burst:
        description: KiB that may be sent at the peak rate. The default is the traffic of one second on average.
        type: int
  port_groups:
    description: Port groups of the switch.
    type: list
    elements: dict
    suboptions:
      name:
        description: The port group's name, unique on the host.
        type: str
        required: true
      state:
        description: Whether it exists.
        type: str
        choices: [present, absent]
        default: present
      vlan:
        description: The VLAN id, from 0 (no VLAN) to 4094, or V(trunk) to pass all tags on to the guests.
        type: str
      security:
        description: Rules for the addresses that a guest may use, as for the switch.
        type: dict
        suboptions: *security
      teaming:
        description: How several uplinks share the traffic, as for the switch.
        type: dict
        suboptions: *teaming
      bandwidth:
        description: Traffic shaping, as for the switch.
        type: dict
        suboptions: *bandwidth
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the switch before and after.
notes:
  - If a step fails, the steps before it are undone. The message names a step that could not be undone.
  - Privileges to change - C(Host.Config.Network).
seealso:
  - module: virt.esx.esx_network_info
"""

EXAMPLES = r"""
- name: Create a network for the web servers
  virt.esx.esx_network:
    uri: esx://esx.example.com
    name: vSwitch1
    uplinks: [vmnic1, vmnic2]
    port_groups:
      - {name: Web, vlan: "20"}
      - {name: Database, vlan: "30"}
      - {name: Firewall, vlan: trunk, security: {promiscuous: true, forged_transmits: true}}

- name: Create a network from libvirt's XML
  virt.esx.esx_network:
    uri: esx://esx.example.com
    xml: |
      <network>
        <name>vSwitch1</name>
        <forward mode='bridge'><interface dev='vmnic1'/><interface dev='vmnic2'/></forward>
        <portgroup name='Web'><vlan><tag id='20'/></vlan></portgroup>
      </network>

- name: Remove a port group that is no longer used
  virt.esx.esx_network:
    uri: esx://esx.example.com
    name: vSwitch1
    port_groups:
      - {name: Database, state: absent}

- name: Remove a switch with its port groups
  virt.esx.esx_network:
    uri: esx://esx.example.com
    name: vSwitch1
    state: absent
"""

RETURN = r"""
network:
  description: The virtual switch as it is afterwards; in check mode, as it would be. V(none) if it does not exist.
  returned: success
  type: dict
  contains:
    name: {description: The name of the switch., returned: always, type: str, sample: vSwitch1}
    type: {description: "V(standard) for a switch of the host itself.", returned: always, type: str, sample: standard}
    uuid: {description: Its UUID in libvirt., returned: always, type: str, sample: d61ea8ec-4be0-8a69-4aa3-6201c1eec772}
    mtu: {description: The largest packet in bytes., returned: always, type: int, sample: 1500}
    uplinks:
      description: Its physical network cards.
      returned: always
      type: list
      elements: dict
      contains:
        name: {description: The card's name., returned: always, type: str, sample: vmnic1}
        mac: {description: Its MAC address., returned: always, type: str, sample: "00:0c:29:81:d8:a0"}
        speed_mbps: {description: "Its speed, V(none) without a link.", returned: always, type: int, sample: 10000}
    vmkernel:
      description: The host's own interfaces on it, with their addresses.
      returned: always
      type: list
      elements: str
      sample: ["vmk0 (192.0.2.10)"]
    security: &security
      description: Rules for the addresses that a guest may use; V(none) is inherited.
      returned: always
      type: dict
      contains:
        promiscuous: {description: Whether a guest may see the traffic of other guests., returned: always, type: bool}
        mac_changes: {description: Whether it may receive for another MAC address., returned: always, type: bool}
        forged_transmits: {description: Whether it may send from another MAC address., returned: always, type: bool}
    teaming: &teaming
      description: How several uplinks share the traffic; V(none) is inherited.
      returned: always
      type: dict
      contains:
        balancing:
          description: One of V(port), V(ip), V(mac) and V(failover).
          returned: always
          type: str
          sample: port
        notify: {description: Whether the physical switch is notified of a change., returned: always, type: bool}
        failback: {description: Whether traffic returns to an earlier uplink., returned: always, type: bool}
        active: {description: The active uplinks., returned: always, type: list, elements: str, sample: ["vmnic0"]}
        standby: {description: The standby uplinks., returned: always, type: list, elements: str, sample: ["vmnic1"]}
    bandwidth: &bandwidth
      description: >-
        Traffic shaping. V(none) if a switch has none, or a port group inherits that of its switch; all zeros if a port
        group has it disabled.
      returned: always
      type: dict
      contains:
        average: {description: Average kilobytes per second., returned: always, type: int, sample: 1000}
        peak: {description: Maximum kilobytes per second., returned: always, type: int, sample: 2000}
        burst: {description: KiB that may be sent at the peak rate., returned: always, type: int, sample: 1024}
    port_groups:
      description: Its port groups.
      returned: always
      type: list
      elements: dict
      contains:
        name: {description: The port group's name., returned: always, type: str, sample: DMZ}
        vlan: {description: "The VLAN id, V(0) for none, V(trunk) for all.", returned: always, type: str, sample: "20"}
        vmkernel:
          description: The host's own interfaces on it.
          returned: always
          type: list
          elements: str
          sample: ["vmk0 (127.0.0.1)"]
        domains:
          description: The domains of the host that use it, running or not.
          returned: always
          type: list
          elements: str
          sample: ["domain-1", "domain-2"]
        security: *security
        teaming: *teaming
        bandwidth: *bandwidth
    xml: {description: libvirt's XML of the network., returned: always, type: str, sample: "<network>..."}
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken.
  returned: success
  type: list
  elements: str
  sample: ["add port group 'Web'"]
questions:
  description: The questions of the server that were answered.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: The question's id., returned: always, type: str, sample: "17"}
    text:
      description: The question.
      returned: always
      type: str
      sample: "msg.uuid.altered:This virtual machine (web) might have been moved or copied."
    answer: {description: The label of the chosen answer., returned: always, type: str, sample: I Moved It}
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.network.ensure import ensure_network
from ansible_collections.virt.esx.plugins.module_utils._driver.network.request import BALANCING, read_request
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module

STATE = {"type": "str", "choices": ["present", "absent"], "default": "present"}
POLICY = {
    "security": {
        "type": "dict",
        "options": {name: {"type": "bool"} for name in ("promiscuous", "mac_changes", "forged_transmits")},
    },
    "teaming": {
        "type": "dict",
        "options": {
            "balancing": {"type": "str", "choices": list(BALANCING)},
            "notify": {"type": "bool"},
            "failback": {"type": "bool"},
            "active": {"type": "list", "elements": "str"},
            "standby": {"type": "list", "elements": "str"},
        },
    },
    "bandwidth": {
        "type": "dict",
        "options": {
            "average": {"type": "int", "required": True},
            "peak": {"type": "int"},
            "burst": {"type": "int"},
        },
    },
}


def run(invocation: Invocation) -> Result:
    """Bring the virtual switch into the requested state."""
    request = read_request(invocation.params)
    with open_connection(invocation) as connection:
        return ensure_network(connection, invocation, request)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "name": {"type": "str"},
            "state": STATE,
            "xml": {"type": "str"},
            "uplinks": {"type": "list", "elements": "str"},
            "mtu": {"type": "int"},
            **POLICY,
            "port_groups": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "state": STATE,
                    "vlan": {"type": "str"},
                    **POLICY,
                },
            },
        }
    ),
    run=run,
    required_one_of=[["name", "xml"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
