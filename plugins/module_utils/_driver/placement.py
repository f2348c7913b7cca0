# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning which of several hosts the domains of a host fit on, by the memory that is free: pure.

A running domain counts with the memory that its host may give to it. One that is shut off or paused takes none.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ansible_collections.virt.esx.plugins.module_utils._errors import Refused


@dataclass(frozen=True)
class Load:
    """A domain to place; ``kib`` is the memory that it takes where it is placed."""

    name: str
    uuid: str | None
    state: str
    kib: int


@dataclass
class Room:
    """A host that domains can be placed on, the memory that it has free, and what is placed on it."""

    host: str
    free_kib: int
    placed: list[Load] = field(default_factory=list)

    @property
    def left_kib(self) -> int:
        """The memory that stays free."""
        return self.free_kib - sum(load.kib for load in self.placed)


_Choose = Callable[[Sequence[Room]], Room]


def place(loads: Iterable[Load], hosts: Sequence[tuple[str, int]]) -> list[Room]:
    """Return the hosts with what is placed on them.

    Domains are spread: the largest first, each to the host that has the most memory left. If they do not fit that way,
    they are packed, each to the host that has the least left of those where it fits. The same input gives the same
    plan; of two hosts that are equal the first one counts.

    :param hosts: pairs of a host's name and its free memory in KiB.
    :raises Refused: if a domain fits nowhere; it names all of these.
    """
    ordered = sorted(loads, key=lambda load: (-load.kib, load.name, load.uuid or ""))
    spread, homeless = _try(ordered, hosts, _most_left)
    if not homeless:
        return spread
    packed, still_homeless = _try(ordered, hosts, _least_left)
    if not still_homeless:
        return packed
    raise _no_room(homeless, spread)


def _try(loads: Sequence[Load], hosts: Sequence[tuple[str, int]], choose: _Choose) -> tuple[list[Room], list[Load]]:
    """The plan of one way to choose, and what did not fit."""
    rooms = [Room(host, free) for host, free in hosts]
    homeless = []
    for load in loads:
        room = _room_for(load, rooms, choose)
        if room is None:
            homeless.append(load)
        else:
            room.placed.append(load)
    return rooms, homeless


def _room_for(load: Load, rooms: Sequence[Room], choose: _Choose) -> Room | None:
    """What takes no memory goes to the host with the fewest domains, even to one that is full."""
    if load.kib == 0:
        return min(rooms, key=lambda room: len(room.placed), default=None)
    fitting = [room for room in rooms if room.left_kib >= load.kib]
    return choose(fitting) if fitting else None


def _most_left(rooms: Sequence[Room]) -> Room:
    return max(rooms, key=lambda room: room.left_kib)


def _least_left(rooms: Sequence[Room]) -> Room:
    return min(rooms, key=lambda room: room.left_kib)


def _no_room(homeless: Sequence[Load], rooms: Sequence[Room]) -> Refused:
    listed = ", ".join(f"'{load.name}' ({load.kib // 1024} MiB)" for load in homeless)
    free = ", ".join(f"{room.host} {room.left_kib // 1024} of {room.free_kib // 1024} MiB" for room in rooms)
    return Refused(
        f"There is not enough free memory for {listed}. With the others placed, there would be free: {free or 'none'}.",
        hint="Give more hosts, or shut domains down first; what is shut off takes no memory.",
    )
