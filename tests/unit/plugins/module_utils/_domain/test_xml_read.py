# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reader treats a document as libvirt's parser does: sorted, numbered, completed."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.forms import XmlForms
from ansible_collections.virt.esx.plugins.module_utils._domain.model import (
    CharDevice,
    Clock,
    Controller,
    Cpu,
    Domain,
    DriveAddress,
    Graphics,
    Interface,
    Os,
    VdsPort,
    Video,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._domain.cases import MEMORY, OS, UUID, domain

EXACT = XmlForms(more=True, exact=True, sata_units=30, bare_vds=False)


def devices(xml: str, forms: XmlForms | None = None) -> Domain:
    return read_domain(domain(devices=xml), forms or XmlForms())


def disk(target: str, bus: str = "", *, inside: str = "") -> str:
    of_bus = f" bus='{bus}'" if bus else ""
    return f"<disk><source file='/x.vmdk'/><target dev='{target}'{of_bus}/>{inside}</disk>"


def test_a_bare_domain() -> None:
    assert read_domain(domain()) == Domain(name="t", uuid=UUID, memory_kib=4096, current_memory_kib=4096, clock=None)


def test_what_is_missing_stays_missing() -> None:
    bare = f"<domain type='vmware'><name>t</name>{MEMORY}{OS}<devices><interface type='user'/></devices></domain>"
    found = read_domain(bare)
    assert (found.uuid, found.interfaces[0].mac) == (None, None)
    zeros = devices("<interface type='user'><mac address='00:00:00:00:00:00' type='generated'/></interface>")
    assert zeros.interfaces == (Interface(type="user", mac_type="generated"),)


def test_a_uuid_of_zeros_is_none() -> None:
    zeros = domain().replace(UUID, "00000000-0000-0000-0000-000000000000")
    assert read_domain(zeros).uuid == "00000000-0000-0000-0000-000000000000"
    assert read_domain(zeros, EXACT).uuid is None


def test_identity_and_sizes() -> None:
    found = read_domain(
        domain(
            "<genid>01234567-89AB-CDEF-FFFF-FFFFFFFFFFFF</genid><description> a\nb </description>"
            "<memory unit='MiB'>8</memory><currentMemory>1</currentMemory>"
            "<memtune><min_guarantee unit='MiB'>1</min_guarantee></memtune>"
            "<vcpu cpuset='0-2,5' current='3'>4</vcpu><cputune><shares>8000</shares></cputune>"
            "<cpu><topology sockets='2' cores='2' threads='1'/></cpu>"
            "<os firmware='efi'><type arch='x86_64' machine='pc'>hvm</type><nvram>/vmfs/a.nvram</nvram>"
            "<firmware><feature enabled='yes' name='secure-boot'/></firmware><smbios mode='host'/></os>",
            name="web &amp; <!-- not here -->db",
        )
    )
    assert found == Domain(
        name="web & db",
        uuid=UUID,
        genid="01234567-89ab-cdef-ffff-ffffffffffff",
        description=" a\nb ",
        memory_kib=8192,
        current_memory_kib=1,
        min_guarantee_kib=1024,
        vcpus=4,
        current_vcpus=3,
        cpuset=(0, 1, 2, 5),
        shares=8000,
        cpu=Cpu(2, 2),
        os=Os("x86_64", "efi", True, "/vmfs/a.nvram", "host"),
        clock=None,
    )


@pytest.mark.parametrize(
    ("written", "clock"),
    [
        ("offset='utc'", Clock("utc")),
        ("offset='utc' adjustment='reset'", Clock("utc")),
        ("", Clock("utc")),
        ("adjustment='7'", Clock("variable", 7, "utc")),
        ("offset='localtime'", Clock("localtime")),
        ("offset='localtime' adjustment='-60'", Clock("variable", -60, "localtime")),
        ("offset='variable' adjustment='60'", Clock("variable", 60, "utc")),
    ],
)
def test_the_clock(written: str, clock: Clock) -> None:
    assert read_domain(domain(f"<clock {written}/>{MEMORY}{OS}")).clock == clock


def test_disks_are_sorted_by_bus_and_name() -> None:
    written = disk("sdb", "scsi") + disk("hdc", "ide") + disk("sda", "scsi") + disk("hda", "ide") + disk("sdc", "scsi")
    assert [one.target for one in devices(written).disks] == ["sda", "sdb", "sdc", "hda", "hdc"]


@pytest.mark.parametrize(
    ("target", "bus"), [("sda", "scsi"), ("hda", "ide"), ("vda", "virtio"), ("xvda", "xen"), ("ubda", "uml")]
)
def test_the_bus_follows_from_the_name(target: str, bus: str) -> None:
    assert devices(disk(target)).disks[0].bus == bus


@pytest.mark.parametrize(
    ("written", "order"),
    [
        ([("hdb", ""), ("hda", "ide")], ["hdb", "hda"]),
        ([("sdc", "scsi"), ("sdb", ""), ("sda", "scsi")], ["sda", "sdc", "sdb"]),
        ([("hdb", ""), ("sdb", ""), ("hda", ""), ("sda", "")], ["hda", "sda", "hdb", "sdb"]),
    ],
)
def test_disks_whose_bus_is_not_written_down_are_sorted_among_themselves(
    written: list[tuple[str, str]], order: list[str]
) -> None:
    assert [found.target for found in devices("".join(disk(*one) for one in written)).disks] == order


def test_blanks_between_elements_are_no_text() -> None:
    assert read_domain(domain(f"{MEMORY}{OS}<description>\n  <b/>\n</description>")).description in (None, "")
    assert read_domain(domain(f"{MEMORY}{OS}<description>  </description>")).description == "  "


def test_an_address_that_is_given_stays() -> None:
    given = "<address type='drive' controller='2' bus='1' target='5' unit='3'/>"
    assert devices(disk("sda", inside=given)).disks[0].address == DriveAddress(2, 1, 3, 5)


def test_a_sata_disk_that_libvirt_placed_returns_to_its_slot() -> None:
    by_libvirt = disk("sdg", "sata", inside="<address type='drive' controller='1' unit='0'/>")
    assert devices(by_libvirt, EXACT).disks[0].address == DriveAddress(0, 0, 6)
    assert devices(by_libvirt).disks[0].address == DriveAddress(1, 0, 0)
    truly = disk("sdae", "sata", inside="<address type='drive' controller='1' unit='0'/>")
    assert devices(truly, EXACT).disks[0].address == DriveAddress(1, 0, 0)
    moved = disk("sdiw", "sata")
    assert devices(moved, EXACT).disks[0].address == DriveAddress(0, 0, 0)


@pytest.mark.parametrize(
    "written",
    [
        disk("vdc", "virtio", inside="<alias name='ua-nvme0-2'/>"),
        disk("nvme0n3", "nvme"),
        disk("nvme0n1", "nvme", inside="<address type='drive' controller='0' unit='2'/>"),
    ],
)
def test_nvme_disks_are_read_in_either_form(written: str) -> None:
    found = devices(written, EXACT)
    assert [(one.target, one.bus, one.address) for one in found.disks] == [("nvme0n3", "nvme", DriveAddress(0, 0, 2))]
    assert found.controllers == (Controller("nvme", 0),)


def test_controllers_come_with_the_disks_on_them() -> None:
    written = "<controller type='ide'/>" + disk("sdae", "scsi") + disk("hda") + "<controller type='scsi' index='1'/>"
    found = [(one.type, one.index) for one in devices(written).controllers]
    assert found == [("ide", 0), ("scsi", 1), ("scsi", 0), ("scsi", 2)]
    exactly = [(one.type, one.index) for one in devices(written, EXACT).controllers]
    assert exactly == [("ide", 0), ("scsi", 1), ("scsi", 2)]


def test_controllers_without_an_index_get_the_next_free_one() -> None:
    found = devices("<controller type='scsi'/><controller type='scsi' index='0'/><controller type='scsi'/>")
    assert [one.index for one in found.controllers] == [0, 1, 2]


def test_a_controller_that_no_hardware_has_is_refused() -> None:
    far = disk("sda", "sata", inside="<address type='drive' controller='4294967295'/>")
    with pytest.raises(ParseError, match="controller 4294967295 is out of range"):
        devices(far)


def test_an_empty_drive() -> None:
    drive = "<disk type='block' device='{}'>{}<target dev='hdc' bus='ide'/></disk>"
    assert devices(drive.format("cdrom", "")).disks[0].type == "file"
    assert devices(drive.format("cdrom", "<source/>")).disks[0].type == "block"
    assert devices(drive.format("cdrom", ""), EXACT).disks[0].type == "block"
    assert devices(drive.format("lun", ""), EXACT).disks[0].type == "block"


@pytest.mark.parametrize(
    ("ports", "numbers"),
    [
        ((None, None), (0, 1)),
        ((2, None), (2, 3)),
        ((None, 0), (1, 0)),
        ((None, 2, None), (3, 2, 4)),
        ((-1, 4294967295), (0, 1)),
    ],
)
def test_ports_are_numbered(ports: tuple[int | None, ...], numbers: tuple[int, ...]) -> None:
    written = "".join(
        "<serial type='null'>" + ("" if port is None else f"<target port='{port}'/>") + "</serial>" for port in ports
    )
    assert tuple(one.port for one in devices(written).serials) == numbers


def test_a_console_is_a_serial_port_unless_there_is_one() -> None:
    console = "<console type='file'><source path='/c'/><target port='3'/></console>"
    assert devices(console).serials == (CharDevice("file", 0, "/c"),)
    serial = "<serial type='file'><source path='/s'/></serial>"
    assert devices(console + serial).serials == (CharDevice("file", 0, "/s"),)
    virtual = "<console type='pty'><target type='virtio'/></console>"
    assert devices(virtual).serials == ()


def test_a_network_port() -> None:
    written = "<serial type='tcp'><source host='h' service='1'/><protocol/></serial>"
    expected = CharDevice("tcp", 0, mode="connect", host="h", service="1", protocol="raw")
    assert devices(written).serials == (expected,)


def test_network_cards() -> None:
    written = (
        "<interface type='bridge'><mac address='0:50:56:3A:0:1' type='static' check='no'/><source bridge='a'/>"
        "<target dev='vmnet7'/><model type='VMXNET3'/></interface>"
        "<interface type='vds'><source switchid='503426b294e93b161d6887bfff4a5440' portid='-5' portgroupid=''/>"
        "<target dev='vnet0'/></interface>"
    )
    switch = "503426b2-94e9-3b16-1d68-87bfff4a5440"
    card = Interface("bridge", "a", None, "00:50:56:3a:00:01", "static", False, "vmnet7", "vmxnet3")
    assert devices(written).interfaces == (card, Interface("vds", vds=VdsPort(switch, -5, "")))
    assert devices(written, EXACT).interfaces == (card, Interface("vds", vds=VdsPort(switch, -5), target="vnet0"))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", Graphics(autoport=True)),
        ("autoport='yes'", Graphics(autoport=True)),
        ("port='-1'", Graphics(autoport=True)),
        ("port='5901' autoport='yes'", Graphics(autoport=True)),
        ("port='5901'", Graphics(port=5901)),
        ("port='0'", Graphics(port=0)),
        ("autoport='no'", Graphics(port=0)),
        ("port='-1' autoport='no'", Graphics(port=0)),
        (
            "port='1' listen='1.2.3.4' keymap='de' passwd=''",
            Graphics(port=1, listen="1.2.3.4", keymap="de", password=""),
        ),
        ("port='1' listen=''", Graphics(port=1)),
        ("port='1' socket='/x' listen='1.2.3.4'", Graphics(port=1)),
    ],
)
def test_graphics(attributes: str, expected: Graphics) -> None:
    found = devices(f"<graphics type='vnc' {attributes}/>")
    assert found.graphics == (expected,)
    assert found.videos == (Video(vram_kib=4096),)


@pytest.mark.parametrize(
    ("listens", "listen"),
    [
        ("<listen type='address' address='1.2.3.4'/><listen type='address' address='2.3.4.5'/>", "1.2.3.4"),
        ("<listen type='address' address=''/>", None),
        ("<listen type='address'/>", None),
        ("<listen type='network' network='x'/>", None),
        ("<listen type='none'/>", None),
    ],
)
def test_the_first_listen_counts(listens: str, listen: str | None) -> None:
    assert devices(f"<graphics type='vnc'>{listens}</graphics>").graphics[0].listen == listen


def test_video() -> None:
    written = "<video/><video><model type='' vram='3000'/></video><video><model type='qxl' heads='2'/></video>"
    expected = (Video(vram_kib=4096), Video(vram_kib=4096), Video("qxl", 4096, 2))
    assert devices(written).videos == expected


def test_secure_boot_may_be_off() -> None:
    features = "<firmware><feature enabled='{}' name='secure-boot'/></firmware>"
    written = MEMORY + "<os firmware='efi'><type>hvm</type>{}</os>"
    assert read_domain(domain(written.format(""))).os.secure_boot is None
    assert read_domain(domain(written.format(features.format("no")))).os.secure_boot is False
    assert read_domain(domain(written.format(features.format("yes")))).os.secure_boot is True


def test_the_operating_system_by_libosinfos_id() -> None:
    metadata = (
        "<metadata><libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'>"
        "<libosinfo:os id='http://fedoraproject.org/fedora/40'/></libosinfo:libosinfo></metadata>"
    )
    assert read_domain(domain(MEMORY + OS + metadata)).guest_os == "fedora"
    unknown = metadata.replace("http://fedoraproject.org/fedora/40", "http://example.org/os/1")
    assert read_domain(domain(MEMORY + OS + unknown)).guest_os is None
    vmware = metadata.replace("http://fedoraproject.org/fedora/40", "http://vmware.com/guestos/windows9-64")
    assert read_domain(domain(MEMORY + OS + vmware)).guest_os == "windows9-64"


@pytest.mark.parametrize("word", ["vram", "heads"])
def test_an_empty_size_is_none_as_of_libvirt_11(word: str) -> None:
    with pytest.raises(ParseError, match=f"{word}='' is not a number"):
        devices(f"<video><model type='vmvga' {word}=''/></video>")


def test_a_parallel_port_is_the_one_after_those_before_it() -> None:
    port = "<{0} type='null'/><{0} type='null'><target port='1'/></{0}>"
    both = devices(port.format("parallel") + port.format("serial"))
    assert [one.port for one in both.parallels] == [0, 1]
    assert [one.port for one in both.serials] == [2, 1]


def test_a_bare_document_type_says_nothing() -> None:
    assert read_domain("<!DOCTYPE domain>" + domain()).name == "t"
