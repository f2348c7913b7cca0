# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of faults: each is a function that takes one exchange and does something other than forwarding it."""

from __future__ import annotations

import http.client
import os
import random
import signal
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HTML = b"<html><head><title>Service Unavailable</title></head><body><h1>503 Service Unavailable</h1></body></html>"
_SOAP = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
    'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault>'
    "<faultcode>ServerFaultCode</faultcode><faultstring>{text}</faultstring><detail>"
    '<{name}Fault xmlns="urn:vim25" xsi:type="{name}">{members}</{name}Fault>'
    "</detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
)


class Hangup(Exception):
    """Ends the connection to the client."""


@dataclass
class Exchange:
    """One request of the client, and the possible reactions.

    :param client: the client's connection.
    :param forward: passes the request on and returns the server's answer as (head, body).
    :param is_file: whether it is for a file, not a SOAP call.
    :param settings: the settings of the campaign: ``stall``, ``pid``, ``control``, ``number``.
    """

    client: Any
    forward: Callable[[], tuple[bytes, bytes]]
    is_file: bool
    settings: dict[str, Any] = field(default_factory=dict)
    stop: Callable[[], None] = lambda: None

    def send(self, data: bytes) -> None:
        """Send bytes to the client."""
        self.client.sendall(data)

    def answer(self, status: str, body: bytes, kind: str = "text/html", extra: str = "") -> None:
        """Send an own HTTP answer."""
        self.send(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body
        )

    def fault(self, status: str, name: str, text: str, members: str = "") -> None:
        """Answer with a status for a file, with a fault for a call."""
        if self.is_file:
            self.answer(status, b"no", "text/plain")
        else:
            body = _SOAP.format(name=name, text=text, members=members).encode()
            self.answer("500 Internal Server Error", body, "text/xml; charset=utf-8")

    def reset(self) -> None:
        """End the connection as a crashed server does."""
        reset(self.client)
        raise Hangup

    def kill(self) -> None:
        """Kill the client."""
        os.kill(self.settings["pid"], signal.SIGKILL)
        raise Hangup


def reset(channel: Any) -> None:
    """Close a socket with RST, without a TLS shutdown, unless another thread has closed it."""
    descriptor = channel.detach()
    if descriptor < 0:
        return
    try:
        plain = socket.socket(fileno=descriptor)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        plain.close()
    except OSError:
        pass


def _refused(exchange: Exchange) -> None:
    exchange.stop()
    exchange.reset()


def _reset_after(exchange: Exchange) -> None:
    exchange.forward()
    exchange.reset()


def _stall_before(exchange: Exchange) -> None:
    time.sleep(exchange.settings["stall"])
    exchange.reset()


def _stall_after(exchange: Exchange) -> None:
    exchange.forward()
    _stall_before(exchange)


def _half(exchange: Exchange) -> None:
    head, body = exchange.forward()
    exchange.send(head + body[: len(body) // 2] if body else head[: len(head) // 2])
    raise Hangup


def _status_after(exchange: Exchange) -> None:
    exchange.forward()
    exchange.answer("502 Bad Gateway", HTML)


def _garbage(exchange: Exchange) -> None:
    exchange.send(random.Random(exchange.settings["number"]).randbytes(700))
    raise Hangup


def _garbage_body(exchange: Exchange) -> None:
    exchange.answer("200 OK", random.Random(exchange.settings["number"]).randbytes(700), "text/xml")


def _expire(exchange: Exchange) -> None:
    """All sessions really end before the server gets the request."""
    host, port = exchange.settings["control"]
    control = http.client.HTTPConnection(host, port, timeout=10)
    control.request("DELETE", "/_simulator/sessions")
    control.getresponse().read()
    control.close()
    exchange.send(b"".join(exchange.forward()))


def _trickle(exchange: Exchange) -> None:
    """Send one byte each tenth of a second, for longer than the client's timeout."""
    data = b"".join(exchange.forward())
    end = time.monotonic() + 3 * exchange.settings["stall"]
    for at in range(len(data)):
        exchange.send(data[at : at + 1])
        time.sleep(0.1)
        if time.monotonic() > end:
            exchange.send(data[at + 1 :])
            return


def _tls_alert(exchange: Exchange) -> None:
    plain = socket.socket(fileno=exchange.client.detach())
    plain.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
    time.sleep(0.05)
    plain.close()
    raise Hangup


def _kill_after(exchange: Exchange) -> None:
    exchange.forward()
    exchange.kill()


_NO_SESSION = ("401 Unauthorized", "NotAuthenticated", "The session is not authenticated.")
_VIEW = '<object type="Folder">ha-folder-root</object><privilegeId>System.View</privilegeId>'
_BUSY = ("423 Locked", "TaskInProgress", "The operation is not allowed now.", '<task type="Task">task-99</task>')
_ELSEWHERE = "Location: http://127.0.0.1:9/sdk\r\n"

FAULTS: dict[str, Callable[[Exchange], None]] = {
    "refused": _refused,
    "reset_before": Exchange.reset,
    "reset_after": _reset_after,
    "stall_before": _stall_before,
    "stall_after": _stall_after,
    "half": _half,
    "http500": lambda exchange: exchange.answer("500 Internal Server Error", HTML),
    "http502": lambda exchange: exchange.answer("502 Bad Gateway", HTML),
    "http502_after": _status_after,
    "http503": lambda exchange: exchange.answer("503 Service Unavailable", HTML),
    "redirect301": lambda exchange: exchange.answer("301 Moved Permanently", HTML, extra=_ELSEWHERE),
    "redirect307": lambda exchange: exchange.answer("307 Temporary Redirect", b"", extra=_ELSEWHERE),
    "garbage": _garbage,
    "garbage_body": _garbage_body,
    "empty200": lambda exchange: exchange.answer("200 OK", b"", "text/xml"),
    "html200": lambda exchange: exchange.answer("200 OK", HTML),
    "notauth": lambda exchange: exchange.fault(*_NO_SESSION, _VIEW),
    "expire": _expire,
    "taskinprogress": lambda exchange: exchange.fault(*_BUSY),
    "invalidstate": lambda exchange: exchange.fault("409 Conflict", "InvalidState", "Not in the present state."),
    "trickle": _trickle,
    "tls_alert": _tls_alert,
    "kill_before": Exchange.kill,
    "kill_after": _kill_after,
}
