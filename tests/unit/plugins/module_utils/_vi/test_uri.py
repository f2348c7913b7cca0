# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection URIs: what libvirt's driver accepts, and clear refusals of all else."""

from __future__ import annotations

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import (
    Proxy,
    Uri,
    parse_uri,
    passwords_in,
    redact,
)

SECRET = "geheim"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("esx://h", Uri("esx", "h", 443)),
        ("esx://h/", Uri("esx", "h", 443)),
        ("  esx://h/\n", Uri("esx", "h", 443)),
        ("esx://h:0/", Uri("esx", "h", 443)),
        ("esx://h:/", Uri("esx", "h", 443)),
        ("esx://h:8443/", Uri("esx", "h", 8443, port_given=True)),
        ("esx://root@h/", Uri("esx", "h", 443, user="root")),
        ("esx://root%40dom%5Cain@h/", Uri("esx", "h", 443, user="root@dom\\ain")),
        ("esx://@h/", Uri("esx", "h", 443)),
        ("esx://h/?transport=http", Uri("esx", "h", 80, transport="http")),
        ("gsx://h/", Uri("gsx", "h", 8333)),
        ("gsx://h/?transport=http", Uri("gsx", "h", 8222, transport="http")),
        ("vpx://h/dc/host?transport=http", Uri("vpx", "h", 80, path=("dc", "host"), transport="http")),
        ("vpx://u@h/f/dc//cluster/host/", Uri("vpx", "h", 443, user="u", path=("f", "dc", "cluster", "host"))),
        ("vpx://h/a%2Fb/c%20d", Uri("vpx", "h", 443, path=("a/b", "c d"))),
        ("vpx://h:443/f/a@b/host", Uri("vpx", "h", 443, port_given=True, path=("f", "a@b", "host"))),
        ("esx://[::1]/", Uri("esx", "::1", 443)),
        ("esx://[fe80::1%25eth0]:1443/", Uri("esx", "fe80::1%eth0", 1443, port_given=True)),
        ("esx://h/?vcenter=*", Uri("esx", "h", 443, vcenter="*")),
        ("esx://h/?vcenter=vc.example.com", Uri("esx", "h", 443, vcenter="vc.example.com")),
        ("esx://h/?vcenter=[::1]:8443", Uri("esx", "h", 443, vcenter="[::1]:8443")),
        ("esx://h/?no_verify=1&auto_answer=1", Uri("esx", "h", 443, no_verify=True, auto_answer=True)),
        ("esx://h/?no_verify=01;auto_answer=0", Uri("esx", "h", 443, no_verify=True)),
        ("esx://h/?NO_VERIFY=1&Auto_Answer=1", Uri("esx", "h", 443, no_verify=True, auto_answer=True)),
        ("esx://h/?no_verify=1&no_verify=0", Uri("esx", "h", 443)),
        ("esx://h/?no_verify=1&", Uri("esx", "h", 443, no_verify=True)),
        ("esx://h/?authfile=%2Fetc%2Fa.conf", Uri("esx", "h", 443, authfile="/etc/a.conf")),
        ("esx://h/ignored", Uri("esx", "h", 443, path=("ignored",))),
    ],
)
def test_parse(text: str, expected: Uri) -> None:
    assert parse_uri(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("p", Proxy("http", "p", 1080)),
        ("p:3128", Proxy("http", "p", 3128)),
        ("http://p", Proxy("http", "p", 1080)),
        ("socks://p", Proxy("socks5", "p", 1080)),
        ("socks4://p:1", Proxy("socks4", "p", 1)),
        ("socks4a://p", Proxy("socks4a", "p", 1080)),
        ("socks5://[::1]:65535", Proxy("socks5", "::1", 65535)),
        ("socks5%3A%2F%2Fp", Proxy("socks5", "p", 1080)),
        ("socks5h://p", Proxy("socks5", "p", 1080)),
        ("http://p:3128/", Proxy("http", "p", 3128)),
        ("http://u@p:3128", Proxy("http", "p", 3128, "u")),
        ("socks5://d%5Cu@p", Proxy("socks5", "p", 1080, "d\\u")),
    ],
)
def test_proxy(value: str, expected: Proxy) -> None:
    assert parse_uri(f"esx://h/?proxy={value}").proxy == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has to begin with esx://"),
        ("h", "has to begin with esx://"),
        ("qemu://h/", "expected esx, gsx or vpx"),
        ("ESX://h/", "written in lower case, esx://"),
        ("esx+ssh://h/", "has no transport 'ssh' in the scheme"),
        ("vpx+tcp://h/dc/h", "has no transport 'tcp' in the scheme"),
        ("esx:///", "there is no server"),
        ("esx://:443/", "there is no host"),
        ("esx://h:x/", "the port 'x' is not a number from 1 to 65535"),
        ("esx://h:65536/", "the port '65536' is not a number"),
        ("esx://::1/", "has to be in brackets, [::1]"),
        ("esx://a b/", "a space is %20"),
        ("esx://a%0d%0ab/", "is not the name or the address of a host"),
        ("esx://h/#x", "'#' has to be written as %23"),
        ("vpx://h", "needs the path of the host"),
        ("vpx://h/", "needs the path of the host"),
        ("vpx://h/dc/h?vcenter=*", "is itself a connection to a vCenter"),
        ("esx://h/?verify=1", "there is no parameter 'verify'; the parameters are transport, vcenter, no_verify"),
        ("esx://h/?transport=HTTP", "the parameter transport is 'HTTP', it has to be 'https' or 'http'"),
        ("esx://h/?no_verify=2", "the parameter no_verify is '2', it has to be '0' or '1'"),
        ("esx://h/?no_verify", "the parameter no_verify is '', it has to be '0' or '1'"),
        ("esx://h/?auto_answer=yes", "the parameter auto_answer is 'yes', it has to be '0' or '1'"),
        ("esx://h/?vcenter=", "it has to be a host or '*'"),
        ("esx://h/?proxy=ftp://p", "has the type 'ftp'; expected one of http, socks, socks4, socks4a, socks5"),
        ("esx://h/?proxy=SOCKS5://p", "has the type 'SOCKS5'"),
        ("esx://h/?proxy=:3128", "there is no host in ':3128'"),
        ("esx://h/?proxy=p:0", "the port '0' is not a number from 1 to 65535"),
        ("esx://h/?proxy=p:http", "the port 'http' is not a number from 1 to 65535"),
        ("esx://h/?proxy=http://p/path", "'p/path' is not the name or the address of a host"),
        ("esx://h/?proxy=my%20proxy:3128", "'my proxy' is not the name or the address of a host"),
        ("esx://h/?vcenter=vc/dc", "'vc/dc' is not the name or the address of a host"),
        ("esx://h/?vcenter=vc%0d%0aX:443", "is not the name or the address of a host"),
    ],
)
def test_refused(text: str, reason: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_uri(text)
    assert reason in caught.value.message
    assert redact(text) in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        f"esx://root:{SECRET}@h/",
        f"esx://root%3A{SECRET}@h/",
        f"esx://root%3a{SECRET}@h/",
        f"esx://root:a@{SECRET}@h/",
        f"esx://root:a/{SECRET}@h/",
        f"esx://root:a?{SECRET}@h/",
        f"esx://root:a#{SECRET}@h/",
        f"esx://root:{SECRET}/a@h/",
        f"esx://root:{SECRET}?a@h/",
        f"esx://root:{SECRET}#a@h/",
        f"esx://root:{SECRET}:{SECRET}@[::1]:443/?transport=x",
        f"root:{SECRET}@h",
        f"esx+ssh://root:{SECRET}@h/",
        f"esx://h/?proxy=http://u:{SECRET}@p",
        f"esx://h/?proxy=u:{SECRET}@p://x",
        f"esx://h/?proxy=http%3A%2F%2Fu%3A{SECRET}%40p",
        f"esx://h/?vcenter=u:{SECRET}@vc",
        f"esx://h/?password={SECRET}",
        f"esx://h/?PassWord={SECRET}&no_verify=2",
        f"esx://h/?token={SECRET}",
        f"esx://h/?user=root:{SECRET}",
        f"esx://h/?pw={SECRET}&no_verify=1",
        f"esx://root:{SECRET}",
        f"esx://root:{SECRET}/",
        f"vpx://root:{SECRET}:a:b/dc/h?no_verify=1",
        f"esx://root@h:{SECRET}/",
        f"esx://h/?no_verify=1;password={SECRET}",
        f"esx://h/?;no_verify=1;;pw={SECRET};",
        f"esx://h/?password%3D{SECRET}",
        f"esx://h/?no_verify=1%26password={SECRET}",
        f"esx://h/?no_verify=1,password={SECRET}",
        f"esx://h/?transport=http?password={SECRET}",
        f"esx://h/?no_verify=1#password={SECRET}",
        f"esx://h/#{SECRET}",
        f"esx://root:a#{SECRET}",
    ],
)
def test_no_error_shows_a_secret(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_uri(text)
    shown = f"{caught.value} {caught.value.hint} {caught.value!r} {caught.value.__cause__}"
    assert SECRET not in shown
    assert "***" in shown
    assert text in passwords_in(text)  # which is not shown among the arguments either


@pytest.mark.parametrize(
    "text",
    [
        "esx://root@h/?no_verify=1",
        "vpx://u%40d@[::1]:8443/dc/h?proxy=socks5://p:1080",
        "not a uri at all",
        "esx://h:99999/?no_verfy=1",
        "esx://h:https/?verify=no",
        "esx://fe80::1/",
        "esx://[::1]:8443/?no_verfy=1",
        "esx://[fe80::1%25eth0]/?no_verify=2;auto_answer=1",
        "vpx://h/dc/folder:first/host?verify=no",
    ],
)
def test_redact_keeps_texts_without_secrets(text: str) -> None:
    assert redact(text) == text
