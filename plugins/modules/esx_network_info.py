#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_network_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_network_info
short_description: Read virtual switches and port groups
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Returns the virtual switches of an ESX host with their uplinks, port groups and users. In libvirt's terms a
    switch is a network.
  - Through a vCenter, it also returns the port groups of distributed switches that the host can use, with the keys
    that a VMX and C(<interface type='vds'>) need.
options:
  name:
    description: The name of one switch, or of one distributed port group. By default, all are returned.
    type: str
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.reading
notes:
  - Privileges - only those of the role Read-only.
seealso:
  - module: virt.esx.esx_network
"""

EXAMPLES = r"""
- name: List which domains use which port group
  virt.esx.esx_network_info:
    uri: esx://esx.example.com
  register: networks

- name: Connect a domain to a distributed port group
  ansible.builtin.debug:
    msg: >-
      <interface type='vds'><source switchid='{{ group.switch_id }}' portgroupid='{{ group.portgroup_id }}'
      portid='{{ group.ports[0].port_id }}' connectionid='{{ group.ports[0].connection_id }}'/></interface>
  vars:
    group: "{{ networks.networks | selectattr('type', 'equalto', 'distributed') | first }}"
  when: networks.networks | selectattr('type', 'equalto', 'distributed') | list | length > 0
"""

RETURN = r"""
networks:
  description: The networks, the host's own switches first, each sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: The name of the switch., returned: always, type: str, sample: vSwitch1}
    type: {description: V(standard) or V(distributed)., returned: always, type: str, sample: standard}
    uuid:
      description: Its UUID in libvirt.
      returned: always
      type: str
      sample: "2f467347-8b4e-8655-e7d6-c4c3fb968009"
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
    switch: {description: The distributed switch., returned: if it is distributed, type: str, sample: DVS0}
    switch_id:
      description: UUID of the distributed switch, C(switchid) in domain XML and C(dvs.switchId) in VMX.
      returned: if it is distributed
      type: str
      sample: 506ec114-1915-5fba-b48e-5c2b06075be0
    portgroup_id:
      description: Key of the port group, C(portgroupid) in domain XML and C(dvs.portgroupId) in VMX.
      returned: if it is distributed
      type: str
      sample: dvportgroup-12
    vlan: {description: "The VLAN id, V(none) for ranges.", returned: if it is distributed, type: str, sample: "20"}
    ports:
      description: The ports of the port group that are connected.
      returned: if it is distributed
      type: list
      elements: dict
      contains:
        port_id:
          description: C(portid) in domain XML, C(dvs.portId) in VMX.
          returned: always
          type: str
          sample: "8"
        connection_id:
          description: C(connectionid) in domain XML, C(dvs.connectionId) in VMX.
          returned: always
          type: int
          sample: 1733042411
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.network.info import read_networks
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Read the networks that were asked for."""
    with open_connection(invocation) as connection:
        return {"changed": False, "networks": read_networks(connection, invocation.params["name"])}


CONTRACT = Contract(argument_spec=with_connection({"name": {"type": "str"}}), run=run)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
