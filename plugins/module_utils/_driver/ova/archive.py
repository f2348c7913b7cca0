# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVA files, which are tar archives: stored ones, in which any file can be reached, and streams.

A stream is read once from the beginning to the end, so that a package can come from a web server without being stored.
"""

from __future__ import annotations

import contextlib
import tarfile
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from ansible_collections.virt.esx.plugins.module_utils._driver.ova.package import (
    HEAD,
    Glance,
    Member,
    OpenPackage,
    beside,
    read_small,
    spellings,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError

# The bytes of a stream that are read at once: few, so that its head comes soon from a slow web server.
_TAR_BLOCK = 64 << 10
_REPACK = "Pack it again: tar --format=ustar -cf new.ova NAME.ovf NAME.mf NAME-disk1.vmdk"


@contextlib.contextmanager
def stored_archive(file: BinaryIO, source: str) -> Iterator[OpenPackage]:
    """Open an archive that can be read at any place; its files may be in any order.

    :param source: its name for messages.
    :raises ParseError: if it is not an OVA, or is truncated.
    """
    with contextlib.ExitStack() as stack:
        with _tar_errors(source):
            archive = stack.enter_context(tarfile.open(fileobj=file, mode="r:"))
            entries = _index(archive, source)
            descriptor = next((name for name in entries if name.lower().endswith(".ovf")), None)
            if descriptor is None:
                raise ParseError(f"'{source}' has no descriptor (.ovf) in it.", where="source")
            own = {ending: beside(descriptor, ending, entries) for ending in (".mf", ".cert")}
            texts = {
                name: read_small(_content(archive, entries[name]), name)
                for name in (descriptor, *own.values())
                if name is not None
            }

        def members(names: Sequence[str]) -> Iterator[Member]:
            for name in _in_order(names, [name for name in entries if name not in texts]):
                yield Member(name, entries[name].size, _TarContent(_content(archive, entries[name]), source))

        def look(reference: str) -> Glance | None:
            name = next((one for one in spellings(reference) if one in entries), None)
            if name is None:
                return None
            return Glance(entries[name].size, _TarContent(_content(archive, entries[name]), source).read(HEAD))

        manifest, certificate = (texts.get(own[ending] or "") for ending in (".mf", ".cert"))
        yield OpenPackage(descriptor, texts[descriptor], manifest, certificate, members, look=look)


def _index(archive: tarfile.TarFile, source: str) -> dict[str, tarfile.TarInfo]:
    """The files of an archive by their names."""
    entries: dict[str, tarfile.TarInfo] = {}
    for entry in archive:
        if entry.isdir():
            continue
        name = _plain_name(entry, source)
        if name in entries:
            raise ParseError(f"'{source}' has two files '{name}'.", where="source")
        entries[name] = entry
    return entries


def _in_order(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names of files: those that are wanted, in that order, and then the others."""
    first = [found for one in wanted for found in spellings(one) if found in names]
    return list(dict.fromkeys([*first, *names]))


@contextlib.contextmanager
def streamed_archive(file: BinaryIO, source: str) -> Iterator[OpenPackage]:
    """Open an archive that is read as a stream; the descriptor is its first file (DSP0243, section 5.4).

    :param source: its name for messages.
    :raises ParseError: if it is not an OVA, or begins with another file.
    """
    with contextlib.ExitStack() as stack:
        with _tar_errors(source):
            archive = stack.enter_context(tarfile.open(fileobj=file, mode="r|", bufsize=_TAR_BLOCK))
            entries = _Entries(archive, source)
            first = entries.next()
            if first is None or not first.name.lower().endswith(".ovf"):
                name = "empty" if first is None else f"'{first.name}' instead"
                raise ParseError(
                    f"the first file in an OVA must be its descriptor (.ovf); in '{source}' it is {name}.", hint=_REPACK
                )
            descriptor = entries.text(first)
            stem, texts = first.name[: -len(".ovf")], {}
            for ending in (".mf", ".cert"):
                following = entries.peek()
                if following is not None and following.name.lower() == (stem + ending).lower():
                    texts[ending] = entries.text(entries.next())
        yield OpenPackage(first.name, descriptor, texts.get(".mf"), texts.get(".cert"), entries.members, True)


def _plain_name(entry: tarfile.TarInfo, source: str) -> str:
    """The name of a file in an archive.

    :raises ParseError: for anything but a plain file, such as a link.
    """
    if not entry.isreg() or entry.issparse():
        raise ParseError(f"'{entry.name}' in '{source}' is not a plain file.", where="source")
    return entry.name[2:] if entry.name.startswith("./") else entry.name


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> Any:
    content = archive.extractfile(entry)
    if content is None:  # of anything but a plain file
        raise ParseError(f"'{entry.name}' has no content.", where="source")
    return content


class _Entries:
    """The files of a stream, one after another."""

    def __init__(self, archive: tarfile.TarFile, source: str) -> None:
        self._archive = archive
        self._source = source
        self._peeked: list[tarfile.TarInfo | None] = []

    def next(self) -> tarfile.TarInfo | None:
        """The next file, None at the end; directories are passed over."""
        if self._peeked:
            return self._peeked.pop()
        while True:
            entry = self._archive.next()
            self._archive.members = []  # type: ignore[attr-defined]  # it would keep all of them
            if entry is None or not entry.isdir():
                break
        if entry is not None:
            entry.name = _plain_name(entry, self._source)
        return entry

    def peek(self) -> tarfile.TarInfo | None:
        """The next file, which stays the next one."""
        if not self._peeked:
            self._peeked.append(self.next())
        return self._peeked[0]

    def text(self, entry: tarfile.TarInfo | None) -> bytes:
        """The content of a small file."""
        content = None if entry is None else self._archive.extractfile(entry)
        return read_small(content, entry.name) if content is not None and entry is not None else b""

    def members(self, _names: Sequence[str]) -> Iterator[Member]:
        """All files that follow."""
        while True:
            with _tar_errors(self._source):
                entry = self.next()
                content = None if entry is None else self._archive.extractfile(entry)
            if entry is None or content is None:
                return
            yield Member(entry.name, entry.size, _TarContent(content, self._source))


class _TarContent:
    """The content of a file in an archive, whose errors are the collection's."""

    def __init__(self, content: Any, source: str) -> None:
        self._content = content
        self._source = source

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        with _tar_errors(self._source):
            block: bytes = self._content.read(size)
            return block


@contextlib.contextmanager
def _tar_errors(source: str) -> Iterator[None]:
    """Explain the errors of tarfile in a block that does nothing but read an archive."""
    try:
        yield
    except (tarfile.TarError, OverflowError, ValueError) as error:  # the last two for sizes that no file has
        raise ParseError(
            f"'{source}' is not an OVA (a tar archive), or is truncated: {error}.", where="source"
        ) from None
    except OSError as error:
        raise EsxError(f"'{source}' cannot be read: {error.strerror or error}.") from None
