# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Descriptors of VMware disks: texts that list a disk's extents and how they are stored.

::

    # Disk DescriptorFile
    version=1
    CID=fffffffe
    parentCID=ffffffff
    createType="vmfs"
    RW 2048 VMFS "web-flat.vmdk"
    ddb.adapterType = "lsilogic"
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._images.formats import VMDK_DESCRIPTOR

SECTOR = 512
_NO_PARENT = "ffffffff"
_EXTENT = re.compile(r'(?:RW|RDONLY) +([0-9]{1,15}) +([A-Z]+)(?: +"([^"]*)"(?: +([0-9]{1,15}))?)?\s*')
_KEY = re.compile(r"[A-Za-z.0-9]+")

# How an extent's data are stored.
FLAT_KINDS = ("FLAT", "VMFS")
SPARSE_KINDS = ("SPARSE",)
ZERO_KINDS = ("ZERO",)


@dataclass(frozen=True)
class Extent:
    """One piece of a disk: ``length`` and ``offset`` (where its data begin in ``file``) in bytes."""

    length: int
    kind: str
    file: str
    offset: int


@dataclass(frozen=True)
class Descriptor:
    """A descriptor: ``kind`` is its createType, such as ``monolithicFlat``, ``adapter`` in lower case."""

    kind: str
    extents: tuple[Extent, ...]
    has_parent: bool
    adapter: str = "lsilogic"

    @property
    def capacity(self) -> int:
        """The size of the disk in bytes."""
        return sum(extent.length for extent in self.extents)


def parse_descriptor(text: str) -> Descriptor:
    """Read a descriptor.

    :raises ParseError: for anything but a descriptor, and for extents outside of its directory.
    """
    if not text.startswith(VMDK_DESCRIPTOR.decode()):
        raise ParseError("the file is not the descriptor of a VMDK image.")
    entries: dict[str, str] = {}
    extents = []
    for line in text.split("\0")[0].splitlines():
        extent = _EXTENT.fullmatch(line)
        key, equals, value = (part.strip() for part in line.partition("="))
        if extent:
            extents.append(_extent(extent))
        elif equals and _KEY.fullmatch(key):
            entries.setdefault(key.lower(), value.strip('"'))
    if not extents:
        raise ParseError("the VMDK image has no extents.")
    parent = entries.get("parentcid", _NO_PARENT).lower()
    adapter = entries.get("ddb.adaptertype", "lsilogic").lower()
    return Descriptor(entries.get("createtype", ""), tuple(extents), has_parent=parent != _NO_PARENT, adapter=adapter)


def _extent(found: re.Match[str]) -> Extent:
    sectors, kind, file, offset = found.groups()
    if file is not None and ("/" in file or "\\" in file or file in ("", ".", "..")):
        raise ParseError(f"the VMDK image has its data in '{file}', which is not in its own directory.")
    if file is None and kind not in ZERO_KINDS:
        raise ParseError(f"the VMDK image has an extent of kind {kind} without a file.")
    return Extent(int(sectors) * SECTOR, kind, file or "", int(offset or 0) * SECTOR)


def flat_descriptor(capacity: int, extent: str, adapter: str, *, hosted: bool) -> str:
    """Return the descriptor of a disk whose data are in one file, byte for byte.

    :param capacity: the size in bytes, a multiple of a sector.
    :param extent: the name of the file with the data.
    :param adapter: ``lsilogic``, ``buslogic`` or ``ide``.
    :param hosted: for VMware's desktop products and qemu-img (``monolithicFlat``), else for a host (``vmfs``).
    """
    sectors = capacity // SECTOR
    kind, line = ("monolithicFlat", f'FLAT "{extent}" 0') if hosted else ("vmfs", f'VMFS "{extent}"')
    heads, per_track = (16, 63) if adapter == "ide" else (255, 63)
    cylinders = max(1, min(sectors // (heads * per_track), 65535))
    return (
        f'# Disk DescriptorFile\nversion=1\nencoding="UTF-8"\nCID=fffffffe\nparentCID={_NO_PARENT}\n'
        f'createType="{kind}"\n\n# Extent description\nRW {sectors} {line}\n\n# The Disk Data Base\n#DDB\n\n'
        f'ddb.adapterType = "{adapter}"\nddb.geometry.cylinders = "{cylinders}"\nddb.geometry.heads = "{heads}"\n'
        f'ddb.geometry.sectors = "{per_track}"\nddb.virtualHWVersion = "4"\n'
    )
