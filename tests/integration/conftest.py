# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests of playbooks: a simulated host, and the two ways of running a module."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._vi import answers, results
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import SoapResponseDeserializer
from ansible_collections.virt.esx.tests.integration.running import DATASTORE, PASSWORD, USER, WAYS
from ansible_collections.virt.esx.tests.integration.virsh import Virsh
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.unit.plugins.vmomi_values import assert_same


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    """Both ways of running, for ``run_playbook``."""
    chosen: str = request.param
    return chosen


@pytest.fixture
def host() -> Iterator[Simulator]:
    """A separate simulated ESX host without domains; ``variables_of`` returns the variables for a playbook.

    Afterwards, no managed object may have been read by attribute, which is a call ``Fetch``, and no session may remain.
    """
    flags = ("-domains", "0", "-datastore-name", DATASTORE, "-username", USER, "-password", PASSWORD)
    with start_simulator(*flags) as simulator:
        simulator.add_disk(f"[{DATASTORE}] web/web.vmdk")
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []


# Numbers, UUIDs, times: what changes from one answer to the next of the same content.
NUMBER = re.compile(rb"[0-9a-f]*[0-9][0-9a-f]*")
compared: set[tuple[str, Any, bytes]] = set()


@pytest.fixture(autouse=True)
def results_as_pyvmomis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer that our own reader reads in a test's process is read by pyVmomi too, and is the same.

    Of the answers that differ only in numbers, the first one is: that is a tenth of them.
    """

    def read_both(content: bytes, method: str, kind: Any, stub: Any) -> Any:
        result = results.read_result(content, method, kind, stub)
        alike = method, kind, NUMBER.sub(b"0", content)
        if alike not in compared:
            assert_same(result, SoapResponseDeserializer(stub).Deserialize(content, kind), method)
            compared.add(alike)
        return result

    monkeypatch.setattr(answers, "read_result", read_both)


@pytest.fixture
def virsh(tmp_path: Path) -> Virsh:
    """The real virsh."""
    return Virsh(tmp_path)
