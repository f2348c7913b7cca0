# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small ISO 9660 images with a few files in their root, such as cloud-init's seed images (its data source NoCloud).

Written here and not by a library or program: an image of a few files needs only these structures, and the same files
have to give the same bytes, so that an image that is there already is recognised. Names are kept by the Joliet
extension; the plain names beside them are numbered.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

SECTOR = 2048
# Descriptors are in sectors 16 to 18, then two path tables for each tree, then its directory, then the files.
_PRIMARY, _JOLIET = 16, 17
_TABLES = {_PRIMARY: 19, _JOLIET: 21}
_DIRECTORIES = {_PRIMARY: 23, _JOLIET: 24}
_FIRST_FILE = 25
# 1 January 2000, in the two forms of ISO 9660: the same in every image.
_DATE = bytes([100, 1, 1, 0, 0, 0, 0])
_LONG_DATE = b"2000010100000000\x00"
_NO_DATE = b"0" * 16 + b"\x00"
_MOST = 30  # records that surely fit into the one sector of a directory


@dataclass(frozen=True)
class _File:
    """A file: its name, where it is, and its length."""

    name: str
    sector: int
    length: int


def write_iso(label: str, files: Mapping[str, bytes]) -> bytes:
    """Return an image with some files in its root directory.

    :param label: the volume's name, at most 16 characters of ASCII, as ``cidata``.
    :param files: the files' contents by name.
    """
    if len(files) > _MOST:
        raise ValueError(f"at most {_MOST} files fit into an image")
    placed, sector = [], _FIRST_FILE
    for name, content in sorted(files.items()):
        placed.append(_File(name, sector, len(content)))
        sector += -(-len(content) // SECTOR)
    head = [
        bytes(16 * SECTOR),
        _descriptor(_PRIMARY, label, sector),
        _descriptor(_JOLIET, label, sector),
        _padded(b"\xffCD001\x01"),
        *(_padded(_path_table(tree, order)) for tree in (_PRIMARY, _JOLIET) for order in ("<", ">")),
        *(_padded(_directory(tree, placed)) for tree in (_PRIMARY, _JOLIET)),
    ]
    return b"".join(head) + b"".join(_padded(content) for _name, content in sorted(files.items()))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def _both(number: int, form: str) -> bytes:
    """A number in both byte orders, as most are."""
    return struct.pack(f"<{form}", number) + struct.pack(f">{form}", number)


def _descriptor(tree: int, label: str, sectors: int) -> bytes:
    """The descriptor of the volume, or of its Joliet tree."""
    joliet = tree == _JOLIET
    text = _utf16 if joliet else _ascii
    tables = _TABLES[tree]
    size = len(_path_table(tree, "<"))
    parts = [
        bytes([2 if joliet else 1]),
        b"CD001\x01\x00",
        text("", 32),
        text(label, 32),
        bytes(8),
        _both(sectors, "I"),
        b"%/E".ljust(32, b"\x00") if joliet else bytes(32),
        _both(1, "H"),
        _both(1, "H"),
        _both(SECTOR, "H"),
        _both(size, "I"),
        struct.pack("<II", tables, 0),
        struct.pack(">II", tables + 1, 0),
        _record(b"\x00", _DIRECTORIES[tree], SECTOR, is_directory=True),
        *(text("", 128) for _field in range(4)),  # volume set, publisher, preparer, application
        *(text("", length) for length in (37, 37, 37)),  # copyright, abstract, bibliography
        _LONG_DATE,
        _LONG_DATE,
        _NO_DATE,
        _NO_DATE,
        b"\x01",
    ]
    return _padded(b"".join(parts))


def _ascii(text: str, length: int) -> bytes:
    return text.encode("ascii").ljust(length)


def _utf16(text: str, length: int) -> bytes:
    """A text of Joliet, filled up with blanks; a byte that is left over is zero."""
    return text.ljust(length // 2).encode("utf-16-be").ljust(length, b"\x00")


def _path_table(tree: int, order: str) -> bytes:
    """The table of directories: the root alone."""
    return struct.pack(f"{order}BBIH", 1, 0, _DIRECTORIES[tree], 1) + b"\x00\x00"


def _directory(tree: int, files: Sequence[_File]) -> bytes:
    own = _DIRECTORIES[tree]
    records = [_record(name, own, SECTOR, is_directory=True) for name in (b"\x00", b"\x01")]
    for number, file in enumerate(files):
        name = f"FILE{number:02}.;1".encode() if tree == _PRIMARY else file.name.encode("utf-16-be")
        records.append(_record(name, file.sector, file.length, is_directory=False))
    return b"".join(records)


def _record(name: bytes, sector: int, length: int, *, is_directory: bool) -> bytes:
    """The record of a file or directory."""
    body = b"".join(
        [
            b"\x00",
            _both(sector, "I"),
            _both(length, "I"),
            _DATE,
            bytes([2 if is_directory else 0, 0, 0]),
            _both(1, "H"),
            bytes([len(name)]),
            name,
            bytes(1 - len(name) % 2),
        ]
    )
    return bytes([len(body) + 1]) + body
