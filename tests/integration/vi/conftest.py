# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests against a simulated host."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.plugins.module_utils._vi.pool import Pool
from ansible_collections.virt.esx.tests.integration.vi.sessions import running
from ansible_collections.virt.esx.tests.simulator_client import Simulator


@pytest.fixture(scope="session", name="_host")
def _shared_host() -> Iterator[Simulator]:
    with running() as simulator:
        yield simulator


@pytest.fixture(name="host")
def _host_without_faults(_host: Simulator) -> Iterator[Simulator]:
    """A simulated host of the newest kind; every test has to leave it without sessions."""
    yield _host
    _host.clear_faults()
    left = _host.sessions()
    _host.expire_sessions()
    assert left == []


@pytest.fixture(autouse=True)
def _no_leftovers(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the user's auth file nor the user's sessions play a part."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.delenv("LIBVIRT_AUTH_FILE", raising=False)


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> list[socket.socket]:
    """The channels to servers that are opened during the test."""
    opened: list[socket.socket] = []
    original = Pool.open_channel

    def open_channel(pool: Pool) -> socket.socket:
        opened.append(original(pool))
        return opened[-1]

    monkeypatch.setattr(Pool, "open_channel", open_channel)
    return opened
