# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutated inputs for the two converters: whatever they are, a filter converts them or refuses them, soon and in little.

The inputs begin as this project's own examples. A seed makes the same inputs again, so that a number in a report names
one of them.
"""

from __future__ import annotations

import pathlib
import random
import re
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, Union

from ansible.errors import AnsibleFilterError
from ansible_collections.virt.esx.plugins.filter.conversion import FilterModule
from ansible_collections.virt.esx.tests.unit.plugins.module_utils._domain.cases import ACCEPTED, REFUSED

DATA = pathlib.Path(__file__).resolve().parents[1] / "data"
LONG = 50_000  # characters; what is longer is not repeated
SECONDS = 1.0
KIBIBYTES = 100 * 1024

Input = Union[str, bytes]

# Values that a stranger might write.
VALUES = (
    *("", "0", "1", "-1", "4", "8", "13", "64", "true", "FALSE", "yes", "x", " 1", "unlimited", "|22", "|00|0a", "%zz"),
    *("2147483648", "4294967297", "9223372036854775808", "99999999999999999999999", "9" * 5000, "a" * 20000, "ü" * 99),
    *("sda", "sdzzzz", "hdb", "nvme0n1", "scsi", "sata", "nvme", "static", "vpx", "efi", "bios", "cp1252", "utf-16"),
    *("[ds] d/a.vmdk", "[] a", "/vmfs/volumes/a/b.iso", "../..", "auto detect", "emptyBackingString", "tcp://[::1]:1"),
    *("00:0c:29:00:00:01", "564d9bef-acd9-b4e0-c8f0-aea8b9103515", "0-16383", "0,^0", "\x1a", "\x00"),
    *("\ud800", "\udcff"),
)
CHARACTERS = "\"'<>&=;#|%[]\n\r\t .:-0aÄ\x01\x1f\u2028"
FRAGMENTS = {
    "vmx_to_domxml": (
        '"""',
        "#",
        ";",
        "\r\n",
        "\ufeff",
        'scsi0:64.present = "true"\n',
        'ethernet2147483647.present = "true"\n',
        'ethernet99.present = "true"\n',
        'sharedFolder.maxNum = "2147483647"\nisolation.tools.hgfs.disable = "false"\n',
        '.encoding = "utf-7"\n',
        '.encoding = "idna"\n',
        '.encoding = "hex"\n',
        'numvcpus = "2147483647"\nsched.cpu.affinity = "0"\n',
    ),
    "domxml_to_vmx": (
        "<!DOCTYPE d SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "&b;",
        "<![CDATA[",
        "<!--",
        "<?xml version='1.0' encoding='utf-16'?>",
        "<vcpu cpuset='0-16383'>16384</vcpu>",
        "<address type='drive' controller='4294967295' unit='4294967295'/>",
        "<disk device='cdrom'><target dev='sdzzzzzz' bus='sata'/></disk>",
        "<controller type='scsi' index='2147483647'/>",
        "</devices><devices>",
    ),
}


class Problem(NamedTuple):
    """An input that was neither converted nor refused, or not soon or not in little."""

    number: int
    what: str
    source: Input
    options: dict[str, Any]


def examples(filter_name: str) -> list[str]:
    """The inputs that the mutations begin with."""
    pattern = "*.vmx" if filter_name == "vmx_to_domxml" else "*.xml"
    found = [path.read_text(encoding="utf-8", errors="surrogateescape") for path in sorted(DATA.rglob(pattern))]
    return found if filter_name == "vmx_to_domxml" else found + ACCEPTED + REFUSED


def mutated(chance: random.Random, filter_name: str, corpus: Sequence[str]) -> Input:
    """One input: an example after some changes, as text or as bytes."""
    text = chance.choice(corpus)
    for _turn in range(chance.choice((1, 1, 2, 3, 8))):
        text = chance.choice(CHANGES)(chance, filter_name, text, corpus)
    if chance.random() < 0.7:
        return text
    encoded = text.encode(chance.choice(("utf-8", "latin-1", "utf-16", "cp1252")), "replace")
    if chance.random() < 0.5:
        place = chance.randrange(len(encoded) + 1)
        encoded = encoded[:place] + bytes(chance.choices(range(256), k=3)) + encoded[place:]
    return encoded


def _another_value(chance: random.Random, _name: str, text: str, _corpus: Sequence[str]) -> str:
    return _replaced(chance, r"(?<==)\s*([\"']).*?\1|(?<=>)[^<]+(?=<)", text, chance.choice(VALUES))


def _another_word(chance: random.Random, _name: str, text: str, corpus: Sequence[str]) -> str:
    words = re.findall(r"[\w.:/-]+", chance.choice(corpus))
    return _replaced(chance, r"[\w.:/-]+", text, chance.choice(words) if words else "")


def _replaced(chance: random.Random, pattern: str, text: str, value: str) -> str:
    """The text with one match of a pattern replaced, within its quotes where it has some."""
    places = [match.span() for match in re.finditer(pattern, text)]
    if not places:
        return text + value
    start, end = chance.choice(places)
    quote = text[end - 1] if text[end - 1] in "\"'" else ""
    return text[:start] + quote + value + quote + text[end:]


def _fragment(chance: random.Random, name: str, text: str, _corpus: Sequence[str]) -> str:
    places = [0, len(text), chance.randrange(len(text) + 1), text.find("\n") + 1, text.find("</devices>")]
    place = max(0, chance.choice(places))
    return text[:place] + chance.choice(FRAGMENTS[name]) + text[place:]


def _characters(chance: random.Random, _name: str, text: str, _corpus: Sequence[str]) -> str:
    place = chance.randrange(len(text) + 1)
    return text[:place] + chance.choice(CHARACTERS) + text[place + chance.randrange(3) :]


def _lines(chance: random.Random, _name: str, text: str, corpus: Sequence[str]) -> str:
    lines, others = text.splitlines(keepends=True), chance.choice(corpus).splitlines(keepends=True)
    start = chance.randrange(len(lines) + 1)
    taken = chance.randrange(len(others) + 1)
    new = others[taken : taken + chance.randrange(6)]
    return "".join([*lines[:start], *new, *lines[start + chance.randrange(3) :]])


def _repeated(chance: random.Random, _name: str, text: str, _corpus: Sequence[str]) -> str:
    if len(text) > LONG:
        return text
    lines = text.splitlines(keepends=True)
    start = chance.randrange(len(lines) + 1)
    some = lines[start : start + chance.randrange(1, 12)]
    return "".join([*lines[:start], *(some * chance.choice((1, 2, 20, 200)))[:4000], *lines[start:]])


def _cut(chance: random.Random, _name: str, text: str, _corpus: Sequence[str]) -> str:
    return text[: chance.randrange(len(text) + 1)]


CHANGES = (
    *(_another_value, _another_value, _another_value, _another_word, _another_word),
    *(_fragment, _characters, _characters, _lines, _lines, _repeated, _cut),
)


def options_of(chance: random.Random, filter_name: str, bases: Sequence[str]) -> dict[str, Any]:
    """Options for one call."""
    options: dict[str, Any] = {"dialect": chance.choice(("esx", "esx", "libvirt", "classic"))}
    if filter_name == "vmx_to_domxml":
        if chance.random() < 0.5:
            options["directory"] = "[datastore] directory"
        if chance.random() < 0.2:
            options["datastores"] = {"a": "b"}
    elif chance.random() < 0.5:
        options["base"] = chance.choice(bases)
    elif chance.random() < 0.5:
        options["hw_version"] = chance.choice((4, 7, 13, 21))
    return options


def attempt(convert: Callable[..., Any], source: Input, options: dict[str, Any]) -> str | None:
    """The fault in the treatment of an input; None if there is none."""
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    try:
        convert(source, **options)
    except AnsibleFilterError as err:
        if not str(err).strip():
            return "refused without a word"
    except Exception as err:
        return f"{type(err).__name__}: {err}"
    seconds = time.process_time() - start  # a busy machine is not our fault
    if seconds > SECONDS:
        return f"took {seconds:.1f} seconds"
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    return f"took {grown // 1024} MiB" if grown > KIBIBYTES else None


def problems(filter_name: str, seed: int, count: int) -> Iterator[Problem]:
    """The problems that so many inputs find, of those that a seed gives."""
    convert = FilterModule().filters()[filter_name]
    corpus, bases = examples(filter_name), examples("vmx_to_domxml")
    for number in range(count):
        chance = random.Random(f"{filter_name} {seed} {number}")  # noqa: S311 - nothing secret
        source = mutated(chance, filter_name, corpus)
        options = options_of(chance, filter_name, bases)
        what = attempt(convert, source, options)
        if what is not None:
            yield Problem(number, what, source, options)
