# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastore paths as users write them: what no datastore can have is refused."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import check_datastore_path


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("[ds] a\nb/x.iso", r"path: '\[ds\] a\\nb/x.iso' has a control character"),
        ("[ds] a\x7f.iso", "has a control character"),
        ("[ds] a\x00.iso", "has a control character"),
        (f"[ds] a/{'n' * 256}/x", r"path: the file name 'n{40}\.\.\.' has 256 bytes, expecting at most 255"),
        (f"[ds] {'ü' * 128}", "has 256 bytes"),
        ("[ds] a/../b", r"write '\[ds\] b'"),
        ("a/b", "is not a datastore path"),
    ],
)
def test_a_path_that_no_datastore_has(path: str, said: str) -> None:
    with pytest.raises(ParseError, match=said):
        check_datastore_path(path, where="path")


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127, "%2e%2e", "x?y=z&a#b", " a ", "{{ 7*7 }}", "-rf", "[x] y"])
def test_any_other_name(name: str) -> None:
    assert check_datastore_path(f"[ds] web/{name}").name == name
