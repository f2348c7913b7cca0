# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a virtual switch into the requested state: what the module ``esx_network`` does."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connected import check_host
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.network.model import HostNetwork, Switch
from ansible_collections.virt.esx.plugins.module_utils._driver.network.planner import NetworkPlan, plan_network
from ansible_collections.virt.esx.plugins.module_utils._driver.network.read import read_host_network
from ansible_collections.virt.esx.plugins.module_utils._driver.network.request import NetworkRequest, without_effect
from ansible_collections.virt.esx.plugins.module_utils._driver.network.result import as_text, network_entry
from ansible_collections.virt.esx.plugins.module_utils._driver.network.undo import Undo
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import carry_out


def ensure_network(connection: EsxConnection, invocation: Invocation, request: NetworkRequest) -> dict[str, Any]:
    """Bring a virtual switch into the requested state; return the module's result.

    :raises EsxError: if that is refused or fails; the steps before the failure are undone.
    """
    warning = without_effect(invocation.params)
    if warning is not None:
        invocation.warn(warning)
    undo = Undo()

    def make_plan() -> NetworkPlan:
        plan = plan_network(read_host_network(connection), request, undo)
        if plan.steps:
            check_host(connection.context.host_name, plan.network.connection)
        return plan

    outcome = carry_out(connection, invocation, make_plan, recover=undo.take_back)
    network, after = outcome.plan.network, outcome.plan.after
    if outcome.first.steps and not invocation.check_mode:
        network = read_host_network(connection)
        after = network.switch(request.name)
    entry = _entry(network, after)
    before = as_text(_entry(outcome.first.network, outcome.first.before))
    return {"network": entry, **outcome.report(connection, invocation, before, as_text(entry))}


def _entry(network: HostNetwork, switch: Switch | None) -> dict[str, Any] | None:
    return None if switch is None else network_entry(network, switch)
