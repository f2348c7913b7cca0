# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots of a domain, as a list: parents before children."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.snapshots import write_snapshot
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import STATES
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, NotFound
from ansible_collections.virt.esx.plugins.module_utils._names import escape_name, quoted, unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, list_at
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid

SNAPSHOT_PATHS = ("snapshot.currentSnapshot", "snapshot.rootSnapshotList")


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a domain.

    ``path`` has the names from the root on, separated by slashes; a slash in a name is ``%2f``. ``parent`` is a
    managed object id, ``number`` the host's own number for it within the domain.
    """

    ref: Any = field(repr=False)
    name: str
    path: str
    number: int
    parent: str | None
    description: str
    created: datetime.datetime
    state: str | None
    quiesced: bool
    current: bool
    parent_name: str | None = None
    domain_uuid: str | None = None

    @property
    def moid(self) -> str | None:
        """The VI API's managed object id, None for a snapshot that does not exist yet."""
        return None if self.ref is None else moid(self.ref)

    def as_dict(self) -> dict[str, Any]:
        """Return the snapshot in the form of results."""
        return {
            "name": self.name,
            "path": self.path,
            "moid": self.moid,
            "parent": self.parent,
            "description": self.description,
            "created": self.created.isoformat(),
            "state": self.state,
            "quiesced": self.quiesced,
            "current": self.current,
            "xml": write_snapshot(
                name=self.name,
                description=self.description,
                state=self.state,
                created=int(self.created.timestamp()),
                parent=self.parent_name,
                domain_uuid=self.domain_uuid,
            ),
        }


def snapshot_list(values: Values) -> list[Snapshot]:
    """Return the snapshots of a domain, parents before children, from the values of ``SNAPSHOT_PATHS``."""
    current = values["snapshot.currentSnapshot"]
    roots = list_at(values, "snapshot.rootSnapshotList")
    found = _walk(roots, None, "", None if current is None else moid(current))
    return [replace(snapshot, domain_uuid=values.get("config.uuid")) for snapshot in found]


def current_snapshot(snapshots: Sequence[Snapshot]) -> Snapshot | None:
    """Return the snapshot that the domain's present state is based on, None if there is none."""
    return next((snapshot for snapshot in snapshots if snapshot.current), None)


def find_snapshot(snapshots: Sequence[Snapshot], wanted: str, domain: str) -> Snapshot | None:
    """Return the snapshot of a name, a path or a managed object id, None if there is none.

    A name takes precedence over a path, and a path over an id.

    :param domain: the domain's name, for the message.
    :raises Ambiguous: if several snapshots have the name.
    """
    for key in ("name", "path", "moid"):
        found = [snapshot for snapshot in snapshots if getattr(snapshot, key) == wanted]
        if len(found) > 1:
            listed = ", ".join(f"'{item.path}' ({item.moid}, {item.created:%Y-%m-%d %H:%M})" for item in found)
            raise Ambiguous(
                f"Domain '{domain}' has {len(found)} snapshots with the {key} '{wanted}': {listed}.",
                hint="Give the path or the managed object id of one of them.",
            )
        if found:
            return found[0]
    return None


def get_snapshot(snapshots: Sequence[Snapshot], wanted: str, domain: str) -> Snapshot:
    """As ``find_snapshot``, for a snapshot that must exist.

    :raises NotFound: if there is no such snapshot.
    """
    found = find_snapshot(snapshots, wanted, domain)
    if found is None:
        known = quoted(item.path for item in snapshots)
        raise NotFound(f"Domain '{domain}' has no snapshot '{wanted}'; it has {known}.")
    return found


def read_snapshots(values: Values) -> list[dict[str, Any]]:
    """Return the snapshots of a domain in the form of results."""
    return [snapshot.as_dict() for snapshot in snapshot_list(values)]


def flat_trees(trees: Iterable[Any] | None) -> Iterator[Any]:
    """Yield each VirtualMachineSnapshotTree, parents before children; nothing for None."""
    for tree in trees or ():
        yield tree
        yield from flat_trees(tree.childSnapshotList)


def _walk(trees: Iterable[Any], parent: Snapshot | None, above: str, current: str | None) -> Iterator[Snapshot]:
    """The VI API's tree of snapshots, depth first; its maximum depth is 32."""
    for tree in trees:
        name, own = unescape_name(tree.name), moid(tree.snapshot)
        path = above + escape_name(name)
        snapshot = Snapshot(
            ref=tree.snapshot,
            name=name,
            path=path,
            number=int(tree.id or 0),
            parent=None if parent is None else parent.moid,
            description=tree.description or "",
            created=tree.createTime,
            state=STATES.get(str(tree.state)),
            quiesced=bool(tree.quiesced),
            current=own == current,
            parent_name=None if parent is None else parent.name,
        )
        yield snapshot
        yield from _walk(tree.childSnapshotList or (), snapshot, f"{path}/", current)
