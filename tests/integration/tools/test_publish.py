# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that the release workflow publishes, and its refusals."""

from __future__ import annotations

from typing import Any

import pytest

from tools.publish import refusal

RELEASED = {"changes": {"release_summary": "Snapshots, networks and packages."}}


@pytest.mark.parametrize(
    ("tag", "releases", "said"),
    [
        ("v0.2.0", {"0.2.0": RELEASED}, None),
        ("v0.3.0", {"0.2.0": RELEASED}, "The tag is v0.3.0, the version of galaxy.yml 0.2.0; the changelog has 0.2.0."),
        (None, {"0.1.0": RELEASED}, "The tag is None, the version of galaxy.yml 0.2.0; the changelog has 0.1.0."),
        ("v0.2.0", {"0.2.0": {"changes": {"release_summary": "Unreleased. Soon."}}}, "is unreleased"),
        ("v0.2.0", {"0.2.0": {"changes": {"bugfixes": ["x"]}}}, "has no release_summary for 0.2.0"),
        ("v0.2.0", {"0.2.0": {}}, "has no release_summary for 0.2.0"),
    ],
)
def test_only_a_tagged_version_with_a_summary_is_published(
    tag: str | None, releases: dict[str, Any], said: str | None
) -> None:
    reason = refusal("0.2.0", tag, releases)
    assert reason == said if said is None else said in str(reason)
