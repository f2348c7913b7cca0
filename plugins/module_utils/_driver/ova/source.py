# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVF package wherever it is: an OVA, or a descriptor with its files, on this machine or on a web server.

A package is opened, gives its descriptor, and then its files, each as a stream.
"""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, cast
from urllib.parse import urljoin

from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import check_source, exists, is_directory
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.archive import stored_archive, streamed_archive
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.package import (
    HEAD,
    Glance,
    Member,
    OpenPackage,
    beside,
    read_small,
    spellings,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.web import (
    check_url,
    is_url,
    open_url,
    url_name,
    without_query,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import quoted


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


def source_name(source: str) -> str:
    """The name of a package for messages and results; the query of a URL, which may hold a token, is not in it."""
    if is_url(source):
        return url_name(source) or without_query(source)
    return pathlib.Path(source).name or source


def _descriptor_path(path: pathlib.Path) -> pathlib.Path:
    """The path itself, of a directory that of the one descriptor in it."""
    if not is_directory(path):
        return path
    found = [path / name for name in _names_in(path) if name.lower().endswith(".ovf")]
    if len(found) != 1:
        names = quoted(one.name for one in found)
        raise ParseError(f"the directory '{path}' needs exactly one .ovf file; it has {names}.", where="source")
    return found[0]


def _names_in(directory: pathlib.Path) -> list[str]:
    """The names in a directory, sorted."""
    try:
        return sorted(one.name for one in directory.iterdir())
    except OSError as error:
        raise NotFound(f"The directory '{directory}' cannot be read: {error.strerror}.") from None


@contextlib.contextmanager
def _local_archive(path: pathlib.Path) -> Iterator[OpenPackage]:
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(_open_local(path))
        yield stack.enter_context(stored_archive(file, str(path)))


@contextlib.contextmanager
def _web_archive(url: str, timeout: float) -> Iterator[OpenPackage]:
    with open_url(url, timeout) as file, streamed_archive(cast(BinaryIO, file), without_query(url)) as package:
        yield package


@contextlib.contextmanager
def _local_files(path: pathlib.Path) -> Iterator[OpenPackage]:
    def text(ending: str) -> bytes | None:
        name = beside(path.name, ending, _names_in(path.parent))
        if name is None:
            return None
        with _open_local(path.parent / name) as file:
            return read_small(file, name)

    def found(reference: str) -> pathlib.Path:
        plain, unquoted = (path.parent / name for name in spellings(reference))
        return plain if exists(plain) else unquoted

    def members(names: Sequence[str]) -> Iterator[Member]:
        for name in names:
            file = found(name)
            with _open_local(file) as opened:
                yield Member(name, file.stat().st_size, _LocalContent(opened))

    def look(reference: str) -> Glance | None:
        file = found(reference)
        if not exists(file):
            return None
        with _open_local(file) as opened:
            return Glance(file.stat().st_size, _LocalContent(opened).read(HEAD))

    with _open_local(path) as file:
        descriptor = read_small(file, path.name)
    yield OpenPackage(path.name, descriptor, text(".mf"), text(".cert"), members, look=look)


class _LocalContent:
    """The content of a file here; an error of reading it is none of the connection that it is sent over."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Return the next bytes."""
        try:
            return self._file.read(size)
        except OSError as error:
            raise NotFound(f"The file '{self._file.name}' cannot be read: {error.strerror}.") from None


@contextlib.contextmanager
def _web_files(url: str, timeout: float) -> Iterator[OpenPackage]:
    name = url_name(url)

    def text(file_name: str) -> bytes | None:
        try:
            with open_url(_beside(url, file_name), timeout) as file:
                return read_small(file, file_name)
        except NotFound:
            return None

    def members(names: Sequence[str]) -> Iterator[Member]:
        for file_name in names:
            with open_url(_beside(url, file_name), timeout) as file:
                yield Member(file_name, file.size, file)

    with open_url(url, timeout) as file:
        descriptor = read_small(file, name)
    stem = name[: -len(".ovf")]
    yield OpenPackage(name, descriptor, text(f"{stem}.mf"), text(f"{stem}.cert"), members)


def _beside(url: str, name: str) -> str:
    """The URL of a file beside another; a query, such as a token, is kept."""
    query = url.partition("?")[2].partition("#")[0]
    return urljoin(without_query(url), name) + (f"?{query}" if query else "")


@contextlib.contextmanager
def _open_local(path: pathlib.Path) -> Iterator[BinaryIO]:
    check_source(str(path), "source")
    try:
        if path.exists() and not path.is_file():  # a pipe, for example, would be waited for
            raise NotFound(f"'{path}' is not a file.")
        file = path.open("rb")
    except OSError as error:
        raise NotFound(f"The file '{path}' cannot be read: {error.strerror}.") from None
    with file:
        yield file
