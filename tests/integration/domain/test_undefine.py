# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: undefining a domain with its files, and with none that is another's."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused, ServerFault
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    check_apply_repeat,
    create_disk,
    domain_xml,
    ensure,
    files_in,
    open_as_user,
    read_file,
    write_file,
)
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client, vim

PLACE = "[local-storage] web"
OTHER = "11111111-2222-3333-4444-555555555555"
SECOND_DISK = (
    "<disk type='file' device='disk'>"
    "<source file='[local-storage] data/data.vmdk'/><target dev='sdb' bus='scsi'/></disk>"
)


@pytest.fixture
def web(esx: Simulator) -> Simulator:
    """A host with the domain ``web``, its disk and its files."""
    ensure(esx, xml=domain_xml())
    return esx


def share_its_disk(esx: Simulator) -> None:
    """Define another domain with the same disk; both say that they share it."""
    for xml in (domain_xml(), domain_xml("other", uuid=OTHER, mac=None)):
        ensure(esx, xml=xml.replace("<target dev='sda'", "<shareable/><target dev='sda'"))


def undefine(esx: Simulator, *, remove_storage: bool = True) -> list[str]:
    """Undefine it and return the steps, which check mode has to predict."""
    steps: list[str] = check_apply_repeat(esx, name="web", state="undefined", remove_storage=remove_storage)["steps"]
    assert "web" not in esx.domains()
    return steps


def test_its_files_stay(web: Simulator) -> None:
    before = files_in(web, PLACE)
    assert undefine(web, remove_storage=False) == ["undefine"]
    assert files_in(web, PLACE) == before


def test_what_stayed_can_be_defined_again(web: Simulator) -> None:
    undefine(web, remove_storage=False)
    assert check_apply_repeat(web, xml=domain_xml())["steps"] == ["define"]


@pytest.mark.parametrize("check", [True, False])
def test_a_name_and_a_uuid_of_two_domains(web: Simulator, check: bool) -> None:
    uuid = web.domains()["web"]["uuid"]
    with pytest.raises(Refused, match=rf"with the UUID {uuid} has the name 'web', not 'domain-1'"):
        ensure(web, uuid=uuid, name="domain-1", state="undefined", check=check)
    assert set(web.domains()) == {"domain-1", "web"}


def test_its_own_files_go_with_their_directory(web: Simulator) -> None:
    for name in ("web.nvram", "vmware.log", "vmware-3.log", "web.vmsd", "web-Snapshot1.vmsn", "web-9f3c0a1b.vswp"):
        write_file(web, f"{PLACE}/{name}", b"x")
    steps = undefine(web)
    assert steps[0] == f"delete {PLACE}/web.vmdk"
    assert steps[-3:] == [f"delete {PLACE}/web.vmx", f"delete {PLACE}", "undefine"]
    assert len(steps) == 10
    assert files_in(web, PLACE) == []
    assert "web" not in files_in(web, "[local-storage] ")


@pytest.mark.parametrize("foreign", ["notes.txt", "other.vmdk", "web-data.vmdk", "web2.nvram", "web.vmx.mine"])
def test_a_foreign_file_stays_and_so_does_the_directory(web: Simulator, foreign: str) -> None:
    write_file(web, f"{PLACE}/{foreign}", b"x")
    assert f"delete {PLACE}" not in undefine(web)
    assert files_in(web, PLACE) == [foreign]


def test_a_disk_elsewhere_goes_and_its_directory_stays(web: Simulator) -> None:
    create_disk(web, "[local-storage] data/data.vmdk")
    ensure(web, xml=domain_xml(devices=SECOND_DISK))
    assert "delete [local-storage] data/data.vmdk" in undefine(web)
    assert files_in(web, "[local-storage] data") == []
    assert "data" in files_in(web, "[local-storage] ")


@pytest.mark.parametrize(
    ("place", "deleted", "top"),
    [
        ("tank/web", ["tank/web"], "tank"),
        ("tank/web/a/b", ["tank/web/a/b", "tank/web/a", "tank/web"], "tank"),
        ("web/disks", ["web/disks", "web"], "web"),
    ],
)
def test_directories_of_disks_go_if_they_are_the_domain_s(
    web: Simulator, place: str, deleted: list[str], top: str
) -> None:
    disks = [{"target": "sdb", "size": "1 MiB", "source": f"[local-storage] {place}/data.vmdk"}]
    ensure(web, name="web", disks=disks)
    steps = undefine(web)
    assert [step for step in steps if step in [f"delete [local-storage] {one}" for one in deleted]] == [
        f"delete [local-storage] {one}" for one in deleted
    ]
    assert steps[-1] == "undefine"
    left = files_in(web, "[local-storage] ")
    assert (top in left, files_in(web, f"[local-storage] {top}")) == (top == "tank", [])


def test_a_directory_of_disks_with_another_file_stays(web: Simulator) -> None:
    place = "[local-storage] tank/web"
    ensure(web, name="web", disks=[{"target": "sdb", "size": "1 MiB", "source": f"{place}/data.vmdk"}])
    write_file(web, f"{place}/notes.txt", b"x")
    assert f"delete {place}" not in undefine(web)
    assert files_in(web, place) == ["notes.txt"]


def test_a_directory_of_disks_in_which_another_domain_has_its_own_stays(web: Simulator) -> None:
    place = "[local-storage] tank/web"
    for name in ("web", "domain-1"):
        target = "sdb" if name == "web" else "sdz"
        ensure(web, name=name, disks=[{"target": target, "size": "1 MiB", "source": f"{place}/{name}-data.vmdk"}])
    assert f"delete {place}" not in undefine(web)
    assert files_in(web, place) == ["domain-1-data.vmdk"]


def test_a_disk_that_another_domain_has_stays(web: Simulator) -> None:
    share_its_disk(web)
    steps = undefine(web)
    assert steps == [f"delete {PLACE}/web.vmx", "undefine"]
    assert files_in(web, PLACE) == ["other.vmx", "web.vmdk"]


def test_a_disk_that_one_of_its_disks_is_only_based_on_stays(web: Simulator) -> None:
    """A linked disk, as ``govc vm.disk.attach`` makes it by default, with and without a snapshot."""
    base = "[local-storage] templates/debian.vmdk"
    create_disk(web, base)
    kinds = vim.vm.device
    flat = kinds.VirtualDisk.FlatVer2BackingInfo
    backing = flat(fileName=f"{PLACE}/linked.vmdk", diskMode="persistent", parent=flat(fileName=base, diskMode=""))
    disk = kinds.VirtualDisk(key=-1, controllerKey=1000, unitNumber=1, backing=backing, capacityInKB=1 << 20)
    with client(web, login=(USER, PASSWORD)) as other:
        change = kinds.VirtualDeviceSpec(operation="add", fileOperation="create", device=disk)
        other.reconfigure(other.domain("web"), deviceChange=[change])
        other.wait(other.domain("web").CreateSnapshot_Task("s", "", False, False))
    assert undefine(web)[:2] == [f"delete {PLACE}/web-000001.vmdk", f"delete {PLACE}/web.vmdk"]
    assert files_in(web, "[local-storage] templates") == ["debian.vmdk"]
    assert files_in(web, "[local-storage]") == ["domain-1", "templates"]


def test_a_disk_that_a_snapshot_of_another_domain_has_stays(web: Simulator) -> None:
    """The other domain runs on a file that its snapshot has made; that one is based on the disk."""
    share_its_disk(web)
    with open_as_user(web) as host:
        index = host.session.content.searchIndex
        (other,) = index.FindAllByUuid(None, OTHER, True, False)
        host.wait(other.CreateSnapshot_Task("kept", "", False, False), "Making a snapshot")
    assert f"delete {PLACE}/web.vmdk" not in undefine(web)


def test_images_are_nobody_s_own(web: Simulator) -> None:
    image = "[local-storage] iso/install.iso"
    write_file(web, image, b"x")
    cdrom = f"<disk type='file' device='cdrom'><source file='{image}'/><target dev='hda' bus='ide'/></disk>"
    ensure(web, xml=domain_xml(devices=cdrom))
    undefine(web)
    assert read_file(web, image) == b"x"


def test_in_the_root_of_a_datastore_only_its_files_go(esx: Simulator) -> None:
    create_disk(esx, "[local-storage] web.vmdk")
    ensure(esx, xml=domain_xml(disk="[local-storage] web.vmdk"))
    assert undefine(esx) == ["delete [local-storage] web.vmdk", "delete [local-storage] web.vmx", "undefine"]
    assert "domain-1" in files_in(esx, "[local-storage] ")


def test_files_that_are_gone_already_are_no_matter(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml())  # its disk was never there
    assert undefine(esx)[-2:] == [f"delete {PLACE}", "undefine"]


def test_an_undefine_that_fails_can_be_repeated(web: Simulator) -> None:
    web.inject(method="UnregisterVM", fault="ResourceInUse", count=1)
    with pytest.raises(ServerFault):
        ensure(web, name="web", state="undefined", remove_storage=True)
    assert undefine(web)[-1] == "undefine"


# The calls that delete, in order: the disk, the VMX, the directory, the domain.
DELETING = [("DeleteVirtualDisk_Task", 0), ("DeleteDatastoreFile_Task", 0), ("DeleteDatastoreFile_Task", 1)]


@pytest.mark.parametrize("fault", ["TaskInProgress", "InvalidState"])
@pytest.mark.parametrize("where", ["call", "task"])
@pytest.mark.parametrize(("method", "skip"), [*DELETING, ("UnregisterVM", 0)])
def test_a_removal_that_is_disturbed_leaves_nothing_in_the_end(
    web: Simulator, method: str, skip: int, where: str, fault: str
) -> None:
    task = {"properties": {"task": {"type": "Task", "value": "task-1"}}} if fault == "TaskInProgress" else {}
    web.inject(method=method, skip=skip, count=1, fault=fault, **{"in": where if "_Task" in method else "call"}, **task)
    try:
        ensure(web, name="web", state="undefined", remove_storage=True)
    except ServerFault:
        assert ensure(web, name="web", state="undefined", remove_storage=True)["changed"]
    assert "web" not in web.domains()
    assert "web" not in files_in(web, "[local-storage] ")
    assert not ensure(web, name="web", state="undefined", remove_storage=True)["changed"]


# Spellings of another domain's disk that a VMX may have.
ALIASES = [
    "domain-1/./domain-1.vmdk",
    "domain-1//domain-1.vmdk",
    "web/../domain-1/domain-1.vmdk",
    "/domain-1/domain-1.vmdk",
]


@pytest.mark.parametrize("alias", ALIASES)
def test_another_domain_s_disk_stays_however_it_is_spelled(web: Simulator, alias: str) -> None:
    web.change_from_outside(
        "web", set={"scsi0:1.present": "TRUE", "scsi0:1.fileName": f"/vmfs/volumes/local-storage/{alias}"}
    )
    before = files_in(web, "[local-storage] domain-1")
    undefine(web)
    assert files_in(web, "[local-storage] domain-1") == before


@pytest.mark.parametrize("alias", ALIASES)
def test_a_description_spells_paths_canonically(esx: Simulator, alias: str) -> None:
    second = SECOND_DISK.replace("data/data.vmdk", alias)
    with pytest.raises(ParseError, match=r"write '\[local-storage\] domain-1/domain-1.vmdk'"):
        ensure(esx, xml=domain_xml(devices=second), with_disks=False)
    assert "web" not in esx.domains()
