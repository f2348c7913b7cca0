# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The treatment of words of a document that have no effect in a VMX, and of those that libvirt does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache

from ansible_collections.virt.esx.plugins.module_utils._domain.firmware import is_secure
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import is_huge, is_strict
from ansible_collections.virt.esx.plugins.module_utils._domain.usual_words import (
    AGAIN,
    ITSELF,
    TEXT,
    WITH_TEXT,
    Unusual,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.values import attr_of
from ansible_collections.virt.esx.plugins.module_utils._domain.vocabulary import Word, vocabulary
from ansible_collections.virt.esx.plugins.module_utils._domain.word_rules import (
    EFFECT,
    HARMLESS,
    HARMLESS_AS_A_WHOLE,
    REFUSE,
    REPORT,
    ROWS,
    SILENT,
    WORDS,
    WordRule,
)
from ansible_collections.virt.esx.plugins.module_utils._report import Report
from ansible_collections.virt.esx.plugins.module_utils._xml import Element, child

_SCHEMAS = "{http://libvirt.org/schemas/domain/"
_OURS = "{urn:virt.esx:domain:1.0}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_OF_OTHERS = WordRule(REPORT, "an attribute in a namespace of another program has no effect")
_MOST_SUGGESTED = 100  # words that are wrong, until none is compared with all that are right any more
_MOST_ATTRIBUTES = 1000  # no word of libvirt's has more than a few
_HARMLESS = WordRule(SILENT, "says what is so anyway, and so does all that is in it")


def report_unusual(unusual: Iterable[Unusual], report: Report) -> None:
    """Report or refuse what has no effect.

    :param unusual: elements, each with what of it needs a look.
    """
    for element, look in unusual:
        path = _path(element)
        word = _known(path[:-1])
        if word is None:
            continue  # below one that is reported already
        if look == TEXT:
            _report_text(element, path, report)
        elif not path:
            _check_attributes(element, word, ["domain"], report)
        elif look == AGAIN:
            _report_again(element, path, report)
        elif look == ITSELF:
            if _check_element(element, word, path, report):
                _check_attributes(element, word.children[path[-1]], path, report)
        elif path[0] == "metadata":
            _check_metadata(element, report)
        else:
            _check(element, word, path, report)


def _report_text(element: Element, path: list[str], report: Report) -> None:
    where = "/".join(path or ["domain"])
    report.leave_out(where, "a text has no meaning here", word=_text_of(element), line=element.sourceline)


def _report_again(element: Element, path: list[str], report: Report) -> None:
    """An element that is there once more, of which libvirt reads the first alone; VMware listens on one address."""
    why = f"<{path[-1]}> occurs more than once, and only the first one is read; expected one"
    report.leave_out("/".join(path), why, line=element.sourceline, essential=path[-1] != "listen")


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
        if word is None:
            return None
        word = word.children.get(tag)
    return word


def _check(element: Element, parent: Word, path: list[str], report: Report) -> None:
    """Look at an element and, where it has itself an effect or none is needed, at all within it."""
    if not _check_element(element, parent, path, report):
        return
    word = parent.children[path[-1]]
    _check_attributes(element, word, path, report)
    for sub in element:
        _check(sub, word, [*path, sub.tag.rpartition("}")[2]], report)


def _check_element(element: Element, parent: Word, path: list[str], report: Report) -> bool:
    """Whether what is within the element needs a look too."""
    tag = path[-1]
    word = parent.children.get(tag)
    if not _is_libvirts(element):
        _refuse_foreign(element, path, report)
        return False
    if word is None:
        _refuse_unknown(element, path, f"<{tag}>", (f"<{name}>" for name in parent.children), report)
        return False
    rule = _rule_for(element, path, word)
    _act(rule, path, element, _words_of(element, path), report)
    if rule.kind not in (EFFECT, SILENT) or rule.why:
        return False
    if tag not in WITH_TEXT and _text_of(element):
        _report_text(element, path, report)
    return True


def _is_libvirts(element: Element) -> bool:
    """Whether an element is in no namespace or one of libvirt's; a prefix that is not declared is its own."""
    namespace, brace, _name = element.tag.rpartition("}")
    return not brace or namespace.startswith(_SCHEMAS) or ":" not in namespace


def _refuse_foreign(element: Element, path: list[str], report: Report) -> None:
    namespace = element.tag.rpartition("}")[0][1:]
    why = f"the element is in the namespace '{namespace}', which is not one of libvirt's"
    report.leave_out("/".join(path), why, line=element.sourceline, essential=True)


def _rule_for(element: Element, path: list[str], word: Word) -> WordRule:
    keys = _keys(path)
    for key in keys:
        function = _RULE_FUNCTIONS.get(key)
        if function is not None:
            return function(element)
    rule = _rule_of(keys, word.row)
    if rule.kind in (EFFECT, SILENT):
        return rule
    return _HARMLESS if _says_nothing(element, path) else rule


def _keys(path: list[str]) -> tuple[str, str]:
    """The names of an element in the tables: with the one that it is in, and alone."""
    return "/".join(["domain", *path][-2:]), path[-1]


def _says_nothing(element: Element, path: list[str]) -> bool:
    """Whether an element that has no effect only says what is so anyway."""
    if path[0] == "features" and "off" in (element.get("state"), element.get("enabled")):
        return True
    text = (element.text or "").strip()
    if text:
        return text in HARMLESS.get(path[-1], ())
    return _attributes_say_nothing(element, path)


def _attributes_say_nothing(element: Element, path: list[str]) -> bool:
    attributes = _attributes(element)
    if any(value in HARMLESS_AS_A_WHOLE.get(f"{path[-1]}@{name}", ()) for name, value in attributes):
        return True
    return bool(attributes) and not len(element) and all(_is_harmless(path, *one) for one in attributes)


def _attributes(element: Element) -> list[tuple[str, str]]:
    """The attributes; without their values where there are so many that finding each takes long."""
    names = element.keys()
    return element.items() if len(names) <= _MOST_ATTRIBUTES else [(name, "...") for name in names]


def _is_harmless(path: list[str], name: str, value: str) -> bool:
    """Whether an attribute says what is so anyway."""
    return any(value in HARMLESS.get(f"{key}@{name}", ()) for key in _keys(path))


def _check_attributes(element: Element, word: Word, path: list[str], report: Report) -> None:
    """Report the attributes without effect, those with the same reason in one entry."""
    found: dict[WordRule, list[str]] = {}
    for name, value in _attributes(element):
        written = f"{name.rpartition('}')[2]}='{value}'"
        if name.startswith(_XML):
            continue  # xml:lang and the like
        if "}" in name:
            found.setdefault(_OF_OTHERS, []).append(written)
        elif name not in word.attributes:
            _refuse_unknown(element, [*path, f"@{name}"], written, word.attributes, report)
        elif not _is_harmless(path, name, value):
            found.setdefault(_rule_for_attribute(name, word, path), []).append(written)
    for rule, words in found.items():
        _act(rule, path, element, " ".join(words), report)


def _rule_for_attribute(name: str, word: Word, path: list[str]) -> WordRule:
    return _rule_of([f"{key}@{name}" for key in _keys(path)], word.attributes[name])


def _rule_of(keys: Iterable[str], row: str) -> WordRule:
    """The rule of the first of these names that has one of its own, else that of the row of the schema."""
    return next((WORDS[key] for key in keys if key in WORDS), ROWS[row])


def _check_metadata(element: Element, report: Report) -> None:
    if not element.tag.startswith(_OURS):
        _act(ROWS["a9"], ["metadata"], element, f"<{element.tag.rpartition('}')[2]}>", report)


def _act(rule: WordRule, path: list[str], element: Element, words: str, report: Report) -> None:
    if rule.kind in (REPORT, REFUSE):
        report.leave_out("/".join(path), rule.why, word=words, line=element.sourceline, essential=rule.kind == REFUSE)


def _words_of(element: Element, path: list[str]) -> str:
    """An element in short: its attributes, and its text where it has no children."""
    words = [f"{name}='{value}'" for name, value in _attributes(element) if not _is_harmless(path, name, value)]
    if not len(element) and _text_of(element):
        words.append(_text_of(element))
    return " ".join(words)


def _text_of(element: Element) -> str:
    """The first characters of all texts in an element."""
    texts = (element.text, *(one.tail for one in element))
    return next((text.strip()[:40] for text in texts if text and text.strip()), "")


@lru_cache(maxsize=_MOST_SUGGESTED)
def _nearest(name: str, known: tuple[str, ...]) -> str | None:
    """The word that is most like another one, None where none is."""
    return next(iter(get_close_matches(name, known, 1)), None)


def _refuse_unknown(element: Element, path: list[str], written: str, known: Iterable[str], report: Report) -> None:
    name = written.partition("=")[0]
    said = len(report.refusals) + len(report.left_out)
    close = _nearest(name, tuple(known)) if said < _MOST_SUGGESTED else None
    nearest = f"; the nearest that it knows is {close}" if close else ""
    why = f"libvirt's schema does not know {name} here{nearest}"
    report.leave_out("/".join(path), why, word="", line=element.sourceline, essential=True)


def _rule_for_vcpus(element: Element) -> WordRule:
    usual = all((one.get("enabled"), one.get("hotpluggable")) in _FIXED for one in element)
    return _HARMLESS if usual else WordRule(REFUSE, "VMware starts all processors")


_FIXED = (("yes", "no"), ("yes", None))


def _rule_for_genid(element: Element) -> WordRule:
    if (element.text or "").strip():
        return ROWS["a6"]
    return WordRule(REPORT, "the host generates the id by itself; no other can be requested")


def _rule_for_hugepages(element: Element) -> WordRule:
    return _HARMLESS if is_huge(element) else ROWS["b8"]


def _rule_for_numa_memory(element: Element) -> WordRule:
    return _HARMLESS if is_strict(element) else ROWS["c11"]


def _rule_for_smm(element: Element) -> WordRule:
    """System management mode, which secure boot needs elsewhere."""
    features = element.getparent()
    root = None if features is None else features.getparent()
    return _HARMLESS if is_secure(child(root, "os")) else ROWS["f7"]


def _rule_for_backing_store(element: Element) -> WordRule:
    return ROWS["d12"] if len(element) else _HARMLESS


def _rule_for_input(element: Element) -> WordRule:
    if element.get("type") in ("passthrough", "evdev"):
        return WordRule(REFUSE, "VMware cannot pass a single input device of the host through to a guest")
    return _HARMLESS


def _rule_for_channel(element: Element) -> WordRule:
    if attr_of(child(element, "target"), "type") in ("guestfwd", "xen"):
        return WordRule(REFUSE, "VMware has no such channel")
    return ROWS["g14"]


def _rule_for_console(target: Element) -> WordRule:
    kind = target.get("type")
    if kind in (None, "serial"):
        return _HARMLESS
    return WordRule(REFUSE, f"VMware has no console of type '{kind}'; expected 'serial'")


def _rule_for_sysinfo(element: Element) -> WordRule:
    root = element.getparent()
    is_used = element.get("type") == "fwcfg" or attr_of(child(root, "os", "smbios"), "mode") == "sysinfo"
    return ROWS["o16"] if is_used else _HARMLESS


def _rule_for_blockio(element: Element) -> WordRule:
    if element.get("logical_block_size") not in (None, "512"):
        return WordRule(REFUSE, "a disk of VMware has sectors of 512 bytes")
    return ROWS["d23"]


def _rule_for_controller(element: Element) -> WordRule:
    kind = element.get("type")
    if kind in ("ccid", "xenbus"):
        return WordRule(REFUSE, f"VMware has no controller of type '{kind}'")
    if kind == "virtio-serial":
        return WordRule(REPORT, "VMware has no virtio; channels are replaced by VMware Tools in the guest")
    return ROWS["k1"]


_RULE_FUNCTIONS: Mapping[str, Callable[[Element], WordRule]] = {
    "domain/genid": _rule_for_genid,
    "memoryBacking/hugepages": _rule_for_hugepages,
    "numatune/memory": _rule_for_numa_memory,
    "domain/vcpus": _rule_for_vcpus,
    "features/smm": _rule_for_smm,
    "disk/backingStore": _rule_for_backing_store,
    "devices/input": _rule_for_input,
    "devices/channel": _rule_for_channel,
    "console/target": _rule_for_console,
    "domain/sysinfo": _rule_for_sysinfo,
    "disk/blockio": _rule_for_blockio,
    "devices/controller": _rule_for_controller,
}
