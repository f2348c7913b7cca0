# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS: one context for SOAP and file transfers alike, and certificates pinned by thumbprint.

The system's CA bundle takes 25 to 40 ms to load, so it is loaded only if nothing else says what to trust. With a
thumbprint the certificate is compared right after the handshake, before anything is sent.
"""

from __future__ import annotations

import hashlib
import os.path
import ssl
from collections.abc import Sequence
from pathlib import Path

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed

_spare: list[ssl.SSLContext] = []


def make_context(*, no_verify: bool, ca_path: str | None, thumbprints: Sequence[str]) -> ssl.SSLContext:
    """Return the context for all TLS connections of a session.

    :param no_verify: check nothing; hosts as old as ESX 3.5 (TLS 1.0, short keys) are accepted, too.
    :param ca_path: file or directory of CA certificates to trust instead of the system's.
    :param thumbprints: accept exactly these certificates, see ``check_thumbprint``.
    :raises ConnectionFailed: if ``ca_path`` cannot be read or has no certificate.
    """
    context = _spare.pop() if _spare else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if thumbprints or no_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if not thumbprints:
            _accept_old(context)
    elif ca_path is not None:
        _load(context, Path(os.path.expanduser(ca_path)))  # noqa: PTH111  (pathlib's fails for an unknown user)
    else:
        context.load_default_certs()
    return context


def preload() -> None:
    """Have OpenSSL loaded and ready, which takes it longer than a handshake, before workers are forked.

    The context that is made for that is the first one of each worker.
    """
    if not _spare:
        _spare.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def thumbprint_of(certificate: bytes | None) -> str:
    """Return the SHA-256 thumbprint of a DER certificate as 64 lower-case hex digits."""
    return hashlib.sha256(certificate or b"").hexdigest()


def normal_thumbprint(text: str) -> str:
    """Return a thumbprint as it is compared: lower-case hex digits without colons."""
    return "".join(text.split()).replace(":", "").lower()


def check_thumbprint(channel: ssl.SSLSocket, thumbprints: Sequence[str], server: str) -> None:
    """Refuse a server whose certificate has none of the expected thumbprints.

    :param thumbprints: SHA-256 digests, or the SHA-1 digests that a vCenter reports of its hosts.
    :raises ConnectionFailed: with the actual thumbprint.
    """
    certificate = channel.getpeercert(binary_form=True) or b""
    actual = thumbprint_of(certificate)
    sha1 = hashlib.sha1(certificate, usedforsecurity=False).hexdigest()
    if actual not in thumbprints and sha1 not in thumbprints:
        from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import other_certificate

        raise other_certificate(server, actual)


def _load(context: ssl.SSLContext, path: Path) -> None:
    try:
        if path.is_dir():
            context.load_verify_locations(capath=path)
        else:
            context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise ConnectionFailed(f"The file {path} (ca_path) has no certificate in PEM format.") from None
    except OSError as error:
        raise ConnectionFailed(f"The file {path} (ca_path) cannot be read: {error.strerror}.") from None


def _accept_old(context: ssl.SSLContext) -> None:
    """Accept old protocols; without verification, they cannot weaken the connection any further."""
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
