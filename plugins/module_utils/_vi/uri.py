# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection URIs as in libvirt's ESX driver, parsed from text: pure.

``scheme://[user@]server[:port]/[path][?name=value&...]``, for example
``vpx://admin@vcenter.example.com/folder/dc1/cluster1/esx1.example.com?no_verify=1``.

Unknown parameters, which libvirt only warns about, and bad values are errors here; errors quote the URI without
secrets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

SCHEMES = ("esx", "gsx", "vpx")
TRANSPORTS = ("https", "http")
PARAMETERS = ("transport", "vcenter", "no_verify", "auto_answer", "proxy", "authfile")

# Default ports, by scheme, then by transport.
DEFAULT_PORTS = {
    "esx": {"https": 443, "http": 80},
    "vpx": {"https": 443, "http": 80},
    "gsx": {"https": 8333, "http": 8222},
}

# The kinds of proxy as written, and what they are.
PROXY_KINDS = {
    "http": "http",
    "socks": "socks5",
    "socks4": "socks4",
    "socks4a": "socks4a",
    "socks5": "socks5",
    "socks5h": "socks5",  # curl's word for a proxy that resolves names itself, as ours always does
}
DEFAULT_PROXY_PORT = 1080

_COLON = re.compile(":|%3a", re.IGNORECASE)
_WITH_ZERO_OR_ONE = re.compile(r"\+?0*([01])")
# Something in the place of a server's port that is no port, no name of a service, and no part of an address. It may be
# the password of a URI without a server.
_NOT_A_PORT = re.compile(
    r"\A([^:/?#\[\]]*:)(?!(?:[0-9]*|[a-z]{1,5}|[0-9A-Fa-f:.%]*:[0-9A-Fa-f:.%]*)(?:[/?#]|$))([^/?#]+)"
)
_HARMLESS_VALUES = ("", "0", "1", "true", "false", "yes", "no")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_HOST_AND_PORT = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]]*))(?::([^:]*))?")
_SERVER = re.compile(r"(\]|^[^:]*)(:[0-9]*)?$")
_NO_PORT = re.compile(r":0*$")
_NOT_OF_A_HOST = re.compile(r"[\s\x00-\x1f\x7f/\\?#@]")
_PORT_NUMBER = re.compile(r"[0-9]{1,9}")
_BETWEEN_PARAMETERS = re.compile(r"([&;])")
_USER_ONLY = "it must not contain a password: use the option password, the environment or an auth file"


class Proxy(NamedTuple):
    """A proxy server: ``kind`` is ``http``, ``socks4``, ``socks4a`` or ``socks5``; ``user`` is for its login."""

    kind: str
    host: str
    port: int
    user: str | None = None


@dataclass(frozen=True)
class Uri:
    """A connection URI with its defaults filled in. It never holds a password.

    ``path`` holds the decoded items of a ``vpx`` path; ``port_given`` says whether the URI itself has the port.
    """

    scheme: str
    host: str
    port: int
    port_given: bool = False
    user: str | None = None
    path: tuple[str, ...] = ()
    transport: str = "https"
    vcenter: str | None = None
    no_verify: bool = False
    auto_answer: bool = False
    proxy: Proxy | None = None
    authfile: str | None = None


def parse_uri(text: str) -> Uri:
    """Return the parsed connection URI.

    :param text: the URI as the user wrote it.
    :raises ParseError: for anything that is not exactly a URI of this driver; the message quotes it without secrets.
    """
    try:
        return _parse(text.strip())
    except ValueError as error:
        reason = str(error)
        for password in passwords_in(text) - {text}:
            reason = reason.replace(password, "***")
        raise ParseError(f"The URI '{redact(text)}' is not acceptable: {reason}.") from None


def join_host_port(host: str, port: int) -> str:
    """Return ``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_host(text: str) -> bool:
    """Say whether a text, not percent-encoded, has only characters that the name or the address of a host can have."""
    return not _NOT_OF_A_HOST.search(text)


def split_host_port(text: str) -> tuple[str, int | None]:
    """Return host and port of ``host``, ``host:port``, ``[v6]`` or ``[v6]:port``.

    :raises ValueError: if there is no host, or none that can be one, or the port is not a number from 1 to 65535.
    """
    match = _HOST_AND_PORT.fullmatch(text)
    if match is None:
        if text.count(":") > 1 and re.fullmatch(r"[0-9A-Fa-f:.%]+", text):
            raise ValueError(f"the IPv6 address '{text}' has to be in brackets, [{text}]")
        raise ValueError(f"'{text}' is not a host with an optional port")
    host = match.group(1) or match.group(2)
    if not host:
        raise ValueError("there is no host" if not text else f"there is no host in '{text}'")
    if not is_host(host):
        raise ValueError(f"'{host}' is not the name or the address of a host")
    return host, None if match.group(3) is None else parse_port(match.group(3))


def redact(text: str) -> str:
    """Return the text of a URI with everything that can be a password replaced by ``***``.

    This covers malformed URIs, too: everything between a colon of the user part and the last ``@`` is removed, what is
    in the place of a port but is none, the values of unknown parameters, and what follows a ``#``.
    """
    head, separator, rest = text.partition("://")
    if not separator:
        head, rest = "", text
    user, at, server = rest.rpartition("@")
    if separator:
        server = _NOT_A_PORT.sub(r"\1***", server)
    before, hash_sign, fragment = server.partition("#")
    before, question, query = before.partition("?")
    shown = "".join(_redact_parameter(item) for item in _BETWEEN_PARAMETERS.split(query))
    return (
        head + separator + redact_user(user) + at + before + question + shown + hash_sign + ("***" if fragment else "")
    )


def redact_user(text: str) -> str:
    """Return the name of a user without the password that was written behind it."""
    colon = _COLON.search(text)
    return text if colon is None else f"{text[: colon.start()]}:***"


def passwords_in(text: str) -> set[str]:
    """Return the texts to hide of a URI or an address that contains a password: itself and the password.

    A valid URI contains none.
    """
    if not text or redact(text) == text or _is_valid(text):
        return set()
    rest = text.rpartition("://")[2]
    user, _at, server = rest.rpartition("@")
    alone = _NOT_A_PORT.match(server)
    colon = _COLON.search(user)
    password = user[colon.end() :] if colon else alone[2] if alone else ""
    return {text, password, unquote(password)} - {""}


def _is_valid(text: str) -> bool:
    try:
        _parse(text.strip())
    except ValueError:
        return False
    return True


def with_path(text: str, path: str) -> str:
    """Return the text of a URI with another path, in its server's spelling: ``dc1/cluster1/esx1``, percent-encoded."""
    before, question, query = text.partition("?")
    scheme, _separator, rest = before.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}/{path}{question}{query}"


def _redact_parameter(item: str) -> str:
    """``password=x``, ``password%3Dx`` and ``proxy=http%3A%2F%2Fuser%3Apassword%40host`` lose their value."""
    name, equals, value = item.partition("=")
    if not equals:
        name, equals, value = unquote(item).partition("=")
    if not equals or "***" in value:
        return item
    return f"{name}=***" if _may_be_secret(unquote(name), unquote(value)) else item


def _may_be_secret(name: str, value: str) -> bool:
    """Whether the value of a parameter can be a password, an address with one, or have another parameter in it."""
    if "=" in value or (name.lower() not in PARAMETERS and value.lower() not in _HARMLESS_VALUES):
        return True
    user, at, _server = value.rpartition("@")
    return bool(at) and ":" in user


def _parse(text: str) -> Uri:
    scheme = _scheme(text)
    if _BLANK.search(text):
        raise ValueError("spaces and control characters must be percent-encoded; a space is %20")
    parts = urlsplit(text)
    if "@" in text and "@" not in parts.netloc and not _SERVER.search(parts.netloc):
        raise ValueError(_USER_ONLY)  # the password has a slash, a question mark or a hash sign
    if parts.fragment:
        raise ValueError("a '#' has to be written as %23")
    user, host, port = _authority(parts.netloc)
    values = _parameters(parts.query)
    transport = _choice("transport", values.get("transport", "https"), TRANSPORTS)
    return Uri(
        scheme=scheme,
        host=host,
        port=port or DEFAULT_PORTS[scheme][transport],
        port_given=bool(port),
        user=user,
        path=_path(scheme, parts.path),
        transport=transport,
        vcenter=_vcenter(scheme, values.get("vcenter")),
        no_verify=_flag("no_verify", values),
        auto_answer=_flag("auto_answer", values),
        proxy=_proxy(values.get("proxy")),
        authfile=values.get("authfile"),
    )


def _scheme(text: str) -> str:
    scheme, separator, _rest = text.partition("://")
    if not separator:
        raise ValueError("it has to begin with esx://, gsx:// or vpx://")
    if scheme in SCHEMES:
        return scheme
    base, plus, transport = scheme.partition("+")
    if plus and base in SCHEMES:
        raise ValueError(
            f"'{base}' has no transport '{transport}' in the scheme: the host is reached over HTTPS, "
            f"write {base}:// and, for plain HTTP, the parameter transport=http"
        )
    if scheme.lower() in SCHEMES:
        raise ValueError(f"the scheme is written in lower case, {scheme.lower()}://")
    raise ValueError(f"the scheme is '{scheme}'; expected esx, gsx or vpx")


def _authority(netloc: str) -> tuple[str | None, str, int | None]:
    """``user@server:port`` with a port of 0 or none at all as None."""
    user, at, server = netloc.rpartition("@")
    if at and ":" in unquote(user):
        raise ValueError(_USER_ONLY)
    if not server:
        raise ValueError("there is no server")
    if _NO_PORT.search(server):
        server = server[: server.rindex(":")]
    host, port = split_host_port(server)
    host = unquote(host)
    if not is_host(host):
        raise ValueError(f"'{host}' is not the name or the address of a host")
    return unquote(user) or None, host, port


def parse_port(text: str) -> int:
    """Return the number of a port; ValueError is raised if it is not one from 1 to 65535."""
    if not _PORT_NUMBER.fullmatch(text) or not 1 <= int(text) <= 65535:
        raise ValueError(f"the port '{text}' is not a number from 1 to 65535")
    return int(text)


def _path(scheme: str, text: str) -> tuple[str, ...]:
    """``/folder/dc//cluster/host``: repeated slashes are treated as one."""
    items = tuple(unquote(item) for item in text.split("/") if item)
    if scheme == "vpx" and not items:
        raise ValueError(
            "vpx:// needs the path of the host, vpx://server/[folder/...]datacenter/[folder/...][cluster/]host"
        )
    return items


def _parameters(query: str) -> dict[str, str]:
    """The parameters by lower-case name; the last value of a repeated one is used."""
    values: dict[str, str] = {}
    items: list[str] = [item for item in _BETWEEN_PARAMETERS.split(query)[::2] if item]
    for item in items:
        name, _equals, value = item.partition("=")
        name = unquote(name).lower()
        if name not in PARAMETERS:
            known = ", ".join(PARAMETERS)
            raise ValueError(f"there is no parameter '{name.partition('=')[0]}'; the parameters are {known}")
        values[name] = unquote(value)
    return values


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        possible = " or ".join(f"'{choice}'" for choice in choices)
        raise ValueError(f"the parameter {name} is '{_shown(name, value)}', it has to be {possible}")
    return value


def _shown(name: str, value: str) -> str:
    """The value of a parameter for a message."""
    return "***" if _may_be_secret(name, value) else value


def _flag(name: str, values: dict[str, str]) -> bool:
    """0 or 1; as libvirt parses an integer first, 01 is 1."""
    match = _WITH_ZERO_OR_ONE.fullmatch(values.get(name, "0"))
    if match is None:
        raise ValueError(f"the parameter {name} is '{_shown(name, values[name])}', it has to be '0' or '1'")
    return match.group(1) == "1"


def _vcenter(scheme: str, value: str | None) -> str | None:
    """``*``, or ``host[:port]`` (the port is an addition to libvirt's form)."""
    if value is None:
        return None
    if scheme == "vpx":
        raise ValueError("vpx:// is itself a connection to a vCenter and has no parameter vcenter")
    if value == "*":
        return value
    if "@" in value:
        raise ValueError("the parameter vcenter must not contain a user or a password; it is host[:port] or '*'")
    try:
        split_host_port(value)
    except ValueError as error:
        raise ValueError(f"the parameter vcenter is '{value}', it has to be a host or '*': {error}") from None
    return value


def _proxy(value: str | None) -> Proxy | None:
    """``[type://][user@]host[:port][/]``; the port is 1080 for every type."""
    if value is None:
        return None
    kind, separator, server = value.rpartition("://")
    user, _at, server = server.rstrip("/").rpartition("@")
    if ":" in unquote(user) or "@" in kind:
        raise ValueError("the parameter proxy must not contain a password: use proxy_password or ESX_PROXY_PASSWORD")
    if separator and kind not in PROXY_KINDS:
        raise ValueError(f"the parameter proxy has the type '{kind}'; expected one of {', '.join(PROXY_KINDS)}")
    try:
        host, port = split_host_port(server)
    except ValueError as error:
        raise ValueError(
            f"the parameter proxy is '{value}', it has to be [type://][user@]host[:port]: {error}"
        ) from None
    return Proxy(PROXY_KINDS[kind or "http"], host, port or DEFAULT_PROXY_PORT, unquote(user) or None)
