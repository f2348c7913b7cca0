# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A present VMX that is changed: only what has to be different is different."""

from __future__ import annotations

import difflib
import pathlib

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import as_in_xml, merge_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import read_vmx
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._vmx.samples import vmx

DATA = pathlib.Path(__file__).resolve().parents[3] / "data"
MANUAL_VMX = pathlib.Path(__file__).resolve().parents[5] / "examples" / "files" / "fedora11.vmx"
SERVER = (DATA / "vmx" / "server.vmx").read_text(encoding="utf-8")
ESX = DIALECTS["esx"]
DIRECTORY = "[ssd] server"
DATASTORES = {"498076b2-02796c1a-ef5b-000ae484a6a3": "ssd", "images": "images"}


def xml_of(text: str | bytes) -> str:
    return write_domain(read_vmx(text, directory=DIRECTORY, datastores=DATASTORES), ESX.xml)


def merged(text: str, *changes: tuple[str, str]) -> str:
    """The VMX after changes of its XML, the way a user makes them, and with what it reads as checked."""
    xml = xml_of(text)
    for old, new in changes:
        assert old in xml
        xml = xml.replace(old, new, 1)
    wanted = read_domain(xml, ESX.xml)
    result = merge_vmx(text, wanted)
    assert merge_vmx(text, wanted, directory=DIRECTORY, datastores=DATASTORES) == result
    assert merge_vmx(result, wanted, directory=DIRECTORY, datastores=DATASTORES) == result
    return result


def difference(old: str, new: str) -> list[str]:
    lines = difflib.ndiff(old.splitlines(), new.splitlines())
    return [line for line in lines if line[0] in "+-"]


def element(text: str, start: str, end: str) -> str:
    """The part of a text from one word up to and with another."""
    begin = text.index(start)
    return text[begin : text.index(end, begin) + len(end)] + "\n"


@pytest.mark.parametrize(
    "text",
    [
        SERVER,
        SERVER.replace("\n", "\r\n"),
        SERVER.replace("\n", "\r"),
        "\ufeff" + SERVER,
        SERVER.rstrip("\n"),
        SERVER.replace('"', "'"),
        SERVER.replace(" = ", "\t=   "),
        ";".join(line.partition("#")[0] for line in SERVER.splitlines() if line.partition("#")[0]),
        MANUAL_VMX.read_text(encoding="utf-8"),
        vmx(),
    ],
    ids=["lf", "crlf", "cr", "bom", "no-end", "single-quotes", "spacing", "semicolons", "manual", "minimal"],
)
def test_an_unchanged_domain_gives_the_identical_bytes(text: str) -> None:
    wanted = read_domain(xml_of(text), ESX.xml)
    assert merge_vmx(text, wanted) == text
    data = text.encode()
    assert merge_vmx(data, wanted) is data
    assert merge_vmx(data, read_vmx(text)) is data


@pytest.mark.parametrize("encoding", ["windows-1252", "GBK", "Shift_JIS", "KOI8-R"])
def test_the_encoding_is_kept(encoding: str) -> None:
    word = {"windows-1252": "Büro", "GBK": "办公", "Shift_JIS": "表ソ", "KOI8-R": "офис"}[encoding]
    data = vmx(f'.encoding = "{encoding}"\ndisplayName = "{word}" # {word}\nmemsize = "64"\n').encode(encoding)
    xml = xml_of(data)
    assert f"<name>{word}</name>" in xml
    assert merge_vmx(data, read_domain(xml, ESX.xml)) is data
    wanted = read_domain(xml.replace("65536", "131072").replace(f">{word}<", f">{word} ☃<"), ESX.xml)
    changed = merge_vmx(data, wanted)
    assert changed == data.replace(b'"64"', b'"128"').replace(b'" #', b' |e2|98|83" #')
    as_read_by_ansible = data.decode("utf-8", "surrogateescape")
    assert merge_vmx(as_read_by_ansible, wanted).encode("utf-8", "surrogateescape") == changed


@pytest.mark.parametrize(
    ("encoding", "codec", "word", "other"),
    [("ISO-2022-JP", "iso2022_jp", "日本", "東京"), ("HZ-GB-2312", "hz", "中文", "北京")],
)
def test_an_encoding_of_seven_bits_is_one(encoding: str, codec: str, word: str, other: str) -> None:
    text = vmx(f'.encoding = "{encoding}"\ndisplayName = "{word}"\nmemsize = "64"\n')
    data = text.encode(codec)
    for source in (data, data.decode()):
        xml = xml_of(source)
        assert f"<name>{word}</name>" in xml
        assert merge_vmx(source, read_domain(xml, ESX.xml)) is source
        changed = merge_vmx(source, read_domain(xml.replace(word, other), ESX.xml))
        assert changed == type(source)(text.replace(word, other).encode(codec), *(() if source is data else ("ascii",)))


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("<name>Büro / server", "<name>Büro \\ 100%", ['displayName = "Büro %5c 100%25 |2201|22"']),
        ("second line", 'second "line"', ['annotation = "first line|0asecond |22line|22"']),
        (">2097152</current", ">1048576</current", ['sched.mem.max = "1024"']),
        (">4194304</mem", ">8388608</mem", ['memSize = "8192"']),
        ("<shares>4000<", "<shares>8000<", ['sched.cpu.shares = "high"']),
        ("<smbios mode='host'/>", "", ['-smbios.reflectHost = "TRUE"']),
        ("debian.iso", "other.iso", ['sata0:0.fileName = "/vmfs/volumes/images/other.iso"']),
        ("<transient/>", "", ['-scsi0:1.mode = "independent-nonpersistent"']),
        ("bridge='Storage'", "bridge='Backup'", ['ethernet2.networkName = "Backup"']),
        ("type='e1000e'", "type='vmxnet3'", ['ethernet2.virtualDev = "vmxnet3"']),
        ("vram='8192'", "vram='16384'", ['svga.vramSize = "16777216"']),
        ("port='5901'", "port='5902'", ['RemoteDisplay.vnc.port = "5902"']),
        ("mode='connect'", "mode='bind'", ['serial0.network.endPoint = "server"']),
        ("dir='/srv'", "dir='/srv/x'", ['sharedFolder1.hostPath = "/srv/x"']),
        ("model='vmpvscsi'", "model='lsilogic'", ['scsi0.virtualDev = "lsilogic"']),
    ],
)
def test_one_change_is_one_line(old: str, new: str, changed: list[str]) -> None:
    found = difference(SERVER, merged(SERVER, (old, new)))
    if changed[0].startswith("-"):
        assert [line.replace("- ", "-", 1) for line in found if line[0] == "-"] == changed
    else:
        assert [line[2:] for line in found if line[0] == "+"] == changed
        key = changed[0].split(" = ")[0]
        assert [line[2:].split(" = ")[0] for line in found if line[0] == "-"] == [key]


def test_a_new_key_goes_to_its_kin() -> None:
    disk = "<source file='[ssd] server/server.vmdk'/>\n      <target dev='sda' bus='scsi'/>\n"
    changed = merged(SERVER, (disk, disk + "      <transient/>\n"))
    assert difference(SERVER, changed) == ['+ scsi0:0.mode = "independent-nonpersistent"']
    assert 'scsi0:0.redo = ""\nscsi0:0.mode = ' in changed


def test_a_disk_that_leaves_takes_all_its_keys_along() -> None:
    disk = element(
        xml_of(SERVER),
        "    <disk type='file' device='disk' snapshot='no'>\n      <source file='[ssd] server/data",
        "disk>",
    )
    assert difference(SERVER, merged(SERVER, (disk, ""))) == [
        f"- {line}" for line in SERVER.splitlines() if line.startswith("scsi0:1.")
    ]


def test_an_interface_that_leaves_does_not_move_the_others() -> None:
    card = element(xml_of(SERVER), "    <interface", "</interface>")
    assert difference(SERVER, merged(SERVER, (card, ""))) == [
        f"- {line}" for line in SERVER.splitlines() if line.startswith("ethernet0.")
    ]


def test_interfaces_are_known_by_their_addresses_whatever_their_order() -> None:
    xml = xml_of(SERVER)
    first = element(xml, "    <interface", "</interface>")
    second = element(xml.replace(first, ""), "    <interface", "</interface>")
    assert merged(SERVER, (first + second, second + first)) == SERVER


def test_an_interface_that_comes_takes_a_free_number_and_no_address() -> None:
    new = "    <interface type='bridge'><source bridge='New'/></interface>\n"
    assert difference(SERVER, merged(SERVER, ("    <interface", new + "    <interface"))) == [
        '+ ethernet1.present = "true"',
        '+ ethernet1.networkName = "New"',
        '+ ethernet1.connectionType = "bridged"',
        '+ ethernet1.addressType = "generated"',
    ]


def test_another_address_on_the_same_network_is_the_same_card() -> None:
    found = difference(SERVER, merged(SERVER, ("00:50:56:00:00:02", "00:50:56:00:00:03")))
    assert found == ['- ethernet2.address = "00:50:56:00:00:02"', '+ ethernet2.address = "00:50:56:00:00:03"']


def test_what_is_left_out_is_taken_from_the_present() -> None:
    xml = """<domain type='vmware'>
      <name>Büro / server "01"</name>
      <description>first line\nsecond line</description>
      <memory unit='MiB'>4096</memory><currentMemory unit='MiB'>2048</currentMemory>
      <memtune><min_guarantee unit='MiB'>1024</min_guarantee></memtune>
      <vcpu cpuset='0-2,5'>4</vcpu>
      <os firmware='efi'><type arch='x86_64'>hvm</type><smbios mode='host'/></os>
      <cpu><topology sockets='2' cores='2' threads='1'/></cpu>
      <devices>
        <disk type='file'><source file='[ssd] server/server.vmdk'/><target dev='sda'/></disk>
        <disk type='file'><source file='[ssd] server/data.vmdk'/><target dev='sdb'/><transient/></disk>
        <disk type='file' device='cdrom'>
          <source file='[images] debian.iso'/><target dev='sdc' bus='sata'/>
          <address type='drive' controller='0' bus='0' unit='0'/>
        </disk>
        <disk type='file'><source file='[ssd] server/cache/fast.vmdk'/><target dev='nvme0n1' bus='nvme'/></disk>
        <filesystem><source dir='/srv'/><target dir='srv'/><readonly/></filesystem>
        <interface type='bridge'><source bridge='VM Network'/></interface>
        <interface type='bridge'><source bridge='Storage'/></interface>
        <serial type='tcp'><source mode='connect' host='fd00::1' service='4001'/><protocol type='telnet'/></serial>
        <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
        <graphics type='vnc' port='5901'/>
        <video><model type='vmvga' vram='8192'/></video>
      </devices></domain>"""
    wanted = read_domain(xml, ESX.xml)
    assert merge_vmx(SERVER, wanted, directory=DIRECTORY, datastores=DATASTORES) == SERVER
    assert merge_vmx(SERVER, wanted) == SERVER


def test_keys_that_sleep_do_not_wake_up() -> None:
    base = vmx(
        'displayName = "n"\nscsi1.present = "FALSE"\nscsi1:3.present = "TRUE"\nscsi1:3.fileName = "old.vmdk"\n'
        'ide0:0.present = "TRUE"\nide0:0.clientDevice = "TRUE"\nide0:0.fileName = "emptyBackingString"\n'
        'RemoteDisplay.vnc.enabled = "FALSE"\nRemoteDisplay.vnc.password = "old"\n'
        'uefi.secureBoot.enabled = "TRUE"\nethernet0.present = "FALSE"\nethernet0.networkName = "old"\n'
        'sharedFolder.maxNum = "1"\nsharedFolder0.present = "TRUE"\nsharedFolder0.enabled = "TRUE"\n'
    )
    xml = """<domain type='vmware'><name>n</name><memory>32768</memory><os firmware='efi'><type>hvm</type>
      <firmware><feature enabled='no' name='secure-boot'/></firmware></os><devices>
      <disk type='file'><source file='[ds] new.vmdk'/><target dev='sdp'/></disk>
      <disk type='file' device='cdrom'><source file='[ds] new.iso'/><target dev='hda'/></disk>
      <filesystem><source dir='/srv'/><target dir='srv'/></filesystem>
      <interface type='bridge'><source bridge='New'/></interface><graphics type='vnc'/></devices></domain>"""
    wanted = read_domain(xml, ESX.xml)
    result = merge_vmx(base, wanted)
    now = as_in_xml(read_vmx(result))
    assert [disk.source for disk in now.disks] == ["[ds] new.vmdk", "[ds] new.iso"]
    assert [card.source for card in now.interfaces] == ["New"]
    assert [folder.source for folder in now.filesystems] == ["/srv"]
    assert now.graphics[0].password is None
    assert now.os.secure_boot is False
    assert 'ethernet0.networkName = "old"' in result  # a card that is switched off keeps its number


def test_the_hardware_version_changes_only_when_it_is_wished() -> None:
    wanted = read_domain(xml_of(SERVER), ESX.xml)
    found = difference(SERVER, merge_vmx(SERVER, wanted, hw_version=19))
    assert found == [
        '- virtualHW.version = "14"   # as the cluster wants it',
        '+ virtualHW.version = "19"   # as the cluster wants it',
    ]


def test_a_value_that_breaks_out_of_its_line_is_refused_where_it_is_not_escaped() -> None:
    text = vmx('displayName = "n"\nethernet0.present = "TRUE"\nethernet0.networkName = "a"\n')
    libvirt = DIALECTS["libvirt"]
    xml = write_domain(read_vmx(text, dialect=libvirt), libvirt.xml).replace("bridge='a'", "bridge='a&quot;'")
    with pytest.raises(ParseError, match="ethernet0.networkName: the value 'a\"' would break out of its line"):
        merge_vmx(text, read_domain(xml, libvirt.xml), dialect=libvirt)


def test_a_file_without_a_line_end_at_its_end_gets_none() -> None:
    base = vmx('displayName = "n"')
    wanted = read_domain(xml_of(base).replace("32768", "65536"), ESX.xml)
    assert merge_vmx(base, wanted) == base + '\nmemsize = "64"'


POLICY_BASE = """.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "13"
displayName = "n"
annotation = "kept"
memsize = "1024"
sched.mem.minsize = "512"
numvcpus = "4"
cpuid.coresPerSocket = "2"
sched.cpu.affinity = "0,1,2,3"
sched.cpu.shares = "4000"
firmware = "efi"
uefi.secureBoot.enabled = "TRUE"
RemoteDisplay.vnc.enabled = "TRUE"
RemoteDisplay.vnc.port = "5901"
RemoteDisplay.vnc.password = "secret"
svga.vramSize = "4194304"
floppy0.present = "FALSE"
"""
BARE = """<domain type='vmware'><name>n</name><memory unit='MiB'>1024</memory><vcpu>4</vcpu>
<os><type>hvm</type></os><devices>{}<graphics type='vnc' port='5901'/></devices></domain>"""


def test_settings_that_a_description_leaves_out_stay() -> None:
    wanted = read_domain(BARE.format(""), ESX.xml)
    assert merge_vmx(POLICY_BASE, wanted) == POLICY_BASE
    fewer = read_domain(BARE.format("").replace(">4<", ">2<"), ESX.xml)
    assert difference(POLICY_BASE, merge_vmx(POLICY_BASE, fewer)) == ['- numvcpus = "4"', '+ numvcpus = "2"']


@pytest.mark.parametrize(
    "clock",
    ['rtc.diffFromUTC = "3600"\n', 'rtc.startTime = "100"\n', 'rtc.diffFromUTC = "3600"\nrtc.startTime = "100"\n'],
)
def test_a_clock_that_shows_utc_is_a_wish_like_any_other(clock: str) -> None:
    base = POLICY_BASE + clock
    assert merge_vmx(base, read_domain(BARE.format(""), ESX.xml)) == base
    utc = read_domain(BARE.format("").replace("<os>", "<clock offset='utc'/><os>"), ESX.xml)
    assert merge_vmx(base, utc) == POLICY_BASE


def test_a_clock_of_utc_that_is_said_stays() -> None:
    base = POLICY_BASE + 'rtc.diffFromUTC = "0"\n'
    utc = BARE.format("").replace("<os>", "<clock offset='utc'/><os>")
    assert merge_vmx(base, read_domain(utc, ESX.xml)) == base
    assert merge_vmx(base, read_domain(utc.replace("utc'", "utc' adjustment='60'"), ESX.xml)) == base.replace(
        '"0"\n', '"60"\n'
    )


@pytest.mark.parametrize("cpu", ["<cpu/>", "<cpu mode='host-passthrough'/>", "<cpu><model>Haswell</model></cpu>"])
def test_a_cpu_without_a_topology_leaves_the_cores_as_they_are(cpu: str) -> None:
    wanted = read_domain(BARE.format("").replace("<os>", f"{cpu}<os>"), ESX.xml)
    assert merge_vmx(POLICY_BASE, wanted) == POLICY_BASE


def test_shares_that_are_a_level_go_with_the_processors() -> None:
    base = POLICY_BASE.replace('"4000"', '"normal"')
    fewer = read_domain(BARE.format("").replace(">4<", ">2<"), ESX.xml)
    assert difference(base, merge_vmx(base, fewer)) == ['- numvcpus = "4"', '+ numvcpus = "2"']


@pytest.mark.parametrize("directory", [None, "[ds] web"])
def test_a_description_of_a_disk_means_the_snapshot_that_it_is_on(directory: str | None) -> None:
    disk = "<disk type='file'><source file='[ds] web/{}'/><target dev='{}' bus='scsi'/></disk>"
    base = POLICY_BASE + (
        'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.deviceType = "scsi-hardDisk"\n'
        'scsi0:0.fileName = "web-000002.vmdk"\nnvram = "web.nvram"\n'
    )
    nvram = "<os firmware='efi'><type>hvm</type><nvram type='file'><source file='[ds] web/web.nvram'/></nvram></os>"
    xml = BARE.replace("<os><type>hvm</type></os>", nvram)
    same = read_domain(xml.format(disk.format("web.vmdk", "sda")), ESX.xml)
    assert merge_vmx(base, same, directory=directory) == base
    moved = merge_vmx(base, read_domain(xml.format(disk.format("web.vmdk", "sdb")), ESX.xml), directory=directory)
    assert 'scsi0:1.fileName = "/vmfs/volumes/ds/web/web-000002.vmdk"' in moved
    other = merge_vmx(base, read_domain(xml.format(disk.format("db.vmdk", "sda")), ESX.xml), directory=directory)
    assert 'scsi0:0.fileName = "/vmfs/volumes/ds/web/db.vmdk"' in other


def test_lines_that_are_no_statements_stay() -> None:
    base = POLICY_BASE.replace('memsize = "1024"', "// sizes\n_key = x\nmemsize=1024 # MiB")
    assert merge_vmx(base, read_domain(BARE.format(""), ESX.xml)) == base
    more = read_domain(BARE.format("").replace(">1024<", ">2048<"), ESX.xml)
    assert difference(base, merge_vmx(base, more)) == ["- memsize=1024 # MiB", '+ memsize="2048" # MiB']
