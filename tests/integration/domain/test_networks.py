# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cards in the port groups of a vCenter's distributed switches, by their names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound
from ansible_collections.virt.esx.plugins.modules import esx_domain
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import start_vcenter
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

GROUP = "DC0_DVPG0"


@pytest.fixture
def vcenter() -> Iterator[Simulator]:
    """A vCenter with a host whose domain is in a network of the host's own."""
    flags = ("-hosts", "1", "-clusters", "0", "-domains", "1", "-distributed-portgroups", "1")
    with start_vcenter(*flags) as simulator:
        yield simulator


def ensure(vcenter: Simulator, *cards: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    uri = vcenter.uri("vpx", user=USER, path="/DC0/DC0_H0", no_verify=1)
    return carry_out(esx_domain.CONTRACT, vcenter, uri=uri, name="domain-1", interfaces=list(cards), **arguments)


def groups_of(vcenter: Simulator) -> list[str | None]:
    """The key of the port group of each card of the domain; None for a card in another network."""
    with client(vcenter, login=(USER, PASSWORD)) as center:
        devices = center.get(center.domain("domain-1"), "config.hardware.device")
        cards = [device for device in devices if isinstance(device, vim.vm.device.VirtualEthernetCard)]
        return [getattr(getattr(card.backing, "port", None), "portgroupKey", None) for card in cards]


def test_cards_go_to_a_distributed_port_group_and_back(vcenter: Simulator) -> None:
    with client(vcenter, login=(USER, PASSWORD)) as center:
        key = center.get(center.all(vim.dvs.DistributedVirtualPortgroup)[GROUP], "key")
    wanted = ({"index": 0, "network": GROUP}, {"index": 1, "network": GROUP})
    assert ensure(vcenter, *wanted, check=True)["changed"]
    assert groups_of(vcenter) == [None]
    assert len(ensure(vcenter, *wanted)["steps"]) == 1
    assert groups_of(vcenter) == [key, key]
    assert not ensure(vcenter, *wanted)["changed"]
    assert ensure(vcenter, {"index": 1, "network": "VM Network"})["changed"]
    assert groups_of(vcenter) == [key, None]
    assert not ensure(vcenter, {"index": 0, "network": GROUP}, {"index": 1, "network": "VM Network"})["changed"]


def test_a_network_that_is_not_there_is_refused_with_those_that_are(vcenter: Simulator) -> None:
    with pytest.raises(NotFound, match=r"The host has no network 'DVPG'; it has 'DC0_DVPG0'.*'VM Network'"):
        ensure(vcenter, {"index": 0, "network": "DVPG"})
