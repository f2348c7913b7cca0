# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small servers on loopback, for what a simulated host does not do: proxies, bad certificates, broken connections."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

Handler = Callable[[socket.socket], None]


@contextlib.contextmanager
def serve(handler: Handler, host: str = "127.0.0.1") -> Iterator[int]:
    """Hand each connection to a thread of its own; yields the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as listener:

        def handle(channel: socket.socket) -> None:
            with channel, contextlib.suppress(OSError):
                handler(channel)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    channel, _address = listener.accept()
                    threading.Thread(target=handle, args=(channel,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def unused_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def read_request(channel: socket.socket) -> bytes:
    """One HTTP request, head and body; empty if the client has closed the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = channel.recv(65536)
        if not more:
            return b""
        received += more
        if not received[:1].isalpha():  # somebody who speaks TLS to a server of plain HTTP
            channel.sendall(http_answer(b"", "400 Bad Request"))
            return b""
    head, _separator, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += channel.recv(65536)
    return head + b"\r\n\r\n" + body


def http_answer(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    """An HTTP response that keeps the connection."""
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


@dataclass
class Certificate:
    """A certificate and its key in PEM files."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """The context of a server that has it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def thumbprint(self) -> str:
        """Its SHA-256 thumbprint, as ``openssl x509 -fingerprint`` shows it."""
        command = ["openssl", "x509", "-noout", "-sha256", "-fingerprint", "-in", str(self.certificate)]
        shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        return shown.strip().split("=")[1]


def make_certificate(directory: Path, name: str, names: str, *, days: int = 2) -> Certificate:
    """A certificate that is signed by itself; ``names`` are its subjectAltName, with -1 days it has expired."""
    made = Certificate(directory / f"{name}.pem", directory / f"{name}.key")
    request = str(directory / f"{name}.csr")
    ask = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    ask += ["-keyout", str(made.key), "-out", request, "-subj", f"/CN={name}", "-addext", f"subjectAltName={names}"]
    sign = ["openssl", "x509", "-req", "-in", request, "-signkey", str(made.key), "-days", str(days)]
    sign += ["-copy_extensions", "copy", "-out", str(made.certificate)]
    for command in (ask, sign):
        subprocess.run(command, check=True, capture_output=True)
    return made


def over_tls(handler: Handler, context: ssl.SSLContext) -> Handler:
    """The same handler behind a TLS handshake."""

    def handle(channel: socket.socket) -> None:
        with context.wrap_socket(channel, server_side=True) as wrapped:
            handler(wrapped)

    return handle


@dataclass
class Proxy:
    """A proxy of any kind; ``asked`` has what it was asked for: kind, host and port.

    :param login: the user and the password that it wants, by HTTP or SOCKS 5.
    """

    asked: list[tuple[str, str, int]] = field(default_factory=list)
    refuses: bool = False
    login: tuple[str, str] | None = None

    def handle(self, channel: socket.socket) -> None:
        first = channel.recv(1, socket.MSG_PEEK)
        read = {b"\x04": self._socks4, b"\x05": self._socks5}.get(first, self._http)
        kind, host, port, accept, refuse = read(channel)
        self.asked.append((kind, host, port))
        if self.refuses:
            channel.sendall(refuse)
            return
        with socket.create_connection((host, port)) as onward:
            channel.sendall(accept)
            pump(channel, onward)

    def _http(self, channel: socket.socket) -> tuple[str, str, int, bytes, bytes]:
        lines = read_request(channel).split(b"\r\n")
        method, target, _version = lines[0].decode().split()
        host, _colon, port = target.rpartition(":")
        if self.login is not None:
            wanted = base64.b64encode(":".join(self.login).encode())
            self.refuses = b"Proxy-Authorization: Basic " + wanted not in lines
        accept = b"HTTP/1.1 200 Connection established\r\n\r\n"
        return method, host, int(port), accept, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"

    def _socks4(self, channel: socket.socket) -> tuple[str, str, int, bytes, bytes]:
        _version, _command, port = struct.unpack("!BBH", channel.recv(4))
        address = channel.recv(4)
        read_to_null(channel)
        named = address[:3] == b"\0\0\0"
        host = read_to_null(channel).decode() if named else socket.inet_ntoa(address)
        rest = b"\0" * 6
        return "socks4a" if named else "socks4", host, port, b"\0\x5a" + rest, b"\0\x5b" + rest

    def _socks5(self, channel: socket.socket) -> tuple[str, str, int, bytes, bytes]:
        _version, methods = channel.recv(2)
        channel.recv(methods)
        channel.sendall(b"\x05\0" if self.login is None else b"\x05\x02")
        if self.login is not None:
            given = [channel.recv(channel.recv(count)[-1]).decode() for count in (2, 1)]
            channel.sendall(b"\x01\0")
            self.refuses = tuple(given) != self.login
        _version, _command, _reserved, kind = channel.recv(4)
        if kind == 3:
            host = channel.recv(channel.recv(1)[0]).decode()
        else:
            host = socket.inet_ntoa(channel.recv(4))
        (port,) = struct.unpack("!H", channel.recv(2))
        rest = b"\0\x01" + b"\0" * 6
        return "socks5", host, port, b"\x05\0" + rest, b"\x05\x02" + rest


def read_to_null(channel: socket.socket) -> bytes:
    """Bytes up to a null byte."""
    received = b""
    while True:
        byte = channel.recv(1)
        if byte in (b"\0", b""):
            return received
        received += byte


def pump(one: socket.socket, other: socket.socket) -> None:
    """Pass on what either side says until one of them is done."""

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=copy, args=(other, one), daemon=True)
    thread.start()
    copy(one, other)
    thread.join(5)
