# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Manifests of OVF packages: lines ``SHA256(web.vmdk)= 9f86d0...``; in a certificate file the same with a signature."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

_LINE = re.compile(r"(SHA-?1|SHA-?256|SHA-?512)\s*\((.+)\)\s*=\s*([0-9A-Fa-f]+)", re.IGNORECASE)
_DIGITS = {"sha1": 40, "sha256": 64, "sha512": 128}
_CERTIFICATE = "-----BEGIN CERTIFICATE-----"


@dataclass(frozen=True)
class Digest:
    """A file's checksum: ``algorithm`` as hashlib calls it, and lower-case hex digits."""

    algorithm: str
    digits: str


def plain_name(name: str) -> str:
    """Return the name of a file by which it is found, whoever wrote it: as a URI reference, or with ``./``."""
    return unquote(name).removeprefix("./")


def read_manifest(text: str, name: str) -> dict[str, Digest]:
    """Return the checksums of a manifest by the plain names of the files.

    :param name: the manifest's own name, for messages.
    :raises ParseError: for a line that is not a checksum.
    """
    found: dict[str, Digest] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        algorithm = match[1].lower().replace("-", "") if match else ""
        if not match or len(match[3]) != _DIGITS[algorithm]:
            raise ParseError(
                f"'{line.strip()[:80]}' is not a checksum such as 'SHA256(disk.vmdk)= <64 digits>'.",
                where=name,
                line=number,
            )
        found[plain_name(match[2])] = Digest(algorithm, match[3].lower())
    return found


def write_manifest(digests: Iterable[tuple[str, Digest]]) -> str:
    """Return the manifest of some files, as ovftool writes it."""
    return "".join(f"{digest.algorithm.upper()}({name})= {digest.digits}\n" for name, digest in digests)


@dataclass(frozen=True)
class Signature:
    """The content of a certificate file: the manifest's name, the algorithm, the signature, and the signer in PEM."""

    manifest: str
    algorithm: str
    value: bytes
    certificates: str


def read_signature(text: str, name: str) -> Signature:
    """Return the signature of a certificate file.

    :raises ParseError: if it has no signature, or no certificate.
    """
    head, mark, rest = text.partition(_CERTIFICATE)
    match = _LINE.fullmatch(head.strip().splitlines()[0].strip()) if head.strip() else None
    if match is None or not mark:
        raise ParseError("it does not begin with a signature, followed by a certificate.", where=name)
    if len(match[3]) % 2:
        raise ParseError("its signature is incomplete.", where=name, line=1)
    return Signature(match[2], match[1].lower().replace("-", ""), bytes.fromhex(match[3]), mark + rest)
