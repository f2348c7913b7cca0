# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The address of a datastore file on a server, ``/folder/<path>?dcPath=<datacenter>&dsName=<datastore>``, and requests.

Status 401 means either that the session has ended, or that the account lacks a privilege on the datastore. A cheap read
distinguishes them, so that an account without the privilege does not log in again for every file.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from ansible_collections.virt.esx.plugins.module_utils._errors import (
    DOUBT,
    ConnectionFailed,
    EsxError,
    NotFound,
    ParseError,
    Refused,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath
from ansible_collections.virt.esx.plugins.module_utils._vi.exchange import Answer, exchange
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.stub import RUN_AGAIN, SessionRenewed
from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import bad_status, broke_off, is_dropped

# The longest answer to a request that reads no file: an error message of the server.
_LONGEST_WORDS = 64 * 1024

# HTTP status: the kind of error and what it means here.
_STATUS: dict[int, tuple[type[EsxError], str]] = {
    403: (Refused, "the user may not do this"),
    404: (NotFound, "there is no such file, datastore or datacenter"),
    405: (Refused, "the server does not allow this"),
    409: (Refused, "something else has that name, or the file is in use"),
    416: (Refused, "the file is shorter than the part that was asked for"),
    423: (Refused, "the file is locked: a running virtual machine uses it"),
    507: (Refused, "the datastore is full"),
}
_TAG = re.compile(r"<(?:style|script|title).*?</(?:style|script|title)>|<[^>]*>", re.DOTALL | re.IGNORECASE)
_PRIVILEGES = "Give the user a role that has Datastore.Browse and Datastore.FileManagement on the datastore."


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
        """The path and the query of its URL.

        Everything but ``A-Za-z0-9-._~`` is percent-encoded, twice in the query, as servers decode its values twice.

        :raises ParseError: for a path with empty, ``.`` or ``..`` segments, which could lead out of its directory.
        """
        if not self.path or not DatastorePath(self.datastore, self.path).is_canonical:
            raise ParseError(f"the path '{self}' has an empty, '.' or '..' segment.")
        segments = "/".join(_encode(segment) for segment in self.path.split("/"))
        return (
            f"/folder/{segments}?dcPath={_encode(_encode(self.datacenter))}&dsName={_encode(_encode(self.datastore))}"
        )


def request(
    session: Session,
    method: str,
    file: DatastoreFile,
    *,
    body: bytes | None = None,
    accepted: Sequence[int],
    limit: int = _LONGEST_WORDS,
) -> Answer:
    """Make a request for a file and return the answer; raises as ``converse``."""
    headers = {} if body is None else {"Content-Type": "application/octet-stream"}

    def attempt(cookie: str) -> Answer:
        return exchange(
            session.pool, method, file.url_path, headers={"Cookie": cookie, **headers}, body=body, limit=limit
        )

    return converse(session, method, file, attempt, accepted)


def converse(
    session: Session,
    method: str,
    file: DatastoreFile,
    attempt: Callable[[str], Answer],
    accepted: Sequence[int],
    *,
    repeatable: bool = True,
) -> Answer:
    """Return an answer of one of the accepted statuses.

    A request that only reads is made again if the connection is dropped, any request if the session has ended.

    :param attempt: makes the request with the session's cookie.
    :param repeatable: whether it can be repeated; a stream that was sent cannot.
    :raises NotFound: if there is no such file, datastore or datacenter.
    :raises Refused: if the account lacks a privilege, or the file cannot be used that way.
    :raises ConnectionFailed, TimedOut: if there is no answer, or it is not a valid one.
    """
    reads = method in ("GET", "HEAD")
    action = f"{method} {file}"
    repetitions = 1 if repeatable else 0
    while True:
        cookie = session.cookie
        try:
            answer = attempt(cookie)
        except (OSError, http.client.HTTPException) as error:
            if repetitions and reads and is_dropped(error):
                repetitions -= 1
                continue
            pool = session.pool
            raise broke_off(error, str(pool.endpoint), action, repeatable=reads, timeout=pool.timeout) from None
        if answer.status in accepted:
            _refuse_page(session, action, file, answer, reads)
            return answer
        if answer.status == 401 and _has_ended(session, cookie):
            if not repetitions:
                raise SessionRenewed(f"The session ended before {action}; there is a new one now.", hint=RUN_AGAIN)
            repetitions -= 1
            continue
        raise _not_accepted(session, action, answer, reads)


def _encode(text: str) -> str:
    return quote(text, safe="-._~")


def _has_ended(session: Session, cookie: str) -> bool:
    """Whether a 401 meant that the session had ended; it has been renewed then."""
    current = fetch_one(session, session.content.sessionManager, ["currentSession"])["currentSession"]
    if current is None and session.cookie == cookie:
        session.renew(cookie)
    return session.cookie != cookie


def _refuse_page(session: Session, action: str, file: DatastoreFile, answer: Answer, reads: bool) -> None:
    if answer.is_page and not file.path.lower().endswith((".htm", ".html")):
        raise ConnectionFailed(
            f"The server {session.pool.endpoint} answered {action} with an HTML page (HTTP status {answer.status}), "
            f"which cannot be the answer for a file.{'' if reads else ' ' + DOUBT}",
            hint="A host answers like this for a directory: name a file in it. A proxy or a starting server does, too: "
            "run the task again a little later.",
        )


def _not_accepted(session: Session, action: str, answer: Answer, reads: bool) -> EsxError:
    status = f"HTTP status {answer.status} {answer.reason}".rstrip()
    if answer.status == 401:
        text = f"{action}: the session is alive, so the user lacks a privilege on the datastore ({status})."
        return Refused(text, hint=_PRIVILEGES)
    if answer.status in _STATUS:
        kind, meaning = _STATUS[answer.status]
        return kind(f"{action}: {meaning} ({status}).", hint=_PRIVILEGES if answer.status == 403 else None)
    if answer.status == 500 or answer.status < 300 or 400 <= answer.status < 500:
        doubt = "" if reads or answer.status != 500 else f" {DOUBT}"
        return ServerFault(f"{action}: the server refuses it ({status}){_words(answer.body)}.{doubt}")
    return bad_status(str(session.pool.endpoint), action, answer.status, answer.reason, repeatable=reads)


def _words(body: bytes) -> str:
    """The server's error message without the tags of its page; hosts say in it which file is locked."""
    text = _TAG.sub(" ", body.decode("utf-8", "replace"))
    words = " ".join(text.split())[:200].rstrip(".")
    return f": {words}" if words else ""
