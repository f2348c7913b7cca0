# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the simulator's tests: one simulator per module, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import Client, client


@pytest.fixture(scope="module")
def esx() -> Iterator[Simulator]:
    """A simulated host with three domains, shared by the tests of a module."""
    with start_simulator("-domains", "3") as simulator:
        yield simulator


@pytest.fixture
def host(esx: Simulator) -> Iterator[Client]:
    """A session with the simulated host; faults are removed afterwards."""
    with client(esx) as connected:
        yield connected
        esx.clear_faults()
