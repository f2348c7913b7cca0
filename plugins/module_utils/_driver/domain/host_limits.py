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

_HOST_MEMORY, _HOST_THREADS = "summary.hardware.memorySize", "summary.hardware.numCpuThreads"
_MOST_VCPUS = "capability.maxSupportedVcpus"  # of one domain, from API 5.1 on
_NETWORKS = (Traversal("networks", "HostSystem", "network"),)

# What no virtual hardware version has more of; what each version has is in ``_vmx/hardware.py``.
_VCPUS, _MEMORY_KIB, _CARDS = 768, 24560 * 1024 * 1024, 10


@dataclass(frozen=True)
class HostLimits:
    """What a host has; None where it does not say.

    :param vcpus: the most of one domain.
    :param threads: its logical processors, which no domain has more of.
    """

    networks: Collection[str]
    memory_kib: int | None = None
    vcpus: int | None = None
    threads: int | None = None
    takes_odd_vcpus: bool = True


def read_limits(connection: EsxConnection) -> HostLimits:
    """The limits of the connection's host, in one call."""
    session = connection.session
    host = connection.context.host
    paths = [_HOST_MEMORY, _HOST_THREADS, *([_MOST_VCPUS] if session.has(5, 1) else [])]
    wanted = {"HostSystem": paths, "Network": ["name"]}
    rows = dict(fetch_types(session, wanted, objects=[host], traversal=_NETWORKS, include_start=True))
    of_host = rows.pop(host, {})
    memory = of_host.get(_HOST_MEMORY)
    return HostLimits(
        networks=frozenset(str(values["name"]) for values in rows.values()),
        memory_kib=None if memory is None else int(memory) // 1024,
        vcpus=of_host.get(_MOST_VCPUS),
        threads=of_host.get(_HOST_THREADS),
        takes_odd_vcpus=session.has(4, 1),
    )


def check_limits(domain: Domain, limits: HostLimits, networks: Collection[str]) -> None:
    """Refuse a domain that the host cannot start.

    :param networks: the names of those networks of its cards that are new.
    :raises NotFound: for a network that the host does not have.
    :raises Refused: for more than any domain, or one of this host, can have.
    """
    for name in networks:
        if name not in limits.networks:
            raise NotFound(f"The host has no network '{name}'; it has {listed(limits.networks)}.")
    if domain.vcpus > (limits.threads or domain.vcpus):
        raise Refused(
            f"{domain.vcpus} vcpus are not possible on this host, which has {limits.threads} logical processors."
        )
    _check("vcpus", domain.vcpus, min(_VCPUS, limits.vcpus or _VCPUS))
    _check("KiB of memory", domain.memory_kib, _MEMORY_KIB)
    _check("network cards", len(domain.interfaces), _CARDS)
    if limits.memory_kib is not None:
        _check("KiB of guaranteed memory", domain.min_guarantee_kib or 0, limits.memory_kib)
    if domain.vcpus > 1 and domain.vcpus % 2 and not limits.takes_odd_vcpus:
        raise Refused(f"{domain.vcpus} vcpus are not possible on this host: it takes 1 or an even number.")


def _check(what: str, number: int, most: int) -> None:
    if number > most:
        raise Refused(f"{number} {what} are not possible on this host; the most are {most}.")
