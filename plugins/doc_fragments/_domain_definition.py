# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documentation of a domain's description: XML, VMX, and the values of a domain itself."""

from __future__ import annotations


class ModuleDocFragment:
    """The options of ``esx_domain`` that describe a domain, apart from its parts and its system."""

    DOCUMENTATION = r"""
options:
  xml:
    description:
      - The requested domain as libvirt's domain XML. The name and UUID in the XML identify the domain.
      - The VMX of a new domain is placed beside its first file-backed hard disk, unless O(pool) or O(vmx_path) is set.
        All hard disks must exist, unless O(disks) says how to create them.
      - If it has no UUID or MAC addresses, they are generated when the domain is defined, and kept.
      - Paths have the form C([datastore] directory/file), without empty, V(.) or V(..) segments.
    type: str
  vmx:
    description:
      - The requested domain as VMX, with all its keys. Keys that a host writes by itself are ignored, and so are
        unknown keys of network cards and other devices of an existing domain; a warning names those that differ.
      - File names without a path are relative to the directory of the domain's VMX. The first hard disk of a new domain
        needs a path with a datastore, such as C(/vmfs/volumes/datastore1/web/web.vmdk), since it determines where the
        domain is placed.
    type: str
  vcpus:
    description:
      - Number of virtual CPUs.
    type: int
  memory:
    description:
      - Memory that the host may give to the domain; C(<currentMemory>) in XML.
      - A number with a unit, such as V(2 GiB) or V(1.5 GiB). KiB, MiB and GiB (also K, M, G) are powers of 1024; KB, MB
        and GB are powers of 1000. A number without a unit is in KiB; below 131072 it is refused, since another unit was
        probably meant.
      - It is rounded up to a MiB, with a warning, and cannot be more than O(max_memory). If the domain has no memory
        limit, changing O(max_memory) does not introduce one.
    type: str
  max_memory:
    description:
      - Memory that the guest sees; C(<memory>) in XML. Same format as O(memory).
      - It is rounded up to a multiple of 4 MiB, with a warning.
    type: str
  annotation:
    description:
      - Free text about the domain; C(<description>) in XML. An empty string removes it.
    type: str
  pool:
    description:
      - The datastore of a new domain. Its VMX is placed in O(directory) there, even if its disks are elsewhere. An
        existing domain stays where it is.
      - With this option, a new domain needs neither O(xml) nor O(vmx). The other options then describe all of it.
    type: str
    version_added: 0.2.0
  directory:
    description:
      - The directory of a new domain in O(pool). If not set, it is the domain's name.
    type: str
    version_added: 0.2.0
  overwrite:
    description:
      - Whether to replace a VMX file that already exists at the path of the new domain's VMX and does not belong to
        this domain.
      - The VMX of another registered domain is never replaced.
    type: bool
    default: false
"""
