# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploading files to a datastore: ISO images, floppies, and any other file that is not a disk.

A file is unchanged if the datastore's has the same size and the same checksum. The checksum of an uploaded file is
kept beside it, in a file NAME.sha256 in the form of ``sha256sum``. If that is older than the file, it is ignored, and
the file is read back once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import (
    Checksum,
    checksum_of,
    file_blocks,
    file_size,
    verify,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._driver.pools import Pool, usable_pool
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import (
    GONE,
    amount_text,
    datastore_file,
    make_directory,
    move_file,
    removed_on_error,
    show_transfer,
    upload_blocks,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume, find_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, check_lengths, quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import get_file, put_file
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import download_file, file_info

# Types of files by the ending of their names, as a host determines them.
_ENDINGS = {".iso": "iso", ".flp": "floppy", ".img": "floppy", ".vmx": "vmx"}
_IMAGES = ("iso", "floppy")


@dataclass(frozen=True)
class Upload:
    """A file to upload; ``name`` is its name for the user, by default the path of ``source``."""

    path: DatastorePath
    source: str
    checksum: Checksum | None = None
    name: str | None = None

    def __str__(self) -> str:
        return self.name or self.source


def record_path(path: DatastorePath) -> DatastorePath:
    """The path of the file with a file's checksum."""
    return path.beside(f"{path.name}.sha256")


def part_path(path: DatastorePath) -> DatastorePath:
    """The temporary name of a file while it is uploaded."""
    return path.beside(f".{path.name}.part")


def plan_upload(
    connection: EsxConnection, pools: dict[str, Pool], upload: Upload
) -> tuple[list[Step], Volume | None, Volume]:
    """Return the steps that upload a file, with the volume before and after them.

    :raises NotFound: if the file or the datastore does not exist.
    :raises ParseError: if the file does not have the expected checksum, or its name is too long.
    :raises Refused: if there is no room for it, or a running domain uses the file that it would replace.
    """
    path, size = upload.path, file_size(upload.source)
    check_lengths(record_path(path), where="the checksum beside the file")  # the longest of its names
    verify(upload.source, upload.checksum)
    pool = usable_pool(pools, path.datastore)
    found = find_volumes(connection, pools, [path, record_path(path), part_path(path)])
    before = found.get(path)
    after = Volume(path, _type_of(path), size, size)
    if before is not None and before.type == "directory":
        raise Refused(f"{path} is a directory.")
    if before is not None:
        steps = _same_content(connection, upload, found, size)
        if steps is not None:
            return steps, before, before
        _check_users(connection, path)
    check_space(pool, size, found.get(part_path(path)))
    steps = []
    if path.directory and path.parent not in found:
        steps.append(Step(f"create directory {path.parent}", partial(make_directory, connection, path.parent)))
    steps.append(Step(f"upload {upload} to {path}", partial(_upload, connection, upload, size, before)))
    return steps, before, after


def check_space(pool: Pool, size: int, left_over: Volume | None = None) -> None:
    """Refuse a file that is too large; what an interrupted upload has left of it is overwritten."""
    available = pool.available + (0 if left_over is None else left_over.allocation)
    if size > available:
        raise Refused(
            f"The datastore '{pool.name}' is too full: {amount_text(size)} are needed, "
            f"{amount_text(available)} are free."
        )


def source_checksum(source: str, verified: Checksum | None) -> Checksum:
    """The SHA-256 checksum of a file, which is read for it only if that is not the one that was verified."""
    return verified if verified is not None and verified.algorithm == "sha256" else checksum_of(source)


def _type_of(path: DatastorePath) -> str:
    name = path.name.lower()
    return next((type_ for ending, type_ in _ENDINGS.items() if name.endswith(ending)), "file")


def _same_content(
    connection: EsxConnection, upload: Upload, found: Mapping[DatastorePath, Volume], size: int
) -> list[Step] | None:
    """The steps for a file with the same content: none, or recording its checksum; None if the content differs."""
    path = upload.path
    if file_info(connection.session, datastore_file(connection, path)).size != size:
        return None
    wanted = source_checksum(upload.source, upload.checksum)
    known = _recorded(connection, found.get(record_path(path)), found[path])
    if known is not None:
        return [] if known == wanted else None
    if _remote_checksum(connection, path, size) != wanted:
        return None
    return [Step(f"note the checksum of {path}", partial(_record, connection, path, wanted))]


def _recorded(connection: EsxConnection, record: Volume | None, volume: Volume) -> Checksum | None:
    """The recorded checksum of a file, None if there is none or if it is older than the file."""
    if record is None or None in (record.modified, volume.modified):
        return None
    if record.modified < volume.modified:  # type: ignore[operator]
        return None
    text = get_file(connection.session, datastore_file(connection, record.path)).decode("utf-8", "replace")
    digits = text.partition(" ")[0].lower()
    return Checksum("sha256", digits) if len(digits) == 64 else None


def _remote_checksum(connection: EsxConnection, path: DatastorePath, size: int) -> Checksum:
    """The checksum of a file in a datastore, by reading all of it."""
    target = _Hashing()
    progress = show_transfer(connection.progress, f"Comparing {path}", size)
    download_file(connection.session, datastore_file(connection, path), cast(BinaryIO, target), progress=progress)
    return Checksum("sha256", target.digest.hexdigest())


class _Hashing:
    """The target of a download of which only the checksum is wanted."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()

    def seek(self, offset: int) -> int:
        """Begin again at the beginning; otherwise a download only goes on where it is."""
        if offset == 0:
            self.digest = hashlib.sha256()
        return offset

    def truncate(self) -> int:
        """Drop what follows, which is nothing."""
        return 0

    def write(self, block: memoryview) -> int:
        """Take the next bytes."""
        self.digest.update(block)
        return len(block)


def _check_users(connection: EsxConnection, path: DatastorePath) -> None:
    """Refuse to replace an image that is in the drive of a domain that is not shut off, and a domain's own file."""
    users = read_file_users(connection)
    if _type_of(path) not in _IMAGES and any(user.disk is None for user in users.of(path)):
        users.refuse(path, "has different content, but cannot be replaced")
    running = [user for user in users.of(path) if user.state != "shutoff"]
    if running:
        names = quoted(user.name for user in running)
        raise Refused(
            f"{path} has different content, but cannot be replaced: domain {names} uses it and is not shut off.",
            hint="Eject it there first, or upload it under another name.",
        )


def _upload(connection: EsxConnection, upload: Upload, size: int, before: Volume | None) -> None:
    """Upload to a temporary name, then move; the recorded checksum is that of the bytes sent."""
    path, part = upload.path, part_path(upload.path)
    digest = hashlib.sha256()
    with removed_on_error(connection, part):
        blocks = file_blocks(upload.source, digest.update)
        upload_blocks(connection, part, blocks, size, f"Uploading {upload} to {path}")
        sent = Checksum("sha256", digest.hexdigest())
        if upload.checksum is not None and upload.checksum.algorithm == "sha256" and upload.checksum != sent:
            raise EsxError(f"The file '{upload.source}' was changed while it was uploaded; {path} is as before.")
        _move(connection, part, path, replace=before is not None)
    _record(connection, path, sent)


def _move(connection: EsxConnection, part: DatastorePath, path: DatastorePath, *, replace: bool) -> None:
    """Give an upload its final name.

    :raises Refused: if another client, which uploads to the same path, has taken the file away.
    """
    try:
        move_file(connection, part, path, replace=replace)
    except EsxError as error:
        if error.fault not in GONE:
            raise
        raise Refused(
            f"Another client uploads to {path} at the same time, and has moved or deleted {part}.",
            hint="Upload a file from one host only, also where hosts share the datastore.",
            fault="FileAlreadyExists",
        ) from None


def _record(connection: EsxConnection, path: DatastorePath, checksum: Checksum) -> None:
    line = f"{checksum.digits}  {path.name}\n"
    put_file(connection.session, datastore_file(connection, record_path(path)), line.encode())
