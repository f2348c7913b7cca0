# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain`` on other servers: old hosts, VMware Server, and a host through its vCenter."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import get_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, Refused
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    UUID,
    check_apply_repeat,
    domain_xml,
    ensure,
    open_as_user,
)
from ansible_collections.virt.esx.tests.integration.running import USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def live(esx: Simulator, *, remove_storage: bool = True, **connection: Any) -> None:
    """A domain's life on a server."""
    assert check_apply_repeat(esx, xml=domain_xml(), state="running", **connection)["steps"] == ["define", "power on"]
    assert check_apply_repeat(esx, name="web", annotation="note", **connection)["steps"] == ["change annotation"]
    assert check_apply_repeat(esx, uuid=UUID, state="paused", **connection)["steps"] == ["suspend"]
    assert check_apply_repeat(esx, uuid=UUID, state="destroyed", **connection)["steps"] == ["power off"]
    assert check_apply_repeat(esx, name="web", vcpus=1, autostart=True, **connection)["changed"]
    assert check_apply_repeat(esx, uuid=UUID, name="shop", **connection)["steps"] == ["change name"]
    end = {"state": "undefined", "remove_storage": remove_storage}
    assert check_apply_repeat(esx, uuid=UUID, **end, **connection)["changed"]


def test_the_oldest_host() -> None:
    """Its devices are not looked at: the simulated one has some that were not there yet."""
    with start_host("-domains", "0", "-version", "2.5") as esx:
        live(esx, remove_storage=False)


@pytest.mark.parametrize("version", ["4.0", "4.1", "5.0", "6.5", "8.0"])
def test_a_host_of_any_version(version: str) -> None:
    with start_host("-domains", "0", "-version", version) as esx:
        live(esx)
        assert esx.sessions() == []


def test_a_vmware_server() -> None:
    with start_host("-domains", "0", "-version", "2.5", "-product", "gsx") as gsx:
        live(gsx, remove_storage=False, uri=gsx.uri("gsx", user=USER, no_verify=1))


def test_a_host_through_its_vcenter() -> None:
    with start_host("-kind", "vcenter", "-domains", "1") as vcenter:
        first, second = (vcenter.uri("vpx", user=USER, path=f"DC0/DC0_H{number}", no_verify=1) for number in (0, 1))
        live(vcenter, uri=first)
        ensure(vcenter, uri=first, xml=domain_xml())
        with pytest.raises(NotFound):  # libvirt's driver would find it: it looks through the whole datacenter
            ensure(vcenter, uri=second, uuid=UUID, state="running")
        with pytest.raises(Refused, match="is the VMX of the domain 'web'"):
            ensure(vcenter, uri=second, xml=domain_xml())
        assert vcenter.sessions() == []


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("wanted", [{"name": "web"}, {"names": ["w*"]}, {"name": "web", "vcpus": 1}])
def test_a_template_is_not_started(check: bool, wanted: dict[str, Any]) -> None:
    with start_host("-kind", "vcenter", "-domains", "0") as vcenter:
        uri = vcenter.uri("vpx", user=USER, path="DC0/DC0_H0", no_verify=1)
        ensure(vcenter, uri=uri, xml=domain_xml())
        with open_as_user(vcenter, uri=uri) as connection:
            get_domain(connection, DomainKey("web"))[0].ref.MarkAsTemplate()
        with pytest.raises(EsxError, match="The domain 'web' cannot be started: it is a template") as info:
            ensure(vcenter, check=check, uri=uri, **wanted, state="running")
        assert "esx_clone" in str(info.value.hint)


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "domain-1", "state": "running"},
        {"names": ["*"], "state": "running"},
        {"name": "domain-1", "annotation": "x"},
        {"name": "domain-1", "state": "undefined"},
    ],
)
def test_nothing_is_done_on_a_host_that_the_vcenter_has_lost(check: bool, wanted: dict[str, Any]) -> None:
    with start_host("-kind", "vcenter", "-domains", "1", "-autostart=false") as vcenter:
        uri = vcenter.uri("vpx", user=USER, path="DC0/DC0_H0", no_verify=1)
        vcenter.change_host("DC0_H0", connection="disconnected")
        with pytest.raises(EsxError, match="The server has lost the connection to the domain's host") as info:
            ensure(vcenter, check=check, uri=uri, **wanted)
        assert (info.value.fault, "Connect the host" in str(info.value.hint)) == (
            "HostNotConnected",
            True,
        )
