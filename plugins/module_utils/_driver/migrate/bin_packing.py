# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning which of several hosts the domains of a host fit on, by the memory that is free: pure.

A running domain counts with the memory that its host may give to it. One that is shut off or paused takes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.virt.esx.plugins.module_utils._errors import Refused


@dataclass(frozen=True)
class Demand:
    """A domain to place; ``kib`` is the memory that it takes where it is placed."""

    name: str
    uuid: str | None
    state: str
    kib: int


@dataclass
class HostCapacity:
    """A host that domains can be placed on, the memory that it has free, and what is placed on it."""

    host: str
    free_kib: int
    placed: list[Demand] = field(default_factory=list)

    @property
    def remaining_kib(self) -> int:
        """The memory that stays free."""
        return self.free_kib - sum(demand.kib for demand in self.placed)


_Choose = Callable[[Sequence[HostCapacity]], HostCapacity]


def place(demands: Iterable[Demand], hosts: Sequence[tuple[str, int]]) -> list[HostCapacity]:
    """Return the hosts with what is placed on them.

    Domains are spread: the largest first, each to the host that has the most memory left. If they do not fit that way,
    they are packed, each to the host that has the least left of those where it fits. The same input gives the same
    plan; of two hosts that are equal the first one counts.

    :param hosts: pairs of a host's name and its free memory in KiB.
    :raises Refused: if a domain fits nowhere; it names all of these.
    """
    ordered = sorted(demands, key=lambda demand: (-demand.kib, demand.name, demand.uuid or ""))
    spread, unplaced = _try(ordered, hosts, _most_remaining)
    if not unplaced:
        return spread
    packed, still_unplaced = _try(ordered, hosts, _least_remaining)
    if not still_unplaced:
        return packed
    raise _not_placed(unplaced, spread)


def _try(
    demands: Sequence[Demand], hosts: Sequence[tuple[str, int]], choose: _Choose
) -> tuple[list[HostCapacity], list[Demand]]:
    """The plan of one way to choose, and what did not fit."""
    capacities = [HostCapacity(host, free) for host, free in hosts]
    unplaced = []
    for demand in demands:
        host = _host_for(demand, capacities, choose)
        if host is None:
            unplaced.append(demand)
        else:
            host.placed.append(demand)
    return capacities, unplaced


def _host_for(demand: Demand, hosts: Sequence[HostCapacity], choose: _Choose) -> HostCapacity | None:
    """What takes no memory goes to the host with the fewest domains, even to one that is full."""
    if demand.kib == 0:
        return min(hosts, key=lambda host: len(host.placed), default=None)
    fitting = [host for host in hosts if host.remaining_kib >= demand.kib]
    return choose(fitting) if fitting else None


def _most_remaining(hosts: Sequence[HostCapacity]) -> HostCapacity:
    return max(hosts, key=lambda host: host.remaining_kib)


def _least_remaining(hosts: Sequence[HostCapacity]) -> HostCapacity:
    return min(hosts, key=lambda host: host.remaining_kib)


def _not_placed(unplaced: Sequence[Demand], hosts: Sequence[HostCapacity]) -> Refused:
    listed = ", ".join(f"'{demand.name}' ({demand.kib // 1024} MiB)" for demand in unplaced)
    free = ", ".join(f"{host.host} {host.remaining_kib // 1024} of {host.free_kib // 1024} MiB" for host in hosts)
    return Refused(
        f"There is not enough free memory for {listed}. With the others placed, there would be free: {free or 'none'}.",
        hint="Give more hosts, or shut domains down first; what is shut off takes no memory.",
    )
