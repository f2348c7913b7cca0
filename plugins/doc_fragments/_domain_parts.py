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
      - Hard disks by their target. Disks of the domain that are not named are left alone.
      - The file of a disk that the domain does not have yet is made where it is missing, empty or from
        O(disks[].clone_of) or O(disks[].image). A file that exists is attached as it is. Check mode lists the files to
        be made.
      - A disk that the domain has grows to O(disks[].size). No disk is ever made again, or becomes smaller.
      - With O(state=undefined) and O(remove_storage=true) they are deleted with the domain.
    type: list
    elements: dict
    suboptions:
      target:
        description: The disk's name in domain XML, which also says its slot, as V(sda), V(hda) or V(nvme0n1).
        type: str
        required: true
      state:
        description: Whether the domain has the disk. With V(absent) it loses the disk; the file stays.
        type: str
        choices: [present, absent]
        default: present
      source:
        description:
          - Datastore path of the disk's file. If not set, it is the file that the domain or its description has for
            the target, and for a new disk C(NAME.vmdk) (V(sda)) or C(NAME-TARGET.vmdk) beside the domain's VMX.
          - A disk is never exchanged for another file. Give it the state V(absent) first.
        type: str
      bus:
        description: The bus of a new disk. If not set, it follows from the target - C(sd) is V(scsi), C(hd) is V(ide).
          A SCSI controller that is added for it has the model of the first one.
        type: str
        choices: [scsi, sata, nvme, ide]
      size:
        description:
          - Its size, as V(20 GiB) or V(1.5 TiB). A number without a unit is in bytes; one below 1048576 is refused, as
            it was meant in another unit.
          - The size of a new disk, and that to which a smaller one grows. A greater one is refused.
        type: str
      clone_of:
        description: Datastore path of a disk that a missing file is a clone of.
        type: str
      image:
        description: A disk image on the controller that a missing file is filled from, see M(virt.esx.esx_volume).
        type: path
      image_format:
        description: The format of O(disks[].image). If not set, it is found out.
        type: str
        choices: [raw, vmdk, qcow2, vhdx, vpc, vdi]
      checksum:
        description: Checksum of O(disks[].image), as V(sha256:...). It is compared before anything is uploaded.
        type: str
      allocation:
        description: How space is allocated for a file that is made.
        type: str
        choices: [thin, thick, eager]
        default: thin
  cdroms:
    description:
      - CD-ROM drives by their target. The image is changed while the domain runs. A drive comes and goes only while
        the domain is shut off, see O(power_cycle).
    type: list
    elements: dict
    suboptions:
      target:
        description: The drive's name in domain XML, as V(hda) (IDE) or V(sda) (SATA).
        type: str
        required: true
      source:
        description: Datastore path of the image, empty to eject it. If not set, the drive keeps what is in it.
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
    description: Floppy drives by their target, as O(cdroms). A drive has an image, or it is V(absent).
    type: list
    elements: dict
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
      - Network cards by their MAC address or their place. Cards that are not named are left alone.
      - Cards, their network and their link are changed while the domain runs; a change of the model needs it shut off.
    type: list
    elements: dict
    suboptions:
      mac:
        description: MAC address of the card. A card that the domain does not have is added with it. It cannot be given
          together with O(interfaces[].index).
        type: str
      index:
        description:
          - The card's place among those of the domain, from V(0). The place behind the last one adds a card.
          - With O(interfaces[].state=absent), cards behind it move up. Name a card by its O(interfaces[].mac) then.
        type: int
      network:
        description: Name of the port group that it is connected to; through a vCenter also one of a distributed
          switch. A new card needs one. A network of NSX is refused, since NSX connects its cards itself.
        type: str
      model:
        description:
          - Its model. A new card without one has the model of the first card, or V(vmxnet3) if it is the first.
        type: str
        choices: [vmxnet3, e1000e, e1000, vmxnet2, vmxnet, vlance]
      link:
        description: Whether it is connected, now and when the domain starts.
        type: str
        choices: [up, down]
      state:
        description: Whether the domain has the card.
        type: str
        choices: [present, absent]
        default: present
  serials:
    description: Serial ports by their number. They change only while the domain is shut off, see O(power_cycle).
    type: list
    elements: dict
    suboptions:
      port:
        description: The port's number, from V(0) to V(3).
        type: int
        default: 0
      type:
        description: What is behind it - a file on a datastore, a device of the host, a named pipe or a network port.
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
        description: The address of a V(tcp) port. If not set, one that waits does so on all addresses of the host.
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
    description: PCI devices of the host that the domain has for itself. They change only while it is shut off.
    type: list
    elements: dict
    suboptions:
      address:
        description: The device's address in the host, as V(0000:3b:00.0).
        type: str
        required: true
      state:
        description: Whether the domain has the device.
        type: str
        choices: [present, absent]
        default: present
"""
