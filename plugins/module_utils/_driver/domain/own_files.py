# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that belong to a domain alone: its disks with their extents, its VMX, and what the host keeps beside that.

A file that another domain, or a snapshot of one, refers to is never a domain's own. Paths are compared in their
canonical form: however a VMX spells a path, it is the same file.

A directory of disks is the domain's if it has the name of the VMX's directory, as ``[ds2] web`` beside ``[ds1] web``
has, or is below such a one. Any other, such as ``[ds2] data``, may have been made for more than this domain.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.browser import search
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_chain import chain, virtual_disks
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_extents import disk_of_extent, disk_of_piece
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_neighbours
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    canonical_path,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

_DEVICES = "config.hardware.device"
_LAYOUT = "layoutEx.file"
_VMX = "config.files.vmPathName"
# Which files a domain has, as far as its devices say it.
FILE_PATHS = (_DEVICES, _VMX)

# The suffix that a snapshot appends to the name of a disk.
_DELTA = re.compile(r"(?:-[0-9]{6})?\.vmdk\Z")
# Files that the host keeps for a domain NAME.vmx: NAME and one of these.
_BESIDE = re.compile(
    r"\.(?:vmx|vmx~|vmx\.lck|vmxf|vmsd|nvram|vswp|vmss|vmem|hlog|scoreboard)"
    r"|-(?:Snapshot[0-9]+|[0-9a-f]{8})\.(?:vmsn|vmss|vmem|vswp|hlog)"
)
_LOG = re.compile(r"vmware(?:-[0-9]+)?\.log|vmx-zdump\.[0-9]+|vmmcores\.gz")
# Images that the host has made of the files of a package, for the drives of the domain that was imported.
_IMPORTED = re.compile(r"_deviceImage-?[0-9]+\.(?:iso|flp)")
# [datastore] directory/name; devices of the host are "[] /vmfs/devices/..."
_IN_DATASTORE = re.compile(r"\[[^\]]+\] *[^/\s]")

# Kinds of names in the directory of a VMX, see ``_classify``.
_KINDS = ("vmx", "disk", "beside", "log", "other")


@dataclass(frozen=True)
class OwnFiles:
    """The files that go with a domain, as canonical datastore paths; ``directory`` is None where it has to stay.

    ``disks`` are descriptors, those with changes before those they are based on; deleting one deletes its extents.
    ``shared`` are those among them that a domain had which is gone by then. ``directories`` are other directories that
    are empty afterwards, each before the one that it is in.
    """

    disks: tuple[str, ...]
    others: tuple[str, ...]
    vmx: str
    directory: str | None
    directories: tuple[str, ...] = ()
    shared: frozenset[str] = frozenset()


def find_own_files(connection: EsxConnection, ref: Any, vmx_path: str, gone: Collection[Any] = ()) -> OwnFiles:
    """The files of a domain that no other domain refers to.

    Three reads, four with snapshots, and one for each directory of its own that disks are in, beside that of its VMX.

    :param gone: the references to domains that are there, but will be gone when the files are deleted.
    """
    domains, snapshots = read_neighbours(connection)
    rows = [*domains, *snapshots]
    vmx = parse_datastore_path(vmx_path).canonical
    mine = [values for owner, values in rows if owner == ref]
    foreign = [values for owner, values in rows if owner != ref and owner not in gone]
    elsewhere = _disk_directories(vmx, _free_disks(vmx, mine, _all_referenced(foreign)))
    listed = {directory: list_directory(connection, directory) for directory in (vmx.parent, *elsewhere)}
    shared = _all_referenced(values for owner, values in rows if owner in gone)
    found = own_files(vmx, mine, foreign, listed)
    return replace(found, shared=frozenset(shared.intersection(found.disks)))


def own_files(
    vmx: DatastorePath,
    mine: Sequence[Values],
    foreign: Sequence[Values],
    listed: Mapping[DatastorePath, Sequence[str]],
) -> OwnFiles:
    """As ``find_own_files``, from the values that were read. Pure.

    :param vmx: the canonical path of the domain's VMX.
    :param mine: properties of the domain and of its snapshots.
    :param foreign: properties of all other domains and of theirs.
    :param listed: the names in the directory of the VMX, and in those of disks that are the domain's.
    """
    taken = _all_referenced(foreign)
    disks = _free_disks(vmx, mine, taken)
    emptied = _emptied({place: names for place, names in listed.items() if place != vmx.parent}, disks, taken)
    names = _by_kind(vmx, listed[vmx.parent], [*disks, *emptied], taken)
    removable = bool(vmx.directory) and not names["other"]
    others = [*names["beside"], *(names["log"] if removable else ())]
    return OwnFiles(
        tuple(disks),
        tuple(str(vmx.beside(name)) for name in others),
        str(vmx),
        str(vmx.parent) if removable else None,
        tuple(emptied),
    )


def with_keepers_last(rows: Sequence[tuple[Any, Values]]) -> list[Any]:
    """Put domains into the order in which their files can be deleted; return their references.

    Where several share a disk, the last of them deletes it. That is the one in whose directory it is, which then goes
    with it.

    :param rows: the properties ``FILE_PATHS`` of each.
    """
    used = {ref: set(_all_referenced([values])) for ref, values in rows}

    def keeps(ref: Any, values: Values) -> bool:
        directory = parse_datastore_path(values[_VMX]).canonical.parent if values.get(_VMX) else None
        own = {name for name in used[ref] if parse_datastore_path(name).parent == directory}
        return any(own & others for other, others in used.items() if other != ref)

    return [ref for ref, _values in sorted(rows, key=lambda row: keeps(*row))]


def _all_referenced(rows: Iterable[Values]) -> set[str]:
    return {name for values in rows for name in _referenced(values)}


def _free_disks(vmx: DatastorePath, mine: Sequence[Values], taken: Collection[str]) -> list[str]:
    """The disks of a domain that no other one has."""
    return [name for name in _own_disks(vmx, mine) if name not in taken]


def _disk_directories(vmx: DatastorePath, disks: Iterable[str]) -> list[DatastorePath]:
    """The directories of disks that are the domain's by their names, without that of the VMX."""
    found: dict[DatastorePath, None] = {}
    for disk in disks:
        place = parse_datastore_path(disk).parent
        segments = place.path.split("/")
        if vmx.directory and vmx.parent.name in segments:
            first = segments.index(vmx.parent.name) + 1
            for end in range(len(segments), first - 1, -1):
                found[DatastorePath(place.datastore, "/".join(segments[:end]))] = None
    return [directory for directory in found if directory != vmx.parent]


def _emptied(listed: Mapping[DatastorePath, Sequence[str]], disks: Sequence[str], taken: Collection[str]) -> list[str]:
    """The directories that are empty when the disks are gone, the deepest first."""
    going = list(disks)
    for directory in sorted(listed, key=lambda place: -place.path.count("/")):
        if all(_is_part(name, directory, going, taken) for name in listed[directory]):
            going.append(str(directory))
    return going[len(disks) :]


def _is_part(name: str, directory: DatastorePath, going: Collection[str], taken: Collection[str]) -> bool:
    """Whether a name in a directory is that of a disk that goes, or of its data, or of a directory that goes."""
    if str(directory.inside(name)) in taken:
        return False
    own = (name, disk_of_extent(name), disk_of_piece(name))
    return any(one is not None and str(directory.inside(one)) in going for one in own)


def _by_kind(
    vmx: DatastorePath, listed: Sequence[str], disks: Sequence[str], taken: Collection[str]
) -> dict[str, list[str]]:
    """The names in the directory of the VMX by what they are, see ``_classify``."""
    names: dict[str, list[str]] = {kind: [] for kind in _KINDS}
    for name in listed:
        names[_classify(name, vmx, disks, taken)].append(name)
    return names


def _classify(name: str, vmx: DatastorePath, disks: Sequence[str], taken: Collection[str]) -> str:
    """Classify a name in the directory of the VMX.

    :returns: ``vmx``, ``disk`` (a descriptor or an extent of the domain's own disks), ``beside`` (a file that the host
        keeps for the domain), ``log`` (one that goes only with the directory), or ``other``: not the domain's, or
        another domain's as well.
    """
    path = vmx.beside(name)
    if path == vmx:
        return "vmx"
    if str(path) in taken:
        return "other"
    if _is_part(name, vmx.parent, disks, taken):
        return "disk"
    if _is_beside(name, vmx):
        return "beside"
    return "log" if _LOG.fullmatch(name) or _IMPORTED.fullmatch(name) else "other"


def _is_beside(name: str, vmx: DatastorePath) -> bool:
    """Whether it is the name of a file that the host keeps for the domain of a VMX."""
    stem = vmx.name.rpartition(".")[0]
    return name.startswith(stem) and _BESIDE.fullmatch(name[len(stem) :]) is not None


def list_directory(connection: EsxConnection, directory: DatastorePath) -> list[str]:
    """The names of what lies in a directory; nothing if it does not exist."""
    spec = vim.host.DatastoreBrowser.SearchSpec(matchPattern=["*"])
    return [str(item.path) for item in search(connection, directory.inside("*"), spec)]


def _referenced(values: Values) -> Iterable[str]:
    """Every file that a domain or a snapshot refers to: its VMX, disks and what they are based on, images, the rest."""
    names = [str(item.name) for item in values.get(_LAYOUT) or ()]
    names += [name for device in values.get(_DEVICES) or () for name in chain(device.backing)]
    if values.get(_VMX):
        names.append(values[_VMX])
    return map(canonical_path, names)


def _own_disks(vmx: DatastorePath, mine: Sequence[Values]) -> list[str]:
    """The disks of a domain and of its snapshots, with those that its snapshots were made of."""
    chains = [disks for values in mine for disks in _chains(values)]
    heads = {disks[0] for disks in chains}
    found: dict[str, None] = {}
    for disks in chains:
        found[disks[0]] = None
        for disk, base in zip(disks, disks[1:]):
            if base not in heads and _is_template(base, disk, vmx):
                break
            found[base] = None
    return list(found)


def _is_template(base: str, disk: str, vmx: DatastorePath) -> bool:
    """Whether a disk on which another is based is not the domain's: it has another directory and another name.

    It was not made for the domain, and others may be based on it that no host knows of.
    """
    return parse_datastore_path(base).parent != vmx.parent and _stem(base) != _stem(disk)


def _stem(disk: str) -> str:
    """``data`` of ``[datastore] web/data-000001.vmdk``, the name of the disk that a snapshot was made of."""
    return _DELTA.sub("", parse_datastore_path(disk).name)


def _chains(values: Values) -> Iterable[list[str]]:
    """The hard disks of a domain or a snapshot that are files in a datastore, each with what it is based on."""
    for device in virtual_disks(values.get(_DEVICES)):
        names = [canonical_path(name) for name in filter(_IN_DATASTORE.match, chain(device.backing))]
        if names:
            yield names
