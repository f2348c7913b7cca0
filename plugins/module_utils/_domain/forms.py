# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The forms that domain XML can take: what a dialect writes and reads differently, as flags.

The dialects themselves are one table in ``_vmx/dialect.py``; each row there holds one of these. The defaults are
libvirt 11.3.0's.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class XmlForms:
    """How domain XML is written, and where reading depends on the dialect."""

    # Not yet written by libvirt 0.7.6 (S1 to S8).
    memory_unit: bool = True  # unit='KiB' on memory sizes
    placement: bool = True  # placement='static' on <vcpu>
    tuning: bool = True  # <cputune>
    slots: bool = True  # disk addresses and <controller>; without them the SCSI model is the disk's driver name
    mac_details: bool = True  # type and check of <mac>
    video: bool = True  # <video>

    # Written by libvirt 11.3.0, and unknown to an older schema of libvirt.
    clusters: bool = True  # clusters='1' of <topology>
    moref: bool = True  # <vmware:moref>
    bare_vds: bool = True  # a source of type vds may be without portgroupid; else it is empty where there is none

    # Settings for which libvirt 11.3.0 has no form: guestOS, nvram, vTPM, NVMe, secure boot that is off.
    more: bool = False
    # Text returns as it was: line ends in attributes are written as references, characters that XML cannot hold are
    # refused, network devices may be named vnet0 (F12, P58), a block CD-ROM may be empty (F48, G29).
    exact: bool = False
    reports: bool = False  # words without effect are reported or refused, those that libvirt does not know are refused
    nvme_bus: bool = False  # NVMe disks are on bus='nvme', which libvirt knows from 11.5 on, else in a form of our own
    sata_units: int = 6  # disks of a SATA controller where an address is derived from a target name (P32, G6)


LIBVIRT = XmlForms()
