#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_volume_info."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_volume_info
short_description: List the disks and images in the datastores of an ESX host
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Returns the files in datastores that libvirt calls storage volumes, as C(virsh vol-list), C(vol-info) and
    C(vol-dumpxml) do, and the domains that use each of them.
  - Each datastore is searched once, however many volumes it has. The files with the data of a disk are not volumes of
    their own.
options:
  path:
    description:
      - Only the volume with this datastore path, with libvirt's key and XML. If there is none, the list is empty.
    type: str
  pool:
    description:
      - Only the volumes on this datastore. By default, those on all datastores that the host can reach.
    type: str
  pattern:
    description:
      - Only volumes whose path below the datastore matches a shell pattern, such as V(iso/*.iso). V(*) matches
        slashes, too.
    type: str
  type:
    description:
      - The types of volumes to return. The default is the types that libvirt lists.
    type: list
    elements: str
    choices: [vmdk, iso, floppy, vmx, file]
    default: [vmdk, iso, floppy]
  unused:
    description:
      - Only volumes that no domain of the host uses. With O(type=vmx) these are domains that are not registered, such
        as after the host was reinstalled.
    type: bool
    default: false
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.reading
notes:
  - A domain uses the disks of its snapshots, too. Disks that belong to snapshots of a domain that is not registered are
    returned as unused.
  - Privileges to read - C(Datastore.Browse).
seealso:
  - module: virt.esx.esx_volume
  - module: virt.esx.esx_pool_info
"""

EXAMPLES = r"""
- name: List the ISO images of a host
  virt.esx.esx_volume_info:
    uri: esx://example.com
    type: [iso]

- name: Find the disks that no domain uses
  virt.esx.esx_volume_info:
    uri: esx://example.com
    type: [vmdk]
    unused: true

- name: Find the domains that were registered before a host was reinstalled
  virt.esx.esx_volume_info:
    uri: esx://example.com
    type: [vmx]
    unused: true
  register: forgotten
"""

RETURN = r"""
volumes:
  description: The volumes, sorted by path.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The datastore path.
      returned: always
      type: str
      sample: "[datastore1] iso/debian-13.iso"
    pool:
      description: The datastore, which libvirt calls a pool.
      returned: always
      type: str
      sample: datastore1
    name:
      description: The path below the datastore, which is the volume's name in libvirt.
      returned: always
      type: str
      sample: iso/debian-13.iso
    type:
      description: One of V(vmdk), V(iso), V(floppy), V(vmx) and V(file).
      returned: always
      type: str
      sample: iso
    capacity_bytes:
      description: The size of a disk as the guest sees it; for other files, their length.
      returned: always
      type: int
      sample: 790626304
    allocation_bytes:
      description: The space that it takes up.
      returned: always
      type: int
      sample: 790626304
    allocation:
      description: How the space of a disk is allocated, V(thin) or V(thick). V(none) for other files, and if the host
        does not report it.
      returned: always
      type: str
      sample: thin
    modified:
      description: When it was last written, in ISO 8601.
      returned: always
      type: str
      sample: "2026-10-01T12:30:00+00:00"
    used_by:
      description: The names of the domains that use it, including through snapshots.
      returned: always
      type: list
      elements: str
      sample: [web]
    key:
      description: libvirt's key of the volume, which is the UUID of a disk on a host, otherwise the path. V(none)
        unless O(path) is set.
      returned: always
      type: str
      sample: 6235deeb-d477-5375-b625-e3daf5e43b49
    xml:
      description: libvirt's XML of the volume. V(none) unless O(path) is set, and for files that are not volumes for
        libvirt.
      returned: always
      type: str
      sample: "<volume type='file'>..."
"""

from ansible_collections.virt.esx.plugins.module_utils._argspec import with_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.volume_info import read_query, volume_infos
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Return the volumes that are asked for."""
    query = read_query(invocation.params)
    with open_connection(invocation) as connection:
        return {"changed": False, "volumes": volume_infos(connection, query)}


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "path": {"type": "str"},
            "pool": {"type": "str"},
            "pattern": {"type": "str"},
            "type": {
                "type": "list",
                "elements": "str",
                "choices": ["vmdk", "iso", "floppy", "vmx", "file"],
                "default": ["vmdk", "iso", "floppy"],
            },
            "unused": {"type": "bool", "default": False},
        }
    ),
    run=run,
    mutually_exclusive=[["path", "pool"], ["path", "pattern"], ["path", "unused"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
