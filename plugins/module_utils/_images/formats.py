# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recognising disk images by their first and last bytes, without trusting a file's name.

An image that refers to another file (a backing file, a parent, an external data file) is refused: it would read that
file of the machine into the disk.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Callable

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

HEAD = 64 * 1024  # bytes of the beginning that hold every format's signature
TAIL = 512  # bytes of the end: the footer of a VHD

VMDK_DESCRIPTOR = b"# Disk DescriptorFile"
VMDK_MAGIC = b"KDMV"


@dataclass(frozen=True)
class Recognised:
    """A file's format in qemu-img's words; ``capacity`` in bytes is None if the head does not tell it.

    ``fixed`` is the length of the raw data at the beginning of the file, None if the data are stored
    differently.
    """

    format: str
    capacity: int | None = None
    fixed: int | None = None


# The formats that qemu-img converts; the collection reads the others itself.
CONVERTED = ("qcow2", "vhdx", "vpc", "vdi")
FORMATS = ("raw", "vmdk", *CONVERTED)

# Signatures of files that are not disk images, by offset: what the file is, and what to do about it.
_OTHERS = (
    (0, b"\xfd7zXZ\x00", "is compressed by xz; decompress it first"),
    (0, b"\x1f\x8b", "is compressed by gzip; decompress it first"),
    (0, b"BZh", "is compressed by bzip2; decompress it first"),
    (0, b"\x28\xb5\x2f\xfd", "is compressed by zstd; decompress it first"),
    (0, b"\x04\x22\x4d\x18", "is compressed by lz4; decompress it first"),
    (0, b"7z\xbc\xaf\x27\x1c", "is a 7z archive; unpack it first"),
    (0, b"LUKS\xba\xbe", "is encrypted (LUKS); decrypt it first"),
    (0, b"PK\x03\x04", "is a ZIP archive; unpack it first"),
    (257, b"ustar", "is a tar archive or an OVA; unpack the disk image in it first"),
    (32769, b"CD001", "is an ISO image; upload it to a path that ends in .iso"),
)


def recognise(head: bytes, tail: bytes, size: int) -> Recognised:
    """Return the format of a file.

    :param head: its first ``HEAD`` bytes, or all of it.
    :param tail: its last ``TAIL`` bytes.
    :param size: its length in bytes.
    :raises ParseError: for a file that is not a disk image, and for an image that refers to another file.
    """
    for matches, read in _READERS:
        if matches(head, tail):
            return read(head, tail, size)
    for offset, signature, meaning in _OTHERS:
        if head[offset : offset + len(signature)] == signature:
            raise ParseError(f"the file {meaning}.")
    if head[510:512] == b"\x55\xaa":  # the boot signature of a partition table
        if head[512:520] == b"EFI PART":  # a GPT says where its copy is, in the last sector of the disk
            (last,) = struct.unpack_from("<Q", _at_least(head, 1024), 512 + 32)
            _check_size("raw", size, (last + 1) * 512)
        return raw(size)
    raise ParseError(
        "the file is not a disk image: it has neither the signature of a known format nor a partition table.",
        hint="If it is a raw image nevertheless, say so: 'source_format: raw', or in disks 'image_format: raw'.",
    )


def raw(size: int) -> Recognised:
    """Return the description of a raw image."""
    return Recognised("raw", size, size)


def _qcow2(head: bytes, _tail: bytes, _size: int) -> Recognised:
    version, backing = struct.unpack_from(">IQ", _at_least(head, 104), 4)
    (capacity,) = struct.unpack_from(">Q", head, 24)
    (encryption,) = struct.unpack_from(">I", head, 32)
    (features,) = struct.unpack_from(">Q", head, 72) if version >= 3 else (0,)
    if backing:
        raise ParseError("the qcow2 image has a backing file; flatten it first with qemu-img convert.")
    if encryption:
        raise ParseError("the qcow2 image is encrypted; decrypt it first with qemu-img convert.")
    if features & 0b100:
        raise ParseError("the qcow2 image keeps its data in another file; flatten it first with qemu-img convert.")
    return Recognised("qcow2", capacity)


def _vhd(head: bytes, tail: bytes, size: int) -> Recognised:
    footer = head if head.startswith(b"conectix") else tail
    (capacity,) = struct.unpack_from(">Q", _at_least(footer, 512), 48)
    (kind,) = struct.unpack_from(">I", footer, 60)
    if kind == 4:
        raise ParseError("the VHD image is a difference to another one; merge them first.")
    if kind == 2:
        _check_size("VHD", size, capacity + TAIL)
        return Recognised("vpc", capacity, capacity)
    return Recognised("vpc", capacity)


def _vdi(head: bytes, _tail: bytes, size: int) -> Recognised:
    capacity, block, _extra, _blocks, allocated = struct.unpack_from("<QIIII", _at_least(head, 512), 368)
    (data,) = struct.unpack_from("<I", head, 344)
    _check_size("VDI", size, data + allocated * block)
    return Recognised("vdi", capacity)


def _check_size(format_: str, size: int, needed: int) -> None:
    """Refuse an image whose end is missing; qemu-img would read zeros there."""
    if size < needed:
        raise ParseError(f"the {format_} image is truncated: it has {size} bytes of {needed}.")


def _at_least(data: bytes, length: int) -> bytes:
    if len(data) < length:
        raise ParseError("the image is truncated: its header is not complete.")
    return data


_Matches = Callable[[bytes, bytes], bool]
_Reads = Callable[[bytes, bytes, int], Recognised]
_READERS: tuple[tuple[_Matches, _Reads], ...] = (
    (lambda head, _tail: head.startswith((VMDK_MAGIC, VMDK_DESCRIPTOR)), lambda *_: Recognised("vmdk")),
    (lambda head, _tail: head.startswith(b"QFI\xfb"), _qcow2),
    (lambda head, _tail: head.startswith(b"vhdxfile"), lambda *_: Recognised("vhdx")),
    (lambda head, tail: head.startswith(b"conectix") or tail.startswith(b"conectix"), _vhd),
    (lambda head, _tail: head[64:68] == b"\x7f\x10\xda\xbe", _vdi),
)
