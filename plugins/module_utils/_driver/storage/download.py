# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloading volumes to this machine: files as they are, disks as a descriptor and a sparse file with the data.

A file with the size and the time of the volume is unchanged. An incomplete download has another name, and is continued
if the volume is still the same.
"""

from __future__ import annotations

import contextlib
import email.utils
import os
import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, cast

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import (
    Checksum,
    check_dest,
    is_directory,
    verify,
    written,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.local_parts import own_file
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file, show_transfer
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._images.descriptor import (
    FLAT_KINDS,
    Descriptor,
    flat_descriptor,
    parse_descriptor,
)
from ansible_collections.virt.esx.plugins.module_utils._images.formats import VMDK_DESCRIPTOR
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import LONGEST_VMX, get_file
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import RemoteFile, download_file, file_info

# How the name of an incomplete download ends: with the size and the time of the volume.
_VERSION = re.compile(r"(?:[0-9]+|None)-[0-9]+")


@dataclass(frozen=True)
class Download:
    """A file to download: ``path`` is read, and ``text`` is written to ``descriptor`` beside ``dest``."""

    path: DatastorePath
    dest: pathlib.Path
    remote: RemoteFile
    checksum: Checksum | None
    descriptor: pathlib.Path | None = None
    text: str = ""


def plan_download(connection: EsxConnection, volume: Volume, dest: str, checksum: Checksum | None) -> list[Step]:
    """Return the steps that download a volume; empty if it is already there.

    :raises Refused: for a disk that is in use or belongs to a snapshot, or if the directory of ``dest`` is missing.
    """
    if volume.type == "directory":
        raise Refused(f"{volume.path} is a directory.")
    target = _target(pathlib.Path(dest), volume)
    download = _of_disk(connection, volume, target, checksum) if volume.type == "vmdk" else None
    if download is None:
        remote = file_info(connection.session, datastore_file(connection, volume.path))
        download = Download(volume.path, target, remote, checksum)
    if _is_there(download):
        verify(str(download.dest), checksum)
        return []
    return [Step(f"download {volume.path} to {target}", partial(_fetch, connection, download))]


def _target(dest: pathlib.Path, volume: Volume) -> pathlib.Path:
    """The file to download to: ``dest``, or one of the volume's name in it."""
    target = dest / volume.path.name if is_directory(dest) else dest
    check_dest(target)
    return target


def _of_disk(
    connection: EsxConnection, volume: Volume, dest: pathlib.Path, checksum: Checksum | None
) -> Download | None:
    """The data of a disk and the descriptor for them; None for a disk in a single file."""
    running = [user for user in read_file_users(connection).of(volume.path) if user.state == "running"]
    if running:
        raise Refused(f"The disk {volume.path} is used by the running domain '{running[0].name}'; shut it off first.")
    descriptor = _descriptor(connection, volume.path)
    if descriptor is None:
        return None
    _check_flat(descriptor, volume)
    extent = descriptor.extents[0]
    if dest.suffix.lower() != ".vmdk":
        raise Refused(f"The disk {volume.path} is downloaded as VMDK; '{dest}' has to end in .vmdk.")
    flat = dest.with_name(f"{dest.stem}-flat.vmdk")
    text = flat_descriptor(extent.length, flat.name, descriptor.adapter, hosted=True)
    path = volume.path.beside(extent.file)
    remote = file_info(connection.session, datastore_file(connection, path))
    return Download(path, flat, remote, checksum, dest, text)


def _check_flat(descriptor: Descriptor, volume: Volume) -> None:
    """Refuse a disk whose data are not in one file."""
    if descriptor.has_parent or len(descriptor.extents) > 1 or descriptor.extents[0].kind not in FLAT_KINDS:
        raise Refused(
            f"The disk {volume.path} is of kind '{descriptor.kind}', which is not complete by itself.",
            hint="Clone it first; the clone can be downloaded.",
        )


def _descriptor(connection: EsxConnection, path: DatastorePath) -> Descriptor | None:
    """The descriptor in a disk's own file; None if that file holds the data.

    :raises Refused: if the descriptor cannot be read.
    """
    file = datastore_file(connection, path)
    if (file_info(connection.session, file).size or 0) > LONGEST_VMX:
        return None
    content = get_file(connection.session, file)
    if not content.startswith(VMDK_DESCRIPTOR):
        return None
    try:
        return parse_descriptor(content.decode("utf-8", "replace"))
    except ParseError as error:
        raise Refused(f"The disk {path} cannot be downloaded: {error.reason}") from None


def _time(remote: RemoteFile) -> float | None:
    """When a file was last written; None if the server does not say it, or not as a date."""
    try:
        return email.utils.parsedate_to_datetime(remote.modified or "").timestamp()
    except (TypeError, ValueError, OverflowError):
        return None


def _is_there(download: Download) -> bool:
    try:
        present = download.dest.stat()
        described = download.descriptor is None or download.descriptor.is_file()
    except OSError:
        return False
    return described and present.st_size == download.remote.size and present.st_mtime == _time(download.remote)


def _fetch(connection: EsxConnection, download: Download) -> None:
    name = f"{download.dest.name}.part-{download.remote.size}-{int(_time(download.remote) or 0)}"
    part = download.dest.with_name(name)
    _remove_older(part, f"{download.dest.name}.part-")
    waiting = partial(connection.progress, f"Waiting for another download to {download.dest}")
    with own_file(part, waiting) as file, written(str(download.dest)):
        if _is_there(download):  # by now, as another task has downloaded it
            part.unlink()
            verify(str(download.dest), download.checksum, str(download.path))
            return
        with _sparse(file) as (target, offset):
            if offset != download.remote.size:  # else the last run was interrupted when it had all of the file
                _receive(connection, download, target, offset)
        file.flush()
        try:
            verify(str(part), download.checksum, str(download.path))
        except EsxError:
            part.unlink()
            raise
        _publish(download, part)


def _receive(connection: EsxConnection, download: Download, target: BinaryIO, offset: int) -> None:
    """Download a file from ``offset`` on."""
    file, size, modified = datastore_file(connection, download.path), download.remote.size, download.remote.modified
    progress = show_transfer(connection.progress, f"Downloading {download.path}", size or 0)
    download_file(connection.session, file, target, offset=offset, modified=modified, size=size, progress=progress)


def _remove_older(part: pathlib.Path, beginning: str) -> None:
    """Remove what interrupted downloads left of former versions of the volume, which nothing continues."""
    for file in part.parent.iterdir():
        is_part = file.name.startswith(beginning) and _VERSION.fullmatch(file.name[len(beginning) :])
        if is_part and file != part:
            with contextlib.suppress(OSError):
                file.unlink()


def _publish(download: Download, part: pathlib.Path) -> None:
    when = _time(download.remote)
    if when is not None:
        os.utime(part, (when, when))
    part.replace(download.dest)
    if download.descriptor is not None:
        temporary = download.descriptor.with_name(f"{download.descriptor.name}.part")
        temporary.write_text(download.text, encoding="utf-8")
        temporary.replace(download.descriptor)


@contextlib.contextmanager
def _sparse(file: Any) -> Iterator[tuple[BinaryIO, int]]:
    """A file in which blocks of zeros are left out, with the number of bytes that it already has."""
    target = _Sparse(file)
    offset = file.seek(0, os.SEEK_END)
    try:
        yield cast(BinaryIO, target), offset
    finally:
        file.truncate(file.tell())


class _Sparse:
    """Writes to a file, but skips blocks of zeros. Errors of the local disk are none of the connection."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position in the file."""
        with written(self._file.name):
            return int(self._file.seek(offset, whence))

    def truncate(self) -> int:
        """Truncate the file at its position."""
        with written(self._file.name):
            return int(self._file.truncate())

    def write(self, block: memoryview) -> int:
        """Write a block, or leave a hole if it is all zeros."""
        with written(self._file.name):
            if _is_zero(block):
                self._file.seek(len(block), os.SEEK_CUR)
            else:
                self._file.write(block)
        return len(block)


def _is_zero(block: memoryview) -> bool:
    """Whether a block has only zeros; the first bytes tell it of most blocks that have others."""
    return not any(block[:64]) and block.tobytes() == bytes(len(block))
