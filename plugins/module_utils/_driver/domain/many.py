# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing many domains into a state side by side: each has its own result, and all have the same time.

The failure of one domain does not hold up the others. The task fails in the end, with the results of all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.many_steps import (
    Entry,
    ManyPlan,
    ManyRequest,
    carry_out_many,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import (
    POWER_ACTIONS,
    RESTARTS,
    RESULTING_STATE,
    SHUT_DOWN,
    TEMPLATE_PATH,
    Guest,
    PowerAction,
    check_startable,
    check_valid,
    is_deaf,
    plan_power,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.read_request import (
    read_shutdown_timeout,
    read_wait_for,
    without_effect,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.undefine import deletion_order, plan_undefine
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.waiting import wait_for_guests
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import (
    TOOLS_PATH,
    DomainRecord,
    list_domains,
    list_domains_with_facts,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import chosen, chosen_to_leave, require_names
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target, any_changed, carry_out
from ansible_collections.virt.esx.plugins.module_utils._driver.step_errors import (
    failure_entry,
    failure_of_some,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import quoted

# The states that can be requested, with those that they are reached in; a reboot or a reset cannot be told from them.
_REACHED = {(state, RESULTING_STATE[state]) for state in ("running", "shutdown", "destroyed", "paused")}

# The options that have an effect on many domains, in addition to those of the connection.
_OPTIONS = ("names", "state", "shutdown_timeout", "remove_storage", "wait_for")


def read_many_request(params: Mapping[str, Any], own_options: Mapping[str, Any]) -> ManyRequest:
    """Read validated options that are about many domains.

    :param own_options: the argument spec of the options that are not the connection's.
    :raises ParseError: for an option that has no effect on many domains.
    """
    for name, spec in own_options.items():
        if name not in _OPTIONS and params[name] not in (None, spec.get("default")):
            raise ParseError("it has no effect with names, which is for states only.", where=name)
    if params["state"] == "defined" and not params["wait_for"]:
        raise ParseError("expecting a state to bring the domains into, other than defined.", where="state")
    return ManyRequest(
        names=tuple(params["names"]),
        state=params["state"],
        shutdown_timeout=read_shutdown_timeout(params),
        remove_storage=params["remove_storage"],
        wait_for=read_wait_for(params),
    )


def ensure_many(connection: EsxConnection, invocation: Invocation, request: ManyRequest) -> dict[str, Any]:
    """Bring domains into a state; return the module's result.

    :raises EsxError: if it failed for at least one domain; ``details`` hold the results of all.
    """
    for warning in without_effect(invocation.params):
        invocation.warn(warning)
    outcome = carry_out(connection, invocation, lambda: _plan(connection, request))
    plan = outcome.plan
    guests: Mapping[Any, Any] = {}
    if invocation.check_mode:
        now = _predicted(plan, request.state)
        _warn_of_deaf(invocation, plan)
    else:
        now = _states(connection, [entry.record for entry in plan.entries])
        _forget_overtaken(request, plan, now)
        guests = _wait_for_guests(connection, request, plan, now)
    results = [_result_of(entry, plan, now, guests, check_mode=invocation.check_mode) for entry in plan.entries]
    before = "".join(f"{entry.record.name}: {entry.record.state}\n" for entry in outcome.first.entries)
    after = "".join(f"{result['name']}: {result['state']}\n" for result in results)
    result = {"domains": results, **outcome.report(connection, invocation, before, after)}
    if not invocation.check_mode or plan.failed:
        done = [(each["name"], each["steps"]) for each in results if each["steps"]]
        result["changed"] = any_changed(connection, results)
        result["steps"] = [_step_name(done)] if done else []
    if plan.failed:
        raise _failure(plan, result)
    return result


def _forget_overtaken(request: ManyRequest, plan: ManyPlan, now: Mapping[Any, str]) -> None:
    """Forget the errors of domains that another client was faster to bring into the state."""
    for ref, error in list(plan.failed.items()):
        if error.fault == "InvalidPowerState" and (request.state, now.get(ref)) in _REACHED:
            del plan.failed[ref]


def _wait_for_guests(
    connection: EsxConnection, request: ManyRequest, plan: ManyPlan, now: Mapping[Any, str]
) -> Mapping[Any, Any]:
    """Return the facts of the guests that were waited for; the plan keeps the errors of those that are late."""
    records = [entry.record for entry in plan.entries if entry.record.ref not in plan.failed]
    running = {record.ref: record.name for record in records if now[record.ref] == "running"}
    if not request.wait_for or not running:
        return {}
    restarted = [entry.record.ref for entry in plan.entries if entry.action in RESTARTS and entry.record.ref in running]
    guests, late = wait_for_guests(connection, running, request.wait_for, restarted)
    plan.failed.update(late)
    return guests


def _plan(connection: EsxConnection, request: ManyRequest) -> ManyPlan:
    listed, hosts = list_domains_with_facts(connection, _paths(connection), volumes=False, autostart=False)
    known = [record.name for record in listed]
    if request.state != "undefined":  # a domain that is not there is undefined
        require_names(request.names, known, where="on the host")
    names = (chosen_to_leave if request.state == "undefined" else chosen)(request.names, known)
    failed: dict[Any, EsxError] = {}
    entries: list[Entry] = []
    wanted = [record for record in listed if record.name in names]
    if request.remove_storage and request.state == "undefined":
        wanted = deletion_order(connection, wanted)
    for record in wanted:
        host = hosts.get(record.values["runtime.host"]) or HostFacts({})
        gone = [entry.record.ref for entry in entries if entry.steps]
        try:
            entries.append(_entry(connection, request, record, host, gone))
        except EsxError as error:
            entries.append(Entry(record))
            failed[record.ref] = error
    plan = ManyPlan((), None, entries, failed)
    going = [(entry.record.name, [step.name for step in entry.steps]) for entry in plan.going()]
    if not going:
        return plan
    return replace(plan, steps=[Step(_step_name(going), partial(carry_out_many, connection, request, plan))])


def _paths(connection: EsxConnection) -> list[str]:
    tools = [TOOLS_PATH] if connection.session.has(4, 0) else []
    return [*PENDING_PATHS, *tools, *([] if connection.is_direct else [TEMPLATE_PATH])]


def _step_name(steps: Sequence[tuple[str, Sequence[str]]]) -> str:
    """The actions, each once, and the domains.

    :param steps: the names of domains, with those of their steps.
    """
    actions = ", ".join(dict.fromkeys(step for _name, names in steps for step in names))
    return f"{actions} of {', '.join(name for name, _names in steps)}"


def _entry(
    connection: EsxConnection, request: ManyRequest, record: DomainRecord, host: HostFacts, before: Sequence[Any]
) -> Entry:
    """The steps of a domain; those of the domains in ``before`` are carried out before."""
    target = Target(record.name, record.ref)
    if request.state == "undefined":
        connection.locate(record.values["runtime.host"])
        steps = plan_undefine(connection, target, record, remove_storage=request.remove_storage, gone=before)
        return Entry(record, steps)
    guest = Guest(record.values.get(TOOLS_PATH), request.shutdown_timeout)
    steps = plan_power(connection, target, record.state, request.state, guest, host)
    if steps and request.state == "running":
        check_startable(target, record)
        check_valid(target, record)
    action = POWER_ACTIONS[request.state][record.state]
    return Entry(record, steps, action if isinstance(action, PowerAction) else None)


def _predicted(plan: ManyPlan, wanted: str) -> dict[Any, str]:
    """The states that the domains will have: those that have a step the wanted one, the others their present one."""
    reached = {entry.record.ref: RESULTING_STATE.get(wanted, wanted) for entry in plan.going()}
    return {**{entry.record.ref: entry.record.state for entry in plan.entries}, **reached}


def _warn_of_deaf(invocation: Invocation, plan: ManyPlan) -> None:
    """Tell which domains would be powered off without asking their guests."""
    names = [entry.record.name for entry in plan.going() if entry.action is SHUT_DOWN and is_deaf(entry.record)]
    if names:
        invocation.warn(f"Would be powered off, since VMware Tools do not run in it: {quoted(names)}.")


def _states(connection: EsxConnection, records: Sequence[DomainRecord]) -> dict[Any, str]:
    """The states of domains as the server has them now, in one call; one that is gone is undefined."""
    known = {record.ref: record.state for record in list_domains(connection, ())} if records else {}
    return {record.ref: known.get(record.ref, "undefined") for record in records}


def _result_of(
    entry: Entry, plan: ManyPlan, now: Mapping[Any, str], guests: Mapping[Any, Any], *, check_mode: bool
) -> dict[str, Any]:
    record, error = entry.record, plan.failed.get(entry.record.ref)
    steps = [step.name for step in entry.steps] if check_mode and error is None else plan.done.get(record.ref, [])
    return {
        **record.identity(),
        "state": now[record.ref],
        "steps": steps,
        "changed": bool(steps),
        **({"guest": guests[record.ref]} if record.ref in guests else {}),
        **failure_entry(error),
    }


def _failure(plan: ManyPlan, result: dict[str, Any]) -> EsxError:
    names = {entry.record.ref: entry.record.name for entry in plan.entries}
    failed = [(names[ref], error) for ref, error in plan.failed.items()]
    return failure_of_some(failed, len(plan.entries), result)
