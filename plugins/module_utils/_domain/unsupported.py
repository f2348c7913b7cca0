# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done about the words of a document that have no effect in a VMX, and those that libvirt does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches

from ansible_collections.virt.esx.plugins.module_utils._domain.verdicts import (
    EFFECT,
    HARMLESS,
    REFUSE,
    REPORT,
    ROWS,
    SILENT,
    WORDS,
    Verdict,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.vocabulary import Word, vocabulary
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

_SCHEMAS = "{http://libvirt.org/schemas/domain/"
_OURS = "{urn:virt.esx:domain:1.0}"
_HARMLESS = Verdict(SILENT, "says what is so anyway, and so does all that is in it")


def report_unusual(unusual: Iterable[tuple[Element, bool]], report: Report) -> None:
    """Report or refuse what has no effect.

    :param unusual: elements, each with whether only its attributes and its text need a look.
    """
    for element, only_attributes in unusual:
        path = _path(element)
        word = _known(path[:-1])
        if word is None:
            continue  # below one that is reported already
        if only_attributes:
            if _judge_element(element, word, path, report):
                _judge_attributes(element, word.children[path[-1]], path, report)
        elif path[0] == "metadata":
            _judge_metadata(element, report)
        else:
            _judge(element, word, path, report)


def _path(element: Element) -> list[str]:
    """The local names of the elements from below ``<domain>`` to this one."""
    names = []
    here: Element | None = element
    while here is not None and (parent := here.getparent()) is not None:
        names.append(here.tag.rpartition("}")[2])
        here = parent
    return names[::-1]


def _known(path: Iterable[str]) -> Word | None:
    word: Word | None = vocabulary()
    for tag in path:
        word = None if word is None else word.children.get(tag)
    return word


def _judge(element: Element, parent: Word, path: list[str], report: Report) -> None:
    """Look at an element and, where it has itself an effect or none is needed, at all within it."""
    if not _judge_element(element, parent, path, report):
        return
    word = parent.children[path[-1]]
    _judge_attributes(element, word, path, report)
    for sub in element:
        _judge(sub, word, [*path, sub.tag.rpartition("}")[2]], report)


def _judge_element(element: Element, parent: Word, path: list[str], report: Report) -> bool:
    """Whether what is within the element needs a look too."""
    tag = path[-1]
    word = parent.children.get(tag)
    if word is None or not _is_libvirts(element):
        _refuse_unknown(element, path, f"<{tag}>", (f"<{name}>" for name in parent.children), report)
        return False
    verdict = _verdict(element, path, word)
    _act(verdict, path, element, _words_of(element), report)
    return verdict.kind in (EFFECT, SILENT) and not verdict.why


def _is_libvirts(element: Element) -> bool:
    """Whether an element is in no namespace or one of libvirt's; a prefix that is not declared is its own."""
    namespace, brace, _name = element.tag.rpartition("}")
    return not brace or namespace.startswith(_SCHEMAS) or ":" not in namespace


def _verdict(element: Element, path: list[str], word: Word) -> Verdict:
    keys = ("/".join(["domain", *path][-2:]), path[-1])
    for key in keys:
        judge = _JUDGES.get(key)
        if judge is not None:
            return judge(element)
    for key in keys:
        if key in WORDS:
            return WORDS[key]
    verdict = ROWS[word.row]
    if verdict.kind in (EFFECT, SILENT):
        return verdict
    if path[0] == "features" and "off" in (element.get("state"), element.get("enabled")):
        return _HARMLESS
    if (element.text or "").strip() in HARMLESS.get(path[-1], ()):
        return _HARMLESS
    if any(value in HARMLESS.get(f"{path[-1]}@{name}", ()) for name, value in element.items()):
        return _HARMLESS
    return verdict


def _judge_attributes(element: Element, word: Word, path: list[str], report: Report) -> None:
    """Report the attributes without effect, those with the same reason in one entry."""
    tag = path[-1]
    found: dict[Verdict, list[str]] = {}
    for name, value in element.items():
        written = f"{name}='{value}'"
        if name not in word.attributes:
            if "}" in name:
                continue  # xml:lang and the like
            _refuse_unknown(element, [*path, f"@{name}"], written, word.attributes, report)
            continue
        key = f"{tag}@{name}"
        long_key = "/".join(["domain", *path][-2:]) + f"@{name}"
        if value in HARMLESS.get(long_key, ()) or value in HARMLESS.get(key, ()):
            continue
        verdict = WORDS.get(long_key) or WORDS.get(key) or ROWS[word.attributes[name]]
        found.setdefault(verdict, []).append(written)
    for verdict, words in found.items():
        _act(verdict, path, element, " ".join(words), report)


def _judge_metadata(element: Element, report: Report) -> None:
    if not element.tag.startswith(_OURS):
        _act(ROWS["a9"], ["metadata"], element, f"<{element.tag.rpartition('}')[2]}>", report)


def _act(verdict: Verdict, path: list[str], element: Element, words: str, report: Report) -> None:
    if verdict.kind in (REPORT, REFUSE):
        report.leave_out(
            "/".join(path), verdict.why, word=words, line=element.sourceline, essential=verdict.kind == REFUSE
        )


def _words_of(element: Element) -> str:
    """What an element says in short: its attributes, and its text where it has no children."""
    words = [f"{name}='{value}'" for name, value in element.items()]
    if not len(element) and (element.text or "").strip():
        words.append((element.text or "").strip()[:40])
    return " ".join(words)


def _refuse_unknown(element: Element, path: list[str], written: str, known: Iterable[str], report: Report) -> None:
    name = written.partition("=")[0]
    close = get_close_matches(name, list(known), 1)
    nearest = f"; the nearest that it knows is {close[0]}" if close else ""
    why = f"libvirt's schema does not know {name} here{nearest}"
    report.leave_out("/".join(path), why, word="", line=element.sourceline, essential=True)


def _judge_vcpus(element: Element) -> Verdict:
    usual = all((one.get("enabled"), one.get("hotpluggable")) in _FIXED for one in element)
    return _HARMLESS if usual else Verdict(REFUSE, "VMware starts all processors")


_FIXED = (("yes", "no"), ("yes", None))


def _judge_backing_store(element: Element) -> Verdict:
    return ROWS["d12"] if len(element) else _HARMLESS


def _judge_input(element: Element) -> Verdict:
    if element.get("type") in ("passthrough", "evdev"):
        return Verdict(REFUSE, "VMware passes no single input device of the host through to a guest")
    return _HARMLESS


def _judge_channel(element: Element) -> Verdict:
    target = child(element, "target")
    if target is not None and target.get("type") in ("guestfwd", "xen"):
        return Verdict(REFUSE, "VMware has no such channel")
    return ROWS["g14"]


def _judge_console(element: Element) -> Verdict:
    target = child(element, "target")
    kind = None if target is None else target.get("type")
    if kind in (None, "serial"):
        return _HARMLESS
    return Verdict(REFUSE, f"VMware has no console of type '{kind}'; expected 'serial'")


def _judge_sysinfo(element: Element) -> Verdict:
    root = element.getparent()
    smbios = child(root, "os", "smbios")
    is_used = element.get("type") == "fwcfg" or (smbios is not None and smbios.get("mode") == "sysinfo")
    return ROWS["o16"] if is_used else _HARMLESS


def _judge_blockio(element: Element) -> Verdict:
    if element.get("logical_block_size") not in (None, "512"):
        return Verdict(REFUSE, "a disk of VMware has sectors of 512 bytes")
    return ROWS["d23"]


def _judge_controller(element: Element) -> Verdict:
    kind = element.get("type")
    if kind in ("ccid", "xenbus"):
        return Verdict(REFUSE, f"VMware has no controller of type '{kind}'")
    if kind == "virtio-serial":
        return Verdict(REPORT, "VMware has no virtio; channels are replaced by VMware Tools in the guest")
    return ROWS["k1"]


_JUDGES: Mapping[str, Callable[[Element], Verdict]] = {
    "domain/vcpus": _judge_vcpus,
    "disk/backingStore": _judge_backing_store,
    "devices/input": _judge_input,
    "devices/channel": _judge_channel,
    "devices/console": _judge_console,
    "domain/sysinfo": _judge_sysinfo,
    "disk/blockio": _judge_blockio,
    "devices/controller": _judge_controller,
}
