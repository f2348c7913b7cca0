# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters between OVF descriptors and domain XML: there and back, what is said, what is refused."""

from __future__ import annotations

import inspect
import pathlib
import re
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.virt.esx.plugins.filter import conversion, ovf
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._ovf.test_ovf import text_of
from ansible_collections.virt.esx.tests.unit.plugins.schema import assert_valid, needs_schema

FILTERS = {**ovf.FilterModule().filters(), **conversion.FilterModule().filters()}
# By whom the descriptors are written; a cloud image's and a large appliance's are by hand.
TOOLS = ["ovftool", "virtualbox", "govc", "vsphere", "localized", "cloud"]
SIDECARS = pathlib.Path(ovf.__file__).parent


@pytest.fixture(autouse=True)
def warned(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The warnings of the filters."""
    found: list[str] = []

    def take(_what: str, report: Report) -> None:
        found.extend(str(entry) for entry in report.entries())

    monkeypatch.setattr(ovf, "warn_of", take)
    return found


@needs_schema
@pytest.mark.parametrize("tool", TOOLS)
def test_libvirts_schema_takes_the_domains(tool: str) -> None:
    assert_valid(FILTERS["ovf_to_domxml"](text_of(tool), directory=f"[ds] {tool}", network="VM Network"))


@pytest.mark.parametrize("tool", TOOLS)
def test_domains_become_vmx(tool: str) -> None:
    xml = FILTERS["ovf_to_domxml"](text_of(tool), directory=f"[ds] {tool}", network="VM Network")
    assert "displayName" in FILTERS["domxml_to_vmx"](xml, hw_version=13)


@pytest.mark.parametrize("tool", TOOLS)
def test_there_and_back(tool: str, warned: list[str]) -> None:
    xml = FILTERS["ovf_to_domxml"](text_of(tool), network="VM Network")
    files = {
        source: {"file": source, "capacity": 1 << 30, "size": "12345"}
        for source in re.findall(r"<source file='(.*\.vmdk)'", xml)
    }
    by_text = FILTERS["domxml_to_ovf"](xml, disks=files, hw_version="13")
    warned.clear()
    descriptor = FILTERS["domxml_to_ovf"](xml, disks=files)
    assert descriptor == by_text
    again = FILTERS["ovf_to_domxml"](descriptor)
    others = re.compile(
        r" *<source file='appliance-file1.iso'/>\n| *<nvram .*\n.*lab-3.nvram.*\n.*\n"
    )  # which are not in the package
    assert again == others.sub("", xml)
    assert len(warned) == len(others.findall(xml))
    assert 'ovf:size="12345"' in descriptor


def test_what_is_left_out_is_said(warned: list[str]) -> None:
    xml = FILTERS["ovf_to_domxml"](text_of("govc"), network="VM Network")
    warned.clear()
    more = "<serial type='pipe'><source path='x'/></serial><graphics type='vnc' port='5900'/></devices>"
    files = {name: {"file": name, "capacity": 1 << 20} for name in ("vm disk-0.vmdk", "vmdisk2.vmdk")}
    FILTERS["domxml_to_ovf"](xml.replace("</devices>", more), disks=files)
    assert sorted(text.split(": ")[0].rpartition(", ")[2] for text in warned) == ["graphics", "serial"]


VDS = (
    "<source switchid='503426b2-94e9-3b16-1d68-87bfff4a5440' portid='0' portgroupid='dvportgroup-7' connectionid='1'/>"
)


@pytest.mark.parametrize(
    ("card", "network"),
    [
        ("<interface type='user'/>", "nat"),
        ("<interface type='bridge'><source bridge=''/></interface>", "bridged"),
        ("<interface type='bridge'><source bridge=''/><target dev='vmnet7'/></interface>", "vmnet7"),
        ("<interface type='network'><source network='hostonly'/></interface>", "hostonly"),
        (f"<interface type='vds'>{VDS}</interface>", "dvportgroup-7"),
        ("<interface type='null'/>", None),
    ],
)
def test_a_card_s_network_has_a_name_in_a_package(card: str, network: str | None, warned: list[str]) -> None:
    domain = "<domain type='vmware'><name>n</name><memory>4096</memory><os><type>hvm</type></os><devices>{}</devices>"
    descriptor = FILTERS["domxml_to_ovf"](domain.format(card) + "</domain>")
    names = re.findall(r"<Network ovf:name=\"(.*?)\"", descriptor)
    assert names == re.findall("<rasd:Connection>(.*?)<", descriptor) == ([network] if network else [])
    assert any("interface" in text for text in warned)  # it is a port group on the way back


@pytest.mark.parametrize(
    ("name", "given", "options", "message"),
    [
        ("ovf_to_domxml", None, {}, "Expecting the OVF descriptor to be text or bytes, found nothing."),
        ("ovf_to_domxml", "<domain/>", {}, "the root element is <domain>, not <Envelope>"),
        ("ovf_to_domxml", text_of("ovftool"), {"deployment_option": "x"}, "has no deployment option 'x'"),
        ("ovf_to_domxml", text_of("ovftool"), {"networks": [1]}, "Expecting networks to be a dictionary"),
        ("ovf_to_domxml", text_of("ovftool").replace(">10<", ">99<"), {}, "device that domain XML cannot express"),
        ("domxml_to_ovf", "<domain/>", {"hw_version": "x"}, "Expecting hw_version to be a whole number"),
        ("domxml_to_ovf", "<domain/>", {"hw_version": 6}, "hw_version is 6, expecting 7 to 99."),
        (
            "domxml_to_ovf",
            "<domain/>",
            {"disks": {"a": {"file": "b"}}},
            "'a' needs a dictionary with file and capacity",
        ),
        (
            "domxml_to_ovf",
            "<domain/>",
            {"disks": {"a": {"file": "b", "capacity": "1 GiB"}}},
            "capacity and size of 'a' are numbers of bytes",
        ),
    ],
)
def test_what_is_refused(name: str, given: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError) as refused:
        FILTERS[name](given, **options)
    assert message in str(refused.value)


def test_a_disk_of_which_nothing_is_said_is_refused() -> None:
    xml = FILTERS["ovf_to_domxml"](text_of("virtualbox"), network="VM Network")
    with pytest.raises(AnsibleFilterError, match=r"disks: the disk 'box-disk001.vmdk' is missing"):
        FILTERS["domxml_to_ovf"](xml)


@pytest.mark.parametrize("convert", [ovf.ovf_to_domxml, ovf.domxml_to_ovf])
def test_the_documentation_has_the_filters_options(convert: Any) -> None:
    text = yaml.safe_load((SIDECARS / f"{convert.__name__}.yml").read_text(encoding="utf-8"))["DOCUMENTATION"]
    assert list(inspect.signature(convert).parameters)[1:] == [name for name in text["options"] if name != "_input"]
