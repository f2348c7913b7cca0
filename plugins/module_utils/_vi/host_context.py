# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The place of a connection's domains: the host, its pool, and the folder and the datacenter of its virtual machines.

A host (``esx``, ``gsx``) has exactly one of each, found in one read. A vCenter's URI names the host by a path,
``[folder/...]datacenter/[folder/...][cluster/]host``. A path that ends earlier names all hosts of the cluster,
datacenter or folder that it ends with. The vCenter finds the object at the end of the path, and only what is above and
below it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import unquote

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import escape_name, unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.inventory_tree import (
    COMPUTES,
    Tree,
    holder_at,
    host_at,
    host_named,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    PARENTS,
    ROOT_TO_ALL_HOSTS,
    ROOT_TO_HOST,
    fetch_types,
    required,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name

_WANTED = {
    "ManagedEntity": ["name", "parent"],
    "Datacenter": ["hostFolder", "vmFolder"],
    "ComputeResource": ["resourcePool"],
    "HostSystem": ["runtime.inMaintenanceMode", "summary.managementServerIp", "runtime.connectionState"],
}


class HostContext(NamedTuple):
    """The host of a connection and its place in the inventory; all members are references to managed objects.

    ``datacenter_path`` is the ``dcPath`` of file URLs (names as the server sends them); ``managed_by`` is the address
    of the vCenter that manages the host, if the host knows one. ``uri_path`` is the path of a ``vpx://`` URI that
    names the host.
    """

    host: Any
    host_name: str
    pool: Any
    vm_folder: Any
    datacenter: Any
    datacenter_path: str
    compute: Any
    in_maintenance: bool
    managed_by: str | None
    uri_path: str = ""


class Scope(NamedTuple):
    """The hosts that a connection's URI names: one, or all hosts of a cluster, a datacenter or a folder of a vCenter.

    ``ref`` is the managed object, ``hosts`` has all hosts in it. ``not_one_host`` is the error to raise if one host
    is needed; None if the URI names one.
    """

    ref: Any
    hosts: tuple[HostContext, ...]
    not_one_host: EsxError | None = None

    @property
    def datacenters(self) -> list[Any]:
        """The references of the hosts' datacenters."""
        return list(dict.fromkeys(host.datacenter for host in self.hosts))

    @property
    def datacenter_paths(self) -> list[str]:
        """The paths of the hosts' datacenters in the server's inventory."""
        return list(dict.fromkeys(host.datacenter_path for host in self.hosts))

    def host(self, ref: Any) -> HostContext | None:
        """Return the context of one of the hosts, None for any other host."""
        return next((host for host in self.hosts if host.host == ref), None)


def find_scope(session: Session) -> Scope:
    """Return the scope of the session's URI; it is read once per session.

    :raises NotFound: if a path leads nowhere.
    :raises ParseError: if a path has an item too many.
    """
    if session.scope is None:
        if session.server.product == "vpx":
            session.scope = _at_path(session, session.options.uri.path, _scope_of_path)
        else:
            host = _only_host(session)
            session.scope = Scope(host.host, (host,))
    found: Scope = session.scope
    return found


def find_host(session: Session) -> HostContext:
    """Return the host of the session's URI; it is read once per session.

    :raises NotFound: if a path does not lead to a host.
    :raises ParseError: if a path has an item too many or too few.
    """
    scope = find_scope(session)
    if scope.not_one_host is not None:
        raise scope.not_one_host
    return scope.hosts[0]


def host_of_ref(session: Session, host: Any) -> HostContext:
    """Return the context of a host by its reference, from its parents."""
    return _context(_tree_above(session, [host]), host)


def host_by_path(session: Session, path: tuple[str, ...]) -> HostContext:
    """Return the host of a vCenter that the path of a ``vpx://`` URI names; raises as ``find_host``."""
    return _at_path(session, path, lambda tree, root, items: _context(tree, host_at(tree, root, items)))


def hosts_by_name(session: Session, names: Sequence[str]) -> list[HostContext]:
    """Return the hosts of a vCenter by their names or addresses, in order; two reads for all names.

    :raises NotFound: if no host has a name.
    :raises Ambiguous: if there is more than one.
    """
    if not names:
        return []
    root, wanted = session.content.rootFolder, {"HostSystem": ["name"]}
    every = Tree(fetch_types(session, wanted, objects=[root], traversal=ROOT_TO_ALL_HOSTS))
    found = [_host_at_address(session, every, name) or host_named(every, name) for name in names]
    tree = _tree_above(session, list(dict.fromkeys(found)))
    return [_context(tree, host) for host in found]


def _host_at_address(session: Session, tree: Tree, name: str) -> Any | None:
    """The host with an address; None if the text is not an address, or is the name of a host."""
    if not re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", name):
        return None
    if any(tree.name(ref) == name for ref in tree.values):
        return None
    found = session.content.searchIndex.FindByIp(None, name, False)
    return found if found in tree.values else None


def _tree_above(session: Session, hosts: Sequence[Any]) -> Tree:
    return Tree(fetch_types(session, _WANTED, objects=hosts, traversal=PARENTS, include_start=True))


_Found = TypeVar("_Found")


def _at_path(
    session: Session, path: tuple[str, ...], resolve: Callable[[Tree, Any, tuple[str, ...]], _Found]
) -> _Found:
    """Resolve a path with what is above and below its end, and only if that fails with the whole inventory.

    The message about a wrong path lists the names that would be right, which are elsewhere in the inventory.
    """
    root = session.content.rootFolder
    end = _search(session, path)
    if end is not None:
        traversal = (*PARENTS, *ROOT_TO_ALL_HOSTS)
        try:
            return resolve(
                Tree(fetch_types(session, _WANTED, objects=[end], traversal=traversal, include_start=True)), root, path
            )
        except (NotFound, ParseError):
            pass
    every = fetch_types(session, _WANTED, objects=[root], traversal=ROOT_TO_ALL_HOSTS, include_start=True)
    return resolve(Tree(every), root, path)


def _search(session: Session, path: tuple[str, ...]) -> Any | None:
    """The object at the end of a path, None if there is none.

    Nothing in a path says which item is the datacenter, below which the vCenter's own path has the folder of hosts.
    It is mostly the first one, so that there is one call.
    """
    items = [escape_name(unescape_name(item)) for item in path]
    for number in range(1, len(items) + 1):
        below = ["host", *items[number:]] if items[number:] else []
        found = session.content.searchIndex.FindByInventoryPath("/".join([*items[:number], *below]))
        if found is not None:
            return found
    return None


def _only_host(session: Session) -> HostContext:
    tree = Tree(fetch_types(session, _WANTED, objects=[session.content.rootFolder], traversal=ROOT_TO_HOST))
    found: dict[str, Any] = {}
    for ref in tree.values:
        found.setdefault(type_name(ref), ref)
    compute = next((found[kind] for kind in COMPUTES if kind in found), None)
    if compute is None or "HostSystem" not in found or "Datacenter" not in found:
        raise NotFound("The server has no host in its inventory that the user may see.")
    return _context_in(tree, found["HostSystem"], compute, found["Datacenter"])


def _context(tree: Tree, host: Any) -> HostContext:
    chain = tree.ancestors(host)
    datacenter = next((ref for ref in chain if type_name(ref) == "Datacenter"), None)
    if datacenter is None:
        raise NotFound(f"The host {moid(host)} is not in a datacenter.")
    return _context_in(tree, host, chain[1], datacenter)


def _context_in(tree: Tree, host: Any, compute: Any, datacenter: Any) -> HostContext:
    pool, values = tree.values[compute]["resourcePool"], tree.values[host]
    if pool is None:
        raise NotFound(f"The compute resource '{tree.name(compute)}' has no resource pool.")
    above = reversed(tree.ancestors(datacenter))
    parts = [ref for ref in above if tree.values[ref]["parent"] is not None]
    return HostContext(
        host=host,
        host_name=unquote(tree.name(host)),
        pool=pool,
        vm_folder=tree.values[datacenter]["vmFolder"],
        datacenter=datacenter,
        datacenter_path="/".join(str(required(tree.values[ref], "name", _in_words(ref))) for ref in parts),
        compute=compute,
        in_maintenance=bool(values["runtime.inMaintenanceMode"]),
        managed_by=values["summary.managementServerIp"] or None,
        uri_path=tree.uri_path(host),
    )


def _in_words(ref: Any) -> str:
    """A datacenter, or a folder above it, for messages."""
    return f"{type_name(ref).lower()} {moid(ref)}"


def _scope_of_path(tree: Tree, root: Any, path: tuple[str, ...]) -> Scope:
    """The one host at the end of a path, or the hosts of the cluster, the datacenter or the folder there."""
    try:
        host = _context(tree, host_at(tree, root, path))
        return Scope(host.host, (host,))
    except ParseError as error:
        holder = holder_at(tree, root, path)
        if holder is None:
            raise
        return Scope(holder, tuple(_context(tree, ref) for ref in tree.hosts_below(holder)), not_one_host=error)
