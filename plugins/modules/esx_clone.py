#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_clone."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_clone
short_description: Clone a domain of an ESX host
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Copies a domain, as C(virt-clone) does, on a standalone host or through a vCenter. The host copies the disks. The
    clone gets its own UUID and MAC addresses; all other keys of the VMX stay the same.
  - If a domain with the clone's name exists, nothing changes. It is not compared with the source.
  - The clone is shut off. Use M(virt.esx.esx_domain) to change and start it.
  - If a step fails, the incomplete clone is deleted. A task that was killed can be run again; it reuses the disks that
    were complete.
options:
  name:
    description:
      - The name of the domain to clone. The domain must be shut off, unless O(snapshot) is set.
      - One of O(name), O(uuid) and O(vmx_path) is required.
    type: str
  uuid:
    description:
      - The UUID of the domain to clone. If O(name) is also given, the domain must have that name.
    type: str
  vmx_path:
    description:
      - The datastore path of a VMX to clone, such as that of a template that is not registered,
        V([datastore1] templates/debian-13.vmx). A domain that uses it must be shut off.
    type: str
  snapshot:
    description:
      - The name, the path or the id of a snapshot of the domain. The clone gets the disks of the snapshot and the
        present configuration. The domain may be running.
    type: str
  clone_name:
    description:
      - The name of the clone.
    type: str
    required: true
  clone_uuid:
    description:
      - The UUID of the clone. By default, it is random.
    type: str
  description:
    description:
      - The annotation of the clone. By default, it is the source's; an empty string removes it.
    type: str
  macs:
    description:
      - The MAC addresses of the clone's network cards, in order. The remaining cards get random addresses.
    type: list
    elements: str
  pool:
    description:
      - The datastore for the clone's files. By default, it is the one of the source's VMX.
    type: str
  allocation:
    description:
      - How the space of the clone's disks is allocated, see O(virt.esx.esx_volume#module:allocation). Through a vCenter
        it has no effect, as the vCenter decides.
    type: str
    choices: [thin, thick, eager]
    default: thin
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the name, the state and the VMX of the clone, as YAML.
notes:
  - Disks are always copied, never linked to those of the source, so the two domains are independent.
  - CD-ROM and floppy images are not copied; both domains use the same images.
  - Encrypted domains, and domains with a disk that is a device of the host, are refused.
  - After a failure, the files of the clone are deleted. After an interruption, the next run continues with them.
  - Privileges to clone - C(Datastore.Browse), C(Datastore.FileManagement), C(Datastore.AllocateSpace),
    C(VirtualMachine.Inventory.Register), C(Resource.AssignVMToPool), C(Network.Assign).
seealso:
  - module: virt.esx.esx_domain
  - module: virt.esx.esx_volume
"""

EXAMPLES = r"""
- name: Clone the web server
  virt.esx.esx_clone:
    uri: esx://example.com
    name: web
    clone_name: web2
    description: A second web server

- name: Make three machines from a template
  virt.esx.esx_clone:
    uri: esx://example.com
    vmx_path: "[datastore1] templates/debian-13.vmx"
    clone_name: "{{ item }}"
  loop: [app1, app2, app3]
"""

RETURN = r"""
domain:
  description: The clone; in check mode, as far as it is known in advance.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      returned: always
      type: str
      sample: web2
    uuid:
      description: Its UUID, V(none) in check mode unless O(clone_uuid) is set.
      returned: always
      type: str
      sample: 50115e16-9bdc-49d7-f171-53c4d7f91710
    moid:
      description: Its managed object id, V(none) in check mode.
      returned: always
      type: str
      sample: "12"
    state:
      description: One of V(running), V(paused) and V(shutoff).
      returned: always
      type: str
      sample: shutoff
    vmx_path:
      description: The datastore path of its VMX.
      returned: always
      type: str
      sample: "[datastore1] web2/web2.vmx"
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken.
  returned: success
  type: list
  elements: str
  sample: ["create directory [datastore1] web2", "define domain 'web2'"]
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

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.clone.clone import clone_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.clone.request import read_request
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Clone the domain."""
    request = read_request(invocation.params)
    with open_connection(invocation) as connection:
        return clone_domain(connection, invocation, request)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "name": {"type": "str"},
            "uuid": {"type": "str"},
            "vmx_path": {"type": "str"},
            "snapshot": {"type": "str"},
            "clone_name": {"type": "str", "required": True},
            "clone_uuid": {"type": "str"},
            "description": {"type": "str"},
            "macs": {"type": "list", "elements": "str"},
            "pool": {"type": "str"},
            "allocation": {"type": "str", "choices": ["thin", "thick", "eager"], "default": "thin"},
        }
    ),
    run=run,
    required_one_of=[["name", "uuid", "vmx_path"]],
    mutually_exclusive=[["name", "vmx_path"], ["uuid", "vmx_path"], ["snapshot", "vmx_path"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
