#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_migrate."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_migrate
short_description: Migrate domains to other ESX hosts and datastores
version_added: 0.1.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Migrates domains between hosts of one vCenter, as C(virsh -c SRC_URI migrate DOMAIN DST_URI) does. This requires a
    vCenter; a standalone host cannot migrate domains.
  - Running domains migrate live; domains that are shut off or paused stay in that state. Their files stay in their
    datastores, which both hosts must reach, unless O(dest_datastore) or O(domains[].dest_disks) names others.
  - The vCenter validates all migrations before the first one begins. A migration that it refuses is not started.
  - Just before its migration begins, each domain is looked up again. If another client has moved it since, it is
    validated again and migrated from its new host. A domain that is already at its destination is not changed. If a
    domain is already being migrated, the task waits for that migration.
  - If one domain fails, the others are still migrated. The task then fails at the end and reports where each
    domain is.
  - To empty a host, use the role P(virt.esx.evacuate#role).
options:
  uri:
    description:
      - Connection URI of the source, with the host's vCenter in its parameter C(vcenter), C(esx://HOST/?vcenter=*) or
        C(esx://HOST/?vcenter=VCENTER); or with the host's path in the vCenter,
        C(vpx://VCENTER/[folder/...]datacenter/[folder/...][cluster/]HOST).
      - A C(vpx://) URI that ends with a cluster, a datacenter or a folder stands for all hosts in it. Domains are
        migrated from whichever of these hosts they are on.
      - Its other parameters are the same as for all modules.
      - If not set, E(ESX_URI) is used.
  dest_uri:
    description:
      - Connection URI of the destination, in any form that O(uri) can have. It must lead to the same vCenter.
      - An C(esx://) URI does not need C(vcenter), but the source's vCenter must manage the host.
    type: str
  dest_host:
    description:
      - Name (ignoring case) or address of the destination in the vCenter of O(uri). The module does not log in to it.
      - If neither O(dest_host) nor O(dest_uri) is set, domains stay on their hosts. Only their storage, pool or
        folder changes then.
    type: str
  dest_username:
    description:
      - User name for the host of O(dest_uri).
      - If not set, the first available value is used, in this order - the user in O(dest_uri), E(ESX_USERNAME),
        E(VMWARE_USER), libvirt's authentication file, C(root). For a C(vpx://) URI of the source's vCenter, it is the
        source's login.
    type: str
  dest_password:
    description:
      - Password for the host of O(dest_uri). O(password) is not used for it, as that is the source's.
      - If not set, the first available value is used, in this order - E(ESX_PASSWORD), E(VMWARE_PASSWORD), libvirt's
        authentication file.
    type: str
  names:
    description:
      - Names of the domains to migrate, or shell patterns such as V(web-*). A domain that is already on the destination
        stays there. A name that no domain has is an error; a pattern may match none.
      - The name of a domain that is a pattern as well is refused; V([[]) stands for a C([).
    type: list
    elements: str
    aliases: [name]
  uuids:
    description:
      - UUIDs of the domains to migrate, in addition to O(names).
    type: list
    elements: str
    aliases: [uuid]
  domains:
    description:
      - Domains to migrate, each with its own destination, in addition to O(names) and O(uuids). Options that an item
        leaves out are those of the task.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      name:
        description:
          - Name of the domain, or a shell pattern.
        type: str
      uuid:
        description:
          - UUID of the domain. If the name is also given, the domain has both.
        type: str
      moid:
        description:
          - Managed object id of the domain in the vCenter, which finds it on any host. Overrides the name and the
            UUID.
        type: str
      source_host:
        description:
          - Name or address, in the vCenter, of the host that the domain is to leave. If it is on another host by now,
            it is not changed.
        type: str
      dest_host:
        description:
          - Name or address of the destination in the vCenter.
        type: str
      dest_datastore: &dest_datastore
        description:
          - Name of the datastore that the VMX and all disks move to.
          - If not set, files stay where they are. In another datacenter, that is the same datastore as that datacenter
            knows it; a datastore that it does not have is an error.
        type: str
        version_added: 0.2.0
      dest_pool: &dest_pool
        description:
          - The resource pool on the destination, as a path below the root pool such as V(prod/web), or the end of one.
            V(/) is the root pool itself.
          - If not set, a domain stays in its pool within a cluster. Elsewhere it goes into the pool with the same
            path or, if there is none, into the root pool.
        type: str
        version_added: 0.2.0
      dest_folder: &dest_folder
        description:
          - The folder of domains in the destination's datacenter, as a path such as V(web/prod). V(/) is the folder of
            all domains.
          - If not set, a domain stays in its folder. In another datacenter it goes into the folder with the same path,
            if there is one.
        type: str
        version_added: 0.2.0
      dest_networks: &dest_networks
        description:
          - The networks that network cards move to, as a mapping from the present network's name to the new one's.
            A name cannot be on both sides, as each run would replace it again.
        type: dict
        version_added: 0.2.0
      dest_disks:
        description:
          - The datastores of single disks, as a mapping from the disk to the datastore. A disk is named by its label,
            such as C(Hard disk 2), or, on an IDE, SCSI or NVMe controller, by its target in domain XML, such as
            C(sdb).
        type: dict
  dest_datastore: *dest_datastore
  dest_pool: *dest_pool
  dest_folder: *dest_folder
  dest_networks: *dest_networks
  parallel:
    description:
      - The number of domains that are migrated at the same time. A host can do 4 migrations over a network of 1 Gbit/s,
        and 8 over 10 Gbit/s; further migrations wait on the server.
    type: int
    default: 2
  migration_timeout:
    description:
      - Seconds that a migration may go without progress before it is cancelled. A migration that makes progress is
        never cancelled.
      - If not set, there is no limit. O(timeout) does not limit migrations.
    type: int
    version_added: 0.2.0
  warnings_are_errors:
    description:
      - Whether to refuse a migration that the vCenter warns about, as libvirt does. By default, warnings are only
        shown.
    type: bool
    version_added: 0.2.0
    default: false
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  check_mode:
    description:
      - Lets the vCenter validate the migrations, and fails if it refuses one. Nothing is migrated.
  diff_mode:
    description: Returns the host of each domain before and after, and its datastore if one is chosen.
notes:
  - The options O(vcenter_username) and O(vcenter_password) are for the vCenter that manages both hosts.
  - The module calls CheckRelocate_Task and RelocateVM_Task of vCenter 6.5 and later, and ValidateMigration and
    MigrateVM_Task of older versions.
  - If the task runs in the Python process of the controller, it shows the progress of each migration.
  - After a failure, a domain that has not been migrated stays and runs where it was. Run the task again to migrate the
    rest.
  - Privileges on the vCenter, to migrate running domains - C(Resource.HotMigrate).
  - Privileges to migrate others - C(Resource.ColdMigrate).
  - Privileges to the other host - C(Resource.AssignVMToPool).
  - Privileges to another datastore - C(Datastore.AllocateSpace).
  - Privileges to another network - C(Network.Assign).
seealso:
  - module: virt.esx.esx_placement_info
"""

EXAMPLES = r"""
- name: Migrate a domain, as in the first manual of libvirt's driver
  virt.esx.esx_migrate:
    uri: esx://example-src.com/?vcenter=*
    username: root
    password: "{{ source_password }}"
    vcenter_username: administrator
    vcenter_password: "{{ vcenter_password }}"
    dest_uri: esx://example-dst.com/?vcenter=*
    dest_username: root
    dest_password: "{{ destination_password }}"
    names: Fedora11

- name: Migrate two domains out of a cluster, logging in to the vCenter only
  virt.esx.esx_migrate:
    uri: vpx://administrator@vcenter.example.com/dc1/cluster1/esx1.example.com
    password: "{{ vcenter_password }}"
    dest_uri: vpx://administrator@vcenter.example.com/dc1/esx9.example.com
    names: [web, database]

- name: Bring two domains to one host, wherever they are now
  virt.esx.esx_migrate:
    uri: vpx://administrator@vcenter.example.com/dc1
    password: "{{ vcenter_password }}"
    dest_host: esx2.example.com
    names: [web, database]

- name: Move the files of a running domain to another datastore
  virt.esx.esx_migrate:
    uri: vpx://administrator@vcenter.example.com/dc1
    password: "{{ vcenter_password }}"
    dest_datastore: datastore1
    names: web

- name: Give each domain its own destination
  virt.esx.esx_migrate:
    uri: vpx://administrator@vcenter.example.com/dc1/esx1.example.com
    password: "{{ vcenter_password }}"
    domains:
      - name: web
        dest_host: esx2.example.com
      - name: database
        dest_host: esx3.example.com

- name: Identify the destination by its name in the vCenter
  virt.esx.esx_migrate:
    uri: esx://esx1.example.com/?vcenter=vcenter.example.com
    dest_host: esx2.example.com
    uuids:
      - 50115e16-9bdc-49d7-f171-53c4d7f91710
    parallel: 4
"""

RETURN = r"""
source:
  description: Name of the source in the vCenter.
  returned: when O(uri) names one host
  type: str
  sample: esx1.example.com
destination:
  description: Name of the destination in the vCenter.
  returned: when O(dest_host) or O(dest_uri) is set
  type: str
  sample: esx2.example.com
domains:
  description:
    - The outcome for each requested domain, in the order of O(names), O(uuids) and O(domains); in check mode, the
      expected outcome.
  returned: when both hosts were found
  type: list
  elements: dict
  contains:
    name: {description: Its name., returned: when it is known, type: str, sample: Fedora11}
    uuid: {description: Its UUID., returned: when it is known, type: str, sample: 50115e16-9bdc-49d7-f171-53c4d7f91710}
    moid: {description: Its managed object id in the vCenter., returned: when it was found, type: str, sample: vm-12}
    source:
      description: Name of the host that it was migrated from.
      returned: when it was found
      type: str
      sample: esx1.example.com
    state:
      description: One of V(running), V(paused) and V(shutoff).
      returned: when it is known
      type: str
      sample: running
    host:
      description: Name of the host that it is on; in check mode, that it would be on.
      returned: when it is known
      type: str
      sample: esx2.example.com
    changed: {description: Whether it was migrated., returned: always, type: bool, sample: true}
    failed: {description: Whether there was an error., returned: always, type: bool, sample: false}
    msg:
      description: The error, and where the domain is, if that can be determined.
      returned: when there was an error
      type: str
      sample: "Migrating domain 'Fedora11' from esx1.example.com to esx2.example.com failed: ..."
    warnings:
      description: Warnings of the vCenter when it validated the migration. They are also warnings of the task.
      returned: always
      type: list
      elements: str
      sample: ["The operation failed: NoGuestHeartbeat (NoGuestHeartbeat)"]
    errors:
      description: Why the vCenter refused the migration when it validated it.
      returned: always
      type: list
      elements: str
      sample: ["The host is in maintenance mode (InvalidState)"]
    questions:
      description: The questions of the server that were answered.
      returned: always
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
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.endpoints import open_endpoints
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.migrate import migrate_domains
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.request import read_request
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Bring the domains to their destinations."""
    request = read_request(invocation.params)
    host_names = [name for domain in request.domains for name in domain.host_names]
    with open_endpoints(invocation, host_names) as endpoints:
        return migrate_domains(endpoints, invocation, request)


_TARGET: dict[str, dict[str, Any]] = {
    "dest_host": {"type": "str"},
    "dest_datastore": {"type": "str"},
    "dest_pool": {"type": "str"},
    "dest_folder": {"type": "str"},
    "dest_networks": {"type": "dict"},
}

CONTRACT = Contract(
    argument_spec=with_connection(
        {
            **_TARGET,
            "dest_uri": {"type": "str"},
            "dest_username": {"type": "str"},
            "dest_password": {"type": "str", "no_log": True},
            "names": {"type": "list", "elements": "str", "aliases": ["name"]},
            "uuids": {"type": "list", "elements": "str", "aliases": ["uuid"]},
            "domains": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str"},
                    "uuid": {"type": "str"},
                    "moid": {"type": "str"},
                    "source_host": {"type": "str"},
                    **_TARGET,
                    "dest_disks": {"type": "dict"},
                },
            },
            "parallel": {"type": "int", "default": 2},
            "migration_timeout": {"type": "int"},
            "warnings_are_errors": {"type": "bool", "default": False},
        }
    ),
    run=run,
    required_one_of=[
        ["dest_uri", "dest_host", "dest_datastore", "dest_pool", "dest_folder", "domains"],
        ["names", "uuids", "domains"],
    ],
    mutually_exclusive=[["dest_uri", "dest_host"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
