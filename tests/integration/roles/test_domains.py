# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ``domains``: a host as it is described, made from nothing."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.tests.integration.running import (
    DATASTORE,
    PlaybookRun,
    run_playbook,
    variables_of,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VOLUMES = [{"path": f"[{DATASTORE}] data/shared.vmdk", "capacity": "8 MiB"}]
CARD = {"index": 0, "network": "VM Network"}


def domain(name: str, **said: Any) -> dict[str, Any]:
    disks = [{"target": "sda", "size": "8 MiB"}]
    return {"name": name, "pool": DATASTORE, "max_memory": "1 GiB", "disks": disks, "interfaces": [CARD], **said}


def see_to(host: Simulator, *wanted: dict[str, Any], **arguments: Any) -> PlaybookRun:
    variables = {**variables_of(host), "domains_wanted": list(wanted), "domains_volumes": VOLUMES}
    return run_playbook("domains.yml", extra_vars=variables, **arguments)


def test_a_host_becomes_what_is_described(host: Simulator) -> None:
    first, second = domain("gateway", vcpus=2), domain("shop", state="defined")
    predicted = see_to(host, first, check=True)
    assert "power on" in predicted.output
    assert host.domains() == {}
    assert see_to(host, first, second).changed == 2
    assert see_to(host, first, second).changed == 0
    gone = {"name": "shop", "state": "absent", "remove_storage": True}
    assert see_to(host, {**first, "annotation": "noted"}, gone).changed == 2
    assert sorted(host.domains()) == ["gateway"]
    assert see_to(host, {**first, "annotation": "noted"}, gone).changed == 0
