# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transfers: what is shown of them, and how blocks become a file."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import BlockReader, amount_text, show_transfer

MIB = 1 << 20


def shown(steps: list[tuple[float, int]], size: int) -> list[str]:
    """The lines that are shown when so many bytes are done after so many seconds."""
    lines: list[str] = []
    times = iter([0.0, *(seconds for seconds, _done in steps)])
    take = show_transfer(lines.append, "Uploading a.iso", size, clock=lambda: next(times))
    for _seconds, done in steps:
        take(done)
    return lines


def test_a_long_transfer_shows_its_rate_and_the_time_that_is_left() -> None:
    steps = [(0.5, 50 * MIB), (2.0, 200 * MIB), (3.0, 300 * MIB), (4.5, 450 * MIB), (5.0, 500 * MIB)]
    assert shown(steps, 500 * MIB) == [
        "Uploading a.iso: 40% of 500.0 MiB, 100.0 MiB/s, 3 s left",
        "Uploading a.iso: 90% of 500.0 MiB, 100.0 MiB/s, 0 s left",
        "Uploading a.iso: 100% of 500.0 MiB, 100.0 MiB/s",
    ]


def test_a_short_one_shows_nothing() -> None:
    assert shown([(0.1, MIB), (0.2, 2 * MIB)], 2 * MIB) == []
    assert shown([(0.1, 0)], 0) == []


def test_amounts_are_for_people() -> None:
    assert [amount_text(size) for size in (0, 1023, 1536, 3 << 30)] == ["0 bytes", "1023 bytes", "1.5 KiB", "3.0 GiB"]


def test_blocks_of_any_length_are_read_as_one_file() -> None:
    reader = BlockReader(iter([b"ab", b"cdefg", b"h"]))
    assert [reader.read(3) for _time in range(5)] == [b"ab", b"cde", b"fg", b"h", b""]
