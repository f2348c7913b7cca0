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
  - A domain is described by libvirt's domain XML or by a VMX. The description is compared with the present domain as
    domains, not as texts. What identifies a domain or was chosen for it (UUID, MAC addresses, models, firmware) stays
    as it is where the description leaves it out. A disk or another device that it leaves out is removed from the
    domain; its files stay.
  - A domain that exists is changed by one reconfiguration through the API, whether it runs or not. The host validates
    the whole change and makes all of it or nothing. Only what the API has no words for, such as shared folders, is
    changed in the VMX file itself; RV(steps) then says so. Keys of the VMX that a domain cannot say are kept.
  - A running domain is changed while it runs where the host can do that - its name, O(annotation), O(memory), shares,
    guaranteed memory, CPU affinity, disks on SCSI, SATA and NVMe, network cards and the network behind them, the
    image in a CD-ROM or floppy drive, the boot order of its next start, and, where hot add is enabled for it,
    O(vcpus) and O(max_memory). See O(power_cycle) for everything else.
  - While a domain has snapshots, it runs on files that are based on its disks. A description may name either; a change
    that would take a disk off its snapshots is refused.
  - What a host could not start is refused before anything is sent - a network, datastore, disk or image that is not
    there, a disk of another domain, more processors, memory or cards than the host or the virtual hardware version
    allows.
  - A change that another client makes at the same time is noticed, and then nothing is overwritten. After a change the
    domain is read again, and a warning names what the host made otherwise than it was wanted.
options:
  name:
    description:
      - The domain's name. Overrides the name in O(xml) or O(vmx).
      - If O(uuid) is also given, the domain with that UUID is renamed. Do not loop over names with one UUID.
    type: str
  names:
    description:
      - Names of domains, or patterns for names as V(web-*), that are brought into O(state) side by side. A name that
        does not exist is an error; a pattern may match nothing.
      - All guests together have O(timeout), or O(shutdown_timeout), to shut down. What fails for one domain does not
        hold up the others. The task fails in the end, and RV(domains) has the result of each.
      - Only O(state), O(shutdown_timeout), O(remove_storage) and O(wait_for) can be given with it.
    type: list
    elements: str
  uuid:
    description:
      - The domain's UUID, which is the BIOS UUID of the virtual machine. Overrides the UUID in O(xml) or O(vmx).
    type: str
  moid:
    description:
      - Managed object id of the domain, as M(virt.esx.esx_domain_info) returns it. It overrides O(uuid) and O(name), so
        that it chooses among domains that share both.
    type: str
  vmx_path:
    description:
      - Datastore path of the domain's VMX, as V([datastore1] web/web.vmx). It overrides O(uuid) and O(name) as O(moid)
        does. With O(xml) or O(vmx), a domain that does not exist yet is placed there.
      - Without them, a VMX of which the host does not know, and that lies there, is registered, without a change of the
        file. The task can start the domain, too, but not change it.
    type: str
  xml:
    description:
      - The wanted domain as libvirt's domain XML. The XML's own name and UUID say which domain is meant.
      - The VMX of a new domain is placed beside its first hard disk that is a file, unless O(pool) is set. All hard
        disks have to exist, unless O(disks) says how to make them.
      - A UUID and MAC addresses that it leaves out are made when the domain is defined, and kept.
      - Paths are C([datastore] directory/file), without empty, V(.) and V(..) segments.
    type: str
  vmx:
    description:
      - The wanted domain as VMX, with all its keys. Keys that a host writes by itself are left to it, and so are
        further keys of cards and other devices of a domain that exists. What is not as it was wanted is warned of.
      - File names without a path are relative to the directory of the domain's VMX. The first hard disk of a new domain
        needs a path with a datastore, as in C(/vmfs/volumes/datastore1/web/web.vmdk), since it says where that is.
    type: str
  state:
    description:
      - V(defined) - the domain exists and is as described, whether it runs or not.
      - V(running) - it runs. A domain that is paused is resumed (powered on, in the words of community.vmware).
      - V(shutdown) - it is shut off, and its guest was asked to shut down by VMware Tools (in the words of
        community.vmware, shutdown-guest). The task ends when it is off.
      - V(destroyed) - it is shut off, at once and without asking the guest (powered off). A domain that is paused loses
        what it had in memory.
      - V(paused) - it is suspended.
      - V(rebooted) - its guest was asked to reboot by VMware Tools. This is a change each time.
      - V(reset) - it was reset, without asking the guest. This is a change each time.
      - V(undefined) - the host does not know it any more. Its files stay, unless O(remove_storage=true). A running
        domain is refused, as in libvirt; use V(destroyed) first.
    type: str
    choices: [defined, running, shutdown, destroyed, paused, rebooted, reset, undefined]
    default: defined
  vcpus:
    description:
      - Number of virtual CPUs.
    type: int
  memory:
    description:
      - Memory that the host may give to the domain; C(<currentMemory>) in XML.
      - A number with a unit, as in V(2 GiB) or V(1.5 GiB). KiB, MiB and GiB (also K, M, G) are powers of 1024; KB, MB
        and GB are powers of 1000. A number without a unit is in KiB; one below 131072 is refused, as it was meant in
        another unit.
      - It is rounded up to a MiB, with a warning, and cannot be more than O(max_memory). If the domain has no memory
        limit, changing O(max_memory) does not introduce one.
    type: str
  max_memory:
    description:
      - Memory that the guest sees; C(<memory>) in XML. Written as O(memory).
      - It is rounded up to a multiple of 4 MiB, with a warning.
    type: str
  pool:
    description:
      - The datastore of a domain that does not exist yet. Its VMX goes to O(directory) there, also where its disks are
        elsewhere. A domain that exists stays where it is.
      - With it a new domain needs no O(xml) and no O(vmx). The other options then say all of it.
    type: str
  directory:
    description:
      - The directory of a new domain in O(pool). If not set, it is the domain's name.
    type: str
  wait_for:
    description:
      - What the task waits for once the domain runs, for O(timeout) at most - that VMware Tools run in the guest
        (V(tools)), that they report (V(heartbeat)), or that the guest has an address that reaches beyond its own link
        (V(address)). In check mode it waits for nothing.
      - It is no change of the domain. RV(domain.guest) has what is known of the guest.
    type: list
    elements: str
    choices: [tools, heartbeat, address]
  autostart:
    description:
      - Whether the host starts the domain when it starts itself.
      - Switching it on switches the host's general autostart on where it is off; that is refused while other domains
        have an entry there, since it would start these as well.
    type: bool
  autostart_settings:
    description:
      - When the host starts the domain, and how it stops it when the host itself shuts down; for O(autostart=true).
      - What is not given stays as it is. In a new entry it is left to the host's own settings.
    type: dict
    suboptions:
      start_order:
        description: The domain's place among those that the host starts, V(-1) for any.
        type: int
      start_delay:
        description: Seconds that the host waits after it has started the domain, V(-1) for the host's own setting.
        type: int
      wait_for_heartbeat:
        description: Whether the host goes on as soon as VMware Tools run in the guest.
        type: str
        choices: [default, "yes", "no"]
      stop_delay:
        description: Seconds that the domain has for stopping, V(-1) for the host's own setting.
        type: int
      stop_action:
        description: How the host stops the domain when it shuts down itself.
        type: str
        choices: [default, shutdown, destroy, suspend, none]
  annotation:
    description:
      - A text for people; C(<description>) in XML. An empty one removes it.
    type: str
  overwrite:
    description:
      - Whether a VMX file that lies where the new domain's would be placed, and is not this domain's, is replaced.
      - The VMX of another domain that the host knows is never replaced.
    type: bool
    default: false
  power_cycle:
    description:
      - Whether a running domain is shut down by VMware Tools, changed and started again, where a change needs it to be
        shut off. Otherwise such a change is refused, and the error lists what needs it.
      - The domain is started again whatever fails. If it does not start with the new definition, the former one is
        restored. The task fails then, and its result has RV(domain) as it is and the RV(steps) that were made.
      - It is not needed with O(state=shutdown) and O(state=destroyed); the domain is changed when it is off.
    type: bool
    default: false
  shutdown_timeout:
    description:
      - Seconds that the guest has for shutting down, V(0) or more. After that the domain is powered off. Without VMware
        Tools in the guest, which could be asked, it is powered off at once.
      - If not set, the guest has as long as O(timeout), and then the task fails and the domain goes on running.
    type: int
  remove_storage:
    description:
      - With O(state=undefined), whether the domain's own disks, its VMX and the files that the host keeps beside it are
        deleted as well, and its directory if nothing else is in it. In check mode RV(steps) lists the files.
      - The domain is removed from the host last. If the task is interrupted, run it again to remove the rest.
      - A disk that another domain of the host or a snapshot of one references is never deleted, nor an image of a
        CD-ROM or floppy, nor a file that is not the domain's.
    type: bool
    default: false
requirements:
  - lxml 4.9.3 or later
extends_documentation_fragment:
  - virt.esx._domain_parts
  - virt.esx._domain_system
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
notes:
  - The message of a failure says which steps were carried out. Run the task again; it starts from the present state.
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
- name: Define a domain from a template of domain XML, and make its disk
  virt.esx.esx_domain:
    uri: esx://example.com
    xml: "{{ lookup('ansible.builtin.template', 'domain.xml.j2') }}"
    disks:
      - {target: sda, size: 20 GiB}

- name: Make a machine from nothing, and start it
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

- name: Add a disk, and let another one grow
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

- name: Shut it down, and power it off when the guest takes more than a minute
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

- name: Import a VMX that is kept in git
  virt.esx.esx_domain:
    uri: esx://example.com
    vmx: "{{ lookup('ansible.builtin.file', 'web.vmx') }}"

- name: Answer the question whether the machine was moved
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
  description:
    - The domain, as it is afterwards; in check mode as it would be. Of an undefined domain only what identifies it.
  returned: success without O(names), and after a failed power cycle
  type: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: Fedora11
    uuid:
      description: Its UUID.
      returned: when it is known
      type: str
      sample: 50115e16-9bdc-49d7-f171-53c4d7f91710
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
    vcpus:
      description: Number of virtual CPUs.
      returned: when the domain exists
      type: int
      sample: 1
    memory_kib:
      description: Memory that the host may give to it.
      returned: when the domain exists
      type: int
      sample: 1048576
    max_memory_kib:
      description: Memory that the guest sees.
      returned: when the domain exists
      type: int
      sample: 1048576
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
      description: Name of the host that it is on, as the server has it. A cluster may choose another one for a domain
        that is started; then there is a warning.
      returned: when the domain exists
      type: str
      sample: esx1.example.com
    xml:
      description: Its domain XML, without passwords. To read it in any case, see M(virt.esx.esx_domain_info).
      returned: when O(xml), O(vmx), O(vcpus), O(memory), O(max_memory) or O(annotation) is set, it is renamed, or the
        task shows differences
      type: str
      sample: "<domain type='vmware'>..."
    guest:
      description: What VMware Tools tell of the guest.
      returned: with O(wait_for), not in check mode
      type: dict
      contains:
        hostname:
          description: Its host name.
          returned: always
          type: str
          sample: web
        tools:
          description: The state of VMware Tools, in the words of the VI API.
          returned: always
          type: str
          sample: guestToolsRunning
        heartbeat:
          description: The VI API's color for the heartbeat of the Tools.
          returned: always
          type: str
          sample: green
        addresses:
          description: Its IP addresses, sorted; those of its own link are last.
          returned: always
          type: list
          elements: str
          sample: ["192.0.2.7", "2001:db8::7"]
domains:
  description: The domains that O(names) means, sorted by name.
  returned: with O(names), after a failure too
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
    uuid:
      description: Its UUID.
      returned: always
      type: str
    moid:
      description: Its managed object id.
      returned: always
      type: str
    state:
      description: One of V(running), V(paused), V(shutoff) and V(undefined).
      returned: always
      type: str
    steps:
      description: What was done for this domain; in check mode, what would be done.
      returned: always
      type: list
      elements: str
    changed:
      description: Whether anything was done with it.
      returned: always
      type: bool
    failed:
      description: Whether it could not be brought into the state.
      returned: if so
      type: bool
    msg:
      description: Why it could not.
      returned: if it failed
      type: str
    guest:
      description: What VMware Tools tell of the guest.
      returned: with O(wait_for), not in check mode
      type: dict
      contains:
        hostname:
          description: Its host name.
          returned: always
          type: str
          sample: web
        tools:
          description: The state of VMware Tools, in the words of the VI API.
          returned: always
          type: str
          sample: guestToolsRunning
        heartbeat:
          description: The VI API's color for the heartbeat of the Tools.
          returned: always
          type: str
          sample: green
        addresses:
          description: Its IP addresses, sorted; those of its own link are last.
          returned: always
          type: list
          elements: str
          sample: ["192.0.2.7", "2001:db8::7"]
steps:
  description: What was done, in order; in check mode, what would be done. After a failure, what was done before it.
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
    id:
      description: The question's id.
      returned: always
      type: str
      sample: "17"
    text:
      description: The question.
      returned: always
      type: str
      sample: "msg.uuid.altered:This virtual machine (web) might have been moved or copied."
    answer:
      description: The label of the chosen answer.
      returned: always
      type: str
      sample: I Moved It
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
        "choices": [
            "defined",
            "running",
            "shutdown",
            "destroyed",
            "paused",
            "rebooted",
            "reset",
            "undefined",
        ],
    },
    "vcpus": {"type": "int"},
    "memory": {"type": "str"},
    "max_memory": {"type": "str"},
    "pool": {"type": "str"},
    "directory": {"type": "str"},
    **arguments.OPTIONS,
    "autostart": {"type": "bool"},
    "autostart_settings": {
        "type": "dict",
        "options": {
            "start_order": {"type": "int"},
            "start_delay": {"type": "int"},
            "wait_for_heartbeat": {"type": "str", "choices": ["default", "yes", "no"]},
            "stop_delay": {"type": "int"},
            "stop_action": {
                "type": "str",
                "choices": ["default", "shutdown", "destroy", "suspend", "none"],
            },
        },
    },
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
