# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checking that the files of an import are on the datastore, as a proxy can answer as if it were the host.

A lease has checksums of exports only, and a disk has its size before its data. So the first data of each disk are
remembered while they are sent, and compared with those that the datastore has in their place.
"""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_chain import virtual_disks
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_leftovers import flat_path
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.package import Readable
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    ConnectionFailed,
    NotFound,
    ParseError,
    Refused,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, parse_datastore_path, quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import file_exists
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one, list_at
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import read_part
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

_DEVICES = "config.hardware.device"
_HINT = "A proxy or another server may have answered in place of the host. Run the task again."
# A host need not let an account look, nor have the data of a disk in a file, nor give a file that it has open.
_UNSEEN = (Refused, NotFound, ServerFault, ParseError)

_SECTOR = 512
_OVERHEAD = slice(64, 72)  # of the header: the sectors in front of the first data
_LBA, _MARKER = 8, 12  # the bytes of a marker: its sector, and that with the size of what follows
_KEPT = 256 << 10  # the bytes of a stream that are kept; a grain has at most 64 KiB
_COMPARED = 4096


@dataclass(frozen=True)
class Sample:
    """The first bytes of a disk that are not all zeros: the package's file, their place on the disk, themselves."""

    name: str
    offset: int
    data: bytes


class Sampled:
    """A stream-optimized disk that is read, of which the beginning is kept.

    :param content: the disk, from its first byte.
    """

    def __init__(self, content: Readable) -> None:
        self._content = content
        self._header = b""
        self._kept = bytearray()
        self._skip: int | None = None

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        block = self._content.read(size)
        if len(self._kept) < _KEPT:
            self._keep(block)
        return block

    def sample(self, name: str) -> Sample | None:
        """What is kept of the disk's data; None if there are only zeros at its beginning, or it is no such disk.

        :param name: that of the package's file.
        """
        for offset, grain in _grains(bytes(self._kept)):
            start = len(grain) - len(grain.lstrip(b"\0"))
            if start < len(grain):
                return Sample(name, offset + start, grain[start : start + _COMPARED])
        return None

    def _keep(self, block: bytes) -> None:
        if self._skip is None:
            self._header += block
            if len(self._header) < _OVERHEAD.stop:
                return
            self._skip = int.from_bytes(self._header[_OVERHEAD], "little") * _SECTOR
            block = self._header
        passed = min(self._skip, len(block))
        self._skip -= passed
        self._kept += block[passed : passed + _KEPT]


def _grains(stream: bytes) -> Iterator[tuple[int, bytes]]:
    """The pieces of a disk at the beginning of a stream, with their places in bytes, as far as they are complete."""
    at = 0
    while at + _MARKER <= len(stream):
        sector = int.from_bytes(stream[at : at + _LBA], "little")
        size = int.from_bytes(stream[at + _LBA : at + _MARKER], "little")
        if not size:  # a table: its marker is a sector, and says how many follow
            at += (1 + sector) * _SECTOR
            continue
        packed = stream[at + _MARKER : at + _MARKER + size]
        if len(packed) < size:
            return
        with contextlib.suppress(zlib.error):  # the host says what is damaged
            yield sector * _SECTOR, zlib.decompressobj().decompress(packed, _KEPT)
        at += -(-(_MARKER + size) // _SECTOR) * _SECTOR


def check_arrived(connection: EsxConnection, domain: Any, samples: Sequence[Sample]) -> None:
    """Look for what was sent; costs one read, and one more for each disk and each image of the domain.

    :param domain: the reference to the domain that is imported.
    :param samples: of the disks that were sent.
    :raises ConnectionFailed: if the data of a disk, or the image of a drive, are not there.
    """
    devices = list_at(fetch_one(connection.session, domain, [_DEVICES]), _DEVICES)
    for image in _images(devices):
        _check_image(connection, image)
    _check_disks(connection, [flat_path(path) for path in _disks(devices)], samples)


def _check_image(connection: EsxConnection, path: DatastorePath) -> None:
    with contextlib.suppress(*_UNSEEN):
        if not file_exists(connection.session, datastore_file(connection, path)):
            raise ConnectionFailed(
                f"The server accepted all files of the package, but {path}, which a drive of the domain has, "
                "is not there.",
                hint=_HINT,
            )


def _check_disks(connection: EsxConnection, disks: list[DatastorePath], samples: Sequence[Sample]) -> None:
    """Find a disk for each sample.

    A disk is found by its data, as hosts differ in how they name devices. The samples come in the order of their
    places: in front of its own sample a disk has zeros, so that it has none of the samples before.
    """
    with contextlib.suppress(*_UNSEEN):
        for sample in sorted(samples, key=lambda one: one.offset):
            found = next((disk for disk in disks if _has(connection, disk, sample)), None)
            if found is None:
                raise ConnectionFailed(
                    f"The server accepted all files of the package, but the data of '{sample.name}' are in no disk of "
                    f"the domain: {quoted(map(str, disks))} have others.",
                    hint=_HINT,
                )
            disks.remove(found)


def _has(connection: EsxConnection, disk: DatastorePath, sample: Sample) -> bool:
    data = read_part(connection.session, datastore_file(connection, disk), sample.offset, len(sample.data))
    return data == sample.data


def _images(devices: Iterable[Any]) -> Iterator[DatastorePath]:
    """The images that are in drives."""
    drives = (vim.vm.device.VirtualCdrom, vim.vm.device.VirtualFloppy)
    return _files(device for device in devices if isinstance(device, drives))


def _disks(devices: Iterable[Any]) -> Iterator[DatastorePath]:
    """The disks that are files in datastores."""
    return (path for path in _files(virtual_disks(devices)) if path.is_disk)


def _files(devices: Iterable[Any]) -> Iterator[DatastorePath]:
    """The files of devices; those that have none, or one of the host itself, are passed over."""
    for device in devices:
        with contextlib.suppress(ParseError):
            yield parse_datastore_path(str(getattr(device.backing, "fileName", None) or ""))
