# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cloud-init's data as entries of a VMX."""

from __future__ import annotations

import base64
import gzip
import json
import random
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.guestinfo import (
    CloudInit,
    guestinfo_entries,
    same_guestinfo,
)

META = {"instance-id": "web", "local-hostname": "web"}
NETWORK = {"version": 2, "ethernets": {"all": {"dhcp4": True}}}


def decoded(entries: dict[str, str], name: str) -> str:
    value = base64.b64decode(entries[f"guestinfo.{name}"])
    return (gzip.decompress(value) if entries[f"guestinfo.{name}.encoding"] == "gzip+base64" else value).decode()


def test_all_of_it_can_be_read_back() -> None:
    entries = guestinfo_entries(CloudInit(META, "#cloud-config\nä: 1\n", NETWORK, "vendor"))
    assert json.loads(decoded(entries, "metadata")) == {**META, "network": NETWORK}
    assert decoded(entries, "userdata") == "#cloud-config\nä: 1\n"
    assert decoded(entries, "vendordata") == "vendor"
    assert entries["guestinfo.userdata.encoding"] == "base64"


def test_what_is_not_given_has_no_entry() -> None:
    assert set(guestinfo_entries(CloudInit(META))) == {"guestinfo.metadata", "guestinfo.metadata.encoding"}


def test_long_data_are_compressed_and_always_in_the_same_way() -> None:
    entries = guestinfo_entries(CloudInit(META, "a line\n" * 10000))
    assert entries["guestinfo.userdata.encoding"] == "gzip+base64"
    assert decoded(entries, "userdata") == "a line\n" * 10000
    assert entries == guestinfo_entries(CloudInit(META, "a line\n" * 10000))


def test_what_a_guest_could_not_read_is_refused() -> None:
    noise = random.Random(1).randbytes(60000).hex()  # noqa: S311
    with pytest.raises(ParseError, match="the userdata of cloud-init take") as caught:
        guestinfo_entries(CloudInit(META, noise))
    assert "seed image" in str(caught.value.hint)


@pytest.mark.parametrize("meta", [{}, {"instance-id": ""}, {"instance-id": None}, {"instance_id": "x"}])
def test_metadata_name_their_instance(meta: dict[str, str]) -> None:
    with pytest.raises(ParseError, match="'instance-id' is missing"):
        guestinfo_entries(CloudInit(meta))


@pytest.mark.parametrize(("present", "same"), [("x", True), ("---", True), (" ", True), ("y", False), (None, False)])
def test_what_a_guest_has_redacted_is_no_difference(present: str | None, same: bool) -> None:
    assert same_guestinfo(present, "x") is same


def test_the_same_data_compressed_by_another_version_of_python_are_the_same() -> None:
    plain = b"#cloud-config\n" + b"x: y\n" * 9000
    one, two = (base64.b64encode(gzip.compress(plain, level, mtime=0)).decode() for level in (9, 1))
    other = base64.b64encode(gzip.compress(plain + b"z", mtime=0)).decode()
    assert one != two
    assert same_guestinfo(one, two)
    assert same_guestinfo(two, one)
    assert not same_guestinfo(other, one)
    assert not same_guestinfo(one, other)
    assert not same_guestinfo("no base64", one)
    assert not same_guestinfo(base64.b64encode(plain).decode(), one)
    assert not same_guestinfo(None, one)


@pytest.mark.parametrize(
    ("config", "hint"),
    [({"ethernets": {}}, "Begin it with"), ({"network": {"version": 2}}, "Give only the content of its key 'network'")],
)
def test_a_network_configuration_without_a_version_is_refused(config: dict[str, Any], hint: str) -> None:
    with pytest.raises(ParseError, match="network_config: the key 'version' is missing") as refused:
        guestinfo_entries(CloudInit({"instance-id": "web"}, network_config=config))
    assert hint in str(refused.value.hint)
