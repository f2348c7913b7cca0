# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a package's domain to a host: what the module ``esx_ova`` does with state ``present``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import find_domain, read_domain_of
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.import_plan import ImportPlan, plan_import
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.importer import Importer
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.leased import OtherLeases
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.offer import Offer
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import ImportRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import carry_out
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, Refused

# Clients that import the same at the same time, and were overtaken, remove their domains and directories again. How
# often, and after how many seconds, this is looked at before it is an error.
_LOOKS, _PAUSE = 10, 0.5


def ensure_imported(connection: EsxConnection, invocation: Invocation, request: ImportRequest) -> dict[str, Any]:
    """Import a package unless a domain of its name exists; return the module's result.

    :raises EsxError: if that is refused or fails; nothing of the domain is left on the host then.
    """
    importer, leases = Importer(connection, request), OtherLeases(connection)

    def plan_once() -> ImportPlan:
        plan = plan_import(connection, request, importer.run)
        if plan.is_blocked and not invocation.check_mode and leases.wait(plan.offer.name):
            plan = plan_import(connection, request, importer.run)
        return plan

    def make_plan(looks: int = 0) -> ImportPlan:
        try:
            return plan_once()
        except (Ambiguous, Refused):
            if leases.has_failed or not importer.attempts or looks == _LOOKS:
                raise
        time.sleep(_PAUSE)
        return make_plan(looks + 1)

    outcome = carry_out(connection, invocation, make_plan, leases.failed)
    plan = outcome.plan
    _warn(invocation, plan, importer.unused)
    domain = {"name": plan.offer.name, "uuid": None, "moid": None, "state": "shutoff"}
    existed = plan.existing is not None
    if importer.ref is not None:
        domain = read_domain_of(connection, importer.ref, volumes=False)[0].identity()
    elif existed or not invocation.check_mode:
        found = find_domain(connection, DomainKey(plan.offer.name), volumes=False)
        domain = domain if found is None else found[0].identity()
    after = _text(plan.offer)
    report = outcome.report(connection, invocation, after if existed and not outcome.steps else "", after)
    package = {**plan.offer.facts(), "warnings": list(plan.warnings)}
    return {"domain": domain, "package": package, "transferred_bytes": importer.sent, **report}


def _warn(invocation: Invocation, plan: ImportPlan, unused: Sequence[str]) -> None:
    for name in unused:
        invocation.warn(f"The package's file '{name}' was not imported: the host does not need it.")
    for text in plan.warnings:
        invocation.warn(text)
    if plan.is_blocked and invocation.check_mode:
        invocation.warn(
            f"Another import or export of domain '{plan.offer.name}' is still running; the domain may exist then."
        )


def _text(offer: Offer) -> str:
    """The domain for diff mode."""
    return f"name: {offer.name}\npackage: {offer.source_name}\n"
