# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checking the files of a package against its manifest, and the manifest against its signature.

A file's checksum is known when its last byte has been sent, and compared before the import is completed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.ova.package import Member, OpenPackage
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.signature import check_signature
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._ovf.manifest import (
    Digest,
    plain_name,
    read_manifest,
    read_signature,
)

_ALGORITHMS = ("sha1", "sha256", "sha512")


class Hashed:
    """A file of a package whose checksums are computed while it is read.

    :param size: how long it has to be.
    :param algorithms: the checksums to compute, as hashlib calls them.
    :param head: what was read of it before.
    """

    def __init__(self, member: Member, size: int, algorithms: Sequence[str], head: bytes = b"") -> None:
        self.size = size
        self._member = member
        self._left = size
        self._digests: dict[str, Any] = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
        self._head = head

    def read(self, size: int) -> bytes:
        """Return the next bytes.

        :raises ParseError: if the file ends too early.
        """
        block, self._head = self._head[:size], self._head[size:]
        block = block or self._member.content.read(size)
        if not block and self._left > 0:
            raise ParseError(f"the package's file '{self._member.name}' is truncated.", where="source")
        for digest in self._digests.values():
            digest.update(block)
        self._left -= len(block)
        return block

    def check_end(self) -> None:
        """Check that the file has no more than ``size`` bytes, all of which were read.

        :raises ParseError: if it has, as where neither an archive nor a web server says its size.
        """
        if self._member.content.read(1):
            name, size = self._member.name, self.size
            raise ParseError(f"the package's file '{name}' has more than the {size} bytes of ovf:size.", where="source")

    def digits(self, algorithm: str) -> str:
        """The checksum of all that was read."""
        return str(self._digests[algorithm].hexdigest())


class Verifier:
    """Knows a package's manifest as soon as it has been read, and the checksums of the files so far."""

    def __init__(self, package: OpenPackage, signer: str | None) -> None:
        self._package = package
        self._signer = signer
        self._manifest: dict[str, Digest] | None = None
        self._files: dict[str, Hashed] = {}
        self.name = f"{package.stem}.mf"
        self.is_signed = False
        self._text: bytes | None = None
        if package.manifest is not None:
            self.take_manifest(package.manifest)
        if package.certificate is not None:
            self._check_signature(package.certificate)
        elif not package.is_stream:
            self._check_is_signed()

    def algorithms(self, name: str) -> Sequence[str]:
        """The checksums that have to be computed of a file: all, where the manifest may come only later."""
        if self._manifest is None:
            return _ALGORITHMS if self._package.is_stream else ()
        wanted = self._manifest.get(plain_name(name))
        return () if wanted is None else (wanted.algorithm,)

    def take_manifest(self, text: bytes) -> None:
        """Take the manifest, and check the descriptor by it.

        :raises Refused: if the descriptor has another checksum.
        """
        self._text = text
        self._manifest = read_manifest(text.decode("utf-8", "replace"), self.name)
        name, descriptor = self._package.descriptor_name, self._package.descriptor
        wanted = self._manifest.get(plain_name(name))
        found = None if wanted is None else hashlib.new(wanted.algorithm, descriptor, usedforsecurity=False).hexdigest()
        self._compare(name, wanted, found)

    def take_late(self, name: str, content: bytes) -> None:
        """Take a manifest or a certificate that comes after the files."""
        if name == self.name:
            self.take_manifest(content)
        else:
            self._check_signature(content)

    def take_file(self, name: str, file: Hashed) -> None:
        """Take a file that was read to its end; it is checked at once if the manifest is known."""
        self._files[name] = file
        if self._manifest is not None:
            self._check(name, file)

    def finish(self) -> None:
        """Check the files that came before the manifest.

        :raises Refused: if one has another checksum, or the manifest leaves it out; and if there is no signature, but
            the user says who has to have signed the package.
        """
        self._check_is_signed()
        if self._manifest is not None:
            for name, file in self._files.items():
                self._check(name, file)

    def _check_is_signed(self) -> None:
        if self._signer is not None and not self.is_signed:
            raise Refused(f"The package is not signed: it has no certificate '{self._package.stem}.cert'.")

    def _check(self, name: str, file: Hashed) -> None:
        wanted = (self._manifest or {}).get(plain_name(name))
        self._compare(name, wanted, None if wanted is None else file.digits(wanted.algorithm))

    def _compare(self, name: str, wanted: Digest | None, found: str | None) -> None:
        if wanted is None:
            raise Refused(
                f"The manifest '{self.name}' does not list the package's file '{name}', so that it cannot be checked.",
                hint="With 'verify: false' the package is imported unchecked.",
            )
        if found != wanted.digits:
            raise Refused(
                f"The package's file '{name}' is damaged or was changed: its checksum is {wanted.algorithm}:{found}, "
                f"but {wanted.digits} according to the manifest '{self.name}'."
            )

    def _check_signature(self, certificate: bytes) -> None:
        name = f"{self._package.stem}.cert"
        signature = read_signature(certificate.decode("utf-8", "replace"), name)
        if self._text is None:
            raise Refused(f"The package has a certificate '{name}', but no manifest that it signs.")
        check_signature(signature, self._text, name, self._signer)
        self.is_signed = True
