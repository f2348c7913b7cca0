# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A separate host with one domain for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture
def esx() -> Iterator[Simulator]:
    """A host with the domain ``domain-1``, which is running.

    Afterwards, no managed object may have been read by attribute, which is a call ``Fetch``, and no session may remain.
    """
    with start_host("-domains", "1", "-datastore-name", DATASTORE) as simulator:
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []
