# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A play of several tasks for one domain: what one has set, another does not take back."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    check_apply_repeat,
    domain_xml,
    ensure,
    read_file,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

SCHEDULED = (
    "<memtune><min_guarantee unit='MiB'>64</min_guarantee></memtune>",
    "<cputune><shares>4000</shares></cputune>",
)


def described(*elements: str, vcpus: int = 2) -> str:
    xml = domain_xml().replace("<vcpu>2</vcpu>", f"<vcpu>{vcpus}</vcpu>")
    return xml.replace("<os>", "".join((*elements, "<os>")))


def definition(esx: Simulator) -> str:
    return (read_file(esx, "[local-storage] web/web.vmx") or b"").decode()


@pytest.fixture
def scheduled(esx: Simulator) -> Simulator:
    """A domain as tasks with ``annotation`` and ``esx_scheduler`` leave it."""
    ensure(esx, xml=described("<description>a note</description>", *SCHEDULED))
    return esx


def test_a_description_leaves_alone_what_other_tasks_have_set(scheduled: Simulator) -> None:
    assert check_apply_repeat(scheduled, xml=described())["steps"] == []


def test_a_smaller_memory_takes_its_guarantee_along(scheduled: Simulator) -> None:
    check_apply_repeat(scheduled, xml=described().replace("<memory unit='MiB'>1024", "<memory unit='MiB'>32"))
    assert 'sched.mem.minsize = "32"' in definition(scheduled)


def test_a_description_and_an_option_can_take_it_back(scheduled: Simulator) -> None:
    check_apply_repeat(scheduled, xml=described("<cputune><shares>2000</shares></cputune>"), annotation="")
    assert 'sched.cpu.shares = "normal"' in definition(scheduled)
    assert "note" not in definition(scheduled)


@pytest.mark.parametrize(
    "domain_request", [{"name": "web", "vcpus": 4}, {"xml": described(vcpus=4)}], ids=["option", "xml"]
)
def test_the_level_of_the_shares_stays_when_processors_come(
    scheduled: Simulator, domain_request: dict[str, object]
) -> None:
    assert check_apply_repeat(scheduled, **domain_request)["steps"] == ["change vcpus, CPU shares"]
    assert 'sched.cpu.shares = "high"' in definition(scheduled)


def test_a_number_of_shares_stays_when_processors_come(esx: Simulator) -> None:
    ensure(esx, xml=described("<cputune><shares>3000</shares></cputune>"))
    assert check_apply_repeat(esx, name="web", vcpus=4)["steps"] == ["change vcpus"]
    assert 'sched.cpu.shares = "3000"' in definition(esx)


def test_the_firmware_and_the_topology_stay(esx: Simulator) -> None:
    """A guest that was installed with EFI does not start without it."""
    topology = "<cpu><topology sockets='1' cores='2' threads='1'/></cpu>"
    ensure(esx, xml=described(topology).replace("<os>", "<os firmware='efi'>"))
    assert check_apply_repeat(esx, xml=described())["steps"] == []
    assert {'firmware = "efi"', 'cpuid.coresPerSocket = "2"'} <= {*definition(esx).splitlines()}


def test_cores_that_do_not_fit_go(esx: Simulator) -> None:
    ensure(esx, xml=described("<cpu><topology sockets='1' cores='2' threads='1'/></cpu>"))
    assert check_apply_repeat(esx, xml=described(vcpus=3))["steps"] == ["change vcpus, CPU topology"]
