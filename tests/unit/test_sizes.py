# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
SOURCES = [
    path
    for directory in ("plugins", "tests", "tools")
    for path in sorted((ROOT / directory).rglob("*"))
    if path.suffix in (".py", ".go") and "output" not in path.parts and "build" not in path.parts
]


def test_files_are_short() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in SOURCES}
    assert {str(path.relative_to(ROOT)): lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_functions_are_short() -> None:
    long = []
    for path in (path for path in SOURCES if path.suffix == ".py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = 1 + (node.end_lineno or node.lineno) - node.lineno
                long += [f"{path.relative_to(ROOT)}: {node.name}"] if lines > LONGEST_FUNCTION else []
    assert long == []
