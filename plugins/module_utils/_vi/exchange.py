# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP request and its answer: bounded in time and in size, in memory or streamed.

An answer in memory has one deadline, from the first byte of the request to its own last byte. A stream has a deadline
for each block, so that a transfer may take hours as long as it makes progress.
"""

from __future__ import annotations

import contextlib
import http.client
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import BinaryIO, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.channel import PIECE, AnswerTooLong, BadAnswer
from ansible_collections.virt.esx.plugins.module_utils._vi.pool import Connection, Pool

# The longest answer in words to the request for a stream, and the most that is read into memory at once.
BLOCK = 1 << 20

# The most of the words beside a status that messages show.
_LONGEST_REASON = 200

# The values of Content-Encoding of a body as it is, and of one that can be unpacked in memory.
_PLAIN = (None, "", "identity")
_PACKED = ("gzip", "x-gzip", "deflate")

# The seconds to wait for the answer of a server that refuses the rest of an upload.
_LAST_WORDS = 5.0

# Called with the number of bytes that have been transferred so far.
Progress = Callable[[int], None]


class Answer(NamedTuple):
    """The answer of a server; ``body`` is empty if it was streamed."""

    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes = b""

    @property
    def length(self) -> int | None:
        """The value of Content-Length, or None."""
        text = self.headers.get("Content-Length") or ""
        return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None

    @property
    def has_no_length(self) -> bool:
        """Whether the body is whatever comes until the connection ends, so that nothing tells if all of it came."""
        return self.length is None and "Transfer-Encoding" not in self.headers

    @property
    def is_page(self) -> bool:
        """Whether it is an HTML page, which proxies and starting hosts send instead of the requested file."""
        kind = (self.headers.get("Content-Type") or "").lower()
        start = self.body[:256].lstrip().lower()
        return kind.startswith("text/html") or start.startswith((b"<html", b"<!doctype"))


def exchange(
    pool: Pool,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    limit: int,
    seconds: float | None = None,
) -> Answer:
    """Make a request and return its whole answer.

    :param limit: the number of bytes that the answer may have, compressed or not.
    :param seconds: how long the whole exchange may take; None for the pool's ``timeout``.
    :raises OSError, http.client.HTTPException: if there is no answer, an incomplete one, or one that is too long.
    """
    connection = pool.take(seconds)
    with _closed_on_error(connection):
        connection.request(method, path, body, dict(headers))
        response = connection.getresponse()
        content = _unpacked(_read(response, limit), response.headers.get("Content-Encoding"), limit)
    return _finish(pool, connection, response, content)


def send_stream(
    pool: Pool,
    method: str,
    path: str,
    source: BinaryIO,
    size: int,
    *,
    headers: Mapping[str, str],
    progress: Progress | None = None,
) -> Answer:
    """Send ``size`` bytes of a file as the body of a request, and return the answer.

    If the server refuses the request while it is sent, its answer is read.

    :raises EsxError: if the file ends before ``size``.
    :raises OSError, http.client.HTTPException: if the connection breaks.
    """
    connection = pool.take()
    with _closed_on_error(connection):
        refused = None
        try:
            connection.putrequest(method, path)
            for name, value in {**headers, "Content-Length": str(size)}.items():
                connection.putheader(name, value)
            connection.endheaders()
            _send_blocks(pool, connection, source, size, progress)
        except ConnectionError as error:
            refused = error
        connection.allow(pool.timeout if refused is None else min(pool.timeout, _LAST_WORDS))
        try:
            response = connection.getresponse()
            content = _read(response, BLOCK)
        except (OSError, http.client.HTTPException) as error:
            raise refused or error from None
        if refused is not None and response.status < 400:
            raise refused
    return _finish(pool, connection, response, content)


def receive_stream(
    pool: Pool,
    path: str,
    *,
    headers: Mapping[str, str],
    take: Callable[[Answer], Callable[[memoryview], None] | None],
) -> Answer:
    """Make a GET request, and pass on the answer block by block.

    :param take: called with the response header; returns the function that takes each block, or None to skip them.
    :raises OSError, http.client.HTTPException: if the connection breaks, or the answer ends too early.
    """
    connection = pool.take()
    with _closed_on_error(connection):
        connection.request("GET", path, None, dict(headers))
        response = connection.getresponse()
        answer = Answer(response.status, response.reason[:_LONGEST_REASON], response.headers)
        if response.status < 300:
            _check_encoding(response.headers.get("Content-Encoding"), ())
        consume = take(answer)
        if consume is None:
            answer = Answer(answer.status, answer.reason, answer.headers, _read(response, BLOCK))
        else:
            _receive_blocks(pool, connection, response, consume)
    _finish(pool, connection, response, b"")
    return answer


def _send_blocks(pool: Pool, connection: Connection, source: BinaryIO, size: int, progress: Progress | None) -> None:
    done = 0
    while done < size:
        block = source.read(min(PIECE, size - done))
        if not block:
            raise EsxError(
                f"The upload ends after {done} of {size} bytes: the file became shorter while it was read. "
                "The copy on the server is incomplete."
            )
        connection.allow(pool.timeout)
        connection.send(block)
        done += len(block)
        if progress is not None:
            progress(done)


def _receive_blocks(
    pool: Pool, connection: Connection, response: http.client.HTTPResponse, consume: Callable[[memoryview], None]
) -> None:
    buffer = memoryview(bytearray(PIECE))
    while True:
        connection.allow(pool.timeout)
        with _numbers_understood():
            count = response.readinto(buffer)
        if not count:
            break
        consume(buffer[:count])
    _check_complete(response)


def _read(response: http.client.HTTPResponse, limit: int) -> bytes:
    """Read the whole body in pieces, so that a false length takes no memory."""
    if response.length is not None and response.length > limit and response.status != 304:
        raise AnswerTooLong(limit)
    content = bytearray()
    while True:
        with _numbers_understood():
            piece = response.read(min(BLOCK, limit + 1 - len(content)))
        if not piece:
            break
        content += piece
        if len(content) > limit:
            raise AnswerTooLong(limit)
    _check_complete(response)
    return bytes(content)


@contextlib.contextmanager
def _numbers_understood() -> Iterator[None]:
    """Name what is no HTTP so: http.client takes a negative length of a chunk for a number of bytes to read."""
    try:
        yield
    except ValueError as error:
        raise http.client.HTTPException(str(error)) from None


def _check_complete(response: http.client.HTTPResponse) -> None:
    """Refuse a body that is too short; http.client notices that only if it is read in one piece."""
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)


def _unpacked(content: bytes, encoding: str | None, limit: int) -> bytes:
    _check_encoding(encoding, _PACKED)
    if encoding in _PLAIN or not content:
        return content
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, whichever it is
    try:
        plain = unpack.decompress(content, limit + 1)
    except zlib.error as error:
        raise BadAnswer(f"its compression is damaged ({error})") from None
    if len(plain) > limit:
        raise AnswerTooLong(limit)
    if not unpack.eof:
        raise http.client.IncompleteRead(b"")
    return plain


def _check_encoding(encoding: str | None, others: Collection[str]) -> None:
    """Refuse a body that would have to be decoded, unless in one of the ``others`` ways; none was asked for."""
    if encoding not in _PLAIN and (encoding or "").lower() not in others:
        raise BadAnswer(f"it has the encoding '{encoding}', which was not asked for")


def _finish(pool: Pool, connection: Connection, response: http.client.HTTPResponse, content: bytes) -> Answer:
    if response.will_close:
        connection.close()
    else:
        pool.give_back(connection)
    return Answer(response.status, response.reason[:_LONGEST_REASON], response.headers, content)


@contextlib.contextmanager
def _closed_on_error(connection: Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
