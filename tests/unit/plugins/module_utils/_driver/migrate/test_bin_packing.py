# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host each domain is placed on, by the memory that is free."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.bin_packing import Demand, place
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused

GIB = 1024 * 1024


def demands(**gibibytes: int) -> list[Demand]:
    """Domains by name with the memory that they take; 0 for one that does not run."""
    return [
        Demand(name, f"uuid-{name}", "running" if size else "shutoff", size * GIB) for name, size in gibibytes.items()
    ]


def placed(domains: list[Demand], **free: int) -> dict[str, list[str]]:
    """The names of the domains on each host; ``free`` is the hosts' memory in GiB."""
    hosts = place(domains, [(host, size * GIB) for host, size in free.items()])
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


def test_what_is_left() -> None:
    (host,) = place(demands(x=1, y=2), [("a", 8 * GIB)])
    assert (host.free_kib, host.remaining_kib) == (8 * GIB, 5 * GIB)


@pytest.mark.parametrize("hosts", [[], [("a", 3 * GIB), ("b", 2 * GIB)]])
def test_all_that_fit_nowhere_are_named(hosts: list[tuple[str, int]]) -> None:
    with pytest.raises(Refused) as caught:
        place(demands(big=5, huge=6, small=1), hosts)
    assert "'huge' (6144 MiB), 'big' (5120 MiB)" in str(caught.value)
    if hosts:
        assert "there would be free: a 2048 of 3072 MiB, b 2048 of 2048 MiB" in str(caught.value)


def test_no_host_at_all_and_only_domains_that_do_not_run() -> None:
    with pytest.raises(Refused):
        place(demands(x=0), [])
