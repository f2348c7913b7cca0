# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guides say what the code says."""

from __future__ import annotations

import dataclasses
import pathlib
import re

from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect

GUIDES = pathlib.Path(__file__).resolve().parents[2] / "docs" / "docsite" / "rst"


def test_the_guide_lists_what_the_dialect_esx_repairs() -> None:
    text = (GUIDES / "converting.rst").read_text(encoding="utf-8")
    found = re.search(r"^\.\. begin: what the dialect esx repairs\n(.*?)^\.\. end$", text, re.MULTILINE | re.DOTALL)
    assert found
    listed = [" ".join(item.split()).replace("``", "") for item in found.group(1).split("\n* ")]
    flags = (flag.metadata for flag in dataclasses.fields(Dialect) if flag.metadata)
    assert listed == ["", *(flag["what"] for flag in flags if not flag.get("dialect"))]
