# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Large files: streamed in both directions, resumed, bounded in time and memory, and never taken from a page."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import socket
import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import (
    ConnectionFailed,
    EsxError,
    NotFound,
    ParseError,
    Refused,
    TimedOut,
)
from ansible_collections.virt.esx.plugins.module_utils._vi import folder, transfers
from ansible_collections.virt.esx.plugins.module_utils._vi.channel import PIECE
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import delete_file, get_file, put_file
from ansible_collections.virt.esx.plugins.module_utils._vi.exchange import BLOCK, exchange, send_stream
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.module_utils._vi.pool import Endpoint, Pool
from ansible_collections.virt.esx.plugins.module_utils._vi.stub import SessionRenewed
from ansible_collections.virt.esx.plugins.module_utils._vi.transfers import (
    download_file,
    file_info,
    receive_from_url,
    send_to_url,
    upload_file,
)
from ansible_collections.virt.esx.tests.integration.vi.servers import http_answer, read_request, serve
from ansible_collections.virt.esx.tests.integration.vi.sessions import session_on
from ansible_collections.virt.esx.tests.simulator_client import Simulator

SIZE = 5 * BLOCK + 123


def place(path: str) -> DatastoreFile:
    return DatastoreFile("ha-datacenter", "local-storage", path)


@pytest.fixture(name="source")
def _source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(os.urandom(SIZE))
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_there_and_back(host: Simulator, source: Path, tmp_path: Path) -> None:
    wanted = place("big.iso")
    sent: list[int] = []
    received: list[int] = []
    with session_on(host) as session:
        with source.open("rb") as file:
            upload_file(session, wanted, file, SIZE, progress=sent.append)
        info = file_info(session, wanted)
        assert info.size == SIZE
        with (tmp_path / "back").open("w+b") as file:
            assert download_file(session, wanted, file, progress=received.append) == info
        delete_file(session, wanted)
        with pytest.raises(NotFound):
            file_info(session, wanted)
    assert digest(tmp_path / "back") == digest(source)
    assert sent[-1] == received[-1] == SIZE
    assert sent == sorted(sent)
    assert len(sent) == -(-SIZE // PIECE)


def test_an_interrupted_download_is_continued(host: Simulator, source: Path, tmp_path: Path) -> None:
    wanted, part = place("part.iso"), tmp_path / "part"
    part.write_bytes(source.read_bytes()[:BLOCK])
    received: list[int] = []
    with session_on(host) as session:
        with source.open("rb") as file:
            upload_file(session, wanted, file, SIZE)
        modified = file_info(session, wanted).modified
        with part.open("r+b") as file:
            download_file(session, wanted, file, offset=BLOCK, modified=modified, progress=received.append)
        assert digest(part) == digest(source)
        assert received[0] > BLOCK
        with part.open("r+b") as file:  # what changed since then is fetched from its beginning
            file.write(b"another")
            download_file(session, wanted, file, offset=7, modified="Thu, 01 Jan 2015 00:00:00 GMT")
        assert digest(part) == digest(source)
        delete_file(session, wanted)


def test_an_upload_without_a_privilege(host: Simulator) -> None:
    host.inject(method="PUT", type="folder", http=401)
    with session_on(host) as session, pytest.raises(Refused, match="the user lacks a privilege"):
        upload_file(session, place("a.iso"), io.BytesIO(b"x"), 1)


def test_an_expired_session_is_renewed_before_an_upload(host: Simulator) -> None:
    with session_on(host) as session:
        host.expire_sessions()
        upload_file(session, place("renewed.iso"), io.BytesIO(b"x"), 1)
        delete_file(session, place("renewed.iso"))
    assert host.methods().count("Login") == 2


def test_a_session_that_ends_right_before_an_upload_is_no_missing_privilege(
    host: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expire_and_send(*args: Any, **options: Any) -> Any:
        host.expire_sessions()
        return send_stream(*args, **options)

    monkeypatch.setattr(transfers, "send_stream", expire_and_send)
    with session_on(host) as session, pytest.raises(SessionRenewed, match=r"ended before PUT \[local-storage\] a.iso"):
        upload_file(session, place("a.iso"), io.BytesIO(b"x"), 1)
    assert host.sessions() == []


def test_a_session_that_ends_twice_before_a_read_is_no_missing_privilege(
    host: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expire_and_ask(*args: Any, **options: Any) -> Any:
        host.expire_sessions()
        return exchange(*args, **options)

    monkeypatch.setattr(folder, "exchange", expire_and_ask)
    with session_on(host) as session, pytest.raises(SessionRenewed, match=r"ended before GET \[local-storage\] a.vmx"):
        get_file(session, place("a.vmx"))
    assert host.sessions() == []


def test_a_source_that_is_too_short(host: Simulator) -> None:
    with session_on(host) as session, pytest.raises(EsxError, match="ends after 1 of 2 bytes: the file became shorter"):
        upload_file(session, place("short.iso"), io.BytesIO(b"x"), 2)


def test_only_a_vmx_fits_into_memory(host: Simulator) -> None:
    with session_on(host) as session:
        upload_file(session, place("long.vmx"), io.BytesIO(b"x" * 600_000), 600_000)
        with pytest.raises(ConnectionFailed, match="longer than 512 KiB"):
            get_file(session, place("long.vmx"))
        delete_file(session, place("long.vmx"))


class Script:
    """A server that answers each request with the next of its answers, and closes the connection after the last."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.seen: list[bytes] = []

    def handle(self, channel: socket.socket) -> None:
        while self.answers:
            request = read_request(channel)
            if not request:
                return
            self.seen.append(request)
            answer = self.answers.pop(0)
            channel.sendall(answer)
            if b"!" in answer:  # a body that breaks off
                return


PART = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nLast-Modified: Thu, 26 Nov 2026 00:00:00 GMT\r\n\r\n0123!"
REST = http_answer(b"56789", "206 Partial Content", "Content-Range: bytes 5-9/10\r\n")
WHOLE = http_answer(b"0123!56789".replace(b"!", b"4"))


@pytest.mark.parametrize("rest", [REST, WHOLE])
def test_a_broken_download_is_resumed(host: Simulator, rest: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    script, target = Script(PART, rest), io.BytesIO()
    with serve(script.handle) as port, session_on(host) as session:
        monkeypatch.setattr(session, "pool", Pool(Endpoint("127.0.0.1", port, transport="http")), raising=True)
        own = session.stub.pool_of_ours
        assert download_file(session, place("a.iso"), target).size == 10
        session.pool = own
    assert target.getvalue() in (b"0123!56789", b"0123456789")
    assert b"Range: bytes=5-" in script.seen[1]
    assert b"If-Range: Thu, 26 Nov 2026" in script.seen[1]


PAGE = http_answer(b"<html><body>The host is starting</body></html>", headers="Content-Type: text/html\r\n")


def test_a_page_is_no_file(host: Simulator) -> None:
    with serve(Script(*[PAGE] * 9).handle) as port, session_on(host) as session:
        own, session.pool = session.pool, Pool(Endpoint("127.0.0.1", port, transport="http"))
        for act in (
            lambda: get_file(session, place("a.vmx")),
            lambda: put_file(session, place("a.vmx"), b"x"),
            lambda: download_file(session, place("a.iso"), io.BytesIO()),
            lambda: delete_file(session, place("a.vmx")),
            lambda: send_to_url(session, f"http://*:{port}/nfc/1", io.BytesIO(b"x"), 1),
        ):
            with pytest.raises(ConnectionFailed, match="with an HTML page"):
                act()
        session.pool = own


def test_a_false_success_without_a_file_says_that_nothing_happened(host: Simulator) -> None:
    empty, missing = http_answer(b""), b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    with serve(Script(empty, missing, missing, empty, missing).handle) as port, session_on(host) as session:
        own, session.pool = session.pool, Pool(Endpoint("127.0.0.1", port, transport="http"))
        with pytest.raises(ConnectionFailed, match="It was not carried out"):
            put_file(session, place("a.vmx"), b"x")
        with pytest.raises(ConnectionFailed, match="It was not carried out"):
            upload_file(session, place("a.iso"), io.BytesIO(b"x"), 1)
        session.pool = own


def trickle(channel: socket.socket) -> None:
    read_request(channel)
    for byte in http_answer(b"x" * 1000):
        channel.sendall(bytes([byte]))
        time.sleep(0.1)


def test_one_deadline_for_the_whole_answer() -> None:
    with serve(trickle) as port:
        start = time.monotonic()
        with pytest.raises(socket.timeout):
            exchange(Pool(Endpoint("127.0.0.1", port, "http", timeout=0.5)), "GET", "/", headers={}, limit=10_000)
        assert time.monotonic() - start < 1.5


@pytest.mark.parametrize(
    "head", ["Content-Length: 99999999999", "Content-Length: -5\r\nX: y", "Transfer-Encoding: identity"]
)
def test_an_answer_has_a_longest_size(head: str) -> None:
    def handle(channel: socket.socket) -> None:
        read_request(channel)
        channel.sendall(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        while True:
            channel.sendall(b"x" * 65536)

    tracemalloc.start()
    with serve(handle) as port, pytest.raises(Exception, match="longer than 1024 KiB"):
        exchange(Pool(Endpoint("127.0.0.1", port, "http", timeout=20)), "GET", "/", headers={}, limit=BLOCK)
    assert tracemalloc.get_traced_memory()[1] < 20 * BLOCK
    tracemalloc.stop()


def test_a_url_of_another_host_gets_no_cookie(host: Simulator) -> None:
    script = Script(http_answer(b"", "201 Created"), http_answer(b"disk"))
    with serve(script.handle) as port, session_on(host) as session:
        send_to_url(
            session,
            f"http://127.0.0.1:{port}/nfc/disk-0.vmdk?a=b",
            io.BytesIO(b"content"),
            7,
            headers={"Content-Type": "application/x-vnd.vmware-streamVmdk"},
        )
        target = io.BytesIO()
        assert receive_from_url(session, f"http://127.0.0.1:{port}/nfc/1", target) == 4
    sent = script.seen[0]
    assert sent.startswith(b"POST /nfc/disk-0.vmdk?a=b HTTP/1.1\r\n")
    assert sent.endswith(b"\r\n\r\ncontent")
    assert b"Cookie" not in sent + script.seen[1]
    assert b"streamVmdk" in sent


@pytest.mark.parametrize(
    ("path", "sent"), [("/nfc/B\u00fccher 1.vmdk", b"/nfc/B%C3%BCcher%201.vmdk"), ("/a%20b?c=%2F&d", b"/a%20b?c=%2F&d")]
)
def test_a_path_that_the_server_has_not_encoded(host: Simulator, path: str, sent: bytes) -> None:
    script = Script(http_answer(b"disk"))
    with serve(script.handle) as port, session_on(host) as session:
        assert receive_from_url(session, f"http://127.0.0.1:{port}{path}", io.BytesIO()) == 4
    assert script.seen[0].split()[1] == sent


@pytest.mark.parametrize(
    "url", ["", "ftp://h/x", "https:///x", "https://h:99999/x", "https://h:nfc/x", "https://[::1/x", "https://*/\ud800"]
)
def test_a_url_that_is_none(host: Simulator, url: str) -> None:
    with session_on(host) as session, pytest.raises(ParseError, match="is not the URL of a host"):
        send_to_url(session, url, io.BytesIO(b"x"), 1)


@pytest.mark.parametrize("head", [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"])
def test_a_server_that_closes_the_connection_after_its_answer(host: Simulator, head: bytes) -> None:
    """As servers of HTTP/1.0 do, and hosts that have answered enough requests on a connection."""

    def handle(channel: socket.socket) -> None:
        read_request(channel)
        channel.sendall(head + b"x" * (2 * PIECE))

    target = io.BytesIO()
    with serve(handle) as port, session_on(host) as session:
        assert receive_from_url(session, f"http://127.0.0.1:{port}/a", target) == 2 * PIECE
        own, session.pool = session.pool, Pool(Endpoint("127.0.0.1", port, transport="http"))
        assert download_file(session, place("a.iso"), target).size == 2 * PIECE
        session.pool = own


SHORT = b"HTTP/1.0 200 OK\r\n\r\n0123!"


@pytest.mark.parametrize("rest", [REST, WHOLE])
def test_a_body_without_a_length_is_resumed_where_it_is_too_short(host: Simulator, rest: bytes) -> None:
    target = io.BytesIO()
    with serve(Script(SHORT, rest).handle) as port, session_on(host) as session:
        own, session.pool = session.pool, Pool(Endpoint("127.0.0.1", port, transport="http"))
        assert download_file(session, place("a.iso"), target, size=10).size == 10
        session.pool = own
    assert target.getvalue() in (b"0123!56789", b"0123456789")


def test_a_body_without_a_length_that_stays_too_short(host: Simulator) -> None:
    with serve(Script(SHORT, SHORT).handle) as port, session_on(host) as session:
        own, session.pool = session.pool, Pool(Endpoint("127.0.0.1", port, transport="http"))
        with pytest.raises(ConnectionFailed, match="the connection ended after 5 of 10 bytes"):
            download_file(session, place("a.iso"), io.BytesIO(), size=10)
        session.pool = own


def test_a_slow_server_that_closes_the_connection_is_not_waited_for(host: Simulator) -> None:
    def handle(channel: socket.socket) -> None:
        read_request(channel)
        channel.sendall(b"HTTP/1.0 200 OK\r\n\r\nx")
        time.sleep(5)

    with serve(handle) as port, session_on(host, timeout=1) as session:
        start = time.monotonic()
        with pytest.raises(TimedOut, match="did not answer GET /a within 1 seconds"):
            receive_from_url(session, f"http://127.0.0.1:{port}/a", io.BytesIO())
        assert time.monotonic() - start < 4


def test_a_file_in_an_encoding_that_was_not_asked_for(host: Simulator) -> None:
    """It would be stored as it is, which is not the file."""
    packed, target = http_answer(gzip.compress(b"disk"), headers="Content-Encoding: gzip\r\n"), io.BytesIO()
    with serve(Script(packed).handle) as port, session_on(host) as session:
        url = f"http://127.0.0.1:{port}/a"
        with pytest.raises(ConnectionFailed, match="the encoding 'gzip', which was not asked for"):
            receive_from_url(session, url, target)
    assert target.getvalue() == b""


def test_the_star_is_the_server_itself(host: Simulator, channels: list[socket.socket]) -> None:
    with session_on(host) as session:
        put_file(session, place("star.txt"), b"content")
        target = io.BytesIO()
        receive_from_url(session, f"https://*{place('star.txt').url_path}", target)
        assert target.getvalue() == b"content"
        assert len(channels) == 1
        delete_file(session, place("star.txt"))


def test_a_server_that_stops_reading(host: Simulator) -> None:
    def handle(channel: socket.socket) -> None:
        channel.recv(100)
        time.sleep(5)

    with serve(handle) as port, session_on(host, timeout=1) as session:
        start = time.monotonic()
        with pytest.raises(TimedOut, match="Whether it was carried out is not known"):
            send_to_url(session, f"http://127.0.0.1:{port}/", io.BytesIO(bytes(64 * BLOCK)), 64 * BLOCK)
        assert time.monotonic() - start < 4


def test_a_refusal_in_the_middle_of_an_upload_is_heard(host: Simulator) -> None:
    def handle(channel: socket.socket) -> None:
        channel.recv(100)
        channel.sendall(http_answer(b"<html>full</html>", "507 Insufficient Storage", "Connection: close\r\n"))
        channel.shutdown(socket.SHUT_WR)
        time.sleep(0.3)

    with serve(handle) as port, session_on(host) as session, pytest.raises(Exception, match="507|broke") as caught:
        send_to_url(session, f"http://127.0.0.1:{port}/", io.BytesIO(bytes(64 * BLOCK)), 64 * BLOCK)
    assert isinstance(caught.value, ConnectionFailed)
