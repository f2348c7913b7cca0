# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders, datacenters, clusters and hosts of an inventory as they were read, and the way along a path: pure.

A path is that of a ``vpx://`` URI: ``[folder/...]datacenter/[folder/...][cluster/]host``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, unquote

from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import hint_at, quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Row, Values
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name

COMPUTES = ("ComputeResource", "ClusterComputeResource")

# The number of names that a message can list and remain readable.
_MOST_NAMES = 10


class Tree:
    """The objects that a read of the inventory found, by reference; each with at least its name and its parent.

    An object whose name the user may not see has its id instead.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.values: dict[Any, Values] = {
            ref: values if values["name"] else {**values, "name": moid(ref)} for ref, values in rows
        }

    def name(self, ref: Any) -> str:
        """The name of an object as the server sends it; its moid if the user may not see the name."""
        return str(self.values[ref]["name"] or moid(ref))

    def children(self, parent: Any, *types: str) -> list[Any]:
        """The children of an object that have one of the types."""
        return [ref for ref, values in self.values.items() if values["parent"] == parent and type_name(ref) in types]

    def named(self, parent: Any, name: str, *types: str) -> Any | None:
        """The child with a name; servers percent-encode slashes, backslashes and percent signs in names."""
        for type_ in types:
            for ref in self.children(parent, type_):
                sent = self.name(ref)
                if name in (sent, unquote(sent)):
                    return ref
        return None

    def hosts(self) -> list[Any]:
        """All hosts."""
        return [ref for ref in self.values if type_name(ref) == "HostSystem"]

    def ancestors(self, ref: Any) -> list[Any]:
        """An object and its ancestors, as far as they were read."""
        chain = []
        while ref in self.values:
            chain.append(ref)
            ref = self.values[ref]["parent"]
        return chain

    def uri_path(self, host: Any) -> str:
        """The path of a ``vpx://`` URI that names a host: without folders of hosts, each item percent-encoded."""
        above = [ref for ref in reversed(self.ancestors(host)) if self.values[ref]["parent"] is not None]
        host_folders = [self.values[ref].get("hostFolder") for ref in above]
        named = [ref for ref in above if ref not in host_folders and type_name(ref) != "ComputeResource"]
        return "/".join(quote(unquote(self.name(ref)), safe="") for ref in named)

    def hosts_below(self, ref: Any) -> list[Any]:
        """The hosts in a cluster, a datacenter or a folder of which the user may see the pool of their domains."""
        return [host for host in self.hosts() if ref in self.ancestors(host) and self._has_pool(host)]

    def _has_pool(self, host: Any) -> bool:
        return bool(self.values.get(self.values[host]["parent"], {}).get("resourcePool"))


def host_named(tree: Tree, name: str) -> Any:
    """Return the host with a name, otherwise the one with the name in another case.

    :raises NotFound: if there is none.
    :raises Ambiguous: if there is more than one.
    """
    names = {ref: unquote(tree.name(ref)) for ref in tree.hosts()}
    exact = [ref for ref, known in names.items() if name in (tree.name(ref), known)]
    found = exact or [ref for ref, known in names.items() if known.lower() == name.lower()]
    if not found:
        raise _unknown_host(name, list(names.values()))
    if len(found) > 1:
        raise Ambiguous(f"The vCenter knows {len(found)} hosts '{name}'.", hint="Name the host with a vpx:// URI.")
    return found[0]


def host_at(tree: Tree, root: Any, path: tuple[str, ...]) -> Any:
    """Return the host at the end of a path.

    :raises NotFound: if the path leads nowhere.
    :raises ParseError: if it has an item too many or too few.
    """
    datacenter, rest = _walk(tree, root, path, ("Datacenter",), "datacenter")
    compute, rest = _walk(tree, tree.values[datacenter]["hostFolder"], rest, COMPUTES, "host or cluster")
    hosts = tree.children(compute, "HostSystem")
    if type_name(compute) == "ClusterComputeResource":
        return _host_in_cluster(tree, compute, hosts, rest)
    if rest:
        raise ParseError(
            f"there is '{'/'.join(rest)}' after the host '{tree.name(compute)}', where the path ends.",
            where="path of the URI",
        )
    if not hosts:
        raise NotFound(f"The compute resource '{tree.name(compute)}' has no host.")
    return hosts[0]


def _host_in_cluster(tree: Tree, compute: Any, hosts: Sequence[Any], rest: tuple[str, ...]) -> Any:
    if len(rest) != 1:
        raise ParseError(_cluster_path(tree, compute, hosts, rest), where="path of the URI")
    host = tree.named(compute, rest[0], "HostSystem")
    if host is None:
        raise NotFound(f"There is no host '{rest[0]}' in the cluster; {_choices(tree, hosts)}.")
    return host


def holder_at(tree: Tree, root: Any, path: tuple[str, ...]) -> Any | None:
    """Return the cluster, datacenter or folder at the end of a path that names no host; None if it has none there."""
    at = root
    for item in path:
        inside = tree.values[at].get("hostFolder") or at
        at = tree.named(inside, item, "Folder", "Datacenter", *COMPUTES)
        if at is None:
            return None
    return None if type_name(at) == "ComputeResource" else at


def _unknown_host(name: str, names: Sequence[str]) -> NotFound:
    more = f" and {len(names) - _MOST_NAMES} others" if len(names) > _MOST_NAMES else ""
    return NotFound(
        f"The vCenter knows no host '{name}'; it has {quoted(names[:_MOST_NAMES])}{more}.",
        hint=hint_at(name, names),
    )


def _walk(
    tree: Tree, start: Any, path: tuple[str, ...], types: tuple[str, ...], what: str
) -> tuple[Any, tuple[str, ...]]:
    """Descend through folders to an object of one of the types; return it and the remaining items."""
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


def _cluster_path(tree: Tree, compute: Any, hosts: Sequence[Any], rest: tuple[str, ...]) -> str:
    name = tree.name(compute)
    if rest:
        return f"there is '{'/'.join(rest[1:])}' after the host '{rest[0]}', where the path ends."
    return f"it ends with the cluster '{name}'; a host of it must follow: {_choices(tree, hosts)}."


def _choices(tree: Tree, refs: Sequence[Any]) -> str:
    names = ", ".join(f"'{unquote(tree.name(ref))}'" for ref in refs)
    return f"expected one of {names}" if names else "there are none"
