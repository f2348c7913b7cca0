# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMX as plain data, and back."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.flat import from_vmx, to_vmx
from hypothesis import given
from hypothesis import strategies as st

keys = st.from_regex(r"[A-Za-z.][A-Za-z0-9_:.*-]{0,8}", fullmatch=True)
values = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def test_a_vmx_as_data() -> None:
    text = '# c\nB = "x|22y|0a"\na.b = \'1\'; b = "2"\nc = """d\ne""" # f'
    assert from_vmx(text) == {"B": 'x"y\n', "a.b": "1", "c": "d\ne"}
    assert list(from_vmx(text)) == ["B", "a.b", "c"]
    assert from_vmx(b'.encoding = "latin1"\na = "\xfc"') == {".encoding": "latin1", "a": "ü"}


def test_data_as_a_vmx() -> None:
    assert to_vmx({".encoding": "UTF-8", "n": 8, "t": True, "f": False, "x": 'a"|\n%'}) == (
        '.encoding = "UTF-8"\nn = "8"\nt = "TRUE"\nf = "FALSE"\nx = "a|22|7c|0a%"\n'
    )


@given(st.dictionaries(keys, values, max_size=4).filter(lambda data: len({key.lower() for key in data}) == len(data)))
def test_data_is_the_same_when_it_is_read_again(data: dict[str, str]) -> None:
    data.pop(".encoding", None)
    assert from_vmx(to_vmx(data)) == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"a b": "x"}, "'a b' is not a key of a VMX"),
        ({"": "x"}, "'' is not a key of a VMX"),
        ({8: "x"}, "8 is not a key of a VMX"),
        ({"a": "x", "A": "y"}, "The key 'A' occurs twice"),
        ({"a": None}, "The value of 'a' is NoneType, expecting text"),
        ({"a": 1.5}, "The value of 'a' is float"),
    ],
)
def test_data_that_is_no_vmx_is_refused(data: dict[str, str], message: str) -> None:
    with pytest.raises(EsxError) as refusal:
        to_vmx(data)
    assert str(refusal.value).startswith(message)


def test_a_text_that_is_no_vmx_is_refused() -> None:
    with pytest.raises(ParseError, match="line 1: expecting a name"):
        from_vmx("<html>\n<title>Not found</title>\n</html>")


@pytest.mark.parametrize(
    ("encoding", "value", "written"),
    [
        ("GBK", "测试", "UTF-8"),
        ("windows-1252", "Büro", "UTF-8"),
        ("windows-1252", "office", "windows-1252"),
        ("UTF-8", "Büro", "UTF-8"),
        ("utf8", "Büro", "utf8"),
        ("UTF-16", "office", "UTF-8"),
    ],
)
def test_the_encoding_is_what_the_bytes_are_in(encoding: str, value: str, written: str) -> None:
    text = to_vmx({".encoding": encoding, "displayName": value})
    assert text == f'.encoding = "{written}"\ndisplayName = "{value}"\n'
    assert from_vmx(text.encode())["displayName"] == value


def test_keys_and_values_as_vmware_takes_them() -> None:
    text = '_a = 1\nb.c =\nd = e # f\n// g\nh="|22" i\nj = "k"\n'
    assert from_vmx(text) == {"_a": "1", "b.c": "", "d": "e", "j": "k"}
    assert to_vmx({"_a": 1, "ä": "x"}) == '_a = "1"\nä = "x"\n'
