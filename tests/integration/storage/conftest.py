# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of each test's own, with one domain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture
def esx() -> Iterator[Simulator]:
    """A host with the domain ``domain-1``, which runs.

    Afterwards nobody may have read a managed object by attribute, which is a call ``Fetch``, or have left a session.
    """
    with start_host("-domains", "1", "-datastore-name", DATASTORE) as simulator:
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []
