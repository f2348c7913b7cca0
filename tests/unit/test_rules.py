# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that comments refer to by number can be looked up in docs/development."""

from __future__ import annotations

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
RULES = ROOT / "docs/development"
ANCHOR = re.compile(r'<a id="([^"]+)">')
NUMBER = re.compile(r"(?<![\w.:])[LPZFDGSN][1-9][0-9]?(?![\w.:])")
SECTION = re.compile(r"esx-driver-rules\.md, section ([0-9.]*[0-9])")


def sources() -> list[pathlib.Path]:
    return [path for top in ("plugins", "tests/unit") for path in sorted((ROOT / top).rglob("*.py"))]


@pytest.mark.parametrize(
    ("page", "cited"), [("vmx-rules.md", NUMBER), ("esx-driver-rules.md", SECTION)], ids=["numbers", "sections"]
)
def test_each_cited_rule_has_an_anchor(page: str, cited: re.Pattern[str]) -> None:
    anchors = {name.removeprefix("section-") for name in ANCHOR.findall((RULES / page).read_text(encoding="utf-8"))}
    missing = {
        f"{path.relative_to(ROOT)}: {number}"
        for path in sources()
        for number in cited.findall(path.read_text(encoding="utf-8"))
        if number not in anchors
    }
    assert missing == set()
