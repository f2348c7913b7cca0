# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Amounts of memory and UUIDs in options."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.options import (
    parse_bytes,
    parse_kib,
    parse_uuid,
    size_text,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError


@pytest.mark.parametrize(
    ("text", "kib"),
    [
        ("0", 0),
        ("1048576", 1048576),
        ("2 GiB", 2097152),
        ("2gib", 2097152),
        (" 512M ", 524288),
        ("1 MB", 977),
        ("1 byte", 1),
        ("1023 b", 1),
        ("1.5 GiB", 1572864),
        ("0.5M", 512),
        ("2.25GiB", 2359296),
        ("1.0000001 KiB", 2),
        ("131072", 131072),
        ("2048 KiB", 2048),
    ],
)
def test_an_amount_is_in_kib_rounded_up(text: str, kib: int) -> None:
    assert parse_kib(text, "memory") == kib


@pytest.mark.parametrize(
    "text",
    ["", "GiB", "1.5", "1. GiB", ".5 GiB", "1,5 GiB", "-1", "2 GiB RAM", "2 Gi", "2 G B", "1e3 GiB", "inf", "9" * 20],
)
def test_invalid_amounts_are_refused(text: str) -> None:
    with pytest.raises(ParseError, match="^memory: .* is not an amount of memory; '2 GiB'"):
        parse_kib(text, "memory")


def test_what_was_meant_is_said() -> None:
    for parse in (parse_kib, parse_bytes):
        with pytest.raises(ParseError) as info:
            parse(" 1,5 GiB", "size")
        assert info.value.hint == "Did you mean '1.5 GiB'?"
        with pytest.raises(ParseError, match="'9999999999 TiB' is too large"):
            parse("9999999999 TiB", "size")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20 GiB", 20 << 30),
        ("1.5 GiB", 3 << 29),
        ("20 GB", 20 * 10**9),
        ("0.5K", 512),
        ("1048576", 1 << 20),
        ("8 MiB", 8 << 20),
    ],
)
def test_a_size_of_storage_is_in_bytes(text: str, size: int) -> None:
    assert parse_bytes(text, "size") == size


@pytest.mark.parametrize("text", ["20 GiB", "1536 MiB", "3 TiB", "1 KiB", "1500 bytes"])
def test_a_size_is_shown_as_it_is_read(text: str) -> None:
    assert size_text(parse_bytes(text, "size")) == text


@pytest.mark.parametrize(("text", "meant"), [("20", "20 GiB"), ("2048", "2048 MiB"), (" 100 ", "100 GiB")])
def test_a_size_that_was_meant_in_another_unit_is_refused(text: str, meant: str) -> None:
    with pytest.raises(ParseError, match=f"too little for a disk; did you mean '{meant}'"):
        parse_bytes(text, "size")


@pytest.mark.parametrize("text", ["0", "0 GiB", "-1 GiB", "much", "1.5", "1 XB"])
def test_what_is_no_size_of_storage_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match=r"is not a size; '20 GiB', '1.5 TiB'"):
        parse_bytes(text, "size")


@pytest.mark.parametrize("text", ["1", "512", "2048", " 65536 "])
def test_a_number_that_was_meant_in_another_unit_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match=f"did you mean '{text.strip()} MiB'"):
        parse_kib(text, "memory")


@pytest.mark.parametrize(
    "text",
    [
        "50115e16-9bdc-49d7-f171-53c4d7f91710",
        "50115E169BDC49D7F17153C4D7F91710",
        "50 11 5e 16 9b dc 49 d7-f1 71 53 c4 d7 f9 17 10",
    ],
)
def test_a_uuid_may_be_spelled_in_any_way(text: str) -> None:
    assert parse_uuid(text) == "50115e16-9bdc-49d7-f171-53c4d7f91710"


@pytest.mark.parametrize("text", ["", "web", "50115e16-9bdc-49d7-f171-53c4d7f9171"])
def test_invalid_uuids_are_refused(text: str) -> None:
    with pytest.raises(ParseError, match="^uuid: .* is not a UUID, expecting 32 hex digits"):
        parse_uuid(text)
