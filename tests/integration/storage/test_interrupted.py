# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_volume`` killed during its work: the next run succeeds, and no incomplete file has a final name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.tests.integration.killing import run_and_kill
from ansible_collections.virt.esx.tests.integration.storage.volumes import (
    MIB,
    POOL,
    content,
    data_of,
    ensure,
    names,
    noise,
    write,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

OWN = ["domain-1", "domain-1/domain-1.vmdk", "domain-1/domain-1.vmx"]


@pytest.fixture
def host(esx: Simulator) -> Any:
    """A host on which sessions may stay open, as a killed process cannot close its own."""
    yield esx
    esx.expire_sessions()


def kill_and_repeat(host: Simulator, path: str, at: tuple[str, int], **arguments: Any) -> list[str]:
    """Run the module, kill it, and run it twice; return the files that existed after the kill."""
    run_and_kill(host, "esx_volume", at, path=f"{POOL} {path}", **arguments)
    left = names(host)
    ensure(host, path, **arguments)
    assert ensure(host, path, **arguments)["changed"] is False
    return left


@pytest.mark.parametrize("arguments", [{"capacity": "1 MiB"}, {"source": __file__}])
def test_a_directory_that_cannot_be_made_is_said_of_the_volume(esx: Simulator, arguments: dict[str, Any]) -> None:
    name = "new/new.vmdk" if "capacity" in arguments else "new/new.iso"
    esx.inject(method="MakeDirectory", fault="NoPermission")
    with pytest.raises(EsxError, match=rf"The step was 'create directory .*' of volume \{POOL} {name}\.$"):
        ensure(esx, name, **arguments)


OF_AN_UPLOAD = [("MakeDirectory", 0), ("PUT", 0), ("HEAD", 1), ("MoveDatastoreFile_Task", 0), ("PUT", 1)]
OF_AN_IMAGE = [
    ("MakeDirectory", 0),
    ("PUT", 0),
    ("PUT", 1),
    ("CopyVirtualDisk_Task", 0),
    ("DeleteVirtualDisk_Task", 0),
    ("ExtendVirtualDisk_Task", 0),
    ("MoveVirtualDisk_Task", 0),
]
OF_A_CLONE = [
    ("MakeDirectory", 0),
    ("CopyVirtualDisk_Task", 0),
    ("ExtendVirtualDisk_Task", 0),
    ("MoveVirtualDisk_Task", 0),
]
OF_A_CREATION = [("MakeDirectory", 0), ("CreateVirtualDisk_Task", 0), ("MoveVirtualDisk_Task", 0)]


@pytest.mark.parametrize("at", OF_AN_UPLOAD)
def test_an_upload_that_was_killed(host: Simulator, tmp_path: Path, at: tuple[str, int]) -> None:
    data = noise(MIB)
    source = write(tmp_path / "a.iso", data)
    left = kill_and_repeat(host, "new/a.iso", at, source=source)
    if at in OF_AN_UPLOAD[:3]:
        assert "new/a.iso" not in left
    assert content(host, "new/a.iso") == data
    assert set(names(host)) == {*OWN, "new", "new/a.iso", "new/a.iso.sha256"}


@pytest.mark.parametrize("at", OF_AN_IMAGE)
def test_an_image_that_was_killed(host: Simulator, tmp_path: Path, at: tuple[str, int]) -> None:
    data = noise(MIB)
    source = write(tmp_path / "disk.img", data)
    left = kill_and_repeat(host, "new/web.vmdk", at, source=source, capacity="2 MiB")
    if at != OF_AN_IMAGE[-1]:
        assert "new/web.vmdk" not in left
    assert data_of(host, "new/web.vmdk") == data + bytes(MIB)
    assert set(names(host)) == {*OWN, "new", "new/web.vmdk"}


@pytest.mark.parametrize("then", ["empty", "clone", "absent", "other image"])
@pytest.mark.parametrize("at", OF_AN_IMAGE[2:6])
def test_another_task_removes_what_a_killed_one_left(
    host: Simulator, tmp_path: Path, at: tuple[str, int], then: str
) -> None:
    ensure(host, "template.vmdk", capacity="1 MiB")
    source = write(tmp_path / "disk.img", noise(MIB))
    run_and_kill(host, "esx_volume", at, path=f"{POOL} new/web.vmdk", source=source, capacity="2 MiB")
    assert [name for name in names(host) if ".upload" in name or ".part" in name]
    arguments: dict[str, Any] = {
        "empty": {"capacity": "1 MiB"},
        "clone": {"clone_of": f"{POOL} template.vmdk"},
        "absent": {"state": "absent"},
        "other image": {"source": write(tmp_path / "other.img", noise(MIB, seed=2))},
    }[then]
    predicted = ensure(host, "new/web.vmdk", check=True, **arguments)
    done = ensure(host, "new/web.vmdk", **arguments)
    assert (predicted["steps"], done["changed"]) == (done["steps"], True)
    assert ensure(host, "new/web.vmdk", **arguments)["changed"] is False
    disk = [] if then == "absent" else ["new/web.vmdk"]
    assert set(names(host)) == {*OWN, "template.vmdk", "new", *disk}


def test_a_killed_upload_is_removed_with_its_file(host: Simulator, tmp_path: Path) -> None:
    source = write(tmp_path / "a.iso", noise(MIB))
    run_and_kill(host, "esx_volume", ("PUT", 0), path=f"{POOL} a.iso", source=source)
    assert [name for name in names(host) if re.fullmatch(r"\.a\.iso\.[0-9a-f]{8}\.part", name)]
    done = ensure(host, "a.iso", state="absent")
    assert done["steps"] == [f"delete what an interrupted task has left of {POOL} a.iso"]
    assert set(names(host)) == set(OWN)


def test_what_a_killed_task_left_does_not_fill_the_datastore(host: Simulator, tmp_path: Path) -> None:
    source = write(tmp_path / "disk.img", noise(4 * MIB))
    iso = write(tmp_path / "a.iso", noise(4 * MIB))
    run_and_kill(host, "esx_volume", ("PUT", 1), path=f"{POOL} web.vmdk", source=source)
    run_and_kill(host, "esx_volume", ("HEAD", 1), path=f"{POOL} a.iso", source=iso)
    host.change_datastore("datastore1", free=3 * MIB)
    assert ensure(host, "web.vmdk", source=source, check=True)["changed"] is True
    assert ensure(host, "a.iso", source=iso, check=True)["changed"] is True


@pytest.mark.parametrize("at", OF_A_CLONE)
def test_a_clone_that_was_killed(host: Simulator, tmp_path: Path, at: tuple[str, int]) -> None:
    data = noise(MIB)
    ensure(host, "template.vmdk", source=write(tmp_path / "disk.img", data))
    left = kill_and_repeat(host, "new/web.vmdk", at, clone_of=f"{POOL} template.vmdk", capacity="2 MiB")
    if at != OF_A_CLONE[-1]:
        assert "new/web.vmdk" not in left
    assert data_of(host, "new/web.vmdk") == data + bytes(MIB)
    assert set(names(host)) == {*OWN, "template.vmdk", "new", "new/web.vmdk"}


@pytest.mark.parametrize("allocation", ["thin", "thick"])
@pytest.mark.parametrize("at", OF_A_CREATION)
def test_a_creation_that_was_killed(host: Simulator, at: tuple[str, int], allocation: str) -> None:
    if allocation == "thin" and at[0].startswith("Move"):
        at = ("CreateFilter", 1)  # a thin disk is created directly under its final name
    kill_and_repeat(host, "new/web.vmdk", at, capacity="2 MiB", allocation=allocation)
    assert set(names(host)) == {*OWN, "new", "new/web.vmdk"}


def test_a_killed_download_is_continued(host: Simulator, tmp_path: Path) -> None:
    data = noise(6 * MIB)
    ensure(host, "a.iso", source=write(tmp_path / "a.iso", data))
    target = tmp_path / "back.iso"
    run_and_kill(host, "esx_volume", ("GET", 0), path=f"{POOL} a.iso", dest=str(target))
    assert not target.exists()
    (part,) = tmp_path.glob("back.iso.part-*")
    part.write_bytes(data[: 4 * MIB])
    host.trace(reset=True)
    ensure(host, "a.iso", dest=str(target))
    assert target.read_bytes() == data
    received = sum(call["out"] for call in host.trace() if call["method"] == "GET")
    assert received < 3 * MIB
    assert list(tmp_path.glob("*.part*")) == []


def test_a_download_that_was_killed_when_it_had_all_of_the_file(host: Simulator, tmp_path: Path) -> None:
    """A server has nothing to send from the end of a file on, and says so with an error."""
    data = noise(MIB)
    ensure(host, "a.iso", source=write(tmp_path / "a.iso", data))
    target = tmp_path / "back.iso"
    run_and_kill(host, "esx_volume", ("GET", 0), path=f"{POOL} a.iso", dest=str(target))
    (part,) = tmp_path.glob("back.iso.part-*")
    part.write_bytes(data)
    ensure(host, "a.iso", dest=str(target))
    assert target.read_bytes() == data
    assert ensure(host, "a.iso", dest=str(target))["changed"] is False


def test_a_killed_download_of_a_former_version_is_removed(host: Simulator, tmp_path: Path) -> None:
    ensure(host, "a.iso", source=write(tmp_path / "a.iso", noise(MIB)))
    for name in ("back.iso.part-123-456", "back.iso.part-of-my-thesis", "other.iso.part-1-2"):
        (tmp_path / name).write_bytes(b"x")
    ensure(host, "a.iso", dest=str(tmp_path / "back.iso"))
    assert (tmp_path / "back.iso").read_bytes() == noise(MIB)
    assert sorted(file.name for file in tmp_path.glob("*.part*")) == [
        "back.iso.part-of-my-thesis",
        "other.iso.part-1-2",
    ]
