#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_pool_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_pool_info
short_description: List the datastores of an ESX host as libvirt's storage pools
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Returns the datastores mounted on the host, with their sizes and libvirt's XML, as C(virsh pool-list),
    C(pool-info) and C(pool-dumpxml) do.
  - All datastores are read in one call.
  - As in libvirt, the static targets of the host's iSCSI adapter are pools, too, and the disks that a target offers are
    its volumes. They can only be read, on hosts since ESX 4.0.
options:
  name:
    description:
      - Only the datastore with this name. If the host has none, the list is empty.
    type: str
  refresh:
    description:
      - Whether the host rescans the datastores first, as C(virsh pool-refresh) does, to include changes by other hosts.
    type: bool
    default: false
  domains:
    description:
      - Whether to return the names of the host's domains that have files on each datastore.
    type: bool
    default: false
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.reading
notes:
  - Privileges for iSCSI targets with O(refresh=true) - C(Host.Config.Storage).
seealso:
  - module: virt.esx.esx_volume_info
"""

EXAMPLES = r"""
- name: Read the datastores of a host
  virt.esx.esx_pool_info:
    uri: esx://example.com
  register: found

- name: Warn about datastores that are nearly full
  ansible.builtin.debug:
    msg: "{{ item.name }} has only {{ item.available_bytes | human_readable }} left."
  loop: "{{ found.pools }}"
  when: item.available_bytes < 0.1 * item.capacity_bytes
"""

RETURN = r"""
pools:
  description: The datastores, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name, as used in datastore paths.
      returned: always
      type: str
      sample: datastore1
    moid:
      description: Its managed object id.
      returned: for a datastore
      type: str
      sample: "datastore-12"
    uuid:
      description: libvirt's UUID of the pool, derived from the path where it is mounted.
      returned: always
      type: str
      sample: a8c6fea3-f795-d979-98c1-0b45798aa12a
    volume_uuid:
      description: The UUID of a VMFS volume.
      returned: for a datastore
      type: str
      sample: 498076b2-02796c1a-ef5b-000ae484a6a3
    type:
      description: One of V(vmfs), V(nfs), V(nfs41), V(cifs), V(vsan), V(vvol), V(local) and V(iscsi).
      returned: always
      type: str
      sample: vmfs
    state:
      description: V(running), or V(inaccessible) if the host cannot reach it. The sizes of an inaccessible datastore
        are 0.
      returned: always
      type: str
      sample: running
    maintenance:
      description: Whether it is in maintenance mode or entering it.
      returned: for a datastore
      type: bool
      sample: false
    writable:
      description: Whether the host may write to it.
      returned: for a datastore
      type: bool
      sample: true
    multiple_host_access:
      description: Whether more than one host has it mounted, if the server reports that.
      returned: for a datastore
      type: bool
      sample: false
    capacity_bytes:
      description: Its size.
      returned: always
      type: int
      sample: 1099511627776
    available_bytes:
      description: Its free space.
      returned: always
      type: int
      sample: 549755813888
    allocation_bytes:
      description: Its used space.
      returned: always
      type: int
      sample: 549755813888
    provisioned_bytes:
      description: The space that would be used if all thin disks were full. Unknown before API 4.0.
      returned: for a datastore
      type: int
      sample: 824633720832
    max_volume_bytes:
      description: The maximum capacity of a disk on it, if the server reports that.
      returned: for a datastore
      type: int
      sample: 68169720922112
    thin_supported:
      description: Whether thin disks can be created on it, if the server reports that.
      returned: for a datastore
      type: bool
      sample: true
    target:
      description: The path where the host has mounted it.
      returned: always
      type: str
      sample: /vmfs/volumes/498076b2-02796c1a-ef5b-000ae484a6a3
    source:
      description: The server or devices that hold it.
      returned: always
      type: dict
      contains:
        host:
          description: The server of a share, or the address of an iSCSI target; V(none) for others.
          returned: always
          type: str
          sample: nas.example.com
        port:
          description: The port of an iSCSI target, V(none) for others.
          returned: always
          type: int
          sample: 3260
        path:
          description: The path of a share on its server, V(none) for others.
          returned: always
          type: str
          sample: /export/vms
        devices:
          description: The devices and partitions of a VMFS volume.
          returned: always
          type: list
          elements: str
          sample: ["mpx.vmhba1:C0:T0:L0:3"]
    domains:
      description: The domains of the host that have files on it, sorted by name.
      returned: if O(domains=true)
      type: list
      elements: str
      sample: [web]
    volumes:
      description: The disks that an iSCSI target offers.
      returned: for a pool of type V(iscsi)
      type: list
      elements: dict
      contains:
        name:
          description: The name of the device, which is libvirt's name of the volume.
          returned: always
          type: str
          sample: /vmfs/devices/disks/naa.6000000000000000000000000000001
        path:
          description: The path of the device on the host.
          returned: always
          type: str
          sample: /vmfs/devices/disks/naa.6000000000000000000000000000001
        key:
          description: libvirt's key of the volume.
          returned: always
          type: str
          sample: 6235deeb-d477-5375-b625-e3daf5e43b49
        capacity_bytes:
          description: The size of the disk.
          returned: always
          type: int
          sample: 10737418240
    xml:
      description: libvirt's XML of the pool, V(none) for types of datastores that libvirt does not know.
      returned: always
      type: str
      sample: "<pool type='fs'>..."
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.pool_info import pool_infos
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Return the pools of the host."""
    params = invocation.params
    with open_connection(invocation) as connection:
        pools = pool_infos(connection, name=params["name"], refresh=params["refresh"], domains=params["domains"])
    return {"changed": False, "pools": pools}


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "name": {"type": "str"},
            "refresh": {"type": "bool", "default": False},
            "domains": {"type": "bool", "default": False},
        }
    ),
    run=run,
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
