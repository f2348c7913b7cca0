# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxy between client and simulator: it counts the exchanges over all connections, and spoils one of them.

``python -m tests.chaos.proxy CERTIFICATE KEY`` reads one command a line from its standard input, JSON, and answers
each with a line: ``{"listeners": {"name": [host, port]}, ...settings}`` starts again and answers with the ports,
``{"at": 3, "fault": "half", "pid": 7}`` sets settings, ``{}`` asks for what was seen. It ends with its input.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import sys
import threading
from typing import Any, BinaryIO

from .faults import FAULTS, Exchange, Hangup, reset

_OWN_HEADERS = (b"connection",)
_NOT_PASSED_ON = ("content-length", "transfer-encoding", "connection")
# The address of a leased file on the host that was asked: it is reached as the host is, through the proxy.
_LEASED = (b">http://*/", b">https://*/")


class Proxy:
    """The proxy's state, which the connections' threads share."""

    def __init__(self, certificate: str, key: str) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.lock = threading.RLock()
        self.listeners: list[socket.socket] = []
        self.connections: set[Any] = set()
        self.begin({}, {})

    def begin(self, listeners: dict[str, Any], settings: dict[str, Any]) -> dict[str, int]:
        """Reset the state, and listen for each server on a new port."""
        self.stop()
        with self.lock:
            self.settings: dict[str, Any] = {"at": None, "fault": None, "pid": None, **settings}
            self.names: list[str] = []
            self.fired = False
        return {name: self.listen(*server) for name, server in listeners.items()}

    def listen(self, host: str, port: int) -> int:
        """Forward a new port to a server."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listeners.append(listener)
        threading.Thread(target=self.accept, args=(listener, host, port), daemon=True).start()
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """Refuse new connections and reset existing ones."""
        with self.lock:
            listeners, self.listeners = self.listeners, []
            connections, self.connections = self.connections, set()
        for listener in listeners:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in connections:
            reset(connection)

    def accept(self, listener: socket.socket, host: str, port: int) -> None:
        """Serve connections until the listener is closed."""
        with contextlib.suppress(OSError):
            while True:
                channel, _address = listener.accept()
                channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.serve, args=(channel, host, port), daemon=True).start()

    def serve(self, plain: socket.socket, host: str, port: int) -> None:
        """Serve one connection of the client."""
        plain.settimeout(60)
        with contextlib.suppress(OSError, Hangup, ValueError, http.client.HTTPException):
            channel = self.context.wrap_socket(plain, server_side=True)
            with self.lock:
                self.connections.add(channel)
            try:
                incoming = channel.makefile("rb")
                while True:
                    self.exchange(channel, host, port, *_read_request(incoming))
            finally:
                with self.lock:
                    self.connections.discard(channel)
                channel.close()

    def exchange(self, channel: Any, host: str, port: int, head: list[bytes], body: bytes) -> None:
        """Forward one request, or apply the fault if it is its turn."""
        name = _name(head[0], body)
        with self.lock:
            self.names.append(name)
            number = len(self.names)
            spoil = FAULTS[self.settings["fault"]] if number == self.settings["at"] and not self.fired else None
            self.fired = self.fired or spoil is not None
            settings = {**self.settings, "number": number}
        is_file = not head[0].split(b" ")[1].startswith(b"/sdk")
        exchange = Exchange(channel, lambda: _forward(host, port, head, body), is_file, settings, self.stop)
        if spoil is None:
            exchange.send(b"".join(exchange.forward()))
        else:
            spoil(exchange)


def _read_request(incoming: BinaryIO) -> tuple[list[bytes], bytes]:
    head: list[bytes] = []
    length = 0
    while True:
        line = incoming.readline(65536)
        if not line:
            raise Hangup
        if line in (b"\r\n", b"\n"):
            return head, incoming.read(length) if length else b""
        head.append(line.rstrip(b"\r\n"))
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])


def _name(first: bytes, body: bytes) -> str:
    """The method of a SOAP call; the method and the path of another request."""
    method, path, _version = first.decode("latin-1").split(" ")
    if method == "POST" and b"Body>" in body:
        tag = body.partition(b"Body>")[2].partition(b"<")[2]
        return tag.partition(b">")[0].partition(b" ")[0].rpartition(b":")[2].decode("latin-1")
    return f"{method} {path.partition('?')[0]}"


def _forward(host: str, port: int, head: list[bytes], body: bytes) -> tuple[bytes, bytes]:
    """Pass on a request; return head and body of the answer, with a Content-Length."""
    method, path, _version = head[0].decode("latin-1").split(" ")
    server = http.client.HTTPConnection(host, port, timeout=60)
    server.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for line in head[1:]:
        name, _colon, value = line.partition(b":")
        if name.lower() not in _OWN_HEADERS:
            server.putheader(name.decode("latin-1"), value.strip().decode("latin-1"))
    server.endheaders(body or None)
    answer = server.getresponse()
    content = answer.read().replace(*_LEASED)
    length = answer.getheader("Content-Length", "0") if method == "HEAD" else str(len(content))
    headers = [f"{name}: {value}" for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED_ON]
    server.close()
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *headers, f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode("latin-1"), content


def main() -> None:
    """Obey the commands."""
    proxy = Proxy(*sys.argv[1:3])
    for line in sys.stdin:
        command = json.loads(line)
        listeners = command.pop("listeners", None)
        if listeners is not None:
            answer: dict[str, Any] = {"ports": proxy.begin(listeners, command)}
        else:
            with proxy.lock:
                proxy.settings.update(command)
                answer = {"names": list(proxy.names), "fired": proxy.fired}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
