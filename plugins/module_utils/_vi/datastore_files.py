# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastore files over HTTP(S): ``/folder/<path>?dcPath=<datacenter>&dsName=<datastore>``.

They go through the session's own connections, with its cookie, context, thumbprint and proxy; many files are read
over a few connections at the same time.
"""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import quote

from ansible_collections.virt.esx.plugins.module_utils._errors import (
    AuthFailed,
    ConnectionFailed,
    EsxError,
    NotFound,
    Refused,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import broke_off, is_dropped

# More connections than this gain nothing: hosts serve files with a few threads.
CONNECTIONS = 8

# HTTP status: the kind of error and what it means here.
_STATUS: dict[int, tuple[type[EsxError], str]] = {
    401: (AuthFailed, "the session is not accepted"),
    403: (Refused, "the user may not do this"),
    404: (NotFound, "there is no such file, datastore or datacenter"),
    405: (Refused, "the server does not allow this"),
    409: (Refused, "something else has that name, or the file is in use"),
    423: (Refused, "the file is locked, a running virtual machine uses it"),
    507: (Refused, "the datastore is full"),
}


@dataclass(frozen=True)
class DatastoreFile:
    """A file on a datastore: ``path`` is below the datastore, with slashes; ``datacenter`` is the ``dcPath``."""

    datacenter: str
    datastore: str
    path: str

    def __str__(self) -> str:
        return f"[{self.datastore}] {self.path}"

    @property
    def url_path(self) -> str:
        """The path and the query of its URL, percent-encoded but for ``A-Za-z0-9-._~``.

        A server decodes the values of the query twice, so that they are encoded twice.
        """
        segments = "/".join(_encode(segment) for segment in self.path.split("/"))
        return (
            f"/folder/{segments}?dcPath={_encode(_encode(self.datacenter))}&dsName={_encode(_encode(self.datastore))}"
        )


def get_file(session: Session, file: DatastoreFile) -> bytes:
    """Return the content of a file.

    :raises NotFound: if there is no such file.
    """
    return _request(session, "GET", file, None, (200, 206))


def get_files(session: Session, files: Sequence[DatastoreFile]) -> list[bytes | EsxError]:
    """Return the content of each file, or the error that is in its place, over a few connections at the same time."""

    def read(file: DatastoreFile) -> bytes | EsxError:
        try:
            return get_file(session, file)
        except EsxError as error:
            return error

    if len(files) < 2:
        return [read(file) for file in files]
    with ThreadPoolExecutor(min(CONNECTIONS, len(files))) as threads:
        return list(threads.map(read, files))


def put_file(session: Session, file: DatastoreFile, content: bytes) -> None:
    """Write a file, in place of what is there; its directory has to exist on a host (not on every server)."""
    _request(session, "PUT", file, content, (200, 201, 204))


def delete_file(session: Session, file: DatastoreFile) -> None:
    """Delete a file.

    :raises NotFound: if there is no such file.
    """
    _request(session, "DELETE", file, None, (200, 202, 204))


def file_exists(session: Session, file: DatastoreFile) -> bool:
    """Say whether there is a file (or a directory) of that name."""
    try:
        _request(session, "HEAD", file, None, (200, 206))
    except NotFound:
        return False
    return True


def _encode(text: str) -> str:
    return quote(text, safe="-._~")


def _request(
    session: Session, method: str, file: DatastoreFile, content: bytes | None, accepted: Sequence[int]
) -> bytes:
    """Make a request; one that only reads is made again if the connection is dropped, all if the session has ended."""
    action = f"{method} {file}"
    reads = method in ("GET", "HEAD")
    repetitions = 1
    while True:
        cookie = session.cookie
        try:
            status, reason, answer = _exchange(session, method, file.url_path, content, cookie)
        except (OSError, http.client.HTTPException) as error:
            if repetitions and reads and is_dropped(error):
                repetitions -= 1
                continue
            pool = session.pool
            raise broke_off(error, str(pool.endpoint), action, repeatable=reads, timeout=pool.timeout) from None
        if status in accepted:
            return answer
        if status == 401 and repetitions:
            repetitions -= 0 if session.renew(cookie) else 1
            continue
        raise _not_accepted(action, status, reason)


def _exchange(session: Session, method: str, path: str, content: bytes | None, cookie: str) -> tuple[int, str, bytes]:
    """One request and its whole answer on a kept-alive connection."""
    headers = {"Cookie": cookie}
    if content is not None:
        headers["Content-Type"] = "application/octet-stream"
    connection = session.pool.take()
    try:
        connection.request(method, path, content, headers)
        response = connection.getresponse()
        answer = response.read()
    except BaseException:
        connection.close()
        raise
    session.pool.give_back(connection)
    return response.status, response.reason, answer


def _not_accepted(action: str, status: int, reason: str) -> EsxError:
    if 300 <= status < 400:
        return ConnectionFailed(f"{action}: the server sends us elsewhere (HTTP status {status} {reason}).")
    kind, meaning = _STATUS.get(status, (ServerFault, "the server refuses it"))
    return kind(f"{action}: {meaning} (HTTP status {status} {reason}).")
