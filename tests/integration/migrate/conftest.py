# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests that migrate domains."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import start_vcenter
from ansible_collections.virt.esx.tests.integration.running import FOREIGN
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture
def vcenter() -> Iterator[Simulator]:
    """Two standalone hosts and a cluster of two, one domain running and one shut off on each; no session may remain."""
    with start_vcenter() as simulator:
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []


@pytest.fixture(autouse=True)
def _no_foreign_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The caller's environment has no effect."""
    for name in os.environ:
        if name.startswith(FOREIGN):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
