# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large files to and from a server, with constant memory: files of datastores, and the disks of an import or export.

A transfer may take any time, but each piece of 256 KiB must pass within the connection's ``timeout``. If the connection
breaks, a download is continued if the server allows that; an upload cannot be.
"""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO
from urllib.parse import quote, urlsplit

from ansible_collections.virt.esx.plugins.module_utils._errors import (
    DOUBT,
    ConnectionFailed,
    NotFound,
    ParseError,
    Refused,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.channel import AnswerTooLong, BadAnswer
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import AS_BEFORE, file_head
from ansible_collections.virt.esx.plugins.module_utils._vi.exchange import (
    Answer,
    Progress,
    exchange,
    receive_stream,
    send_stream,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile, converse
from ansible_collections.virt.esx.plugins.module_utils._vi.pool import Pool
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.tls import normal_thumbprint
from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import bad_status, broke_off, is_dropped

_DEFAULT_PORTS = {"https": 443, "http": 80}

# The characters of a path and a query that stay as they are; a server may leave others, of a name, for the client.
_SAFE = "%/:?#[]@!$&'()*+,;=~"

# The most of a URL of the server that a message shows.
_LONGEST_URL = 200


@dataclass(frozen=True)
class RemoteFile:
    """A file on a datastore as the server describes it: ``size`` in bytes, ``modified`` as HTTP writes a date."""

    size: int | None
    modified: str | None


def file_info(session: Session, file: DatastoreFile) -> RemoteFile:
    """Return the size and the time of a file.

    :raises NotFound: if there is no such file.
    """
    head = file_head(session, file)
    if head is None:
        raise NotFound(f"HEAD {file}: there is no such file, datastore or datacenter.")
    return RemoteFile(head.length, head.headers.get("Last-Modified"))


def upload_file(
    session: Session, file: DatastoreFile, source: BinaryIO, size: int, *, progress: Progress | None = None
) -> None:
    """Write ``size`` bytes of an open file to a datastore, replacing an existing one; its directory must exist.

    A failure leaves a part of the file, or nothing: upload to a temporary name and move it. The session is checked
    first, so that an upload does not fail because it has ended.

    :param progress: called with the number of bytes that have been sent.
    :raises Refused: if the account lacks a privilege, the file is locked or the datastore is full.
    :raises ConnectionFailed, TimedOut: if the connection breaks, or the file arrived with another size.
    """
    file_head(session, file)

    def attempt(cookie: str) -> Answer:
        headers = {"Content-Type": "application/octet-stream", "Cookie": cookie}
        return send_stream(session.pool, "PUT", file.url_path, source, size, headers=headers, progress=progress)

    converse(session, "PUT", file, attempt, (200, 201, 204), repeatable=False)
    arrived = file_head(session, file)
    if arrived is None or arrived.length not in (None, size):
        found = f"no file is there. {AS_BEFORE}" if arrived is None else f"{arrived.length} bytes are there."
        raise ConnectionFailed(f"PUT {file}: the server accepted {size} bytes, but {found}")


def download_file(
    session: Session,
    file: DatastoreFile,
    target: BinaryIO,
    *,
    offset: int = 0,
    modified: str | None = None,
    size: int | None = None,
    progress: Progress | None = None,
) -> RemoteFile:
    """Write a file of a datastore to an open file, from ``offset`` of both, and return its properties on the server.

    If the server ignores the offset, or the file has changed since ``modified``, it starts at 0. An answer that does
    not say how long it is ends with the connection, so it has to have ``size`` bytes in all.

    :param target: open for writing in binary mode, seekable.
    :param offset: the number of bytes of the file that ``target`` already has.
    :param modified: the ``RemoteFile.modified`` of the file that these bytes are from.
    :param size: the ``RemoteFile.size`` of the file.
    :param progress: called with the number of bytes in ``target``.
    :raises NotFound: if there is no such file.
    :raises ConnectionFailed, TimedOut: if the connection breaks, twice without a byte in between.
    """
    download = _Download(target, offset, modified, progress)
    while True:
        before = download.done

        def attempt(cookie: str) -> Answer:
            headers = {"Cookie": cookie, **download.range()}
            return receive_stream(session.pool, file.url_path, headers=headers, take=download.take)

        try:
            answer = converse(session, "GET", file, attempt, (200, 206))
            if answer.has_no_length and size is not None and download.done < size:
                raise ConnectionFailed(f"GET {file}: the connection ended after {download.done} of {size} bytes.")
        except ConnectionFailed:
            if download.done > before:
                continue
            raise
        return RemoteFile(download.done, answer.headers.get("Last-Modified"))


def read_part(session: Session, file: DatastoreFile, offset: int, size: int) -> bytes:
    """Return ``size`` bytes of a file from ``offset``; fewer where the file ends, or is shorter.

    :raises NotFound: if there is no such file.
    :raises Refused: if the account lacks a privilege, or the server gives only the whole of a file that is longer.
    """

    def attempt(cookie: str) -> Answer:
        headers = {"Cookie": cookie, "Range": f"bytes={offset}-{offset + size - 1}"}
        try:
            return exchange(session.pool, "GET", file.url_path, headers=headers, limit=size)
        except AnswerTooLong:
            raise Refused(f"GET {file}: the server does not give parts of files.") from None

    answer = converse(session, "GET", file, attempt, (200, 206))
    return answer.body if answer.status == 206 else answer.body[offset : offset + size]


class _Download:
    """The progress of a download, and the file that it is written to."""

    def __init__(self, target: BinaryIO, offset: int, modified: str | None, progress: Progress | None) -> None:
        self.target = target
        self.done = offset
        self.modified = modified
        self.progress = progress

    def range(self) -> dict[str, str]:
        """The headers that request the rest of the file, if it is unchanged."""
        if not self.done:
            return {}
        same = {} if self.modified is None else {"If-Range": self.modified}
        return {"Range": f"bytes={self.done}-", **same}

    def take(self, answer: Answer) -> Callable[[memoryview], None] | None:
        """Prepare for the body, which is skipped unless it is the file itself."""
        if answer.status not in (200, 206) or answer.is_page:
            return None
        if answer.status == 200:
            self.done = 0
            self.target.seek(0)
            self.target.truncate()
        else:
            self._go_on(answer)
        self.modified = answer.headers.get("Last-Modified") or self.modified
        return self.write

    def _go_on(self, answer: Answer) -> None:
        start = (answer.headers.get("Content-Range") or "").partition("-")[0].rpartition(" ")[2]
        if start != str(self.done):
            raise BadAnswer(f"it is the part from {start}, not from {self.done}")
        self.target.seek(self.done)

    def write(self, block: memoryview) -> None:
        """Take one block."""
        self.target.write(block)
        self.done += len(block)
        if self.progress is not None:
            self.progress(self.done)


def send_to_url(
    session: Session,
    url: str,
    source: BinaryIO,
    size: int,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
    thumbprint: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Send ``size`` bytes of an open file to a URL of the server, such as a device's of an HttpNfcLease.

    :param url: ``https://*/...`` is the session's own server; another host is reached with the session's TLS settings.
    :param thumbprint: the SHA-1 or SHA-256 thumbprint that another host's certificate must have, from the lease.
    :param progress: called with the number of bytes that have been sent.
    :raises Refused, ServerFault: if the server refuses it.
    :raises ConnectionFailed, TimedOut: if the connection breaks.
    """
    with _url_pool(session, url, thumbprint) as (pool, path, own):
        action = f"{method} {urlsplit(url).path}"
        try:
            answer = send_stream(
                pool, method, path, source, size, headers={**own, **(headers or {})}, progress=progress
            )
        except (OSError, http.client.HTTPException) as error:
            raise broke_off(error, str(pool.endpoint), action, repeatable=False, timeout=pool.timeout) from None
        _check_status(pool, action, answer, doubt=f" {DOUBT}")


def receive_from_url(
    session: Session,
    url: str,
    target: BinaryIO,
    *,
    thumbprint: str | None = None,
    progress: Progress | None = None,
) -> int:
    """Download a URL of the server to an open file and return the number of bytes; see ``send_to_url``."""
    download = _Download(target, 0, None, progress)
    with _url_pool(session, url, thumbprint) as (pool, path, own):
        action = f"GET {urlsplit(url).path}"
        try:
            answer = _received(pool, path, own, download)
        except (OSError, http.client.HTTPException) as error:
            raise broke_off(error, str(pool.endpoint), action, repeatable=True, timeout=pool.timeout) from None
        _check_status(pool, action, answer, doubt="")
    return download.done


def _received(pool: Pool, path: str, headers: Mapping[str, str], download: _Download) -> Answer:
    """Download, and try again if the connection was dropped before the first byte."""
    try:
        return receive_stream(pool, path, headers=headers, take=download.take)
    except (OSError, http.client.HTTPException) as error:
        if download.done or not is_dropped(error):
            raise
    return receive_stream(pool, path, headers=headers, take=download.take)


@contextlib.contextmanager
def _url_pool(session: Session, url: str, thumbprint: str | None) -> Iterator[tuple[Pool, str, dict[str, str]]]:
    """The connections to a URL's host, its path with the query, and headers that only the session's server may get."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
        path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_SAFE)
    except ValueError:
        raise _no_url(url) from None
    if port is None or not parts.hostname:
        raise _no_url(url)
    own = session.pool.endpoint
    other = replace(own, host=parts.hostname, port=port, transport=parts.scheme)
    if parts.hostname == "*" or other == own:
        yield session.pool, path, {"Cookie": session.cookie}
        return
    pool = Pool(other if thumbprint is None else replace(other, thumbprints=(normal_thumbprint(thumbprint),)))
    try:
        yield pool, path, {}
    finally:
        pool.close()


def _no_url(url: str) -> ParseError:
    return ParseError(f"'{url[:_LONGEST_URL]}' is not the URL of a host.")


def _check_status(pool: Pool, action: str, answer: Answer, *, doubt: str) -> None:
    status = f"HTTP status {answer.status} {answer.reason}".rstrip()
    if answer.status in (200, 201, 204):
        if answer.is_page:
            raise ConnectionFailed(f"The server {pool.endpoint} answered {action} with an HTML page ({status}).{doubt}")
        return
    if answer.status in (401, 403):
        raise Refused(f"{action}: the server does not allow this ({status}).")
    if answer.status == 404:
        raise NotFound(f"{action}: there is no such file or device ({status}).")
    if answer.status >= 501 or 300 <= answer.status < 400:
        raise bad_status(str(pool.endpoint), action, answer.status, answer.reason, repeatable=not doubt)
    raise ServerFault(f"{action}: the server refuses it ({status}).{doubt}")
