# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which wanted device is which present one, where VMX knows devices by a number that the domain does not have.

A network card is known by its MAC address, else by what it is connected to; a shared folder by its name. What is
matched keeps its number, and so its other keys; what is new takes a number that nothing else uses.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import count
from typing import TypeVar

from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import NO_MAC
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Filesystem, Interface

_Device = TypeVar("_Device")
_Rule = Callable[[_Device, _Device], bool]


def _same_mac(wanted: Interface, present: Interface) -> bool:
    return wanted.mac == present.mac and present.mac not in (None, NO_MAC)


def _same_network(wanted: Interface, present: Interface) -> bool:
    switches = [interface.vds and interface.vds.switch_id for interface in (wanted, present)]
    return (wanted.type, wanted.source, switches[0]) == (present.type, present.source, switches[1])


def _without_mac(wanted: Interface, _present: Interface) -> bool:
    return wanted.mac in (None, NO_MAC)


def match_interfaces(wanted: Sequence[Interface], present: Sequence[Interface]) -> list[int | None]:
    """For each wanted card the place of the present one that it is, None for a new one."""
    return _matched(
        wanted,
        present,
        (_same_mac, lambda a, b: _without_mac(a, b) and _same_network(a, b), _without_mac, _same_network),
    )


def match_folders(wanted: Sequence[Filesystem], present: Sequence[Filesystem]) -> list[int | None]:
    """For each wanted folder the place of the present one that it is, None for a new one."""
    return _matched(wanted, present, (lambda a, b: a.target == b.target, lambda a, b: a.source == b.source))


def _matched(
    wanted: Sequence[_Device], present: Sequence[_Device], rules: Sequence[_Rule[_Device]]
) -> list[int | None]:
    """Pairs by the first rule, then by the next what is left, in order."""
    result: list[int | None] = [None] * len(wanted)
    free = dict(enumerate(present))
    for rule in rules:
        for place, device in enumerate(wanted):
            if result[place] is None:
                result[place] = next((other for other, known in free.items() if rule(device, known)), None)
                free.pop(result[place], None)  # type: ignore[arg-type]
    return result


def numbered(matches: Sequence[int | None], present: Sequence[int], taken: Collection[int]) -> tuple[int, ...]:
    """The number of each wanted device: that of the present one, or the lowest that is free.

    :param present: the numbers of the present devices; those of devices that leave are free.
    :param taken: further numbers that have keys in the file, of devices that are switched off.
    """
    kept = {present[match] for match in matches if match is not None}
    unused = (number for number in count() if number not in kept and (number in present or number not in taken))
    return tuple(next(unused) if match is None else present[match] for match in matches)
