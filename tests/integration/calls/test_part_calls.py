# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A task that changes a part of a domain makes two calls more than one that changes its power state: it reads the VMX.

Only what a part needs of others comes on top: the host's networks, the file of a disk and who uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.modules import esx_domain
from ansible_collections.virt.esx.tests.integration.contracts import calls_of, carry_out, start_host
from ansible_collections.virt.esx.tests.simulator_client import Simulator

IMAGE = "[local-storage] iso/a.iso"
OWN_DISK = "[local-storage] domain-1/other.vmdk"

# Changes of a running domain, one after the other -> how many calls they make more than a change of the power state.
RUNNING: list[tuple[dict[str, Any], int]] = [
    ({"annotation": "noted"}, 2),
    ({"settings": {"guestinfo.role": "web"}}, 2),
    ({"boot": ["network"]}, 2),
    ({"interfaces": [{"index": 1, "network": "VM Network"}]}, 3),
    ({"interfaces": [{"index": 1, "link": "down"}]}, 2),
    ({"interfaces": [{"index": 1, "state": "absent"}]}, 2),
    ({"disks": [{"target": "sdb", "source": OWN_DISK}]}, 4),
    ({"disks": [{"target": "sdb", "size": "2 GiB"}]}, 3),
    ({"disks": [{"target": "sdb", "state": "absent"}]}, 2),
    ({"disks": [{"target": "sdc", "size": "8 MiB"}]}, 13),
]
SHUT_OFF: list[tuple[dict[str, Any], int]] = [
    ({"max_memory": "2 GiB"}, 2),
    ({"vcpus": 2}, 2),
    ({"cdroms": [{"target": "hdc", "source": IMAGE}]}, 3),  # the image is looked for, as a disk is
    ({"cdroms": [{"target": "hdc", "source": ""}]}, 2),
    ({"serials": [{"type": "file", "path": "[local-storage] domain-1/console.log"}]}, 2),
]


@pytest.fixture(scope="module")
def host() -> Iterator[Simulator]:
    with start_host("-domains", "1") as simulator:
        simulator.add_file(IMAGE)
        simulator.add_disk(OWN_DISK)
        yield simulator


def calls(host: Simulator, **arguments: Any) -> int:
    """The calls of a task that changes something."""
    host.trace(reset=True)
    assert carry_out(esx_domain.CONTRACT, host, name="domain-1", **arguments)["changed"]
    return len(calls_of(host))


@pytest.mark.parametrize(("state", "changes"), [("running", RUNNING), ("destroyed", SHUT_OFF)])
def test_a_part_costs_two_calls_more_than_a_change_of_power(
    host: Simulator, state: str, changes: list[tuple[dict[str, Any], int]]
) -> None:
    other = "destroyed" if state == "running" else "running"
    carry_out(esx_domain.CONTRACT, host, name="domain-1", state=other)
    power = calls(host, state=state)
    more = [(arguments, calls(host, **arguments) - power, most) for arguments, most in changes]
    assert [(arguments, cost) for arguments, cost, most in more if cost > most] == []
