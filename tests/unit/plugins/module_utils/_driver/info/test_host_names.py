# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names and addresses an inventory gives to Ansible."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.info.host_names import (
    name_hosts,
    safe_name,
    usable_address,
)


@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        (["192.0.2.7", "2001:db8::7"], "192.0.2.7"),
        (["fe80::1", "169.254.1.2", "127.0.0.1", "::1", "::", "224.0.0.1", "2001:DB8:0::7"], "2001:db8::7"),
        (["-oProxyCommand=touch x", "192.0.2.7 -oProxyCommand=x", "web.example.com", ""], None),
        (["2001:db8::7%-oProxyCommand=x", "fe80::1%eth0", "::ffff:127.0.0.1"], None),
        ([], None),
    ],
)
def test_an_address_is_one_that_can_be_reached(addresses: list[str], found: str | None) -> None:
    assert usable_address(addresses) == found


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("web", "web"),
        ("Windows 2022 (1)", "Windows 2022 (1)"),
        ("-oProxyCommand=id", "_oProxyCommand=id"),
        ("--", "__"),
        ("all", "all_12"),
        ("LocalHost", "LocalHost_12"),
        ("127.0.0.1", "127.0.0.1_12"),
        ("::1", "__1_12"),
        ("web[1]", "web_1_"),
        ("a,b:c!d&e*f?", "a_b_c_d_e_f_"),
        ("~web", "_web"),
        ("@file", "_file"),
        ("../../etc/x", "___.._etc_x"),
        ("a\nb", "a_b"),
        ("{{ 6 * 7 }}", "{{ 6 _ 7 }}"),
    ],
)
def test_a_name_is_that_of_one_host(name: str, safe: str) -> None:
    assert safe_name(name, "12") == safe


def test_equal_names_are_told_apart() -> None:
    hosts = [
        (name, {"esx_name": name, "esx_moid": moid, "esx_vmx_path": f"[ds] {moid}.vmx"})
        for name, moid in (("web", "1"), ("db", "2"), ("web", "3"), ("web_3", "4"))
    ]
    named, warnings = name_hosts(hosts)
    assert {name: variables["esx_moid"] for name, variables in named.items()} == {
        "web_1": "1",
        "db": "2",
        "web_3": "3",
        "web_3_4": "4",
    }
    assert warnings == [
        "More than one domain would be the Ansible host 'web'. The one of [ds] 1.vmx is 'web_1'.",
        "More than one domain would be the Ansible host 'web'. The one of [ds] 3.vmx is 'web_3'.",
        "'web_3' is not safe as the name of an Ansible host. The domain is 'web_3_4'.",
    ]
