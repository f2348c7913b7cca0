# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Properties in bulk: pages, unset properties, objects that are gone, and servers that know no pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._vi import properties
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import find_host
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    FOLDER_VMS,
    HOST_DATASTORES,
    HOST_VMS,
    fetch,
    fetch_one,
    fetch_types,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name
from ansible_collections.virt.esx.tests.integration.vi.sessions import find_domain, running, session_on
from ansible_collections.virt.esx.tests.simulator_client import Simulator

NAMES = [f"domain-{number}" for number in range(1, 8)]


@pytest.fixture(scope="module", name="seven")
def _seven() -> Iterator[Simulator]:
    with running("-domains", "7") as simulator:
        yield simulator


@pytest.mark.parametrize(("page", "calls"), [(500, 1), (7, 1), (3, 3), (1, 7)])
def test_pages(seven: Simulator, monkeypatch: pytest.MonkeyPatch, page: int, calls: int) -> None:
    monkeypatch.setattr(properties, "PAGE", page)
    with session_on(seven) as session:
        host = session.ref("HostSystem", "ha-host")
        before = session.stub.calls
        rows = fetch(session, "VirtualMachine", ["name"], objects=[host], traversal=HOST_VMS)
        assert sorted(values["name"] for _ref, values in rows) == NAMES
        assert session.stub.calls - before == calls


@pytest.mark.parametrize("lost", [{"fault": "NotAuthenticated"}, {"drop": "before"}, {"drop": "after"}])
def test_a_read_begins_again_between_two_pages(
    seven: Simulator, monkeypatch: pytest.MonkeyPatch, lost: dict[str, str]
) -> None:
    monkeypatch.setattr(properties, "PAGE", 3)
    with session_on(seven) as session:
        host = session.ref("HostSystem", "ha-host")
        seven.inject(method="ContinueRetrievePropertiesEx", count=1, **lost)
        rows = fetch(session, "VirtualMachine", ["name"], objects=[host], traversal=HOST_VMS)
        assert sorted(values["name"] for _ref, values in rows) == NAMES
    seven.expire_sessions()


def test_all_machines_below_a_folder(seven: Simulator) -> None:
    with session_on(seven) as session:
        root = session.content.rootFolder
        rows = fetch(session, "VirtualMachine", ["name"], objects=[root], traversal=FOLDER_VMS)
        assert sorted(values["name"] for _ref, values in rows) == NAMES


def test_several_objects_and_types_in_one_call(host: Simulator) -> None:
    with session_on(host) as session:
        machines = [find_domain(session, name) for name in ("domain-1", "domain-2")]
        context = find_host(session)
        before = session.stub.calls
        wanted = {"VirtualMachine": ["name"], "ManagedEntity": ["parent"], "HostSystem": ["hardware.memorySize"]}
        rows = dict(fetch_types(session, wanted, objects=[*machines, context.host]))
        assert session.stub.calls - before == 1
        assert rows[machines[0]] == {"name": "domain-1", "parent": context.vm_folder}
        assert rows[context.host]["hardware.memorySize"] > 0
        assert "name" not in rows[context.host]


def test_an_unset_property_is_none(host: Simulator) -> None:
    with session_on(host) as session:
        paths = ["snapshot", "runtime.question", "name", "guest.hostName"]
        values = fetch_one(session, find_domain(session), paths)
        assert values["name"] == "domain-1"
        assert (values["snapshot"], values["runtime.question"]) == (None, None)
        assert set(values) == set(paths)


def test_no_objects_cost_no_call(host: Simulator) -> None:
    with session_on(host) as session:
        before = session.stub.calls
        assert fetch(session, "VirtualMachine", ["name"], objects=[]) == []
        assert session.stub.calls == before


def test_an_object_that_is_gone(host: Simulator) -> None:
    with session_on(host) as session, pytest.raises(NotFound, match="vm-999 does not exist") as caught:
        fetch_one(session, session.ref("VirtualMachine", "vm-999"), ["name"])
    assert caught.value.fault == "ManagedObjectNotFound"


def test_a_property_that_the_server_does_not_know(host: Simulator) -> None:
    with session_on(host) as session, pytest.raises(ServerFault) as caught:
        fetch_one(session, find_domain(session), ["runtime.noSuchThing"])
    assert caught.value.fault == "InvalidProperty"


@pytest.mark.parametrize("version", ["2.5", "4.0", "4.1"])
def test_servers_without_pages(version: str) -> None:
    with running("-version", version) as simulator, session_on(simulator) as session:
        host = find_host(session).host
        rows = fetch(session, "Datastore", ["name", "summary.capacity"], objects=[host], traversal=HOST_DATASTORES)
        assert [values["name"] for _ref, values in rows] == ["local-storage"]
        assert type_name(rows[0][0]) == "Datastore"
