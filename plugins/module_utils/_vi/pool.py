# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kept-alive HTTP connections to one server, used by SOAP calls and file transfers alike.

A connection is taken, used for one exchange and returned; a single-threaded task never has more than one.
"""

from __future__ import annotations

import contextlib
import http.client
import select
import socket
import ssl
import threading
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.channel import Channel
from ansible_collections.virt.esx.plugins.module_utils._vi.tls import check_thumbprint, make_context
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import Proxy, join_host_port

# The seconds in which a connection must be made, regardless of the timeout of its calls.
CONNECT_TIMEOUT = 30.0


@dataclass(frozen=True)
class Endpoint:
    """A server and how to reach it; ``timeout`` is the seconds that an answer may take."""

    host: str
    port: int
    transport: str = "https"
    proxy: Proxy | None = None
    no_verify: bool = False
    ca_path: str | None = None
    thumbprints: tuple[str, ...] = ()
    timeout: float = 300.0
    proxy_password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return join_host_port(self.host, self.port)


class Connection(http.client.HTTPConnection):
    """An HTTP connection whose channel the pool makes, with its proxy and TLS settings."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool.endpoint.host, pool.endpoint.port)
        self.default_port = 443 if pool.endpoint.transport == "https" else 80
        self._pool = pool
        self._pieces: list[bytes] | None = None  # of a request that is being made
        self._channel: Channel | None = None  # which http.client lets go of before the last answer is read

    def connect(self) -> None:
        self._channel = Channel(self._pool.open_channel())
        self.sock: Any = self._channel

    def allow(self, seconds: float) -> None:
        """Set a deadline in seconds for everything sent and received from now on."""
        if self._channel is not None:
            self._channel.allow(seconds)

    def request(self, *args: Any, **options: Any) -> None:
        """Send the headers and the body of a request in one piece, so that the server is woken up only once."""
        self._pieces = []
        super().request(*args, **options)
        pieces, self._pieces = self._pieces, None
        super().send(b"".join(pieces))

    def send(self, data: Any) -> None:
        if self._pieces is None:
            super().send(data)
        else:
            self._pieces.append(data)


class Pool:
    """The kept-alive connections to one endpoint. ``timeout`` is the seconds that the next answers may take."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.timeout = endpoint.timeout
        self._context: ssl.SSLContext | None = None
        self._idle: list[Connection] = []
        self._lock = threading.RLock()

    def take(self, seconds: float | None = None) -> Connection:
        """Return a connection that is ready for a request.

        :param seconds: how long the request and its answer may take; ``timeout`` if it is None.
        :raises EsxError: if the server cannot be reached, or its certificate is not accepted.
        """
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                connection = Connection(self)
                connection.connect()
            elif connection.sock is None or _is_readable(connection.sock):
                connection.close()  # the server has closed it
                continue
            connection.allow(self.timeout if seconds is None else seconds)
            return connection

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose last answer was read to its end."""
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Close all idle connections."""
        with self._lock:
            connections, self._idle = self._idle, []
        for connection in connections:
            connection.close()

    def open_channel(self) -> socket.socket:
        """Return a new channel to the server, without TLS if the transport is ``http``."""
        endpoint = self.endpoint
        timeout = min(CONNECT_TIMEOUT, endpoint.timeout)
        try:
            with contextlib.ExitStack() as opened:
                channel = self._open_tcp(timeout)
                opened.callback(channel.close)
                # Without this, a second piece may wait 40 ms for the acknowledgement of the first.
                channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if endpoint.transport == "https":
                    channel = self._wrap(channel)
                    opened.callback(channel.close)
                    if endpoint.thumbprints:
                        check_thumbprint(channel, endpoint.thumbprints, str(endpoint))
                opened.pop_all()  # it stays open
        except EsxError:
            raise
        except (OSError, ValueError) as error:
            from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import cannot_connect

            raise cannot_connect(error, str(endpoint), self._read_thumbprint) from None
        return channel

    def _open_tcp(self, timeout: float) -> socket.socket:
        endpoint = self.endpoint
        if endpoint.proxy is None:
            return socket.create_connection((endpoint.host, endpoint.port), timeout)
        from ansible_collections.virt.esx.plugins.module_utils._vi.proxy import open_tcp

        return open_tcp(endpoint.host, endpoint.port, endpoint.proxy, timeout, endpoint.proxy_password)

    def _wrap(self, channel: socket.socket) -> ssl.SSLSocket:
        with self._lock:
            if self._context is None:
                self._context = make_context(
                    no_verify=self.endpoint.no_verify,
                    ca_path=self.endpoint.ca_path,
                    thumbprints=self.endpoint.thumbprints,
                )
        return self._context.wrap_socket(channel, server_hostname=self.endpoint.host)

    def _read_thumbprint(self) -> str | None:
        """Read the certificate's thumbprint by a second handshake, as it is not accessible after the failed one."""
        from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import read_thumbprint

        try:
            return read_thumbprint(self._open_tcp(5.0))
        except (OSError, EsxError):
            return None


def _is_readable(channel: Channel) -> bool:
    """Whether the connection has ended: between exchanges, there is nothing else to read."""
    poll = select.poll()
    poll.register(channel, select.POLLIN)
    return bool(poll.poll(0))
