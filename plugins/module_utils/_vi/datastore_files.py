# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small datastore files in memory, over HTTP(S): ``/folder/<path>?dcPath=<datacenter>&dsName=<datastore>``.

They go through the session's own connections, with its cookie, context, thumbprint and proxy; many files are read
over several parallel connections. Each upload and deletion is verified by reading back, since a server that is
starting, or a proxy in front of it, answers anything with HTTP status 200. Large files are in ``transfers.py``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.virt.esx.plugins.module_utils._errors import (
    DOUBT,
    ConnectionFailed,
    EsxError,
    NotFound,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.exchange import Answer
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile, request
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session

# More connections than this gain nothing: hosts serve files with a few threads.
CONNECTIONS = 8

# The longest file that is read into memory; no host accepts a longer VMX.
LONGEST_VMX = 512 * 1024

_NOT_READY = "Another client writes the same file, or the server was not ready: run the task again."
# Said after a look at the file that shows that nothing has happened to it.
AS_BEFORE = "It was not carried out, as a check afterwards has shown."
_ONLY_A_PART = "Only a part of it has arrived, as a check afterwards has shown."


class ChangedByOther(ConnectionFailed):
    """A file has different content right after it was written, as another client writes it at the same time."""


def get_file(session: Session, file: DatastoreFile, *, limit: int = LONGEST_VMX) -> bytes:
    """Return the content of a file.

    :param limit: the number of bytes that it may have.
    :raises NotFound: if there is no such file.
    :raises ConnectionFailed: if the answer is not the file: an HTML page, only a part, or longer than ``limit``.
    """
    return request(session, "GET", file, accepted=(200,), limit=limit).body


def get_files(session: Session, files: Sequence[DatastoreFile]) -> list[bytes | EsxError]:
    """Return the content of each file, or the error of reading it, over several parallel connections."""

    def read(file: DatastoreFile) -> bytes | EsxError:
        try:
            return get_file(session, file)
        except EsxError as error:
            return error

    if len(files) < 2:
        return [read(file) for file in files]
    with ThreadPoolExecutor(min(CONNECTIONS, len(files))) as threads:
        return list(threads.map(read, files))


def put_file(session: Session, file: DatastoreFile, content: bytes, *, verified: bool = True) -> None:
    """Write a file, replacing an existing one; on a host (not on every server) its directory must exist.

    The file is then read back and compared, so that neither a false success nor a lost answer goes unnoticed.

    :param verified: whether a success is not believed; a caller that reads the file afterwards need not have it read.
    :raises ChangedByOther: if the file has other content afterwards.
    :raises ConnectionFailed: if it does not exist afterwards, or that is unknown; the message says which.
    """
    limit = max(LONGEST_VMX, len(content))
    lost: EsxError | None = None
    try:
        request(session, "PUT", file, body=content, accepted=(200, 201, 204))
    except EsxError as error:
        if not error.in_doubt:
            raise
        lost = error
    if lost is None and not verified:
        return
    found = _look(session, file, limit, lost)
    if found == content:
        return
    if lost is not None:
        is_part = found is not None and content.startswith(found)
        lost.settle_doubt(_ONLY_A_PART if is_part else AS_BEFORE)
        raise lost
    if found is None:
        raise ConnectionFailed(
            f"PUT {file}: the server accepted it, but there is no such file. {AS_BEFORE}", hint=_NOT_READY
        )
    raise ChangedByOther(f"PUT {file}: the server accepted it, but the file has other content.", hint=_NOT_READY)


def delete_file(session: Session, file: DatastoreFile) -> None:
    """Delete a file.

    :raises NotFound: if there is no such file.
    :raises ConnectionFailed: if it still exists afterwards, or that is unknown; the message says which.
    """
    lost: EsxError | None = None
    try:
        request(session, "DELETE", file, accepted=(200, 202, 204))
    except EsxError as error:
        if not error.in_doubt:
            raise
        lost = error
    with _doubt(lost):
        if not file_exists(session, file):
            return
    if lost is not None:
        lost.settle_doubt(AS_BEFORE)
        raise lost
    raise ConnectionFailed(f"DELETE {file}: the server accepted it, but the file is still there. {AS_BEFORE}")


def file_exists(session: Session, file: DatastoreFile) -> bool:
    """Return whether a file or a directory exists."""
    return file_head(session, file) is not None


def file_head(session: Session, file: DatastoreFile) -> Answer | None:
    """Return the response header of a file, with its ``length`` in bytes; None if the file does not exist."""
    try:
        return request(session, "HEAD", file, accepted=(200,))
    except NotFound:
        return None


def _look(session: Session, file: DatastoreFile, limit: int, lost: EsxError | None) -> bytes | None:
    """The file's content after an upload, None if there is no such file."""
    with _doubt(lost):
        try:
            return get_file(session, file, limit=limit)
        except NotFound:
            return None
    return None


@contextlib.contextmanager
def _doubt(lost: EsxError | None) -> Iterator[None]:
    """If reading back fails, raise the first error with its doubt, or the new one with a doubt."""
    try:
        yield
    except EsxError as error:
        if lost is not None:
            raise lost from None
        error.append(f"The server accepted the change before. {DOUBT}")
        raise
