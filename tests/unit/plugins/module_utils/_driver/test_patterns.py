# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names a list of names and patterns means where something is done with them."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import chosen, chosen_to_leave
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous

NAMES = ["web1", "web2", "web[1]", "a*b", "acb"]


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], []),
        (["web1", "gone"], ["web1"]),
        (["web*"], ["web1", "web2", "web[1]"]),
        (["web[12]"], ["web1", "web2"]),
        (["web[1]"], ["web[1]"]),  # it is a name
        (["web[[]1]"], ["web[1]"]),
        (["a*b"], ["a*b"]),
        (["a?b"], ["a*b", "acb"]),
        (["web[1]", "web?"], ["web1", "web2", "web[1]"]),
        (["WEB*"], []),
    ],
)
def test_a_name_is_not_taken_for_a_pattern(patterns: list[str], names: list[str]) -> None:
    assert chosen(patterns, NAMES) == set(names)


@pytest.mark.parametrize(("text", "alone"), [("web[1]", "web[[]1]"), ("a*b", "a[*]b")])
def test_a_name_that_would_be_a_pattern_in_the_next_run_is_refused(text: str, alone: str) -> None:
    with pytest.raises(Ambiguous, match="once the domain is gone") as caught:
        chosen_to_leave(["web2", text], NAMES)
    assert f"Give '{alone}'," in str(caught.value.hint)
    assert chosen_to_leave([alone], NAMES) == {text}
    assert chosen_to_leave([alone], [name for name in NAMES if name != text]) == set()
