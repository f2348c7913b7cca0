# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain``: undefining a domain with its files, and with none that is another's."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ServerFault
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
from ansible_collections.virt.esx.tests.simulator_client import Simulator

PLACE = "[local-storage] web"
OTHER = "11111111-2222-3333-4444-555555555555"
SECOND_DISK = (
    "<disk type='file' device='disk'>"
    "<source file='[local-storage] data/data.vmdk'/><target dev='sdb' bus='scsi'/></disk>"
)


@pytest.fixture
def web(esx: Simulator) -> Simulator:
    """A host with the domain ``web``, its disk and its files."""
    create_disk(esx, f"{PLACE}/web.vmdk")
    ensure(esx, xml=domain_xml())
    return esx


def undefine(esx: Simulator, *, remove_storage: bool = True) -> list[str]:
    """Undefine it and return the steps, which check mode has to foretell."""
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


def test_its_own_files_go_with_their_directory(web: Simulator) -> None:
    for name in ("web.nvram", "vmware.log", "vmware-3.log", "web.vmsd", "web-Snapshot1.vmsn", "web-9f3c0a1b.vswp"):
        write_file(web, f"{PLACE}/{name}", b"x")
    steps = undefine(web)
    assert steps[0] == f"delete {PLACE}/web.vmdk"
    assert steps[-3:] == ["undefine", f"delete {PLACE}/web.vmx", f"delete {PLACE}"]
    assert len(steps) == 10
    assert files_in(web, PLACE) == []
    assert "web" not in files_in(web, "[local-storage] ")


@pytest.mark.parametrize("strange", ["notes.txt", "other.vmdk", "web-data.vmdk", "web2.nvram", "web.vmx.mine"])
def test_a_strange_file_stays_and_so_does_the_directory(web: Simulator, strange: str) -> None:
    write_file(web, f"{PLACE}/{strange}", b"x")
    assert f"delete {PLACE}" not in undefine(web)
    assert files_in(web, PLACE) == [strange]


def test_a_disk_elsewhere_goes_and_its_directory_stays(web: Simulator) -> None:
    create_disk(web, "[local-storage] data/data.vmdk")
    ensure(web, xml=domain_xml(devices=SECOND_DISK))
    assert "delete [local-storage] data/data.vmdk" in undefine(web)
    assert files_in(web, "[local-storage] data") == []
    assert "data" in files_in(web, "[local-storage] ")


def test_a_disk_that_another_domain_has_stays(web: Simulator) -> None:
    ensure(web, xml=domain_xml("other", uuid=OTHER, mac=None))
    steps = undefine(web)
    assert steps == ["undefine", f"delete {PLACE}/web.vmx"]
    assert files_in(web, PLACE) == ["other.vmx", "web.vmdk"]


def test_a_disk_that_a_snapshot_of_another_domain_has_stays(web: Simulator) -> None:
    ensure(web, xml=domain_xml("other", uuid=OTHER, mac=None))
    with open_as_user(web) as host:
        index = host.session.content.searchIndex
        (other,) = index.FindAllByUuid(None, OTHER, True, False)
        host.wait(other.CreateSnapshot_Task("kept", "", False, False), "Making a snapshot")
    disk_of_its_own = domain_xml("other", uuid=OTHER, mac=None, disk="[local-storage] other/other.vmdk")
    ensure(web, xml=disk_of_its_own)
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
    assert undefine(esx) == ["delete [local-storage] web.vmdk", "undefine", "delete [local-storage] web.vmx"]
    assert "domain-1" in files_in(esx, "[local-storage] ")


def test_files_that_are_gone_already_are_no_matter(esx: Simulator) -> None:
    ensure(esx, xml=domain_xml())  # its disk was never there
    assert undefine(esx)[-1] == f"delete {PLACE}"


def test_an_undefine_that_fails_can_be_repeated(web: Simulator) -> None:
    web.inject(method="UnregisterVM", fault="ResourceInUse", count=1)
    with pytest.raises(ServerFault):
        ensure(web, name="web", state="undefined", remove_storage=True)
    assert undefine(web)[-1] == f"delete {PLACE}"
