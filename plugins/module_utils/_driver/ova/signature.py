# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signature of a package's manifest. The only file of the collection that imports cryptography."""

from __future__ import annotations

import pathlib
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import MissingLibrary, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._ovf.manifest import Signature

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
except ImportError as error:
    MISSING: str | None = str(error)
else:
    MISSING = None


def check_signature(signature: Signature, manifest: bytes, name: str, signer: str | None) -> None:
    """Check that a manifest was signed with the certificate beside it, and that this is one of the signer's.

    :param name: the name of the certificate file, for messages.
    :param signer: path of certificates in PEM, one of which has to be the package's; None for any.
    :raises Refused: if the manifest was changed, or another certificate has signed it.
    :raises MissingLibrary: if cryptography is not installed.
    """
    if MISSING is not None:
        raise MissingLibrary("cryptography", MISSING)
    certificate = _certificates(signature.certificates.encode(), name)[0]
    if signer is not None and certificate not in _certificates(_content(signer), signer):
        subject = certificate.subject.rfc4514_string()
        raise Refused(f"The package is signed by '{subject}', whose certificate is not in '{signer}'.")
    key = certificate.public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise Refused(f"The certificate '{name}' has no RSA key, so that its signature cannot be checked.")
    algorithms: dict[str, Any] = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha512": hashes.SHA512}
    try:
        key.verify(signature.value, manifest, padding.PKCS1v15(), algorithms[signature.algorithm]())
    except InvalidSignature:
        raise Refused(f"The manifest '{signature.manifest}' was changed: its signature in '{name}' is wrong.") from None


def _certificates(content: bytes, name: str) -> list[x509.Certificate]:
    try:
        return list(x509.load_pem_x509_certificates(content))
    except ValueError:
        raise ParseError("it has no certificate in PEM that can be read.", where=name) from None


def _content(path: str) -> bytes:
    try:
        return pathlib.Path(path).read_bytes()
    except OSError as error:
        raise NotFound(f"The file '{path}' cannot be read: {error.strerror}.") from None
