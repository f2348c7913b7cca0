# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The beginning of an import: the package's head is read and checked, and the user's choices are applied."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.ova.package import Glance, OpenPackage
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.request import ImportRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.source import open_package, source_name
from ansible_collections.virt.esx.plugins.module_utils._driver.ova.verify import Verifier
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import quoted
from ansible_collections.virt.esx.plugins.module_utils._ovf.capacity import disk_capacity, in_bytes
from ansible_collections.virt.esx.plugins.module_utils._ovf.model import OvfFile, Package, System
from ansible_collections.virt.esx.plugins.module_utils._ovf.properties import property_values
from ansible_collections.virt.esx.plugins.module_utils._ovf.read import read_package

_ENCODING = re.compile(rb"\A<\?xml[^>]*\sencoding\s*=\s*[\"']([A-Za-z0-9._-]+)[\"']")
_DECLARED = re.compile(r"\A(<\?xml[^>]*?)\sencoding\s*=\s*[\"'][^\"']*[\"']")
_UTF_8 = ("utf-8", "utf-8-sig")
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
)


@dataclass(frozen=True)
class Offer:
    """A package as it is to be imported.

    ``digest`` is the checksum of its descriptor, ``values`` those of all its properties, secret ones among them.
    ``glances`` are the files that can be looked at before the import, by their references; None for one that is
    missing.
    """

    source_name: str
    descriptor: bytes = field(repr=False)
    package: Package = field(repr=False)
    name: str
    option: str | None
    values: Mapping[str, str] = field(repr=False)
    glances: Mapping[str, Glance | None] = field(default_factory=dict, repr=False)

    @property
    def system(self) -> System:
        """The package's one machine."""
        return self.package.systems[0]

    @property
    def digest(self) -> str:
        """The checksum of the descriptor, by which the package is recognised."""
        return f"sha256:{hashlib.sha256(self.descriptor).hexdigest()}"

    @property
    def text(self) -> str:
        """The descriptor as text for a host; what it says of its encoding is left out unless that is UTF-8."""
        encoding = _encoding(self.descriptor)
        try:
            text = self.descriptor.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            raise ParseError(f"it cannot be decoded as {encoding}.", where=self.source_name) from None
        text = text if encoding in _UTF_8 else _DECLARED.sub(r"\1", text, count=1)
        return in_bytes(text, {disk.id: disk_capacity(disk, self.values) for disk in self.package.disks})

    @property
    def download_bytes(self) -> int:
        """The size of the package's files, as far as the descriptor says it."""
        return sum(file.size or 0 for file in self.package.files)

    def needed_bytes(self, *, thin: bool) -> int:
        """The space that the disks take at least: their content where they are thin, else their capacity."""
        if not thin:
            return sum(disk_capacity(disk, self.values) for disk in self.package.disks)
        sizes = {file.id: file.size or 0 for file in self.package.files}
        return sum(disk.populated or sizes.get(disk.file or "", 0) for disk in self.package.disks)

    def capacity_of(self, reference: str) -> int | None:
        """The capacity of the disk whose content is in a file; None if it is that of no disk."""
        ids = [file.id for file in self.package.files if file.href == reference]
        return next((disk_capacity(disk, self.values) for disk in self.package.disks if disk.file in ids), None)

    def facts(self) -> dict[str, Any]:
        """Return it as a part of a module's result; values of properties are not in it."""
        return {
            "name": self.system.name or self.system.id,
            "product": self.system.product,
            "version": self.system.product_version,
            "checksum": self.digest,
            "networks": [{"name": one.name, "description": one.description} for one in self.package.networks],
            "deployment_options": [
                {
                    "id": one.id,
                    "label": one.label,
                    "description": one.description,
                    "default": one.id == self.package.default_option,
                }
                for one in self.package.options
            ],
            "properties": [
                {
                    "key": one.key,
                    "type": one.type,
                    "label": one.label,
                    "description": one.description,
                    "settable": one.user_configurable,
                }
                for one in self.system.properties
            ],
            "eulas": list(self.system.eulas),
            "download_bytes": self.download_bytes,
        }


def read_offer(request: ImportRequest, timeout: float) -> Offer:
    """Read the head of a package, and apply the choices of the request.

    :param timeout: the seconds that a web server may be silent.
    :raises NotFound: if there is no such file.
    :raises ParseError: if it is not a package, or has no such deployment option or property.
    :raises Refused: if its checksums are wrong, or it is of a kind that a host does not take.
    """
    with open_package(request.source, timeout) as package:
        if request.verify:
            Verifier(package, request.signer)  # checks the descriptor
        descriptor, stem = package.descriptor, package.stem
        read = read_package(descriptor)
        _check(read)
        glances = _glances(package, read)
    option = _option(read, request.deployment_option)
    system = read.systems[0]
    values = property_values(system.properties, request.properties, option, where="properties")
    for disk in read.disks:
        disk_capacity(disk, values)  # that it has one
    return Offer(
        source_name=source_name(request.source),
        descriptor=descriptor,
        package=read,
        name=request.name or system.name or system.id or stem,
        option=option,
        values=values,
        glances=glances,
    )


def _glances(package: OpenPackage, read: Package) -> dict[str, Glance | None]:
    """Look at the files before the import; those of a stream cannot be seen."""
    return {} if package.look is None else {file.href: package.look(file.href) for file in read.files}


def map_networks(package: Package, request: ImportRequest, known: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return for each network of a package the host's.

    :param known: the references to the host's networks, by name.
    :raises ParseError: if the request names a network that the package does not have.
    :raises NotFound: if the host does not have one; the message lists the networks of both.
    """
    own = package.network_names
    _check_network_options(own, request)
    mapped = []
    for name in own:
        target = request.networks.get(name, request.network or name)
        if target not in known:
            raise NotFound(
                f"The host has no network '{target}' for the package's network '{name}'; it has "
                f"{quoted(sorted(known))}, the package has {quoted(own)}.",
                hint="Give it one with 'network', or with 'networks' by the package's names.",
            )
        mapped.append((name, known[target]))
    return mapped


def _check_network_options(own: Sequence[str], request: ImportRequest) -> None:
    for name in request.networks:
        if name not in own:
            raise ParseError(f"the package has no network '{name}'; it has {quoted(own)}.", where="networks")
    if request.network is not None and not own:
        raise ParseError("the package has no networks.", where="network")


def check_eulas(offer: Offer, request: ImportRequest) -> None:
    """Refuse a package whose licence the user has not accepted; its text is in the error's details.

    :raises Refused: if that is so.
    """
    if offer.system.eulas and not request.accept_eula:
        raise Refused(
            "The package has a licence agreement, which has to be accepted; its text is in 'eulas'.",
            hint="Read it, and set accept_eula to true if you accept it.",
            details={"eulas": list(offer.system.eulas)},
        )


def _encoding(descriptor: bytes) -> str:
    """The encoding of a descriptor: its byte order mark takes precedence over its declaration."""
    marked = next((encoding for mark, encoding in _BYTE_ORDER_MARKS if descriptor.startswith(mark)), None)
    declared = _ENCODING.match(descriptor)
    return marked or (declared[1].decode().lower() if declared else "utf-8")


def _check(package: Package) -> None:
    if package.is_collection or len(package.systems) > 1:
        raise Refused(
            f"The package has {len(package.systems)} machines in a collection (vApp); hosts import one machine only.",
            hint="Export each machine of it on its own.",
        )
    for file in package.files:
        _check_file(file)
    for disk in package.disks:
        if disk.parent is not None:
            raise Refused(
                f"The package's disk '{disk.id}' is only the difference to its disk '{disk.parent}'; hosts "
                "import whole disks only.",
                hint="Export the machine again, with its snapshots deleted.",
            )


def _check_file(file: OvfFile) -> None:
    if file.chunk_size is not None:
        raise Refused(
            f"The package's file '{file.href}' is split into chunks, which is not supported.",
            hint="Convert the package with ovftool, which writes whole files.",
        )
    if file.compression not in (None, "identity"):
        raise Refused(
            f"The package's file '{file.href}' is compressed ({file.compression}), which is not supported.",
            hint="Convert the package with ovftool, whose packages are not compressed in this way.",
        )


def _option(package: Package, wanted: str | None) -> str | None:
    known = [option.id for option in package.options]
    if wanted is None:
        return package.default_option
    if wanted not in known:
        raise ParseError(
            f"the package has no deployment option '{wanted}'; it has {quoted(known)}.", where="deployment_option"
        )
    return wanted
