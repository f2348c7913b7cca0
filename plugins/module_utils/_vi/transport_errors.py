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

from ansible_collections.virt.esx.plugins.module_utils._errors import DOUBT, ConnectionFailed, EsxError, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.channel import BadAnswer
from ansible_collections.virt.esx.plugins.module_utils._vi.tls import make_context, thumbprint_of

# OpenSSL's error numbers for certificates.
_SELF_SIGNED = (18, 19, 20, 21)
_EXPIRED = (9, 10)
_OTHER_NAME = (62, 64)


_TRUST = (
    "Set ca_path to a file with the certificate of the host or of its CA; or set thumbprint{}, once you have compared "
    "it with the host's own; or add no_verify=1 to the URI (validate_certs: false) to check nothing."
)


def cannot_connect(error: Exception, server: str, thumbprint: Callable[[], str | None]) -> EsxError:
    """Return the exception for a connection that could not be made.

    :param error: the exception of the socket or TLS library.
    :param server: ``host:port`` for the message.
    :param thumbprint: returns the digest of the server's certificate, called if it was not accepted.
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
    if isinstance(error, UnicodeError):
        return ConnectionFailed(
            f"The name of the server {server} is none that the domain name system can have: a part of it is empty, "
            "longer than 63 characters, or has a character that no name has.",
            hint="Check the host in the URI, or give its address.",
        )
    if isinstance(error, socket.timeout):
        return ConnectionFailed(
            f"The server {server} does not answer.", hint="Check the address, the port, and the firewalls in between."
        )
    if isinstance(error, ConnectionRefusedError):
        return ConnectionFailed(
            f"The server {server} refuses the connection: nothing listens on that port.",
            hint="Check the port in the URI, and that the management services of the host run.",
        )
    return ConnectionFailed(f"The server {server} cannot be reached: {_reason(error)}.")


def other_certificate(server: str, thumbprint: str) -> ConnectionFailed:
    """Return the exception for a server whose certificate does not have the expected thumbprint."""
    return ConnectionFailed(
        f"The certificate of {server} has the SHA-256 thumbprint {_format(thumbprint)}, which is not the expected one.",
        hint="If the certificate was renewed, set its thumbprint; otherwise this is not the host that you mean.",
    )


def read_thumbprint(channel: socket.socket) -> str:
    """Return the thumbprint of the server on a new connection; nothing is sent beyond the handshake."""
    context = make_context(no_verify=True, ca_path=None, thumbprints=())
    with context.wrap_socket(channel) as wrapped:
        return thumbprint_of(wrapped.getpeercert(binary_form=True))


def broke_off(error: Exception, server: str, action: str, *, repeatable: bool, timeout: float) -> EsxError:
    """Return the exception for a call that got no answer, or an invalid one.

    :param action: the VI method or the HTTP request.
    :param repeatable: whether it only reads; otherwise the message says that it may have been carried out.
    :param timeout: the seconds that the answer was waited for.
    """
    doubt = "" if repeatable else f" {DOUBT}"
    if isinstance(error, socket.timeout):
        return TimedOut(f"The server {server} did not answer {action} within {timeout:.0f} seconds.{doubt}")
    if isinstance(error, http.client.IncompleteRead):
        return ConnectionFailed(f"The connection to {server} broke in the middle of the answer to {action}.{doubt}")
    if isinstance(error, OSError):
        return ConnectionFailed(f"The connection to {server} broke during {action}: {_reason(error)}.{doubt}")
    if isinstance(error, BadAnswer):
        return no_answer(server, action, str(error), repeatable=repeatable)
    return no_answer(server, action, "it is not HTTP", repeatable=repeatable)


def no_answer(server: str, action: str, reason: str, *, repeatable: bool) -> ConnectionFailed:
    """Return the exception for something other than the answer to a call.

    :param reason: why it is not an answer: ``it is not XML``.
    """
    return ConnectionFailed(
        f"The response of {server} is not an answer to {action}: {reason}.{'' if repeatable else ' ' + DOUBT}",
        hint="Check that the URI names a VMware host or vCenter; one that is just starting may answer so, too.",
    )


def bad_status(server: str, action: str, status: int, reason: str, *, repeatable: bool) -> ConnectionFailed:
    """Return the exception for an HTTP status that is neither that of an answer nor that of a fault."""
    doubt = "" if repeatable else f" {DOUBT}"
    shown = f"HTTP status {status} {reason}".rstrip()
    if 300 <= status < 400:
        return ConnectionFailed(
            f"The server {server} redirects {action} to another address ({shown}); it was not followed.{doubt}",
            hint="Give the address of the host or vCenter itself in the URI.",
        )
    if status in (502, 503, 504):
        return ConnectionFailed(
            f"The server {server} is not ready to answer {action} ({shown}).{doubt}",
            hint="Its management services are starting, or have too many sessions: run the task again a little later.",
        )
    hint = "Check that the URI names a VMware host or vCenter, its port and its transport."
    return ConnectionFailed(f"The server {server} did not carry out {action} ({shown}).{doubt}", hint=hint)


def is_dropped(error: BaseException) -> bool:
    """Return whether the server dropped the connection, so that a call that only reads can be repeated."""
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
    shown = "" if thumbprint is None else f" to {_format(thumbprint)}"
    return ConnectionFailed(f"The certificate of {server} is not accepted: {reason}.", hint=_TRUST.format(shown))


def _no_tls(error: ssl.SSLError, server: str) -> ConnectionFailed:
    reason = error.reason or "the server closed the connection"
    hint = "Check the port in the URI."
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE"):
        hint = "The server does not speak TLS on this port: check the port, or add transport=http to the URI."
    elif "PROTOCOL" in reason or "HANDSHAKE_FAILURE" in reason or "DH_KEY" in reason or "NO_CIPHERS" in reason:
        hint = "A host this old (before ESXi 6.5) speaks only TLS 1.0: it takes no_verify=1, which accepts that."
    return ConnectionFailed(f"The TLS handshake with {server} failed: {_in_words(reason)}.", hint=hint)


def _format(digest: str) -> str:
    """A thumbprint as other tools show it, ``AB:CD:...``."""
    return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2)).upper()


def _in_words(reason: str | None) -> str:
    """OpenSSL's name of a reason, ``WRONG_VERSION_NUMBER``, as words."""
    return (reason or "error").replace("_", " ").lower()


def _reason(error: Exception) -> str:
    """The reason in words, without the file and line of OpenSSL's C code."""
    if isinstance(error, ssl.SSLEOFError):
        return "the server closed it"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {_in_words(error.reason)}"
    return str(getattr(error, "strerror", None) or error or type(error).__name__).rstrip(".")
