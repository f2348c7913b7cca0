# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a domain into the requested state: what the module ``esx_domain`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.domain_plan import DomainPlan
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.planner import plan_domain, read_back, with_xml
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import RESTARTS, SHUT_DOWN, is_deaf
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.read_request import (
    read_request,
    rounded_sizes,
    without_effect,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.result import DomainResult
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Target, carry_out
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power_cycle import PowerCycle


def ensure_domain(connection: EsxConnection, invocation: Invocation) -> dict[str, Any]:
    """Bring the domain that the options describe into the requested state; return the module's result.

    :raises EsxError: if that is impossible, or fails; nothing is half done then.
    """
    request = read_request(invocation.params)
    for warning in _warnings(invocation, request):
        invocation.warn(warning)
    cycles: list[PowerCycle] = []

    def make_plan() -> DomainPlan:
        plan = plan_domain(connection, request, cycles[0] if cycles else None)
        _check_waiting(request, plan)
        if plan.cycle is not None:
            cycles.append(plan.cycle)
        return with_xml(connection, plan) if invocation.diff and plan.steps else plan

    def recover(error: BaseException, done: list[str]) -> None:
        if cycles:
            from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power_cycle import start_again

            start_again(connection, cycles[0], error, done)

    try:
        outcome = carry_out(connection, invocation, make_plan, recover)
    finally:
        left_out = request.report.warning("The description")
        if left_out is not None:
            invocation.warn(left_out)
    before, after = outcome.first.before, outcome.plan.after
    if outcome.first.steps and not invocation.check_mode:
        after = read_back(connection, outcome.plan)
    _warn_of_move(invocation, before, after)
    if invocation.check_mode and SHUT_DOWN.name in outcome.steps and is_deaf(outcome.plan.record):
        invocation.warn(
            f"VMware Tools do not run in {outcome.plan.target}; it would be powered off without asking its guest."
        )
    common = outcome.report(connection, invocation, before.text(), after.text())
    result = {"domain": after.as_dict(), **common}
    if request.wait_for and not invocation.check_mode:
        result["domain"]["guest"] = _wait_for_guest(connection, outcome.plan.target, request, result)
    return result


def _check_waiting(request: DomainRequest, plan: DomainPlan) -> None:
    """Refuse to wait for the guest of a domain that will not run."""
    if request.wait_for and plan.after.state != "running":
        text = f"The guest of {plan.target} cannot be waited for: the domain is {plan.after.state}."
        raise Refused(text, hint="Use state running.")


def _warn_of_move(invocation: Invocation, before: DomainResult, after: DomainResult) -> None:
    if None not in (before.host, after.host) and before.host != after.host:
        invocation.warn(f"The domain '{after.name}' was on {before.host}. The vCenter started it on {after.host}.")


def _wait_for_guest(
    connection: EsxConnection, target: Target, request: DomainRequest, result: dict[str, Any]
) -> dict[str, Any]:
    """Wait for what the request names, and return what is known of the guest then.

    :param result: the module's result, which goes into the details of an error.
    """
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.waiting import wait_for_guests

    is_restarted = any(action.name in result["steps"] for action in RESTARTS)
    restarted = [target.ref] if is_restarted else []
    guests, failed = wait_for_guests(connection, {target.ref: target.name}, request.wait_for, restarted)
    for error in failed.values():
        error.details = {**result, **error.details}
        raise error
    return guests[target.ref]


def _warnings(invocation: Invocation, request: DomainRequest) -> list[str]:
    """Warnings of options that have no effect, or a different one than they say."""
    return [*rounded_sizes(invocation.params, request.xml), *without_effect(invocation.params)]
