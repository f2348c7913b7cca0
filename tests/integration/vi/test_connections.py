# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and proxies: what connects, what is refused, and what the refusal tells the user to do."""

from __future__ import annotations

import contextlib
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, MissingLibrary
from ansible_collections.virt.esx.plugins.module_utils._vi import tls
from ansible_collections.virt.esx.plugins.module_utils._vi.pool import Endpoint, Pool
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import Proxy as ProxyServer
from ansible_collections.virt.esx.tests.integration.vi.servers import (
    Certificate,
    Proxy,
    http_answer,
    make_certificate,
    over_tls,
    read_request,
    serve,
    unused_port,
)


@pytest.fixture(scope="module", name="certificates")
def _certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Certificate]:
    directory = tmp_path_factory.mktemp("certificates")
    return {
        "right": make_certificate(directory, "right", "DNS:localhost,IP:127.0.0.1"),
        "other": make_certificate(directory, "other", "DNS:other.example.com"),
        "expired": make_certificate(directory, "expired", "DNS:localhost,IP:127.0.0.1", days=-1),
    }


class Echo:
    """An HTTP server that answers everything; ``seen`` has the requests that came through."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def handle(self, channel: socket.socket) -> None:
        while request := read_request(channel):
            self.seen.append(request)
            channel.sendall(http_answer(b"hello"))


@contextlib.contextmanager
def tls_server(certificate: Certificate) -> Iterator[tuple[int, Echo]]:
    echo = Echo()
    with serve(over_tls(echo.handle, certificate.context())) as port:
        yield port, echo


def get(endpoint: Endpoint) -> bytes:
    """One request over a new connection."""
    pool = Pool(endpoint)
    connection = pool.take()
    connection.request("GET", "/")
    answer = connection.getresponse().read()
    pool.give_back(connection)
    pool.close()
    return answer


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_certificate_in_ca_path_is_accepted(certificates: dict[str, Certificate], host: str) -> None:
    right = certificates["right"]
    with tls_server(right) as (port, _echo):
        assert get(Endpoint(host, port, ca_path=str(right.certificate))) == b"hello"


@pytest.mark.parametrize("kind", ["right", "other", "expired"])
def test_no_verify_accepts_any(certificates: dict[str, Certificate], kind: str) -> None:
    with tls_server(certificates[kind]) as (port, _echo):
        assert get(Endpoint("127.0.0.1", port, no_verify=True)) == b"hello"


@pytest.mark.parametrize("kind", ["right", "other", "expired"])
def test_the_thumbprint_stands_for_the_chain(certificates: dict[str, Certificate], kind: str) -> None:
    digest = certificates[kind].thumbprint().replace(":", "").lower()
    with tls_server(certificates[kind]) as (port, _echo):
        assert get(Endpoint("127.0.0.1", port, thumbprints=("0" * 64, digest))) == b"hello"


@pytest.mark.parametrize("no_verify", [False, True])
def test_another_thumbprint_is_refused_before_anything_is_sent(
    certificates: dict[str, Certificate], no_verify: bool
) -> None:
    with tls_server(certificates["right"]) as (port, echo):
        with pytest.raises(ConnectionFailed) as caught:
            get(Endpoint("127.0.0.1", port, thumbprints=("0" * 64,), no_verify=no_verify))
        assert echo.seen == []
    assert certificates["right"].thumbprint() in caught.value.message


def test_a_connection_whose_certificate_is_refused_is_closed(certificates: dict[str, Certificate]) -> None:
    with tls_server(certificates["right"]) as (port, _echo):
        before = len(list(Path("/proc/self/fd").iterdir()))
        with pytest.raises(ConnectionFailed) as caught:
            get(Endpoint("127.0.0.1", port, thumbprints=("0" * 64,)))
        end = time.monotonic() + 5  # for the server, which is a thread of this process
        while len(list(Path("/proc/self/fd").iterdir())) > before and time.monotonic() < end:
            time.sleep(0.05)
        assert len(list(Path("/proc/self/fd").iterdir())) == before, caught.value  # whose traceback holds the socket


@pytest.mark.parametrize(
    ("kind", "trusted", "reason"),
    [
        ("right", None, "it is signed by itself or by a CA that is not trusted"),
        ("right", "other", "it is signed by itself or by a CA that is not trusted"),
        ("other", "other", "it is for another name"),
        ("expired", "expired", "it is not valid at this time"),
    ],
)
def test_a_refused_certificate_gives_a_hint(
    certificates: dict[str, Certificate], kind: str, trusted: str | None, reason: str
) -> None:
    ca_path = None if trusted is None else str(certificates[trusted].certificate)
    with tls_server(certificates[kind]) as (port, echo):
        with pytest.raises(ConnectionFailed) as caught:
            get(Endpoint("127.0.0.1", port, ca_path=ca_path))
        assert echo.seen == []
    assert f"The certificate of 127.0.0.1:{port} is not accepted: {reason}" in caught.value.message
    hint = str(caught.value.hint)
    assert "ca_path" in hint
    assert "no_verify=1" in hint
    assert f"thumbprint to {certificates[kind].thumbprint()}" in hint


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_DIR"])
def test_no_environment_variable_overrides_ca_path(
    certificates: dict[str, Certificate], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    right, other = certificates["right"], certificates["other"]
    monkeypatch.setenv(variable, str(right.certificate))
    with tls_server(right) as (port, _echo), pytest.raises(ConnectionFailed):
        get(Endpoint("127.0.0.1", port, ca_path=str(other.certificate)))


@pytest.mark.parametrize("variable", ["https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy"])
def test_no_environment_variable_names_a_proxy(
    certificates: dict[str, Certificate], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, f"http://127.0.0.1:{unused_port()}")
    with tls_server(certificates["right"]) as (port, _echo):
        assert get(Endpoint("127.0.0.1", port, no_verify=True)) == b"hello"


@pytest.mark.parametrize(
    ("settings", "loads"),
    [({}, 1), ({"no_verify": True}, 0), ({"ca_path": "given"}, 0), ({"thumbprints": ("0" * 64,)}, 0)],
)
def test_the_systems_bundle_is_loaded_only_if_it_is_used(
    certificates: dict[str, Certificate], monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], loads: int
) -> None:
    loaded: list[object] = []

    def load(context: ssl.SSLContext) -> None:
        loaded.append(context)

    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", load)
    ca_path = str(certificates["right"].certificate) if "ca_path" in settings else None
    tls.make_context(
        no_verify=settings.get("no_verify", False), ca_path=ca_path, thumbprints=settings.get("thumbprints", ())
    )
    assert len(loaded) == loads


def test_one_context_for_all_connections(
    certificates: dict[str, Certificate], monkeypatch: pytest.MonkeyPatch, channels: list[socket.socket]
) -> None:
    made: list[object] = []
    original = ssl.SSLContext.load_verify_locations

    def load(*args: Any, **more: Any) -> None:
        made.append(args)
        original(*args, **more)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", load)
    with tls_server(certificates["right"]) as (port, _echo):
        pool = Pool(Endpoint("127.0.0.1", port, ca_path=str(certificates["right"].certificate)))
        connections = [pool.take() for _turn in range(3)]
        assert len(channels) == 3
        assert len(made) == 1
        for connection in connections:
            connection.close()


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file or directory"), ("nothing", "has no certificate in PEM format")],
)
def test_a_bad_ca_path(tmp_path: Path, content: str | None, message: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConnectionFailed, match=message):
        tls.make_context(no_verify=False, ca_path=str(path), thumbprints=())


def test_a_ca_path_in_the_home_of_an_unknown_user() -> None:
    with pytest.raises(ConnectionFailed, match="~nobody-by-that-name/ca.pem .* cannot be read"):
        tls.make_context(no_verify=False, ca_path="~nobody-by-that-name/ca.pem", thumbprints=())


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1 is deprecated")
def test_an_old_host_takes_no_verify(certificates: dict[str, Certificate]) -> None:
    context = certificates["right"].context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    with serve(over_tls(Echo().handle, context)) as port:
        with pytest.raises(ConnectionFailed) as caught:
            get(Endpoint("127.0.0.1", port, ca_path=str(certificates["right"].certificate)))
        assert "takes no_verify=1" in str(caught.value.hint)
        assert get(Endpoint("127.0.0.1", port, no_verify=True)) == b"hello"


def test_plain_http() -> None:
    with serve(Echo().handle) as port:
        assert get(Endpoint("127.0.0.1", port, transport="http")) == b"hello"


def test_https_to_a_server_of_plain_http() -> None:
    with serve(Echo().handle) as port, pytest.raises(ConnectionFailed) as caught:
        get(Endpoint("127.0.0.1", port))
    assert "transport=http" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("127.0.0.1", "refuses the connection"),
        ("no-such-host.invalid", "cannot be resolved"),
        ("a..b", "is none that the domain name system can have"),
        ("a" * 64, "is none that the domain name system can have"),
    ],
)
def test_nobody_there(host: str, message: str) -> None:
    with pytest.raises(ConnectionFailed, match=message):
        get(Endpoint(host, unused_port()))


def test_an_ipv6_address() -> None:
    echo = Echo()
    with serve(echo.handle, "::1") as port:
        assert get(Endpoint("::1", port, transport="http")) == b"hello"
    assert f"Host: [::1]:{port}".encode() in echo.seen[0]


@pytest.mark.parametrize(
    ("kind", "host", "asked"),
    [
        ("http", "localhost", ("CONNECT", "localhost")),
        ("http", "127.0.0.1", ("CONNECT", "127.0.0.1")),
        ("socks4", "localhost", ("socks4", "127.0.0.1")),
        ("socks4a", "localhost", ("socks4a", "localhost")),
        ("socks5", "localhost", ("socks5", "localhost")),
        ("socks5", "127.0.0.1", ("socks5", "127.0.0.1")),
    ],
)
@pytest.mark.parametrize("transport", ["https", "http"])
def test_proxies(
    certificates: dict[str, Certificate], kind: str, host: str, asked: tuple[str, str], transport: str
) -> None:
    proxy, echo, right = Proxy(), Echo(), certificates["right"]
    handler = over_tls(echo.handle, right.context()) if transport == "https" else echo.handle
    with serve(handler) as port, serve(proxy.handle) as proxy_port:
        server = ProxyServer(kind, "127.0.0.1", proxy_port)
        endpoint = Endpoint(host, port, transport=transport, proxy=server, ca_path=str(right.certificate))
        assert get(endpoint) == b"hello"
        assert proxy.asked == [(*asked, port)]


@pytest.mark.parametrize("kind", ["http", "socks4a", "socks5"])
def test_a_proxy_gets_a_name_as_the_domain_name_system_has_it(kind: str) -> None:
    proxy = Proxy(refuses=True)
    with serve(proxy.handle) as port, pytest.raises(ConnectionFailed, match="b\u00fccher.example:443"):
        get(Endpoint("b\u00fccher.example", 443, proxy=ProxyServer(kind, "127.0.0.1", port)))
    assert [host for _kind, host, _port in proxy.asked] == ["xn--bcher-kva.example"]


@pytest.mark.parametrize("word", ["secret", "wrong"])
@pytest.mark.parametrize("kind", ["http", "socks5"])
def test_a_proxy_with_a_login(kind: str, word: str) -> None:
    proxy = Proxy(login=("user", "secret"))
    with serve(Echo().handle) as port, serve(proxy.handle) as proxy_port:
        server = ProxyServer(kind, "127.0.0.1", proxy_port, "user")
        endpoint = Endpoint("127.0.0.1", port, transport="http", proxy=server, proxy_password=word)
        if word == "secret":
            assert get(endpoint) == b"hello"
        else:
            with pytest.raises(ConnectionFailed, match="does not connect") as caught:
                get(endpoint)
            assert "proxy_password" in str(caught.value.hint)


def test_the_certificate_is_checked_behind_a_proxy(certificates: dict[str, Certificate]) -> None:
    with tls_server(certificates["other"]) as (port, echo), serve(Proxy().handle) as proxy_port:
        server = ProxyServer("socks5", "127.0.0.1", proxy_port)
        with pytest.raises(ConnectionFailed) as caught:
            get(Endpoint("127.0.0.1", port, proxy=server))
        assert certificates["other"].thumbprint() in str(caught.value.hint)
        assert echo.seen == []


@pytest.mark.parametrize("kind", ["http", "socks4", "socks4a", "socks5"])
def test_a_proxy_that_refuses(kind: str) -> None:
    with serve(Proxy(refuses=True).handle) as port, pytest.raises(ConnectionFailed) as caught:
        get(Endpoint("127.0.0.1", 9, proxy=ProxyServer(kind, "127.0.0.1", port)))
    assert f"The {kind} proxy 127.0.0.1:{port} does not connect to 127.0.0.1:9" in caught.value.message


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 99, b"220 mail.example.com\r\n\r\n"])
def test_a_proxy_that_takes_its_time_or_is_none(answer: bytes) -> None:
    def trickle(channel: socket.socket) -> None:
        read_request(channel)
        for byte in answer:
            channel.sendall(bytes([byte]))
            time.sleep(0.05)

    begun = time.monotonic()
    with serve(trickle) as port, pytest.raises(ConnectionFailed, match="does not connect"):
        get(Endpoint("127.0.0.1", 9, proxy=ProxyServer("http", "127.0.0.1", port), timeout=2))
    assert time.monotonic() - begun < 4


@pytest.mark.parametrize("kind", ["http", "socks4", "socks5"])
def test_a_proxy_that_is_not_there(kind: str) -> None:
    port = unused_port()
    with pytest.raises(ConnectionFailed, match=f"The {kind} proxy 127.0.0.1:{port} does not connect"):
        get(Endpoint("127.0.0.1", 9, proxy=ProxyServer(kind, "127.0.0.1", port)))


def test_the_library_for_socks_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_socks", None)
    with pytest.raises(MissingLibrary, match="python-socks"):
        get(Endpoint("127.0.0.1", 9, proxy=ProxyServer("socks5", "127.0.0.1", 9)))
    with pytest.raises(EsxError, match="http proxy"):
        get(Endpoint("127.0.0.1", 9, proxy=ProxyServer("http", "127.0.0.1", unused_port())))


def test_a_connection_closed_by_the_server_is_not_reused(channels: list[socket.socket]) -> None:
    def once(channel: socket.socket) -> None:
        read_request(channel)
        channel.sendall(http_answer(b"hello"))

    with serve(once) as port:
        pool = Pool(Endpoint("127.0.0.1", port, transport="http"))
        for _turn in range(3):
            connection = pool.take()
            connection.request("POST", "/", b"x")
            assert connection.getresponse().read() == b"hello"
            pool.give_back(connection)
            assert connection.sock is not None
            connection.sock.socket.recv(1, socket.MSG_PEEK)  # wait until the server has closed it
        assert len(channels) == 3
