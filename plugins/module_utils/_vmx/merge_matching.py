# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which wanted device is which present one, where VMX knows devices by a number that the domain does not have.

A network card is known by its MAC address, else by what it is connected to; a shared folder by its name. A matched
device keeps its number, and so its other keys; a new one takes a number that nothing else uses.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Optional, TypeVar

from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import NO_MAC
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Filesystem, Hostdev, Interface

_Device = TypeVar("_Device")
_Mark = Callable[[_Device], Optional[Hashable]]  # what a device is known by; None where it is not known so


def _mac(interface: Interface) -> Hashable | None:
    return None if interface.mac == NO_MAC else interface.mac


def _mac_and_network(interface: Interface) -> Hashable | None:
    """One of several cards that have the same address."""
    return _mac(interface) and (_mac(interface), _network(interface))


def _mac_and_rest(interface: Interface) -> Hashable | None:
    return _mac(interface) and (_mac_and_network(interface), interface.mac_type, interface.boot_order)


def _network(interface: Interface) -> Hashable | None:
    return interface.type, interface.source, interface.target, interface.vds and interface.vds.switch_id


def _network_without_mac(interface: Interface) -> Hashable | None:
    return None if _mac(interface) else _network(interface)


def _start_without_mac(interface: Interface) -> Hashable | None:
    """One of several like cards, of which the guest can start from this one."""
    return None if _mac(interface) or interface.boot_order is None else (_network(interface), interface.boot_order)


def _start(interface: Interface) -> Hashable | None:
    return _network(interface), interface.boot_order


def _any_without_mac(interface: Interface) -> Hashable | None:
    return None if _mac(interface) else ()


def _any(_interface: Interface) -> Hashable | None:
    return ()


def match_interfaces(wanted: Sequence[Interface], present: Sequence[Interface]) -> list[int | None]:
    """For each wanted card the place of the present one that it is, None for a new one."""
    marks = (
        (_mac_and_rest, _mac_and_rest),
        (_mac_and_network, _mac_and_network),
        (_mac, _mac),
        (_start_without_mac, _start),
        (_network_without_mac, _network),
        (_any_without_mac, _any),
        (_network, _network),
    )
    return _matched(wanted, present, marks)


def match_folders(wanted: Sequence[Filesystem], present: Sequence[Filesystem]) -> list[int | None]:
    """For each wanted folder the place of the present one that it is, None for a new one."""
    return _matched(wanted, present, ((_target, _target), (_source, _source)))


def match_hostdevs(wanted: Sequence[Hostdev], present: Sequence[Hostdev]) -> list[int | None]:
    """For each wanted device of the host the place of the present one that it is, None for a new one."""
    return _matched(wanted, present, ((_pci_address, _pci_address),))


def _pci_address(device: Hostdev) -> Hashable | None:
    return device.address


def _target(folder: Filesystem) -> Hashable | None:
    return folder.target


def _source(folder: Filesystem) -> Hashable | None:
    return folder.source


def _matched(
    wanted: Sequence[_Device], present: Sequence[_Device], marks: Sequence[tuple[_Mark[_Device], _Mark[_Device]]]
) -> list[int | None]:
    """Pairs by the first mark of a wanted and a present device, then by the next what is left, in order."""
    result: list[int | None] = [None] * len(wanted)
    for of_wanted, of_present in marks:
        used = set(result)
        free: dict[Hashable, list[int]] = {}
        for place in reversed(range(len(present))):
            if place not in used:
                free.setdefault(of_present(present[place]), []).append(place)
        for place, device in enumerate(wanted):
            key = of_wanted(device) if result[place] is None else None
            if key is not None and free.get(key):
                result[place] = free[key].pop()
    return result


def numbered(matches: Sequence[int | None], present: Sequence[int], taken: Collection[int]) -> tuple[int, ...]:
    """The number of each wanted device: that of the present one, or the lowest that is free.

    :param present: the numbers of the present devices; those of devices that leave are free.
    :param taken: further numbers that have keys in the file, of devices that are switched off.
    """
    kept = {present[match] for match in matches if match is not None}
    others = (set(taken) - set(present)) | kept
    result = []
    lowest = 0
    for match in matches:
        if match is not None:
            result.append(present[match])
            continue
        while lowest in others:
            lowest += 1
        result.append(lowest)
        lowest += 1
    return tuple(result)
