# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Uploading files to a datastore: ISO images, floppies, and any other file that is not a disk.

A file is unchanged if the datastore's has the same size and the same checksum. The checksum of an uploaded file is
kept beside it, in a file NAME.sha256 in the form of ``sha256sum``. If that is older than the file, it is ignored, and
the file is read back once.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Mapping, Sequence
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
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.upload_parts import (
    abandoned,
    new_part_path,
    part_pattern,
    parts_of,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import (
    GONE,
    amount_text,
    datastore_file,
    delete_file,
    make_directory,
    move_file,
    removed_on_error,
    show_transfer,
    upload_blocks,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import Volume, find_volumes
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, Refused
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


def plan_upload(
    connection: EsxConnection, pools: dict[str, Pool], upload: Upload
) -> tuple[list[Step], Volume | None, Volume]:
    """Return the steps that upload a file, with the volume before and after them.

    :raises NotFound: if the file or the datastore does not exist.
    :raises ParseError: if the file does not have the expected checksum, or its name is too long.
    :raises Refused: if there is no room for it, or a running domain uses the file that it would replace.
    """
    path, size = upload.path, file_size(upload.source)
    check_lengths(record_path(path), where="the checksum beside the file")
    verify(upload.source, upload.checksum)
    pool = usable_pool(pools, path.datastore)
    found = find_volumes(connection, pools, [path, record_path(path)], [part_pattern(path)])
    before = found.get(path)
    after = Volume(path, _type_of(path), size, size)
    if before is not None and before.type == "directory":
        raise Refused(f"{path} is a directory.")
    if before is not None:
        steps = _same_content(connection, upload, found, size)
        if steps is not None:
            return steps, before, before
        _check_users(connection, path)
    check_lengths(new_part_path(path), where="the incomplete file")
    parts = parts_of(path, found)
    check_space(pool, size, parts)
    steps = []
    if path.directory and path.parent not in found:
        steps.append(Step(f"create directory {path.parent}", partial(make_directory, connection, path.parent)))
    steps.append(Step(f"upload {upload} to {path}", partial(_upload, connection, upload, size, before, parts)))
    return steps, before, after


def check_space(pool: Pool, size: int, left_over: Sequence[Volume] = ()) -> None:
    """Refuse a file that is too large; what interrupted tasks have left of it is deleted first."""
    available = pool.available + sum(part.allocation for part in left_over)
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


def _upload(
    connection: EsxConnection, upload: Upload, size: int, before: Volume | None, parts: Sequence[Volume]
) -> None:
    """Upload to a temporary name, then move; the recorded checksum is that of the bytes sent.

    :param parts: the temporary files of other uploads.
    """
    path, part = upload.path, new_part_path(upload.path)
    for left in abandoned(connection, parts):
        delete_file(connection, left)
    digest = hashlib.sha256()
    with removed_on_error(connection, part):
        blocks = file_blocks(upload.source, digest.update)
        upload_blocks(connection, part, blocks, size, f"Uploading {upload} to {path}")
        sent = Checksum("sha256", digest.hexdigest())
        if upload.checksum is not None and upload.checksum.algorithm == "sha256" and upload.checksum != sent:
            raise EsxError(f"The file '{upload.source}' was changed while it was uploaded; {path} is as before.")
        _move(connection, part, path, replace=before is not None)
    _record_own(connection, path, sent, size)


def _move(connection: EsxConnection, part: DatastorePath, path: DatastorePath, *, replace: bool) -> None:
    """Give an upload its final name. A file that another client has uploaded since the plan was made is replaced.

    :raises Refused: if a running domain uses that file by now, or if another client, which has taken the upload for one
        that an interrupted task has left, has deleted it.
    """
    try:
        move_file(connection, part, path, replace=replace)
    except EsxError as error:
        if error.fault in GONE:
            raise Refused(
                f"Another client uploads to {path} at the same time, and has deleted {part}.",
                hint="Run the task again, and upload a file from one host only, also where hosts share the datastore.",
                fault="FileAlreadyExists",
            ) from None
        if error.fault != "FileAlreadyExists" or replace:
            raise
        _check_users(connection, path)
        _move(connection, part, path, replace=True)


def _record(connection: EsxConnection, path: DatastorePath, checksum: Checksum) -> None:
    put_file(connection.session, datastore_file(connection, record_path(path)), _line(path, checksum))


def _line(path: DatastorePath, checksum: Checksum) -> bytes:
    return f"{checksum.digits}  {path.name}\n".encode()


def _record_own(connection: EsxConnection, path: DatastorePath, checksum: Checksum, size: int) -> None:
    """Record the checksum of a file that has just been uploaded.

    If another task replaces the file meanwhile, or records its own checksum, none is recorded: which of the two is that
    of the file is not known then, and the next task reads it.
    """
    session, line = connection.session, _line(path, checksum)
    file, record = (datastore_file(connection, one) for one in (path, record_path(path)))
    with contextlib.suppress(NotFound):
        before = file_info(session, file)
        put_file(session, record, line, verified=False)
        is_recorded = get_file(session, record) == line
        if is_recorded and before.size in (None, size) and file_info(session, file) == before:
            return
    delete_file(connection, record_path(path))
