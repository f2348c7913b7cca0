#!/usr/bin/python
# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Module virt.esx.esx_volume."""

from __future__ import annotations

DOCUMENTATION = r"""
module: esx_volume
short_description: Create, upload, clone, grow, download and delete the disks and images of an ESX host
version_added: 0.2.0
author:
  - The virt.esx authors (@virt-esx)
description:
  - Brings a file in a datastore, which libvirt calls a storage volume, into the requested state, as C(virsh
    vol-create), C(vol-clone), C(vol-resize), C(vol-upload), C(vol-download), C(vol-wipe) and C(vol-delete) do.
  - A name that ends in C(.vmdk) is a virtual disk. It is created empty, as a clone of another one, or from a disk image
    in nearly any format. An existing disk is never recreated. It grows if O(capacity) is greater, and never shrinks.
  - Any other name is a plain file, such as an ISO image. It is uploaded if its content differs.
  - Missing directories are created. Uploads and copies have a temporary name until they are complete, so an interrupted
    task leaves no incomplete file under the volume's name and can be run again.
  - A volume that a domain uses, even if only through a snapshot, is not deleted, moved, wiped or replaced.
options:
  path:
    description:
      - The volume's datastore path, such as V([datastore1] web/web.vmdk).
      - One of O(path) and O(pool) is required.
    type: str
  pool:
    description:
      - The datastore, if O(path) is not set.
    type: str
  name:
    description:
      - The path below O(pool). If not set, the name in O(xml) is used.
    type: str
  xml:
    description:
      - libvirt's XML of a volume to create. It gives O(name), O(capacity) and O(allocation), which override it.
      - Elements other than those that C(virsh vol-dumpxml) prints have no effect; a warning lists them.
    type: str
  state:
    description:
      - With V(present), the volume exists.
      - With V(absent), it does not.
      - With V(wiped), the whole disk is overwritten with zeros each time the task runs.
    type: str
    choices: [present, absent, wiped]
    default: present
  capacity:
    description:
      - The size of a disk, such as V(20 GiB) or V(1.5 TiB), or in bytes without a unit; fewer than 1048576 bytes need a
        unit. It is rounded up to a KiB.
      - A smaller disk grows, even while its domain runs. The guest must enlarge its partitions itself. A disk with
        snapshots cannot grow.
      - If not set, a disk made from O(source) or O(clone_of) has the size of its original.
    type: str
  allocation:
    description:
      - How the space of a new disk is allocated. V(thin) allocates it when it is written, which is libvirt's
        allocation 0; V(thick) allocates it at once; V(eager) also overwrites it with zeros.
      - The default is V(thin). An existing disk stays as it is.
      - Through a vCenter, it has no effect on a clone or an image, as the vCenter decides.
    type: str
    choices: [thin, thick, eager]
  adapter:
    description:
      - The controller type recorded in a new disk. Hosts since ESXi 5.0 ignore it. The default is V(lsilogic).
    type: str
    choices: [lsilogic, buslogic, ide]
  source:
    description:
      - A file on the machine where the module runs, usually the controller. As with M(ansible.builtin.copy), a relative
        path is searched in C(files) beside the playbook or in the role.
      - If the volume is a disk, this is a disk image. The collection itself reads raw images, all kinds of VMDK, and
        VHD images of fixed size. For qcow2, VHDX, VDI and other VHD images C(qemu-img) must be installed, and the
        directory for temporary files must have room for the image's data.
      - Any other file is uploaded as it is, unless the volume has the same size and SHA-256 checksum. The checksum is
        kept beside the volume, in a file with C(.sha256) appended to its name. If that file is missing or older than
        the volume, the volume is read back and compared.
    type: path
  source_format:
    description:
      - The format of a disk image. By default, it is detected from the content.
      - Required for a raw image that has no partition table.
    type: str
    choices: [raw, vmdk, qcow2, vhdx, vpc, vdi]
  checksum:
    description:
      - The checksum that O(source) must have before it is uploaded, or O(dest) after it was downloaded, such as
        V(sha256:9f86d081...). V(sha512), V(sha1) and V(md5) are also supported.
    type: str
  clone_of:
    description:
      - The datastore path of a volume to copy. An existing clone is not compared with it.
    type: str
  moved_from:
    description:
      - The datastore path that the volume had before it is moved or renamed.
    type: str
  dest:
    description:
      - The file or directory on the machine where the module runs, to which the volume is downloaded.
      - A disk is downloaded as a VMDK file, which refers to a sparse file beside it that has the data. C(qemu-img) and
        O(source) can read these.
      - A file that has the size and modification time of the volume is not downloaded again.
    type: path
extends_documentation_fragment:
  - virt.esx._connection
  - virt.esx._attributes
  - virt.esx._attributes.acting
attributes:
  diff_mode:
    description: Returns the volume before and after, as YAML.
  idempotent:
    description: Changes nothing when run again with the same arguments, except with O(state=wiped).
    support: partial
notes:
  - A copy within the host may take as long as it needs, unless it makes no progress for O(timeout) seconds.
  - If the task fails or is interrupted, no incomplete file has the final name. Those that an interrupted run has left,
    such as C(web.part.vmdk), are deleted by the next run.
  - Privileges to create, clone, upload, download, wipe or delete - C(Datastore.Browse), C(Datastore.FileManagement),
    C(Datastore.AllocateSpace).
  - Privileges to grow a domain's disk - C(VirtualMachine.Config.DiskExtend).
seealso:
  - module: virt.esx.esx_volume_info
  - module: virt.esx.esx_pool_info
"""

EXAMPLES = r"""
- name: Upload an ISO image
  virt.esx.esx_volume:
    uri: esx://example.com
    path: "[datastore1] iso/debian-13.iso"
    source: debian-13.iso
    checksum: sha256:2f5051cb61e61498b19cc3127a5a02f712cd7aae8ed00e2e581063c929da0d65

- name: Create an empty disk
  virt.esx.esx_volume:
    uri: esx://example.com
    path: "[datastore1] web/data.vmdk"
    capacity: 100 GiB

- name: Create a disk from a cloud image
  virt.esx.esx_volume:
    uri: esx://example.com
    path: "[datastore1] web/web.vmdk"
    source: noble-server-cloudimg-amd64.vmdk
    capacity: 20 GiB

- name: Clone a disk
  virt.esx.esx_volume:
    uri: esx://example.com
    path: "[datastore1] web2/web2.vmdk"
    clone_of: "[datastore1] templates/debian-13.vmdk"
    allocation: thick

- name: Keep a copy of a disk on the controller
  virt.esx.esx_volume:
    uri: esx://example.com
    path: "[datastore1] templates/debian-13.vmdk"
    dest: "{{ lookup('ansible.builtin.env', 'HOME') }}/data.vmdk"

- name: Delete a disk that no domain uses
  virt.esx.esx_volume:
    uri: esx://example.com
    path: "[datastore1] web/old.vmdk"
    state: absent

- name: Overwrite a disk with zeros before you give it away
  virt.esx.esx_volume:
    uri: esx://example.com
    path: "[datastore1] web/old.vmdk"
    state: wiped
"""

RETURN = r"""
volume:
  description: The volume as it is afterwards; in check mode, as it would be. V(none) if it does not exist.
  returned: success
  type: dict
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
steps:
  description: The steps that were taken, in order; in check mode, those that would be taken.
  returned: success
  type: list
  elements: str
  sample: ["create directory [datastore1] web", "create [datastore1] web/web.vmdk"]
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
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.ensure_volume import ensure_volume
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.request import read_request
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, Result, run_as_module


def run(invocation: Invocation) -> Result:
    """Bring the volume into the requested state."""
    request = read_request(invocation.params)
    with open_connection(invocation) as connection:
        return ensure_volume(connection, invocation, request)


CONTRACT = Contract(
    argument_spec=with_connection(
        {
            "path": {"type": "str"},
            "pool": {"type": "str"},
            "name": {"type": "str"},
            "xml": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent", "wiped"], "default": "present"},
            "capacity": {"type": "str"},
            "allocation": {"type": "str", "choices": ["thin", "thick", "eager"]},
            "adapter": {"type": "str", "choices": ["lsilogic", "buslogic", "ide"]},
            "source": {"type": "path"},
            "source_format": {"type": "str", "choices": ["raw", "vmdk", "qcow2", "vhdx", "vpc", "vdi"]},
            "checksum": {"type": "str"},
            "clone_of": {"type": "str"},
            "moved_from": {"type": "str"},
            "dest": {"type": "path"},
        }
    ),
    run=run,
    mutually_exclusive=[
        ["path", "pool"],
        ["path", "name"],
        ["path", "xml"],
        ["source", "clone_of", "moved_from", "dest"],
    ],
    required_one_of=[["path", "pool"]],
)


def main() -> None:
    """Run as a module."""
    run_as_module(CONTRACT)


if __name__ == "__main__":
    main()
