# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The session files: who can read them, what is in them, and what becomes of damaged ones."""

from __future__ import annotations

import itertools
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import CacheUnusable
from ansible_collections.virt.esx.plugins.module_utils._vi.session_cache import (
    FORMAT,
    SessionCache,
    cache_directory,
)

DATA = {"cookie": "vmware_soap_session=x", "about": {"version": "8"}}


@pytest.fixture(name="open_umask", autouse=True)
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture(name="directory")
def _directory(tmp_path: Path) -> Path:
    return tmp_path / "a" / "sessions"


def cache_of(directory: Path, identity: str = "h root", *, word: str = "secret") -> SessionCache:
    return SessionCache(directory, identity, word)


def filled(directory: Path, identity: str = "h root") -> SessionCache:
    cache = cache_of(directory, identity)
    with cache.lock(1):
        cache.store(DATA)
    return cache


def the_file(directory: Path) -> Path:
    (path,) = directory.glob("*.json")
    return path


def test_only_the_owner_can_read(directory: Path) -> None:
    filled(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}


def test_a_stored_session_is_loaded(directory: Path) -> None:
    assert filled(directory).load() == DATA
    assert list(directory.glob("*.new")) == []


def test_each_identity_has_a_file(directory: Path) -> None:
    filled(directory, "h root")
    assert cache_of(directory, "h other").load() is None
    assert "root" not in the_file(directory).name


def test_another_password_has_no_session(directory: Path) -> None:
    filled(directory)
    assert cache_of(directory, word="wrong").load() is None
    assert cache_of(directory).load() == DATA
    assert "secret" not in the_file(directory).read_text()


def test_a_later_session_tells_no_more_of_the_password(directory: Path) -> None:
    """A copy of one file fits one of 65,536 passwords; with a salt, a second one would leave few of these."""
    filled(directory)
    first = the_file(directory).read_text()
    filled(directory)
    assert the_file(directory).read_text() == first


def test_the_files_of_several_hosts_tell_no_more_of_the_password_they_share(directory: Path) -> None:
    """A wrong password that fits one of the files fits all of them, so that they cannot rule it out together."""
    hosts = [f"host-{number} root" for number in range(4)]
    for host in hosts:
        filled(directory, host)
    words = map(str, itertools.count())
    wrong = next(word for word in words if cache_of(directory, hosts[0], word=word).load() is not None)
    assert [cache_of(directory, host, word=wrong).load() for host in hosts] == [DATA] * 4


def test_hardly_any_other_password_fits(directory: Path) -> None:
    filled(directory)
    fitting = sum(cache_of(directory, word=str(number)).load() is not None for number in range(1000))
    assert fitting <= 3


def test_a_directory_that_is_open_to_others_is_closed(directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o777)
    filled(directory)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def changed(text: str, *path: str, to: object) -> str:
    """The text of a session file with one value changed."""
    content = json.loads(text)
    inner = content
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = to
    return json.dumps(content)


DAMAGED: dict[str, Callable[[str], str]] = {
    "empty": lambda _text: "",
    "cut off": lambda text: text[:-1],
    "not UTF-8": lambda _text: "\udcff",
    "a list": lambda _text: "[]",
    "nothing in it": lambda _text: "{}",
    "nested too deeply": lambda _text: "[" * 60_000,
    "too long": lambda text: text + " " * 100_000,
    "the first format": lambda _text: '{"format": 1, "cookie": "a=b", "about": {}, "content": {}}',
    "another format": lambda text: changed(text, "format", to=FORMAT + 1),
    "another cookie": lambda text: changed(text, "session", "cookie", to="a=b\r\nX: 1"),
    "an unknown member": lambda text: changed(text, "session", "about", "x", to=1),
    "a cookie that no file holds": lambda text: changed(text, "session", "cookie", to="\ud800"),
    "a code that is none": lambda text: changed(text, "code", to=5),
    "a code in another script": lambda text: changed(text, "code", to="\u20ac"),
    "a session that is none": lambda text: changed(text, "session", to=[]),
    "one more key": lambda text: changed(text, "more", to=1),
}


# Notes that no request could carry: every later task would fail.
UNSENDABLE = (
    b'{"a": "vm-1", "b": "vm\\u0000"}',
    b'{"a": "\\ud800"}',
    b'{"a": "\\u0001"}',
    b'{"a": "vm-1</obj>"}',
    b'{"a": "vm 1"}',
)


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_no_session(directory: Path, kind: str) -> None:
    cache = filled(directory)
    path = the_file(directory)
    path.write_bytes(DAMAGED[kind](path.read_text()).encode("utf-8", "surrogateescape"))
    assert cache.load() is None
    with cache.lock(1):
        cache.store(DATA)
    assert cache.load() == DATA


def test_a_file_that_others_could_write_is_ignored(directory: Path) -> None:
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


@pytest.mark.parametrize("suffix", [".json", ".lock", ".new"])
@pytest.mark.parametrize("kind", ["link", "fifo", "socket"])
def test_anything_but_a_file_is_replaced(directory: Path, tmp_path: Path, suffix: str, kind: str) -> None:
    cache = filled(directory)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    path = the_file(directory).with_suffix(suffix)
    path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    else:
        os.mknod(path, stat.S_IFSOCK | 0o600)
    if suffix == ".json":
        assert cache.load() is None
    with cache.lock(1):
        cache.store(DATA)
    assert cache.load() == DATA
    assert victim.read_text() == "precious"


def test_a_directory_in_place_of_the_file(directory: Path) -> None:
    cache = filled(directory)
    path = the_file(directory)
    path.unlink()
    path.mkdir()
    assert cache.load() is None
    with cache.lock(1), pytest.raises(CacheUnusable, match="Is a directory"):
        cache.store(DATA)


def test_a_link_in_place_of_the_directory(directory: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir(mode=0o755)
    directory.parent.mkdir(parents=True)
    directory.symlink_to(own)
    with pytest.raises(CacheUnusable, match="it is not a directory of its own"), cache_of(directory).lock(1):
        pass
    assert stat.S_IMODE(own.stat().st_mode) == 0o755
    assert list(own.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
@pytest.mark.parametrize("above", [False, True])
def test_a_directory_of_another_user(directory: Path, above: bool) -> None:
    directory.mkdir(parents=True)
    os.chown(directory.parent if above else directory, 1234, 1234)
    with pytest.raises(CacheUnusable, match="it belongs to another user"), cache_of(directory).lock(1):
        pass


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CacheUnusable, match="cannot be used"), cache_of(tmp_path / "file" / "x" / "y").lock(1):
        pass


def test_tasks_take_turns(directory: Path) -> None:
    first, second = cache_of(directory), cache_of(directory)
    entered = threading.Event()

    def enter() -> None:
        with second.lock(5):
            entered.set()

    with first.lock(1):
        thread = threading.Thread(target=enter)
        thread.start()
        assert not entered.wait(0.1)
        with pytest.raises(CacheUnusable, match="another task has locked it for too long"), cache_of(directory).lock(0):
            pass
    thread.join(5)
    assert entered.is_set()


def test_where_they_are(tmp_path: Path) -> None:
    assert cache_directory({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "virt.esx" / "sessions"
    assert cache_directory({}) == Path.home() / ".cache" / "virt.esx" / "sessions"
    for useless in ("", "relative", "./x"):
        assert cache_directory({"XDG_CACHE_HOME": useless, "HOME": "/home/u"}) == Path(
            "/home/u/.cache/virt.esx/sessions"
        )


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """As those that OpenShift makes up for a container."""
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 987_654)
    with pytest.raises(CacheUnusable, match="below ~/.cache cannot be used: the user has no home directory"):
        cache_directory({})


class TestNotes:
    """Notes of tasks for later ones; they need no password, as they have to be confirmed."""

    def test_they_are_added(self, directory: Path) -> None:
        cache = filled(directory)
        assert cache.load_notes() == {}
        cache.add_notes({"a": "1", "b": "2"})
        cache.add_notes({"a": "3"})
        assert cache_of(directory).load_notes() == {"a": "3", "b": "2"}
        assert cache_of(directory, "other").load_notes() == {}
        assert cache.load() == DATA
        assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}

    def test_the_newest_are_kept(self, directory: Path) -> None:
        cache = filled(directory)
        cache.add_notes({str(number): "" for number in range(300)})
        cache.add_notes({"0": "", "1": ""})
        kept = cache.load_notes()
        assert len(kept) == 200
        assert list(kept)[-3:] == ["299", "0", "1"]

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"a": 1}', b"\xff", b"[" * 100_000, *UNSENDABLE])
    def test_damaged_ones_are_ignored(self, directory: Path, content: bytes) -> None:
        cache = filled(directory)
        cache.add_notes({"a": "1"})
        (path,) = directory.glob("*.notes")
        path.write_bytes(content)
        assert cache.load_notes() == {}
        cache.add_notes({"b": "2"})
        assert cache.load_notes() == {"b": "2"}

    def test_they_are_never_an_error(self, directory: Path) -> None:
        cache = filled(directory)
        (path,) = directory.glob("*.lock")
        path.unlink()
        path.mkdir()
        cache.add_notes({"a": "1"})
        assert cache.load_notes() == {}
