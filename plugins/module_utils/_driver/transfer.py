# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfers of large files between this machine and a datastore, with rate and remaining time on the screen.

No incomplete file ever has its final name: an upload goes to a temporary name beside it and is moved
when it is complete.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.host_tasks import HostTask, run_task
from ansible_collections.virt.esx.plugins.module_utils._driver.progress import INTERVAL
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import upload_file

# Faults that mean a file is already gone.
GONE = ("FileNotFound", "NotFound")

_UNITS = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


class BlockReader:
    """A readable file over an iterator of blocks, without copying them."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest: bytes = b""

    def read(self, size: int) -> bytes:
        """Return up to ``size`` further bytes; empty at the end."""
        block = self._rest or next(self._blocks, b"")
        self._rest = block[size:]
        return block[:size]


def datastore_file(connection: EsxConnection, path: DatastorePath) -> DatastoreFile:
    """Return the file of a datastore path in the form that file transfers take."""
    return DatastoreFile(connection.datacenter_path, path.datastore, path.path)


def upload_blocks(
    connection: EsxConnection, path: DatastorePath, blocks: Iterator[bytes], size: int, action: str
) -> None:
    """Write ``size`` bytes to a file in a datastore, replacing an existing one; its directory must exist.

    :param action: what it does, for the screen: ``Uploading debian.iso``.
    """
    source = cast(BinaryIO, BlockReader(blocks))
    progress = show_transfer(connection.progress, action, size)
    upload_file(connection.session, datastore_file(connection, path), source, size, progress=progress)


@contextlib.contextmanager
def removed_on_error(connection: EsxConnection, *paths: DatastorePath) -> Iterator[None]:
    """Try to delete files if the ``with`` block fails."""
    try:
        yield
    except BaseException:
        for path in paths:
            with contextlib.suppress(EsxError):
                delete_file(connection, path)
        raise


def make_directory(connection: EsxConnection, directory: DatastorePath) -> None:
    """Make a directory and its parents; it may already exist."""
    try:
        make_new_directory(connection, directory)
    except EsxError as error:
        if error.fault != "FileAlreadyExists":
            raise


def make_new_directory(connection: EsxConnection, directory: DatastorePath) -> None:
    """Make a directory and its parents.

    :raises ServerFault: if it already exists, with the fault FileAlreadyExists.
    """
    connection.session.content.fileManager.MakeDirectory(str(directory), connection.context.datacenter, True)


def delete_file(connection: EsxConnection, path: DatastorePath) -> None:
    """Delete a file that is not a disk; it may already be gone."""
    run_task(connection, deletion(connection, path))


def deletion(connection: EsxConnection, path: DatastorePath) -> HostTask:
    """Return the task that deletes a file that is not a disk."""
    manager, datacenter = connection.session.content.fileManager, connection.context.datacenter
    return HostTask(f"Deleting {path}", lambda: manager.DeleteDatastoreFile_Task(str(path), datacenter), GONE)


def move_file(connection: EsxConnection, source: DatastorePath, path: DatastorePath, *, replace: bool) -> None:
    """Move a file that is not a disk.

    :param replace: whether it may replace another file.
    """
    manager, datacenter = connection.session.content.fileManager, connection.context.datacenter
    run_task(
        connection,
        HostTask(
            f"Moving {source} to {path}",
            lambda: manager.MoveDatastoreFile_Task(str(source), datacenter, str(path), datacenter, replace),
        ),
    )


def show_transfer(
    show: Callable[[str], None], action: str, size: int, *, clock: Callable[[], float] = time.monotonic
) -> Callable[[int], None]:
    """Return a function that takes the number of bytes done and shows it every two seconds and at the end.

    ``Uploading debian.iso: 42% of 600.0 MiB, 110.2 MiB/s, 3 s left``

    :param show: shows one line.
    :param clock: the time in seconds.
    """
    start = clock()
    shown = [start]

    def take(done: int) -> None:
        now = clock()
        if now - shown[0] < INTERVAL and (done < size or shown[0] == start):
            return
        shown[0] = now
        rate = done / max(now - start, 0.001)
        left = f", {(size - done) / rate:.0f} s left" if 0 < done < size else ""
        percent = 100 * done // size if size else 100
        show(f"{action}: {percent}% of {amount_text(size)}, {amount_text(int(rate))}/s{left}")

    return take


def amount_text(size: int) -> str:
    """Return a number of bytes for display: ``1.5 GiB``."""
    for scale, unit in _UNITS:
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} bytes"
