#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_host_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_host_info
short_description: Read an ESX host
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Returns the facts that C(virsh capabilities), C(virsh nodeinfo), C(virsh freecell), C(virsh hostname) and
    C(virsh iface-list) show of an ESX host, and its state for planning work on it.
options:
  gather:
    description:
      - Additional facts, V(licence) and V(time). Each costs a call.
    type: list
    elements: str
    choices: [licence, time]
    default: []
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.reading
notes:
  - Privileges - only those of the role Read-only.
seealso:
  - module: virt.esx.esx_pool_info
  - module: virt.esx.esx_network_info
"""

EXAMPLES = r"""
- name: Read the host's licence and free memory
  virt.esx.esx_host_info:
    uri: esx://esx.example.com
    gather: [licence]
  register: read

- name: Stop if the licence only allows reading
  ansible.builtin.assert:
    that: not read.hosts[0].licence.read_only
"""

RETURN = r"""
hosts:
  description: The host of the connection.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its name in the server's inventory., returned: always, type: str, sample: esx.example.com}
    moid: {description: Its managed object id., returned: always, type: str, sample: ha-host}
    uuid:
      description: The UUID of its hardware.
      returned: always
      type: str
      sample: f0afca0a-455c-46b2-8653-a3bf842c71ee
    hostname:
      description: Its full name, V(none) if it has none.
      returned: always
      type: str
      sample: esx.example.com
    product:
      description: The installed product.
      returned: always
      type: dict
      contains:
        name: {description: The product., returned: always, type: str, sample: VMware ESXi}
        full_name:
          description: The product with its version and build.
          returned: always
          type: str
          sample: VMware ESXi 8.0.0 build-20513097
        version: {description: Its version., returned: always, type: str, sample: 8.0.3}
        build: {description: Its build., returned: always, type: str, sample: "20513097"}
        api_version: {description: The version of its API., returned: always, type: str, sample: "8.0.0.1"}
    vendor: {description: The vendor of the hardware., returned: always, type: str, sample: "VMware, Inc."}
    model: {description: The model of the hardware., returned: always, type: str, sample: VMware Virtual Platform}
    node:
      description: Processors and memory, as C(virsh nodeinfo) shows them.
      returned: always
      type: dict
      contains:
        model:
          description: The processors' model, shortened as in libvirt.
          returned: always
          type: str
          sample: "Intel Core i7-3615QM CPU @ 2.30"
        mhz: {description: Their frequency., returned: always, type: int, sample: 3591}
        cpus: {description: The number of cores., returned: always, type: int, sample: 2}
        nodes: {description: The number of NUMA nodes., returned: always, type: int, sample: 1}
        sockets: {description: The number of sockets., returned: always, type: int, sample: 2}
        cores_per_socket: {description: Cores per socket., returned: always, type: int, sample: 1}
        threads_per_core: {description: Threads per core., returned: always, type: int, sample: 1}
        memory_kib: {description: The memory of the host., returned: always, type: int, sample: 67108864}
    memory_free_kib: {description: Free memory., returned: always, type: int, sample: 63574016}
    max_vcpus: {description: The maximum number of virtual CPUs of a domain., returned: always, type: int, sample: 128}
    capabilities:
      description: Its capabilities as libvirt's XML.
      returned: always
      type: str
      sample: "<capabilities>..."
    boot_time:
      description: When it was started, in ISO 8601.
      returned: always
      type: str
      sample: "2026-11-26T11:10:07+00:00"
    connection_state:
      description: "One of V(connected), V(disconnected) and V(notResponding), as the vCenter sees it."
      returned: always
      type: str
      sample: connected
    maintenance: {description: Whether it is in maintenance mode., returned: always, type: bool}
    reboot_required: {description: Whether a change waits for a reboot., returned: always, type: bool}
    lockdown:
      description: One of V(disabled), V(normal) and V(strict).
      returned: always
      type: str
      sample: disabled
    vcenter:
      description: Address of the vCenter that manages it, V(none) if none does.
      returned: always
      type: str
      sample: "192.0.2.5"
    autostart:
      description: The defaults for starting and stopping domains with the host.
      returned: always
      type: dict
      contains:
        enabled: {description: Whether domains are started at all., returned: always, type: bool}
        start_delay: {description: Seconds between two starts., returned: always, type: int, sample: 120}
        stop_delay: {description: Seconds between two stops., returned: always, type: int, sample: 120}
        wait_for_heartbeat: {description: Whether VMware Tools end the delay early., returned: always, type: bool}
        stop_action:
          description: "How the host stops its domains: V(none), V(destroy), V(suspend) or V(shutdown)."
          returned: always
          type: str
          sample: destroy
    interfaces:
      description: The physical network cards, libvirt's interfaces.
      returned: always
      type: list
      elements: dict
      contains:
        name: {description: The card's name., returned: always, type: str, sample: vmnic0}
        mac: {description: Its MAC address., returned: always, type: str, sample: "00:0c:29:81:d8:a0"}
        driver: {description: Its driver., returned: always, type: str, sample: nvmxnet3}
        speed_mbps: {description: "Its speed, V(none) without a link.", returned: always, type: int, sample: 10000}
        full_duplex: {description: "Whether it is full duplex, V(none) without a link.", returned: always, type: bool}
        xml:
          description: libvirt's XML of it.
          returned: always
          type: str
          sample: "<interface type='ethernet' name='vmnic0'>..."
    vmkernel:
      description: The host's own network interfaces.
      returned: always
      type: list
      elements: dict
      contains:
        name: {description: The interface's name., returned: always, type: str, sample: vmk0}
        port_group:
          description: Its port group, V(none) on a distributed switch.
          returned: always
          type: str
          sample: Management Network
        mac: {description: Its MAC address., returned: always, type: str, sample: "00:0c:29:81:d8:a0"}
        address: {description: Its IPv4 address., returned: always, type: str, sample: "127.0.0.1"}
        mtu: {description: Its MTU., returned: always, type: int, sample: 1500}
    pools:
      description: The names of its datastores.
      returned: always
      type: list
      elements: str
      sample: ["datastore1"]
    networks:
      description: The names of its networks.
      returned: always
      type: list
      elements: str
      sample: ["Lab Network", "VM Network"]
    domains:
      description: The number of domains in each state.
      returned: always
      type: dict
      contains:
        running: {description: Running domains., returned: always, type: int, sample: 2}
        paused: {description: Suspended domains., returned: always, type: int, sample: 0}
        shutoff: {description: Domains that are shut off., returned: always, type: int, sample: 0}
    licence:
      description: The licence in use, without its key; V(none) through a vCenter.
      returned: when O(gather) has V(licence)
      type: dict
      contains:
        name: {description: The licence's name., returned: always, type: str, sample: Evaluation Mode}
        edition: {description: The edition's key., returned: always, type: str, sample: esxEnterprisePlus}
        read_only: {description: Whether it allows reading only., returned: always, type: bool}
    time:
      description: The host's clock.
      returned: when O(gather) has V(time)
      type: str
      sample: "2026-11-26T11:10:34.720739+00:00"
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.node.host_info import read_host
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Read the host of the connection."""
    with open_connection(invocation) as connection:
        return {"changed": False, "hosts": [read_host(connection, invocation.params["gather"])]}


CONTRACT = Contract(
    argument_spec=with_connection(
        {"gather": {"type": "list", "elements": "str", "choices": ["licence", "time"], "default": []}}
    ),
    run=run,
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
