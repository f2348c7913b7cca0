# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The requested share of a domain, and the resulting one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.allocation import Share, read_scheduler, read_share
from ansible_collections.virt.esx.plugins.module_utils._driver.scheduler.scheduler import (
    SchedulerRequest,
    complete,
    parse_shares,
    read_request,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from pyVmomi import vim

OPTIONS = {
    "name": "web",
    **dict.fromkeys(
        ("uuid", "moid", "vmx_path", "reservation", "limit", "shares", "min_guarantee", "memory_limit", "memory_shares")
    ),
}
USUAL = Share(reservation_mhz=0, limit_mhz=-1, shares=2000, shares_level="normal", min_guarantee_kib=0)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("low", "low"),
        ("normal", "normal"),
        ("High", "high"),
        ("-1", "low"),
        ("-2", "normal"),
        ("-3", "high"),
        ("0", 0),
        (" 2500 ", 2500),
    ],
)
def test_shares_are_a_number_or_a_level(text: str, shares: Any) -> None:
    assert parse_shares(text) == shares


@pytest.mark.parametrize("text", ["-4", "lots", "", "1.5", "1e3", "9999999999", "\N{ARABIC-INDIC DIGIT ONE}"])
def test_other_shares_are_refused(text: str) -> None:
    with pytest.raises(ParseError, match="shares: .* is neither a number from 0 to 2147483647 nor low"):
        parse_shares(text)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, SchedulerRequest()),
        ({"reservation": 0, "limit": 0}, SchedulerRequest(reservation_mhz=0, limit_mhz=0)),
        ({"reservation": 500, "limit": -1}, SchedulerRequest(reservation_mhz=500, limit_mhz=-1)),
        ({"shares": "-3"}, SchedulerRequest(shares="high")),
        ({"min_guarantee": "1025 KiB"}, SchedulerRequest(min_guarantee_kib=2048)),
        ({"min_guarantee": "1 GiB"}, SchedulerRequest(min_guarantee_kib=1048576)),
        ({"memory_limit": "-1", "memory_shares": "high"}, SchedulerRequest(memory_limit_kib=-1, memory_shares="high")),
        ({"memory_limit": "1025 KiB", "memory_shares": "7"}, SchedulerRequest(memory_limit_kib=2048, memory_shares=7)),
    ],
)
def test_options_become_a_request(options: dict[str, Any], wanted: SchedulerRequest) -> None:
    assert read_request({**OPTIONS, **options}) == replace(wanted, name="web")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reservation": -1}, "reservation: -1 MHz is less than 0."),
        ({"reservation": True}, "reservation: 'true' is not a number."),
        ({"limit": 2**63}, "limit: 9223372036854775808 is more than a server accepts"),
        (
            {"memory_limit": "256 MiB", "min_guarantee": "512 MiB"},
            "memory_limit: 262144 KiB is below the min_guarantee",
        ),
        ({"memory_limit": "0"}, "memory_limit: 0 leaves the domain no memory; -1 means no limit."),
        ({"memory_shares": "lots"}, "memory_shares: 'lots' is neither a number"),
        ({"memory_limit": "-2"}, "memory_limit: '-2' is not an amount of memory"),
        ({"limit": -2}, "limit: -2 MHz is neither -1, for no limit, nor at least 0."),
        ({"reservation": 500, "limit": 499}, "limit: 499 MHz is below the reservation of 500 MHz."),
        ({"reservation": 1, "limit": 0}, "limit: 0 MHz is below the reservation of 1 MHz."),
        ({"min_guarantee": "2 GHz"}, "min_guarantee: '2 GHz' is not an amount of memory"),
        ({"min_guarantee": "-1"}, "min_guarantee: '-1' is not an amount of memory"),
    ],
)
def test_options_that_no_domain_can_have_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParseError) as caught:
        read_request({**OPTIONS, **options})
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [
        (SchedulerRequest(), {}),
        (SchedulerRequest(limit_mhz=900), {"limit_mhz": 900}),
        (SchedulerRequest(shares="normal"), {}),
        (SchedulerRequest(shares="low"), {"shares_level": "low", "shares": 1000}),
        (SchedulerRequest(shares="high"), {"shares_level": "high", "shares": 4000}),
        (SchedulerRequest(shares=2000), {"shares_level": "custom"}),
        (SchedulerRequest(shares=0), {"shares_level": "custom", "shares": 0}),
        (SchedulerRequest(memory_limit_kib=1024), {"memory_limit_kib": 1024}),
        (SchedulerRequest(memory_shares="low"), {"memory_shares_level": "low", "memory_shares": 20}),
        (
            SchedulerRequest(reservation_mhz=7, min_guarantee_kib=1024),
            {"reservation_mhz": 7, "min_guarantee_kib": 1024},
        ),
    ],
)
def test_unrequested_settings_stay(wanted: SchedulerRequest, changed: dict[str, Any]) -> None:
    wanted = complete(wanted, USUAL, vcpus=2, memory_kib=4096)
    assert {name: value for name, value in vars(wanted).items() if value != vars(USUAL)[name]} == changed


def test_a_share_is_read_from_properties() -> None:
    values = {
        "config.cpuAllocation.reservation": 500,
        "config.cpuAllocation.limit": None,
        "config.cpuAllocation.shares": vim.SharesInfo(level="high", shares=2000),
        "config.memoryAllocation.reservation": 64,
        "config.memoryAllocation.limit": 128,
        "config.memoryAllocation.shares": vim.SharesInfo(level="custom", shares=7),
    }
    share = Share(
        reservation_mhz=500,
        limit_mhz=-1,
        shares=2000,
        shares_level="high",
        min_guarantee_kib=65536,
        memory_limit_kib=131072,
        memory_shares=7,
        memory_shares_level="custom",
    )
    assert read_share(values) == share
    assert read_scheduler(values) == vars(share)
    assert read_scheduler(dict.fromkeys(values)) is None
