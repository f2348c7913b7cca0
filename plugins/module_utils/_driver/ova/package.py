# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVF package that is open for reading, wherever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

# The longest descriptor, manifest or certificate that is read into memory.
LONGEST_TEXT = 4 << 20


class Readable(Protocol):
    """Anything that can be read like a file."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, at most so many; none at the end."""


@dataclass(frozen=True)
class Member:
    """A file of an open package; ``size`` is None where only the descriptor can say it."""

    name: str
    size: int | None
    content: Readable


@dataclass(frozen=True)
class Glance:
    """A look at a file of a package without reading all of it: its size, and its first bytes."""

    size: int
    head: bytes


HEAD = 512


@dataclass(frozen=True)
class OpenPackage:
    """A package that is being read.

    ``manifest`` and ``certificate`` are the texts beside the descriptor, None where they are missing. In a stream they
    may also come after the other files, as ``is_stream`` says. ``members`` gives those files, of an OVA all of them.
    ``look`` looks at a file by its reference, and returns None for one that is missing; it is None itself where a look
    would cost a download.
    """

    descriptor_name: str
    descriptor: bytes
    manifest: bytes | None
    certificate: bytes | None
    members: Callable[[Sequence[str]], Iterator[Member]]
    is_stream: bool = False
    look: Callable[[str], Glance | None] | None = None

    @property
    def stem(self) -> str:
        """The descriptor's name without its ending, which the manifest and the certificate share."""
        return self.descriptor_name[: -len(".ovf")]


def spellings(reference: str) -> tuple[str, str]:
    """The names that a file can have to which a descriptor refers: as it is written, and without escapes of URIs."""
    return reference.removeprefix("./"), unquote(reference).removeprefix("./")


def beside(descriptor: str, ending: str, names: Iterable[str]) -> str | None:
    """The name of the manifest or certificate of a descriptor; its case does not matter, as on Windows."""
    wanted = descriptor[: -len(".ovf")] + ending
    found = [name for name in names if name.lower() == wanted.lower()]
    return wanted if wanted in found else next(iter(found), None)


def read_small(file: Readable, name: str) -> bytes:
    """Return all of a file that has to be small.

    :raises ParseError: if it is not.
    """
    content = b""
    while True:
        block = file.read(LONGEST_TEXT + 1 - len(content))
        content += block
        if len(content) > LONGEST_TEXT:
            raise ParseError(f"'{name}' is longer than {LONGEST_TEXT >> 20} MiB.", where="source")
        if not block:
            return content
