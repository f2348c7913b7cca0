# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVF package wherever it is: an OVA, or a descriptor with its files, on this machine or on a web server.

A package is opened, gives its descriptor, and then its files, each as a stream. Those of an OVA come in the order of
the archive, which is read once from the beginning to the end, so that it can come from a web server without being
stored.
"""

from __future__ import annotations

import contextlib
import pathlib
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, cast
from urllib.parse import unquote, urljoin

from ansible_collections.virt.esx.plugins.module_utils._driver.ova.web import (
    check_url,
    is_url,
    open_url,
    url_name,
    without_query,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError

# The longest descriptor, manifest or certificate that is read into memory.
LONGEST_TEXT = 4 << 20

# The bytes of an archive that are read at once: few, so that its head comes soon from a slow web server.
_TAR_BLOCK = 64 << 10


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
class OpenPackage:
    """A package that is being read.

    ``manifest`` and ``certificate`` are the texts beside the descriptor, None where they are missing or may come after
    the other files. ``members`` gives those, of an OVA whatever is wanted.
    """

    descriptor_name: str
    descriptor: bytes
    manifest: bytes | None
    certificate: bytes | None
    members: Callable[[Sequence[str]], Iterator[Member]]

    @property
    def stem(self) -> str:
        """The descriptor's name without its ending, which the manifest and the certificate share."""
        return self.descriptor_name[: -len(".ovf")]


def open_package(source: str, timeout: float) -> AbstractContextManager[OpenPackage]:
    """Open a package for the time of a ``with`` block.

    :param source: path or URL of an OVA or of a descriptor (``.ovf``), or path of a directory with one descriptor.
    :param timeout: the seconds that a web server may be silent.
    :raises NotFound: if it does not exist.
    :raises ParseError: if it is not a package.
    """
    if is_url(source):
        check_url(source)
        web_descriptor = url_name(source).lower().endswith(".ovf")
        return _web_files(source, timeout) if web_descriptor else _web_archive(source, timeout)
    path = _descriptor_path(pathlib.Path(source))
    return _local_files(path) if path.suffix.lower() == ".ovf" else _local_archive(path)


def _descriptor_path(path: pathlib.Path) -> pathlib.Path:
    """The path itself, of a directory that of the one descriptor in it."""
    if not path.is_dir():
        return path
    found = sorted(one for one in path.iterdir() if one.suffix.lower() == ".ovf")
    if len(found) != 1:
        names = ", ".join(f"'{one.name}'" for one in found) or "none"
        raise ParseError(f"the directory '{path}' needs exactly one .ovf file; it has {names}.", where="source")
    return found[0]


@contextlib.contextmanager
def _local_archive(path: pathlib.Path) -> Iterator[OpenPackage]:
    with _open_local(path) as file, _archive(file, str(path)) as package:
        yield package


@contextlib.contextmanager
def _web_archive(url: str, timeout: float) -> Iterator[OpenPackage]:
    with open_url(url, timeout) as file, _archive(cast(BinaryIO, file), without_query(url)) as package:
        yield package


@contextlib.contextmanager
def _local_files(path: pathlib.Path) -> Iterator[OpenPackage]:
    def text(name: str) -> bytes | None:
        file = path.with_name(name)
        return file.read_bytes() if file.is_file() and file.stat().st_size <= LONGEST_TEXT else None

    def members(names: Sequence[str]) -> Iterator[Member]:
        for name in names:
            file = path.with_name(name)
            file = file if file.exists() else path.with_name(unquote(name))
            with _open_local(file) as opened:
                yield Member(name, file.stat().st_size, opened)

    with _open_local(path) as file:
        descriptor = _small(file, path.name)
    yield OpenPackage(path.name, descriptor, text(f"{path.stem}.mf"), text(f"{path.stem}.cert"), members)


@contextlib.contextmanager
def _web_files(url: str, timeout: float) -> Iterator[OpenPackage]:
    name = url_name(url)

    def text(file_name: str) -> bytes | None:
        try:
            with open_url(_beside(url, file_name), timeout) as file:
                return _small(file, file_name)
        except NotFound:
            return None

    def members(names: Sequence[str]) -> Iterator[Member]:
        for file_name in names:
            with open_url(_beside(url, file_name), timeout) as file:
                yield Member(file_name, file.size, file)

    with open_url(url, timeout) as file:
        descriptor = _small(file, name)
    stem = name[: -len(".ovf")]
    yield OpenPackage(name, descriptor, text(f"{stem}.mf"), text(f"{stem}.cert"), members)


def _beside(url: str, name: str) -> str:
    """The URL of a file beside another; a query, such as a token, is kept."""
    query = url.partition("?")[2].partition("#")[0]
    return urljoin(without_query(url), name) + (f"?{query}" if query else "")


@contextlib.contextmanager
def _archive(file: BinaryIO, source: str) -> Iterator[OpenPackage]:
    """A tar archive, read as a stream: the descriptor is its first file (DSP0243, section 5.4)."""
    with _tar_errors(source), tarfile.open(fileobj=file, mode="r|", bufsize=_TAR_BLOCK) as archive:
        entries = _Entries(archive, source)
        first = entries.next()
        if first is None or not first.name.lower().endswith(".ovf"):
            name = "empty" if first is None else f"'{first.name}' instead"
            raise ParseError(f"the first file of an OVA is its descriptor (.ovf), that of '{source}' is {name}.")
        descriptor = entries.text(first)
        stem, texts = first.name[: -len(".ovf")], {}
        for ending in (".mf", ".cert"):
            following = entries.peek()
            if following is not None and following.name == stem + ending:
                texts[ending] = entries.text(entries.next())
        yield OpenPackage(first.name, descriptor, texts.get(".mf"), texts.get(".cert"), entries.members)


class _Entries:
    """The files of an archive, one after another."""

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
        if entry is not None and (not entry.isreg() or entry.issparse()):
            raise ParseError(f"'{entry.name}' in '{self._source}' is not a plain file.", where="source")
        if entry is not None and entry.name.startswith("./"):
            entry.name = entry.name[2:]
        return entry

    def peek(self) -> tarfile.TarInfo | None:
        """The next file, which stays the next one."""
        if not self._peeked:
            self._peeked.append(self.next())
        return self._peeked[0]

    def text(self, entry: tarfile.TarInfo | None) -> bytes:
        """The content of a small file."""
        content = None if entry is None else self._archive.extractfile(entry)
        return _small(content, entry.name) if content is not None and entry is not None else b""

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


def _small(file: Readable, name: str) -> bytes:
    """All of a file that has to be small."""
    content = b""
    while True:
        block = file.read(LONGEST_TEXT + 1 - len(content))
        content += block
        if len(content) > LONGEST_TEXT:
            raise ParseError(f"'{name}' is longer than {LONGEST_TEXT >> 20} MiB.", where="source")
        if not block:
            return content


@contextlib.contextmanager
def _open_local(path: pathlib.Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise NotFound(f"The file '{path}' cannot be read: {error.strerror}.") from None
    with file:
        yield file


@contextlib.contextmanager
def _tar_errors(source: str) -> Iterator[None]:
    try:
        yield
    except tarfile.TarError as error:
        raise ParseError(
            f"'{source}' is not an OVA (a tar archive), or is truncated: {error}.", where="source"
        ) from None
    except OSError as error:
        raise EsxError(f"'{source}' cannot be read: {error.strerror or error}.") from None
