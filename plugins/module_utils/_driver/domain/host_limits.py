# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The limits of a host for a domain: networks, CPUs, memory and cards; read only when something changes."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.checks import listed
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import network_names
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_NETWORKS,
    Values,
    fetch_one,
    fetch_types,
)

_HOST_MEMORY, _HOST_THREADS = "summary.hardware.memorySize", "summary.hardware.numCpuThreads"
_MOST_VCPUS = "capability.maxSupportedVcpus"  # of one domain, from API 5.1 on
_VERSION, _CRYPTO = "summary.config.product.version", "runtime.cryptoState"
_WITHOUT_VNC = 7  # the version of ESXi from which it has no VNC server
_READY = "safe"  # the encryption state of a host that has a key

# The most that any virtual hardware version has; the limits of each version are in ``_vmx/hardware.py``.
_VCPUS, _MEMORY_KIB, _CARDS = 768, 24560 * 1024 * 1024, 10
# The CPUs that every host gives to a domain, if it says at all how many it gives at most.
_VCPUS_OF_ANY_HOST = 32
# The logical processors that every host has, and so gives to a domain.
_THREADS_OF_ANY_HOST = 2


def check_limits(
    connection: EsxConnection, domain: Domain, networks: Collection[str], known: Collection[str] | None = None
) -> None:
    """Refuse a domain that the host cannot start; one call, none where every host can.

    :param networks: the names of those networks of its cards that are new.
    :param known: the names of the host's networks, None where they were not read yet.
    :raises NotFound: for a network that the host does not have.
    :raises Refused: for more than any domain, or one of this host, can have.
    """
    _check("KiB of memory", domain.memory_kib, _MEMORY_KIB)
    _check("network cards", len(domain.interfaces), _CARDS)
    if _is_odd(domain.vcpus) and not connection.session.has(4, 1):
        raise Refused(f"{domain.vcpus} vcpus are not possible on this host: it takes 1 or an even number.")
    paths = _limit_paths(connection, domain)
    lacks_networks = known is None and bool(networks)
    read, of_host = _read(connection, paths, with_networks=lacks_networks) if paths or lacks_networks else ((), {})
    _check_networks(networks, read if known is None else known)
    _check_host(domain, of_host)


def _is_odd(vcpus: int) -> bool:
    """Whether it is a number of CPUs that hosts before API 4.1 do not take."""
    return vcpus > 1 and vcpus % 2 == 1


def _limit_paths(connection: EsxConnection, domain: Domain) -> list[str]:
    """The properties of the host that could limit a domain."""
    limits = {
        _HOST_MEMORY: bool(domain.min_guarantee_kib),
        _HOST_THREADS: domain.vcpus > _THREADS_OF_ANY_HOST,
        _MOST_VCPUS: domain.vcpus > _VCPUS_OF_ANY_HOST and connection.session.has(5, 1),
    }
    return [path for path, is_near in limits.items() if is_near]


def _check_networks(networks: Collection[str], known: Collection[str]) -> None:
    for name in networks:
        if name not in known:
            raise NotFound(f"The host has no network '{name}'; it has {listed(known)}.")


def _check_host(domain: Domain, of_host: Values) -> None:
    """Refuse more than the host has, by those of its properties that were read."""
    threads, memory = of_host.get(_HOST_THREADS), of_host.get(_HOST_MEMORY)
    if threads is not None and domain.vcpus > threads:
        raise Refused(f"{domain.vcpus} vcpus are not possible on this host, which has {threads} logical processors.")
    _check("vcpus", domain.vcpus, of_host.get(_MOST_VCPUS) or _VCPUS)
    if memory is not None:
        _check("KiB of guaranteed memory", domain.min_guarantee_kib or 0, int(memory) // 1024)


def _read(connection: EsxConnection, paths: list[str], *, with_networks: bool) -> tuple[Collection[str], Values]:
    """The names of the host's networks, and properties of it, in one call."""
    wanted = {**({"HostSystem": paths} if paths else {}), **({"Network": ["name"]} if with_networks else {})}
    host = connection.host
    rows = fetch_types(connection.session, wanted, objects=[host], traversal=HOST_NETWORKS, include_start=True)
    return network_names(rows), dict(rows).get(host, {})


def warn_of_lacks(connection: EsxConnection, *, new_vnc: bool, new_tpm: bool) -> None:
    """Warn of new devices that the host no longer has, or that keep the domain from starting there."""
    if not new_vnc and not new_tpm:
        return
    host = fetch_one(connection.session, connection.host, [_VERSION, _CRYPTO] if new_tpm else [_VERSION])
    if new_vnc:
        _warn_of_vnc(connection, str(host.get(_VERSION) or ""))
    if new_tpm:
        _warn_of_tpm(connection, host.get(_CRYPTO))


def _warn_of_vnc(connection: EsxConnection, version: str) -> None:
    if _major(version) >= _WITHOUT_VNC:
        connection.warn(
            f"The host is ESXi {version}, which has no VNC server (ESXi {_WITHOUT_VNC}.0 and later have none); "
            "the domain keeps <graphics type='vnc'>, but nothing listens on its port. Use the console of the host or "
            "the vCenter."
        )


def _warn_of_tpm(connection: EsxConnection, state: Any) -> None:
    if state is not None and str(state) != _READY:
        connection.warn(
            "The domain has a TPM, and cannot start on this host until the host or its vCenter has a key provider; "
            f"the encryption state of the host is '{state}'."
        )


def _major(version: str) -> int:
    number = version.partition(".")[0]
    return int(number) if number.isdecimal() else 0


def _check(what: str, number: int, most: int) -> None:
    if number > most:
        raise Refused(f"{number} {what} are not possible on this host; its maximum is {most}.")
