# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File names of a present VMX as the wanted domain has them, where it is not known where the VMX lies.

A VMX names its files ``web.vmdk`` and ``/vmfs/volumes/<UUID>/web/web.vmdk``, and the XML that was made of it, with the
VMX's directory and the names of the datastores, ``[datastore] web/web.vmdk``. They are the same files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import CharDevice, Disk, Domain
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import (
    Place,
    is_relative,
)

# A volume by the UUID of its VMFS, or by the hash of an NFS mount; neither is a datastore's name.
_VOLUME_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{8}(?:-[0-9a-f]{4}-[0-9a-f]{12})?", re.IGNORECASE)

# The file of a snapshot of a disk.
_DELTA = re.compile(r"(.+)-[0-9]{6}(\.vmdk)", re.IGNORECASE | re.DOTALL)

_DIRECTORY = re.compile(r"\[[^\]]+\] (?:.*/)?", re.DOTALL)

_Files = dict[tuple[object, ...], str]  # what has the file -> its name


def on_snapshots(wanted: Domain, present: Domain) -> Domain:
    """The wanted domain with its disks on the snapshots that they are on at present.

    A snapshot puts a domain on a file of its own, ``web-000001.vmdk`` for ``web.vmdk``. A description that names the
    disk means the same one, and would take the domain off its snapshot.
    """
    there = {disk.source for disk in present.disks if disk.source is not None}
    deltas = {_without_delta(name): name for name in there}
    moved = {name: delta for name, delta in deltas.items() if name not in there}
    if not moved:
        return wanted
    disks = [replace(disk, source=moved.get(disk.source or "", disk.source)) for disk in wanted.disks]
    return replace(wanted, disks=tuple(disks))


def _without_delta(name: str) -> str:
    """The name of the disk that the file of a snapshot is of."""
    found = _DELTA.fullmatch(name)
    return f"{found[1]}{found[2]}" if found else name


def with_names_of(wanted: Domain, present: Domain, place: Place) -> Domain:
    """The present domain with file names as in the wanted one, as far as the place leaves open what they are."""
    if place.directory is not None and place.datastores is not None:
        return present
    wanted_files = _files(wanted)
    pairs = [
        (_without_delta(name), _without_delta(wanted_files[owner]))
        for owner, name in _files(present).items()
        if owner in wanted_files
    ]
    directory = next(_directories(pairs), None) if place.directory is None else None
    datastores = dict(reversed(list(_datastores(pairs)))) if place.datastores is None else {}
    if directory is None and all(volume == name for volume, name in datastores.items()):
        return present

    def named(name: str) -> str:
        if is_relative(name):
            return name if directory is None else directory + name
        volume, path = _split(name)
        return f"[{datastores[volume]}] {path}" if volume in datastores else name

    return _with_files(present, named)


def _files(domain: Domain) -> _Files:
    """The files of a domain by what has them; its nvram, which always lies beside the VMX, first."""
    found: list[tuple[tuple[object, ...], str | None]] = [
        (("nvram", None), domain.os.nvram),
        *((disk.slot, _file_of_disk(disk)) for disk in domain.disks),
        *((("serial", port.port), _file_of_port(port)) for port in domain.serials),
        *((("parallel", port.port), _file_of_port(port)) for port in domain.parallels),
    ]
    return {owner: name for owner, name in found if name is not None}


def _file_of_disk(disk: Disk) -> str | None:
    return disk.source if disk.type == "file" else None


def _file_of_port(port: CharDevice) -> str | None:
    return port.path if port.type == "file" else None


def _directories(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The directories that precede relative names in the wanted domain."""
    for name, wanted in pairs:
        directory = wanted[: len(wanted) - len(name)]
        if is_relative(name) and wanted == directory + name and _DIRECTORY.fullmatch(directory):
            yield directory


def _datastores(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The name that the wanted domain has for a volume that the present one has by its id."""
    for name, wanted in pairs:
        (volume, path), (datastore, wanted_path) = _split(name), _split(wanted)
        if volume is not None and datastore is not None and path == wanted_path and _VOLUME_ID.fullmatch(volume):
            yield volume, datastore


def _split(name: str) -> tuple[str | None, str]:
    try:
        return parse_datastore_path(name)
    except ParseError:
        return None, name


def _with_files(domain: Domain, named: Callable[[str], str]) -> Domain:
    def with_path(port: CharDevice) -> CharDevice:
        name = _file_of_port(port)
        return port if name is None else replace(port, path=named(name))

    def with_source(disk: Disk) -> Disk:
        name = _file_of_disk(disk)
        return disk if name is None else replace(disk, source=named(name))

    nvram = domain.os.nvram
    return replace(
        domain,
        os=domain.os if nvram is None else replace(domain.os, nvram=named(nvram)),
        disks=tuple(map(with_source, domain.disks)),
        serials=tuple(map(with_path, domain.serials)),
        parallels=tuple(map(with_path, domain.parallels)),
    )
