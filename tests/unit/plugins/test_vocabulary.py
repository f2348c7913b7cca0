# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing in silence: each word of libvirt's schema has an effect, is refused, is reported, or needs no word."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.plugins.module_utils._domain.usual_words import OPAQUE, USUAL, Usual
from ansible_collections.virt.esx.plugins.module_utils._domain.vocabulary import Word, vocabulary
from ansible_collections.virt.esx.plugins.module_utils._domain.word_rules import HARMLESS, ROWS, SILENT, WORDS
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.wanted import read_wanted
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx
from lxml import etree

ESX = DIALECTS["esx"]
BASE = """<domain type='vmware'><name>n</name><uuid>564d9bef-acd9-b4e0-c8f0-aea8b9103515</uuid><memory>4096</memory>
<os><type arch='x86_64'>hvm</type></os><devices/></domain>"""
# The surroundings that a word needs to be looked at, by the element that it is in.
PARTS = {
    "devices/disk": "<source file='[ds] a.vmdk'/><target dev='sda' bus='scsi'/>",
    "devices/interface": "<source bridge='a'/>",
    "devices/filesystem": "<source dir='/a'/><target dir='a'/>",
    "devices/serial": "<source path='/a'/>",
    "devices/parallel": "<source path='/a'/>",
    "devices/console": "<source path='/a'/>",
    "devices/tpm": "<backend type='emulator'/>",
    "devices/hostdev": "<source><address bus='1'/></source>",
    "devices/channel": "<target type='virtio'/>",
    "devices/rng": "<backend/>",
    "devices/video": "<model type='vmvga'/>",
    "cpu": "<model>m</model>",
}
ATTRIBUTES = {
    "devices/disk": {"type": "file"},
    "devices/interface": {"type": "bridge"},
    "devices/serial": {"type": "file"},
    "devices/parallel": {"type": "file"},
    "devices/console": {"type": "file"},
    "devices/graphics": {"type": "vnc"},
    "devices/hostdev": {"type": "pci", "mode": "subsystem"},
    "devices/sound": {"model": "ich6"},
    "devices/input": {"type": "mouse"},
    "devices/controller": {"type": "scsi"},
    "os": {"firmware": "efi"},
}
# Words that have an effect beside others, which are not there in the documents of this test.
ONLY_BESIDE_OTHERS = {
    *("clock@basis", "clock@start", "clock@timezone"),  # an offset
    *("devices/disk/backingStore", "devices/disk/backingStore@index", "devices/disk/backingStore@type"),  # a source
    *("devices/graphics@autoport", "os/bootmenu@timeout", "vcpus"),  # a word
    *(f"devices/interface/source@{name}" for name in ("connectionid", "network", "portgroupid", "portid", "switchid")),
    *(f"devices/{port}/protocol@type" for port in ("serial", "parallel")),
    *(f"devices/{port}/source@{name}" for port in ("serial", "parallel") for name in ("host", "service")),
}


def words(word: Word, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str | None, str]]:
    """The path of each element and attribute below a word, with its row."""
    for tag, below in word.children.items():
        here = (*path, tag)
        yield here, None, below.row
        yield from ((here, name, row) for name, row in below.attributes.items())
        yield from words(below, here)


ALL = sorted(words(vocabulary()), key=str)


def document(path: tuple[str, ...], attribute: str | None) -> str:
    """A domain with this word in it."""
    root = etree.fromstring(BASE)
    here = root
    for depth, tag in enumerate(path, 1):
        key = "/".join(path[:depth])
        found = here.find(tag)
        here = etree.SubElement(here, tag) if found is None else found
        for name, value in ATTRIBUTES.get(key, {}).items():
            here.set(name, value)
        if key in PARTS and not len(here):
            here.extend(etree.fromstring(f"<x>{PARTS[key]}</x>"))
    if attribute is None:
        if not len(here) and not here.text:
            here.text = "7"
    else:
        here.set(attribute, "7")
    return etree.tostring(root).decode()


def outcome(xml: str) -> tuple[str, Report]:
    """The VMX of a document, empty where it is refused, and what is said of it."""
    report = Report(REFUSE)
    try:
        return write_vmx(read_wanted(xml, ESX, report), dialect=ESX, random=bytes, report=report), report
    except ParseError:
        return "", report


def is_silent(path: tuple[str, ...], attribute: str | None, row: str) -> bool:
    """Whether a word is passed over in silence."""
    keys = ["/".join(("domain", *path)[-2:]), path[-1]]
    if attribute is not None:
        keys = [f"{key}@{attribute}" for key in keys]
    rule = next((WORDS[key] for key in keys if key in WORDS), ROWS[row])
    return rule.kind == SILENT


def without(path: tuple[str, ...], attribute: str | None) -> str:
    """The same document without the word."""
    root = etree.fromstring(document(path, None))
    here = root.find("/".join(path))
    if attribute is None:
        here.getparent().remove(here)
    return etree.tostring(root).decode()


def usual(word: Usual, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str | None]]:
    """The path of each usual element and attribute that is of libvirt's schema."""
    for tag, below in word.children.items():
        if tag.startswith("{") or below is OPAQUE:
            continue
        yield (*path, tag), None
        yield from (((*path, tag), name) for name in below.attributes)
        yield from usual(below, (*path, tag))


def test_the_usual_words_are_words_of_libvirt() -> None:
    known = {(path, attribute) for path, attribute, _row in ALL}
    assert [word for word in usual(USUAL) if word not in known] == []


def test_each_row_has_a_verdict_and_each_exception_a_word() -> None:
    assert {row for _path, _attribute, row in ALL} <= ROWS.keys()
    known = set()
    for path, attribute, _row in ALL:
        suffix = "" if attribute is None else f"@{attribute}"
        known |= {path[-1] + suffix, "/".join(("domain", *path)[-2:]) + suffix}
    assert [word for word in (*WORDS, *HARMLESS) if word not in known] == []


def test_every_word_has_an_effect_is_refused_or_is_reported() -> None:
    silent = []
    for path, attribute, row in ALL:
        vmx, report = outcome(document(path, attribute))
        if not vmx or report.left_out or is_silent(path, attribute, row):
            continue
        if outcome(without(path, attribute))[0] == vmx:
            silent.append("/".join(path) + (f"@{attribute}" if attribute else ""))
    assert set(silent) == ONLY_BESIDE_OTHERS


@pytest.mark.parametrize(
    ("inside", "where", "why"),
    [
        ("<interface type='bridge'><source bridge='a'/><modell type='e1000'/></interface>", "modell", "<model>"),
        ("<interface type='bridge'><source bridge='a' portgrup='b'/></interface>", "@portgrup", "portgroup"),
        ("<dsk/>", "devices/dsk", "<disk>"),
    ],
)
def test_a_word_that_libvirt_does_not_know_is_refused_with_the_nearest(inside: str, where: str, why: str) -> None:
    report = Report(REFUSE)
    with pytest.raises(ParseError) as refusal:
        read_wanted(BASE.replace("<devices/>", f"<devices>{inside}</devices>"), ESX, report)
    assert where in (refusal.value.where or "")
    assert why in str(refusal.value)


def inside(element: str) -> str:
    """A domain with an element: a device, or one beside the devices."""
    if element.startswith(DEVICES):
        return BASE.replace("<devices/>", f"<devices>{element}</devices>")
    return BASE.replace("<devices/>", f"{element}<devices/>")


DEVICES = ("<disk", "<interface", "<graphics", "<video", "<console", "<serial", "<controller", "<tpm")
DISK = "<disk><source file='[ds] a.vmdk'/><target dev='sda' bus='scsi'/>{}</disk>"
CARD = "<interface type='bridge'><source bridge='a'/>{}</interface>"


@pytest.mark.parametrize(
    ("element", "where"),
    [
        ("<memory>8192</memory>", "memory"),
        ("<name>m</name>", "name"),
        ("<os firmware='efi'><type>hvm</type></os>", "os"),
        ("<vcpu>2</vcpu><vcpu>4</vcpu>", "vcpu"),
        ("<cputune><shares>1</shares><shares>2</shares></cputune>", "cputune/shares"),
        ("<memoryBacking/><memoryBacking><locked/></memoryBacking>", "memoryBacking"),
        (DISK.format("<source file='[ds] b.vmdk'/>"), "devices/disk/source"),
        (CARD.format("<link state='up'/><link state='down'/>"), "devices/interface/link"),
        (CARD.format("<mac address='00:50:56:00:00:01'/><mac address='00:50:56:00:00:02'/>"), "devices/interface/mac"),
        ("<video><model type='vmvga'/><model type='qxl'/></video>", "devices/video/model"),
    ],
)
def test_an_element_that_is_there_twice_is_refused(element: str, where: str) -> None:
    report = Report(REFUSE)
    with pytest.raises(
        ParseError, match="occurs more than once, and only the first one is read; expected one"
    ) as error:
        read_wanted(inside(element), ESX, report)
    assert (error.value.where or "").split()[0] == where
    assert error.value.line == 2
    reported = Report("report")
    read_wanted(inside(element), ESX, reported)
    assert where in [entry.where for entry in reported.left_out]


def test_elements_of_which_there_are_many_are_no_repetition() -> None:
    devices = DISK.format("") + DISK.format("").replace("sda", "sdb") + CARD.format("") * 2
    boot = BASE.replace("</os>", "<boot dev='hd'/><boot dev='cdrom'/></os>").replace("<devices/>", "")
    report = Report(REFUSE)
    xml = boot.replace("</domain>", f"<devices>{devices}</devices><devices><sound model='ich6'/></devices></domain>")
    assert len(read_wanted(xml, ESX, report).disks) == 2
    assert not report.left_out


@pytest.mark.parametrize(
    ("element", "said"),
    [
        ("<cpu><model fallback='allow'>Haswell</model></cpu>", "cpu/model Haswell"),
        (
            "<video><model type='vmvga'><acceleration accel2d='yes' accel3d='yes'/></model></video>",
            "devices/video/model/acceleration accel2d='yes'",
        ),
        ("<os><type>hvm</type><bios useserial='yes' rebootTimeout='5000'/></os>", "os/bios useserial='yes'"),
        ("<clock offset='utc'><timer name='rtc' track='guest'/></clock>", "clock/timer track='guest'"),
        ("<genid/>", "genid"),
        ("<memory dumpCore='off'>4096</memory>", "memory dumpCore='off'"),
        (
            "<graphics type='vnc'><listen type='network' network='x'/></graphics>",
            "devices/graphics/listen type='network'",
        ),
        (
            "<graphics type='vnc'><listen type='address' address='1.2.3.4'/><listen type='address'/></graphics>",
            "devices/graphics/listen",
        ),
        (
            DISK.replace("bus='scsi'", "bus='scsi' rotation_rate='1'").format(""),
            "devices/disk/target rotation_rate='1'",
        ),
        (DISK.format("<driver cache='unsafe'/>"), "devices/disk/driver cache='unsafe'"),
        (CARD.format("words"), "devices/interface words"),
        ("words", "domain words"),
        (
            "<interface xmlns:q='urn:q' q:a='1' type='bridge'><source bridge='a'/></interface>",
            "devices/interface a='1'",
        ),
    ],
)
def test_a_word_is_not_hidden_by_harmless_ones(element: str, said: str) -> None:
    xml = inside(element)
    if element.startswith(("<os", "<memory")):  # in the place of the usual one
        name = element[1:].split(">")[0].split()[0]
        begin, end = BASE.index(f"<{name}"), BASE.index(f"</{name}>") + len(f"</{name}>")
        xml = BASE[:begin] + element + BASE[end:]
    vmx, report = outcome(xml)
    assert vmx
    assert [str(entry).partition(", ")[2].partition(": ")[0] for entry in report.left_out] == [said]


@pytest.mark.parametrize(
    "element",
    [
        f"<cpu {' '.join(f'a{number}=' + chr(39) * 2 for number in range(20000))}/>",
        "<a/>" * 20000,
        "".join(f"<a{number}/>" for number in range(20000)),
    ],
    ids=("attributes", "same", "different"),
)
def test_many_unknown_words_are_refused_in_a_short_time(element: str) -> None:
    began = time.process_time()
    assert outcome(inside(element))[0] == ""
    assert time.process_time() - began < 5  # it was a minute and more for a document of the greatest size


@pytest.mark.parametrize(
    "element",
    [
        "<clock offset='utc'><timer name='rtc' tickpolicy='catchup'/><timer name='pit' tickpolicy='delay'/></clock>",
        "<seclabel type='dynamic' model='dac' relabel='yes'/>",
        "<pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>",
        "<cputune><quota>-1</quota><global_quota>0</global_quota></cputune>",
        "<devices><hub type='usb'/></devices>",
        DISK.format("<driver type='raw' cache='none'/>"),
        "<controller type='pci' index='0' model='pcie-root-port'><model name='x'/><target port='0x8'/></controller>",
    ],
)
def test_what_says_what_is_so_anyway_needs_no_word(element: str) -> None:
    vmx, report = outcome(inside(element))
    assert vmx
    assert not report.left_out


def test_system_management_mode_belongs_to_secure_boot() -> None:
    smm = inside("<features><smm state='on'/></features>")
    secure = "<os firmware='efi'><firmware><feature enabled='yes' name='secure-boot'/></firmware>"
    assert [entry.where for entry in outcome(smm)[1].left_out] == ["features/smm"]
    assert not outcome(smm.replace("<os>", secure))[1].left_out


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        (inside("<console type='file'><source path='/a'/><target type='virtio'/></console>"), "no console of type"),
        (
            inside("<serial type='file'><source path='/a'/><target type='usb-serial' port='0'/></serial>"),
            "is of the type isa-serial",
        ),
        (inside("<graphics type='vnc'><clipboard copypaste='no'/></graphics>"), "isolation.tools.copy.disable"),
        (inside("<graphics type='vnc'/><graphics type='vnc' port='5902'/>"), "one VNC server"),
        (inside(DISK.replace("<disk>", "<disk model='virtio'>").format("")), "leave model out"),
        (BASE.replace("type='vmware'", "type='vmware' typ='x'"), "does not know typ here; the nearest .* is type"),
        (
            BASE.replace("type='vmware'", "type='vmware' xmlns='urn:x'"),
            "in the namespace 'urn:x'; libvirt's is in none, so remove xmlns='urn:x'",
        ),
        (inside("<disk xmlns='urn:q'/>"), "in the namespace 'urn:q', which is not one of libvirt's"),
        # A prefix that is not declared, which libvirt's parser takes, hides nothing else.
        (inside(CARD.format("<vlan><tag id='4'/></vlan>") + "<q:x/>"), "a port group has one VLAN"),
    ],
)
def test_what_would_make_another_domain_is_refused(xml: str, message: str) -> None:
    report = Report(REFUSE)
    with pytest.raises(ParseError, match=message):
        write_vmx(read_wanted(xml, ESX, report), dialect=ESX, report=report)


def test_all_refusals_of_a_document_are_one_error() -> None:
    devices = """
<disk><source file='[ds] a.vmdk'/><target dev='vda' bus='virtio'/></disk>
<interface type='bridge'><source bridge='a'/>
<model type='virtio'/><vlan><tag id='4'/></vlan></interface>
<video><model type='qxl'/></video>
<tpm model='tpm-crb'><backend type='emulator'/></tpm>
"""
    with pytest.raises(ParseError) as refusal:
        read_wanted(BASE.replace("<devices/>", f"<devices>{devices}</devices>"), ESX, Report(REFUSE))
    lines = str(refusal.value).splitlines()
    assert [line.partition(":")[0].partition(",")[0] for line in lines] == [
        "line 3",
        "line 4",
        "line 5",
        "line 6",
        "line 7",
    ]


def test_what_is_refused_can_be_reported_or_ignored() -> None:
    xml = BASE.replace(
        "<devices/>",
        "<devices><interface type='bridge'><source bridge='a'/><vlan><tag id='4'/></vlan></interface></devices>",
    )
    for policy, entries in (("report", ["devices/interface/vlan"]), ("ignore", [])):
        report = Report(policy)
        assert read_wanted(xml, ESX, report).interfaces
        assert [entry.where for entry in report.left_out] == entries


@pytest.mark.parametrize("dialect", ["libvirt", "classic"])
def test_the_dialects_of_libvirt_are_as_silent_as_libvirt(dialect: str) -> None:
    report = Report(REFUSE)
    xml = BASE.replace("<devices/>", "<title>t</title><devices><watchdog model='itco'/><foo/></devices>")
    read_wanted(xml, DIALECTS[dialect], report)
    assert not report.entries()
