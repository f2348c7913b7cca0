# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""OVF descriptors of the known tools, units, manifests, properties and guests."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    Controller,
    Cpu,
    Disk,
    DriveAddress,
    Interface,
    Os,
    Sound,
    Video,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._ovf.capacity import disk_capacity, in_bytes
from ansible_collections.virt.esx.plugins.module_utils._ovf.guests import guest_id, guest_os
from ansible_collections.virt.esx.plugins.module_utils._ovf.manifest import (
    Digest,
    read_manifest,
    read_signature,
    write_manifest,
)
from ansible_collections.virt.esx.plugins.module_utils._ovf.model import OvfDisk, Package, Property
from ansible_collections.virt.esx.plugins.module_utils._ovf.properties import not_allowed, property_values
from ansible_collections.virt.esx.plugins.module_utils._ovf.read import read_package
from ansible_collections.virt.esx.plugins.module_utils._ovf.to_domain import Choices, to_domain
from ansible_collections.virt.esx.plugins.module_utils._ovf.units import bytes_per_unit
from ansible_collections.virt.esx.plugins.module_utils._report import REPORT, Report

DATA = pathlib.Path(__file__).resolve().parents[3] / "data" / "ovf"


def text_of(tool: str) -> str:
    """The descriptor that a tool writes."""
    text = (DATA / f"{tool}.ovf").read_text(encoding="utf-8")
    return text.replace("@CAPACITY@", "16777216").replace('ovf:size="@SIZE ', 'ovf:size="7" x="')


def package_of(tool: str) -> Package:
    return read_package(text_of(tool))


def test_a_package_of_ovftool() -> None:
    package = package_of("ovftool")
    assert [(file.id, file.href, file.size) for file in package.files] == [
        ("file1", "appliance-disk1.vmdk", 7),
        ("file2", "appliance-file1.iso", 7),
    ]
    assert package.default_option == "large"
    system = package.systems[0]
    assert (system.name, system.product, system.product_version) == ("appliance", "Example Appliance", "1.2")
    assert (system.families, system.eulas) == (("vmx-13",), ("Be nice to each other.",))
    hostname = system.properties[0]
    assert (hostname.key, hostname.id, hostname.category) == ("guest.hostname.1", "hostname", "Network")
    assert (hostname.default("small"), hostname.default("large")) == ("little", "appliance")
    assert [one.id for one in system.properties if not one.user_configurable] == ["build"]
    assert [one.id for one in system.properties if one.is_password] == ["password"]


def test_the_domain_of_ovftools_package() -> None:
    report = Report(REPORT)
    domain = to_domain(package_of("ovftool"), Choices(directory="[ds] web", networks={"nat": "DMZ"}), report)
    assert (domain.name, domain.description, domain.guest_os) == (
        "appliance",
        "An appliance\nof two lines",
        "debian12-64",
    )
    assert (domain.memory_kib, domain.vcpus, domain.cpu) == (2097152, 4, Cpu(sockets=2, cores=2))
    assert domain.os == Os(arch="x86_64")
    assert domain.controllers == (Controller("scsi", 0, "vmpvscsi"), Controller("ide", 0))
    assert domain.disks == (
        Disk("disk", "file", "[ds] web/appliance-disk1.vmdk", has_source=True, target="sda", bus="scsi",
             address=DriveAddress(0, 0, 0)),
        Disk("cdrom", "file", "[ds] web/appliance-file1.iso", has_source=True, target="hdc", bus="ide",
             address=DriveAddress(0, 1, 0), readonly=True),
    )  # fmt: skip
    assert domain.interfaces == (Interface("bridge", "DMZ", model="vmxnet3"),)
    assert domain.videos == (Video(vram_kib=8192),)
    assert [(entry.where, entry.word) for entry in report.entries()][-1] == ("Item 8", "ResourceType 21")
    assert {entry.where for entry in report.entries()} == {
        "ProductSection",
        "vmw:ExtraConfig keyboard.typematicMinDelay",
        "Item 8",
    }
    small = to_domain(package_of("ovftool"), Choices(option="small", name="web"), Report())
    assert (small.name, small.vcpus, small.cpu, small.interfaces[0].source) == ("web", 1, None, "nat")
    with pytest.raises(ParseError, match="has no deployment option 'huge'; it has 'small', 'large'"):
        to_domain(package_of("ovftool"), Choices(option="huge"), Report())


def test_the_domain_of_virtualboxs_package() -> None:
    report = Report(REPORT)
    domain = to_domain(package_of("virtualbox"), Choices(network="VM Network"), report)
    assert (domain.name, domain.guest_os, domain.memory_kib, domain.vcpus) == ("box", "ubuntu-64", 1048576, 2)
    assert [(disk.device, disk.bus, disk.target, disk.source) for disk in domain.disks] == [
        ("disk", "sata", "sda", "box-disk001.vmdk"),
        ("cdrom", "ide", "hdc", None),
    ]
    assert domain.controllers == (
        Controller("ide", 0),
        Controller("sata", 0),
        Controller("usb", 0, "piix3-uhci"),
    )
    assert domain.interfaces == (Interface("bridge", "VM Network", model="e1000"),)
    assert domain.sounds == (Sound("es1370"),)
    assert [entry.where for entry in report.entries()] == ["Machine"]


def test_the_domain_of_govcs_package() -> None:
    report = Report(REPORT)
    domain = to_domain(package_of("govc"), Choices(), report)
    assert (domain.guest_os, domain.os) == ("other-64", Os(arch="x86_64", firmware="efi", secure_boot=True))
    assert [(disk.device, disk.target, disk.source) for disk in domain.disks] == [
        ("disk", "sda", "vm disk-0.vmdk"),
        ("disk", "sdh", "vmdisk2.vmdk"),
        ("floppy", "fda", None),
    ]
    assert [(card.source, card.model, card.link) for card in domain.interfaces] == [
        ("VM Network", "e1000e", None),
        ("Lab Network", "vmxnet3", "down"),
    ]
    assert [entry.where for entry in report.entries()] == ["vmw:Config cpuHotAddEnabled", "Item 5"]


def test_the_domain_of_vspheres_package() -> None:
    report = Report(REPORT)
    domain = to_domain(package_of("vsphere"), Choices(directory="[ds] lab"), report)
    assert domain.guest_os == "vmware-photon-64"
    assert domain.os == Os(arch="x86_64", firmware="efi", nvram="[ds] lab/lab-3.nvram")
    assert (domain.memory_kib, domain.vcpus, domain.cpu) == (1048576, 2, Cpu(sockets=1, cores=2))
    assert [(disk.target, disk.source) for disk in domain.disks] == [
        ("sda", "[ds] lab/lab-1.vmdk"),
        ("nvme0n1", "[ds] lab/lab-2.vmdk"),
    ]
    assert {entry.where for entry in report.entries()} == {
        "StorageGroupSection",
        "BootOrderSection",
        "vmw:Config tools.syncTimeWithHost",
    }


def test_a_package_whose_texts_are_in_a_bundle() -> None:
    package = package_of("localized")
    system = package.systems[0]
    assert package.networks[0].description == "The network of the appliance"
    assert [(one.label, one.description) for one in package.options] == [
        ("Tiny", "Up to 10 hosts"),
        ("Kept as it is", "Up to 100 hosts"),
    ]
    assert system.eulas == ("End user license agreement: be fair.",)
    address = system.properties[0]
    assert (address.key, address.label, address.category) == ("guestinfo.cis.net.addr", "Address", "Networking")
    report = Report(REPORT)
    domain = to_domain(package, Choices(option="tiny"), report)
    assert (domain.name, domain.memory_kib, domain.vcpus) == ("Center Appliance", 14336 << 10, 2)
    assert "VirtualHardwareSection (another one)" in [entry.where for entry in report.entries()]
    values = {one.key: one.default("tiny") for one in system.properties}
    assert disk_capacity(package.disks[1], values) == 1 << 30
    assert disk_capacity(replace(package.disks[1], capacity="${vm.log_size}"), values) == 1 << 30
    with pytest.raises(ParseError, match="'.*' is not a number"):
        disk_capacity(package.disks[1], {**values, "other.log_size": "2"})


def test_a_package_with_texts_of_another_language_only() -> None:
    text = text_of("localized").replace('"en-US"', '"fr-FR"').replace('"de-DE"', '"de"')
    assert read_package(text).networks[0].description == "Das Netz"
    assert read_package(text).systems[0].eulas == ("",)


def test_the_domain_of_a_cloud_image() -> None:
    report = Report(REPORT)
    domain = to_domain(package_of("cloud"), Choices(), report)
    assert (domain.guest_os, domain.controllers) == (
        "ubuntu-64",
        (Controller("scsi", 0, "vmpvscsi"), Controller("ide", 0)),
    )
    assert [(disk.device, disk.target) for disk in domain.disks] == [
        ("cdrom", "hdc"),
        ("disk", "sda"),
        ("floppy", "fda"),
    ]
    assert [entry.where for entry in report.entries()][-2:] == ["Item 6", "Item 8"]


def test_names_of_files_are_references() -> None:
    text = text_of("ovftool").replace("appliance-disk1.vmdk", "my%20disk%231.vmdk")
    domain = to_domain(read_package(text), Choices(directory="[ds] web"), Report())
    assert domain.disks[0].source == "[ds] web/my disk#1.vmdk"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('ovf:fileRef="file1"', 'ovf:fileRef="file9"', "line 10, <Disk>: the file 'file9' is not in the References"),
        ('ovf:id="file2"', 'ovf:id="file1"', "two files have the id 'file1'"),
        ('ovf:diskId="vmdisk2"', 'ovf:diskId="vmdisk1"', "two disks have the id 'vmdisk1'"),
        ('ovf:fileRef="file2"', 'ovf:fileRef="file2" ovf:parentRef="x"', "its parent 'x' is not in the DiskSection"),
        (
            'ovf:fileRef="file2"',
            'ovf:fileRef="file2" ovf:parentRef="vmdisk1"',
            "only the difference to the disk 'vmdisk1'",
        ),
        ("ovf:/disk/vmdisk2", "ovf:/disk/vmdisk1", "two drives have the disk 'vmdisk1'"),
        ("ovf:/disk/vmdisk2", "ovf:/disk/vmdisk9", "the disk 'vmdisk9' is not in the DiskSection"),
        ("ovf:/file/file3", "ovf:/file/file9", "the file 'file9' is not in the References"),
    ],
)
def test_references_that_lead_nowhere(old: str, new: str, message: str) -> None:
    assert old in text_of("vsphere")
    with pytest.raises(ParseError, match=message):
        to_domain(read_package(text_of("vsphere").replace(old, new)), Choices(), Report())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<Envelope", "<Umschlag", "not well-formed"),
        ("ovf:href", "ovf:ref", "it has no attribute 'href'"),
        ('"appliance-disk1.vmdk"', '"/etc/passwd"', "is not a file of the package"),
        ('"appliance-disk1.vmdk"', '"a/../../b"', "is not a file of the package"),
        ('"appliance-disk1.vmdk"', '"%2e%2e/disk.vmdk"', "'%2e%2e/disk.vmdk' is not a file of the package"),
        ('"appliance-disk1.vmdk"', '"%2Fetc%2Fpasswd"', "is not a file of the package"),
        ('"appliance-disk1.vmdk"', '"disk%00.vmdk"', "is not a file of the package"),
        ('"appliance-disk1.vmdk"', '"."', "is not a file of the package"),
        ('ovf:size="7"', 'ovf:size="seven"', "'seven' is not a number"),
        ("<rasd:ResourceType>3</", "<rasd:ResourceType>three</", "it has no <ResourceType> that is a number"),
        ("<rasd:ResourceType>3</", f"<rasd:ResourceType>{'9' * 5000}</", "it has no <ResourceType> that is a number"),
        ("<VirtualSystem ", "<Virtual ", "not well-formed"),
        ("<?xml", '<!DOCTYPE a [<!ENTITY b "c">]><?xml', "not well-formed|document type"),
    ],
)
def test_descriptors_that_are_refused(old: str, new: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        read_package(text_of("ovftool").replace(old, new))


def test_what_is_not_a_descriptor_is_refused() -> None:
    with pytest.raises(ParseError, match="the root element is <domain>, not <Envelope>"):
        read_package("<domain/>")
    with pytest.raises(ParseError, match="it has no <VirtualSystem>"):
        read_package('<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"/>')


@pytest.mark.parametrize(
    ("units", "size"),
    [
        ("byte", 1),
        ("byte * 2^20", 1 << 20),
        ("byte*2^30", 1 << 30),
        ("bytes * 10^9", 10**9),
        ("byte * 512", 512),
        ("MegaBytes", 1 << 20),
        ("GB", 1 << 30),
        ("KiB", 1 << 10),
        ("megabyte", 1 << 20),
        ("byte * 2^10 * 2^10", 1 << 20),
        ("Byte * 2 ^ 20", 1 << 20),
    ],
)
def test_units(units: str, size: int) -> None:
    assert bytes_per_unit(units, where="x") == size
    assert disk_capacity(OvfDisk("d", "3", units), {}) == 3 * size
    assert disk_capacity(OvfDisk("d", "${size}", units), {"size": "5"}) == 5 * size


@pytest.mark.parametrize("capacity", ["0", "-1", "big", "1" + "0" * 19, "${unknown}"])
def test_capacities_that_are_none(capacity: str) -> None:
    with pytest.raises(ParseError, match="line 7, <Disk capacity>: "):
        disk_capacity(OvfDisk("d", capacity, line=7), {})


def test_only_capacities_that_can_be_misread_are_replaced() -> None:
    text = text_of("ovftool").replace('capacity="16777216"', 'capacity="16"')
    known = {"vmdisk1": 16 << 20}
    assert in_bytes(text, known) == text
    clear = text.replace('capacity="16"', 'capacity="16777216"')
    for unclear in (
        text.replace('Units="byte"', 'Units="MegaBytes"'),
        text.replace('capacity="16"', 'capacity="${size}"'),
    ):
        assert unclear != text
        assert in_bytes(unclear, known) == clear


@pytest.mark.parametrize(
    ("type_", "least", "most"),
    [("uint8", 0, 255), ("sint16", -32768, 32767), ("UInt16", 0, 65535), ("int", -(1 << 63), (1 << 63) - 1)],
)
def test_numbers_have_the_range_of_their_type(type_: str, least: int, most: int) -> None:
    port = Property("port", "port", type_, user_configurable=True)
    for number in (least, most):
        assert property_values([port], {"port": f" {number} "}, None, where="x") == {"port": str(number)}
    for number in (least - 1, most + 1):
        with pytest.raises(ParseError, match=f"not a number of the type {type_}"):
            property_values([port], {"port": str(number)}, None, where="x")


@pytest.mark.parametrize(
    ("qualifiers", "allowed", "refused"),
    [
        ('ValueMap{"Small (1 CPU)","Large {2}"} MinLen(3)', ["Small (1 CPU)", "Large {2}"], ["Small", "Large"]),
        ('ValueMap{"a,b", "c"}', ["a,b", "c"], ["a", "b"]),
        ("ValueMap( 'a b' , c d )", ["a b", "c d"], ["a", "d"]),
        ('ValueMap{"", "x"}', ["", "x"], ["y"]),
        ("ValueMap{}", ["anything"], []),
        ("ValueMap{" * 100_000, ["anything"], []),
        ("ValueMap('" * 100_000, ["anything"], []),
        (f"ValueMap({' ' * 100_000})", ["anything"], []),
    ],
)
def test_values_that_a_property_can_have(qualifiers: str, allowed: list[str], refused: list[str]) -> None:
    size = Property("size", "size", qualifiers=qualifiers, user_configurable=True)
    for value in allowed:
        assert property_values([size], {"size": value}, None, where="x") == {"size": value}
    for value in refused:
        with pytest.raises(ParseError, match="the value of 'size' is not one of"):
            property_values([size], {"size": value}, None, where="x")


def test_defaults_that_the_package_itself_does_not_allow() -> None:
    password = Property("password", "password", qualifiers="MinLen(8)", user_configurable=True, is_password=True)
    fixed = Property("key", "key", qualifiers="MinLen(8)")
    assert not_allowed([password, fixed], {"password": "short", "key": ""}) == [
        "The property 'password' should be set: the value of 'password' has to be at least 8 characters."
    ]
    assert not_allowed([password], {"password": "long enough"}) == []


@pytest.mark.parametrize("units", ["hertz", "byte ^ 2", "byte * 3^4", ""])
def test_units_that_are_none(units: str) -> None:
    with pytest.raises(ParseError, match="is not a unit of bytes"):
        bytes_per_unit(units, where="x")


def test_units_that_are_too_large() -> None:
    """A product of so many factors would take minutes, and a number of so many digits cannot be shown."""
    units = "byte" + " * 10^99" * 100_000
    with pytest.raises(ParseError, match=r"is too large a unit"):
        disk_capacity(OvfDisk("d", "1", units), {})


def test_numbers_of_thousands_of_digits_are_not_read() -> None:
    ram = '<vmw:Config ovf:required="false" vmw:key="videoRamSizeInKB" vmw:value="4096"/>'
    text = text_of("vsphere")
    assert ram in text
    package = read_package(text.replace(ram, ram.replace("4096", "9" * 5000)))
    assert [video.vram_kib for video in to_domain(package, Choices(), Report(REPORT)).videos] == [None]
    huge = Property("key", "key", qualifiers=f"MaxLen({'9' * 5000})", user_configurable=True)
    assert property_values([huge], {"key": "x"}, None, where="x") == {"key": "x"}


def test_manifests() -> None:
    digests = {"a b.vmdk": Digest("sha256", "0" * 64), "c(1).ovf": Digest("sha256", "f" * 64)}
    assert read_manifest(write_manifest(digests.items()), "x.mf") == digests
    assert read_manifest(f"SHA1 (a)= {'A' * 40}\r\n\nSHA-512(b)={'1' * 128}", "x.mf") == {
        "a": Digest("sha1", "a" * 40),
        "b": Digest("sha512", "1" * 128),
    }
    for wrong in ("SHA256(a)= 12", "MD5(a)= 00", "nonsense"):
        with pytest.raises(ParseError, match=r"x.mf.*is not a checksum"):
            read_manifest(wrong, "x.mf")
    found = read_signature("SHA256(a.mf)= 0aff\n-----BEGIN CERTIFICATE-----\nx\n", "a.cert")
    assert (found.manifest, found.algorithm, found.value) == ("a.mf", "sha256", b"\x0a\xff")
    for wrong in ("", "nonsense", "SHA256(a.mf)= 0aff\n"):
        with pytest.raises(ParseError, match="a.cert"):
            read_signature(wrong, "a.cert")


@pytest.mark.parametrize(
    ("word", "identifier"),
    [
        ("debian12-64", "debian12_64Guest"),
        ("rhel7-64", "rhel7_64Guest"),
        ("otherlinux-64", "otherLinux64Guest"),
        ("other-64", "otherGuest64"),
        ("ubuntu-64", "ubuntu64Guest"),
        ("windows9-64", "windows9_64Guest"),
        ("windows9srv-64", "windows9Server64Guest"),
        ("windows2019srv-64", "windows2019srv_64Guest"),
        ("other5xlinux", "other5xLinuxGuest"),
    ],
)
def test_guests(word: str, identifier: str) -> None:
    assert guest_os(identifier, None) == word
    assert guest_id(word) == identifier
