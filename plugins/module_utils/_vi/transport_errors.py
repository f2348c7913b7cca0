# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures to reach a server or to understand it, turned into the collection's own exceptions.

Each message names the server and what to do about it; none can contain a secret, as the exceptions of sockets, TLS,
HTTP and XML do not know any.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from typing import Callable
from xml.parsers.expat import ExpatError

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.tls import format_thumbprint

# OpenSSL's numbers of what is wrong with a certificate.
_SELF_SIGNED = (18, 19, 20, 21)
_EXPIRED = (9, 10)
_OTHER_NAME = (62, 64)

_TRUST = (
    "Set ca_path to a file with the certificate of the host or of its CA; or set thumbprint{}, once you have compared "
    "it with the host's own; or add no_verify=1 to the URI (validate_certs: false) to check nothing."
)


def cannot_connect(error: Exception, server: str, thumbprint: Callable[[], str | None]) -> EsxError:
    """Return the exception for a connection that could not be made.

    :param error: what the socket or TLS library raised.
    :param server: ``host:port`` for the message.
    :param thumbprint: asked for the digest of the certificate that the server has, if it was not accepted.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return _bad_certificate(error, server, thumbprint())
    if isinstance(error, ssl.SSLError):
        return _no_tls(error, server)
    if isinstance(error, socket.gaierror):
        return ConnectionFailed(
            f"The name of the server {server} cannot be resolved: {error.strerror}.",
            hint="Check the host in the URI, or give its address.",
        )
    if isinstance(error, socket.timeout):
        return ConnectionFailed(
            f"The server {server} does not answer.", hint="Check the address, the port and the firewalls between."
        )
    if isinstance(error, ConnectionRefusedError):
        return ConnectionFailed(
            f"The server {server} refuses the connection: nothing listens on that port.",
            hint="Check the port in the URI, and that the management services of the host run.",
        )
    return ConnectionFailed(f"The server {server} cannot be reached: {_reason(error)}.")


def broke_off(error: Exception, server: str, action: str, *, repeatable: bool, timeout: float) -> EsxError:
    """Return the exception for a call that got no answer, or none that can be understood.

    :param doing: the VI method or the HTTP request.
    :param repeatable: whether it only reads; else the user has to know that it may have been carried out.
    :param timeout: the seconds that were waited for the answer.
    """
    doubt = "" if repeatable else " Whether it was carried out is not known."
    if isinstance(error, socket.timeout):
        return TimedOut(f"The server {server} did not answer {action} within {timeout:.0f} seconds.{doubt}")
    if isinstance(error, (http.client.IncompleteRead, OSError)):
        return ConnectionFailed(f"The connection to {server} broke during {action}: {_reason(error)}.{doubt}")
    if isinstance(error, http.client.HTTPException):
        return ConnectionFailed(
            f"The server {server} answered {action} with HTTP status {error}.",
            hint="Check that the URI names a VMware host or vCenter, its port and its transport.",
        )
    reason = "it is not XML" if isinstance(error, ExpatError) else f"{type(error).__name__}: {error}"
    return ConnectionFailed(
        f"The answer of {server} to {action} cannot be understood: {reason}.{doubt}",
        hint="Check that the URI names a VMware host or vCenter.",
    )


def is_dropped(error: BaseException) -> bool:
    """Say whether the server dropped the connection, so that a call that only reads may be made again."""
    if isinstance(error, (socket.timeout, ssl.SSLCertVerificationError)):
        return False
    return isinstance(error, (ConnectionError, http.client.IncompleteRead, ssl.SSLEOFError, ssl.SSLZeroReturnError))


def _bad_certificate(error: ssl.SSLCertVerificationError, server: str, thumbprint: str | None) -> ConnectionFailed:
    code = getattr(error, "verify_code", 0)
    reason = getattr(error, "verify_message", "") or str(error)
    if code in _SELF_SIGNED:
        reason = f"it is signed by itself or by a CA that is not trusted ({reason})"
    elif code in _EXPIRED:
        reason = f"it is not valid at this time ({reason})"
    elif code in _OTHER_NAME:
        reason = f"it is for another name ({reason.rstrip('.')})"
    shown = "" if thumbprint is None else f" to {format_thumbprint(thumbprint)}"
    return ConnectionFailed(f"The certificate of {server} is not accepted: {reason}.", hint=_TRUST.format(shown))


def _no_tls(error: ssl.SSLError, server: str) -> ConnectionFailed:
    reason = error.reason or str(error)
    hint = "Check the port in the URI."
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
        hint = "The server does not speak TLS on this port: check the port, or add transport=http to the URI."
    elif "PROTOCOL" in reason or "HANDSHAKE_FAILURE" in reason or "DH_KEY" in reason or "NO_CIPHERS" in reason:
        hint = "A host this old (before ESXi 6.5) speaks only TLS 1.0: it takes no_verify=1, which accepts that."
    return ConnectionFailed(f"The TLS handshake with {server} failed: {reason}.", hint=hint)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__).rstrip(".")
