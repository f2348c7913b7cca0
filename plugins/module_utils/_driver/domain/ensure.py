# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a domain into the requested state: what the module ``esx_domain`` does."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.planner import (
    DomainPlan,
    plan_domain,
    read_back,
    with_xml,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import read_request
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import carry_out


def ensure_domain(connection: EsxConnection, invocation: Invocation) -> dict[str, Any]:
    """Bring the domain that the options describe into the requested state; return the module's result.

    :raises EsxError: if that is impossible, or fails; nothing is half done then.
    """
    request = read_request(invocation.params)

    def make_plan() -> DomainPlan:
        plan = plan_domain(connection, request)
        return with_xml(connection, plan) if invocation.diff and plan.steps else plan

    try:
        outcome = carry_out(connection, invocation, make_plan)
    finally:
        warning = request.report.warning("The description")
        if warning is not None:
            invocation.warn(warning)
    after = outcome.plan.after
    if outcome.first.steps and not invocation.check_mode:
        after = read_back(connection, outcome.plan)
    common = outcome.report(connection, invocation, outcome.first.before.text(), after.text())
    return {"domain": after.as_dict(), **common}
