# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two ends of a migration: both hosts as their one vCenter knows them, and the hosts' own connections.

Only a vCenter can migrate. It is the one of the source's URI; the destination is named by a URI of its own, which has
to lead to the same vCenter, or by the name that the host has in the vCenter.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import AuthFailed, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import (
    HostContext,
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

# The options that stand for parts of the source's URI and mean nothing for the destination's.
_URI_PARTS = ("hostname", "port", "validate_certs")

_LOGIN = "Check dest_username and dest_password, or the entry for this host in libvirt's authentication file."


@dataclass(frozen=True)
class HostEndpoint:
    """A host: ``context`` as the vCenter knows it, ``own`` the connection to the host itself, if a URI names it."""

    context: HostContext
    own: Session | None = None

    @property
    def name(self) -> str:
        """The host's name in the vCenter."""
        return self.context.host_name


@dataclass(frozen=True)
class MigrationEndpoints:
    """Both ends, and the session with the vCenter that knows them."""

    vcenter: Session
    source: HostEndpoint
    destination: HostEndpoint

    @property
    def pool(self) -> Any:
        """The resource pool to move to, the destination's; None where a domain can stay in the pool that it is in."""
        same = self.source.context.compute == self.destination.context.compute
        return None if same else self.destination.context.pool

    @property
    def route(self) -> str:
        """``from esx1 to esx2``, for messages."""
        return f"from {self.source.name} to {self.destination.name}"


@contextmanager
def open_endpoints(invocation: Invocation) -> Iterator[MigrationEndpoints]:
    """Open the connections of a migration for the time of a ``with`` block.

    :raises Refused: if there is no vCenter, if the hosts are not of the same one, or if both ends are one host.
    :raises EsxError: if a server cannot be reached or refuses the login, or does not know a host.
    """
    with ExitStack() as stack:
        session = stack.enter_context(open_connection(invocation)).session
        vcenter = open_vcenter(session)
        source = HostEndpoint(host_in_vcenter(session), None if session is vcenter else session)
        destination = _open_destination(stack, invocation, vcenter)
        if source.context.host == destination.context.host:
            raise Refused(f"Source and destination are the same host, {source.name}.")
        yield MigrationEndpoints(vcenter, source, destination)


def _open_destination(stack: ExitStack, invocation: Invocation, vcenter: Session) -> HostEndpoint:
    name = invocation.params["dest_host"]
    if name is not None:
        return HostEndpoint(hosts_by_name(vcenter, [name])[0])
    options = _destination(invocation.params, os.environ)
    try:
        if options.uri.scheme == "vpx":
            _require_same(vcenter, options, uri_server(options))
            return HostEndpoint(host_by_path(vcenter, options.uri.path))
        session = stack.enter_context(invocation.connect(options, warn=invocation.warn))
        if options.uri.vcenter is not None:
            _require_same(vcenter, options, vcenter_server(session))
    except AuthFailed as error:
        raise AuthFailed(f"Destination: {error.message}", hint=_LOGIN, fault=error.fault) from None
    return HostEndpoint(host_of_ref(vcenter, find_in_vcenter(session, vcenter)), session)


def _destination(params: Mapping[str, Any], environment: Mapping[str, str]) -> ConnectionOptions:
    """The destination's URI and login, with all other settings of the source's connection."""
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
