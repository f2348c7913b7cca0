# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of roles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import start_vcenter
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture
def vcenter() -> Iterator[Simulator]:
    """Three standalone hosts; of the four domains on the first one two are shut off. No session may remain."""
    flags = ("-hosts", "3", "-clusters", "0", "-domains", "4")
    with start_vcenter(*flags) as simulator:
        yield simulator
        assert simulator.sessions() == []
