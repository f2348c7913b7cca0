# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hypothesis: few examples in each run of the tests, and the same ones each time; many with `make fuzz`."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("quick", max_examples=50, derandomize=True, deadline=None)
settings.register_profile("fuzz", max_examples=5000, deadline=None, print_blob=True)
settings.load_profile("quick")
