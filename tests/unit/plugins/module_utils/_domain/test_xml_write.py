# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The XML that is written: libvirt's forms, those of its first manual, and those of the dialect esx, byte for byte."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    CharDevice,
    Controller,
    Cpu,
    Disk,
    Domain,
    DriveAddress,
    Filesystem,
    Graphics,
    Interface,
    Os,
    Tpm,
    VdsPort,
    Video,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._domain.test_acceptance import ask_libvirt
from ansible_collections.virt.esx.tests.unit.plugins.schema import assert_valid, needs_schema

DATA = pathlib.Path(__file__).resolve().parents[3] / "data" / "domains"

EVERYTHING = Domain(
    name='web "1" & more',
    uuid="564d1223-f835-c4b1-bbf6-e32390d62bd3",
    genid="01234567-89ab-cdef-ffff-ffffffffffff",
    description="line 1\nline <2>",
    guest_os="rhel9_64Guest",
    memory_kib=2097152,
    current_memory_kib=1048576,
    min_guarantee_kib=524288,
    vcpus=4,
    cpuset=(0, 1, 2, 5),
    shares=8000,
    os=Os("x86_64", "efi", True, "[datastore] web/web.nvram", "host"),
    cpu=Cpu(2, 2),
    disks=(
        Disk(
            source="[datastore] web/web.vmdk",
            has_source=True,
            target="sda",
            bus="scsi",
            address=DriveAddress(0, 0, 0),
            cache="writethrough",
            transient=True,
        ),
        Disk(
            "lun", "block", "/vmfs/devices/cdrom/mpx", None, True, "sdb", "scsi", DriveAddress(0, 0, 1), readonly=True
        ),
        Disk("cdrom", "file", "[iso] a b.iso", None, True, "sdc", "sata", DriveAddress(0, 0, 2), readonly=True),
        Disk("cdrom", "block", None, "optional", True, "hda", "ide", DriveAddress(0, 0, 0), readonly=True),
        Disk("cdrom", target="hdc", bus="ide", address=DriveAddress(0, 1, 0), readonly=True),
        Disk("floppy", "file", "[datastore] web/a.flp", None, True, "fda", "fdc", DriveAddress(0, 0, 0)),
    ),
    controllers=(
        Controller("scsi", 0, "vmpvscsi"),
        Controller("sata", 0),
        Controller("fdc", 0),
        Controller("ide", 0),
    ),
    filesystems=(Filesystem("/srv/a", "a"), Filesystem("/srv/b", "b", readonly=True)),
    interfaces=(
        Interface("bridge", "VM Network", None, "00:50:56:3a:00:01", "static", True, "vmnet7", "vmxnet3"),
        Interface(
            "vds",
            vds=VdsPort("503426b2-94e9-3b16-1d68-87bfff4a5440", 5, "dvportgroup-1", -7),
            mac="00:50:56:91:00:01",
            mac_type="generated",
            mac_check=False,
        ),
        Interface("user", model="e1000"),
        Interface("null", mac="00:0c:29:00:00:01"),
    ),
    serials=(
        CharDevice("tcp", 0, mode="bind", host="0.0.0.0", service="4001", protocol="telnet"),  # noqa: S104
        CharDevice("file", 1, "[datastore] web/serial"),
        CharDevice("null", 2),
    ),
    parallels=(CharDevice("dev", 0, "/dev/parport0"),),
    graphics=(Graphics(port=5901, listen="192.0.2.1", keymap="de", password="secret"),),
    videos=(Video(vram_kib=8192),),
    tpms=(Tpm(),),
    datacenter_path="dc1",
    moref="42",
)
ESX_ONLY = replace(
    EVERYTHING,
    description=" tab\tand\r\nmore ",
    guest_os="ubuntu-64 (mine)/ü",
    cpu=Cpu(2, 2),
    os=Os("x86_64", None, None, "[ds] web's.nvram"),
    disks=(
        Disk(source="[ds] a.vmdk", has_source=True, target="sdgu", bus="scsi", address=DriveAddress(3, 0, 64)),
        Disk(
            source="[ds] b.vmdk",
            has_source=True,
            target="sdiw",
            bus="sata",
            address=DriveAddress(0, 0, 0),
        ),
        Disk(source="[ds] c.vmdk", has_source=True, target="nvme0n2", bus="nvme", address=DriveAddress(0, 0, 1)),
        Disk(source="[ds] d.vmdk", has_source=True, target="nvme3n1", bus="nvme", address=DriveAddress(3, 0, 0)),
        Disk("cdrom", "block", target="hda", bus="ide", address=DriveAddress(0, 0, 0), readonly=True),
        Disk("lun", "block", target="hdb", bus="ide", address=DriveAddress(0, 0, 1)),
    ),
    controllers=(
        Controller("scsi", 3, "lsisas1068"),
        Controller("sata", 0),
        Controller("ide", 0),
        Controller("nvme", 0),
        Controller("nvme", 3),
    ),
    interfaces=(
        Interface("network", "hostonly", target="vnet0"),
        Interface("vds", vds=VdsPort("503426b2-94e9-3b16-1d68-87bfff4a5440")),
        Interface("bridge", "a b", model="vmxnet3"),
    ),
    datacenter_path=None,
    moref=None,
)
ESX = DIALECTS["esx"].xml


def returning(domain: Domain, forms: XmlForms) -> Domain:
    """The domain without what its forms do not write."""
    known = domain if forms.moref else replace(domain, moref=None)
    return known if forms.more else replace(known, guest_os=None, tpms=(), os=replace(domain.os, nvram=None))


@pytest.mark.parametrize("dialect", ["esx", "libvirt", "classic"])
def test_golden(dialect: str) -> None:
    golden = (DATA / f"everything.{dialect}.xml").read_text(encoding="utf-8")
    assert write_domain(EVERYTHING, DIALECTS[dialect].xml) == golden


def test_golden_of_what_only_esx_has() -> None:
    golden = (DATA / "only-esx.esx.xml").read_text(encoding="utf-8")
    assert write_domain(ESX_ONLY, ESX) == golden


@pytest.mark.parametrize(("domain", "dialect"), [(EVERYTHING, "esx"), (EVERYTHING, "libvirt"), (ESX_ONLY, "esx")])
def test_what_is_written_is_read_back(domain: Domain, dialect: str) -> None:
    forms = DIALECTS[dialect].xml
    read = read_domain(write_domain(domain, forms), forms)
    assert read == returning(domain, forms)
    assert write_domain(read, forms) == write_domain(domain, forms)


@pytest.mark.parametrize("dialect", ["esx", "libvirt", "classic"])
@pytest.mark.parametrize("reader", ["esx", "libvirt", "classic"])
def test_the_dialects_read_each_other(dialect: str, reader: str) -> None:
    read = read_domain(write_domain(EVERYTHING, DIALECTS[dialect].xml), DIALECTS[reader].xml)
    assert [disk.target for disk in read.disks] == [disk.target for disk in EVERYTHING.disks]
    assert (read.name, read.uuid, read.memory_kib) == (EVERYTHING.name, EVERYTHING.uuid, EVERYTHING.memory_kib)


@needs_schema
@pytest.mark.parametrize("golden", sorted(DATA.glob("*.esx.xml")), ids=lambda path: path.name)
def test_what_esx_writes_is_valid(golden: pathlib.Path) -> None:
    assert_valid(golden.read_text(encoding="utf-8"))


def test_what_esx_writes_is_read_by_libvirt() -> None:
    golden = [path.read_text(encoding="utf-8") for path in sorted(DATA.glob("*.esx.xml"))]
    assert golden
    assert ask_libvirt(golden) == [True] * len(golden)


def test_a_password_is_only_written_where_it_is_wanted() -> None:
    assert "secret" in write_domain(EVERYTHING)
    assert "secret" not in write_domain(EVERYTHING, secure=False)


def test_a_domain_without_a_name_has_no_line_for_it() -> None:
    written = write_domain(Domain(memory_kib=4096, description=""))
    assert "<name>" not in written
    assert "  <uuid>00000000-0000-0000-0000-000000000000</uuid>\n  <description></description>\n" in written


@pytest.mark.parametrize(
    ("graphics", "attributes"),
    [
        (Graphics(autoport=True), "port='-1' autoport='yes'>"),
        (Graphics(port=0), "autoport='no'>"),
        (
            Graphics(port=5901, listen=""),
            "port='5901' autoport='no' listen=''>\n      <listen type='address' address=''/>",
        ),
    ],
)
def test_ports_of_graphics(graphics: Graphics, attributes: str) -> None:
    assert f"<graphics type='vnc' {attributes}\n" in write_domain(Domain(graphics=(graphics,))).replace(
        ">\n      <listen type='address'/>", ">\n"
    )


def test_devices_that_libvirt_takes_for_its_own_are_not_written() -> None:
    card = Domain(interfaces=(Interface("bridge", "a", target="vnet7"),))
    assert "vnet7" not in write_domain(card)
    assert "<target dev='vnet7'/>" in write_domain(card, ESX)


def test_a_text_that_xml_cannot_hold_is_refused() -> None:
    with pytest.raises(ParseError, match=r"U\+001A, which XML cannot hold"):
        write_domain(Domain(name="a\x1a"), ESX)
    assert "<name>a\x1a</name>" in write_domain(Domain(name="a\x1a\x01"))
