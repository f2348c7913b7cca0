# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated hosts for the tests of ``esx_domain``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture
def esx() -> Iterator[Simulator]:
    """A host with one domain that runs, ``domain-1``, and the disk of another; afterwards no session may be left."""
    with start_host("-domains", "1") as simulator:
        simulator.add_disk("[local-storage] web/web.vmdk")
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []


@pytest.fixture
def with_tools(esx: Simulator) -> Simulator:
    """The same, and VMware Tools run in the domain's guest."""
    esx.change_from_outside("domain-1", set={"simulator.tools": "running"})
    return esx
