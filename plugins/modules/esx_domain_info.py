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
  - Reads one, some or all domains of an ESX host. The number of calls does not grow with the number of domains.
  - A domain that is broken or inaccessible is listed as far as it is known, with RV(domains[].error).
options:
  gather:
    description:
      - The facts to read of each domain in addition to its name, UUID, state, CPUs, memory and VMX path.
      - V(xml) is its domain XML, and V(vmx) the text of its VMX, both without the VNC password. They need one file
        transfer per domain.
      - V(autostart) is whether it starts with the host, V(scheduler) its share of the host, and V(snapshots) its tree
        of snapshots.
      - V(guest) is what VMware Tools report about the guest, and V(hardware) its disks and network cards as the host
        sees them.
      - V(config) is its annotation, guest operating system, virtual hardware version and firmware, V(usage) the
        resources of the host that it uses now, and V(datastores) the datastores that its files are in.
      - V(custom_values) are the custom attributes that a vCenter has for it.
    type: list
    elements: str
    choices:
      [xml, vmx, autostart, scheduler, snapshots, guest, hardware, config, usage, datastores, custom_values]
    default: []
requirements:
  - lxml 4.9.3 or later
extends_documentation_fragment:
  - virt.esx._domain_selection
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.reading
notes:
  - Privileges with V(xml) or V(vmx) in O(gather) - C(Datastore.Browse), C(Datastore.FileManagement).
seealso:
  - module: virt.esx.esx_domain
  - module: virt.esx.esx_scheduler
"""

EXAMPLES = r"""
- name: List all domains of a host
  virt.esx.esx_domain_info:
    uri: esx://example.com
  register: host

- name: Show the names of the running ones
  ansible.builtin.debug:
    msg: "{{ host.domains | selectattr('state', 'eq', 'running') | map(attribute='name') }}"

- name: Read the definitions of the web servers
  virt.esx.esx_domain_info:
    uri: esx://example.com
    name: web-*
    gather: [xml]
  register: web

- name: Save them to files
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
  description: The domains, sorted by name. Empty if none matches.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its name., returned: always, type: str, sample: Fedora11}
    uuid:
      description: Its UUID, V(none) if the host cannot read the domain's configuration.
      returned: always
      type: str
      sample: 50115e16-9bdc-49d7-f171-53c4d7f91710
    moid: {description: Its managed object id., returned: always, type: str, sample: "12"}
    state:
      description: One of V(running), V(paused) and V(shutoff); V(none) if the user may not see it.
      returned: always
      type: str
      sample: running
    vcpus:
      description: Number of virtual CPUs. This value and those below are V(none) if they are unknown.
      returned: always
      type: int
      sample: 1
    memory_kib: {description: Memory that the host may give to it., returned: always, type: int, sample: 1048576}
    max_memory_kib: {description: Memory that the guest sees., returned: always, type: int, sample: 1048576}
    vmx_path:
      description: Datastore path of its VMX.
      returned: always
      type: str
      sample: "[local-storage] Fedora11/Fedora11.vmx"
    id: {description: "Its id in libvirt, V(none) while it is shut off.", returned: always, type: int, sample: 12}
    host:
      description: Name of the host that it is on, as in the server's inventory.
      returned: always
      type: str
      sample: esx1.example.com
    error:
      description: Why some of the requested facts are missing.
      returned: when the domain could not be read completely
      type: str
      sample: "GET [local-storage] Fedora11/Fedora11.vmx: there is no such file, datastore or datacenter ..."
    xml:
      description: Its domain XML.
      returned: when O(gather) has V(xml) and the domain could be read
      type: str
      sample: "<domain type='vmware'>..."
    vmx:
      description: The text of its VMX, decoded from the encoding that it declares.
      returned: when O(gather) has V(vmx) and the domain could be read
      type: str
      sample: ".encoding = \"UTF-8\"\nconfig.version = \"8\"\n..."
    autostart: {description: Whether it starts with the host., returned: when O(gather) has V(autostart), type: bool}
    scheduler:
      description: Its share of the host, as M(virt.esx.esx_scheduler) sets it.
      returned: when O(gather) has V(scheduler)
      type: dict
      contains:
        reservation_mhz: {description: Processor time that it is guaranteed., returned: always, type: int, sample: 0}
        limit_mhz:
          description: Processor time that it can use at most, V(-1) for no limit.
          returned: always
          type: int
          sample: -1
        shares: {description: Its number of CPU shares., returned: always, type: int, sample: 1000}
        shares_level:
          description: One of V(low), V(normal), V(high) and V(custom).
          returned: always
          type: str
          sample: normal
        min_guarantee_kib: {description: Memory that it is guaranteed., returned: always, type: int, sample: 0}
        memory_limit_kib:
          description: Maximum memory that the host may give to it, V(-1) for no limit.
          returned: always
          type: int
          sample: -1
        memory_shares: {description: Its number of memory shares., returned: always, type: int, sample: 40960}
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
          description: Its annotation, empty if it has none.
          returned: always
          type: str
          sample: The web server
        guest_id:
          description: The VI API's identifier of its configured guest operating system.
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
        firmware: {description: V(bios) or V(efi)., returned: always, type: str, sample: efi}
        template:
          description: Whether it is a template, which cannot be started.
          returned: always
          type: bool
          sample: false
        managed_by:
          description: The vCenter extension that manages it, V(none) if none does.
          returned: always
          type: str
          sample: com.vendor.backup
    usage:
      description: The resources of the host that it uses now. Values that the host does not report are V(none).
      returned: when O(gather) has V(usage)
      type: dict
      contains:
        cpu_mhz: {description: Processor time that it uses., returned: always, type: int, sample: 120}
        host_memory_kib: {description: Memory of the host that it uses., returned: always, type: int, sample: 524288}
        guest_memory_kib:
          description: Memory that its guest uses actively.
          returned: always
          type: int
          sample: 104448
        uptime_seconds: {description: Seconds that it has been running., returned: always, type: int, sample: 86400}
        disk_used_bytes:
          description: The space that its files take up in the datastores.
          returned: always
          type: int
          sample: 2147483648
        disk_free_bytes:
          description: The additional space that its disks may take up as they fill.
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
      description: The vCenter's custom attributes by name, V(none) for those without a value. A standalone host has
        none.
      returned: when O(gather) has V(custom_values)
      type: dict
      sample: {owner: web team, ticket: null}
    snapshots:
      description: Its snapshots, parents before children.
      returned: when O(gather) has V(snapshots)
      type: list
      elements: dict
      contains:
        name: {description: The snapshot's name., returned: always, type: str, sample: before-upgrade}
        moid: {description: Its managed object id., returned: always, type: str, sample: 12-snapshot-2}
        parent:
          description: Managed object id of its parent, V(none) for a root snapshot.
          returned: always
          type: str
          sample: 12-snapshot-1
        description: {description: Its description., returned: always, type: str, sample: Before the upgrade}
        created:
          description: When it was taken, in ISO 8601.
          returned: always
          type: str
          sample: "2026-11-26T11:10:43+00:00"
        state:
          description: The state of the domain after reverting to it.
          returned: always
          type: str
          sample: running
        current: {description: Whether the domain's present disks are based on it., returned: always, type: bool}
        path:
          description: The names from the root of the tree to this snapshot.
          returned: always
          type: str
          sample: installed/before-upgrade
        quiesced: {description: Whether the guest's file systems were quiesced., returned: always, type: bool}
        xml: {description: Its libvirt XML., returned: always, type: str, sample: "<domainsnapshot>..."}
    guest:
      description: Facts about the guest, as VMware Tools report them.
      returned: when O(gather) has V(guest)
      type: dict
      contains:
        hostname:
          description: The guest's host name, V(none) if VMware Tools do not report it.
          returned: always
          type: str
          sample: web
        os:
          description: The name of its operating system, V(none) if VMware Tools do not report it.
          returned: always
          type: str
          sample: Red Hat Fedora (64-bit)
        tools:
          description: Whether VMware Tools are running, as the VI API reports it.
          returned: always
          type: str
          sample: guestToolsRunning
        addresses:
          description: Its IP addresses, the primary one first.
          returned: always
          type: list
          elements: str
          sample: ["192.0.2.7", "2001:db8::7"]
        interfaces:
          description: Its network cards with their addresses, as C(virsh domifaddr) shows them.
          returned: always
          type: list
          elements: dict
          contains:
            network:
              description: The network that it is connected to.
              returned: always
              type: str
              sample: VM Network
            mac: {description: Its MAC address., returned: always, type: str, sample: 00:50:56:25:48:c7}
            addresses:
              description: Its IP addresses, with the prefix length if VMware Tools report it.
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
            label: {description: Its label on the host., returned: always, type: str, sample: Hard disk 1}
            file:
              description: Datastore path of its file, or the name of the host's device.
              returned: always
              type: str
              sample: "[local-storage] Fedora11/Fedora11.vmdk"
            capacity_kib: {description: Its size., returned: always, type: int, sample: 8388608}
        interfaces:
          description: The network cards.
          returned: always
          type: list
          elements: dict
          contains:
            label: {description: Its label on the host., returned: always, type: str, sample: Network adapter 1}
            mac: {description: Its MAC address., returned: always, type: str, sample: 00:50:56:25:48:c7}
            model:
              description: Its model as in domain XML, V(none) if domain XML has no name for it.
              returned: always
              type: str
              sample: vmxnet3
            network:
              description: Its network; on a distributed switch, the key of the port group.
              returned: always
              type: str
              sample: VM Network
            connected: {description: Whether it is connected., returned: always, type: bool, sample: true}
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
    """Read the requested domains."""
    with open_connection(invocation) as connection:
        return {"changed": False, "domains": read_domains(connection, invocation.params)}


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "name": {"type": "str"},
            "names": {"type": "list", "elements": "str"},
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
    mutually_exclusive=[["name", "names", "uuid", "moid"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
