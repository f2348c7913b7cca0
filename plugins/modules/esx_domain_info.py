#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_domain_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_domain_info
short_description: Read the domains of an ESX host
version_added: 0.1.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Reads one domain, or all domains of an ESX host, in a number of calls that does not grow with the number of domains.
  - A domain that is broken or inaccessible is listed with what is known of it, and with RV(domains[].error).
options:
  name:
    description:
      - Name of the domain to read, or a pattern of the shell's kind for the names of several, as V(web-*).
    type: str
  uuid:
    description:
      - UUID of the domain to read, in any spelling. Copies of a virtual machine may share one, then all are read.
    type: str
  states:
    description:
      - Only domains in one of these states are read.
    type: list
    elements: str
    choices: [running, paused, shutoff]
    default: [running, paused, shutoff]
  gather:
    description:
      - What is read of each domain beside its name, UUID, state, processors, memory and the place of its VMX.
      - V(xml) is its domain XML, V(vmx) the text of its VMX, both without the VNC password; they need one file transfer
        a domain.
      - V(autostart) says whether the host starts it, V(scheduler) is its share of the host, V(snapshots) the tree of
        its snapshots.
      - V(guest) is what VMware Tools tell of the guest, V(hardware) its disks and network cards as the host sees them.
    type: list
    elements: str
    choices: [xml, vmx, autostart, scheduler, snapshots, guest, hardware]
    default: []
requirements:
  - lxml 4.9.3 or later
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.reading
seealso:
  - module: virt.esx.esx_domain
  - module: virt.esx.esx_scheduler
"""

EXAMPLES = r"""
- name: List all domains of a host
  virt.esx.esx_domain_info:
    uri: esx://example.com
  register: host

- name: Show the names of those that run
  ansible.builtin.debug:
    msg: "{{ host.domains | selectattr('state', 'eq', 'running') | map(attribute='name') }}"

- name: Keep the definitions of the web servers
  virt.esx.esx_domain_info:
    uri: esx://example.com
    name: web-*
    gather: [xml]
  register: web

- name: Write them to files
  ansible.builtin.copy:
    content: "{{ item.xml }}"
    dest: "definitions/{{ item.name }}.xml"
    mode: "0644"
  loop: "{{ web.domains }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
domains:
  description: The domains, sorted by name. Empty where none matches.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: Fedora11
    uuid:
      description: Its UUID, V(none) where the host cannot read the domain's configuration.
      returned: always
      type: str
      sample: 50115e16-9bdc-49d7-f171-53c4d7f91710
    moid:
      description: The VI API's managed object id.
      returned: always
      type: str
      sample: "12"
    state:
      description: One of V(running), V(paused) and V(shutoff), V(none) where the user may not see it.
      returned: always
      type: str
      sample: running
    vcpus:
      description: Number of virtual CPUs, V(none) where it is not known, as for what follows.
      returned: always
      type: int
      sample: 1
    memory_kib:
      description: Memory that the host may give to it.
      returned: always
      type: int
      sample: 1048576
    max_memory_kib:
      description: Memory that the guest sees.
      returned: always
      type: int
      sample: 1048576
    vmx_path:
      description: Datastore path of its VMX.
      returned: always
      type: str
      sample: "[local-storage] Fedora11/Fedora11.vmx"
    error:
      description: Why a part of what was asked for is missing.
      returned: when something of this domain could not be read
      type: str
    xml:
      description: Its domain XML.
      returned: when O(gather) has V(xml), and it could be read
      type: str
    vmx:
      description: The text of its VMX, decoded from the encoding that it says it is in.
      returned: when O(gather) has V(vmx), and it could be read
      type: str
    autostart:
      description: Whether the host starts it when it starts itself.
      returned: when O(gather) has V(autostart)
      type: bool
    scheduler:
      description: Its share of the host, as M(virt.esx.esx_scheduler) sets it.
      returned: when O(gather) has V(scheduler)
      type: dict
      contains:
        reservation_mhz:
          description: What is guaranteed to it.
          returned: always
          type: int
          sample: 0
        limit_mhz:
          description: What it can have at most, V(-1) for as much as there is.
          returned: always
          type: int
          sample: -1
        shares:
          description: Its number of shares.
          returned: always
          type: int
          sample: 1000
        shares_level:
          description: One of V(low), V(normal), V(high) and V(custom).
          returned: always
          type: str
          sample: normal
        min_guarantee_kib:
          description: Memory that is guaranteed to it.
          returned: always
          type: int
          sample: 0
    snapshots:
      description: Its snapshots, parents before children.
      returned: when O(gather) has V(snapshots)
      type: list
      elements: dict
      contains:
        name:
          description: The snapshot's name.
          returned: always
          type: str
        moid:
          description: Its managed object id.
          returned: always
          type: str
        parent:
          description: Managed object id of its parent, V(none) for a root.
          returned: always
          type: str
        description:
          description: Its description.
          returned: always
          type: str
        created:
          description: When it was made, in ISO 8601.
          returned: always
          type: str
        state:
          description: The domain's state then.
          returned: always
          type: str
        current:
          description: Whether the domain's changes since then are based on it.
          returned: always
          type: bool
        path:
          description: The names from the root of the tree on.
          returned: always
          type: str
          sample: installed/before-upgrade
        quiesced:
          description: Whether the guest's file systems were quiesced.
          returned: always
          type: bool
        xml:
          description: libvirt's XML of it.
          returned: always
          type: str
    guest:
      description: What VMware Tools tell of the guest.
      returned: when O(gather) has V(guest)
      type: dict
      contains:
        hostname:
          description: The guest's host name.
          returned: always
          type: str
        os:
          description: The name of its operating system.
          returned: always
          type: str
        tools:
          description: Whether VMware Tools run, in the VI API's words.
          returned: always
          type: str
          sample: guestToolsRunning
        addresses:
          description: Its IP addresses, the primary one first.
          returned: always
          type: list
          elements: str
        interfaces:
          description: Its network cards with their addresses, as C(virsh domifaddr) shows them.
          returned: always
          type: list
          elements: dict
          contains:
            network:
              description: The network that it is in.
              returned: always
              type: str
              sample: VM Network
            mac:
              description: Its MAC address.
              returned: always
              type: str
              sample: 00:50:56:25:48:c7
            addresses:
              description: Its IP addresses, with the length of the prefix where VMware Tools tell it.
              returned: always
              type: list
              elements: str
              sample: ["192.0.2.7/24"]
    hardware:
      description: Its devices as the host sees them.
      returned: when O(gather) has V(hardware)
      type: dict
      contains:
        disks:
          description: The hard disks.
          returned: always
          type: list
          elements: dict
          contains:
            label:
              description: The host's name for it.
              returned: always
              type: str
              sample: Hard disk 1
            file:
              description: Datastore path of its file; of a disk that is a device of the host, the device's name.
              returned: always
              type: str
              sample: "[local-storage] Fedora11/Fedora11.vmdk"
            capacity_kib:
              description: Its size.
              returned: always
              type: int
              sample: 8388608
        interfaces:
          description: The network cards.
          returned: always
          type: list
          elements: dict
          contains:
            label:
              description: The host's name for it.
              returned: always
              type: str
              sample: Network adapter 1
            mac:
              description: Its MAC address.
              returned: always
              type: str
              sample: 00:50:56:25:48:c7
            model:
              description: Its model, as domain XML has it; V(none) for one that it has no word for.
              returned: always
              type: str
              sample: vmxnet3
            network:
              description: Its network; of a distributed switch the key of the port group.
              returned: always
              type: str
              sample: VM Network
            connected:
              description: Whether it is connected.
              returned: always
              type: bool
              sample: true
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.info.domain_info import read_domains
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module

STATES = ["running", "paused", "shutoff"]


def run(invocation: Invocation) -> Result:
    """Read the domains that were asked for."""
    with open_connection(invocation) as connection:
        return {"changed": False, "domains": read_domains(connection, invocation.params)}


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "name": {"type": "str"},
            "uuid": {"type": "str"},
            "states": {"type": "list", "elements": "str", "choices": STATES, "default": STATES},
            "gather": {
                "type": "list",
                "elements": "str",
                "choices": ["xml", "vmx", "autostart", "scheduler", "snapshots", "guest", "hardware"],
                "default": [],
            },
        }
    ),
    run=run,
    mutually_exclusive=[["name", "uuid"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
