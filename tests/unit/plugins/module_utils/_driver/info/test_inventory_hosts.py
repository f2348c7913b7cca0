# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An inventory from the facts that were read: the domains that it takes, their variables and their names."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.info.inventory_hosts import (
    choose,
    server_name,
    to_variables,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

STATES = ["running", "paused", "shutoff"]


def facts(name: str = "web", **known: Any) -> dict[str, Any]:
    return {"name": name, "state": "running", "guest_hostname": None, "guest_addresses": [], **known}


@pytest.mark.parametrize(
    ("names", "states", "found"),
    [
        (None, STATES, ["Web", "web", "web-[1]", "web-1", "web-2"]),
        (["web"], STATES, ["web"]),
        (["web-*"], STATES, ["web-[1]", "web-1", "web-2"]),
        (["web-[1]"], STATES, ["web-[1]", "web-1"]),
        (["web", "web-?"], STATES, ["web", "web-1", "web-2"]),
        ([], STATES, []),
        (["*"], ["shutoff"], ["Web", "web-2"]),
        (["nobody"], STATES, []),
    ],
)
def test_domains_are_chosen_by_name_and_state(names: list[str] | None, states: list[str], found: list[str]) -> None:
    unknown, shut_off = facts("Web", state=None), facts("web-2", state="shutoff")
    domains = [unknown, facts("web"), facts("web-[1]"), facts("web-1"), shut_off]
    assert [domain["name"] for domain in choose(domains, names=names, states=states)] == found


def test_the_variables_are_named_after_the_collection() -> None:
    domain = facts(guest_addresses=["192.0.2.7", "2001:db8::7"], guest_hostname="web.example.com")
    assert to_variables(domain, guest_address=True) == {
        "esx_name": "web",
        "esx_state": "running",
        "esx_guest_hostname": "web.example.com",
        "esx_guest_addresses": ["192.0.2.7", "2001:db8::7"],
        "ansible_host": "192.0.2.7",
    }
    assert "ansible_host" not in to_variables(domain, guest_address=False)
    assert "ansible_host" not in to_variables(facts(), guest_address=True)


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "localhost.localdomain"])
def test_no_guest_takes_the_controllers_place(name: str) -> None:
    assert to_variables(facts(guest_hostname=name), guest_address=True)["esx_guest_hostname"] is None


def test_a_cache_tells_hosts_and_users_apart() -> None:
    uris = ["esx://a/", "esx://a:8443/", "esx://admin@a/", "esx://b/", "vpx://a/dc/a", "vpx://a/dc/b"]
    assert len({server_name({"uri": uri}) for uri in uris}) == len(uris)
    assert server_name({"uri": "esx://a/", "username": "admin"}) == server_name({"uri": "esx://admin@a:443/"})
    with pytest.raises(EsxError):
        server_name({"uri": "qemu:///system"})
