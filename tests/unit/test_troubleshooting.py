# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page "Troubleshooting" quotes messages that the code really has."""

from __future__ import annotations

import ast
import functools
import pathlib
import re
from collections.abc import Iterator

import ansible
import pytest

ROOT = pathlib.Path(__file__).parents[2]
PAGE = ROOT / "docs" / "docsite" / "rst" / "troubleshooting.rst"
HEADING = re.compile(r"^(.*\".*)\n[\^-]{3,}$", re.MULTILINE)
# Messages of Ansible itself, and the file that has them.
OF_ANSIBLE = {
    "Failed to connect to the host via ssh": "plugins/connection/ssh.py",
    "Failed to import the required Python library": "module_utils/basic.py",
}
PLACEHOLDER = "\0"


def _texts(tree: ast.AST) -> Iterator[str]:
    """The texts in a file's code, not its docstrings; each value that is put into one is a placeholder."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else PLACEHOLDER for part in node.values)


@functools.cache
def _messages() -> str:
    """All texts of the code below the modules, one a line."""
    files = (ROOT / "plugins" / "module_utils").rglob("*.py")
    return "\n".join(text for file in files for text in _texts(ast.parse(file.read_text(encoding="utf-8"))))


def _quoted() -> list[str]:
    return [
        quote
        for heading in HEADING.findall(PAGE.read_text(encoding="utf-8"))
        for quote in re.findall('"(.+?)"', heading)
    ]


def _pattern(quote: str) -> str:
    """A quoted message, with anything in one line where the page writes three dots."""
    return ".*?".join(re.escape(part) for part in re.split(r"(?<!')\.\.\.(?!')", quote.strip(". ")))


@pytest.mark.parametrize("quote", [quote for quote in _quoted() if quote not in OF_ANSIBLE])
def test_a_quoted_message_is_one_of_the_codes(quote: str) -> None:
    """Each heading of an error is text that a user can search for."""
    assert re.search(_pattern(quote), _messages())


@pytest.mark.parametrize(("quote", "file"), OF_ANSIBLE.items())
def test_a_quoted_message_is_one_of_ansibles(quote: str, file: str) -> None:
    """The page has it, and so has ansible-core."""
    assert quote in _quoted()
    assert quote in (pathlib.Path(ansible.__file__).parent / file).read_text(encoding="utf-8")
