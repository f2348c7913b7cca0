# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a connection's domains live: the host, its pool, and the folder and the datacenter of its virtual machines.

A host (``esx``, ``gsx``) has exactly one of each, found in one read. A vCenter's URI names the host by a path,
``[folder/...]datacenter/[folder/...][cluster/]host``, which is resolved in one read, too. A path that ends earlier
names all hosts of the cluster, datacenter or folder that it ends with.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote

from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, EsxError, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import nearest
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    PARENTS,
    ROOT_TO_ALL_HOSTS,
    ROOT_TO_HOST,
    Row,
    Values,
    fetch_types,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name

_WANTED = {
    "ManagedEntity": ["name", "parent"],
    "Datacenter": ["hostFolder", "vmFolder"],
    "ComputeResource": ["resourcePool"],
    "HostSystem": ["runtime.inMaintenanceMode", "summary.managementServerIp", "runtime.connectionState"],
}


@dataclass(frozen=True)
class HostContext:
    """The host of a connection and what is around it; all refs are references to managed objects.

    ``datacenter_path`` is the ``dcPath`` of file URLs (names as the server sends them); ``managed_by`` is the address
    of the vCenter that manages the host, where the host knows one. ``uri_path`` is the path of a ``vpx://`` URI that
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


@dataclass(frozen=True)
class Scope:
    """What a connection's URI names: one host, or all hosts of a cluster, a datacenter or a folder of a vCenter.

    ``ref`` is the managed object, ``hosts`` has all hosts in it. ``not_one_host`` is the error to raise where one host
    is needed; None where the URI names one.
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
        """Return the context of a host that is in it, else None."""
        return next((host for host in self.hosts if host.host == ref), None)


def find_scope(session: Session) -> Scope:
    """Return what the session's URI names; it is read once a session.

    :raises NotFound: if a path leads nowhere.
    :raises ParseError: if a path has an item too many.
    """
    if session.scope is None:
        if session.server.product == "vpx":
            tree = _read_all(session)
            session.scope = _scope_of_path(tree, session.content.rootFolder, session.options.uri.path)
        else:
            host = _only_host(session)
            session.scope = Scope(host.host, (host,))
    found: Scope = session.scope
    return found


def find_host(session: Session) -> HostContext:
    """Return the host of the session's URI; it is read once a session.

    :raises NotFound: if a path does not lead to a host.
    :raises ParseError: if a path has an item too many or too few.
    """
    scope = find_scope(session)
    if scope.not_one_host is not None:
        raise scope.not_one_host
    return scope.hosts[0]


def host_of_ref(session: Session, host: Any) -> HostContext:
    """Return the context of a host whose reference is known, by way of its parents."""
    return _context(_Tree(fetch_types(session, _WANTED, objects=[host], traversal=PARENTS, include_start=True)), host)


def host_by_path(session: Session, path: tuple[str, ...]) -> HostContext:
    """Return the host of a vCenter that the path of a ``vpx://`` URI names; raises as ``find_host``."""
    return _by_path(_read_all(session), session.content.rootFolder, path)


def hosts_by_name(session: Session, names: Sequence[str]) -> list[HostContext]:
    """Return the hosts of a vCenter that have these names or addresses, in their order; one read for all names.

    :raises NotFound: if there is no host of a name.
    :raises Ambiguous: if there is more than one.
    """
    tree = _read_all(session)
    return [_by_address(session, tree, name) or _by_name(tree, name) for name in names]


def _by_address(session: Session, tree: _Tree, name: str) -> HostContext | None:
    """The host whose address a name is; None for what is no address, or is the name of a host."""
    if not re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", name):
        return None
    if any(type_name(ref) == "HostSystem" and values["name"] == name for ref, values in tree.values.items()):
        return None
    found = session.content.searchIndex.FindByIp(None, name, False)
    return None if found is None or found not in tree.values else _context(tree, found)


class _Tree:
    """What a read of the inventory found, by reference."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.values: dict[Any, Values] = dict(rows)

    def children(self, parent: Any, *types: str) -> list[Any]:
        return [ref for ref, values in self.values.items() if values["parent"] == parent and type_name(ref) in types]

    def named(self, parent: Any, name: str, *types: str) -> Any | None:
        """The child of a name; servers send its slashes, backslashes and percent signs percent-encoded."""
        for type_ in types:
            for ref in self.children(parent, type_):
                sent = self.values[ref]["name"]
                if name in (sent, unquote(sent)):
                    return ref
        return None

    def ancestors(self, ref: Any) -> list[Any]:
        """An object, its parent and so on up to what was read last."""
        chain = []
        while ref in self.values:
            chain.append(ref)
            ref = self.values[ref]["parent"]
        return chain

    def items_below(self, datacenter: Any, host: Any) -> list[str]:
        """The items of a URI's path that lead from a datacenter to a host."""
        above = list(reversed(self.ancestors(host)))
        below = above[above.index(datacenter) + 2 :] if datacenter in above else []  # without the folder of hosts
        if type_name(self.values[host]["parent"]) == "ComputeResource":
            below = below[:-1]
        return [quote(unquote(self.values[ref]["name"]), safe="") for ref in below]

    def context(self, host: Any, compute: Any, datacenter: Any) -> HostContext:
        pool = self.values[compute]["resourcePool"]
        if pool is None:
            raise NotFound(f"The compute resource '{self.values[compute]['name']}' has no resource pool.")
        above = self.ancestors(datacenter)
        path = [self.values[ref]["name"] for ref in reversed(above) if self.values[ref]["parent"] is not None]
        values = self.values[host]
        return HostContext(
            host=host,
            host_name=unquote(values["name"]),
            pool=pool,
            vm_folder=self.values[datacenter]["vmFolder"],
            datacenter=datacenter,
            datacenter_path="/".join(path),
            compute=compute,
            in_maintenance=bool(values["runtime.inMaintenanceMode"]),
            managed_by=values["summary.managementServerIp"] or None,
            uri_path="/".join([*path, *self.items_below(datacenter, host)]),
        )


def _only_host(session: Session) -> HostContext:
    tree = _Tree(fetch_types(session, _WANTED, objects=[session.content.rootFolder], traversal=ROOT_TO_HOST))
    found: dict[str, Any] = {}
    for ref in tree.values:
        found.setdefault(type_name(ref), ref)
    compute = next((found[kind] for kind in _COMPUTES if kind in found), None)
    if compute is None or "HostSystem" not in found or "Datacenter" not in found:
        raise NotFound("The server has no host in its inventory that the user may see.")
    return tree.context(found["HostSystem"], compute, found["Datacenter"])


_COMPUTES = ("ComputeResource", "ClusterComputeResource")


def _read_all(session: Session) -> _Tree:
    root = session.content.rootFolder
    return _Tree(fetch_types(session, _WANTED, objects=[root], traversal=ROOT_TO_ALL_HOSTS, include_start=True))


def _by_name(tree: _Tree, name: str) -> HostContext:
    """A host by its name as it is, or else in any case."""
    hosts = [ref for ref in tree.values if type_name(ref) == "HostSystem"]
    names = {ref: unquote(tree.values[ref]["name"]) for ref in hosts}
    found = [ref for ref in hosts if name in (tree.values[ref]["name"], names[ref])]
    found = found or [ref for ref in hosts if names[ref].lower() == name.lower()]
    if not found:
        raise _unknown_host(name, list(names.values()))
    if len(found) > 1:
        raise Ambiguous(f"The vCenter knows {len(found)} hosts '{name}'.", hint="Name it by a vpx:// URI.")
    return _context(tree, found[0])


# As many names as a message can list and still be read.
_MOST_NAMES = 10


def _unknown_host(name: str, names: Sequence[str]) -> NotFound:
    near = nearest(name, names)
    listed = ", ".join(f"'{each}'" for each in names[:_MOST_NAMES])
    more = f" and {len(names) - _MOST_NAMES} others" if len(names) > _MOST_NAMES else ""
    return NotFound(
        f"The vCenter knows no host '{name}'; possible are {listed or 'none'}{more}.",
        hint=None if near is None else f"Is '{near}' meant?",
    )


def _context(tree: _Tree, host: Any) -> HostContext:
    chain = tree.ancestors(host)
    datacenter = next((ref for ref in chain if type_name(ref) == "Datacenter"), None)
    if datacenter is None:
        raise NotFound(f"The host {moid(host)} is in no datacenter.")
    return tree.context(host, chain[1], datacenter)


def _by_path(tree: _Tree, root: Any, path: tuple[str, ...]) -> HostContext:
    datacenter, rest = _walk(tree, root, path, ("Datacenter",), "datacenter")
    compute, rest = _walk(tree, tree.values[datacenter]["hostFolder"], rest, _COMPUTES, "host or cluster")
    hosts = tree.children(compute, "HostSystem")
    if type_name(compute) == "ClusterComputeResource":
        if len(rest) != 1:
            raise ParseError(_cluster_path(tree, compute, hosts, rest), where="path of the URI")
        host = tree.named(compute, rest[0], "HostSystem")
        if host is None:
            raise NotFound(f"There is no host '{rest[0]}' in the cluster; {_choices(tree, hosts)}.")
    elif rest:
        raise ParseError(
            f"there is '{'/'.join(rest)}' after the host '{tree.values[compute]['name']}', where the path ends.",
            where="path of the URI",
        )
    elif not hosts:
        raise NotFound(f"The compute resource '{tree.values[compute]['name']}' has no host.")
    else:
        host = hosts[0]
    return tree.context(host, compute, datacenter)


def _scope_of_path(tree: _Tree, root: Any, path: tuple[str, ...]) -> Scope:
    """As ``_by_path``, for a path that may end before the host."""
    try:
        host = _by_path(tree, root, path)
        return Scope(host.host, (host,))
    except ParseError as error:
        at = root
        for item in path:
            inside = tree.values[at].get("hostFolder") or at
            found = tree.named(inside, item, "Folder", "Datacenter", *_COMPUTES)
            if found is None:
                raise
            at = found
        if type_name(at) == "ComputeResource":
            raise
        below = [ref for ref in tree.values if type_name(ref) == "HostSystem" and at in tree.ancestors(ref)]
        return Scope(at, tuple(_context(tree, ref) for ref in below if _has_pool(tree, ref)), not_one_host=error)


def _has_pool(tree: _Tree, host: Any) -> bool:
    """Whether the user may see where a host's domains are."""
    return bool(tree.values.get(tree.values[host]["parent"], {}).get("resourcePool"))


def _walk(
    tree: _Tree, start: Any, path: tuple[str, ...], types: tuple[str, ...], what: str
) -> tuple[Any, tuple[str, ...]]:
    """Go down through folders until an item is of one of the types; return it and the items that are left."""
    at = start
    for number, item in enumerate(path):
        found = tree.named(at, item, "Folder", *types)
        if found is None:
            children = tree.children(at, "Folder", *types)
            raise NotFound(
                f"The path of the URI names no folder or {what} '{item}' after '/{'/'.join(path[:number])}'; "
                f"{_choices(tree, children)}."
            )
        if type_name(found) in types:
            return found, path[number + 1 :]
        at = found
    raise ParseError(
        f"it ends before it names a {what}; {_choices(tree, tree.children(at, 'Folder', *types))}.",
        where="path of the URI",
    )


def _cluster_path(tree: _Tree, compute: Any, hosts: Sequence[Any], rest: tuple[str, ...]) -> str:
    name = tree.values[compute]["name"]
    if rest:
        return f"there is '{'/'.join(rest[1:])}' after the host '{rest[0]}', where the path ends."
    return f"it ends with the cluster '{name}', a host of it has to follow; {_choices(tree, hosts)}."


def _choices(tree: _Tree, refs: Sequence[Any]) -> str:
    names = ", ".join(f"'{unquote(tree.values[ref]['name'])}'" for ref in refs)
    return f"possible are {names}" if names else "there are none"
