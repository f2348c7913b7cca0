# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A short run of the fuzzer; `make fuzz` has the long one."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.tests.unit.plugins.fuzzing import problems


@pytest.mark.parametrize("filter_name", ["vmx_to_domxml", "domxml_to_vmx"])
def test_whatever_comes_is_converted_or_refused(filter_name: str) -> None:
    assert list(problems(filter_name, seed=1, count=1500)) == []
