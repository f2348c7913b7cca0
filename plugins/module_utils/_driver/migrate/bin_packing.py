# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning which of several hosts the domains of a host fit on, by free memory: pure.

A running domain takes the memory that its host may give to it. One that is shut off or paused takes none, but is
placed on a full host, where it could not be started, only if there is no other.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.virt.esx.plugins.module_utils._errors import Refused

# The number of steps after which the complete search is given up: about a second.
_STEPS = 200_000

# Why there is no plan although the memory of all hosts together suffices, by whether all combinations were tried.
_NO_WAY = {True: "No way to place them exists.", False: "No way to place them was found in time."}


@dataclass(frozen=True)
class Demand:
    """A domain to place.

    ``kib`` is the memory that it takes now, ``size_kib`` the memory that it would take if it were started.
    ``hosts`` are the names of the hosts that can take it; None for all.
    """

    name: str
    uuid: str | None
    state: str
    kib: int
    size_kib: int = 0
    hosts: frozenset[str] | None = None
    moid: str = ""

    def fits(self, host: str) -> bool:
        """Whether a host can take it, regardless of memory."""
        return self.hosts is None or host in self.hosts


@dataclass
class HostCapacity:
    """A host that domains can be placed on, with its free resources and the domains placed on it."""

    host: str
    free_kib: int
    free_mhz: int = 0
    placed: list[Demand] = field(default_factory=list)

    @property
    def remaining_kib(self) -> int:
        """The memory that remains free."""
        return self.free_kib - sum(demand.kib for demand in self.placed)


_Choose = Callable[[Sequence[HostCapacity]], "HostCapacity | None"]


def place(demands: Iterable[Demand], hosts: Sequence[HostCapacity]) -> list[HostCapacity]:
    """Return the hosts with the domains placed on them.

    Domains are spread: the largest first, each to the host with the most memory left or, if several have the same, to
    the one with the most free processor time. If they do not fit that way, they are packed, each to the host with the
    least memory left where it fits. If that fails, too, all combinations are tried. The same input gives the same plan;
    of two equal hosts, the first one is chosen.

    :param hosts: the hosts, with nothing placed on them; they stay as they are.
    :raises Refused: if a domain fits nowhere, or no combination was found; it names all domains that were not placed.
    """
    ordered = sorted(demands, key=lambda demand: (-demand.kib, demand.name, demand.uuid or "", demand.moid))
    spread, unplaced = _try(ordered, hosts, _most_remaining)
    if not unplaced:
        return spread
    packed, still_unplaced = _try(ordered, hosts, _least_remaining)
    if not still_unplaced:
        return packed
    found, is_complete = _search(ordered, hosts)
    if found is not None:
        return found
    raise _not_placed(ordered, unplaced, spread, is_complete)


def _empty(hosts: Sequence[HostCapacity]) -> list[HostCapacity]:
    return [HostCapacity(host.host, host.free_kib, host.free_mhz) for host in hosts]


def _try(
    demands: Sequence[Demand], hosts: Sequence[HostCapacity], choose: _Choose
) -> tuple[list[HostCapacity], list[Demand]]:
    """The plan of one strategy, and the domains that did not fit."""
    capacities = _empty(hosts)
    return capacities, _place_each(demands, capacities, choose)


def _place_each(demands: Sequence[Demand], hosts: Sequence[HostCapacity], choose: _Choose) -> list[Demand]:
    """Place domains one after the other; return those that did not fit."""
    unplaced = []
    for demand in demands:
        host = _host_for(demand, hosts, choose)
        if host is None:
            unplaced.append(demand)
        else:
            host.placed.append(demand)
    return unplaced


def _host_for(demand: Demand, hosts: Sequence[HostCapacity], choose: _Choose) -> HostCapacity | None:
    possible = [host for host in hosts if demand.fits(host.host)]
    if demand.kib == 0:
        return _host_to_start_on(demand, possible)
    return choose([host for host in possible if host.remaining_kib >= demand.kib])


def _host_to_start_on(demand: Demand, hosts: Sequence[HostCapacity]) -> HostCapacity | None:
    """A domain that takes no memory goes to a host where it could be started, the one with the fewest domains."""
    least = max(1, demand.size_kib)
    return min(hosts, key=lambda host: (host.remaining_kib < least, len(host.placed)), default=None)


def _most_remaining(hosts: Sequence[HostCapacity]) -> HostCapacity | None:
    return max(hosts, key=lambda host: (host.remaining_kib, host.free_mhz), default=None)


def _least_remaining(hosts: Sequence[HostCapacity]) -> HostCapacity | None:
    return min(hosts, key=lambda host: (host.remaining_kib, -host.free_mhz), default=None)


def _search(demands: Sequence[Demand], hosts: Sequence[HostCapacity]) -> tuple[list[HostCapacity] | None, bool]:
    """Try all combinations for domains that take memory; return a plan, or None and whether all were tried."""
    running = [demand for demand in demands if demand.kib]
    choice, is_complete = _combination(running, hosts)
    if choice is None:
        return None, is_complete
    found = _empty(hosts)
    for demand, host in zip(running, choice):
        found[host].placed.append(demand)
    unplaced = _place_each(demands[len(running) :], found, _most_remaining)
    return (None if unplaced else found), True


def _combination(demands: Sequence[Demand], hosts: Sequence[HostCapacity]) -> tuple[list[int] | None, bool]:
    """The number of the host for each of the demands, found by backtracking; or None and whether all were tried."""
    left = [host.free_kib for host in hosts]
    are_alike = all(demand.hosts is None for demand in demands)  # the hosts differ only in their remaining memory then
    choice = [-1] * len(demands)
    number = steps = 0
    while 0 <= number < len(demands):
        steps += 1
        if steps > _STEPS:
            return None, False
        demand, present = demands[number], choice[number]
        if present >= 0:
            left[present] += demand.kib
        tried = set(left[: present + 1]) if are_alike else set()
        following = _next_host(demand, hosts, left, present, tried)
        choice[number] = following
        if following >= 0:
            left[following] -= demand.kib
        number += 1 if following >= 0 else -1
    return (choice if number >= 0 else None), True


def _next_host(
    demand: Demand, hosts: Sequence[HostCapacity], left: Sequence[int], present: int, tried: Container[int]
) -> int:
    """The number of the next host after the present one that a demand fits on; -1 if there is none.

    :param tried: what hosts had left that need not be tried again.
    """
    for host in range(present + 1, len(hosts)):
        if left[host] >= demand.kib and demand.fits(hosts[host].host) and left[host] not in tried:
            return host
    return -1


def _needs(demand: Demand) -> str:
    """The memory of a domain, and the hosts that can take it if these are not all: ``512 MiB, on esx1 only``."""
    where = "" if demand.hosts is None else f", on {' or '.join(sorted(demand.hosts))} only"
    return f"{demand.kib // 1024} MiB{where}"


def _not_placed(
    demands: Sequence[Demand], unplaced: Sequence[Demand], hosts: Sequence[HostCapacity], is_complete: bool
) -> Refused:
    listed = ", ".join(f"'{demand.name}' ({_needs(demand)})" for demand in unplaced)
    free = ", ".join(f"{host.host} {host.remaining_kib // 1024} of {host.free_kib // 1024} MiB" for host in hosts)
    message = (
        f"There is not enough free memory for {listed}. With the others placed, there would be free: {free or 'none'}."
    )
    total, most = sum(demand.kib for demand in demands), sum(host.free_kib for host in hosts)
    if total <= most:
        message += f" All domains together take {total // 1024} of {most // 1024} MiB. {_NO_WAY[is_complete]}"
    return Refused(message, hint="Give more hosts, or shut domains down first; what is shut off takes no memory.")
