#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_seed_image."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_seed_image
short_description: Make a seed image for cloud-init in a datastore of an ESX host
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Builds an ISO image with the data that cloud-init configures a guest with at its first start (the data source
    NoCloud), and uploads it. Insert it into a CD-ROM drive of the domain. The guest needs neither a network nor VMware
    Tools to read it.
  - The same data always gives the same image, byte for byte. Nothing changes if the image in the datastore has this
    content.
  - cloud-init runs again in a guest whose C(instance-id) has changed.
options:
  path:
    description:
      - The datastore path of the image, such as V([datastore1] web/web-seed.iso).
    type: str
    required: true
  meta_data:
    description:
      - cloud-init's metadata. The key C(instance-id) is required, C(local-hostname) sets the host name.
    type: dict
    required: true
  user_data:
    description:
      - cloud-init's user data, usually a text that begins with C(#cloud-config). It is never shown in any output.
      - Only text is accepted, no YAML mapping.
    type: raw
  network_config:
    description:
      - cloud-init's network configuration, version 1 or 2.
    type: dict
  vendor_data:
    description:
      - cloud-init's vendor data, a text as well.
    type: raw
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the path, the size and the checksum of the image, but not its content.
notes:
  - Anyone who can read the datastore can read the image, including any passwords in it.
  - An incomplete upload has another name, such as C(.web-seed.iso.5c0ffee5.part). The next run deletes it.
  - Privileges to upload - C(Datastore.Browse), C(Datastore.FileManagement), C(Datastore.AllocateSpace).
seealso:
  - module: virt.esx.esx_volume
  - module: virt.esx.esx_domain
"""

EXAMPLES = r"""
- name: Prepare the first start of the web server
  virt.esx.esx_seed_image:
    uri: esx://example.com
    path: "[datastore1] web/web-seed.iso"
    meta_data:
      instance-id: web
      local-hostname: web
    user_data: |
      #cloud-config
      ssh_authorized_keys:
        - ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExample admin@example.com
    network_config:
      version: 2
      ethernets:
        all:
          match: {name: "e*"}
          dhcp4: true
"""

RETURN = r"""
volume:
  description: The image as it is afterwards; in check mode, as it would be.
  returned: success
  type: dict
  contains:
    path:
      description: The datastore path.
      returned: always
      type: str
      sample: "[datastore1] web/web-seed.iso"
    pool:
      description: The datastore, which libvirt calls a pool.
      returned: always
      type: str
      sample: datastore1
    name:
      description: The path below the datastore, which is the volume's name in libvirt.
      returned: always
      type: str
      sample: web/web-seed.iso
    type:
      description: One of V(vmdk), V(iso), V(floppy), V(vmx) and V(file).
      returned: always
      type: str
      sample: iso
    capacity_bytes:
      description: Its length.
      returned: always
      type: int
      sample: 57344
    allocation_bytes:
      description: The space that it takes up.
      returned: always
      type: int
      sample: 57344
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
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken.
  returned: success
  type: list
  elements: str
  sample: ["create directory [datastore1] web", "upload the seed image to [datastore1] web/web-seed.iso"]
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
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.seed import ensure_seed_image, read_request
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Bring the image into the datastore."""
    path, data = read_request(invocation.params)
    with open_connection(invocation) as connection:
        return ensure_seed_image(connection, invocation, path, data)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "path": {"type": "str", "required": True},
            "meta_data": {"type": "dict", "required": True},
            "user_data": {"type": "raw", "no_log": True},
            "network_config": {"type": "dict"},
            "vendor_data": {"type": "raw", "no_log": True},
        }
    ),
    run=run,
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
