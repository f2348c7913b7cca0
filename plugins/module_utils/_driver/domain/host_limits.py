# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host can give to a domain: networks, CPUs, memory and cards; asked for only when something changes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.checks import listed
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Traversal, fetch_types

_HOST_MEMORY = "summary.hardware.memorySize"
_MOST_VCPUS = "capability.maxSupportedVcpus"  # of one domain, from API 5.1 on
_NETWORKS = (Traversal("networks", "HostSystem", "network"),)

_GIB = 1024 * 1024  # KiB
# The virtual hardware version from which on: the most CPUs, memory in GiB, and network cards of one domain.
_HARDWARE = (
    (20, 768, 24560, 10),
    (18, 768, 24560, 10),
    (15, 256, 6128, 10),
    (13, 128, 6128, 10),
    (11, 128, 4080, 10),
    (9, 64, 1011, 10),
    (8, 32, 1011, 10),
    (7, 8, 255, 10),
    (4, 4, 64, 4),
    (0, 4, 16, 4),
)


@dataclass(frozen=True)
class HostLimits:
    """What a host has. ``vcpus`` is the most of one domain, None where the host does not say."""

    networks: Collection[str]
    memory_kib: int | None = None
    vcpus: int | None = None
    takes_odd_vcpus: bool = True


def read_limits(connection: EsxConnection) -> HostLimits:
    """The limits of the connection's host, in one call."""
    session = connection.session
    host = connection.context.host
    paths = [_HOST_MEMORY, *([_MOST_VCPUS] if session.has(5, 1) else [])]
    wanted = {"HostSystem": paths, "Network": ["name"]}
    rows = dict(fetch_types(session, wanted, objects=[host], traversal=_NETWORKS, include_start=True))
    of_host = rows.pop(host, {})
    memory = of_host.get(_HOST_MEMORY)
    return HostLimits(
        networks=frozenset(str(values["name"]) for values in rows.values()),
        memory_kib=None if memory is None else int(memory) // 1024,
        vcpus=of_host.get(_MOST_VCPUS),
        takes_odd_vcpus=session.has(4, 1),
    )


def check_limits(domain: Domain, hardware: int, limits: HostLimits, networks: Collection[str]) -> None:
    """Refuse a domain that the host cannot start.

    :param hardware: its virtual hardware version.
    :param networks: the names of those networks of its cards that are new.
    :raises NotFound: for a network that the host does not have.
    :raises Refused: for more than a domain of that version, or the host, can have.
    """
    for name in networks:
        if name not in limits.networks:
            raise NotFound(f"The host has no network '{name}'; it has {listed(limits.networks)}.")
    _since, vcpus, memory, cards = next(row for row in _HARDWARE if hardware >= row[0])
    most_vcpus = min(vcpus, limits.vcpus or vcpus)
    by_version = f"with the virtual hardware version {hardware}"
    _check("vcpus", domain.vcpus, most_vcpus, by_version)
    _check("memory, in KiB,", domain.memory_kib, memory * _GIB, by_version)
    _check("network cards", len(domain.interfaces), cards, by_version)
    if limits.memory_kib is not None:
        _check("guaranteed memory, in KiB,", domain.min_guarantee_kib or 0, limits.memory_kib, "on this host")
    if domain.vcpus > 1 and domain.vcpus % 2 and not limits.takes_odd_vcpus:
        raise Refused(f"{domain.vcpus} vcpus are not possible on this host: it takes 1 or an even number.")


def _check(what: str, number: int, most: int, where: str) -> None:
    if number > most:
        raise Refused(f"{number} {what} are not possible {where}; the most are {most}.")
