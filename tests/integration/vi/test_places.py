# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where domains live: the one host of an ESX, the path of a vpx:// URI, the vCenter of a host, its licence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    AuthFailed,
    ConnectionFailed,
    EsxError,
    LicenceRestricted,
    NotFound,
    ParseError,
    Refused,
)
from ansible_collections.virt.esx.plugins.module_utils._vi import host_context
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import find_host, find_scope, host_of_ref
from ansible_collections.virt.esx.plugins.module_utils._vi.licence import restricting_licence, writing
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_content, fetch_one, fetch_types
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session
from ansible_collections.virt.esx.plugins.module_utils._vi.vcenter import host_in_vcenter, open_vcenter
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name
from ansible_collections.virt.esx.tests.integration.vi.sessions import PASSWORD, USER, find_domain, running, session_on
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

VCENTER = {"vcenter_username": USER, "vcenter_password": PASSWORD}


@pytest.fixture(scope="module", name="vcenter")
def _vcenter() -> Iterator[Simulator]:
    with running("-kind", "vcenter", "-clusters", "1", "-host-endpoints", "auto") as simulator:
        yield simulator


def test_the_one_host_of_an_esx(host: Simulator) -> None:
    with session_on(host) as session:
        before = session.stub.calls
        found = find_host(session)
        assert find_host(session) is found
        assert session.stub.calls - before == 1
        assert (moid(found.host), found.datacenter_path) == ("ha-host", "ha-datacenter")
        assert (moid(found.pool), moid(found.vm_folder)) == ("ha-root-pool", "ha-folder-vm")
        assert found.managed_by is None
        assert not found.in_maintenance
        assert host_of_ref(session, found.host) == found


@pytest.mark.parametrize("path", ["DC0/DC0_H0", "DC0//DC0_H1/", "DC0/DC0_C0/DC0_C0_H1"])
def test_the_path_of_a_vcenters_host(vcenter: Simulator, path: str) -> None:
    with session_on(vcenter, "vpx", path=path) as session:
        before = session.stub.calls
        found = find_host(session)
        assert session.stub.calls - before == 2
        assert found.host_name == path.rstrip("/").rsplit("/", 1)[1]
        assert found.datacenter_path == "DC0"
        assert host_of_ref(session, found.host) == found


@pytest.mark.parametrize(("path", "hosts"), [("DC0/DC0_H0", 1), ("DC0/DC0_C0/DC0_C0_H1", 1), ("DC0/DC0_C0", 2)])
def test_only_the_objects_along_a_path_are_read(
    vcenter: Simulator, monkeypatch: pytest.MonkeyPatch, path: str, hosts: int
) -> None:
    read: list[str] = []

    def fetch(*arguments: Any, **options: Any) -> Any:
        rows = fetch_types(*arguments, **options)
        read.extend(type_name(ref) for ref, _values in rows)
        return rows

    monkeypatch.setattr(host_context, "fetch_types", fetch)
    with session_on(vcenter, "vpx", path=path) as session:
        assert len(find_scope(session).hosts) == hosts
    assert read.count("HostSystem") == hosts
    assert len(read) == hosts + len(["compute resource", "folder of hosts", "datacenter", "root folder"])


def test_a_path_with_folders_and_characters_that_servers_encode() -> None:
    with running("-kind", "vcenter", "-hosts", "1") as vcenter, client(vcenter, login=(USER, PASSWORD)) as center:
        datacenter = center.content.rootFolder.CreateFolder("a/b").CreateDatacenter("dc 50%")
        spec = vim.host.ConnectSpec(hostName="esx-1", userName="root", password="x", force=True)
        folder = center.get(datacenter, "hostFolder").CreateFolder("rack")
        center.wait(folder.AddStandaloneHost_Task(spec, None, True))
        for path in ("a%2Fb/dc%2050%25/rack/esx-1", "a%2Fb/dc%2050%25/rack", "a%2Fb/dc%2050%25", "a%2Fb"):
            with session_on(vcenter, "vpx", path=path) as session:
                (host,) = find_scope(session).hosts
                assert (host.host_name, host.uri_path) == ("esx-1", "a%2Fb/dc%2050%25/rack/esx-1")


@pytest.mark.parametrize(
    ("path", "kind", "message"),
    [
        ("nowhere/x", NotFound, "names no folder or datacenter 'nowhere' after '/'; expected one of 'DC0'"),
        ("DC0", ParseError, "it ends before it names a host or cluster; expected one of 'DC0_H0', 'DC0_H1', 'DC0_C0'"),
        ("DC0/x", NotFound, "names no folder or host or cluster 'x' after '/'; expected one of 'DC0_H0'"),
        ("DC0/DC0_C0", ParseError, "it ends with the cluster 'DC0_C0'; a host of it must follow: expected one of"),
        ("DC0/DC0_C0/x", NotFound, "There is no host 'x' in the cluster; expected one of 'DC0_C0_H0', 'DC0_C0_H1'"),
        ("DC0/DC0_H0/DC0_H0", ParseError, "there is 'DC0_H0' after the host 'DC0_H0', where the path ends"),
        ("DC0/DC0_C0/DC0_C0_H0/x", ParseError, "there is 'x' after the host 'DC0_C0_H0', where the path ends"),
        ("dc0/DC0_H0", NotFound, "names no folder or datacenter 'dc0'"),
    ],
)
def test_paths_that_lead_nowhere(vcenter: Simulator, path: str, kind: type[EsxError], message: str) -> None:
    with session_on(vcenter, "vpx", path=path) as session, pytest.raises(kind) as caught:
        find_host(session)
    assert message in caught.value.message


def test_objects_missing_from_the_first_answer_are_read(vcenter: Simulator) -> None:
    """A session begins with the ServiceContent of API 2.5, in which a real vCenter leaves out what is newer."""
    with session_on(vcenter, "vpx", path="DC0/DC0_H0") as session:
        checker = fetch_content(session, "vmProvisioningChecker")
        assert type_name(checker) == "VirtualMachineProvisioningChecker"
        assert len(fetch_content(session, "about.instanceUuid")) == 36


def managed(address: str) -> Any:
    return running("-managed-by", address)


def test_without_the_parameter_no_vcenter_is_used() -> None:
    with (
        managed("127.0.0.1") as esx,
        session_on(esx, **VCENTER) as session,
        pytest.raises(Refused, match="the URI names none"),
    ):
        open_vcenter(session)


def test_a_host_that_no_vcenter_manages(host: Simulator) -> None:
    with (
        session_on(host, uri={"vcenter": "*"}, **VCENTER) as session,
        pytest.raises(Refused, match="The host 127.0.0.1 is not managed by a vCenter"),
    ):
        open_vcenter(session)


@pytest.mark.parametrize("number", [0, -1])
def test_the_vcenter_that_the_host_knows(vcenter: Simulator, number: int) -> None:
    """The host's endpoint has the vCenter's port, as libvirt expects it."""
    name = sorted(vcenter.hosts)[number]
    uri = vcenter.uri(user=USER, host=name, no_verify=1, vcenter="*")
    with open_session(resolve({"uri": uri, "password": PASSWORD, **VCENTER}, {})) as session:
        opened = open_vcenter(session)
        assert open_vcenter(session) is opened
        assert opened.about.product == "vpx"
        assert host_in_vcenter(session).host_name == name
    assert vcenter.sessions() == []


def test_a_vcenter_s_session_that_cannot_be_closed_is_told_to_the_present_task(vcenter: Simulator) -> None:
    """The session of a worker is used by several tasks in turn, and in the end by none."""
    earlier: list[str] = []
    told: list[str] = []
    uri = vcenter.uri(user=USER, host=min(vcenter.hosts), no_verify=1, vcenter="*")
    with open_session(resolve({"uri": uri, "password": PASSWORD, **VCENTER}, {}), warn=earlier.append) as session:
        open_vcenter(session)
        session.warn = told.append
        vcenter.inject(method="Logout", http=503, count=1)  # the vCenter's session is closed first
    vcenter.expire_sessions()
    assert earlier == []
    assert len(told) == 1
    assert f"The session on 127.0.0.1:{vcenter.port} could not be closed" in told[0]


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_vcenter_that_the_uri_names(vcenter: Simulator, name: str) -> None:
    with managed("127.0.0.1") as esx, session_on(esx, uri={"vcenter": f"{name}:{vcenter.port}"}, **VCENTER) as session:
        assert open_vcenter(session).about.product == "vpx"
    assert vcenter.sessions() == []


def test_a_vcenter_for_a_host_that_knows_of_none(host: Simulator, vcenter: Simulator) -> None:
    with session_on(host, uri={"vcenter": f"127.0.0.1:{vcenter.port}"}, **VCENTER) as session:
        assert open_vcenter(session).about.product == "vpx"


def test_another_vcenter_than_the_hosts(vcenter: Simulator) -> None:
    with (
        managed("192.0.2.7") as esx,
        session_on(esx, uri={"vcenter": f"localhost:{vcenter.port}"}, **VCENTER) as session,
        pytest.raises(ConnectionFailed) as caught,
    ):
        open_vcenter(session)
    assert "is managed by the vCenter 192.0.2.7, but the URI names localhost (" in caught.value.message
    assert "127.0.0.1" in caught.value.message


def test_a_vcenter_that_is_none(host: Simulator) -> None:
    with (
        session_on(host, uri={"vcenter": f"127.0.0.1:{host.port}"}, **VCENTER) as session,
        pytest.raises(ConnectionFailed, match="is ESX.i. .*, but the connection is for vCenter/VPX"),
    ):
        open_vcenter(session)


@pytest.mark.parametrize("listed", ["localhost", "127.0.0.1"])
def test_the_auth_file_lists_the_vcenter_by_name_or_address(
    host: Simulator, vcenter: Simulator, tmp_path: Path, listed: str
) -> None:
    path = tmp_path / "auth.conf"
    path.write_text(f"[auth-esx-{listed}]\ncredentials=a\n[credentials-a]\nusername={USER}\npassword={PASSWORD}\n")
    path.chmod(0o600)
    target = {"vcenter": f"localhost:{vcenter.port}"}
    with session_on(host, uri=target, auth_file=str(path)) as session:
        assert open_vcenter(session).about.product == "vpx"


def test_the_password_of_the_host_is_not_tried_on_the_vcenter(host: Simulator, vcenter: Simulator) -> None:
    vcenter.trace(reset=True)
    with (
        session_on(host, uri={"vcenter": f"127.0.0.1:{vcenter.port}"}) as session,
        pytest.raises(AuthFailed, match="There is no password for user 'administrator'"),
    ):
        open_vcenter(session)
    assert vcenter.methods() == []


@pytest.fixture(scope="module", name="free")
def _free() -> Iterator[Simulator]:
    with running("-licence", "free") as simulator:
        yield simulator


class TestLicence:
    """The free licence, which allows reading only."""

    def test_it_is_recognised_before_the_first_write(self, free: Simulator) -> None:
        entered = []
        with session_on(free) as session:
            machine = find_domain(session)
            with pytest.raises(LicenceRestricted) as caught, writing(session):
                entered.append(machine)
        assert entered == []
        assert "'VMware vSphere Hypervisor'" in caught.value.message
        assert caught.value.fault == "RestrictedVersion"

    def test_reading_works_and_costs_nothing_more(self, free: Simulator) -> None:
        with session_on(free) as session:
            assert fetch_one(session, find_domain(session), ["name"]) == {"name": "domain-1"}
        assert len(free.methods()) == 5

    def test_another_licence(self, host: Simulator) -> None:
        with session_on(host) as session:
            assert restricting_licence(session) is None

    def test_it_is_read_once_a_session(self, host: Simulator) -> None:
        with session_on(host) as session:
            with writing(session):
                pass
            first = host.methods()
            with writing(session):
                pass
            assert host.methods() == first

    def test_a_refusal_names_the_licence(self, host: Simulator) -> None:
        host.inject(method="PowerOffVM_Task", fault="RestrictedVersion", count=1)
        with session_on(host) as session:
            machine = find_domain(session)
            with (
                pytest.raises(LicenceRestricted, match="The licence of the host .'.+'. makes its API"),
                writing(session),
            ):
                machine.PowerOffVM_Task()

    @pytest.mark.parametrize("flags", [("-version", "2.5"), ("-kind", "vcenter")])
    def test_servers_without_licences_to_look_at(self, flags: tuple[str, ...]) -> None:
        scheme, path = ("vpx", "DC0/DC0_H0") if "vcenter" in flags else ("esx", "")
        with running(*flags) as simulator, session_on(simulator, scheme, path=path) as session:
            assert restricting_licence(session) is None
