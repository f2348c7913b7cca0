# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The calls of a task that changes something, login and logout included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_scheduler
from ansible_collections.virt.esx.tests.integration.contracts import calls_of, carry_out, start_host
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
from ansible_collections.virt.esx.tests.simulator_client import Simulator

NEW = """
<domain type='vmware'>
  <name>{name}</name><memory unit='MiB'>{memory}</memory><vcpu>1</vcpu><os><type arch='x86_64'>hvm</type></os>
  <devices><interface type='bridge'><source bridge='VM Network'/><model type='e1000'/></interface></devices>
</domain>
"""
BEFORE_AND_AFTER = 4  # RetrieveServiceContent and Login, the licence, Logout


@pytest.fixture(scope="module", name="host")
def _host() -> Iterator[Simulator]:
    with start_host("-domains", "4", "-datastore-name", DATASTORE) as simulator:
        yield simulator


def cost(host: Simulator, contract: Any = esx_domain.CONTRACT, **arguments: Any) -> list[str]:
    """The calls of a task that changes something."""
    host.trace(reset=True)
    assert carry_out(contract, host, **arguments)["changed"] is True
    assert host.sessions() == []
    return calls_of(host)


def test_a_change_of_power(host: Simulator) -> None:
    for state in ("destroyed", "running"):  # the second one has a recent task to look at
        assert len(cost(host, name="domain-1", state=state)) <= BEFORE_AND_AFTER + 5


def test_a_share_of_the_host(host: Simulator) -> None:
    assert len(cost(host, esx_scheduler.CONTRACT, name="domain-2", limit=500)) <= BEFORE_AND_AFTER + 5


def test_a_definition(host: Simulator) -> None:
    where = {"pool": DATASTORE, "directory": "new", "state": "defined"}
    methods = cost(host, xml=NEW.format(name="new", memory=512), **where)
    assert len(methods) <= BEFORE_AND_AFTER + 11
    assert methods.count("GET") == 2  # what lies there, what was registered
    methods = cost(host, xml=NEW.format(name="new", memory=1024), **where)
    assert len(methods) <= BEFORE_AND_AFTER + 7
    assert methods.count("GET") == 2  # before and after
    assert len(cost(host, name="new", state="undefined")) <= BEFORE_AND_AFTER + 3
