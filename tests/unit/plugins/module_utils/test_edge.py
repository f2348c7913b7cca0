# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets that no result may contain, and the warning where a text loses one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.virt.esx.plugins.module_utils._edge import censored, censored_warning, failure, secrets
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, MissingLibrary
from ansible_collections.virt.esx.plugins.module_utils._vmx.secrets import secrets_in, without_secrets

SECRET = "geheim"


@pytest.mark.parametrize(
    "params",
    [
        {"uri": f"esx://root:{SECRET}@h/"},
        {"uri": f"esx://root%3A{SECRET}@h/"},
        {"uri": f"esx://root:{SECRET}"},
        {"dest_uri": f"esx://root:{SECRET}@h/"},
        {"hostname": f"root:{SECRET}@h"},
        {"dest_host": f"root:{SECRET}@h:443"},
        {"proxy_host": f"proxy:{SECRET}@p"},
        {"username": f"root:{SECRET}"},
        {"xml": f"<graphics type='vnc' passwd='{SECRET}'/>"},
        {"xml": "<graphics type='vnc' passwd = \"&#103;eheim\"/>"},
        {"vmx": f'RemoteDisplay.vnc.password = "{SECRET}"'},
        {"vmx": f"remotedisplay.vnc.KEY={SECRET}"},
        {"vmx": 'RemoteDisplay.vnc.key = "g|65heim"'},
    ],
)
def test_a_secret_in_the_wrong_place_is_hidden(params: dict[str, Any]) -> None:
    assert SECRET in secrets(params, {})


@pytest.mark.parametrize("name", ["ESX_PASSWORD", "VMWARE_PASSWORD", "ESX_VCENTER_PASSWORD", "ESX_PROXY_PASSWORD"])
def test_passwords_of_the_environment_are_hidden(name: str) -> None:
    assert secrets({}, {name: SECRET}) == {SECRET}


@pytest.mark.parametrize(
    "params",
    [
        {"uri": "esx://root@h:443/?proxy=http://user@p:3128&no_verify=1", "hostname": "h"},
        {"uri": "vpx://administrator%40vsphere.local@[::1]/dc/h", "hostname": "::1", "dest_host": "2001:db8::1"},
        {"username": "DOMAIN\\user", "xml": "<domain/>", "vmx": 'displayName = "x"', "uri": None},
        {"uri": "esx://h/?nonsense=1"},
    ],
)
def test_nothing_else_is_hidden(params: dict[str, Any]) -> None:
    assert secrets(params, {}) == set()


VMX = 'a = "1"\nRemoteDisplay.vnc.password = "x"\nremotedisplay.VNC.key = "y"\nRemoteDisplay.vnc.port = "5900"\n'


def test_one_redaction_of_vnc_password_and_key() -> None:
    assert without_secrets(VMX) == 'a = "1"\nRemoteDisplay.vnc.port = "5900"\n'
    assert secrets_in(VMX) == {"x", "y"}


def test_a_password_that_is_a_word_of_the_result_is_told() -> None:
    result = {"changed": False, "domains": [{"vmx": 'guestOS = "vmware"'}], "msg": "vmware", "diff": {"before": "a"}}
    assert censored(result, remove_values(result, {"vmware"})) == ["domains"]
    assert censored(result, remove_values(result, {"other"})) == []
    assert "the result (domains)" in censored_warning(["domains"])


def test_no_control_characters_reach_the_terminal() -> None:
    error = EsxError("The server said \x1b[2Jhello\x07\r.", hint="a\x00b")
    assert failure(error) == {"msg": "The server said  [2Jhello .", "hint": "a b"}


def test_a_library_that_cannot_be_imported_says_why() -> None:
    found = failure(MissingLibrary("pyvmomi", "it needs Python 3.10", hint="pip install 'pyvmomi<9'"))
    assert "cannot be imported: it needs Python 3.10." in found["msg"]
    assert found["hint"] == "pip install 'pyvmomi<9'"


def test_a_doubt_is_settled() -> None:
    error = EsxError("It broke. Whether it was carried out is not known.")
    assert error.in_doubt
    error.settle_doubt("It was not.")
    assert (error.message, str(error), error.in_doubt) == ("It broke. It was not.", "It broke. It was not.", False)
