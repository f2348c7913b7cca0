# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A TCP connection to a server through a proxy.

HTTP proxies get a CONNECT request, so that they cannot see the traffic; SOCKS needs the library python-socks, which is
only imported if a URI names such a proxy.
"""

from __future__ import annotations

import base64
import socket
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, MissingLibrary
from ansible_collections.virt.esx.plugins.module_utils._vi.channel import Channel
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import Proxy, join_host_port

# The longest answer of a proxy.
_LONGEST_HEAD = 16 * 1024


def open_tcp(host: str, port: int, proxy: Proxy, timeout: float, password: str | None = None) -> socket.socket:
    """Return a connected socket.

    :param host: the server's name or address.
    :param proxy: the proxy to go through.
    :param password: of the proxy's user.
    :param timeout: the seconds in which the connection must be made; it stays the socket's timeout.
    :raises ConnectionFailed: if the proxy cannot be reached or refuses the connection.
    :raises MissingLibrary: if a SOCKS proxy is used and python-socks is not installed.
    """
    try:
        if proxy.kind == "http":
            return _through_http(host, port, proxy, timeout, password)
        return _through_socks(host, port, proxy, timeout, password)
    except OSError as error:
        raise _refused(proxy, host, port, error) from None


def _through_http(host: str, port: int, proxy: Proxy, timeout: float, password: str | None) -> socket.socket:
    """Send CONNECT; the timeout is for the whole answer."""
    target = join_host_port(_in_ascii(host), port)
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if proxy.user is not None:
        login = base64.b64encode(f"{proxy.user}:{password or ''}".encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {login}")
    plain = socket.create_connection((proxy.host, proxy.port), timeout)
    try:
        channel = Channel(plain)
        channel.allow(timeout)
        channel.sendall("\r\n".join([*lines, "", ""]).encode())
        status = _answered_status(channel)
        if not status.startswith("2"):
            raise ConnectionError(f"it answers '{status}'")
    except BaseException:
        plain.close()
        raise
    plain.settimeout(timeout)
    return plain


def _in_ascii(host: str) -> str:
    """The name of a host as the domain name system has it: ``xn--bcher-kva.example``."""
    return host if host.isascii() else host.encode("idna").decode()


def _answered_status(channel: Channel) -> str:
    """Read status and reason of the proxy's answer, byte by byte, as what follows it comes from the server."""
    head = b""
    while not head.endswith((b"\r\n\r\n", b"\n\n")):
        channel.arm()
        byte = channel.socket.recv(1)
        if not byte or len(head) > _LONGEST_HEAD:
            raise ConnectionError("it does not speak HTTP")
        head += byte
    version, _blank, status = head.splitlines()[0].decode("latin-1").partition(" ")
    if not version.startswith("HTTP/"):
        raise ConnectionError("it does not speak HTTP")
    return status


def _through_socks(host: str, port: int, proxy: Proxy, timeout: float, password: str | None) -> socket.socket:
    """socks4 resolves the name here, socks4a and socks5 let the proxy do it."""
    try:
        import python_socks
        from python_socks import sync as socks
    except ImportError as error:
        raise MissingLibrary("python-socks", str(error)) from None
    kind = python_socks.ProxyType.SOCKS5 if proxy.kind == "socks5" else python_socks.ProxyType.SOCKS4
    login = {} if proxy.user is None else {"username": proxy.user, "password": password or ""}
    client: Any = socks.Proxy.create(kind, proxy.host, proxy.port, rdns=proxy.kind != "socks4", **login)
    try:
        channel: socket.socket = client.connect(host, port, timeout=timeout)
    except (python_socks.ProxyError, python_socks.ProxyConnectionError, python_socks.ProxyTimeoutError) as error:
        raise _refused(proxy, host, port, error) from None
    channel.settimeout(timeout)
    return channel


def _refused(proxy: Proxy, host: str, port: int, error: Exception) -> ConnectionFailed:
    reason = str(error) or type(error).__name__
    return ConnectionFailed(
        f"The {proxy.kind} proxy {join_host_port(proxy.host, proxy.port)} does not connect to "
        f"{join_host_port(host, port)}: {reason}.",
        hint="Check the parameter proxy of the URI, and for a proxy that wants a login its user and proxy_password.",
    )
