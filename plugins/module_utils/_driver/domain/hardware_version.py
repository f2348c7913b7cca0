# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual hardware version of a domain: its host limits it, and that of an existing one can only become higher."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.about import version_numbers
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile

HARDWARE = "hw_version"

# The versions of ESX, newest first, with the newest virtual hardware version of their first release and that of their
# last update, None where there may be newer ones.
OF_HOSTS: tuple[tuple[tuple[int, int], int, int | None], ...] = (
    ((9, 0), 22, None),
    ((8, 0), 20, 21),
    ((7, 0), 17, 19),
    ((6, 7), 14, 15),
    ((6, 5), 13, 13),
    ((6, 0), 11, 11),
    ((5, 5), 10, 10),
    ((5, 1), 9, 9),
    ((5, 0), 8, 8),
    ((4, 0), 7, 7),
    ((0, 0), 4, None),
)


def _of_host(host_version: str | None) -> tuple[int, int | None]:
    """The newest virtual hardware versions of a host, as above; of the newest hosts if its version is not known."""
    version = version_numbers(host_version or "") or OF_HOSTS[0][0]
    return next((first, last) for since, first, last in OF_HOSTS if version >= since)


def newest_version(host_version: str | None) -> int:
    """The newest virtual hardware version that every host of that version has."""
    return _of_host(host_version)[0]


def check_version(wanted: int, host_version: str | None) -> None:
    """Refuse a virtual hardware version that no host of that version has: the domain could not start there.

    :raises Refused: with the newest one.
    """
    _first, last = _of_host(host_version)
    if last is not None and wanted > last:
        raise Refused(
            f"The virtual hardware cannot be version {wanted}: the host is ESXi {host_version}, which has none above "
            f"{last}.",
            hint="Correct hw_version, or virtualHW.version in vmx.",
        )


def requested_version(request: DomainRequest) -> int | None:
    """The virtual hardware version that an option, or the given VMX, names."""
    if request.system.hw_version is not None or request.vmx is None:
        return request.system.hw_version
    return _version_in(request.vmx) or None


def _version_in(vmx: str | bytes) -> int:
    """The virtual hardware version that a VMX names, 0 if it names none."""
    return VmxFile(vmx, DIALECTS["esx"]).integer("virtualHW.version", 0)


def upgraded_version(request: DomainRequest, vmx: bytes) -> int | None:
    """The virtual hardware version that a domain is to get, None where it keeps its own, which never becomes lower."""
    wanted = requested_version(request)
    return wanted if wanted is not None and wanted > _version_in(vmx) else None


def hardware_difference(
    connection: EsxConnection, request: DomainRequest, vmx: bytes, host_version: str | None
) -> list[Difference]:
    """The virtual hardware version, where it becomes higher.

    :raises Refused: if an option asks for a lower one, or for one that the host does not have.
    """
    wanted = requested_version(request)
    if wanted is None:
        return []
    version = _version_in(vmx)
    if wanted == version:
        return []
    if wanted > version:
        check_version(wanted, host_version)
        return [Difference(HARDWARE, "hardware version", version, wanted)]
    text = f"The virtual hardware is version {version}, and cannot become version {wanted}: no host lowers it."
    if request.system.hw_version is not None:
        raise Refused(text, hint="Correct hw_version, or define the domain under another name.")
    connection.warn(text)
    return []
