# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks that a domain needs, as listed in a module's option: missing files are created.

::

    disks:
      - {target: sda, size: 20 GiB}
      - {target: sdb, clone_of: "[datastore1] templates/data.vmdk"}
      - {target: sdc, image: debian-13-generic-amd64.qcow2, size: 20 GiB, allocation: thick}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.values import round_up
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import THIN, DiskRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import (
    Checksum,
    check_source,
    parse_checksum,
    verify,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_bytes
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import check_own_file
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._images.image import Image, inspect_image
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, check_datastore_path


@dataclass(frozen=True)
class DiskEntry:
    """One entry: ``target`` is the device's name in domain XML, ``size`` in bytes; None if it is not given."""

    target: str
    size: int | None = None
    clone_of: DatastorePath | None = None
    image: str | None = None
    image_format: str | None = None
    checksum: Checksum | None = None
    allocation: str = THIN


def read_disk_entries(entries: Sequence[Mapping[str, Any]], option: str = "disks") -> list[DiskEntry]:
    """Read and check the entries of an option, in order, without a connection.

    :param entries: validated values; keys that are about the device are ignored.
    :param option: the option's name, for messages.
    :raises ParseError: if a target is named twice, or an entry contradicts itself.
    """
    read: dict[str, DiskEntry] = {}
    for entry in entries:
        found = _read_entry(entry, f"{option}, {entry['target']}")
        if found.target in read:
            raise ParseError(f"the target '{found.target}' is given twice.", where=option)
        read[found.target] = found
    return list(read.values())


def _read_entry(entry: Mapping[str, Any], where: str) -> DiskEntry:
    size, clone_of, image = (entry.get(name) for name in ("size", "clone_of", "image"))
    _check_combination(entry, where)
    capacity = None if size is None else parse_bytes(size, f"{where}, size")
    return DiskEntry(
        target=entry["target"],
        size=None if capacity is None else round_up(capacity, 1024),
        clone_of=None if clone_of is None else _disk_path(clone_of, f"{where}, clone_of"),
        image=image,
        image_format=entry.get("image_format"),
        checksum=None if entry.get("checksum") is None else parse_checksum(entry["checksum"], f"{where}, checksum"),
        allocation=entry.get("allocation") or THIN,
    )


def _check_combination(entry: Mapping[str, Any], where: str) -> None:
    has_image = entry.get("image") is not None
    if has_image and entry.get("clone_of") is not None:
        raise ParseError("only one of clone_of and image can be given.", where=where)
    for name in ("checksum", "image_format"):
        if entry.get(name) is not None and not has_image:
            raise ParseError(f"{name} is that of image, which is not given.", where=where)


def _disk_path(text: str, where: str) -> DatastorePath:
    path = check_datastore_path(text, where=where)
    if not path.is_disk:
        raise ParseError(f"'{text}' is not the name of a disk, expecting it to end in '.vmdk'.", where=where)
    check_own_file(path, text, where)
    return path


def disk_requests(entries: Sequence[DiskEntry], files: Mapping[str, DatastorePath]) -> list[DiskRequest]:
    """Return the disks for ``plan_disks`` to make or grow.

    :param entries: as ``read_disk_entries`` returns them.
    :param files: the file of each target, as the domain has it or is to have it.
    :raises NotFound: if an image does not exist.
    :raises ParseError: if an image is invalid or incomplete, its checksum differs, or a target has no file.
    """
    requests = []
    for entry in entries:
        if entry.target not in files:
            raise ParseError(f"the domain has no disk with the target '{entry.target}'.", where="disks")
        path = files[entry.target]
        if not path.is_disk:
            raise ParseError(f"the file of the target '{entry.target}', {path}, does not end in .vmdk.", where="disks")
        if entry.clone_of == path:
            raise ParseError(f"{path} is the disk itself.", where=f"disks, {entry.target}, clone_of")
        where = f"disks, image of '{entry.target}'"
        image = checked_image(entry.image, entry.image_format, entry.checksum, where=where)
        requests.append(DiskRequest(path, entry.size, entry.allocation, clone_of=entry.clone_of, image=image))
    return requests


def checked_image(path: str | None, format_: str | None, checksum: Checksum | None, *, where: str) -> Image | None:
    """Return an image with the checksum that is expected of it; None for no path.

    :param where: the option that names the file.
    :raises NotFound: if it does not exist.
    :raises ParseError: if it is invalid or incomplete, or its checksum differs.
    """
    if path is None:
        return None
    check_source(path, where)
    image = inspect_image(path, format_)
    verify(path, checksum)
    return image
