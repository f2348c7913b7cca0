# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual hardware version of a domain that exists, which can only become higher."""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile

HARDWARE = "hw_version"


def requested_version(request: DomainRequest) -> int | None:
    """The virtual hardware version that an option, or the given VMX, names."""
    if request.system.hw_version is not None or request.vmx is None:
        return request.system.hw_version
    return VmxFile(request.vmx, DIALECTS["esx"]).integer("virtualHW.version", 0) or None


def upgraded_version(request: DomainRequest, present: VmxFile) -> int | None:
    """The virtual hardware version that a domain is to get, None where it keeps its own, which never becomes lower."""
    version = present.integer("virtualHW.version", 0)
    wanted = requested_version(request)
    return wanted if wanted is not None and wanted > version else None


def hardware_difference(connection: EsxConnection, request: DomainRequest, present: VmxFile) -> list[Difference]:
    """The virtual hardware version, where it becomes higher.

    :raises Refused: if an option asks for a lower one.
    """
    wanted, version = requested_version(request), present.integer("virtualHW.version", 0)
    if wanted is None or wanted == version:
        return []
    if wanted > version:
        return [Difference(HARDWARE, "hardware version", version, wanted)]
    text = f"The virtual hardware is version {version}, and cannot become version {wanted}: no host lowers it."
    if request.system.hw_version is not None:
        raise Refused(text, hint="Correct hw_version, or define the domain under another name.")
    connection.warn(text)
    return []
