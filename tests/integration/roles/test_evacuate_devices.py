# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Emptying a host of domains that are tied to it, by an image, an affinity, a network or a local datastore.

A device in use keeps a domain on its host, and the role says what can be done. One that is not in use is a warning.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.modules import esx_migrate, esx_placement_info
from ansible_collections.virt.esx.tests.integration.migrate.vcenter import (
    H0,
    H1,
    Said,
    carry_out,
    change_state,
    host_of,
    start_vcenter,
    uri_of,
)
from ansible_collections.virt.esx.tests.integration.roles.test_evacuate import H2, evacuate, placed, plan
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

ISO = {"ide1:0.deviceType": "cdrom-image", "ide1:0.fileName": "/vmfs/volumes/datastore1/tools.iso"}
PINNED = {"sched.cpu.affinity": "0,1"}

# domain-1 runs, domain-2 is shut off.
RUNNING, SHUTOFF = "domain-1", "domain-2"


@pytest.fixture
def local() -> Iterator[Simulator]:
    """Two datacenters with three hosts, each with a datastore of its own; a running domain and one that is shut off."""
    flags = ("-hosts", "3", "-clusters", "0", "-domains", "2", "-datacenters", "2", "-local-datastores", "1")
    with start_vcenter(*flags) as vcenter:
        vcenter.add_file("[datastore1] tools.iso")
        yield vcenter


def connect(vcenter: Simulator, name: str, *, connected: bool) -> None:
    """Connect the drive of a domain, or disconnect it."""
    with client(vcenter, login=(USER, PASSWORD)) as center:
        domain = center.domain(name)
        devices = center.get(domain, "config.hardware.device")
        (drive,) = [device for device in devices if isinstance(device, vim.vm.device.VirtualCdrom)]
        drive.connectable.connected = connected
        change = vim.vm.device.VirtualDeviceSpec(operation="edit", device=drive)
        center.reconfigure(domain, deviceChange=[change])


def refused(vcenter: Simulator, *destinations: str) -> dict[str, str]:
    """The sentences of the planning module about the domains that no destination can take."""
    uri = uri_of(vcenter, H0)
    result = carry_out(esx_placement_info.CONTRACT, uri=uri, destinations=list(destinations))
    return {each["name"]: each["msg"] for each in result["refused"]}


def test_an_image_that_only_its_host_has(local: Simulator) -> None:
    for name in (RUNNING, SHUTOFF):
        local.change_from_outside(name, set=ISO)
    connect(local, RUNNING, connected=True)
    assert list(refused(local, H1, H2)) == [RUNNING]
    run = evacuate(local, H1, fails=True)
    message = run.tasks[-1].result["msg"]
    assert "device CD/DVD drive, backing [datastore1] tools.iso" in message
    assert message.endswith(
        "Eject the ISO or disconnect the device, which is on a local datastore or on the host itself."
    )
    warnings = [text for task in run.tasks for text in task.result.get("warnings", [])]
    assert any("Domain 'domain-2', migrating from DC0_H0 to DC0_H1: " in text for text in warnings)
    assert (host_of(local, RUNNING), host_of(local, SHUTOFF)) == (H0, H1)
    connect(local, RUNNING, connected=False)
    evacuate(local, H1)
    assert host_of(local, RUNNING) == H1


def test_processors_that_a_domain_is_pinned_to(local: Simulator) -> None:
    for name in (RUNNING, SHUTOFF):
        local.change_from_outside(name, set=PINNED)
    (message,) = refused(local, H1).values()
    assert "AffinityConfigured" in message
    assert message.endswith("remove the affinity (cpuset), or shut it off first.")
    evacuate(local, H1, fails=True)
    assert (host_of(local, RUNNING), host_of(local, SHUTOFF)) == (H0, H1)
    change_state(local, RUNNING, "PowerOffVM_Task", "shutoff")
    evacuate(local, H1)
    assert host_of(local, RUNNING) == H1


def test_a_network_that_a_domain_does_not_use_now(local: Simulator) -> None:
    with client(local, login=(USER, PASSWORD)) as center:
        network = center.get(center.all(vim.HostSystem)[H0], "configManager.networkSystem")
        policy = vim.host.NetworkPolicy()
        group = vim.host.PortGroup.Specification(name="Lab Network", vlanId=0, vswitchName="vSwitch0", policy=policy)
        network.AddPortGroup(group)
    for name in (RUNNING, SHUTOFF):
        local.change_from_outside(name, set={"ethernet0.networkName": "Lab Network"})
    (message,) = refused(local, H1).values()
    assert "backing Lab Network" in message
    assert "make it there, or map the network to another one" in message
    evacuate(local, H1, fails=True)
    assert (host_of(local, RUNNING), host_of(local, SHUTOFF)) == (H0, H1)


def test_a_local_datastore_is_named(local: Simulator) -> None:
    move = {"name": RUNNING, "dest_datastore": "datastore1"}
    carry_out(esx_migrate.CONTRACT, uri=uri_of(local, H0), domains=[move])
    reason = "it does not have the datastore 'datastore1' of the domain's VMX"
    message = f"Domain 'domain-1' cannot be migrated from DC0_H0 to DC0_H1: {reason}; to DC0_H2: {reason}."
    assert refused(local, H1, H2) == {RUNNING: message}
    assert placed(plan(local, H1, H2)) == {H1: [SHUTOFF], H2: []}


def test_a_host_of_another_datacenter(local: Simulator) -> None:
    assert placed(plan(local, "DC1_H0")) == {"DC1_H0": [RUNNING, SHUTOFF]}
    evacuate(local, "DC1_H0")
    assert {host_of(local, name) for name in (RUNNING, SHUTOFF)} == {"DC1_H0"}


def test_a_source_that_is_disconnected(local: Simulator) -> None:
    local.change_host(H0, connection="notResponding")
    said = Said()
    uri = uri_of(local, H0, "vpx")
    result = carry_out(esx_placement_info.CONTRACT, uri=uri, destinations=[H1], said=said)
    assert [each["name"] for each in result["refused"]] == [RUNNING, SHUTOFF]
    local.change_host(H0, connection="connected")


def test_the_hint_stands_beside_its_domain(local: Simulator) -> None:
    local.change_from_outside(RUNNING, set=PINNED)
    local.change_from_outside("domain-3", set=ISO)
    local.change_from_outside("domain-3", set={"ide1:0.fileName": "/vmfs/volumes/datastore1 (1)/other.iso"})
    local.add_file("[datastore1 (1)] other.iso")
    connect(local, "domain-3", connected=True)
    uri = local.uri("vpx", user=USER, path="DC0", no_verify=1)
    with pytest.raises(EsxError) as several:
        carry_out(esx_migrate.CONTRACT, uri=uri, names=[RUNNING, "domain-3"], dest_host=H2)
    pinned, image = str(several.value.message).split("Domain ")[1:]
    assert "shut it off first." in pinned
    assert "Eject the ISO" in image
    assert several.value.hint is None


def test_a_disk_that_another_datacenter_does_not_have(local: Simulator) -> None:
    """A host there reaches the VMX, so it is tried; that it lacks the disk concerns this domain alone."""
    move = {"name": RUNNING, "dest_disks": {"sda": "datastore1"}}
    carry_out(esx_migrate.CONTRACT, uri=uri_of(local, H0), domains=[move])
    reason = "The datacenter 'DC1' does not have the domain's datastore 'datastore1'."
    assert refused(local, "DC1_H0") == {
        RUNNING: f"Domain 'domain-1' cannot be migrated from DC0_H0 to DC1_H0: {reason}"
    }
    evacuate(local, "DC1_H0", fails=True)
    assert (host_of(local, RUNNING), host_of(local, SHUTOFF)) == (H0, "DC1_H0")
