# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``esx_volume``, read and checked without a connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.values import round_up
from ansible_collections.virt.esx.plugins.module_utils._driver.disk_files import ADAPTERS
from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import Checksum, parse_checksum
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_bytes
from ansible_collections.virt.esx.plugins.module_utils._driver.storage.volume_xml import VolumeXml, read_volume_xml
from ansible_collections.virt.esx.plugins.module_utils._driver.volumes import check_own_file
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, check_datastore_path

PRESENT, ABSENT, WIPED = "present", "absent", "wiped"

# The options that determine the content of a volume; only one of them can be given.
_CONTENTS = ("source", "clone_of", "moved_from", "dest")


@dataclass(frozen=True)
class VolumeRequest:
    """A requested volume; sizes in bytes, ``allocation`` None if it was not given."""

    path: DatastorePath
    state: str
    capacity: int | None
    allocation: str | None
    adapter: str
    source: str | None
    source_format: str | None
    clone_of: DatastorePath | None
    moved_from: DatastorePath | None
    dest: str | None
    checksum: Checksum | None
    unused_xml: tuple[str, ...] = ()  # the elements of the XML that have no effect

    @property
    def is_disk(self) -> bool:
        """Whether the volume is a virtual disk, by its name."""
        return self.path.is_disk


def read_request(params: Mapping[str, Any]) -> VolumeRequest:
    """Read a module's options.

    :raises ParseError: for options that contradict each other or do not fit the volume's name.
    """
    xml = read_volume_xml(params["xml"]) if params["xml"] is not None else VolumeXml()
    path = _path(params, xml)
    capacity = _capacity(params, xml)
    checksum = None if params["checksum"] is None else parse_checksum(params["checksum"])
    request = VolumeRequest(
        path=path,
        state=params["state"],
        capacity=capacity,
        allocation=params["allocation"] or xml.allocation,
        adapter=params["adapter"] or ADAPTERS[0],
        source=params["source"],
        source_format=params["source_format"],
        clone_of=_other_path(params, "clone_of"),
        moved_from=_other_path(params, "moved_from"),
        dest=params["dest"],
        checksum=checksum,
        unused_xml=xml.unused,
    )
    given = {name for name, value in params.items() if value is not None}
    _check_state(request, given)
    _check_contents(request, given)
    _check_names(request, given)
    return request


def _path(params: Mapping[str, Any], xml: VolumeXml) -> DatastorePath:
    name = params["name"] or xml.name
    if params["path"] is not None:
        return _file_path(params["path"], "path")
    if params["pool"] is None or name is None:
        raise ParseError("give path, or pool and name (or pool and xml), to say which volume is meant.")
    return _file_path(f"[{params['pool']}] {name}", "name")


def _capacity(params: Mapping[str, Any], xml: VolumeXml) -> int | None:
    capacity = parse_bytes(params["capacity"], "capacity") if params["capacity"] is not None else xml.capacity
    return None if capacity is None else round_up(capacity, 1024)


def _other_path(params: Mapping[str, Any], option: str) -> DatastorePath | None:
    return None if params[option] is None else _file_path(params[option], option)


def _file_path(text: str, where: str) -> DatastorePath:
    path = check_datastore_path(text, where=where)
    if not path.name:
        raise ParseError(f"'{text}' is not the name of a file.", where=where)
    check_own_file(path, text, where)
    return path


def _check_state(request: VolumeRequest, given: set[str]) -> None:
    if request.state == PRESENT:
        return
    unused = given.intersection((*_CONTENTS, "capacity", "allocation", "adapter", "checksum", "source_format"))
    if unused:
        raise ParseError(f"{', '.join(sorted(unused))} cannot be combined with state {request.state}.")
    if request.state == WIPED and not request.is_disk:
        raise ParseError(f"{request.path} is not a disk; only disks can be wiped.", where="state")


def _check_contents(request: VolumeRequest, given: set[str]) -> None:
    contents = [name for name in _CONTENTS if name in given]
    if len(contents) > 1:
        raise ParseError(f"only one of {', '.join(contents)} can be given.")
    if request.dest == "":
        raise ParseError("it is empty; expecting a file or a directory.", where="dest")
    _check_of_source(request)
    unused = given.intersection(("capacity", "allocation", "adapter", "xml"))
    if unused and (request.moved_from or request.dest):
        raise ParseError(f"{', '.join(sorted(unused))} cannot be combined with {contents[0]}.")


def _check_of_source(request: VolumeRequest) -> None:
    """Refuse options that say what a file on this machine is like, without one."""
    if request.checksum is not None and request.source is None and request.dest is None:
        raise ParseError("a checksum is that of source or dest; neither is given.", where="checksum")
    if request.source_format is not None and request.source is None:
        raise ParseError("it is the format of source, which is not given.", where="source_format")


def _check_names(request: VolumeRequest, given: set[str]) -> None:
    """Refuse options for disks on other files, and a source of another kind than the volume."""
    only_disks = given.intersection(("capacity", "allocation", "adapter", "source_format", "xml"))
    if only_disks and not request.is_disk:
        raise ParseError(
            f"{', '.join(sorted(only_disks))} is for disks; the name of {request.path} does not end in .vmdk."
        )
    for option, other in (("clone_of", request.clone_of), ("moved_from", request.moved_from)):
        if other is not None:
            _check_other(request, other, option)


def _check_other(request: VolumeRequest, other: DatastorePath, option: str) -> None:
    if other.is_disk != request.is_disk:
        raise ParseError(f"{other} and {request.path} are not both disks, by their names.", where=option)
    if other == request.path:
        raise ParseError(f"{other} is the volume itself.", where=option)
