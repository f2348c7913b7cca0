# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source and destination of migrations: the hosts in their vCenter, and the connections to the hosts themselves.

Only a vCenter can migrate; it is the one of the source's URI. That URI names one host, or all hosts of a cluster, a
datacenter or a folder. The destination is given by its own URI, which must lead to the same vCenter, or by the host's
name or address in the vCenter.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import AuthFailed, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import (
    HostContext,
    Scope,
    find_scope,
    host_by_path,
    host_of_ref,
    hosts_by_name,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.options import OPTION_ENVIRONMENT, ConnectionOptions, resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Server, Session, uri_server
from ansible_collections.virt.esx.plugins.module_utils._vi.vcenter import (
    find_in_vcenter,
    host_in_vcenter,
    is_same_vcenter,
    open_vcenter,
    vcenter_server,
)

# The options that replace parts of the source's URI; they do not apply to the destination's.
_URI_PARTS = ("hostname", "port", "validate_certs")

_LOGIN = "Check dest_username and dest_password, or the entry for this host in libvirt's authentication file."


@dataclass(frozen=True)
class MigrationEndpoints:
    """The session with the vCenter, the sources and the destinations of migrations.

    ``destination`` is the host that the task names for all domains; None if it names none. ``named`` has all hosts that
    the task names, by name. ``own`` has the connections to the hosts themselves, by the hosts' references.
    """

    vcenter: Session
    source: Scope
    destination: HostContext | None = None
    named: Mapping[str, HostContext] = field(default_factory=dict)
    own: Mapping[Any, Session] = field(default_factory=dict)

    @property
    def source_name(self) -> str | None:
        """The name of the source host, None if there are several."""
        return self.source.hosts[0].host_name if self.source.not_one_host is None else None

    @property
    def hosts(self) -> list[HostContext]:
        """All hosts that a domain can be on before or after."""
        ends = [*self.source.hosts, *([self.destination] if self.destination else []), *self.named.values()]
        return list({end.host: end for end in ends}.values())

    def destination_of(self, name: str | None) -> HostContext | None:
        """The destination of a domain that names a host, or names none; None if it stays on its host."""
        return self.destination if name is None else self.named[name]

    def host(self, ref: Any) -> HostContext:
        """Return the context of a host; a host that the task does not name costs one call.

        :raises Refused: for None, as the host of a domain that the user may not see.
        """
        if ref is None:
            raise Refused(
                "The vCenter does not show this account the host of a domain.",
                hint="Give the account the role Read-only on the domain, or a role with the privilege System.Read.",
            )
        known = next((end for end in self.hosts if end.host == ref), None)
        return known or host_of_ref(self.vcenter, ref)


@contextmanager
def open_endpoints(invocation: Invocation, host_names: Iterable[str] = ()) -> Iterator[MigrationEndpoints]:
    """Open the connections of migrations for the duration of a ``with`` block.

    :param host_names: the hosts that single domains name.
    :raises Refused: if there is no vCenter, or if the hosts do not belong to the same one.
    :raises EsxError: if a server cannot be reached or refuses the login, or does not know a host.
    """
    with ExitStack() as stack:
        session = stack.enter_context(open_connection(invocation)).session
        vcenter = open_vcenter(session)
        own: dict[Any, Session] = {}
        if session is vcenter:
            source = find_scope(session)
        else:
            host = host_in_vcenter(session)
            source = Scope(host.host, (host,))
            own[host.host] = session
        to_all = invocation.params["dest_host"]
        names = list(dict.fromkeys([*([] if to_all is None else [to_all]), *host_names]))
        named = dict(zip(names, hosts_by_name(vcenter, names)))
        destination = _open_destination(stack, invocation, vcenter, own) if to_all is None else named[to_all]
        yield MigrationEndpoints(vcenter, source, destination, named, own)


def _open_destination(
    stack: ExitStack, invocation: Invocation, vcenter: Session, own: dict[Any, Session]
) -> HostContext | None:
    """The host of ``dest_uri``; None if the task has none."""
    if invocation.params["dest_uri"] is None:
        return None
    options = _destination(invocation.params, os.environ)
    try:
        if options.uri.scheme == "vpx":
            _require_same(vcenter, options, uri_server(options))
            return host_by_path(vcenter, options.uri.path)
        session = stack.enter_context(invocation.connect(options, warn=invocation.warn))
        if options.uri.vcenter is not None:
            _require_same(vcenter, options, vcenter_server(session))
    except AuthFailed as error:
        raise AuthFailed(f"Destination: {error.message}", hint=_LOGIN, fault=error.fault) from None
    host = host_of_ref(vcenter, find_in_vcenter(session, vcenter))
    own[host.host] = session
    return host


def _destination(params: Mapping[str, Any], environment: Mapping[str, str]) -> ConnectionOptions:
    """The destination's URI and login, with the other settings of the source's connection."""
    options = {
        **params,
        "uri": params["dest_uri"],
        "username": params["dest_username"],
        "password": params["dest_password"],
        **dict.fromkeys(_URI_PARTS),
    }
    foreign = {variable for name in _URI_PARTS for variable in OPTION_ENVIRONMENT[name]}
    return resolve(options, {name: value for name, value in environment.items() if name not in foreign})


def _require_same(vcenter: Session, options: ConnectionOptions, other: Server) -> None:
    if not is_same_vcenter(vcenter, options, other):
        raise Refused(
            f"Source and destination have different vCenters, {vcenter.pool.endpoint} and {other.host}:{other.port}.",
            hint="A domain can be migrated between hosts of one vCenter only.",
        )
