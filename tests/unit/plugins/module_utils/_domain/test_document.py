# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents: encodings, and what strangers could send."""

from __future__ import annotations

import time

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._xml import MAX_SIZE, parse

LAUGHS = (
    "<!DOCTYPE a [<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 30))
    + "]><a b='&a29;'>&a29;</a>"
)


@pytest.mark.parametrize(
    "document",
    [
        "<a>ü</a>",
        "<?xml version='1.0'?><a>ü</a>",
        "<?xml version='1.0' encoding='UTF-8'?><a>ü</a>",
        "<?xml version='1.0' encoding='iso-8859-1'?><a>ü</a>",
        "\ufeff<a>ü</a>",
        "<a>ü</a>".encode(),
        "<?xml version='1.0' encoding='iso-8859-1'?><a>ü</a>".encode("latin-1"),
        "<?xml version='1.0' encoding='iso-8859-1'?><a>ü</a>".encode("latin-1").decode("utf-8", "surrogateescape"),
        "<?xml version='1.0' encoding='utf-16'?><a>ü</a>".encode("utf-16"),
        "<a><!-- note -->ü<?php ?></a>",
        "<a><![CDATA[ü]]></a>",
        "<a>&#xfc;</a>",
    ],
)
def test_text_and_bytes_are_read_in_their_encoding(document: str | bytes) -> None:
    assert parse(document).text == "ü"


@pytest.mark.parametrize(
    "document",
    [
        "",
        " ",
        "a",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a>\x1a</a>",
        "<a>\0</a>",
        "<a>\udcfc</a>",
        "<a>" + chr(0xD800) + "</a>",
        b"<a>\xfc</a>",
        "<a>&unknown;</a>",
        "<a b='1' b='2'/>",
        b"<?xml version='1.0' encoding='klingon'?><a/>",
        "<!-- <!DOCTYPE a> --><!DOCTYPE a [<!ATTLIST a b CDATA 'c'>]><a/>",
        "<!DOCTYPE a []><a/>",
        "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        LAUGHS,
        "<a>" * 300 + "</a>" * 300,
        "<a>" + "b" * MAX_SIZE + "</a>",
    ],
    ids=lambda document: repr(document[:30]),
)
def test_documents_that_are_refused(document: str | bytes) -> None:
    start = time.monotonic()
    with pytest.raises(ParseError):
        parse(document)
    assert time.monotonic() - start < 1


@pytest.mark.parametrize(
    "document",
    [
        "<a>\n<b:c/></a>",
        "<?xml version='1.0'?><a>\n<b:c/></a>\n",
        "<a d:e='1'>\n<b:c/></a>",
        " <a>\n<b:c/></a><!-- -->",
    ],
)
def test_an_undeclared_prefix_is_nothing_that_matters(document: str) -> None:
    root = parse(document)
    assert root.tag == "a"
    assert [child.sourceline for child in root.iterchildren("*")] == [2]


@pytest.mark.parametrize("document", ["<a><b:c/></a><a/>", "<a><b:c/></a>a", "<a><b:c/>&d;</a>", "<a><b:c/></x>"])
def test_an_undeclared_prefix_hides_nothing_else(document: str) -> None:
    with pytest.raises(ParseError):
        parse(document)
