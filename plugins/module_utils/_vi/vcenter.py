# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vCenter of a host: the one that the URI names with ``vcenter=``, or the one that manages the host.

``vcenter=HOST[:PORT]`` names it, ``vcenter=*`` uses the address that the host itself knows. The default port is the
URI's own, as in libvirt, or, if the URI has none, the vCenter's default.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext, find_host, host_of_ref
from ansible_collections.virt.esx.plugins.module_utils._vi.options import ConnectionOptions, Login
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch_content, fetch_one, list_at
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Server, Session, open_server
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import DEFAULT_PORTS, Uri, split_host_port
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid


def open_vcenter(session: Session) -> Session:
    """Return the session with the vCenter of a connection, opened on first use and closed with the host's session.

    For a ``vpx://`` connection, it is the session itself.

    :raises Refused: if the URI names no vCenter, or ``*`` but no vCenter manages the host.
    :raises ConnectionFailed: if the host is managed by a vCenter other than the one in the URI.
    """
    if session.about.product == "vpx":
        return session
    if session.vcenter is None:
        target = vcenter_server(session)

        def warn(text: str) -> None:
            session.warn(text)  # which a later task in the same session sets to its own

        session.vcenter = session.closing.enter_context(open_server(session.options, target, warn))
    return session.vcenter


def host_in_vcenter(session: Session) -> HostContext:
    """Return the host of a connection as its vCenter knows it.

    :raises NotFound: if the vCenter does not know it.
    """
    vcenter = open_vcenter(session)
    if vcenter is session:
        return find_host(session)
    if vcenter.host is None:
        vcenter.host = host_of_ref(vcenter, find_in_vcenter(session, vcenter))
    found: HostContext = vcenter.host
    return found


def vcenter_server(session: Session) -> Server:
    """Return the vCenter of an ``esx://`` connection as a server to log in to; raises as ``open_vcenter``."""
    uri = session.options.uri
    managed_by = find_host(session).managed_by
    if uri.vcenter is None:
        raise Refused(
            "This needs the vCenter of the host, and the URI names none.",
            hint="Add vcenter=HOST to the URI, or vcenter=* for the one that manages the host.",
        )
    if uri.vcenter == "*":
        if managed_by is None:
            raise Refused(
                f"The host {uri.host} is not managed by a vCenter.",
                hint="Add it to a vCenter, or name one in the URI with vcenter=HOST.",
            )
        names: tuple[str, ...] = (managed_by,)
        host, port = managed_by, None
    else:
        host, port = split_host_port(uri.vcenter)
        addresses = _addresses(host)
        if managed_by is not None and managed_by not in (host, *addresses):
            shown = ", ".join(addresses) or "its address is not known here"
            raise ConnectionFailed(
                f"The host {uri.host} is managed by the vCenter {managed_by}, but the URI names {host} ({shown}).",
                hint=f"Write vcenter={managed_by}, or vcenter=*.",
            )
        names = (host, *(address for address in addresses if address != host))
    return Server(host, port or _default_port(uri), "vpx", session.options.vcenter_login, names)


# Addresses that are not unique to a host: loopback, and the beginning of link-local ones of management cards.
_LOOPBACK = ("127.0.0.1", "::1")
_LINK_LOCAL = ("169.254.", "fe80:")

# The properties that identify a host, read from the host itself and from a vCenter.
_IDENTITY_PATHS = (
    "name",
    "hardware.systemInfo.uuid",
    "config.network.vnic",
    "summary.managementServerIp",
)


def find_in_vcenter(session: Session, vcenter: Session) -> Any:
    """Return the reference to a connection's host in a vCenter.

    It is looked up by its address, as in libvirt, by its name, and by the UUID of its hardware. None of these is
    sufficient alone: an address can lead to another host's port, and hosts can share a UUID. Both servers must agree on
    the UUID, and on a name or a VMkernel address.

    :raises NotFound: if the vCenter does not know it, or if it finds another host.
    """
    index, name = vcenter.content.searchIndex, session.options.uri.host
    own = fetch_one(session, find_host(session).host, _IDENTITY_PATHS)
    doubtful: dict[Any, str] = {}
    for found in _candidates(index, name, own["hardware.systemInfo.uuid"]):
        if found is None or found in doubtful:
            continue
        known = fetch_one(vcenter, found, _IDENTITY_PATHS)
        if _agree(name, own, known):
            return found
        doubtful[found] = str(known["name"] or moid(found))
    hint = "Name the host in the URI by the address or the name under which it was added to the vCenter."
    if doubtful:
        names = " and ".join(f"'{each}'" for each in doubtful.values())
        raise NotFound(
            f"The vCenter {vcenter.server.host} does not know the host {name}. It has {names}, which shares an "
            "address, a name or a board with it, but is another host.",
            hint=hint,
        )
    raise NotFound(f"The vCenter {vcenter.server.host} does not know the host {name}.", hint=hint)


def _candidates(index: Any, name: str, board: str | None) -> Iterator[Any]:
    """The hosts that a vCenter finds by address, name and UUID, each search only if it is needed."""
    for address in _addresses(name):
        yield index.FindByIp(None, address, False)
    yield index.FindByDnsName(None, name, False)
    if board:
        yield index.FindByUuid(None, board, False)


def _agree(name: str, own: Values, known: Values) -> bool:
    """Whether a host and a host of a vCenter are the same.

    :param name: the host in the URI.
    """
    for path in ("summary.managementServerIp", "hardware.systemInfo.uuid"):
        if own[path] and known[path] and own[path] != known[path]:
            return False  # another vCenter manages it, or the hardware is different
    names = {name.lower(), *_addresses(name)} & _names_of(known)
    return bool(names or _vmkernel_addresses(own) & _vmkernel_addresses(known))


def _names_of(known: Values) -> set[str]:
    """The name of a host in a vCenter and its addresses; none if the user may not see the name."""
    name = str(known["name"] or "")
    return {name.lower(), *_addresses(name)} if name else set()


def _vmkernel_addresses(values: Values) -> set[str]:
    """The addresses of a host's VMkernel cards, without those that are not unique."""
    cards = list_at(values, "config.network.vnic")
    addresses = {card.spec.ip.ipAddress for card in cards if card.spec.ip is not None and card.spec.ip.ipAddress}
    return {each for each in addresses if each not in _LOOPBACK and not each.startswith(_LINK_LOCAL)}


def is_same_vcenter(vcenter: Session, options: ConnectionOptions, other: Server) -> bool:
    """Return whether a server is the vCenter of a session.

    It is if address, port and login are the same; otherwise the other server is logged in to and identified.

    :param options: the settings for reaching the other server.
    :raises EsxError: if the other server cannot be reached or refuses the login.
    """
    if _is_same_server(vcenter.server, other) and _is_same_login(vcenter.server.login, other.login):
        return True
    with open_server(options, other, vcenter.warn) as session:
        uuid = _instance_uuid(session)
        return uuid == _instance_uuid(vcenter) if uuid else _is_same_server(vcenter.server, other)


def _instance_uuid(vcenter: Session) -> str | None:
    """The UUID that identifies a vCenter; None before API 4.0."""
    return fetch_content(vcenter, "about.instanceUuid") if vcenter.has(4, 0) else None


def _default_port(uri: Uri) -> int:
    return uri.port if uri.port_given else DEFAULT_PORTS["vpx"][uri.transport]


def _addresses(host: str) -> tuple[str, ...]:
    """The addresses of a host, none if its name cannot be resolved here (which is not an error behind a proxy)."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # the latter for a name that the domain name system cannot have
        return ()
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _is_same_server(one: Server, other: Server) -> bool:
    if one.port != other.port:
        return False
    names = {one.host.lower(), *_addresses(one.host)}
    return bool(names & {other.host.lower(), *_addresses(other.host)})


def _is_same_login(one: Login, other: Login) -> bool:
    """Whether both have the same login; values that are not given for the other server are those of the first."""
    return other.username in (None, one.username) and other.password in (None, one.password)
