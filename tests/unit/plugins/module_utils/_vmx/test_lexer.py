# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lexer: what is a statement, what is none, and what is said about it."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx import lexer


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ('a = "1"', {"a": "1"}),
        ('  a\t="1"  ', {"a": "1"}),
        ('a="1";b="2"\r\nc=\'3\'\rd="4"', {"a": "1", "b": "2", "c": "3", "d": "4"}),
        ('a="1";', {"a": "1"}),
        ('a="1"; # c\nb="2"', {"a": "1", "b": "2"}),
        ("#!/usr/bin/vmware\n# c", {}),
        ('a = "1" # b = "2"', {"a": "1"}),
        ('a = "#\'; ="', {"a": "#'; ="}),
        ("a = 'b\"c'", {"a": 'b"c'}),
        ('a = """x\ny"z"""\n', {"a": 'x\ny"z'}),
        ('a = """"""\n', {"a": ""}),
        ('a = ""', {"a": ""}),
        (r'a = "b\"', {"a": "b\\"}),
        ('A.b:c-d*_9 = "x"', {"a.b:c-d*_9": "x"}),
        ('.encoding = "UTF-8"', {".encoding": "UTF-8"}),
        ('MEMSIZE = "64"\nmemsize = "128"', {"memsize": "64"}),
        ('a = "ü"  # ß', {"a": "ü"}),
    ],
)
def test_statements(text: str, values: dict[str, str]) -> None:
    assert lexer.values(text) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" \n", "line 2: expecting a name"),
        ("\n\n_a = 'x'", "line 3: expecting a name"),
        ("9a = 'x'", "line 1: expecting a name"),
        ("// comment", "line 1: expecting a name"),
        ("\ufeffa = 'x'", "line 1: expecting a name"),
        ("a = 'x';;", "line 1: expecting a name"),
        (";", "line 1: expecting a name"),
        ("foo bar = 'x'", "line 1, foo: expecting an assignment"),
        ("foo$ = 'x'", "line 1, foo: expecting an assignment"),
        ("fooä = 'x'", "line 1, foo: expecting an assignment"),
        ("foo", "line 1, foo: expecting an assignment"),
        ("foo =\n", "line 1, foo: expecting a value in quotes"),
        ("foo = bar", "line 1, foo: expecting a value in quotes"),
        ("foo = 1", "line 1, foo: numbers not allowed"),
        ("foo = -1", "line 1, foo: numbers not allowed"),
        ("foo = ['a']", "line 1, foo: lists not allowed"),
        ('foo = "a\nb"', "line 1, foo: unterminated string"),
        ('foo = """a\n\nb', "line 1, foo: "),
        (r'foo = "a\"b"', "line 1, foo: expecting a separator (line end, ';' or '#') after the value, found 'b\"'"),
        ('a = "1"\nfoo = "a" "b"', "line 2, foo: expecting a separator"),
        ('a = """x\n"""\nfoo = "a" b', "line 3, foo: expecting a separator"),
        ('foo = """"""', "line 1, foo: expecting a separator"),
    ],
)
def test_what_is_no_statement_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ParseError) as refusal:
        lexer.values(text)
    assert str(refusal.value).startswith(message)


def test_the_places_of_statements_are_those_in_the_text() -> None:
    text = '# c\n a = "1" # d\r\nb=\'2\';c="""3\n""" '
    assert [text[found.start : found.end] for found in lexer.statements(text)] == [
        'a = "1" # d\r\n',
        "b='2';",
        'c="""3\n""" ',
    ]
    assert [text[found.value_start : found.value_end] for found in lexer.statements(text)] == [
        '"1"',
        "'2'",
        '"""3\n"""',
    ]
