# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing in silence: each word of libvirt's schema has an effect, is refused, is reported, or needs no word."""

from __future__ import annotations

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
# What is needed around a word for it to be looked at, by the element that it is in.
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
    *("clock", "clock@basis", "clock@start", "clock@timezone"),  # an offset
    *("devices/disk/backingStore", "devices/disk/backingStore@index", "devices/disk/backingStore@type"),  # a source
    *("devices/disk/driver", "devices/graphics@autoport", "metadata", "os/firmware", "os/smbios", "vcpus"),  # a word
    *("devices/interface/link", "devices/interface/mac", "devices/interface/model", "devices/interface/target"),
    *(f"devices/interface/source@{name}" for name in ("connectionid", "network", "portgroupid", "portid", "switchid")),
    *(f"devices/{port}/{name}" for port in ("serial", "parallel") for name in ("protocol", "protocol@type", "target")),
    *(f"devices/{port}/source@{name}" for port in ("serial", "parallel") for name in ("host", "service")),
    *("devices/video/model", "os/bootmenu", "os/bootmenu@timeout", "os/nvram/source"),
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
