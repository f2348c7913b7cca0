# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of a domain's system: guest, virtual hardware, firmware, boot order, settings."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of ``_driver/domain/parts_system.py`` and ``settings.py``."""

    DOCUMENTATION = r"""
options:
  guest_os:
    description:
      - The guest's operating system, by VMware's name (V(debian12-64)), the VI API's (V(debian12_64Guest)) or
        libosinfo's (V(debian12), V(http://debian.org/debian/12)). A release that VMware has no name for becomes the
        nearest one that it has, with a warning.
    type: str
    version_added: 0.2.0
  hw_version:
    description:
      - The version of the virtual hardware, such as V(20) for ESXi 8.0. It can only be raised, and only while the
        domain is shut off.
      - By default, a new domain has the version that its devices require.
    type: int
    version_added: 0.2.0
  firmware:
    description: The firmware. A guest only boots with the firmware that it was installed with.
    type: str
    version_added: 0.2.0
    choices: [bios, efi]
  secure_boot:
    description: Whether the firmware only boots signed operating systems. Requires the firmware V(efi).
    type: bool
    version_added: 0.2.0
  boot:
    description:
      - The devices that the domain boots from, in this order - C(hd), C(cdrom), C(fd) and C(network) for all devices of
        a kind, the target of a disk or drive, or the MAC address of a card. With V(efi), the firmware keeps its own
        order.
      - It can be changed while the domain runs, and is used at the next start.
    type: list
    elements: str
    version_added: 0.2.0
  hotplug:
    description: Which resources can be added while the domain runs. These settings can only be changed while it is shut
      off.
    type: dict
    version_added: 0.2.0
    suboptions:
      memory:
        description: Whether O(max_memory) can be raised while the domain runs.
        type: bool
      vcpus:
        description: Whether O(vcpus) can be raised while the domain runs.
        type: bool
  nested_virtualisation:
    description: Whether the guest can run virtual machines itself.
    type: bool
    version_added: 0.2.0
  settings:
    description:
      - Keys of the VMX with their values, such as C(guestinfo.role) or C(isolation.tools.copy.disable). V(null) removes
        a key. Keys that are not named are left alone. Settings can be changed while the domain runs.
      - A key that another option sets is refused, and so is one that the host writes by itself.
    type: dict
    version_added: 0.2.0
  cloud_init:
    description:
      - Data for cloud-init in the guest, which needs neither a network nor an image. It is stored in C(guestinfo.*)
        keys, which guests with open-vm-tools read when they start. For other guests, see M(virt.esx.esx_seed_image).
      - If the data differs, it is updated. cloud-init only runs again if the instance id changes. Data that the guest
        has read and redacted is left alone.
    type: dict
    version_added: 0.2.0
    suboptions:
      meta_data:
        description:
          - Metadata. If not set, C(instance-id) is the domain's UUID, and C(local-hostname) its name.
        type: dict
      user_data:
        description: User data, a text such as one that begins with C(#cloud-config), not a mapping. An empty string
          removes them.
        type: raw
      network_config:
        description: The guest's network configuration, in netplan's format, version 2.
        type: dict
      vendor_data:
        description: Vendor data, a text as well. An empty string removes them.
        type: raw
"""
