# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that no request can carry are refused with the name of their option, before anything is done."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract
from ansible_collections.virt.esx.plugins.module_utils._edge_texts import check_texts
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.modules import (
    esx_domain,
    esx_network,
    esx_ova,
    esx_seed_image,
    esx_snapshot,
    esx_volume,
)


@pytest.mark.parametrize(
    ("contract", "params", "said"),
    [
        (esx_domain, {"name": "a\x01b"}, "name: it has the character U+0001, which no request to a server can carry"),
        (esx_domain, {"annotation": "a\0b"}, "annotation: it has the character U+0000"),
        (esx_domain, {"annotation": "a\ufffeb"}, "annotation: it has the character U+FFFE"),
        (esx_domain, {"annotation": "a\udce4b"}, "annotation: it has a byte that is not UTF-8"),
        (esx_domain, {"settings": {"guestinfo.x": "\x1b[2J"}}, "settings: it has the character U+001B"),
        (esx_domain, {"settings": {"a\x02": "x"}}, "settings: it has the character U+0002"),
        (esx_domain, {"interfaces": [{"network": "x"}, {"network": "\x07"}]}, "interfaces[1].network: it has"),
        (
            esx_domain,
            {"cloud_init": {"user_data": "a\udce4b"}},
            "cloud_init.user_data: it has a character, which UTF-8",
        ),
        (esx_domain, {"disks": [{"image": "/a\0b"}]}, "disks[0].image: it has the character U+0000, which no file's"),
        (esx_snapshot, {"names": ["a", "\x01"]}, "names: it has the character U+0001"),
        (esx_network, {"port_groups": [{"name": "\x01"}]}, "port_groups[0].name: it has"),
        (esx_volume, {"source": "/a\0b"}, "source: it has the character U+0000, which no file's name can have"),
        (esx_ova, {"source": "https://h/\0"}, "source: it has the character U+0000"),
        (esx_ova, {"secret_properties": {"a": "\x01"}}, "secret_properties: it has a character, which no request"),
    ],
)
def test_a_text_that_cannot_be_sent(contract: Any, params: dict[str, Any], said: str) -> None:
    with pytest.raises(ParseError) as refused:
        check_texts(contract.CONTRACT.argument_spec, params)
    assert str(refused.value).startswith(said)
    assert str(refused.value).endswith("; remove it.")


def test_a_secret_keeps_its_characters_for_itself() -> None:
    with pytest.raises(ParseError, match="^password: it has a character, which no request to a server can carry"):
        check_texts(esx_domain.CONTRACT.argument_spec, {"password": "pw\x01"})


@pytest.mark.parametrize("data", [{"users": ["default"]}, ["default"], 5])
def test_user_data_are_a_text(data: Any) -> None:
    """Ansible makes a text of other values that looks right in its output, and that no guest understands."""
    with pytest.raises(ParseError, match=r"^cloud_init\.vendor_data: expecting a text, .* '#cloud-config'"):
        carried_out(esx_domain.CONTRACT, {"name": "web", "cloud_init": {"vendor_data": data}})
    with pytest.raises(ParseError, match=r"^user_data: expecting a text, .* '#cloud-config'"):
        carried_out(esx_seed_image.CONTRACT, {"path": "[d] a.iso", "meta_data": {}, "user_data": data})


def carried_out(contract: Contract, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of arguments that Ansible has checked."""
    checked = contract.validator.validate({**arguments, "uri": "esx://h"})
    return contract.carry_out(Invocation(checked.validated_parameters, False, False, pytest.fail))


@pytest.mark.parametrize(
    ("contract", "params"),
    [
        (esx_domain, {"annotation": "one\ttwo\r\nthree \u202e \x85 💥 ]]> {{ 7*7 }}", "name": " a/b%c[d] "}),
        (esx_domain, {"xml": "\x01", "vmx": "\0\udcff"}),  # their readers say more
        (esx_domain, {"cloud_init": {"user_data": "\x1b", "meta_data": {"a": "\x01"}}}),
        (esx_volume, {"source": "/home/caf\udce9.iso", "dest": "/\udce9"}),
        (esx_domain, {"disks": None, "interfaces": [], "settings": {"a": 1, "b": None}, "memory": None}),
    ],
)
def test_whatever_else_a_text_has_is_taken(contract: Any, params: dict[str, Any]) -> None:
    check_texts(contract.CONTRACT.argument_spec, params)


def test_every_module_refuses_it_before_it_begins() -> None:
    class Given:
        params = {"name": "a\x01b"}  # noqa: RUF012

    contract = Contract(argument_spec={"name": {"type": "str"}}, run=lambda _invocation: {"changed": True})
    with pytest.raises(ParseError, match="name: it has the character"):
        contract.carry_out(Given())  # type: ignore[arg-type]
