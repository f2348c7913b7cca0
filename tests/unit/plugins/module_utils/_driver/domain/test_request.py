# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of the options of ``esx_domain``, and how a wanted domain differs from a present one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    Controller,
    Cpu,
    Disk,
    Domain,
    Hostdev,
    Interface,
    PciAddress,
    Sound,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.description import with_options
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import differences
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.read_request import read_request
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.modules.esx_domain import CONTRACT

UUID = "50115e16-9bdc-49d7-f171-53c4d7f91710"
GIB = 1024 * 1024
XML = (
    f"<domain type='vmware'><name>web</name><uuid>{UUID}</uuid><memory>1048576</memory>"
    "<os><type>hvm</type></os></domain>"
)
VMX = f"""config.version = "8"
virtualHW.version = "4"
displayName = "web"
uuid.bios = "{UUID[:23].replace("-", "")}-{UUID[24:]}"
"""


def request_of(**given: Any) -> DomainRequest:
    params = {name: option.get("default") for name, option in CONTRACT.argument_spec.items()}
    return read_request({**params, **given})


@pytest.mark.parametrize("given", [{"name": "two\nlines"}, {"xml": XML.replace("web", "two\nlines")}])
def test_a_name_is_one_line(given: dict[str, str]) -> None:
    with pytest.raises(ParseError, match="^name: it has a line end"):
        request_of(**given)


@pytest.mark.parametrize("description", [{"xml": XML}, {"vmx": VMX}])
def test_a_description_says_which_domain_is_meant(description: dict[str, str]) -> None:
    request = request_of(**description)
    assert (request.name, request.uuid) == ("web", UUID)
    other = request_of(**description, name="shop", uuid=UUID.replace("5", "6"))
    assert (other.name, other.uuid) == ("shop", UUID.replace("5", "6"))


def test_a_uuid_of_zeros_is_none() -> None:
    assert request_of(xml=XML.replace(UUID, "00000000-0000-0000-0000-000000000000")).uuid is None


SIZES = [
    ("4097 KiB", 5 * 1024),
    ("1048576", GIB),
    ("1 GiB", GIB),
    ("1GiB", GIB),
    ("1000 MB", 954 * 1024),
    (" 1 g ", GIB),
]


@pytest.mark.parametrize(("text", "kib"), SIZES)
def test_memory_is_rounded_up_to_a_mib(text: str, kib: int) -> None:
    assert request_of(name="web", memory=text).memory_kib == kib


@pytest.mark.parametrize(("text", "kib"), [("4097 KiB", 8192), ("1048577", GIB + 4096), ("2 GiB", 2 * GIB)])
def test_the_maximum_is_rounded_up_to_four_mib(text: str, kib: int) -> None:
    assert request_of(name="web", max_memory=text).max_memory_kib == kib


WRONG = [
    ({"memory": "lots"}, "memory: 'lots' is not an amount of memory"),
    ({"max_memory": "1 XB"}, "max_memory: '1 XB' is not an amount of memory"),
    ({"memory": "0"}, "not a size above 0"),
    ({"memory": "2048 KB"}, "'2048 KB' is 2000 KiB, and no domain has less than 4096 KiB"),
    ({"max_memory": "2 KiB"}, "no domain has less than 4096 KiB"),
    ({"vcpus": 0}, "vcpus: it is 0, expecting at least 1"),
    ({"uuid": "web"}, "uuid: 'web' is not a UUID"),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_what_cannot_be_understood(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ParseError, match=said):
        request_of(name="web", **given)


DOMAIN = Domain(name="web", uuid=UUID, memory_kib=GIB, current_memory_kib=GIB, vcpus=2)

# The options, and what becomes of the domain.
OPTIONS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, {}),
    ({"vcpus": 4}, {"vcpus": 4}),
    ({"annotation": "note"}, {"description": "note"}),
    ({"name": "shop"}, {"name": "shop"}),
    ({"max_memory": "2 GiB"}, {"memory_kib": 2 * GIB, "current_memory_kib": 2 * GIB}),
    ({"memory": "512 MiB"}, {"current_memory_kib": GIB // 2}),
    ({"memory": "1 GiB", "max_memory": "2 GiB"}, {"memory_kib": 2 * GIB}),
]


@pytest.mark.parametrize(("options", "changed"), OPTIONS)
def test_options_change_a_domain(options: dict[str, Any], changed: dict[str, Any]) -> None:
    assert with_options(DOMAIN, request_of(**{"name": "web", **options})) == replace(DOMAIN, **changed)


def test_the_sockets_follow_the_processors() -> None:
    domain = replace(DOMAIN, cpu=Cpu(sockets=1, cores=2))
    assert with_options(domain, request_of(name="web", vcpus=6)).cpu == Cpu(sockets=3, cores=2)
    with pytest.raises(Refused, match="3 vcpus cannot be spread over sockets with 2 cores each"):
        with_options(domain, request_of(name="web", vcpus=3))


def test_more_than_the_maximum() -> None:
    with pytest.raises(Refused, match="more than the domain's maximum of 1048576 KiB"):
        with_options(DOMAIN, request_of(name="web", memory="2 GiB"))


DISK = Disk(source="[ds] web/web.vmdk", target="sda", bus="scsi")
CARD = Interface(source="VM Network", mac="00:50:56:25:48:c7")

# The wanted domain, and the names of its differences.
DIFFERENT: list[tuple[dict[str, Any], list[str]]] = [
    ({}, []),
    ({"moref": "12", "id": 12, "datacenter_path": "ha-datacenter"}, []),
    ({"name": "shop", "vcpus": 4}, ["name", "vcpus"]),
    ({"memory_kib": 2 * GIB, "current_memory_kib": 2 * GIB}, ["max_memory"]),
    ({"memory_kib": 2 * GIB}, ["max_memory", "memory"]),
    ({"current_memory_kib": GIB // 2}, ["memory"]),
    ({"disks": (replace(DISK, source="[ds] web/other.vmdk"),)}, ["disk sda"]),
    ({"disks": (DISK, replace(DISK, target="sdb"))}, ["disk sdb"]),
    ({"disks": ()}, ["disk sda"]),
    ({"interfaces": (replace(CARD, source="DMZ"),)}, ["interface 00:50:56:25:48:c7"]),
    ({"interfaces": (CARD, Interface(source="DMZ"))}, ["interface 1"]),
    ({"controllers": (Controller("ide", 0), Controller("fdc", 0))}, []),
    ({"controllers": (Controller("scsi", 0, "vmpvscsi"),)}, ["controller scsi 0"]),
]


@pytest.mark.parametrize(("changed", "names"), DIFFERENT)
def test_differences_have_names(changed: dict[str, Any], names: list[str]) -> None:
    domain = replace(DOMAIN, disks=(DISK,), interfaces=(CARD,))
    assert [item.name for item in differences(domain, replace(domain, **changed))] == names


def test_a_smaller_memory_takes_its_guarantee_along() -> None:
    domain = Domain(name="web", memory_kib=4 * GIB, current_memory_kib=4 * GIB, min_guarantee_kib=2 * GIB)
    changed = with_options(domain, request_of(name="web", max_memory="1 GiB"))
    assert (changed.memory_kib, changed.current_memory_kib, changed.min_guarantee_kib) == (GIB, GIB, GIB)


def test_words_of_a_description_that_have_no_effect_are_kept_for_a_warning() -> None:
    request = request_of(xml=XML.replace("<os>", "<title>t</title><os>"))
    assert [entry.where for entry in request.report.left_out] == ["title"]
    with pytest.raises(ParseError, match=r"devices/interface/vlan: .*VLAN"):
        card = "<interface type='bridge'><source bridge='a'/><vlan><tag id='4'/></vlan></interface>"
        request_of(xml=XML.replace("</os>", f"</os><devices>{card}</devices>"))


def test_new_parts_of_a_domain_differ_by_names_that_users_know() -> None:
    before = Domain(name="web")
    after = replace(before, memory_locked=True, sounds=(Sound("ich6"),), hostdevs=(Hostdev("pci", PciAddress(bus=59)),))
    assert [found.name for found in differences(before, after)] == ["locked memory", "sound 0", "hostdev 0000:3b:00.0"]
