# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Volumes as files of this machine: any file as it is, a disk as a descriptor and a sparse file with its data.

A file that is there with the size and the time of the volume is unchanged. What is half downloaded has another name,
and is gone on with if the volume is still the same.
"""

from __future__ import annotations

import contextlib
import email.utils
import os
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, cast

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import Checksum, verify
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file, show_transfer
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._images.descriptor import (
    FLAT_KINDS,
    Descriptor,
    flat_descriptor,
    parse_descriptor,
)
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import get_file
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import RemoteFile, download_file, file_info


@dataclass(frozen=True)
class Download:
    """A file to fetch: ``path`` is what is read, ``text`` what is written to ``descriptor`` beside ``dest``."""

    path: DatastorePath
    dest: pathlib.Path
    remote: RemoteFile
    checksum: Checksum | None
    descriptor: pathlib.Path | None = None
    text: str = ""


def plan_download(connection: EsxConnection, volume: Volume, dest: str, checksum: Checksum | None) -> list[Step]:
    """Return the steps that bring a volume to this machine; none where it is there already.

    :raises Refused: for a disk that is in use or a snapshot's, and where the directory of ``dest`` does not exist.
    """
    if volume.type == "directory":
        raise Refused(f"{volume.path} is a directory.")
    target = pathlib.Path(dest)
    if target.is_dir():
        target = target / volume.path.name
    if not target.parent.is_dir():
        raise Refused(f"The directory of '{target}' does not exist.")
    download = _of_disk(connection, volume, target, checksum) if volume.type == "vmdk" else None
    if download is None:
        remote = file_info(connection.session, datastore_file(connection, volume.path))
        download = Download(volume.path, target, remote, checksum)
    if _is_there(download):
        verify(str(download.dest), checksum)
        return []
    return [Step(f"download {volume.path} to {target}", partial(_fetch, connection, download))]


def _of_disk(
    connection: EsxConnection, volume: Volume, dest: pathlib.Path, checksum: Checksum | None
) -> Download | None:
    """The data of a disk, and a descriptor that goes with them; None for a disk that is one file."""
    running = [user for user in read_file_users(connection).of(volume.path) if user.state == "running"]
    if running:
        raise Refused(f"The disk {volume.path} is used by the running domain '{running[0].name}'; shut it off first.")
    descriptor = _descriptor(connection, volume.path)
    if descriptor is None:
        return None
    extent = descriptor.extents[0]
    if descriptor.has_parent or len(descriptor.extents) > 1 or extent.kind not in FLAT_KINDS:
        raise Refused(
            f"The disk {volume.path} is of kind '{descriptor.kind}', which is not complete by itself.",
            hint="Clone it first; the clone can be downloaded.",
        )
    if dest.suffix.lower() != ".vmdk":
        raise Refused(f"The disk {volume.path} is downloaded as VMDK; '{dest}' has to end in .vmdk.")
    flat = dest.with_name(f"{dest.stem}-flat.vmdk")
    text = flat_descriptor(extent.length, flat.name, descriptor.adapter, hosted=True)
    path = volume.path.beside(extent.file)
    remote = file_info(connection.session, datastore_file(connection, path))
    return Download(path, flat, remote, checksum, dest, text)


def _descriptor(connection: EsxConnection, path: DatastorePath) -> Descriptor | None:
    """The descriptor in a disk's own file; None where that has the data themselves."""
    try:
        content = get_file(connection.session, datastore_file(connection, path))
        return parse_descriptor(content.decode("utf-8", "replace"))
    except EsxError:
        return None


def _time(remote: RemoteFile) -> float | None:
    when = None if remote.modified is None else email.utils.parsedate_to_datetime(remote.modified)
    return None if when is None else when.timestamp()


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
    progress = show_transfer(connection.progress, f"Downloading {download.path}", download.remote.size or 0)
    try:
        with part.open("r+b" if part.exists() else "w+b") as file, _sparse(file) as (target, offset):
            file_ = datastore_file(connection, download.path)
            modified = download.remote.modified
            download_file(connection.session, file_, target, offset=offset, modified=modified, progress=progress)
        try:
            verify(str(part), download.checksum)
        except EsxError:
            part.unlink()
            raise
        _publish(download, part)
    except OSError as error:
        raise EsxError(f"'{download.dest}' cannot be written: {error.strerror}.") from None


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
    """A file that leaves out blocks of zeros, with the number of bytes that it has already."""
    target = _Sparse(file)
    offset = file.seek(0, os.SEEK_END)
    try:
        yield cast(BinaryIO, target), offset
    finally:
        file.truncate(file.tell())


class _Sparse:
    """Writes to a file, and only seeks where there would be zeros."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place of the file."""
        return int(self._file.seek(offset, whence))

    def truncate(self) -> int:
        """Cut the file where it is."""
        return int(self._file.truncate())

    def write(self, block: memoryview) -> int:
        """Write a block, or leave a hole for it."""
        if block.tobytes().count(0) != len(block):
            self._file.write(block)
        else:
            self._file.seek(len(block), os.SEEK_CUR)
        return len(block)
