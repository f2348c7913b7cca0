# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datastore files: every name, every refusal, and many files over a few connections."""

from __future__ import annotations

import socket

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    ConnectionFailed,
    EsxError,
    NotFound,
    ParseError,
    Refused,
    ServerFault,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import (
    CONNECTIONS,
    delete_file,
    file_exists,
    get_file,
    get_files,
    put_file,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.tests.integration.vi.sessions import session_on
from ansible_collections.virt.esx.tests.simulator_client import Simulator

CONTENT = bytes(range(256))


def file(path: str, datastore: str = "local-storage", datacenter: str = "ha-datacenter") -> DatastoreFile:
    return DatastoreFile(datacenter, datastore, path)


def make_directory(session: Session, path: str) -> None:
    """Make the directory of a file: a host makes none when it is uploaded."""
    if "/" in path:
        datacenter = vim.Datacenter("ha-datacenter", session.content.fileManager._stub)
        session.content.fileManager.MakeDirectory(f"[local-storage] {path.rpartition('/')[0]}", datacenter, True)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("dir/a.vmx", "/folder/dir/a.vmx"),
        ("a.vmx", "/folder/a.vmx"),
        ("a b/c%d&e#f?g+h.vmx", "/folder/a%20b/c%25d%26e%23f%3Fg%2Bh.vmx"),
        ("über/~x_y-z.vmx", "/folder/%C3%BCber/~x_y-z.vmx"),
        ("x=y;z,(1)'\"/n.vmx", "/folder/x%3Dy%3Bz%2C%281%29%27%22/n.vmx"),
    ],
)
def test_names(host: Simulator, channels: list[socket.socket], path: str, url: str) -> None:
    wanted = file(path)
    assert wanted.url_path == f"{url}?dcPath=ha-datacenter&dsName=local-storage"
    with session_on(host) as session:
        assert not file_exists(session, wanted)
        make_directory(session, path)
        put_file(session, wanted, CONTENT)
        assert file_exists(session, wanted)
        assert get_file(session, wanted) == CONTENT
        put_file(session, wanted, b"")
        assert get_file(session, wanted) == b""
        delete_file(session, wanted)
        assert not file_exists(session, wanted)
        assert len(channels) == 1


def test_datacenter_and_datastore_are_encoded_twice() -> None:
    wanted = DatastoreFile("fold er/dc&1", "store#1/2", "a.vmx")
    assert wanted.url_path == "/folder/a.vmx?dcPath=fold%2520er%252Fdc%25261&dsName=store%25231%252F2"
    assert str(wanted) == "[store#1/2] a.vmx"


@pytest.mark.parametrize("path", ["missing.vmx", "missing/a.vmx"])
def test_no_such_file(host: Simulator, path: str) -> None:
    with session_on(host) as session:
        with pytest.raises(NotFound, match="there is no such file, datastore or datacenter"):
            get_file(session, file(path))
        with pytest.raises(NotFound, match=r"DELETE \[local-storage\] missing"):
            delete_file(session, file(path))


@pytest.mark.parametrize(("datastore", "datacenter"), [("nowhere", "ha-datacenter"), ("local-storage", "nowhere")])
def test_no_such_place(host: Simulator, datastore: str, datacenter: str) -> None:
    with session_on(host) as session, pytest.raises(NotFound):
        put_file(session, file("a.vmx", datastore, datacenter), b"x")


@pytest.mark.parametrize(
    ("status", "kind", "message"),
    [
        (403, Refused, "the user may not do this"),
        (405, Refused, "the server does not allow this"),
        (409, Refused, "something else has that name"),
        (507, Refused, "the datastore is full"),
        (500, ServerFault, "the server refuses it"),
        (302, ConnectionFailed, "redirects PUT [local-storage] a.vmx to another address"),
    ],
)
def test_refusals(host: Simulator, status: int, kind: type[EsxError], message: str) -> None:
    host.inject(method="PUT", http=status, count=1)
    with session_on(host) as session, pytest.raises(kind) as caught:
        put_file(session, file("a.vmx"), b"x")
    assert "PUT [local-storage] a.vmx" in caught.value.message
    assert message in caught.value.message
    assert f"HTTP status {status}" in caught.value.message


def test_an_expired_session_is_renewed(host: Simulator) -> None:
    with session_on(host) as session:
        put_file(session, file("renewed.vmx"), b"x")
        host.expire_sessions()
        assert get_file(session, file("renewed.vmx")) == b"x"
        host.expire_sessions()
        put_file(session, file("renewed.vmx"), b"y")
        delete_file(session, file("renewed.vmx"))
    assert host.methods().count("Login") == 3


@pytest.mark.parametrize("path", ["", ".", "..", "a/../b.vmx", "../b.vmx", "a//b.vmx", "/a.vmx", "a/./b.vmx", "a/"])
def test_no_path_leads_out_of_its_directory(path: str) -> None:
    with pytest.raises(ParseError, match="segment"):
        str(file(path).url_path)


def test_a_missing_privilege_is_no_dead_session(host: Simulator) -> None:
    host.inject(method="GET", type="folder", http=401)
    with session_on(host) as session:
        for _turn in range(5):
            with pytest.raises(Refused, match="the session is alive, so the user lacks a privilege") as caught:
                get_file(session, file("a.vmx"))
    assert "Datastore.Browse and Datastore.FileManagement" in str(caught.value.hint)
    assert host.methods().count("Login") == host.methods().count("Logout") == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_lost_answer_is_asked_for(host: Simulator, when: str) -> None:
    wanted = file("broken.vmx")
    with session_on(host) as session:
        put_file(session, wanted, b"x")
        host.inject(method="GET", type="folder", drop=when, count=1)
        assert get_file(session, wanted) == b"x"
        host.inject(method="PUT", type="folder", drop=when, count=1)
        if when == "after":
            put_file(session, wanted, b"y")
        else:
            with pytest.raises(ConnectionFailed, match="It was not carried out, as a check afterwards") as caught:
                put_file(session, wanted, b"y")
            assert not caught.value.in_doubt
        host.inject(method="DELETE", type="folder", drop=when, count=1)
        if when == "after":
            delete_file(session, wanted)
        else:
            with pytest.raises(ConnectionFailed, match="It was not carried out"):
                delete_file(session, wanted)
            delete_file(session, wanted)


def test_doubt_stays_where_nothing_can_be_seen(host: Simulator) -> None:
    with session_on(host) as session:
        host.inject(method="PUT", type="folder", drop="after", count=1)
        host.inject(method="GET", type="folder", drop="before")
        with pytest.raises(ConnectionFailed) as caught:
            put_file(session, file("doubt.vmx"), b"y")
        assert caught.value.in_doubt
        host.clear_faults()
        delete_file(session, file("doubt.vmx"))


def test_many_files(host: Simulator, channels: list[socket.socket]) -> None:
    wanted = [file(f"many/{number}.vmx") for number in range(40)]
    with session_on(host) as session:
        make_directory(session, wanted[0].path)
        for number, one in enumerate(wanted[:39]):
            put_file(session, one, str(number).encode())
        answers = get_files(session, wanted)
        assert answers[:39] == [str(number).encode() for number in range(39)]
        assert isinstance(answers[39], NotFound)
        host.expire_sessions()
        assert get_files(session, wanted[:8]) == [str(number).encode() for number in range(8)]
        assert 1 < len(channels) <= CONNECTIONS
        assert get_files(session, []) == []
        for one in wanted[:39]:
            delete_file(session, one)
    assert host.methods().count("Login") == 2
