# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options: where each value comes from, and what contradicts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.plugins.module_utils._vi.options import OPTION_ENVIRONMENT, ConnectionOptions, resolve

URI = {"uri": "esx://h/"}
DIGEST = "ab" * 32


def resolved(options: dict[str, Any] | None = None, **environment: str) -> ConnectionOptions:
    return resolve(options or {}, environment)


@pytest.mark.parametrize(
    ("options", "environment", "host", "port", "no_verify"),
    [
        ({"uri": "esx://a:1/?no_verify=1"}, {}, "a", 1, True),
        ({}, {"ESX_URI": "esx://a/"}, "a", 443, False),
        ({"uri": "esx://a/"}, {"ESX_URI": "esx://b/"}, "a", 443, False),
        ({"hostname": "a"}, {}, "a", 443, False),
        ({"hostname": "a", "port": 1443, "validate_certs": False}, {}, "a", 1443, True),
        ({"hostname": "::1"}, {}, "::1", 443, False),
        ({"hostname": "[::1]"}, {}, "::1", 443, False),
        ({}, {"VMWARE_HOST": "a", "VMWARE_PORT": "1443", "VMWARE_VALIDATE_CERTS": "no"}, "a", 1443, True),
        ({"hostname": "b"}, {"VMWARE_HOST": "a"}, "b", 443, False),
        ({"uri": "esx://a/", "hostname": "A", "port": 443, "validate_certs": True}, {}, "a", 443, False),
        ({"uri": "esx://a/?no_verify=1"}, {"VMWARE_HOST": "a", "VMWARE_VALIDATE_CERTS": "0"}, "a", 443, True),
        ({"uri": "esx://[::1]/", "hostname": "::1"}, {}, "::1", 443, False),
        (URI, {"VMWARE_HOST": "b", "VMWARE_PORT": "1", "VMWARE_VALIDATE_CERTS": "no"}, "h", 443, False),
        ({"hostname": "b"}, {"ESX_URI": "esx://h:1/?no_verify=1"}, "b", 443, False),
        ({"port": 444, "validate_certs": False}, {"ESX_URI": "esx://h/"}, "h", 444, True),
    ],
)
def test_the_host(options: dict[str, Any], environment: dict[str, str], host: str, port: int, no_verify: bool) -> None:
    uri = resolve(options, environment).uri
    assert (uri.host, uri.port, uri.no_verify) == (host, port, no_verify)


@pytest.mark.parametrize(
    ("options", "environment", "message"),
    [
        ({**URI, "hostname": "b"}, {}, "The option hostname ('b') contradicts the option uri, which says 'h'"),
        ({**URI, "port": 444}, {}, "The option port ('444') contradicts the option uri, which says 443"),
        ({**URI, "validate_certs": False}, {}, "contradicts the option uri, which says to check the certificate"),
        ({"uri": "esx://h/?no_verify=1", "validate_certs": True}, {}, "which says no_verify=1, do not check"),
        (
            {},
            {"ESX_URI": "esx://h/", "VMWARE_HOST": "b"},
            "The environment variable VMWARE_HOST ('b') contradicts the environment variable ESX_URI",
        ),
        ({"hostname": "root:geheim@b"}, {}, "hostname: 'root:***@b' is not the name or the address of a host"),
        ({"hostname": "b:8443"}, {}, "hostname: 'b:8443' is not the name or the address of a host"),
        ({"hostname": "https://b"}, {}, "hostname: 'https://b' is not the name or the address of a host"),
        ({**URI, "proxy_host": "p"}, {}, "The option proxy_host needs a port"),
        ({**URI, "proxy_port": 3128}, {}, "The option proxy_port is given without proxy_host"),
        (
            {"uri": "esx://h/?proxy=q:1", "proxy_host": "p", "proxy_port": 1},
            {},
            "Both the option proxy_host and the URI",
        ),
        ({**URI, "proxy_host": "http://p", "proxy_port": 1}, {}, "is not the name or the address of a proxy"),
        ({**URI, "proxy_host": "p:3128", "proxy_port": 3128}, {}, "is not the name or the address of a proxy"),
        ({**URI, "proxy_host": "my proxy", "proxy_port": 1}, {}, "is not the name or the address of a proxy"),
        ({**URI, "proxy_host": "p", "proxy_port": 70000}, {}, "proxy_port: '70000' is not a number from 1 to 65535"),
        ({"port": 70000}, {"ESX_URI": "esx://h/"}, "port: '70000' is not a number from 1 to 65535"),
        ({"hostname": "esx://b/"}, {}, "is not the name or the address of a host"),
        ({}, {}, "There is no host to connect to"),
        ({"uri": ""}, {}, "There is no host to connect to"),
        ({"hostname": "a", "port": 0}, {}, "port: '0' is not a number from 1 to 65535"),
        ({"hostname": "a", "validate_certs": "maybe"}, {}, "validate_certs: 'maybe' is neither true nor false"),
        ({**URI, "timeout": 0}, {}, "timeout: '0' is not a number of at least 1"),
        ({**URI, "thumbprint": "ab:cd"}, {}, "is not the SHA-256 thumbprint of a certificate"),
        ({"uri": "esx://h/?transport=http", "thumbprint": DIGEST}, {}, "A thumbprint needs a certificate"),
    ],
)
def test_refused(options: dict[str, Any], environment: dict[str, str], message: str) -> None:
    with pytest.raises(EsxError) as caught:
        resolve(options, environment)
    assert message in caught.value.message


def test_a_bad_uri_of_the_environment_shows_no_secret() -> None:
    with pytest.raises(ParseError) as caught:
        resolved(ESX_URI="esx://root:geheim@h/")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "environment", "username"),
    [
        ({"username": "o", "uri": "esx://u@h/"}, {"ESX_USERNAME": "e", "VMWARE_USER": "v"}, "o"),
        ({"uri": "esx://u@h/"}, {"ESX_USERNAME": "e", "VMWARE_USER": "v"}, "u"),
        (URI, {"ESX_USERNAME": "e", "VMWARE_USER": "v"}, "e"),
        (URI, {"VMWARE_USER": "v"}, "v"),
        (URI, {}, None),
    ],
)
def test_the_user(options: dict[str, Any], environment: dict[str, str], username: str | None) -> None:
    assert resolve(options, environment).login.username == username


@pytest.mark.parametrize(
    ("options", "environment", "password"),
    [
        ({**URI, "password": "o"}, {"ESX_PASSWORD": "e", "VMWARE_PASSWORD": "v"}, "o"),
        (URI, {"ESX_PASSWORD": "e", "VMWARE_PASSWORD": "v"}, "e"),
        (URI, {"VMWARE_PASSWORD": "v"}, "v"),
        (URI, {}, None),
    ],
)
def test_the_password(options: dict[str, Any], environment: dict[str, str], password: str | None) -> None:
    assert resolve(options, environment).login.password == password


@pytest.mark.parametrize(
    ("uri", "user"), [("esx://h/", "root"), ("gsx://h/", "root"), ("vpx://h/d/h", "administrator")]
)
def test_the_default_user(uri: str, user: str) -> None:
    assert resolved({"uri": uri}).login.default_username == user


def test_the_vcenter_has_a_login_of_its_own() -> None:
    connection = resolved({"uri": "esx://u@h/", "password": "p"}, ESX_VCENTER_PASSWORD="v")
    login = connection.vcenter_login
    assert (login.username, login.password, login.default_username) == (None, "v", "administrator")
    assert resolved({**URI, "vcenter_username": "a"}, ESX_VCENTER_USERNAME="b").vcenter_login.username == "a"
    assert resolved(URI, ESX_VCENTER_USERNAME="b").vcenter_login.username == "b"


def test_no_password_is_in_the_representation() -> None:
    connection = resolved({**URI, "password": "geheim", "vcenter_password": "geheim"})
    assert "geheim" not in repr(connection)


@pytest.mark.parametrize(
    ("options", "environment", "given"),
    [
        ({**URI, "auth_file": "/o"}, {"LIBVIRT_AUTH_FILE": "/e"}, "/o"),
        ({"uri": "esx://h/?authfile=/u"}, {"LIBVIRT_AUTH_FILE": "/e"}, "/e"),
        ({"uri": "esx://h/?authfile=/u"}, {}, "/u"),
        (URI, {}, None),
    ],
)
def test_the_auth_file(options: dict[str, Any], environment: dict[str, str], given: str | None) -> None:
    assert resolve(options, environment).auth_file.given == given


@pytest.mark.parametrize(
    ("environment", "usual"),
    [
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, ("/x/libvirt/auth.conf", "/etc/libvirt/auth.conf")),
        ({"HOME": "/h"}, ("/h/.config/libvirt/auth.conf", "/etc/libvirt/auth.conf")),
        ({}, ("/etc/libvirt/auth.conf",)),
    ],
)
def test_where_the_auth_file_usually_is(environment: dict[str, str], usual: tuple[str, ...]) -> None:
    assert resolve(URI, environment).auth_file.usual == usual


@pytest.mark.parametrize(
    ("text", "digests"),
    [
        (DIGEST.upper(), (DIGEST,)),
        (":".join(["AB"] * 32), (DIGEST,)),
        (f"{DIGEST}, {'cd' * 32}", (DIGEST, "cd" * 32)),
    ],
)
def test_thumbprints(text: str, digests: tuple[str, ...]) -> None:
    assert resolved({**URI, "thumbprint": text}).thumbprints == digests


def test_the_rest() -> None:
    connection = resolved(
        {
            **URI,
            "timeout": 12,
            "answers": {"msg.uuid.altered": "I copied it", 3: 1},
            "session_cache": True,
            "ca_path": "/c",
        }
    )
    assert (connection.timeout, connection.session_cache, connection.ca_path) == (12, True, "/c")
    assert connection.answers == (("msg.uuid.altered", "I copied it"), ("3", "1"))
    assert resolved(URI).timeout == 300
    assert not resolved(URI).session_cache


def test_an_answer_can_be_written_as_yaml_writes_yes() -> None:
    given = {"msg.uuid.altered": "I Moved It", "msg.cdrom.locked": True, "x": False}
    answers = resolved({**URI, "answers": given}).answers
    assert answers == (("msg.uuid.altered", "I Moved It"), ("msg.cdrom.locked", "Yes"), ("x", "No"))


def test_a_path_that_means_nothing_is_warned_of() -> None:
    assert resolved({"uri": "esx://h/dc"}).warnings == (
        "The path '/dc' of the esx:// URI is ignored: a host has no path.",
    )
    assert resolved({"uri": "vpx://h/dc/h"}).warnings == ()


def test_connections_can_be_told_apart() -> None:
    options = {**URI, "answers": {"a": "b"}}
    assert hash(resolved(options)) == hash(resolved(options))
    assert resolved(options) != resolved({**options, "username": "x"})


def test_no_variable_stands_for_two_options() -> None:
    variables = [name for names in OPTION_ENVIRONMENT.values() for name in names]
    assert len(variables) == len(set(variables))


@pytest.mark.parametrize(
    ("hostname", "hint"),
    [
        ("b:8443", "Set hostname: b and port: 8443; or set uri, as in esx://b:8443/."),
        ("https://b.example.com/ui", "Set hostname: b.example.com; or set uri, as in esx://b.example.com/."),
    ],
)
def test_more_than_a_name_is_sorted_out(hostname: str, hint: str) -> None:
    with pytest.raises(ParseError) as caught:
        resolved({"hostname": hostname})
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("options", "environment", "proxy"),
    [
        ({**URI, "proxy_host": "p", "proxy_port": 3128}, {}, ("http", "p", 3128)),
        (URI, {"VMWARE_PROXY_HOST": "p", "VMWARE_PROXY_PORT": "3128"}, ("http", "p", 3128)),
        ({**URI, "proxy_host": "p"}, {"VMWARE_PROXY_HOST": "q", "VMWARE_PROXY_PORT": "1"}, ("http", "p", 1)),
        (
            {"uri": "esx://h/?proxy=socks5://q:2"},
            {"VMWARE_PROXY_HOST": "p", "VMWARE_PROXY_PORT": "1"},
            ("socks5", "q", 2),
        ),
    ],
)
def test_the_proxy(options: dict[str, Any], environment: dict[str, str], proxy: tuple[str, str, int]) -> None:
    found = resolve(options, environment).uri.proxy
    assert found is not None
    assert (found.kind, found.host, found.port) == proxy
