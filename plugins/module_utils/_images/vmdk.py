# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of VMDK images, as the guest sees them: sparse, stream optimised, flat, and split into extents.

Only one grain of 64 KiB and one table of grains are held in memory.
"""

from __future__ import annotations

import io
import pathlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._images.descriptor import (
    FLAT_KINDS,
    SECTOR,
    SPARSE_KINDS,
    ZERO_KINDS,
    Descriptor,
    Extent,
    parse_descriptor,
)
from ansible_collections.virt.esx.plugins.module_utils._images.formats import VMDK_MAGIC

BLOCK = 1024 * 1024
_HEADER = struct.Struct("<4sIIQQQQIQQQ")
_GRAIN_MARKER = struct.Struct("<QI")
_AT_END = 2**64 - 1  # the offset of the grain directory where a footer at the end has it
_COMPRESSED = 1 << 16
_MAX_DESCRIPTOR = 256 * SECTOR
_MAX_GRAIN = 2 * BLOCK


@dataclass(frozen=True)
class _Header:
    """The header of a sparse extent, in sectors."""

    flags: int
    capacity: int
    grain: int
    descriptor: int
    descriptor_size: int
    per_table: int
    directory: int


class VmdkImage:
    """A VMDK image on this machine; its data are read with ``blocks``.

    :param path: its descriptor, or the image's only file.
    :raises ParseError: if it is damaged, incomplete, or a difference to another image.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        with path.open("rb") as file:
            self.descriptor = _read_descriptor(file)
        if self.descriptor.has_parent:
            raise ParseError("the VMDK image is a difference to another one (a snapshot); merge them first.")
        kinds = {extent.kind for extent in self.descriptor.extents}
        unknown = kinds.difference(FLAT_KINDS, SPARSE_KINDS, ZERO_KINDS)
        if unknown:
            raise ParseError(f"the VMDK image has extents of kind {', '.join(sorted(unknown))}, which cannot be read.")
        for extent in self.descriptor.extents:
            self._check(extent)

    @property
    def capacity(self) -> int:
        """The size of the disk in bytes."""
        return self.descriptor.capacity

    def blocks(self) -> Iterator[bytes]:
        """Yield the disk's data from the beginning to the end, ``capacity`` bytes in total."""
        for extent in self.descriptor.extents:
            if extent.kind in ZERO_KINDS:
                yield from zeros(extent.length)
                continue
            with self._file(extent).open("rb") as file:
                yield from _sparse(file, extent) if extent.kind in SPARSE_KINDS else read_exactly(file, extent)

    def _file(self, extent: Extent) -> pathlib.Path:
        """The path of an extent; an image in one file may have been renamed since its descriptor was written."""
        if self.descriptor.kind in ("monolithicSparse", "streamOptimized"):
            return self.path
        return self.path.parent / extent.file

    def _check(self, extent: Extent) -> None:
        """Check, before anything is sent, that an extent exists and is long enough."""
        if extent.kind in ZERO_KINDS:
            return
        file = self._file(extent)
        if not file.is_file():
            raise ParseError(f"the file '{extent.file}' with data of the VMDK image is missing.")
        if extent.kind in FLAT_KINDS:
            size = file.stat().st_size
            if size < extent.offset + extent.length:
                raise ParseError(f"the file '{extent.file}' is truncated: it has {size} bytes of {extent.length}.")
            return
        with file.open("rb") as opened:
            _check_grains(opened, extent)


def zeros(length: int) -> Iterator[bytes]:
    """Yield that many zero bytes."""
    block = bytes(min(BLOCK, length))
    while length > 0:
        yield block[:length]
        length -= len(block)


def read_exactly(file: BinaryIO, extent: Extent) -> Iterator[bytes]:
    """Yield ``extent.length`` bytes of a file from ``extent.offset``.

    :raises ParseError: if the file ends before.
    """
    file.seek(extent.offset)
    left = extent.length
    while left > 0:
        block = file.read(min(BLOCK, left))
        if not block:
            raise ParseError(f"the file '{file.name}' became shorter while it was read.")
        left -= len(block)
        yield block


def _read_descriptor(file: BinaryIO) -> Descriptor:
    if file.read(4) != VMDK_MAGIC:
        file.seek(0)
        return parse_descriptor(file.read(_MAX_DESCRIPTOR).decode("utf-8", "replace"))
    header = _read_header(file)
    if header.descriptor * SECTOR >= file.seek(0, io.SEEK_END):
        raise ParseError("the VMDK image is truncated or damaged: its descriptor is behind its end.")
    file.seek(header.descriptor * SECTOR)
    text = file.read(min(header.descriptor_size * SECTOR, _MAX_DESCRIPTOR))
    return parse_descriptor(text.decode("utf-8", "replace"))


def _read_header(file: BinaryIO) -> _Header:
    """The header at the beginning, or the copy at the end if the first one says so (stream optimised images)."""
    header = _header_at(file, 0)
    if header.directory != _AT_END:
        return header
    size = file.seek(0, io.SEEK_END)
    footer = _header_at(file, max(0, size - 2 * SECTOR))
    if footer.directory == _AT_END:
        raise ParseError("the VMDK image is truncated: its end is missing.")
    return _Header(footer.flags, footer.capacity, footer.grain, header.descriptor, header.descriptor_size,
                   footer.per_table, footer.directory)  # fmt: skip


def _header_at(file: BinaryIO, offset: int) -> _Header:
    file.seek(offset)
    data = file.read(_HEADER.size)
    if len(data) < _HEADER.size or data[:4] != VMDK_MAGIC:
        raise ParseError("the VMDK image is truncated or damaged: a header is missing.")
    _magic, _version, flags, capacity, grain, text, text_size, per_table, _copy, directory, _over = _HEADER.unpack(data)
    if not 0 < grain * SECTOR <= _MAX_GRAIN or not 0 < per_table <= 65536:
        raise ParseError("the header of the VMDK image is damaged.")
    return _Header(flags, capacity, grain, text, text_size, per_table, directory)


def _grains(file: BinaryIO, header: _Header, extent: Extent) -> Iterator[tuple[int, int]]:
    """Yield the position of each grain of an extent in sectors, and its number of bytes of the disk.

    Position 0 is a grain that was never written, 1 a grain of zeros.
    """
    size = file.seek(0, io.SEEK_END)
    left, grain = extent.length, header.grain * SECTOR
    tables = -(-left // (grain * header.per_table))
    for place in _words(file, header.directory, tables, size):
        for entry in _words(file, place, header.per_table, size) if place else (0,) * header.per_table:
            if left <= 0:
                return
            yield entry, min(grain, left)
            left -= grain


def _words(file: BinaryIO, place: int, count: int, size: int) -> tuple[int, ...]:
    if place * SECTOR + 4 * count > size:
        raise ParseError("the VMDK image is truncated: a table of its data is behind its end.")
    file.seek(place * SECTOR)
    return struct.unpack(f"<{count}I", file.read(4 * count))


def _check_grains(file: BinaryIO, extent: Extent) -> None:
    """Check that no grain exceeds the end of the file, without reading the data."""
    header = _read_header(file)
    size = file.seek(0, io.SEEK_END)
    for entry, length in _grains(file, header, extent):
        if entry < 2:
            continue
        begin = entry * SECTOR
        if header.flags & _COMPRESSED and begin < size:
            length = _GRAIN_MARKER.size + _compressed_size(file, entry)
        if begin + length > size:
            raise ParseError("the VMDK image is truncated: some of its data are behind its end.")


def _sparse(file: BinaryIO, extent: Extent) -> Iterator[bytes]:
    header = _read_header(file)
    for entry, length in _grains(file, header, extent):
        yield bytes(length) if entry < 2 else _grain(file, header, entry, length)


def _compressed_size(file: BinaryIO, entry: int) -> int:
    """The length of a grain's compressed data, from the marker in front of them."""
    file.seek(entry * SECTOR)
    marker = file.read(_GRAIN_MARKER.size)
    return int(_GRAIN_MARKER.unpack(marker)[1]) if len(marker) == _GRAIN_MARKER.size else 0


def _grain(file: BinaryIO, header: _Header, entry: int, length: int) -> bytes:
    if not header.flags & _COMPRESSED:
        file.seek(entry * SECTOR)
        data = file.read(length)
    else:
        size = _compressed_size(file, entry)
        try:
            data = zlib.decompressobj().decompress(file.read(min(size, 2 * _MAX_GRAIN)), length)
        except zlib.error:
            raise ParseError("the VMDK image is damaged: some of its data cannot be decompressed.") from None
    if len(data) != length:
        raise ParseError("the VMDK image is truncated or damaged: a part of its data is too short.")
    return data
