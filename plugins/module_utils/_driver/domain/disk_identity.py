# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which described disk is which disk of an existing machine, so that none is taken off its snapshots.

A snapshot puts a new file before a disk's own: the machine then runs on ``web-000001.vmdk``, while a description still
says ``web.vmdk``. Whoever wrote the described name into the machine would lose all that was written since.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference, disk_pairs
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_kinds import is_file_disk
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_users import missing_disk
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import Machine
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._names import canonical_path, parse_datastore_path, quoted

# The file that a snapshot makes of web.vmdk: web-000001.vmdk.
_DELTA = re.compile(r"-[0-9]{6}(\.vmdk)\Z", re.IGNORECASE)


def with_present_files(wanted: Domain, files: Mapping[str, str]) -> Domain:
    """The wanted domain with the file names that the present one has for the same files.

    :param files: canonical path -> the present domain's name for it.
    """

    def present(disk: Disk) -> Disk:
        if disk.type != "file" or disk.source is None:
            return disk
        return replace(disk, source=files.get(canonical_path(disk.source), disk.source))

    return replace(wanted, disks=tuple(map(present, wanted.disks)))


def present_files(before: Domain, machine: Machine) -> dict[str, str]:
    """For each file that a disk of the machine is made of, the file that the machine runs on, as its VMX names it."""
    names = {canonical_path(name): name for name in _files(before)}
    chains = machine.chains()
    if not chains:  # a host that is too old to show its devices
        return {**{_DELTA.sub(r"\1", head): name for head, name in names.items()}, **names}
    found = {path: names.get(files[0], files[0]) for files in chains for path in files}
    return {**found, **names}


def moved_files(
    changes: Sequence[Difference],
    exists: Callable[[str], bool],
    warn: Callable[[str], None],
    made: Collection[str] = (),
) -> dict[str, str]:
    """As ``present_files``, for disks that storage vMotion has moved: the described file is no longer there.

    :param exists: whether a datastore has a file.
    :param made: the targets of disks whose files a task would make if the domain did not have the disk.
    :raises NotFound: for a described disk whose file is not there, and that was not moved either.
    :raises Refused: if it is one of ``made``: no file is made to replace one that the domain has.
    """
    found = {}
    for before, after, described in _with_new_files(changes):
        if exists(described):
            continue
        present = None if before is None else before.source
        if present is not None and _name(present) == _name(described):
            warn(
                f"The disk {after.target} is at '{present}'; the description has '{described}', which no longer "
                "exists. It is taken for the same disk, moved: correct the description."
            )
            found[canonical_path(described)] = present
        elif present is not None and after.target in made:
            raise Refused(
                f"The disk {after.target} is '{present}', not '{described}', which does not exist; a file is made only "
                "for a disk that the domain does not have yet.",
                hint="Describe the disk as it is, give it another target, or detach it first.",
            )
        else:
            raise missing_disk(after)
    return found


def _with_new_files(changes: Iterable[Difference]) -> Iterator[tuple[Disk | None, Disk, str]]:
    """The hard disks that are described with another file than they have, before and after, and that file."""
    for before, after in _hard_disks(changes):
        if after is not None and after.source is not None and (before is None or before.source != after.source):
            yield before, after, after.source


def check_chains_stay(name: str, changes: Sequence[Difference], machine: Machine) -> None:
    """Refuse to exchange or remove disks that snapshots are based on.

    :param name: the domain's name.
    :raises Refused: with the names of the snapshots.
    """
    for before, after in _hard_disks(changes):
        if before is None or before.source is None or is_kept(before, after):
            continue
        reason = _obstacle(before.source, machine)
        if reason is not None:
            raise Refused(
                f"The disk {before.target} of the domain '{name}' is '{before.source}' and cannot be replaced or "
                f"removed: {reason}.",
                hint="Remove or consolidate the snapshots first, or describe the disk as it is.",
            )


def _obstacle(source: str, machine: Machine) -> str | None:
    """Why a machine has to keep a disk, None if it need not.

    A disk that was added after the snapshots, or is independent of them, runs on its own file.
    """
    own = next((chain for chain in machine.chains() if chain[:1] == [canonical_path(source)]), None)
    if own is not None and len(own) == 1:
        return None
    if machine.snapshots:
        return f"it has the snapshots {quoted(machine.snapshots)}"
    return "it runs on a file that is based on others" if own is not None else None


def is_kept(before: Disk, after: Disk | None) -> bool:
    """Whether a disk stays in its slot, with its file."""
    return after is not None and (before.source, before.bus, before.address) == (after.source, after.bus, after.address)


def _hard_disks(changes: Iterable[Difference]) -> Iterator[tuple[Disk | None, Disk | None]]:
    """The hard disks among some differences that are files, before and after."""
    for before, after in disk_pairs(changes):
        yield _file_disk(before), _file_disk(after)


def _file_disk(disk: Disk | None) -> Disk | None:
    return disk if disk is not None and is_file_disk(disk) else None


def _files(domain: Domain) -> Iterator[str]:
    return (disk.source for disk in domain.disks if disk.type == "file" and disk.source is not None)


def _name(path: str) -> str:
    return parse_datastore_path(path).name if path.startswith("[") else path
