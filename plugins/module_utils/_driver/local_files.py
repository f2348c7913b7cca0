# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files on the machine where a module runs: their checksums, and how checksums are written in options."""

from __future__ import annotations

import contextlib
import hashlib
import io
import pathlib
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.channel import PIECE

# Number of digits -> algorithm.
_ALGORITHMS = {64: "sha256", 128: "sha512", 40: "sha1", 32: "md5"}
_CHECKSUM = re.compile(r"(?:([a-z0-9]+):)?([0-9a-f]+)")


@dataclass(frozen=True)
class Checksum:
    """A checksum; as text, ``sha256:9f86d0...``."""

    algorithm: str
    digits: str

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digits}"


def parse_checksum(text: str, where: str = "checksum") -> Checksum:
    """Read ``sha256:<digits>``; without an algorithm, the number of digits decides.

    :param where: the option that it comes from, for the message.
    :raises ParseError: for anything else.
    """
    found = _CHECKSUM.fullmatch(text.strip().lower())
    if found:
        by_length = _ALGORITHMS.get(len(found[2]))
        if by_length is not None and found[1] in (None, by_length):
            return Checksum(by_length, found[2])
    raise ParseError(
        f"'{text}' is not a checksum; expected sha256:<64 digits>, or one of sha512, sha1, md5.", where=where
    )


def check_source(path: str, where: str) -> None:
    """Refuse files without end and size: a terminal, a FIFO, ``/dev/zero``. The reader of a missing file says so.

    :param where: the option that names the file.
    :raises ParseError: if it is such a thing.
    """
    mode = _mode(path)
    if mode is not None and not (stat.S_ISREG(mode) or stat.S_ISBLK(mode) or stat.S_ISDIR(mode)):
        raise ParseError(f"'{path}' is not a regular file.", where=where)


def check_dest(path: pathlib.Path, where: str = "dest") -> None:
    """Refuse to replace anything but a file, as a device would be gone afterwards, and to write where no directory is.

    :raises ParseError: if there is such a thing.
    :raises Refused: if the directory does not exist.
    :raises EsxError: if the directory may not be looked at.
    """
    with written(str(path)):
        if not path.parent.is_dir():
            raise Refused(f"The directory of '{path}' does not exist.")
    mode = _mode(str(path))
    if mode is not None and not stat.S_ISREG(mode):
        raise ParseError(f"'{path}' exists and is not a regular file; it is not replaced.", where=where)


@contextlib.contextmanager
def written(name: str) -> Iterator[None]:
    """Name the file in an error of writing it, which is none of the connection.

    :param name: its path, for an error that names none itself.
    :raises EsxError: in place of an OSError of the ``with`` block.
    """
    try:
        yield
    except OSError as error:
        raise EsxError(f"'{error.filename or name}' cannot be written: {error.strerror or error}.") from None


def exists(path: pathlib.Path) -> bool:
    """Whether there is something; not if that cannot be looked at, of which whoever opens it says why."""
    return _mode(str(path)) is not None


def is_directory(path: pathlib.Path) -> bool:
    """Whether there is a directory; see ``exists``."""
    return stat.S_ISDIR(_mode(str(path)) or 0)


def _mode(path: str) -> int | None:
    try:
        return pathlib.Path(path).stat().st_mode
    except OSError:
        return None


def file_size(path: str) -> int:
    """Return the size of a file in bytes.

    :raises NotFound: if it cannot be read.
    :raises ParseError: if it is a directory, or has no end.
    """
    file = pathlib.Path(path)
    if is_directory(file):
        raise ParseError(f"'{path}' is a directory, not a file.", where="source")
    check_source(path, "source")
    try:
        with file.open("rb") as opened:
            return opened.seek(0, io.SEEK_END)  # also of a block device, whose stat says 0
    except OSError as error:
        raise NotFound(f"The file '{path}' cannot be read: {error.strerror}.") from None


def checksum_of(path: str, algorithm: str = "sha256") -> Checksum:
    """Return the checksum of a file, reading all of it."""
    digest = hashlib.new(algorithm)
    for block in file_blocks(path):
        digest.update(block)
    return Checksum(algorithm, digest.hexdigest())


def verify(path: str, wanted: Checksum | None, name: str | None = None) -> None:
    """Check that a file has a checksum; None accepts any.

    :param name: what the user knows the file as; by default, its path.
    :raises ParseError: if it has a different one.
    """
    if wanted is None:
        return
    found = checksum_of(path, wanted.algorithm)
    if found != wanted:
        raise ParseError(f"The file '{name or path}' has the checksum {found}, not {wanted}.", where="checksum")


def file_blocks(path: str, digest: Callable[[bytes], Any] | None = None) -> Iterator[bytes]:
    """Yield a file's content block by block.

    :param digest: also called with each block.
    """
    try:
        with pathlib.Path(path).open("rb") as file:
            while True:
                block = file.read(PIECE)
                if not block:
                    return
                if digest is not None:
                    digest(block)
                yield block
    except OSError as error:
        raise EsxError(f"The file '{path}' cannot be read: {error.strerror}.") from None
