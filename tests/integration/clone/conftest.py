# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host that the tests of ``esx_clone`` share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.virt.esx.tests.integration.clone.clones import prepare
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Simulator]:
    """A host with the domain ``web``, which is shut off and has two disks, and its files."""
    with start_host("-domains", "0", "-datastore-name", DATASTORE) as simulator:
        prepare(simulator, tmp_path)
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []
