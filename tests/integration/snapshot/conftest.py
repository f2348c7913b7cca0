# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host for the tests of snapshots."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture
def esx() -> Iterator[Simulator]:
    with start_host("-domains", "3", "-autostart=false") as host:
        yield host
