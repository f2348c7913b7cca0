# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection options of every module and plugin, resolved to one value: pure, no files are read.

The input is options and environment, the output ``ConnectionOptions``. Only the logins may be incomplete; they are
completed from libvirt's auth file, which ``credentials.py`` reads when a session is opened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import (
    Proxy,
    Uri,
    is_host,
    join_host_port,
    parse_port,
    parse_uri,
    redact,
)

# The environment variables for options that are not given; the first one that is set is used.
OPTION_ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "uri": ("ESX_URI",),
    "hostname": ("VMWARE_HOST",),
    "port": ("VMWARE_PORT",),
    "validate_certs": ("VMWARE_VALIDATE_CERTS",),
    "username": ("ESX_USERNAME", "VMWARE_USER"),
    "password": ("ESX_PASSWORD", "VMWARE_PASSWORD"),
    "vcenter_username": ("ESX_VCENTER_USERNAME",),
    "vcenter_password": ("ESX_VCENTER_PASSWORD",),
    "proxy_password": ("ESX_PROXY_PASSWORD",),
    "auth_file": ("LIBVIRT_AUTH_FILE",),
    "proxy_host": ("VMWARE_PROXY_HOST",),
    "proxy_port": ("VMWARE_PROXY_PORT",),
}

DEFAULT_TIMEOUT = 300
DEFAULT_USERNAME = {"esx": "root", "gsx": "root", "vpx": "administrator"}
SYSTEM_AUTH_FILE = "/etc/libvirt/auth.conf"

_TRUE = ("yes", "on", "1", "true", "t", "y")
_FALSE = ("no", "off", "0", "false", "f", "n")


@dataclass(frozen=True)
class Login:
    """User and password for one server, as far as options and environment have them."""

    username: str | None
    password: str | None = field(repr=False)
    default_username: str


class AuthFile(NamedTuple):
    """The paths of libvirt's auth file: ``given`` must be readable, else the first readable ``usual`` one is used."""

    given: str | None
    usual: tuple[str, ...]


@dataclass(frozen=True)
class ConnectionOptions:
    """Everything that is needed to open a session.

    ``thumbprints`` are SHA-256 digests as 64 lower-case hex digits; ``timeout`` is in seconds; ``answers`` are pairs of
    a question's id or text and the choice.
    """

    uri: Uri
    login: Login
    vcenter_login: Login
    auth_file: AuthFile
    proxy_password: str | None = field(default=None, repr=False)
    ca_path: str | None = None
    thumbprints: tuple[str, ...] = ()
    timeout: int = DEFAULT_TIMEOUT
    answers: tuple[tuple[str, str], ...] = ()
    session_cache: bool = False
    warnings: tuple[str, ...] = ()


def resolve(options: Mapping[str, Any], environment: Mapping[str, str]) -> ConnectionOptions:
    """Return the one connection that options and environment describe.

    :param options: the connection options of a module or plugin; None stands for "not given".
    :param environment: the environment variables of the process (``os.environ``).
    :raises ParseError: for an invalid URI or value.
    :raises EsxError: if there is no host, or if ``hostname``, ``port`` or ``validate_certs`` contradict the ``uri``.
    """
    given = _Given(options, environment)
    uri = _with_proxy(_uri(given), given)
    thumbprints = _thumbprints(given.text("thumbprint"))
    if thumbprints and uri.transport == "http":
        raise EsxError("A thumbprint needs a certificate, but the URI has transport=http.")
    return ConnectionOptions(
        uri=uri,
        login=_login(given, "username", "password", uri.user, DEFAULT_USERNAME[uri.scheme]),
        vcenter_login=_login(given, "vcenter_username", "vcenter_password", None, DEFAULT_USERNAME["vpx"]),
        auth_file=_auth_file(given, uri, environment),
        proxy_password=given.text("proxy_password"),
        ca_path=given.text("ca_path"),
        thumbprints=thumbprints,
        timeout=_positive("timeout", options.get("timeout"), DEFAULT_TIMEOUT),
        answers=tuple((str(key), _answer(value)) for key, value in (options.get("answers") or {}).items()),
        session_cache=bool(options.get("session_cache")),
        warnings=_warnings(uri),
    )


class _Given:
    """Options, with environment variables as their defaults."""

    def __init__(self, options: Mapping[str, Any], environment: Mapping[str, str]) -> None:
        self._options = options
        self._environment = environment

    def option(self, name: str) -> str | None:
        value = self._options.get(name)
        return None if value is None or value == "" else str(value)

    def variable(self, name: str) -> tuple[str, str] | None:
        """The name and the value of the environment variable for an option."""
        for variable in OPTION_ENVIRONMENT.get(name, ()):
            if self._environment.get(variable):
                return variable, self._environment[variable]
        return None

    def as_option(self, name: str) -> tuple[str, str] | None:
        """An option in words for a message, and its value."""
        value = self.option(name)
        return None if value is None else (f"option {name}", value)

    def as_variable(self, name: str) -> tuple[str, str] | None:
        """The environment variable of an option in words for a message, and its value."""
        variable = self.variable(name)
        return None if variable is None else (f"environment variable {variable[0]}", variable[1])

    def text(self, name: str) -> str | None:
        found = self.as_option(name) or self.as_variable(name)
        return None if found is None else found[1]


def _uri(given: _Given) -> Uri:
    """The URI; an option overrides the environment, and two of one kind must not contradict each other."""
    option, variable = given.option("uri"), given.variable("uri")
    if option is not None:
        return _checked("option uri", parse_uri(option), given.as_option)
    if variable is None or given.option("hostname") is not None:
        return _uri_of_parts(given)
    uri = _checked(f"environment variable {variable[0]}", parse_uri(variable[1]), given.as_variable)
    port, verify = given.option("port"), given.option("validate_certs")
    if port is not None:
        uri = replace(uri, port=_part("port", port), port_given=True)
    return uri if verify is None else replace(uri, no_verify=not _part("validate_certs", verify))


def _checked(source: str, uri: Uri, found_as: Callable[[str], tuple[str, str] | None]) -> Uri:
    """Check that other options or variables of the same kind do not contradict the URI."""
    for name, present in (("hostname", uri.host), ("port", uri.port), ("validate_certs", not uri.no_verify)):
        found = found_as(name)
        if found is not None and _part(name, found[1]) != (present.lower() if isinstance(present, str) else present):
            raise EsxError(
                f"The {found[0]} ('{redact(found[1])}') contradicts the {source}, which says {_in_words(name, uri)}.",
                hint="Give either uri or hostname, port and validate_certs; the URI says everything by itself.",
            )
    return uri


def _in_words(name: str, uri: Uri) -> str:
    checked = "no_verify=1, do not check" if uri.no_verify else "to check the certificate (there is no no_verify=1)"
    return {"hostname": f"'{uri.host}'", "port": f"{uri.port}", "validate_certs": checked}[name]


def _uri_of_parts(given: _Given) -> Uri:
    """``hostname``, ``port`` and ``validate_certs`` as an equivalent esx:// URI."""
    hostname = given.text("hostname")
    if hostname is None:
        raise EsxError(
            "There is no host to connect to.",
            hint="Set uri (or the environment variable ESX_URI), or hostname (or VMWARE_HOST).",
        )
    port = _part("port", given.text("port") or "443")
    verify = _part("validate_certs", given.text("validate_certs") or "true")
    _check_hostname(hostname)
    server = join_host_port(hostname.strip("[]"), int(port))
    return parse_uri(f"esx://{server}/" + ("" if verify else "?no_verify=1"))


# [scheme://]NAME[:PORT][/...]
_NAME_IN_ADDRESS = re.compile(r"(?:[a-z]+://)?([^:/@\[\]]+)(?::([0-9]+))?(?:/.*)?", re.IGNORECASE)


def _check_hostname(text: str) -> None:
    """Refuse what is more than a name or an address, and say where the rest belongs."""
    is_ipv6 = text.count(":") > 1 and "/" not in text
    if is_ipv6 or not re.search("[:/@]", text):
        return
    parts = _NAME_IN_ADDRESS.fullmatch(text)
    hint = None
    if parts is not None:
        port = f" and port: {parts[2]}" if parts[2] else ""
        hint = f"Set hostname: {parts[1]}{port}; or set uri, as in esx://{parts[1]}{':' + parts[2] if port else ''}/."
    raise ParseError(f"'{redact(text)}' is not the name or the address of a host.", where="hostname", hint=hint)


def _with_proxy(uri: Uri, given: _Given) -> Uri:
    """The URI with the HTTP proxy of ``proxy_host``; a proxy in the URI overrides the environment."""
    found = given.as_option("proxy_host") or (None if uri.proxy else given.as_variable("proxy_host"))
    if found is None:
        if given.option("proxy_port") is not None:
            raise EsxError("The option proxy_port is given without proxy_host.")
        return uri
    if uri.proxy is not None:
        raise EsxError("Both the option proxy_host and the URI name a proxy.", hint="Remove one of them.")
    source, host = found
    port = given.text("proxy_port")
    if port is None:
        raise EsxError(
            f"The {source} needs a port.", hint="Set proxy_port (or VMWARE_PROXY_PORT), for example to 3128."
        )
    if not is_host(host) or host.count(":") == 1:
        raise ParseError(f"'{redact(host)}' is not the name or the address of a proxy.", where="proxy_host")
    return replace(uri, proxy=Proxy("http", host.strip("[]"), _port("proxy_port", port)))


def _part(name: str, text: str) -> Any:
    """The value of an option that is also a part of a URI, in a form that can be compared."""
    if name == "hostname":
        return text.lower().strip("[]")
    if name == "port":
        return _port(name, text)
    word = text.lower()
    if word not in _TRUE + _FALSE:
        raise ParseError(f"'{text}' is neither true nor false.", where=name)
    return word in _TRUE


def _port(name: str, text: str) -> int:
    try:
        return parse_port(text)
    except ValueError:
        raise ParseError(f"'{text}' is not a number from 1 to 65535.", where=name) from None


def _answer(value: Any) -> str:
    """The name of a choice; YAML makes truth values of the answers Yes and No."""
    return {True: "Yes", False: "No"}[value] if isinstance(value, bool) else str(value)


def _positive(name: str, value: Any, default: int) -> int:
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", str(value)) or int(value) < 1:
        raise ParseError(f"'{value}' is not a number of at least 1.", where=name)
    return int(value)


def _login(given: _Given, username: str, password: str, uri_user: str | None, default: str) -> Login:
    """The login from the option, otherwise the URI's user, otherwise the environment."""
    user = given.option(username) or uri_user or given.text(username)
    return Login(username=user, password=given.text(password), default_username=default)


def _auth_file(given: _Given, uri: Uri, environment: Mapping[str, str]) -> AuthFile:
    home = environment.get("HOME")
    config = environment.get("XDG_CONFIG_HOME") or (f"{home}/.config" if home else None)
    users = (f"{config}/libvirt/auth.conf",) if config else ()
    return AuthFile(given=given.text("auth_file") or uri.authfile, usual=(*users, SYSTEM_AUTH_FILE))


def _thumbprints(text: str | None) -> tuple[str, ...]:
    """``AB:CD:...``, several (of a host and its vCenter) separated by commas."""
    if text is None:
        return ()
    digests = tuple(re.sub(r"[\s:]", "", item).lower() for item in text.split(","))
    for digest in digests:
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ParseError(
                f"'{text}' is not the SHA-256 thumbprint of a certificate (64 hex digits, with or without colons).",
                where="thumbprint",
            )
    return digests


def _warnings(uri: Uri) -> tuple[str, ...]:
    if uri.path and uri.scheme != "vpx":
        return (f"The path '/{'/'.join(uri.path)}' of the {uri.scheme}:// URI is ignored: a host has no path.",)
    return ()
