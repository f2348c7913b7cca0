# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and writing whole files: the first manual's examples, one VMX with everything, encodings, refusals."""

from __future__ import annotations

import pathlib
from dataclasses import replace

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.encoding import python_codec
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import as_in_xml
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._vmx.samples import vmx

DATA = pathlib.Path(__file__).resolve().parents[3] / "data"
MANUAL_VMX = pathlib.Path(__file__).resolve().parents[5] / "examples" / "files" / "fedora11.vmx"
MANUAL_DATASTORES = {"498076b2-02796c1a-ef5b-000ae484a6a3": "local-storage"}


def text_of(*parts: str) -> str:
    return DATA.joinpath(*parts).read_text(encoding="utf-8")


@pytest.mark.parametrize("dialect", ["classic", "libvirt"])
def test_the_first_manuals_vmx(dialect: str) -> None:
    chosen = DIALECTS[dialect]
    domain = read_vmx(MANUAL_VMX.read_bytes(), dialect=chosen, datastores=MANUAL_DATASTORES)
    assert write_domain(domain, chosen.xml) == text_of("manual", f"fedora11.{dialect}.xml")


@pytest.mark.parametrize("dialect", ["classic", "libvirt"])
def test_the_first_manuals_xml(dialect: str) -> None:
    chosen = DIALECTS[dialect]
    domain = read_domain(text_of("manual", "demo.xml"), chosen.xml)
    assert write_vmx(domain, dialect=chosen) == text_of("manual", f"demo.{dialect}.vmx")


def test_a_vmx_with_everything() -> None:
    esx = DIALECTS["esx"]
    datastores = {"498076b2-02796c1a-ef5b-000ae484a6a3": "ssd", "images": "images"}
    domain = read_vmx(text_of("vmx", "server.vmx"), directory="[ssd] server", datastores=datastores)
    xml = write_domain(domain, esx.xml)
    assert xml == text_of("vmx", "server.esx.xml")
    assert write_vmx(read_domain(xml, esx.xml), hw_version=14) == text_of("vmx", "server.written.vmx")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("MemSize = '0'\n", "line 3, memsize: expecting a positive multiple of 4 (megabytes), found 0"),
        ("numvcpus = '4294967297'\n", "line 3, numvcpus: 4294967297 is out of range"),
        ("memsize = '64M'\n", "line 3, memsize: must represent an integer value, found '64M'"),
    ],
)
def test_a_refusal_names_the_key_its_line_and_what_would_be_right(body: str, message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        read_vmx(vmx(body))
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize("mode", ["host-model", "host-passthrough", "maximum"])
def test_a_guest_sees_the_cpu_of_the_host_whatever_its_mode(mode: str) -> None:
    topology = "<topology sockets='1' cores='2' threads='1'/>"
    xml = (
        f"<domain type='vmware'><name>n</name><memory>4096</memory><vcpu>2</vcpu><os><type>hvm</type></os>\n"
        f"<cpu mode='{mode}'>{topology}</cpu></domain>"
    )
    esx, libvirt = DIALECTS["esx"], DIALECTS["libvirt"]
    assert 'cpuid.coresPerSocket = "2"' in write_vmx(read_domain(xml, esx.xml), dialect=esx)
    assert "coresPerSocket" not in write_vmx(read_domain(xml.replace(topology, ""), esx.xml), dialect=esx)
    with pytest.raises(ParseError, match=f"line 2, <cpu>: mode='{mode}' is not supported"):
        write_vmx(read_domain(xml, libvirt.xml), dialect=libvirt)


@pytest.mark.parametrize(
    ("body", "sizes", "message"),
    [
        (
            "MemSize = '66'\n",
            (66 * 1024, 1),
            "expecting a positive multiple of 4 (megabytes), found 66; it is written as 68",
        ),
        ("numvcpus = '0'\n", (32 * 1024, 1), "expecting at least 1, found 0; it is read as 1"),
        ("numvcpus = 'two'\n", (32 * 1024, 1), "must represent an integer value, found 'two'"),
    ],
)
def test_sizes_that_vmware_does_not_write_are_read_and_reported(
    body: str, sizes: tuple[int, int], message: str
) -> None:
    report = Report("report")
    domain = read_vmx(vmx(body), report=report)
    assert (domain.memory_kib, domain.vcpus) == sizes
    assert [(entry.line, entry.why) for entry in report.left_out] == [(3, message)]
    for dialect in ("libvirt", "classic"):
        with pytest.raises(ParseError, match="line 3"):
            read_vmx(vmx(body), dialect=DIALECTS[dialect])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("\nscsi0.present = 'x'\n", "line 4, scsi0.present: must represent a boolean value (true|false), found 'x'"),
        ("sched.cpu.affinity = '0-x'\n", "line 3, sched.cpu.affinity: expecting processor numbers separated by ','"),
        ("sched.mem.max = '1G'\n", "line 3, sched.mem.max: must represent an integer value, found '1G'"),
        ("scsi0.present = 'true'\nscsi0.virtualDev = 'sas'\n", "line 4, scsi0.virtualDev: expecting one of 'buslogic'"),
        ("ide0:0.present = 'true'\nide0:0.fileName = 'a.raw'\n", "line 4, ide0:0.fileName: invalid or not yet handled"),
        ("uuid.bios = '56'\n", "line 3, uuid.bios: could not parse UUID from string '56'"),
        ("firmware = 'uefi'\n", "line 3, firmware: unknown value 'uefi'"),
        (
            "ethernet0.present = 'true'\nethernet0.address = '00-50'\nethernet0.addressType = 'static'\n",
            "line 4, ethernet0.address: expecting '00-50' to be a MAC address",
        ),
        ("scsi2:0.present = 'true'\n", "line 3, scsi2:0.present: the controller scsi2 is not there"),
        (
            "nvme0.present = 'true'\nnvme0:63.present = 'true'\n",
            "line 4, nvme0:63.present: a controller of type",
        ),
        (
            "serial0.present = 'true'\nserial0.fileType = 'pipe'\nserial0.pipe.endPoint = 'server'\n"
            "serial0.fileName = 'p'\n",
            "line 5, serial0.pipe.endPoint: libvirt's driver supports only the client",
        ),
        (
            "serial0.present = 'true'\nserial0.fileType = 'thinprint'\n",
            "line 4, serial0.fileType: libvirt has no port of type 'thinprint'; it is read as type 'null'",
        ),
        (
            "floppy0.present = 'true'\nfloppy0.clientDevice = 'TRUE'\n",
            "line 4, floppy0.clientDevice: libvirt has no floppy drive",
        ),
        (
            "firmware = 'efi'\nbios.bootOrder = 'hdd'\n",
            "line 4, bios.bootOrder: with EFI firmware the boot order is in the NVRAM",
        ),
        ("// hardware\n", "line 3, VMX '// hardware': the line is not a statement"),
    ],
)
def test_one_wrong_setting_is_reported_and_the_rest_is_converted(body: str, message: str) -> None:
    report = Report("report")
    assert read_vmx(vmx(body + "numvcpus = '7'\n"), report=report).vcpus == 7
    assert [str(entry)[: len(message)] for entry in report.left_out] == [message]


def test_a_control_character_is_named_with_key_and_line() -> None:
    text = vmx('annotation = "x|01y"\n')
    with pytest.raises(ParseError, match=r"line 3, annotation: the value has the character U\+0001"):
        read_vmx(text, report=Report("refuse"))
    assert read_vmx(text, report=Report("report")).description == "x\ufffdy"


@pytest.mark.parametrize("line", ["", 'config.version = "8"\nvirtualHW.version = "13"\n'])
def test_an_encrypted_vmx_says_so(line: str) -> None:
    with pytest.raises(ParseError, match=r"encryption.data: the VMX is encrypted"):
        read_vmx(line + 'displayName = "n"\nencryption.keySafe = "x"\nencryption.data = "AAAA"\n')


def test_an_old_products_vmx_is_read() -> None:
    assert read_vmx('config.version = "6"\nvirtualHW.version = "3"\nmemsize = "64"\n').memory_kib == 64 * 1024


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "config.version: missing essential config entry"),
        ('config.version = "9"\nvirtualHW.version = "4"', "line 1, config.version: expecting config.version to be 8"),
        ('config.version = "8"\nvirtualHW.version = "2"', "line 2, virtualHW.version: expecting at least 3"),
        (vmx('.encoding = "klingon"\n'), "line 3, .encoding: there is no encoding 'klingon'"),
        (vmx('.encoding = "idna"\n'), "line 3, .encoding: there is no encoding 'idna'"),
        (vmx("").encode("utf-16"), "the file is in UTF-16 or UTF-32, which VMware cannot read; convert it to UTF-8"),
        (vmx("").encode("utf-16-le"), "the file is in UTF-16"),
        (vmx("").encode("utf-32-be"), "the file is in UTF-16"),
        (vmx('.encoding = ""\n'), "line 3, .encoding: there is no encoding '' of a VMX; expected one such as UTF-8"),
        ("#" * 600_000, "the file has 600000 bytes"),
        ("\ud800", "line 1: the text has a surrogate that does not stand for a byte"),
    ],
)
def test_what_is_no_vmx_is_refused(text: str | bytes, message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        read_vmx(text)
    assert str(refusal.value).startswith(message)


def test_of_several_wrong_keys_the_first_in_the_file_is_named() -> None:
    cards = "".join([f'ethernet{letter}.present = "true"\n' for letter in "qwertz"])
    with pytest.raises(ParseError, match=r"ethernetq\.present: failed to parse the index"):
        read_vmx(vmx(cards), dialect=DIALECTS["libvirt"])


def test_blanks_around_numbers_and_truth_values_are_passed_over() -> None:
    report = Report("report")
    domain = read_vmx(vmx('memsize = "64 "\nnumvcpus = "\t2 "\nsound.present = " TRUE "\n'), report=report)
    assert (domain.memory_kib, domain.vcpus, len(domain.sounds)) == (65536, 2, 1)
    assert not report.left_out


def test_what_follows_a_zero_byte_in_a_value_is_reported() -> None:
    report = Report("report")
    assert read_vmx(vmx('annotation = "a|00b"\n'), report=report).description == "a"
    assert [str(entry) for entry in report.left_out] == [
        "line 3, annotation: the value ends at |00, which is the end of a text for VMware"
    ]


@pytest.mark.parametrize(
    ("domain", "message"),
    [
        (
            "<devices><graphics type='spice'/></devices>",
            "line 2, <graphics>: type='spice' is not supported, only 'vnc'",
        ),
        (
            "<devices><disk type='file'><source file='[ds] a.img'/><target dev='sda'/></disk></devices>",
            "line 2, disk 'sda': the source '[ds] a.img' has an unsupported suffix, expecting '.vmdk'",
        ),
        (
            "<devices><disk type='file'><source file='[ds] a.vmdk'/><target dev='vda'/></disk></devices>",
            "line 2, disk 'vda': bus='virtio' is not supported",
        ),
        (
            "<devices><interface type='network'><source network='default'/></interface></devices>",
            "line 2, <interface>: net type 'network' is not supported",
        ),
    ],
)
def test_a_domain_that_vmx_cannot_hold_is_refused(domain: str, message: str) -> None:
    xml = f"<domain type='vmware'><name>n</name><memory>4096</memory><os><type>hvm</type></os>\n{domain}</domain>"
    with pytest.raises(ParseError) as refusal:
        write_vmx(read_domain(xml, DIALECTS["esx"].xml))
    assert str(refusal.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8"),
        ("windows-1252", "cp1252"),
        ("CP1251", "cp1251"),
        ("windows-936", "gbk"),
        ("Windows-949", "cp949"),
        ("Shift_JIS", "cp932"),
        ("windows-949-2000", "cp949"),
        ("windows-936-2000", "gbk"),
        ("windows-950-2000", "cp950"),
        ("windows-874-2000", "cp874"),
        ("ibm-943_P15A-2003", "cp932"),
        ("ibm-5348_P100-1997", "cp1252"),
        ("KS_C_5601-1987", "cp949"),
        ("UTF-16", None),
        ("ISO-8859-15", "iso8859-15"),
        ("latin1", "iso8859-1"),
        ("MACINTOSH", "mac-roman"),
        ("US-ASCII", "ascii"),
        ("", None),
        ("hex", None),
        ("unicode_escape", None),
        ("windows-9999", None),
    ],
)
def test_encodings_have_all_names_that_vmware_writes(name: str, codec: str | None) -> None:
    assert python_codec(name) == codec


def test_chance_can_be_chosen_where_libvirt_makes_things_up() -> None:
    xml = """<domain type='vmware'><name>n</name><memory>4096</memory><os><type>hvm</type></os>
      <devices><interface type='user'/></devices></domain>"""
    libvirt = DIALECTS["libvirt"]
    written = write_vmx(read_domain(xml, libvirt.xml), dialect=libvirt, random=lambda count: bytes([7] * count))
    assert 'uuid.bios = "07 07 07 07 07 07 07 07-07 07 07 07 07 07 07 07"' in written
    assert 'ethernet0.generatedAddress = "00:0c:29:07:07:07"' in written


def test_the_first_libvirt_wants_one_processor_or_an_even_number() -> None:
    xml = "<domain type='vmware'><name>n</name><memory>4096</memory><vcpu>{}</vcpu><os><type>hvm</type></os></domain>"
    classic = DIALECTS["classic"]
    for number in (1, 2, 6):
        assert write_vmx(read_domain(xml.format(number), classic.xml), dialect=classic)
    with pytest.raises(ParseError, match="<vcpu>: 3 processors are neither 1 nor an even number"):
        write_vmx(read_domain(xml.format(3), classic.xml), dialect=classic)


def test_only_keys_that_are_kept_are_taken_from_the_metadata() -> None:
    xml = """<domain type='vmware'><name>n</name><memory>4096</memory><os><type>hvm</type></os><metadata>
      <esx:vmx xmlns:esx='urn:virt.esx:domain:1.0'><esx:controller type='scsi' index='0' virtualDev='x'/></esx:vmx>
      </metadata></domain>"""
    with pytest.raises(ParseError, match="the key 'virtualDev' has no place here; expected one of 'sharedBus'"):
        read_domain(xml, DIALECTS["esx"].xml)


RDM = """<domain type='vmware'><name>n</name><memory>4096</memory><os><type>hvm</type></os><metadata>
<esx:vmx xmlns:esx='urn:virt.esx:domain:1.0'>
<esx:disk target='sdb' deviceType='scsi-passthru-rdm'/>{}
</esx:vmx></metadata>
<devices><disk><source file='[ds] a.vmdk'/><target dev='sdb'/></disk></devices></domain>"""


def test_what_is_kept_of_a_device_that_is_not_there_is_reported() -> None:
    report = Report(REFUSE)
    assert read_domain(RDM.format(""), DIALECTS["esx"].xml, report).disks[0].keys == (
        ("deviceType", "scsi-passthru-rdm"),
    )
    assert not report.left_out
    moved = RDM.format("").replace("dev='sdb'", "dev='sdc'")
    assert not read_domain(moved, DIALECTS["esx"].xml, report).disks[0].keys
    assert [str(entry) for entry in report.left_out] == [
        "line 3, metadata/esx:vmx/esx:disk target='sdb': the domain has no such device, so what is kept of it here is "
        "lost"
    ]


def test_cards_with_one_address_keep_their_own_keys() -> None:
    cards = "".join(
        f'ethernet{number}.present = "TRUE"\nethernet{number}.opaqueNetwork.id = "id-{number}"\n'
        f'ethernet{number}.addressType = "static"\nethernet{number}.address = "00:50:56:00:00:01"\n'
        for number in range(2)
    )
    xml = write_domain(read_vmx(vmx(cards)), DIALECTS["esx"].xml)
    written = write_vmx(read_domain(xml, DIALECTS["esx"].xml, Report(REFUSE)))
    for number in range(2):
        assert f'ethernet{number}.opaqueNetwork.id = "id-{number}"' in written


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("<esx:disc target='sdc'/>", "line 3, metadata/esx:vmx/disc: this is not one of our elements, which are"),
        ("<esx:disk target='sdb'/>", "line 3, <esx:disk>: an earlier element is about the same device; expected one"),
        (
            "<esx:disk target='sdc' model='x'/>",
            "line 3, <esx:disk>: the key 'model' has no place here; expected one of",
        ),
    ],
)
def test_metadata_of_ours_that_cannot_be_understood(more: str, message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        read_domain(RDM.format(more), DIALECTS["esx"].xml, Report(REFUSE))
    assert str(refusal.value).startswith(message)


def test_libvirt_reads_shift_jis_as_iconv_does_whatever_is_in_it() -> None:
    data = vmx('.encoding = "Shift_JIS"\nannotation = "C:\\\\a ~"\n').encode()
    assert read_vmx(data, dialect=DIALECTS["libvirt"]).description == "C:\u00a5\u00a5a \u203e"
    assert read_vmx(data).description == "C:\\\\a ~"  # for VMware it is code page 932


def test_without_identifiers_there_are_none_in_the_xml() -> None:
    xml = write_domain(read_vmx(vmx('ethernet0.present = "TRUE"\n')), DIALECTS["esx"].xml)
    assert "<uuid>" not in xml
    assert "<mac " not in xml


def test_nvme_disks_on_a_bus_of_their_own() -> None:
    domain = read_vmx(vmx('nvme0.present = "TRUE"\nnvme0:1.present = "TRUE"\nnvme0:1.fileName = "a.vmdk"\n'))
    forms = replace(DIALECTS["esx"].xml, nvme_bus=True)
    xml = write_domain(domain, forms)
    assert "<target dev='nvme0n2' bus='nvme'/>" in xml
    assert "<controller type='nvme' index='0'/>" in xml
    assert read_domain(xml, DIALECTS["esx"].xml).disks == as_in_xml(domain).disks
