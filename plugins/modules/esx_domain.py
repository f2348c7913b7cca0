#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_domain."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_domain
short_description: Define, start, stop, change and undefine domains on an ESX host
version_added: 0.1.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Manages one domain (virtual machine) of an ESX host over the host's own API, as libvirt's ESX driver does.
  - A domain is described by libvirt's domain XML, by a VMX, or by single options. Descriptions are compared as domains,
    not as texts. The identity of a domain and choices made for it (UUID, MAC addresses, models, firmware) stay as they
    are if the description leaves them out. Disks and other devices that it leaves out are removed from the domain;
    their files stay.
  - An existing domain, running or shut off, is changed by a single reconfiguration through the API, which the host
    validates and applies as a whole or not at all. Only changes that the API does not support, such as shared folders,
    are made in the VMX file itself; RV(steps) then says so. VMX keys that domain XML cannot express are kept.
  - A running domain is changed while it runs where the host supports that. This includes its name, O(annotation),
    O(memory), shares, guaranteed memory, CPU affinity, disks on SCSI, SATA and NVMe, network cards and their networks,
    images in CD-ROM and floppy drives, the boot order for its next start, and, if hot add is enabled for it, O(vcpus)
    and O(max_memory). See O(power_cycle) for everything else.
  - While a domain has snapshots, it runs on files that are based on its disks. A description can name either. A change
    that would detach a disk from its snapshots is refused.
  - A domain that the host could not start is refused before anything is sent. Reasons are missing networks, datastores,
    disks or images, disks of other domains, and more processors, memory or cards than the host or the virtual hardware
    version allows.
  - If another client changes the domain at the same time, its change is not overwritten. After a change the domain is
    read again, and a warning names what the host did differently.
options:
  name:
    description:
      - The domain's name. Overrides the name in O(xml) or O(vmx).
      - If O(uuid) is also given, the domain with that UUID is renamed. With O(state=undefined), it must have that name.
        Do not loop over names with the same UUID.
    type: str
  names:
    description:
      - Names of domains, or shell patterns such as V(web-*), that are brought into O(state) in parallel. A name that no
        domain has is an error, unless O(state=undefined); a pattern may match none.
      - The name of a domain means this domain only, even if it looks like a pattern. With O(state=undefined) it is
        refused then, since it would mean others in the next run. V([[]) stands for a C([), V([*]) for a C(*).
      - O(timeout) or O(shutdown_timeout) limits the shutdown of all guests together. If one domain fails, the others
        are still processed. The task then fails at the end, and RV(domains) has the result of each.
      - Can only be combined with O(state), O(shutdown_timeout), O(remove_storage) and O(wait_for).
    type: list
    elements: str
    version_added: 0.2.0
  uuid:
    description:
      - The domain's UUID, which is the BIOS UUID of the virtual machine. Overrides the UUID in O(xml) or O(vmx).
    type: str
  moid:
    description:
      - Managed object id of the domain, as returned by M(virt.esx.esx_domain_info). Overrides O(uuid) and O(name), so
        it can select one of several domains that share both.
    type: str
    version_added: 0.2.0
  vmx_path:
    description:
      - Datastore path of the domain's VMX, such as V([datastore1] web/web.vmx). Like O(moid), it overrides O(uuid) and
        O(name). With O(xml) or O(vmx), a new domain's VMX is placed there.
      - Without O(xml) and O(vmx), an existing VMX that is not registered on the host is registered unchanged. The same
        task can start the domain, but not change it.
    type: str
    version_added: 0.2.0
  state:
    description:
      - V(defined) - the domain exists and matches its description; its power state stays as it is.
      - V(running) - it runs. A paused domain is resumed. (Powered on, in community.vmware's terms.)
      - V(shutdown) - it is shut off, after VMware Tools asked its guest to shut down (shutdown-guest, in
        community.vmware's terms). The task waits until it is off.
      - V(destroyed) - it is shut off at once, without asking the guest (powered off). A paused domain loses its memory
        contents.
      - V(paused) - it is suspended.
      - V(rebooted) - VMware Tools asked its guest to reboot. This is a change each time.
      - V(reset) - it was reset without asking the guest. This is a change each time.
      - V(undefined) - it is no longer registered on the host. Its files stay, unless O(remove_storage=true). As in
        libvirt, a running domain is refused; use V(destroyed) first.
    type: str
    choices: [defined, running, shutdown, destroyed, paused, rebooted, reset, undefined]
    default: defined
requirements:
  - lxml 4.9.3 or later
extends_documentation_fragment:
  - virt.esx._domain_definition
  - virt.esx._domain_running
  - virt.esx._domain_parts
  - virt.esx._domain_system
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
notes:
  - The message of a failure says which steps were carried out. Run the task again; it continues from the present state.
  - Privileges to start, suspend, shut down or reset - C(VirtualMachine.Interact.PowerOn),
    C(VirtualMachine.Interact.PowerOff), C(VirtualMachine.Interact.Suspend), C(VirtualMachine.Interact.Reset).
  - Privileges to answer questions - C(VirtualMachine.Interact.AnswerQuestion).
  - Privileges to define - C(Datastore.Browse), C(Datastore.FileManagement), C(Datastore.AllocateSpace),
    C(VirtualMachine.Inventory.Register), C(Resource.AssignVMToPool), C(Network.Assign).
  - Privileges to change - C(VirtualMachine.Config.CPUCount), C(VirtualMachine.Config.Memory),
    C(VirtualMachine.Config.Settings), C(VirtualMachine.Config.Resource), C(VirtualMachine.Config.AddNewDisk),
    C(VirtualMachine.Config.AddExistingDisk), C(VirtualMachine.Config.RemoveDisk), C(VirtualMachine.Config.DiskExtend),
    C(VirtualMachine.Config.AddRemoveDevice), C(VirtualMachine.Config.EditDevice),
    C(VirtualMachine.Config.AdvancedConfig), C(VirtualMachine.Config.Annotation), C(VirtualMachine.Config.Rename),
    C(VirtualMachine.Config.SwapPlacement), C(VirtualMachine.Config.UpgradeVirtualHardware), C(Network.Assign).
  - Privileges to undefine - C(VirtualMachine.Inventory.Unregister), C(Datastore.Browse), C(Datastore.FileManagement).
  - Privileges for O(autostart) - C(Host.Config.AutoStart).
seealso:
  - module: virt.esx.esx_domain_info
  - plugin: virt.esx.domxml_to_vmx
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Define a domain from a template of domain XML, and create its disk
  virt.esx.esx_domain:
    uri: esx://example.com
    xml: "{{ lookup('ansible.builtin.template', 'domain.xml.j2') }}"
    disks:
      - {target: sda, size: 20 GiB}

- name: Create a machine from nothing, and start it
  virt.esx.esx_domain:
    uri: esx://example.com
    name: fresh
    pool: datastore1
    guest_os: debian12
    max_memory: 2 GiB
    disks:
      - {target: sda, size: 20 GiB}
    interfaces:
      - {index: 0, network: VM Network}
    state: running

- name: Enlarge a disk, and add another one
  virt.esx.esx_domain:
    uri: esx://example.com
    name: web
    disks:
      - {target: sda, size: 20 GiB}
      - {target: sdb, size: 100 GiB, allocation: thick}

- name: Ask all web servers to shut down, and power off those that still run after ten minutes
  virt.esx.esx_domain:
    uri: esx://example.com
    names: ["web*"]
    state: shutdown
    shutdown_timeout: 600

- name: Start it
  virt.esx.esx_domain:
    uri: esx://example.com/?auto_answer=1
    name: Fedora11
    state: running

- name: Shut it down, and power it off if the guest takes more than a minute
  virt.esx.esx_domain:
    uri: esx://example.com
    name: Fedora11
    state: shutdown
    shutdown_timeout: 60

- name: Give it more memory and a note
  virt.esx.esx_domain:
    uri: esx://example.com
    name: Fedora11
    max_memory: 2 GiB
    memory: 2 GiB
    annotation: Built by Ansible
    power_cycle: true

- name: Define a domain from a VMX in git
  virt.esx.esx_domain:
    uri: esx://example.com
    vmx: "{{ lookup('ansible.builtin.file', 'web.vmx') }}"

- name: Start it, and answer the question whether it was moved
  virt.esx.esx_domain:
    uri: esx://example.com
    name: Fedora11
    state: running
    answers:
      msg.uuid.altered: button.uuid.movedTheVM

- name: Suspend it, with its memory in a file
  virt.esx.esx_domain:
    uri: esx://example.com
    name: database
    state: paused

- name: Power it off at once
  virt.esx.esx_domain:
    uri: esx://example.com
    name: Fedora11
    state: destroyed

- name: Ask its guest to reboot
  virt.esx.esx_domain:
    uri: esx://example.com
    name: database
    state: rebooted

- name: Reset it without asking the guest
  virt.esx.esx_domain:
    uri: esx://example.com
    name: database
    state: reset

- name: Undefine it and delete its disks
  virt.esx.esx_domain:
    uri: esx://example.com
    name: Fedora11
    state: undefined
    remove_storage: true
"""

RETURN = r"""
domain:
  description: The domain as it is afterwards; in check mode, as it would be. For an undefined domain, only its name,
    ids and state.
  returned: success without O(names), and after a failed power cycle
  type: dict
  contains:
    name: {description: Its name., returned: always, type: str, sample: Fedora11}
    uuid: {description: Its UUID., returned: when it is known, type: str, sample: 50115e16-9bdc-49d7-f171-53c4d7f91710}
    moid:
      description: Its managed object id, V(none) for a domain that does not exist.
      returned: always
      type: str
      sample: "12"
    state:
      description: One of V(running), V(paused), V(shutoff) and V(undefined).
      returned: always
      type: str
      sample: running
    vcpus: {description: Number of virtual CPUs., returned: when the domain exists, type: int, sample: 1}
    memory_kib:
      description: Memory that the host may give to it.
      returned: when the domain exists
      type: int
      sample: 1048576
    max_memory_kib: {description: Memory that the guest sees., returned: when it exists, type: int, sample: 1048576}
    autostart:
      description: Whether the host starts it when it starts itself. To read it in any case, see
        M(virt.esx.esx_domain_info).
      returned: when O(autostart) is set and the domain exists
      type: bool
      sample: false
    vmx_path:
      description: Datastore path of its VMX.
      returned: when the domain exists
      type: str
      sample: "[local-storage] Fedora11/Fedora11.vmx"
    host:
      description: Name of the host that it is on, as the server reports it. A cluster may start a domain on another
        host; a warning then says so.
      returned: when the domain exists
      type: str
      sample: esx1.example.com
    xml:
      description: Its domain XML, without passwords. To read it in any case, see M(virt.esx.esx_domain_info).
      returned: when an option that describes the domain is set, such as O(xml), O(vcpus) or O(disks), it is renamed, or
        the task shows differences
      type: str
      sample: "<domain type='vmware'>..."
    guest: &guest
      description: Facts about the guest, as VMware Tools report them.
      returned: with O(wait_for), not in check mode
      type: dict
      contains:
        hostname: {description: "Its host name, V(none) if it is not known.", returned: always, type: str, sample: web}
        tools: {description: The state of VMware Tools., returned: always, type: str, sample: guestToolsRunning}
        heartbeat: {description: The heartbeat status of VMware Tools., returned: always, type: str, sample: green}
        addresses:
          description: Its IP addresses, sorted; those that do not reach beyond the guest's own link are last.
          returned: always
          type: list
          elements: str
          sample: ["192.0.2.7", "2001:db8::7"]
domains:
  description: The domains that O(names) selects, sorted by name.
  returned: with O(names), also on failure
  type: list
  elements: dict
  contains:
    name: {description: Its name., returned: always, type: str, sample: Fedora11}
    uuid: {description: Its UUID., returned: always, type: str, sample: 50115e16-9bdc-49d7-f171-53c4d7f91710}
    moid: {description: Its managed object id., returned: always, type: str, sample: "12"}
    state:
      description: One of V(running), V(paused), V(shutoff) and V(undefined).
      returned: always
      type: str
      sample: shutoff
    steps:
      description: The steps that were taken for this domain; in check mode, those that would be taken.
      returned: always
      type: list
      elements: str
      sample: ["power off"]
    changed: {description: Whether anything was done with it., returned: always, type: bool}
    failed: {description: Whether it could not be brought into the state., returned: if so, type: bool}
    msg:
      description: Why it could not.
      returned: if it failed
      type: str
      sample: "Domain 'Fedora11': power off failed: The operation failed: NotEnoughLicenses (NotEnoughLicenses)."
    guest: *guest
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken. After a failure, the
    steps before it.
  returned: success, and failure if anything was done
  type: list
  elements: str
  sample: ["define", "power on"]
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

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import arguments
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.ensure import ensure_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module

OPTIONS: dict[str, Any] = {
    "name": {"type": "str"},
    "names": {"type": "list", "elements": "str"},
    "uuid": {"type": "str"},
    "moid": {"type": "str"},
    "vmx_path": {"type": "str"},
    "xml": {"type": "str"},
    "vmx": {"type": "str"},
    "state": {
        "type": "str",
        "default": "defined",
        "choices": ["defined", "running", "shutdown", "destroyed", "paused", "rebooted", "reset", "undefined"],
    },
    "vcpus": {"type": "int"},
    "memory": {"type": "str"},
    "max_memory": {"type": "str"},
    "pool": {"type": "str"},
    "directory": {"type": "str"},
    **arguments.OPTIONS,
    "autostart": {"type": "bool"},
    "autostart_settings": {"type": "dict", "options": arguments.AUTOSTART_OPTIONS},
    "annotation": {"type": "str"},
    "overwrite": {"type": "bool", "default": False},
    "power_cycle": {"type": "bool", "default": False},
    "shutdown_timeout": {"type": "int"},
    "remove_storage": {"type": "bool", "default": False},
}


def run(invocation: Invocation) -> Result:
    """Bring the domain, or each of several, into the wanted state."""
    if invocation.params["names"] is not None:
        from ansible_collections.virt.esx.plugins.module_utils._driver.domain.many import ensure_many, read_many_request

        many = read_many_request(invocation.params, OPTIONS)
        with open_connection(invocation) as connection:
            return ensure_many(connection, invocation, many)
    with open_connection(invocation) as connection:
        return ensure_domain(connection, invocation)


CONTRACT = Contract(
    argument_spec=with_connection(OPTIONS),
    run=run,
    required_one_of=[["name", "names", "uuid", "moid", "vmx_path", "xml", "vmx"]],
    mutually_exclusive=[["xml", "vmx"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
