# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a host that its vCenter cannot reach: check mode says that they are not possible."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.modules import (
    esx_domain,
    esx_host,
    esx_network,
    esx_scheduler,
    esx_snapshot,
)
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import H1, carry_out, start_vcenter, uri_of
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TASKS: list[tuple[Any, dict[str, Any]]] = [
    (esx_domain, {"name": "domain-4", "state": "running"}),
    (esx_domain, {"names": ["domain-4"], "state": "running"}),
    (esx_domain, {"name": "domain-4", "vcpus": 2}),
    (esx_snapshot, {"names": ["*"], "snapshot": "x"}),
    (esx_snapshot, {"name": "domain-4", "snapshot": "x"}),
    (esx_scheduler, {"name": "domain-4", "shares": "high"}),
    (esx_host, {"state": "maintenance", "domains": "destroy"}),
    (esx_network, {"name": "switch9"}),
]


@pytest.fixture(scope="module", name="vcenter")
def _vcenter() -> Iterator[Simulator]:
    with start_vcenter() as simulator:
        simulator.change_host(H1, connection="disconnected")
        yield simulator


@pytest.mark.parametrize(("module", "arguments"), TASKS)
@pytest.mark.parametrize("check", [True, False])
def test_a_host_that_is_disconnected(vcenter: Simulator, module: Any, arguments: dict[str, Any], check: bool) -> None:
    vcenter.trace(reset=True)
    with pytest.raises(EsxError, match="has lost the connection to the domain's host|says that the host .* is disc"):
        carry_out(module.CONTRACT, uri=uri_of(vcenter, H1, "vpx"), check=check, **arguments)
    writing = ("_Task", "AddVirtualSwitch", "Reconfig")
    assert not [method for method in vcenter.methods() if method.endswith(writing)]


def test_no_change_is_possible_all_the_same(vcenter: Simulator) -> None:
    uri = uri_of(vcenter, H1, "vpx")
    assert not carry_out(esx_domain.CONTRACT, uri=uri, name="domain-4", state="shutdown")["changed"]
    assert not carry_out(esx_snapshot.CONTRACT, uri=uri, names=["*"], snapshot="x", state="absent")["changed"]
    assert not carry_out(esx_host.CONTRACT, uri=uri, state="active")["changed"]
    assert not carry_out(esx_network.CONTRACT, uri=uri, name="vSwitch0")["changed"]
