# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: a domain with snapshots, or moved by storage vMotion, is never taken off its disks."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    UUID,
    check_apply_repeat,
    create_disk,
    domain_xml,
    ensure,
    ensure_with_warnings,
    files_in,
    open_as_user,
    read_file,
    vmx_of,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

VMX = "[local-storage] web/web.vmx"
SECOND = "<disk type='file' device='disk'><source file='[local-storage] web/b.vmdk'/><target dev='sdb'/></disk>"


NEW = domain_xml(disk="[local-storage] new/new.vmdk")


def take_snapshot(esx: Simulator, name: str) -> None:
    with open_as_user(esx) as host:
        (web,) = host.session.content.searchIndex.FindAllByUuid(None, UUID, True, False)
        host.wait(web.CreateSnapshot_Task(name, "", False, False), "Making a snapshot")


def disk_line(esx: Simulator) -> str:
    lines = (read_file(esx, VMX) or b"").decode().splitlines()
    (line,) = [line for line in lines if line.startswith("scsi0:0.fileName")]
    return line


@pytest.fixture(params=["running", "destroyed"])
def taken(esx: Simulator, request: pytest.FixtureRequest) -> Simulator:
    """A domain with two snapshots, running and shut off."""
    create_disk(esx, "[local-storage] web/b.vmdk")
    ensure(esx, xml=domain_xml())
    esx.change_from_outside("web", set={"simulator.tools": "running"})
    ensure(esx, name="web", state=request.param)
    take_snapshot(esx, "before the update")
    take_snapshot(esx, "and after it")
    assert "-000002.vmdk" in disk_line(esx)
    return esx


def test_the_described_disk_is_the_one_that_snapshots_are_based_on(taken: Simulator) -> None:
    before = disk_line(taken)
    assert check_apply_repeat(taken, xml=domain_xml(), power_cycle=True)["steps"] == []
    assert check_apply_repeat(taken, xml=domain_xml(), annotation="x")["steps"] == ["change annotation"]
    assert disk_line(taken) == before


def test_what_is_shown_can_be_given_back(taken: Simulator) -> None:
    xml = ensure(taken, name="web", annotation="x")["domain"]["xml"]
    assert check_apply_repeat(taken, xml=xml, power_cycle=True)["steps"] == []


def test_a_disk_can_be_added(taken: Simulator) -> None:
    before = disk_line(taken)
    assert check_apply_repeat(taken, xml=domain_xml(devices=SECOND))["steps"] == ["change disk sdb"]
    assert disk_line(taken) == before


def test_a_disk_that_was_added_after_the_snapshots_can_be_removed(taken: Simulator) -> None:
    before = disk_line(taken)
    ensure(taken, name="web", disks=[{"target": "sdb", "source": "[local-storage] web/b.vmdk"}])
    gone = check_apply_repeat(taken, name="web", disks=[{"target": "sdb", "state": "absent"}])
    assert gone["steps"] == ["change disk sdb"]
    assert disk_line(taken) == before
    assert "b.vmdk" in files_in(taken, "[local-storage] web")


# Descriptions that would take the disk off its snapshots.
AWAY = [
    domain_xml(disk="[local-storage] web/b.vmdk"),
    domain_xml().replace("<target dev='sda' bus='scsi'/>", "<target dev='sdb' bus='scsi'/>"),
    domain_xml().replace("<target dev='sda' bus='scsi'/>", "<target dev='sda' bus='sata'/>"),
]


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("xml", AWAY)
def test_no_disk_is_taken_off_its_snapshots(taken: Simulator, xml: str, check: bool) -> None:
    before = read_file(taken, VMX)
    with pytest.raises(Refused, match="it has the snapshots 'before the update', 'and after it'"):
        ensure(taken, xml=xml, power_cycle=True, check=check)
    assert read_file(taken, VMX) == before


def test_a_disk_that_was_moved_is_the_same_disk(esx: Simulator) -> None:
    create_disk(esx, "[local-storage] moved/web.vmdk")
    ensure(esx, xml=domain_xml())
    esx.change_from_outside("web", set={"scsi0:0.fileName": "/vmfs/volumes/local-storage/moved/web.vmdk"})
    with open_as_user(esx) as host:
        manager = host.session.content.virtualDiskManager
        task = manager.DeleteVirtualDisk_Task("[local-storage] web/web.vmdk", host.context.datacenter)
        host.wait(task, "Deleting a disk")
    before = read_file(esx, VMX)
    result, warnings = ensure_with_warnings(esx, xml=domain_xml(), with_disks=False)
    assert (result["changed"], read_file(esx, VMX)) == (False, before)
    assert ["moved/web.vmdk" in warning and "web/web.vmdk" in warning for warning in warnings] == [True]


@pytest.mark.parametrize("check", [True, False])
def test_a_disk_that_is_not_there(esx: Simulator, check: bool) -> None:
    ensure(esx, xml=domain_xml())
    with pytest.raises(NotFound, match=r"there is no file '\[local-storage\] web/b.vmdk'"):
        ensure(esx, xml=domain_xml(devices=SECOND), check=check, with_disks=False)


@pytest.mark.parametrize("check", [True, False])
def test_a_new_domain_that_could_not_start_without_its_disk(esx: Simulator, check: bool) -> None:
    with pytest.raises(NotFound, match=r"there is no file '\[local-storage\] new/new.vmdk'"):
        ensure(esx, xml=NEW, state="running", check=check, with_disks=False)
    assert "web" not in esx.domains()


def test_a_new_domain_can_be_defined_before_its_disk_is_made(esx: Simulator) -> None:
    result, (warning,) = ensure_with_warnings(esx, xml=NEW, with_disks=False)
    assert result["steps"] == ["define"]
    assert "there is no file '[local-storage] new/new.vmdk'. The domain cannot start without it." in warning
    create_disk(esx, "[local-storage] new/new.vmdk")
    assert ensure(esx, xml=NEW, state="running")["steps"] == ["power on"]


def test_two_spellings_of_a_disk_are_one(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml())
    esx.change_from_outside("web", set={"scsi0:0.fileName": "/vmfs/volumes/local-storage//web/./web.vmdk"})
    assert check_apply_repeat(esx, xml=domain_xml())["steps"] == []


def test_a_domain_in_the_root_of_a_datastore(esx: Simulator) -> None:
    """Its files lie beside those of others, and only they go with it."""
    root = "[local-storage]"
    create_disk(esx, f"{root} root.vmdk")
    ensure(esx, xml=domain_xml(name="root", disk=f"{root} root.vmdk"), state="running")
    ensure(esx, name="root", state="destroyed")
    take_snapshot(esx, "s1")
    assert vmx_of(esx, f"{root} root.vmx")["scsi0:0.fileName"] == "root-000001.vmdk"
    assert {"root.nvram", "root-000001.vmdk", "vmware.log"} <= set(files_in(esx, root))
    assert not ensure(esx, name="root", disks=[{"target": "sda", "source": f"{root} root.vmdk"}])["changed"]
    check_apply_repeat(esx, name="root", state="undefined", remove_storage=True)
    assert files_in(esx, root) == ["domain-1", "vmware.log", "web"]
