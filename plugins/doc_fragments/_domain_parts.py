# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of a domain's parts: disks, drives, cards, ports, devices of the host."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of ``_driver/domain/parts_request.py``."""

    DOCUMENTATION = r"""
options:
  disks:
    description:
      - Hard disks, identified by their target. Disks that are not named are left alone.
      - If the file of a new disk does not exist, it is created, empty or from O(disks[].clone_of) or O(disks[].image).
        An existing file is attached as it is. Check mode lists the files that would be created.
      - An existing disk grows to O(disks[].size). Disks are never recreated and never shrink.
      - With O(state=undefined) and O(remove_storage=true), the disks are deleted with the domain.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      target:
        description: The disk's name in domain XML, which also determines its slot, such as V(sda), V(hda) or
          V(nvme0n1).
        type: str
        required: true
      state:
        description: Whether the domain has the disk. V(absent) detaches the disk and keeps its file.
        type: str
        choices: [present, absent]
        default: present
      source:
        description:
          - Datastore path of the disk's file. If not set, the file is the one that the domain or its description has
            for the target. For a new disk, it is C(NAME.vmdk) (V(sda)) or C(NAME-TARGET.vmdk) beside the domain's VMX.
          - The file of an existing disk cannot be exchanged. Detach the disk with V(absent) first.
        type: str
      bus:
        description: The bus of a new disk. If not set, it follows from the target - C(sd) is V(scsi), C(hd) is V(ide).
          If a SCSI controller must be added, it has the model of the domain's first one.
        type: str
        choices: [scsi, sata, nvme, ide]
      size:
        description:
          - The disk's size, such as V(20 GiB) or V(1.5 TiB). A number without a unit is in bytes; below 1048576 it is
            refused, since another unit was probably meant.
          - A new disk is created with this size, and an existing smaller one grows to it. If the existing disk is
            larger, the task fails.
        type: str
      clone_of:
        description: Datastore path of a disk to clone if the file does not exist.
        type: str
      image:
        description: A disk image on the controller to fill the disk from if the file does not exist, see
          M(virt.esx.esx_volume).
        type: path
      image_format:
        description: The format of O(disks[].image). By default, it is detected from the content.
        type: str
        choices: [raw, vmdk, qcow2, vhdx, vpc, vdi]
      checksum:
        description: Checksum of O(disks[].image), such as V(sha256:...). It is checked before anything is uploaded.
        type: str
      allocation:
        description: How space is allocated for a new file.
        type: str
        choices: [thin, thick, eager]
        default: thin
  cdroms:
    description:
      - CD-ROM drives, identified by their target. Images can be changed while the domain runs. Drives can only be added
        or removed while it is shut off, see O(power_cycle).
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      target:
        description: The drive's name in domain XML, such as V(hda) (IDE) or V(sda) (SATA).
        type: str
        required: true
      source:
        description: Datastore path of the image; an empty string ejects it. If not set, the drive stays as it is.
        type: str
      bus:
        description: The bus of a new drive. If not set, it follows from the target - C(sd) is V(sata), C(hd) is V(ide).
        type: str
        choices: [ide, sata]
      state:
        description: Whether the domain has the drive.
        type: str
        choices: [present, absent]
        default: present
  floppies:
    description: Floppy drives, identified by their target, as for O(cdroms). A drive needs an image unless it is
      V(absent).
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      target:
        description: The drive's name in domain XML.
        type: str
        default: fda
      source:
        description: Datastore path of the image.
        type: str
      state:
        description: Whether the domain has the drive.
        type: str
        choices: [present, absent]
        default: present
  interfaces:
    description:
      - Network cards, identified by their MAC address or index. Cards that are not named are left alone.
      - Cards, their networks and their links can be changed while the domain runs; the model only while it is shut off.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      mac:
        description: MAC address of the card. If the domain has no such card, it is added. Cannot be used together with
          O(interfaces[].index).
        type: str
      index:
        description:
          - The card's index among the cards that the domain has before the task, from V(0). The index after the last
            one adds a card. The host puts a new card into the first free slot; if that is before other cards, the
            index is refused, since the card would not have it afterwards.
          - With O(interfaces[].state=absent), the cards after it move up, so running the task again would remove
            another one. Use O(interfaces[].mac) instead.
        type: int
      network:
        description: Name of the port group that the card is connected to; through a vCenter, it can belong to a
          distributed switch. Required for a new card. NSX networks are refused, since NSX connects its cards itself.
        type: str
      model:
        description:
          - The card's model. By default, a new card has the model of the domain's first card, or V(vmxnet3) if it is
            the first.
        type: str
        choices: [vmxnet3, e1000e, e1000, vmxnet2, vmxnet, vlance]
      link:
        description: Whether the card is connected, now and when the domain starts.
        type: str
        choices: [up, down]
      state:
        description: Whether the domain has the card.
        type: str
        choices: [present, absent]
        default: present
  serials:
    description: Serial ports, identified by their number. They can only be changed while the domain is shut off, see
      O(power_cycle).
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      port:
        description: The port's number, from V(0) to V(3).
        type: int
        default: 0
      type:
        description: The back end of the port - a file on a datastore, a device of the host, a named pipe or a
          network port.
        type: str
        choices: [file, dev, pipe, tcp]
      path:
        description: Datastore path of the file, or the name of the device or pipe.
        type: str
      mode:
        description: Whether a V(tcp) port waits for connections or makes one.
        type: str
        choices: [bind, connect]
        default: bind
      host:
        description: The address of a V(tcp) port. If not set, a port that waits for connections does so on all
          addresses of the host.
        type: str
      service:
        description: The port number of a V(tcp) port.
        type: str
      protocol:
        description: The protocol of a V(tcp) port.
        type: str
        choices: [raw, telnet, telnets, tls]
        default: raw
      state:
        description: Whether the domain has the port.
        type: str
        choices: [present, absent]
        default: present
  hostdevs:
    description: PCI devices of the host that are passed through to the domain. They can only be changed while it is
      shut off.
    type: list
    elements: dict
    version_added: 0.2.0
    suboptions:
      address:
        description: The device's address on the host, such as V(0000:3b:00.0).
        type: str
        required: true
      state:
        description: Whether the domain has the device.
        type: str
        choices: [present, absent]
        default: present
"""
