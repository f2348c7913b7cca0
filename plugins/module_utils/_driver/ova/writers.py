# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing packages: an OVA, or a directory of files. Each has a temporary name until it is complete.

The descriptor and the manifest are the first files of an OVA, but they are known last: they tell the sizes and
checksums of the others. Room is left for them, so that the disks go into the archive as they arrive, and are stored
only once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Union

from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import written
from ansible_collections.virt.esx.plugins.module_utils._driver.local_parts import own_directory, own_file
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._images.formats import VMDK_MAGIC
from ansible_collections.virt.esx.plugins.module_utils._ovf.manifest import Digest, write_manifest

ALGORITHM = "sha256"
_BLOCK = 512
# The bytes by which the final descriptor may be longer than the draft, in which the sizes are not known yet: in all,
# and for the two sizes of each file.
_SLACK, _SLACK_OF_FILE = 4096, 128


class Part:
    """A file of a package while it is downloaded: a seekable file from its own beginning on, with its checksum.

    ``head`` are its first bytes, by which a disk is recognised.
    """

    def __init__(self, name: str, file: BinaryIO) -> None:
        self.name = name
        self._file = file
        self._start = file.tell()
        self._digest = hashlib.new(ALGORITHM)
        self.size = 0
        self.head = b""

    def seek(self, offset: int) -> int:
        """Go back to the beginning, when a download starts again; nothing else is needed."""
        with written(self.name):
            self._file.seek(self._start + offset)
            if offset == 0:
                self.size, self.head, self._digest = 0, b"", hashlib.new(ALGORITHM)
        return offset

    def truncate(self) -> int:
        """Drop what follows."""
        with written(self.name):
            self._file.truncate(self._start + self.size)
        return self.size

    def write(self, block: Any) -> int:
        """Take the next bytes."""
        with written(self.name):
            self._file.write(block)
        self._digest.update(block)
        self.head += bytes(block[: max(0, len(VMDK_MAGIC) - self.size)])
        self.size += len(block)
        return len(block)

    @property
    def digest(self) -> Digest:
        """The checksum of all that was written."""
        return Digest(ALGORITHM, self._digest.hexdigest())


@dataclass
class ArchiveWriter:
    """An OVA that is being written.

    :param directory: where it will be.
    :param names: the files that will follow the descriptor and the manifest.
    :param expected: the length of the descriptor, as it is known so far.
    """

    directory: pathlib.Path
    file: BinaryIO
    stem: str
    names: Sequence[str]
    expected: int
    parts: list[Part] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._room = _padded(self.expected + _SLACK + len(self.names) * _SLACK_OF_FILE)
        placeholder = Digest(ALGORITHM, "0" * 64)
        self._manifest_room = len(_manifest(self.stem, placeholder, [(name, placeholder) for name in self.names]))
        self._position = 2 * _BLOCK + self._room + _padded(self._manifest_room)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[Part]:
        """The next file, for the time of a ``with`` block."""
        with written(name):
            self.file.seek(self._position + _BLOCK)
        part = Part(name, self.file)
        yield part
        with written(name):
            self.file.seek(self._position)
            self.file.write(_header(name, part.size))
            self._position += _BLOCK + _padded(part.size)
            self.file.truncate(self._position)
        self.parts.append(part)

    def finish(self, descriptor: bytes) -> None:
        """Write the descriptor, which has blank lines at its end then, the manifest, and the end of the archive."""
        if len(descriptor) > self._room:
            raise EsxError(f"The descriptor became longer than expected ({len(descriptor)} bytes).")
        text = descriptor.ljust(self._room, b"\n")
        digest = Digest(ALGORITHM, hashlib.new(ALGORITHM, text).hexdigest())
        manifest = _manifest(self.stem, digest, [(part.name, part.digest) for part in self.parts])
        with written(self.stem):
            self.file.seek(0)
            self.file.write(_header(f"{self.stem}.ovf", len(text)) + text)
            self.file.write(_header(f"{self.stem}.mf", len(manifest)) + manifest)
            self.file.seek(self._position)
            self.file.write(bytes(2 * _BLOCK))
            self.file.flush()


@dataclass
class DirectoryWriter:
    """A package in a directory that is being written."""

    directory: pathlib.Path
    stem: str
    parts: list[Part] = field(default_factory=list)

    @contextlib.contextmanager
    def part(self, name: str) -> Iterator[Part]:
        """The next file, for the time of a ``with`` block."""
        with contextlib.ExitStack() as stack:
            with written(name):
                file = stack.enter_context((self.directory / name).open("w+b"))
            part = Part(name, file)
            yield part
        self.parts.append(part)

    def finish(self, descriptor: bytes) -> None:
        """Write the descriptor and the manifest."""
        digest = Digest(ALGORITHM, hashlib.new(ALGORITHM, descriptor).hexdigest())
        manifest = _manifest(self.stem, digest, [(part.name, part.digest) for part in self.parts])
        with written(self.stem):
            (self.directory / f"{self.stem}.ovf").write_bytes(descriptor)
            (self.directory / f"{self.stem}.mf").write_bytes(manifest)


Writer = Union[ArchiveWriter, DirectoryWriter]


@contextlib.contextmanager
def new_archive(dest: pathlib.Path, stem: str, names: Sequence[str], expected: int) -> Iterator[ArchiveWriter]:
    """Write an OVA in a ``with`` block; it gets its name at the end of the block, in place of another."""
    part = dest.with_name(f"{dest.name}.part")
    with own_file(part) as file, _removed_on_error(part):
        with written(str(part)):
            file.truncate(0)
        yield ArchiveWriter(dest.parent, file, stem, names, expected)
        with written(str(dest)):
            file.flush()
            part.replace(dest)


@contextlib.contextmanager
def new_directory(dest: pathlib.Path, stem: str) -> Iterator[DirectoryWriter]:
    """Write a package into a new directory in a ``with`` block; see ``new_archive``."""
    part = dest.with_name(f"{dest.name}.part")
    with own_directory(part), _removed_on_error(part):
        with written(str(part)):
            for left in part.iterdir():
                _remove(left)
        yield DirectoryWriter(part, stem)
        with written(str(dest)):
            _replace_directory(part, dest)


def replace_file(path: pathlib.Path, content: bytes) -> None:
    """Write a small file, complete or not at all."""
    part = path.with_name(f"{path.name}.part")
    with _removed_on_error(part), written(str(path)):
        part.write_bytes(content)
        part.replace(path)


def check_replaceable(dest: pathlib.Path) -> None:
    """Refuse to replace a directory that has more in it than a package.

    :raises Refused: if that is so.
    """
    endings = (".ovf", ".mf", ".cert", ".vmdk", ".vmx", ".xml", ".nvram", ".iso", ".flp", ".part")
    foreign = sorted(one.name for one in dest.iterdir() if one.is_dir() or one.suffix.lower() not in endings)
    if foreign:
        raise Refused(
            f"The directory '{dest}' is not replaced: it also has '{foreign[0]}', which does not belong to a package."
        )


def _replace_directory(part: pathlib.Path, dest: pathlib.Path) -> None:
    """The old one is moved away before the new one takes its place, and deleted then."""
    old = dest.with_name(f"{dest.name}.old.part")
    _remove(old)
    if dest.exists():
        dest.replace(old)
    part.replace(dest)
    _remove(old)


def _remove(path: pathlib.Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


@contextlib.contextmanager
def _removed_on_error(path: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            _remove(path)
        raise


def _manifest(stem: str, descriptor: Digest, files: Sequence[tuple[str, Digest]]) -> bytes:
    return write_manifest([(f"{stem}.ovf", descriptor), *files]).encode()


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK


def _header(name: str, size: int) -> bytes:
    """The header of a file in the archive; GNU's form holds sizes of 8 GiB and more in the same block."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o644
    header = entry.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape")
    if len(header) != _BLOCK:
        raise EsxError(f"The file name '{name}' is too long for an OVA; export to a shorter name.")
    return header
