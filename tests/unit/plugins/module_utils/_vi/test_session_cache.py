# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session files: who can read them, what is in them, and what becomes of damaged ones."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.session_cache import SessionCache, cache_directory

DATA = {"cookie": "vmware_soap_session=x", "about": {"version": "8"}}


@pytest.fixture(name="open_umask", autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(name="directory")
def _directory(tmp_path: Path) -> Path:
    return tmp_path / "a" / "sessions"


def filled(directory: Path, identity: str = "h root") -> SessionCache:
    cache = SessionCache(directory, identity)
    with cache.lock():
        cache.store(DATA)
    return cache


def the_file(directory: Path) -> Path:
    (path,) = directory.glob("*.json")
    return path


def test_only_the_owner_can_read(directory: Path) -> None:
    filled(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_what_is_stored_comes_back(directory: Path) -> None:
    stored = filled(directory).load()
    assert stored is not None
    assert {name: stored[name] for name in DATA} == DATA


def test_each_identity_has_a_file(directory: Path) -> None:
    filled(directory, "h root")
    assert SessionCache(directory, "h other").load() is None
    assert "root" not in the_file(directory).name


def test_a_directory_that_is_open_to_others_is_closed(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o777)
    filled(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"format": 0}', "\udcff"])
def test_a_damaged_file_counts_as_none(directory: Path, text: str) -> None:
    cache = filled(directory)
    the_file(directory).write_bytes(text.encode("utf-8", "surrogateescape"))
    assert cache.load() is None


def test_a_file_that_others_could_write_counts_as_none(directory: Path) -> None:
    cache = filled(directory)
    the_file(directory).chmod(0o660)
    assert cache.load() is None


def test_links_are_not_followed(directory: Path, tmp_path: Path) -> None:
    cache = filled(directory)
    path = the_file(directory)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    assert cache.load() is None


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EsxError, match="cannot be used"), SessionCache(tmp_path / "file" / "x", "i").lock():
        pass


def test_tasks_take_turns(directory: Path) -> None:
    first, second = SessionCache(directory, "i"), SessionCache(directory, "i")
    entered = threading.Event()

    def enter() -> None:
        with second.lock():
            entered.set()

    with first.lock():
        thread = threading.Thread(target=enter)
        thread.start()
        assert not entered.wait(0.1)
    thread.join(5)
    assert entered.is_set()


def test_where_they_are(tmp_path: Path) -> None:
    assert cache_directory({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "virt.esx" / "sessions"
    assert cache_directory({}) == Path.home() / ".cache" / "virt.esx" / "sessions"
