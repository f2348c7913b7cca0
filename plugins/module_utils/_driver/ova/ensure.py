# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The work of the module ``esx_ova``: an import or an export."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.ensure_export import ensure_exported
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.ensure_import import ensure_imported
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import ExportRequest, ImportRequest


def ensure_ova(
    connection: EsxConnection, invocation: Invocation, request: ImportRequest | ExportRequest
) -> dict[str, Any]:
    """Import a package, or export a domain to one; return the module's result.

    :raises EsxError: if that is refused or fails.
    """
    if isinstance(request, ImportRequest):
        return ensure_imported(connection, invocation, request)
    return ensure_exported(connection, invocation, request)
