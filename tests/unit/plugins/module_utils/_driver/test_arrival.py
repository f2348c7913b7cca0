# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sample of a disk that is sent: its first data, whatever the pieces in which it is read."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.arrival import Sample, Sampled

GRAIN = 64 << 10
SECTOR = 512


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % SECTOR)


def grain(sector: int, data: bytes) -> bytes:
    packed = zlib.compress(data)
    return padded(struct.pack("<QI", sector, len(packed)) + packed)


def table(sectors: int) -> bytes:
    return padded(struct.pack("<QII", sectors, 0, 1)) + b"\xff" * sectors * SECTOR


def stream(*parts: bytes, overhead: int = 128) -> bytes:
    header = struct.pack("<4sIIQQQQIQQQ", b"KDMV", 3, 0x30001, 1 << 20, 128, 1, 20, 512, 0, 2**64 - 1, overhead)
    return header.ljust(overhead * SECTOR, b"\x07") + b"".join(parts)


DATA = bytes(700) + b"boot" + bytes(GRAIN - 704)
FOUND = Sample("a.vmdk", 128 * SECTOR + 700, DATA[700 : 700 + 4096])
ZEROS = bytes(GRAIN)
STREAMS = [
    (stream(grain(128, DATA)), FOUND),
    (stream(grain(128, DATA), overhead=3), FOUND),
    (stream(grain(0, ZEROS), table(4), grain(128, DATA)), FOUND),
    (stream(grain(0, ZEROS)), None),
    (stream(table(0)), None),
    (stream(grain(128, DATA)[:20]), None),
    (stream(padded(struct.pack("<QI", 128, 100) + b"\xff" * 100), grain(128, DATA)), FOUND),
    (stream(padded(struct.pack("<QI", 128, 2**32 - 1)), grain(128, DATA)), None),
    (stream(padded(struct.pack("<QII", 2**50, 0, 1))), None),
    (b"KDMV", None),
    (b"", None),
]


@pytest.mark.parametrize("pieces", [1000, 1 << 20])
@pytest.mark.parametrize(("content", "expected"), STREAMS)
def test_the_first_data_of_a_disk(content: bytes, expected: Sample | None, pieces: int) -> None:
    sampled = Sampled(io.BytesIO(content))
    read = b"".join(iter(lambda: sampled.read(pieces), b""))
    assert read == content
    assert sampled.sample("a.vmdk") == expected
