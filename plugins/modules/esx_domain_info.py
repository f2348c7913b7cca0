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
      - Name of the domain to read, or a pattern of the shell's kind for the names of several, as V(web-*). On a host
        with more than 40 domains, only the first one of a name is read; a pattern reads all.
    type: str
  uuid:
    description:
      - UUID of the domain to read, in any spelling. Copies of a virtual machine may share one, then all are read.
    type: str
  moid:
    description:
      - Managed object id of the domain to read.
    type: str
  states:
    description:
      - Only domains in one of these states are read.
    type: list
    elements: str
    choices: [running, paused, shutoff]
    default: [running, paused, shutoff]
  autostart:
    description:
      - Only domains that the host starts when it starts itself, or only those that it does not start.
    type: bool
  snapshot:
    description:
      - Only domains that have snapshots, or only those that have none.
    type: bool
  network:
    description:
      - Only domains with a card in the network of this name, or in one whose name fits a pattern.
    type: str
  datastore:
    description:
      - Only domains with files in the datastore of this name, or in one whose name fits a pattern.
    type: str
  gather:
    description:
      - What is read of each domain beside its name, UUID, state, processors, memory and the place of its VMX.
      - V(xml) is its domain XML, V(vmx) the text of its VMX, both without the VNC password; they need one file transfer
        a domain.
      - V(autostart) says whether the host starts it, V(scheduler) is its share of the host, V(snapshots) the tree of
        its snapshots.
      - V(guest) is what VMware Tools tell of the guest, V(hardware) its disks and network cards as the host sees them.
      - V(config) is its annotation, guest operating system, virtual hardware and firmware, V(usage) what it uses of the
        host now, V(datastores) the datastores that its files are in.
      - V(custom_values) are the custom attributes that a vCenter has for it.
    type: list
    elements: str
    choices:
      [xml, vmx, autostart, scheduler, snapshots, guest, hardware, config, usage, datastores, custom_values]
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
    id:
      description: libvirt's number for it, V(none) while it is shut off.
      returned: always
      type: int
      sample: 12
    host:
      description: Name of the host that it is on, as the server has it.
      returned: always
      type: str
      sample: esx1.example.com
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
        memory_limit_kib:
          description: Memory that the host may give to it at most, V(-1) for as much as it has.
          returned: always
          type: int
          sample: -1
        memory_shares:
          description: Its number of shares of memory.
          returned: always
          type: int
          sample: 40960
        memory_shares_level:
          description: One of V(low), V(normal), V(high) and V(custom).
          returned: always
          type: str
          sample: normal
    config:
      description: Its configuration as the host sees it.
      returned: when O(gather) has V(config)
      type: dict
      contains:
        annotation:
          description: A text for people, empty where there is none.
          returned: always
          type: str
        guest_id:
          description: The VI API's name of the guest operating system that it is configured for.
          returned: always
          type: str
          sample: fedora64Guest
        guest_os:
          description: The full name of that operating system.
          returned: always
          type: str
          sample: Red Hat Fedora (64-bit)
        hardware_version:
          description: The version of its virtual hardware.
          returned: always
          type: str
          sample: vmx-13
        firmware:
          description: V(bios) or V(efi).
          returned: always
          type: str
          sample: efi
        template:
          description: Whether it is a template, which cannot be started.
          returned: always
          type: bool
          sample: false
        managed_by:
          description: The extension of a vCenter that manages it.
          returned: always
          type: str
    usage:
      description: What it uses of the host now. What the host does not tell is V(none).
      returned: when O(gather) has V(usage)
      type: dict
      contains:
        cpu_mhz:
          description: Processor time.
          returned: always
          type: int
          sample: 120
        host_memory_kib:
          description: Memory of the host that it uses.
          returned: always
          type: int
          sample: 524288
        guest_memory_kib:
          description: Memory that its guest uses actively.
          returned: always
          type: int
          sample: 104448
        uptime_seconds:
          description: How long it has been running.
          returned: always
          type: int
          sample: 86400
        disk_used_bytes:
          description: The space that its files take in the datastores.
          returned: always
          type: int
          sample: 2147483648
        disk_free_bytes:
          description: The further space that its disks may take as they are filled.
          returned: always
          type: int
          sample: 6442450944
    datastores:
      description: Names of the datastores that its files are in.
      returned: when O(gather) has V(datastores)
      type: list
      elements: str
      sample: [local-storage]
    custom_values:
      description: The vCenter's custom attributes by their names; V(none) where it has no value. A host has none.
      returned: when O(gather) has V(custom_values)
      type: dict
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
from ansible_collections.virt.esx.plugins.module_utils._driver.info.parts import (
    AUTOSTART,
    CUSTOM_VALUES,
    DATASTORES,
    PARTS,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module

STATES = ["running", "paused", "shutoff"]
GATHER = ["xml", "vmx", AUTOSTART, *PARTS, DATASTORES, CUSTOM_VALUES]


def run(invocation: Invocation) -> Result:
    """Read the domains that were asked for."""
    with open_connection(invocation) as connection:
        return {"changed": False, "domains": read_domains(connection, invocation.params)}


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "name": {"type": "str"},
            "uuid": {"type": "str"},
            "moid": {"type": "str"},
            "states": {"type": "list", "elements": "str", "choices": STATES, "default": STATES},
            "autostart": {"type": "bool"},
            "snapshot": {"type": "bool"},
            "network": {"type": "str"},
            "datastore": {"type": "str"},
            "gather": {
                "type": "list",
                "elements": "str",
                "choices": GATHER,
                "default": [],
            },
        }
    ),
    run=run,
    mutually_exclusive=[["name", "uuid", "moid"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
