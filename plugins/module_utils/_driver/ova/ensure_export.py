# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exporting a domain to a package: what the module ``esx_ova`` does with state ``exported``."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.export_plan import ExportPlan, plan_export
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.exporter import Exporter
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.leased import OtherLeases, is_leased
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import ExportRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import carry_out


def ensure_exported(connection: EsxConnection, invocation: Invocation, request: ExportRequest) -> dict[str, Any]:
    """Export a domain unless the package exists; return the module's result.

    :raises EsxError: if that is refused or fails; nothing half written has the package's name then.
    """
    exporter, leases = Exporter(connection, request), OtherLeases(connection)

    def make_plan() -> ExportPlan:
        plan = plan_export(connection, request, exporter.run)
        is_blocked = bool(plan.steps) and is_leased(plan.domain) and not invocation.check_mode
        if is_blocked and leases.wait(plan.domain.name):
            plan = plan_export(connection, request, exporter.run)
        return plan

    outcome = carry_out(connection, invocation, make_plan, leases.failed)
    for text in outcome.plan.warnings:
        invocation.warn(text)
    files = "".join(f"{file}\n" for file in outcome.plan.files)
    report = outcome.report(connection, invocation, "" if outcome.steps else files, files)
    return {
        "domain": outcome.plan.domain.identity(),
        "files": outcome.plan.files,
        "transferred_bytes": exporter.received,
        **report,
    }
