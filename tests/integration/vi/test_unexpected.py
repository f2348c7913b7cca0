# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions with servers and answers that are not as expected."""

from __future__ import annotations

import signal
from http.client import HTTPMessage
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi import properties, stub, worker_sessions
from ansible_collections.virt.esx.plugins.module_utils._vi import session as session_module
from ansible_collections.virt.esx.plugins.module_utils._vi.about import oldest_version, pyvmomi_versions
from ansible_collections.virt.esx.plugins.module_utils._vi.answers import Unreadable, read_answer
from ansible_collections.virt.esx.plugins.module_utils._vi.exchange import Answer, exchange
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name
from ansible_collections.virt.esx.plugins.modules import (
    esx_domain,
    esx_domain_info,
    esx_host,
    esx_pool_info,
    esx_snapshot,
    esx_volume,
)
from ansible_collections.virt.esx.plugins.modules.esx_domain_info import CONTRACT
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, parameters
from ansible_collections.virt.esx.tests.integration.vi.sessions import (
    PASSWORD,
    USER,
    connection_to,
    find_domain,
    session_on,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def test_vcenter_star_of_an_unmanaged_host_is_an_error_in_every_module(host: Simulator) -> None:
    given = {"uri": host.uri(user=USER, no_verify=1, vcenter="*"), "password": PASSWORD, "gather": [], "timeout": 30}
    params = ArgumentSpecValidator(**CONTRACT.validation()).validate(given).validated_parameters
    with pytest.raises(Refused, match="is not managed by a vCenter"):
        CONTRACT.run(Invocation(params, False, False, pytest.fail))


def test_a_session_that_cannot_be_closed_is_told_when_the_process_ends(host: Simulator) -> None:
    """As the action's worker does it: the task's result has been handed over by then."""
    told: list[str] = []
    sessions = worker_sessions._WorkerSessions()
    sessions.tell = told.append
    session = sessions.get(connection_to(host), pytest.fail)
    find_domain(session)
    host.inject(method="Logout", http=503, count=1)
    sessions.close_ignoring_signals()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    assert len(told) == 1
    assert "could not be closed" in told[0]
    host.expire_sessions()


def test_the_cookie_of_a_proxy_does_not_replace_that_of_the_session(
    host: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Balancers of load set one of their own, with some answers or with all."""

    def exchange_with_cookie(*arguments: Any, **options: Any) -> Answer:
        answer = exchange(*arguments, **options)
        headers = HTTPMessage()
        for name, value in (("Set-Cookie", "node=7; Path=/"), *answer.headers.items()):
            headers.add_header(name, value)
        return answer._replace(headers=headers)

    monkeypatch.setattr(stub, "exchange", exchange_with_cookie)
    with session_on(host) as session:
        find_domain(session)
        assert session.cookie.startswith("vmware_soap_session=")


DISK = {"name": "domain-1/domain-1.vmdk", "pool": "local-storage", "state": "absent"}


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (esx_domain, {"name": "domain-1", "state": "running"}),
        (esx_domain, {"name": "domain-1", "annotation": "x"}),
        (esx_host, {"state": "maintenance"}),
    ],
)
def test_a_domain_whose_state_the_user_may_not_see(
    host: Simulator, monkeypatch: pytest.MonkeyPatch, module: Any, arguments: dict[str, Any]
) -> None:
    error = refused_without_states(host, monkeypatch, module, arguments)
    assert "does not show the property runtime.powerState of domain 'domain-1'" in error.message
    assert "System.Read" in str(error.hint)


def test_a_disk_of_a_domain_whose_state_the_user_may_not_see(host: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused_without_states(host, monkeypatch, esx_volume, DISK)
    assert "it is used by domain 'domain-1'" in error.message


def refused_without_states(
    host: Simulator, monkeypatch: pytest.MonkeyPatch, module: Any, arguments: dict[str, Any]
) -> Refused:
    """The error of a task on a server that leaves out what a role does not show that has System.View only."""
    rows = properties._rows

    def rows_without_state(*given: Any) -> list[Any]:
        return [(ref, {**values, "runtime.powerState": None}) for ref, values in rows(*given)]

    host.trace(reset=True)
    monkeypatch.setattr(properties, "_rows", rows_without_state)
    given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, "timeout": 30, **arguments}
    with pytest.raises(Refused) as caught:
        module.CONTRACT.run(Invocation(parameters(module.CONTRACT, **given), False, False, pytest.fail))
    assert not [name for name in host.methods() if name.endswith("_Task") and name != "SearchDatastore_Task"]
    return caught.value


@pytest.mark.parametrize("module", [esx_domain_info, esx_pool_info])
def test_an_inventory_whose_names_the_user_may_not_see(
    host: Simulator, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    rows = properties._rows
    hidden = ("Datacenter", "ComputeResource", "HostSystem")

    def rows_without_names(*given: Any) -> list[Any]:
        found = rows(*given)
        return [(ref, {**values, "name": None} if type_name(ref) in hidden else values) for ref, values in found]

    monkeypatch.setattr(properties, "_rows", rows_without_names)
    assert not carry_out(module.CONTRACT, host, password=PASSWORD)["changed"]


def test_an_answer_that_cannot_be_read_is_asked_for_in_the_newest_version(
    host: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a server whose oldest form has members that pyVmomi does not know."""
    asked: list[str] = []

    def read(content: bytes, info: Any, made_by: Any) -> Any:
        asked.append(made_by.version)
        if len(asked) == 1:
            raise Unreadable("it has parts that pyVmomi cannot read")
        return read_answer(content, info, made_by)

    newest = max(version for version in pyvmomi_versions() if version[0] < (8,))[1]  # of a pyVmomi that is older
    monkeypatch.setattr(stub, "read_answer", read)
    monkeypatch.setattr(session_module, "newest_version", lambda: newest)
    with session_on(host) as session:
        find_domain(session)
    assert asked[:2] == [oldest_version(), newest]


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (esx_domain, {"settings": {"guestinfo.script": "first\r\nsecond\rthird"}}),
        (esx_domain, {"annotation": "first\r\nsecond"}),
        (esx_snapshot, {"snapshot": "a\rname", "description": "first\r\nsecond"}),
    ],
)
def test_carriage_returns_arrive_as_they_are(host: Simulator, module: Any, arguments: dict[str, Any]) -> None:
    """A reader of XML makes line feeds of those that are not escaped, so that each run found a difference."""
    given = {"name": "domain-1", "password": PASSWORD, **arguments}
    assert carry_out(module.CONTRACT, host, **given)["changed"]
    assert not carry_out(module.CONTRACT, host, **given)["changed"]
    host.expire_sessions()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a\x01b", r"a value has a character that XML cannot have \(inventoryPath\)"),
        ("a\uffffb", r"a value has a character that XML cannot have \(inventoryPath\)"),
        ("\udcff", "a value is not valid Unicode"),
    ],
)
def test_a_value_that_no_document_can_have_is_not_sent(host: Simulator, name: str, said: str) -> None:
    with session_on(host) as session:
        find_domain(session)
        host.trace(reset=True)
        with pytest.raises(EsxError, match=f"^FindByInventoryPath was not called: {said}.$"):
            find_domain(session, name)
        assert host.methods() == []
