# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_volume`` killed during its work: the next run succeeds, and no incomplete file has a final name."""

from __future__ import annotations

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
