# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshots of a domain, as a list: parents before children."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import STATES
from ansible_collections.virt.esx.plugins.module_utils._names import (
    unescape_name,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid

SNAPSHOT_PATHS = ("snapshot.currentSnapshot", "snapshot.rootSnapshotList")


def read_snapshots(values: Values) -> list[dict[str, Any]]:
    """Return the snapshots of a domain with their parents, from the values of ``SNAPSHOT_PATHS``."""
    current = values["snapshot.currentSnapshot"]
    return list(_walk(values["snapshot.rootSnapshotList"] or (), None, None if current is None else moid(current)))


def _walk(trees: Iterable[Any], parent: str | None, current: str | None) -> Iterator[dict[str, Any]]:
    """The VI API's tree of snapshots, depth first; it has no loops, and a depth of 32 at most."""
    for tree in trees:
        own = moid(tree.snapshot)
        yield {
            "name": unescape_name(tree.name),
            "moid": own,
            "parent": parent,
            "description": tree.description,
            "created": tree.createTime.isoformat(),
            "state": STATES.get(str(tree.state)),
            "current": own == current,
        }
        yield from _walk(tree.childSnapshotList or (), own, current)
