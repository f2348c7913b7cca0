# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of domain XML that the conversion understands in full: a document of these alone needs no further look.

It is a part of the vocabulary, written by hand, so that the vocabulary itself is loaded for unusual documents only. An
attribute with ``=`` has one of these values, where nothing before a ``|`` is none at all; an element with texts has one
of these, and ``texts="*"`` is any text but none. An element is there once, unless it is one of many.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._xml import Element, elements_with_text

_VMWARE = "{http://libvirt.org/schemas/domain/vmware/1.0}"
_LIBOSINFO = "{http://libosinfo.org/xmlns/libvirt/domain/1.0}"
_ESX = "{urn:virt.esx:domain:1.0}"
_ANY_TEXT = frozenset("*")

# The part of an element that needs a look: all of it, only its attributes and its own text, its being there once more,
# or a text where a text has no meaning.
WHOLE, ITSELF, AGAIN, TEXT = "whole", "itself", "again", "text"


class Unusual(NamedTuple):
    """An element that needs a look, and what of it does."""

    element: Element
    look: str


@dataclass(frozen=True)
class Usual:
    """An element that is understood: its attributes, the values and texts where only some are, and its children."""

    attributes: frozenset[str] = frozenset()
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    texts: frozenset[str] = frozenset()
    children: Mapping[str, Usual] = field(default_factory=dict)
    is_limited: bool = False  # there are such values or texts
    is_many: bool = False


def _word(attributes: str = "", *, texts: str = "", many: bool = False, **children: Usual) -> Usual:
    """A word out of its attributes (``type offset=utc|variable``) and its children."""
    values = {}
    names = []
    for item in attributes.split():
        name, equals, choices = item.partition("=")
        names.append(name)
        if equals:
            values[name] = frozenset(choices.split("|"))
    return Usual(frozenset(names), values, frozenset(texts.split()), children, bool(values or texts), many)


OPAQUE = Usual()  # what its own reader checks in full
_EMPTY = _word()
_SIZE = _word("unit")
_ADDRESS = _word("type controller bus target unit domain slot function port")
_PORT = _word(
    "type",
    source=_word("path mode host service"),
    protocol=_word("type"),
    target=_word("port type=|serial|isa-serial"),
    alias=_word("name"),
    address=_ADDRESS,
    many=True,
)
_NVRAM = _word("type=|file", source=_word("file"))

_DEVICES = _word(
    emulator=_EMPTY,
    disk=_word(
        "type device snapshot=|no",
        source=_word("file dev startupPolicy"),
        driver=_word("name cache=|none|default|writethrough"),
        target=_word("dev bus"),
        boot=_word("order"),
        readonly=_EMPTY,
        shareable=_EMPTY,
        transient=_EMPTY,
        alias=_word("name"),
        address=_ADDRESS,
        many=True,
    ),
    controller=_word(
        "type=|scsi|sata|ide|fdc|nvme|usb|pci|isa index model", alias=_word("name"), address=_ADDRESS, many=True
    ),
    filesystem=_word(
        "type accessmode=|passthrough|mapped|squash",
        source=_word("dir"),
        target=_word("dir"),
        readonly=_EMPTY,
        alias=_word("name"),
        many=True,
    ),
    interface=_word(
        "type",
        mac=_word("address type check"),
        source=_word("bridge network switchid portid portgroupid connectionid"),
        model=_word("type"),
        target=_word("dev"),
        link=_word("state"),
        boot=_word("order"),
        alias=_word("name"),
        address=_ADDRESS,
        many=True,
    ),
    serial=_PORT,
    parallel=_PORT,
    console=_PORT,
    graphics=_word("type port autoport listen keymap passwd", listen=_word("type=|address address"), many=True),
    video=_word("", model=_word("type vram heads primary"), alias=_word("name"), address=_ADDRESS, many=True),
    sound=_word("model", alias=_word("name"), address=_ADDRESS, many=True),
    hostdev=_word(
        "mode type managed",
        source=_word("", address=_word("domain bus slot function")),
        alias=_word("name"),
        many=True,
    ),
    input=_word("type=mouse|keyboard|tablet bus=|ps2|usb|virtio", alias=_word("name"), address=_ADDRESS, many=True),
    memballoon=_word("model", alias=_word("name"), address=_ADDRESS),
    tpm=_word("model", backend=_word("type version"), many=True),
    many=True,
)

_DOMAIN = _word(
    "type id",
    name=_EMPTY,
    uuid=_EMPTY,
    genid=_word(texts="*"),
    description=_EMPTY,
    metadata=Usual(
        children={
            _LIBOSINFO + "libosinfo": Usual(children={_LIBOSINFO + "os": _word("id")}),
            _ESX + "vmx": OPAQUE,
            _ESX + "nvram": _word("file"),
        }
    ),
    memory=_SIZE,
    currentMemory=_SIZE,
    memtune=_word(min_guarantee=_SIZE),
    memoryBacking=_word(locked=_EMPTY),
    vcpu=_word("placement=|static cpuset current"),
    cputune=_word(shares=_EMPTY),
    os=_word(
        "firmware",
        type=_word("arch machine"),
        firmware=_word(feature=_word("enabled name", many=True)),
        nvram=_NVRAM,
        smbios=_word("mode=|host|emulate"),
        boot=_word("dev", many=True),
        bootmenu=_word("enable timeout"),
    ),
    features=_word(acpi=_EMPTY, apic=_EMPTY, pae=_EMPTY),
    cpu=_word("mode check match migratable", topology=_word("sockets dies clusters cores threads")),
    clock=_word("offset basis adjustment start"),
    on_poweroff=_word(texts="destroy"),
    on_reboot=_word(texts="restart"),
    on_crash=_word(texts="destroy restart"),
    devices=_DEVICES,
)
USUAL = Usual(
    _DOMAIN.attributes,
    children={**_DOMAIN.children, _VMWARE + "datacenterpath": _EMPTY, _VMWARE + "moref": _EMPTY},
)


def unusual_words(root: Element) -> list[Unusual]:
    """The elements that need a look, in the order of the document; below one that needs it whole, none is looked at."""
    found: list[Unusual] = []
    if not USUAL.attributes.issuperset(root.keys()):
        found.append(Unusual(root, ITSELF))
    _collect(root, USUAL.children, found)
    texts = [element for element in elements_with_text(root) if element.tag not in WITH_TEXT]
    return found + [Unusual(element, TEXT) for element in texts if _is_usual(element)]


def _collect(element: Element, known: Mapping[str, Usual], found: list[Unusual]) -> None:
    seen = set()
    for child in element:
        tag = child.tag
        word = known.get(tag)
        if word is None:
            found.append(Unusual(child, WHOLE))
            continue
        if tag in seen and not word.is_many:
            found.append(Unusual(child, AGAIN))
            continue
        seen.add(tag)
        if word is OPAQUE:
            continue
        if not word.attributes.issuperset(child.keys()) or (word.is_limited and not _has_usual_values(child, word)):
            found.append(Unusual(child, ITSELF))
        if len(child):
            _collect(child, word.children, found)


def _has_usual_values(element: Element, word: Usual) -> bool:
    text = element.text or ""
    if word.texts and not (text.strip() if word.texts == _ANY_TEXT else text in word.texts):
        return False
    return all((element.get(name) or "") in values for name, values in word.values.items())


# The elements with an effect that are a text, wherever they are.
WITH_TEXT = frozenset(
    "name uuid genid description memory currentMemory min_guarantee vcpu shares type nvram emulator maxMemory "
    "on_poweroff on_reboot on_crash".split()
) | {_VMWARE + "datacenterpath", _VMWARE + "moref"}


def _is_usual(element: Element) -> bool:
    """Whether an element is a usual word in its place; others are looked at for themselves."""
    path = []
    here: Element | None = element
    while here is not None and (parent := here.getparent()) is not None:
        path.append(here.tag)
        here = parent
    known: Mapping[str, Usual] = USUAL.children
    for tag in reversed(path):
        word = known.get(tag)
        if word is None or word is OPAQUE:
            return False
        known = word.children
    return True
