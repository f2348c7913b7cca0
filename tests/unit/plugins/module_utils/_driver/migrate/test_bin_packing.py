# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host each domain is placed on, by the memory that is free."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.bin_packing import Demand, HostCapacity, place
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from hypothesis import given, settings
from hypothesis import strategies as st

GIB = 1024 * 1024


def demands(**gibibytes: int) -> list[Demand]:
    """Domains by name with the memory that they take; 0 for one that does not run."""
    return [
        Demand(name, f"uuid-{name}", "running" if size else "shutoff", size * GIB) for name, size in gibibytes.items()
    ]


def capacities(**gibibytes: int) -> list[HostCapacity]:
    """Hosts by name with the memory that they have free."""
    return [HostCapacity(host, size * GIB) for host, size in gibibytes.items()]


def placed(domains: list[Demand], **free: int) -> dict[str, list[str]]:
    """The names of the domains on each host; ``free`` is the hosts' memory in GiB."""
    hosts = place(domains, capacities(**free))
    return {host.host: [demand.name for demand in host.placed] for host in hosts}


@pytest.mark.parametrize(
    ("domains", "free", "expected"),
    [
        # nothing to place
        ({}, {"a": 1}, {"a": []}),
        # the largest first, each where most is left; of equal hosts the first
        ({"x": 1, "y": 2, "z": 3}, {"a": 8, "b": 8}, {"a": ["z"], "b": ["y", "x"]}),
        # equal domains by name
        ({"y": 1, "x": 1}, {"a": 4, "b": 4}, {"a": ["x"], "b": ["y"]}),
        # exactly as much as there is
        ({"x": 4}, {"a": 4}, {"a": ["x"]}),
        # spread they do not fit, packed they do
        ({"x": 6, "y": 5, "z": 3}, {"a": 8, "b": 6}, {"a": ["y", "z"], "b": ["x"]}),
        # what does not run takes nothing, fits on a full host, and is spread by number
        ({"x": 1, "p": 0, "q": 0, "r": 0}, {"a": 1, "b": 0}, {"a": ["x", "q"], "b": ["p", "r"]}),
    ],
)
def test_places(domains: dict[str, int], free: dict[str, int], expected: dict[str, list[str]]) -> None:
    assert placed(demands(**domains), **free) == expected


def test_the_order_of_the_input_does_not_matter() -> None:
    domains = demands(a=1, b=2, c=2, d=4, e=0, f=0)
    for other in (domains[::-1], domains[3:] + domains[:3]):
        assert placed(other, x=8, y=8) == placed(domains, x=8, y=8)


def test_remaining_memory() -> None:
    (host,) = place(demands(x=1, y=2), capacities(a=8))
    assert (host.free_kib, host.remaining_kib) == (8 * GIB, 5 * GIB)


@pytest.mark.parametrize("hosts", [[], capacities(a=3, b=2)])
def test_all_that_fit_nowhere_are_named(hosts: list[HostCapacity]) -> None:
    with pytest.raises(Refused) as caught:
        place(demands(big=5, huge=6, small=1), hosts)
    assert "'huge' (6144 MiB), 'big' (5120 MiB)" in str(caught.value)
    if hosts:
        assert "there would be free: a 2048 of 3072 MiB, b 2048 of 2048 MiB" in str(caught.value)


def test_no_host_at_all_and_only_domains_that_do_not_run() -> None:
    with pytest.raises(Refused):
        place(demands(x=0), [])


def test_a_domain_is_placed_only_on_hosts_that_can_take_it() -> None:
    only_b = [replace(demand, hosts=frozenset("b")) for demand in demands(x=2, y=0)]
    assert placed([*only_b, *demands(z=3)], a=8, b=4) == {"a": ["z"], "b": ["x", "y"]}
    with pytest.raises(Refused, match="'x'"):
        placed([*only_b, *demands(z=3)], a=8, b=1)


def test_the_message_says_which_hosts_can_take_a_domain() -> None:
    """Otherwise nobody would understand that another host has enough memory free."""
    only_b = [replace(demand, hosts=frozenset("b")) for demand in demands(x=2)]
    with pytest.raises(Refused, match=r"not enough free memory for 'x' \(2048 MiB, on b only\).*free: a 8192 of 8192"):
        place(only_b, capacities(a=8, b=1))


def test_shut_off_domains_are_placed_where_they_could_start() -> None:
    shut_off = [replace(demand, size_kib=2 * GIB) for demand in demands(p=0, q=0)]
    assert placed([*shut_off, *demands(x=4)], a=5, b=4) == {"a": ["x"], "b": ["p", "q"]}


def test_processor_time_decides_between_equal_hosts() -> None:
    hosts = [HostCapacity("a", 8 * GIB, free_mhz=1000), HostCapacity("b", 8 * GIB, free_mhz=4000)]
    assert [len(host.placed) for host in place(demands(x=1), hosts)] == [0, 1]


def test_all_ways_are_tried_where_a_simple_one_fails() -> None:
    tight = demands(a=6, b=5, c=4, d=3, e=3, f=3)
    found = placed(tight, x=12, y=12)
    assert sorted(len(names) for names in found.values()) == [3, 3]
    with pytest.raises(Refused, match="All domains together take 18432 of 18432 MiB. No way to place them exists."):
        placed(demands(a=6, b=6, c=6), x=9, y=9)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=7), st.lists(st.integers(1, 16), min_size=1, max_size=3))
def test_a_plan_is_found_if_there_is_one(sizes: list[int], free: list[int]) -> None:
    domains = [Demand(f"d{number}", None, "running", size) for number, size in enumerate(sizes)]
    hosts = [HostCapacity(f"h{number}", size) for number, size in enumerate(free)]
    ways = itertools.product(range(len(free)), repeat=len(sizes))
    exists = any(
        all(sum(size for size, at in zip(sizes, way) if at == host) <= free[host] for host in range(len(free)))
        for way in ways
    )
    try:
        found = place(domains, hosts)
    except Refused:
        assert not exists
    else:
        assert exists
        assert all(host.remaining_kib >= 0 for host in found)
        assert sum(len(host.placed) for host in found) == len(sizes)
