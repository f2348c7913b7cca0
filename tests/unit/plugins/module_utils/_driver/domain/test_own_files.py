# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files are a domain's own, and which virtual hardware a host has."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.hardware_version import OF_HOSTS
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.own_files import (
    OwnFiles,
    own_files,
    with_keepers_last,
)
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path
from pyVmomi import vim

VMX = parse_datastore_path("[ds] web/web.vmx")


def having(
    *disks: str, parent: str | None = None, vmx: str | None = None, files: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The properties of a domain or a snapshot with these disks, the first one based on another."""
    flat = vim.vm.device.VirtualDisk.FlatVer2BackingInfo
    backings = [flat(fileName=disk, diskMode="persistent") for disk in disks]
    if parent and backings:
        backings[0].parent = flat(fileName=parent, diskMode="persistent")
    layout = [vim.vm.FileLayoutEx.FileInfo(name=name) for name in files]
    devices = [vim.vm.device.VirtualDisk(backing=backing) for backing in backings]
    return {"config.hardware.device": devices, "layoutEx.file": layout, "config.files.vmPathName": vmx}


def own(mine: list[dict[str, Any]], foreign: list[dict[str, Any]], *listed: str) -> OwnFiles:
    return own_files(VMX, mine, foreign, {VMX.parent: listed})


def test_all_that_is_beside_a_domain_is_its_own() -> None:
    listed = ("web.vmx", "web.vmdk", "web-flat.vmdk", "web.nvram", "vmware.log", "web-Snapshot12.vmsn")
    found = own([having("[ds] web/web.vmdk", vmx="[ds] web/web.vmx")], [], *listed)
    assert found.disks == ("[ds] web/web.vmdk",)
    assert found.others == ("[ds] web/web.nvram", "[ds] web/web-Snapshot12.vmsn", "[ds] web/vmware.log")
    assert (found.vmx, found.directory) == ("[ds] web/web.vmx", "[ds] web")


@pytest.mark.parametrize("image", ["_deviceImage0.iso", "_deviceImage-12.iso", "_deviceImage1.flp"])
def test_an_image_of_a_package_goes_with_its_directory(image: str) -> None:
    mine = having("[ds] web/web.vmdk", files=(f"[ds] web/{image}",))
    found = own([mine], [], "web.vmx", "web.vmdk", image)
    assert (found.others, found.directory) == ((f"[ds] web/{image}",), "[ds] web")
    assert own([mine], [], "web.vmx", "web.vmdk", image, "notes.txt").others == ()
    assert own([mine], [having(files=(f"[ds] web/{image}",))], "web.vmx", "web.vmdk", image).others == ()


def test_a_chain_of_snapshots_goes_from_its_end() -> None:
    mine = [having("[ds] web/web-000001.vmdk", parent="[ds] web/web.vmdk"), having("[ds] web/web.vmdk")]
    found = own(mine, [], "web.vmx", "web.vmdk", "web-000001.vmdk", "web-000001-delta.vmdk", "web-flat.vmdk")
    assert found.disks == ("[ds] web/web-000001.vmdk", "[ds] web/web.vmdk")
    assert found.directory == "[ds] web"


def test_a_disk_elsewhere_goes_with_its_snapshots() -> None:
    delta, base = "[ds] web/data-000001.vmdk", "[other] data/data.vmdk"
    for mine in ([having(delta, parent=base), having(base)], [having(delta, parent=base)]):
        assert own(mine, [], "web.vmx", "data-000001.vmdk").disks == (delta, base)


def test_a_disk_of_a_template_stays() -> None:
    linked, base = "[ds] web/web.vmdk", "[ds] templates/debian.vmdk"
    mine = [having("[ds] web/web-000001.vmdk", parent=linked), having(linked, parent=base)]
    found = own(mine, [], "web.vmx", "web.vmdk", "web-000001.vmdk")
    assert found.disks == ("[ds] web/web-000001.vmdk", linked)
    assert found.directory == "[ds] web"


# The files of another domain, and those of the domain that are kept for it.
FOREIGN = [
    having("[ds] web/web.vmdk"),
    having("[ds] clone/clone.vmdk", parent="[ds] web/web.vmdk"),
    having(files=("[ds] web/web.vmdk",)),
]


@pytest.mark.parametrize("foreign", FOREIGN)
def test_what_another_domain_is_based_on_stays(foreign: dict[str, Any]) -> None:
    found = own([having("[ds] web/web.vmdk")], [foreign], "web.vmx", "web.vmdk", "web-flat.vmdk")
    assert found.disks == ()
    assert found.directory is None


def test_in_the_directory_of_another_domain_its_files_and_the_logs_stay() -> None:
    foreign = [having(vmx="[ds] web/web2.vmx", files=("[ds] web/web2.nvram",))]
    found = own([having()], foreign, "web.vmx", "web.nvram", "web2.vmx", "web2.nvram", "vmware.log")
    assert (found.others, found.directory) == (("[ds] web/web.nvram",), None)


def test_devices_of_the_host_are_no_files() -> None:
    assert own([having("[] /vmfs/devices/disks/vml.01")], [], "web.vmx").disks == ()


# How another domain may spell a disk of this one.
ALIASES = [
    "[ds] web/./web.vmdk",
    "[ds] web//web.vmdk",
    "[ds] x/../web/web.vmdk",
    "[ds]web/web.vmdk",
    "[ds] /web/web.vmdk",
]


@pytest.mark.parametrize("alias", ALIASES)
def test_what_another_domain_spells_otherwise_stays_too(alias: str) -> None:
    found = own([having("[ds] web/web.vmdk")], [having(alias)], "web.vmx", "web.vmdk", "web-flat.vmdk")
    assert (found.disks, found.directory) == ((), None)
    assert own([having(alias)], [having("[ds] web/web.vmdk")], "web.vmx", "web.vmdk").disks == ()


def test_an_extent_of_a_disk_that_is_not_the_domain_s_keeps_the_directory() -> None:
    assert own([having("[ds] web/web.vmdk")], [], "web.vmx", "web.vmdk", "other-flat.vmdk").directory is None


def test_the_root_of_a_datastore_stays() -> None:
    vmx = parse_datastore_path("[ds] web.vmx")
    found = own_files(vmx, [having("[ds] web.vmdk")], [], {vmx.parent: ["web.vmx", "web.vmdk"]})
    assert (found.disks, found.vmx, found.directory) == (("[ds] web.vmdk",), "[ds] web.vmx", None)


DATA = "[ds2] tank/web/data.vmdk"
PLACES: list[tuple[dict[str, list[str]], tuple[str, ...]]] = [
    ({"[ds2] tank/web": ["data.vmdk", "data-flat.vmdk"]}, ("[ds2] tank/web",)),
    ({"[ds2] tank/web": []}, ("[ds2] tank/web",)),
    ({"[ds2] tank/web": ["data.vmdk", "other.vmdk"]}, ()),
    ({"[ds2] tank/web": ["data.vmdk", "vmware.log"]}, ()),
    ({"[ds2] tank/web": ["data.vmdk", "below"]}, ()),
]


@pytest.mark.parametrize(("listed", "expected"), PLACES)
def test_the_directory_of_a_disk_elsewhere(listed: dict[str, list[str]], expected: tuple[str, ...]) -> None:
    listing = {parse_datastore_path(place): names for place, names in listed.items()}
    found = own_files(VMX, [having("[ds] web/web.vmdk", DATA)], [], {VMX.parent: ["web.vmx"], **listing})
    assert found.directories == expected
    assert found.directory == "[ds] web"


def test_domains_that_share_no_disk_keep_their_order() -> None:
    rows = [(name, having(f"[ds] {name}/a.vmdk", vmx=f"[ds] {name}/{name}.vmx")) for name in "cab"]
    assert with_keepers_last(rows) == ["c", "a", "b"]
    assert with_keepers_last([("a", having()), *rows]) == ["a", "c", "a", "b"]


@pytest.mark.parametrize("spelling", ["[ds] a/q.vmdk", "[ds] ./a//q.vmdk"])
def test_the_domain_in_whose_directory_a_shared_disk_is_comes_last(spelling: str) -> None:
    rows = [(name, having(spelling, vmx=f"[ds] {name}/{name}.vmx")) for name in "abc"]
    assert with_keepers_last(rows) == ["b", "c", "a"]


def test_newer_hosts_have_newer_hardware() -> None:
    versions, hardware, updated = zip(*OF_HOSTS)
    assert list(versions) == sorted(versions, reverse=True)
    assert list(hardware) == sorted(hardware, reverse=True)
    assert all(last is None or last >= first for first, last in zip(hardware, updated))
