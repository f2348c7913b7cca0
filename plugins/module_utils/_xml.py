# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""XML as a tree of elements: parsed by lxml, without trusting who wrote it.

XML comes from strangers: no document type that says anything and so no entities, nothing is fetched, size and depth are
bounded. This is the only file of the collection that imports lxml; the others see :class:`Element`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Protocol, cast

from ansible_collections.virt.esx.plugins.module_utils._errors import MissingLibrary, ParseError

try:
    from lxml import etree
except ImportError as err:
    MISSING: str | None = str(err)
else:
    MISSING = None
    _SAFELY: dict[str, Any] = {
        "resolve_entities": False,
        "load_dtd": False,
        "no_network": True,
        "huge_tree": False,
        "remove_comments": True,
        "remove_pis": True,
        "remove_blank_text": True,  # as libvirt: blanks between elements are no text, those within a text stay
    }
    _AS_DECLARED = etree.XMLParser(**_SAFELY)
    _UTF_8 = etree.XMLParser(encoding="utf-8", **_SAFELY)
    _AGAIN = etree.XMLParser(encoding="utf-8", **_SAFELY)
    _WITH_TEXT: Any = etree.XPath("//*[text()[normalize-space()]]")

_UNDECLARED = re.compile(r"Namespace prefix ([\w.-]+) ")
_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?<\?xml\s[^>]*\?>")
_PLACE = re.compile(r"<([A-Za-z]+)>|([A-Za-z]+(?:/[A-Za-z]+)*)")
_DOCTYPE = b"<!DOCTYPE"
_BARE_DOCTYPE = re.compile(rb"<!DOCTYPE\s+[\w.:-]+\s*>")
MAX_SIZE = 4 * 1024 * 1024  # bytes or characters; libvirt's limit for a text


class Element(Protocol):
    """The part of an lxml element that the readers use."""

    tag: str
    text: str | None
    tail: str | None
    sourceline: int | None

    def get(self, key: str) -> str | None:
        """The attribute, None where it is not given."""

    def items(self) -> list[tuple[str, str]]:
        """The attributes in their order."""

    def iterchildren(self, *tags: str) -> Iterator[Element]:
        """The children of these names."""

    def iter(self, *tags: str) -> Iterator[Element]:
        """The element and all below it, in document order."""

    def itertext(self) -> Iterator[str]:
        """The texts within, in document order."""

    def getparent(self) -> Element | None:
        """The element around it."""

    def __len__(self) -> int:
        """The number of children."""

    def __iter__(self) -> Iterator[Element]:
        """The children."""

    def keys(self) -> list[str]:
        """The names of the attributes."""


def child(element: Element | None, *path: str) -> Element | None:
    """The first child of a name, the first child of that of the next name, and so on; None where there is none.

    Names without a namespace are of elements that are in none.
    """
    found = element
    for tag in path:
        if found is None:
            return None
        found = next(found.iterchildren(tag), None)
    return found


def children(element: Element) -> dict[str, Element]:
    """The children by name, the first of each; quicker than :func:`child` where many are asked for."""
    found: dict[str, Element] = {}
    for one in element.iterchildren("*"):
        found.setdefault(one.tag, one)
    return found


def each(element: Element | None, *tags: str) -> Iterator[Element]:
    """The children of these names; none where there is no element."""
    return iter(()) if element is None else element.iterchildren(*tags)


def elements_with_text(root: Element) -> list[Element]:
    """The elements of a document that have a text of their own, and not only blanks, in document order."""
    return cast("list[Element]", _WITH_TEXT(root))


def line_of(root: Element, where: str) -> int | None:
    """The line of the element that a place below the root names, ``os/bootmenu`` or ``<smbios>``.

    None where there is none, or where several elements have the name.
    """
    found = _PLACE.fullmatch(where)
    if found is None:
        return None
    path = (found[1] or found[2]).split("/")
    element = child(root, *path)
    if element is None and found[1]:
        named = list(root.iter(found[1]))
        element = named[0] if len(named) == 1 else None
    return None if element is None else element.sourceline


def parse(xml: str | bytes) -> Element:
    """The root element of a document.

    :param xml: text, with or without an encoding declaration (which is then void), or bytes, which are read by their
        declaration. A text's surrogate escapes are the bytes they stand for.
    :raises ParseError: the document is too large, not well-formed or has a document type.
    :raises MissingLibrary: lxml is not installed.
    """
    if MISSING is not None:
        raise MissingLibrary("lxml", MISSING)
    if len(xml) > MAX_SIZE:
        raise ParseError(f"The document is too long; at most {MAX_SIZE} characters are read")
    data, parser = _as_bytes(xml)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        root = _with_prefixes(data, parser) if parser is _UTF_8 else None
        if root is None:
            raise _not_well_formed(parser.error_log) from None
    may_have_one = parser is not _UTF_8 or _DOCTYPE in data  # another encoding can spell it otherwise
    if may_have_one and _has_document_type(root, data):
        raise ParseError("The document has a document type (<!DOCTYPE>), which is not accepted", where="<!DOCTYPE>")
    return cast(Element, root)


def is_xml(text: str | bytes) -> bool:
    """Whether a text begins as XML does, and a VMX cannot."""
    start = text[:256] if isinstance(text, bytes) else text[:256].encode("utf-8", "replace")
    return start.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<")


def _has_document_type(root: Any, data: bytes) -> bool:
    """Whether there is a document type that says anything; a bare <!DOCTYPE domain> is harmless."""
    if root.getroottree().docinfo.internalDTD is None:
        return False
    return not data.count(_DOCTYPE) == len(_BARE_DOCTYPE.findall(data)) > 0


def _as_bytes(xml: str | bytes) -> tuple[bytes, Any]:
    """The bytes to parse, and the parser that knows their encoding."""
    if isinstance(xml, bytes):
        return xml, _AS_DECLARED
    try:
        return xml.encode(), _UTF_8
    except UnicodeEncodeError:
        pass
    try:
        return xml.encode("utf-8", "surrogateescape"), _AS_DECLARED
    except UnicodeEncodeError as err:
        line = xml.count("\n", 0, err.start) + 1
        raise ParseError("The text has a surrogate, which is not a character", line=line) from None


def _with_prefixes(data: bytes, parser: Any) -> Any:
    """The root of a document that is only wrong in prefixes that are not declared, else None.

    libvirt's parser reads such a document, ours does not: it is parsed again within an element that declares them.
    """
    undeclared = {found[1] for found in (_UNDECLARED.match(problem.message) for problem in parser.error_log) if found}
    if not undeclared:
        return None
    declared = " ".join(f"xmlns:{prefix}='{prefix}'" for prefix in sorted(undeclared))
    try:
        around = etree.fromstring(b"<x %s>%s</x>" % (declared.encode(), _DECLARATION.sub(b"", data)), _AGAIN)
    except etree.XMLSyntaxError:
        return None
    beside = (around.text or "") + "".join(child.tail or "" for child in around)
    if len(around) != 1 or beside.strip():
        return None
    root = around[0]
    around.remove(root)  # a root has no element around it
    return root


def _not_well_formed(problems: Any) -> ParseError:
    if not problems:
        return ParseError("The document is empty")
    first = problems[0]
    return ParseError(f"The document is not well-formed XML: {first.message.strip()}", line=first.line or None)
