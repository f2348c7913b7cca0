# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of web servers, read as streams: following redirects, through the proxies of the environment."""

from __future__ import annotations

import contextlib
import http.client
import re
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, NotFound, ParseError, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._ovf.units import whole_number

# The bytes that are read at once of a file that has to be unpacked.
_PACKED = 64 << 10
# The user before the host in a URL, perhaps with a password.
_USER = re.compile(r"//[^/]*@")


class WebFile:
    """A file of a web server that is being read; ``size`` is None where the server does not say it.

    :raises ConnectionFailed: if the server has packed it in a way that was not asked for and is not known.
    """

    def __init__(self, url: str, response: Any) -> None:
        self.name = url_name(url)
        self._where = without_query(url)
        self._response = response
        self._length = whole_number(response.headers.get("Content-Length") or "")
        self._done = 0
        self._unpack = _unpacker(response.headers.get("Content-Encoding") or "", self._where)
        self.size = self._length if self._unpack is None else None

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, none at the end.

        :raises ConnectionFailed, TimedOut: if the connection breaks, or the file ends before its size.
        """
        if self._unpack is None:
            return self._received(size)
        while True:
            packed = self._unpack.unconsumed_tail or self._received(_PACKED)
            try:
                block: bytes = self._unpack.decompress(packed, max(size, 0))
            except zlib.error as error:
                raise ConnectionFailed(f"GET {self._where}: its compression is damaged: {error}.") from None
            if block or self._unpack.eof:
                return block
            if not packed:
                raise ConnectionFailed(f"{self._where} broke off after {self._done} compressed bytes.")

    def _received(self, size: int) -> bytes:
        """The next bytes as they come."""
        with _explained(self._where):
            block: bytes = self._response.read(None if size < 0 else size)
        self._done += len(block)
        if not block and size and self._length is not None and self._done < self._length:
            raise ConnectionFailed(f"{self._where} broke off after {self._done} of {self._length} bytes.")
        return block


def _unpacker(encoding: str, where: str) -> Any:
    """What unpacks a file; None for one that is not packed. Some servers pack all that they send, asked for or not."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return None
    if name in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, whichever it is
    raise ConnectionFailed(
        f"GET {where}: the server sends it compressed ({encoding}), which it was asked not to do.",
        hint="Download the package, and set source to its path.",
    )


@contextlib.contextmanager
def open_url(url: str, timeout: float) -> Iterator[WebFile]:
    """Open a file of a web server for the time of a ``with`` block.

    :param url: with http or https.
    :param timeout: the seconds that the server may be silent.
    :raises NotFound: if there is no such file.
    :raises ConnectionFailed, TimedOut: if the server cannot be reached, or answers with another status.
    """
    check_url(url)
    request = urllib.request.Request(url, headers={"User-Agent": "virt.esx", "Accept-Encoding": "identity"})  # noqa: S310
    with contextlib.ExitStack() as stack:
        with _explained(without_query(url)):
            response = stack.enter_context(urllib.request.build_opener().open(request, timeout=timeout))
        yield WebFile(url, response)


def is_url(source: str) -> bool:
    """Whether a source is a URL rather than a path."""
    return source.lower().startswith(("http://", "https://"))


def check_url(url: str) -> None:
    """Refuse a URL that cannot be read.

    :raises ParseError: if it is no URL, has no host, or a password in it.
    """
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
        host.encode("idna")  # as the connection will
    except ValueError as error:
        shown = _USER.sub("//***@", without_query(url))
        raise ParseError(f"'{shown}' is not a URL: {error}.", where="source") from None
    if not host:
        raise ParseError("the URL names no host.", where="source")
    if parts.password is not None or parts.username is not None:
        raise ParseError("a URL with a user or a password is not supported.", where="source")


def url_name(url: str) -> str:
    """The name of the file that a URL ends with."""
    return urlsplit(url).path.rpartition("/")[2]


def without_query(url: str) -> str:
    """A URL for messages: its query may hold a token."""
    return url.partition("?")[0].partition("#")[0]


@contextlib.contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except urllib.error.HTTPError as error:
        kind = NotFound if error.code in (404, 410) else ConnectionFailed
        raise kind(f"GET {where}: HTTP status {error.code} {error.reason}.") from None
    except TimeoutError:
        raise TimedOut(f"GET {where}: the server does not answer in time.") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise ConnectionFailed(f"GET {where} failed: {reason}.") from None
