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
        ("ovf_to_domxml", text_of("ovftool"), {"directory": ""}, "Expecting directory to be a name, found ''"),
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


def item(kind: int, number: int, inside: str = "", **words: str | int) -> str:
    """An item of a descriptor."""
    stated = {"InstanceID": number, "ResourceType": kind, **words}
    return (
        "<Item>" + "".join(f"<rasd:{name}>{value}</rasd:{name}>" for name, value in stated.items()) + f"{inside}</Item>"
    )


CPU, MEMORY = item(3, 1, VirtualQuantity=2), item(4, 2, VirtualQuantity=1024)
SCSI = item(6, 3, ResourceSubType="lsilogic")
SECURE = '<vmw:Config vmw:key="bootOptions.efiSecureBootEnabled" vmw:value="true"/>'


def package(items: str, needed: str = CPU + MEMORY) -> str:
    """A descriptor with two disks, and with these items."""
    disks = "".join(f'<Disk ovf:diskId="d{n}" ovf:fileRef="f{n}" ovf:capacity="1"/>' for n in (1, 2))
    files = "".join(f'<File ovf:href="{n}.vmdk" ovf:id="f{n}"/>' for n in (1, 2))
    return (
        '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1" xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"'
        ' xmlns:vmw="http://www.vmware.com/schema/ovf"'
        ' xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData">'
        f"<References>{files}</References><DiskSection>{disks}</DiskSection>"
        f'<VirtualSystem ovf:id="vm"><VirtualHardwareSection>\n{needed}{items}</VirtualHardwareSection></VirtualSystem>'
        "</Envelope>"
    )


def drive(number: int, **words: str | int) -> str:
    return item(17, number, Parent=3, HostResource=f"ovf:/disk/d{number - 3}", **words)


@pytest.mark.parametrize(
    ("items", "units"),
    [
        (drive(4) + drive(5), [("1.vmdk", 0), ("2.vmdk", 1)]),
        (drive(4) + drive(5, AddressOnParent=0), [("2.vmdk", 0), ("1.vmdk", 1)]),
        (drive(4, AddressOnParent=6) + drive(5, AddressOnParent=8), [("1.vmdk", 6), ("2.vmdk", 8)]),
    ],
)
def test_a_disk_without_a_place_gets_the_next_free_one(items: str, units: list[tuple[str, int]]) -> None:
    xml = FILTERS["ovf_to_domxml"](package(SCSI + items))
    found = re.findall(r"<source file='(.*)'/>\n.*\n.*unit='(\d+)'", xml)
    assert [(name, int(unit)) for name, unit in found] == units
    assert FILTERS["domxml_to_vmx"](xml)


@pytest.mark.parametrize(
    ("items", "needed", "message"),
    [
        (
            SCSI + drive(4, AddressOnParent=1) + drive(5, AddressOnParent=1),
            CPU + MEMORY,
            "line 2, Item 5: the drive of",
        ),
        ("", CPU, "it does not say how much memory the machine has"),
        ("", item(3, 1, VirtualQuantity=0) + MEMORY, "line 2, Item 1: <VirtualQuantity> is 0, expecting 1 or more"),
    ],
)
def test_a_package_that_is_no_machine(items: str, needed: str, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        FILTERS["ovf_to_domxml"](package(items, needed))


@pytest.mark.parametrize(
    ("items", "said"),
    [
        (item(4, 2, VirtualQuantity=1024, Limit=512), "line 2, Item 2 Limit 512: "),
        (item(4, 2, VirtualQuantity=1024, Weight=7), "line 2, Item 2 Weight 7: "),
        (
            item(4, 2, VirtualQuantity=1024, Reservation="all"),
            "line 2, Item 2 Reservation all: it is not a whole number",
        ),
        (item(10, 4, Connection="n", Address="junk"), "line 2, Item 4 <Address> junk: it is not a MAC address"),
        (item(10, 4), "line 2, Item 4 <Connection>: the package does not say in which network the card is"),
        (item(23, 4, ResourceSubType="x"), "line 2, Item 4 x: VMware has no such device; it is read as 'piix3-uhci'"),
        (
            item(24, 4, '<vmw:Config vmw:key="enable3DSupport" vmw:value="true"/>'),
            "line 2, Item 4 vmw:Config enable3DSupport true: ",
        ),
        (SECURE, "vmw:Config bootOptions.efiSecureBootEnabled true: "),
        (
            SECURE.replace("bootOptions.efiSecureBootEnabled", "firmware").replace("true", "uefi"),
            "vmw:Config firmware uefi",
        ),
    ],
)
def test_what_a_domain_has_no_place_for_is_said(items: str, said: str, warned: list[str]) -> None:
    FILTERS["ovf_to_domxml"](package(items))
    assert [text for text in warned if text.startswith(said)]


def test_usual_details_need_no_word(warned: list[str]) -> None:
    usual = '<vmw:Config vmw:key="slotInfo.pciSlotNumber" vmw:value="160"/>'
    FILTERS["ovf_to_domxml"](package(item(10, 4, usual, Connection="n") + item(4, 2, VirtualQuantity=1, Limit="-1")))
    assert not warned


def test_a_disk_of_which_nothing_is_said_is_refused() -> None:
    xml = FILTERS["ovf_to_domxml"](text_of("virtualbox"), network="VM Network")
    with pytest.raises(AnsibleFilterError, match=r"disks: the disk 'box-disk001.vmdk' is missing"):
        FILTERS["domxml_to_ovf"](xml)


@pytest.mark.parametrize("convert", [ovf.ovf_to_domxml, ovf.domxml_to_ovf])
def test_the_documentation_has_the_filters_options(convert: Any) -> None:
    text = yaml.safe_load((SIDECARS / f"{convert.__name__}.yml").read_text(encoding="utf-8"))["DOCUMENTATION"]
    assert list(inspect.signature(convert).parameters)[1:] == [name for name in text["options"] if name != "_input"]
