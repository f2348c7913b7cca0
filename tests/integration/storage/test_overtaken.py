# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several clients that want the same at the same time, as hosts of one play do that share a datastore: all succeed."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.modules import esx_domain
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.domain.domains import domain_xml, write_file
from ansible_collections.virt.esx.tests.integration.running import DATASTORE
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

CLIENTS = 4


def at_once(host: Simulator, method: str, task: Any) -> list[bool]:
    """Carry out a task in several threads, each of which has planned before the first one has acted."""
    host.inject(method=method, count=CLIENTS, delay=400)
    with ThreadPoolExecutor(CLIENTS) as threads:
        return sorted(threads.map(lambda _number: bool(task()["changed"]), range(CLIENTS)))


def test_a_disk_that_several_create(esx: Simulator) -> None:
    changed = at_once(esx, "CreateVirtualDisk_Task", lambda: ensure(esx, "new/a.vmdk", capacity="1 MiB"))
    assert True in changed
    assert [name for name in names(esx) if name.startswith("new")] == ["new", "new/a.vmdk"]


def test_a_machine_that_several_make_from_nothing(esx: Simulator) -> None:
    disks = [{"target": "sda", "size": "1 MiB"}]
    xml = domain_xml("new", uuid=None, disk=f"{POOL} new/new.vmdk").replace("local-storage", DATASTORE)
    given: dict[str, Any] = {"xml": xml, "disks": disks, "state": "defined"}
    changed = at_once(esx, "CreateVirtualDisk_Task", lambda: carry_out(esx_domain.CONTRACT, esx, **given))
    assert changed.count(True) >= 1
    assert esx.domains()["new"]["state"] == "poweredOff"


def test_a_file_that_several_upload(esx: Simulator, tmp_path: Path) -> None:
    source = write(tmp_path / "a.iso", b"the same for all")
    changed = at_once(esx, "MoveDatastoreFile_Task", lambda: ensure(esx, "iso/a.iso", source=source))
    assert True in changed
    assert [name for name in names(esx) if name.startswith("iso")] == ["iso", "iso/a.iso", "iso/a.iso.sha256"]


def sources(place: Path, suffix: str) -> list[tuple[str, bytes]]:
    """A file for each client, all of one size."""
    made = [noise(MIB, seed=number) for number in range(CLIENTS)]
    return [(write(place / f"{number}{suffix}", data), data) for number, data in enumerate(made)]


def test_files_of_different_content_that_several_upload_to_one_path(esx: Simulator, tmp_path: Path) -> None:
    """Each has its own temporary file; the last one wins."""
    files = [(write(tmp_path / f"{size}.iso", noise(MIB + size)), noise(MIB + size)) for size in range(CLIENTS)]
    esx.inject(method="MoveDatastoreFile_Task", count=CLIENTS, delay=400)
    with ThreadPoolExecutor(CLIENTS) as threads:
        done = list(threads.map(lambda file: ensure(esx, "iso/a.iso", source=file[0])["changed"], files))
    assert done == [True] * CLIENTS
    found = content(esx, "iso/a.iso")
    assert [name for name in names(esx) if ".part" in name] == []
    winner = [data for _source, data in files].index(found)
    for number, (source, _data) in enumerate(files):
        steps = ensure(esx, "iso/a.iso", source=source, check=True)["steps"]
        assert any(step.startswith("upload") for step in steps) is (number != winner)


def test_a_checksum_that_comes_after_the_file_of_another_task(esx: Simulator, tmp_path: Path) -> None:
    """The first task notes its checksum when the second one has replaced its file, and noted its own."""
    (first, _data), (second, data) = sources(tmp_path, ".iso")[:2]
    esx.inject(method="PUT", name="/folder/a.iso.sha256", count=1, delay=2500)
    with ThreadPoolExecutor(1) as threads:
        task = threads.submit(ensure, esx, "a.iso", source=first)
        while "a.iso" not in names(esx):
            time.sleep(0.1)
        time.sleep(1.1)  # the times of files are whole seconds
        assert ensure(esx, "a.iso", source=second)["changed"] is True
        task.result()
    assert content(esx, "a.iso") == data
    assert ensure(esx, "a.iso", source=first, check=True)["changed"] is True
    assert ensure(esx, "a.iso", source=second)["steps"] == [f"note the checksum of {POOL} a.iso"]


def test_an_upload_that_goes_on_is_left_alone(esx: Simulator, tmp_path: Path) -> None:
    """That of another task, of which only the temporary file is seen; one that does not grow is of a killed task."""
    growing, idle = (f"{POOL} .a.iso.{token}.part" for token in ("0badcafe", "5c0ffee5"))
    ends = threading.Event()

    def go_on() -> None:
        sizes = itertools.count(1)
        while not ends.wait(0.2):
            write_file(esx, growing, bytes(next(sizes)))

    write_file(esx, idle, b"of a task that was killed")
    with ThreadPoolExecutor(1) as threads:
        task = threads.submit(go_on)
        time.sleep(0.5)
        assert ensure(esx, "a.iso", source=write(tmp_path / "a.iso", b"another"))["changed"] is True
        assert names(esx)[:2] == [".a.iso.0badcafe.part", "a.iso"]
        ends.set()
        task.result()


def test_images_of_different_content_that_several_make_one_disk_of(esx: Simulator, tmp_path: Path) -> None:
    """The one that makes the disk has filled it with its own image only; the others are told, or find the disk."""
    files = sources(tmp_path, ".img")
    esx.inject(method="CopyVirtualDisk_Task", count=CLIENTS, delay=400)

    def make(file: tuple[str, bytes]) -> bool:
        try:
            return bool(ensure(esx, "a.vmdk", source=file[0])["changed"])
        except EsxError:
            return False

    with ThreadPoolExecutor(CLIENTS) as threads:
        changed = list(threads.map(make, files))
    assert changed.count(True) == 1
    assert data_of(esx, "a.vmdk") == files[changed.index(True)][1]
    assert [name for name in names(esx) if name.startswith("a.")] == ["a.vmdk"]


def test_several_that_download_to_one_place(esx: Simulator, tmp_path: Path) -> None:
    """One downloads the file, the others wait for it."""
    data = noise(4 * MIB)
    ensure(esx, "a.iso", source=write(tmp_path / "a.iso", data))
    esx.inject(method="GET", name="/folder/a.iso", count=CLIENTS, delay=300)
    dest = tmp_path / "back.iso"
    with ThreadPoolExecutor(CLIENTS) as threads:
        done = list(threads.map(lambda _number: ensure(esx, "a.iso", dest=str(dest))["changed"], range(CLIENTS)))
    assert True in done
    assert dest.read_bytes() == data
    assert [file.name for file in tmp_path.glob("back*")] == ["back.iso"]
    assert ensure(esx, "a.iso", dest=str(dest))["changed"] is False


@pytest.mark.parametrize("same", [True, False])
def test_copies_that_several_make_at_one_path(esx: Simulator, tmp_path: Path, same: bool) -> None:
    """The first one makes it; the others find a file there, whose content is not compared."""
    paths = [f"{number}.iso" for number in range(1 if same else CLIENTS)]
    for number, path in enumerate(paths):
        ensure(esx, path, source=write(tmp_path / path, noise(MIB, seed=number)))
    esx.inject(method="CopyDatastoreFile_Task", count=CLIENTS, delay=400)
    wanted = [paths[number % len(paths)] for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as threads:
        done = list(threads.map(lambda path: ensure(esx, "c.img", clone_of=f"{POOL} {path}")["changed"], wanted))
    assert sorted(done) == [False] * (CLIENTS - 1) + [True]
    assert content(esx, "c.img") == (tmp_path / wanted[done.index(True)]).read_bytes()
    assert [name for name in names(esx) if "c.img" in name] == ["c.img"]
