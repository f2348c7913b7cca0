# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of the definition of a domain that the host has, which libvirt's driver refuses.

The wanted domain is compared with the present one. How the differences are made is in ``redefine.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Interface
from ansible_collections.virt.esx.plugins.module_utils._driver.browser import scsi_model_of
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.checks import check_devices
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.description import ESX
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import (
    Difference,
    differences,
    disk_pairs,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_identity import (
    check_chains_stay,
    moved_files,
    present_files,
    with_present_files,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.disk_users import (
    check_images,
    check_unused,
    disk_exists,
    new_disks,
    new_images,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.hardware_version import (
    HARDWARE,
    hardware_difference,
    upgraded_version,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.host_limits import check_limits, warn_of_lacks
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.machine import Machine, read_machine
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import Parts
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_devices import check_new_cards
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_files import (
    GROWTH,
    Growth,
    NewFiles,
    check_same_files,
    growth_of,
    plan_new_files,
    sized,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.power import check_valid, is_invalid
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.reconfigure import (
    Reconfiguration,
    changed_keys,
    plan_reconfiguration,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import (
    SETTING,
    setting_differences,
    setting_text,
    wanted_settings,
    with_settings,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.wanted import wanted_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import read_text, to_domain, with_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, find_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.options import size_text
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Target
from ansible_collections.virt.esx.plugins.module_utils._driver.transfer import datastore_file
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import DatastorePath, parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import MAX_SIZE, VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import as_in_xml, merge_vmx

# Sizes that a host rounds when it reads a VMX.
_MEMORY_STEP_KIB = 4096
# The longest new name of a domain that a server takes, in characters.
_LONGEST_NAME = 80


@dataclass(frozen=True)
class Change:
    """The present definition of a domain, the wanted one, in what they differ, and how that is changed.

    ``old`` and ``new`` are the VMX; they are the same where nothing differs. ``merge`` makes any VMX of the domain
    describe the wanted one, ``read`` reads it. ``is_unread`` says that the host has not read the present VMX, since
    whoever uploaded it was interrupted. ``files`` are made before the change.
    """

    file: DatastoreFile
    record: DomainRecord
    old: bytes
    new: bytes
    merge: Callable[[bytes], bytes]
    read: Callable[[bytes], Domain]
    before: Domain
    after: Domain
    differences: Sequence[Difference]
    how: Reconfiguration
    is_unread: bool
    files: NewFiles

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to do."""
        return self.old != self.new or self.is_unread or bool(self.differences)


def details(change: Change) -> tuple[str, str]:
    """The effects of a change that domain XML cannot express, before and after it, as lines for diff mode."""
    before = "".join(_detail(item, item.before) for item in change.differences)
    after = "".join(_detail(item, item.after) for item in change.differences)
    return before, after + change.files.text()


def _detail(item: Difference, value: Any) -> str:
    """One side of a difference as a line, empty for one that domain XML can say."""
    if item.part == SETTING:
        return setting_text(item.name, value)
    if item.part == HARDWARE:
        return f"hw_version: {value}\n"
    if item.part == GROWTH:
        return f"{item.name}: {size_text(value.capacity if isinstance(value, Growth) else value)}\n"
    return ""


def find_change(
    connection: EsxConnection, request: DomainRequest, record: DomainRecord, facts: HostFacts, predicted: DomainRecord
) -> Change:
    """Compare the definition of a domain with a request; one file is read, and the machine if they differ.

    :param predicted: the domain in the state that it will be in.
    :raises Refused: if another domain has the new name, or a disk with snapshots would be removed.
    :raises ParseError: if a host could not start the resulting domain, or the new name is too long.
    """
    old = read_text(connection, record).encode("utf-8", "surrogateescape")
    place = parse_datastore_path(record.vmx_path or "")

    def read(content: bytes, whose: DomainRecord = record) -> Domain:
        return to_domain(connection, whose, facts, content.decode("utf-8", "surrogateescape"))

    present = read(old)
    wanted = wanted_domain(request, present, old, place, facts)
    files = plan_new_files(connection, request.parts, present, wanted)
    merge = _merger(connection, place, facts, request)
    new = merge(old, wanted)
    found = differences_of(read, old, new)
    growing = sized(request.parts, present)
    machine = read_machine(connection, record, {item.part for item in found} | ({GROWTH} if growing else set()))
    if disk_pairs(found):
        own = _OwnDisks(connection, record, read, merge, files, request.parts)
        wanted, new, found = own.applied(old, wanted, machine)
        check_same_files(record.name, request.parts, found)
    is_same = new == old and predicted.state == record.state
    after = present if is_same else read(new, predicted)
    _check_devices(request, present, after)
    _check(connection, record, found, after)
    keys = _of_keys(connection, request, with_uuid(after, record), old, facts.host_version)
    found += [*growth_of(connection, growing, present, machine), *keys]
    builder = SpecBuilder(machine, as_in_xml(after) if found else after, changed_keys(old, new) if new != old else {})
    after = read(_bounded(record, _with_keys(new, keys)), predicted) if keys else after
    return Change(
        file=datastore_file(connection, place),
        record=record,
        old=old,
        new=new,
        merge=lambda content: merge(content, wanted),
        read=read,
        before=with_uuid(present, record),
        after=with_uuid(after, record),
        differences=found,
        how=plan_reconfiguration(found, builder, _version_check(connection, record, found)),
        is_unread=record.state == "shutoff" and not _has_read(record, present),
        files=files,
    )


def _check_devices(request: DomainRequest, present: Domain, after: Domain) -> None:
    """Refuse devices that a host cannot start, or that the same request would not find again."""
    if (present.disks, present.interfaces) != (after.disks, after.interfaces):
        check_devices(after)
    if not request.is_definition:
        check_new_cards(request.parts.interfaces, present, after)


def _version_check(connection: EsxConnection, record: DomainRecord, found: Sequence[Difference]) -> Callable[..., bool]:
    """Return the function that says whether the API has a version; it has none for a domain that its host cannot read.

    Such a domain cannot be reconfigured: everything that a VMX can say is corrected there.

    :raises Refused: if it cannot be read, and what is to be changed can only be said by the API.
    """
    if not is_invalid(record):
        return connection.session.has
    if any(item.part in (SETTING, HARDWARE, GROWTH) for item in found):
        check_valid(Target(record.name, record.ref), record, "changed so")
    return lambda *_version: False


def _bounded(record: DomainRecord, vmx: bytes) -> bytes:
    """Return the VMX unless its settings make it so long that nobody could read it any more."""
    if len(vmx) > MAX_SIZE:
        raise Refused(
            f"With these settings, the VMX of domain '{record.name}' would have {len(vmx)} bytes; a VMX is at most "
            f"{MAX_SIZE} bytes long."
        )
    return vmx


def _of_keys(
    connection: EsxConnection, request: DomainRequest, after: Domain, vmx: bytes, host_version: str | None
) -> list[Difference]:
    """In what a VMX differs from a request that no domain can say: settings and the virtual hardware version."""
    wanted = wanted_settings(request, after.name, after.uuid)
    settings = setting_differences(wanted, VmxFile(vmx, ESX)) if wanted else []
    return settings + hardware_difference(connection, request, vmx, host_version)


def _with_keys(vmx: bytes, keys: Sequence[Difference]) -> bytes:
    """A VMX with the settings that are requested, which can be parts of a domain too."""
    return with_settings(vmx, {item.name: item.after for item in keys if item.part == SETTING})


def _merger(
    connection: EsxConnection, place: DatastorePath, facts: HostFacts, request: DomainRequest
) -> Callable[[bytes, Domain], bytes]:
    """The function that makes a VMX at that place describe a domain."""

    def merge(content: bytes, wanted: Domain) -> bytes:
        return merge_vmx(
            content,
            wanted,
            directory=str(place.parent),
            datastores=facts.volumes,
            scsi_model=scsi_model_of(connection),
            report=request.report,
            removed=request.parts.removed,
            hw_version=upgraded_version(request, content),
        )

    return merge


def differences_of(read: Callable[[bytes], Domain], old: bytes, new: bytes) -> list[Difference]:
    """In what the domains of two VMX differ, as ``read`` reads them."""
    return differences(as_in_xml(read(old)), as_in_xml(read(new))) if new != old else []


@dataclass(frozen=True)
class _OwnDisks:
    """Finds a machine's own disks in a description that has other names for them; the rest is as in ``find_change``."""

    connection: EsxConnection
    record: DomainRecord
    read: Callable[[bytes], Domain]
    merge: Callable[[bytes, Domain], bytes]
    files: NewFiles
    parts: Parts

    def applied(self, old: bytes, wanted: Domain, machine: Machine) -> tuple[Domain, bytes, list[Difference]]:
        """The wanted domain, its VMX and the differences, with disks that are the machine's own under any name."""
        wanted = with_present_files(wanted, present_files(self.read(old), machine))
        new = self.merge(old, wanted)
        found = differences_of(self.read, old, new)
        made = [part.target for part in self.parts.disks if part.makes_file]
        moved = moved_files(found, self._exists, self.connection.warn, made)
        if moved:
            wanted = with_present_files(wanted, moved)
            new = self.merge(old, wanted)
            found = differences_of(self.read, old, new)
        check_chains_stay(self.record.name, found, machine)
        return wanted, new, found

    def _exists(self, source: str) -> bool:
        return self.files.has(source) or disk_exists(self.connection, source)


# The parts of a domain that are limited by its host.
_LIMITED = ("vcpus", "memory_kib", "min_guarantee_kib", "interfaces")


def _check(connection: EsxConnection, record: DomainRecord, found: Sequence[Difference], after: Domain) -> None:
    """Refuse what the host could not start, before anything is sent."""
    check_unused(connection, record.ref, new_disks(found))
    check_images(connection, new_images(found))
    if any(item.part in _LIMITED for item in found):
        check_limits(connection, after, _new_networks(found))
    new = {item.part for item in found if not item.before}
    warn_of_lacks(connection, new_vnc="graphics" in new, new_tpm="tpms" in new)
    if after.name and after.name != record.name:
        _check_name(connection, record, after.name)


def _new_networks(found: Sequence[Difference]) -> list[str]:
    """The host's networks that cards are to be connected to."""
    cards = [(item.before, item.after) for item in found if item.part == "interfaces" and item.after is not None]
    return [after.source for before, after in cards if _is_in_new_network(before, after)]


def _is_in_new_network(before: Interface | None, after: Interface) -> bool:
    if after.type != "bridge" or not after.source:
        return False
    return before is None or (before.type, before.source) != (after.type, after.source)


def _has_read(record: DomainRecord, present: Domain) -> bool:
    """Whether a host has read a VMX, by the sizes that it knows itself; it rounds those of the VMX."""
    limit = min(present.current_memory_kib or present.memory_kib, present.memory_kib)
    says = (present.vcpus, _rounded(present.memory_kib), _rounded(limit))
    return says == (record.vcpus, _rounded(record.max_memory_kib or 0), _rounded(record.memory_kib or 0))


def _rounded(size_kib: int) -> int:
    return -(-size_kib // _MEMORY_STEP_KIB)


def _check_name(connection: EsxConnection, record: DomainRecord, name: str) -> None:
    if len(name) > _LONGEST_NAME:
        raise ParseError(f"'{name}' has {len(name)} characters, expecting at most {_LONGEST_NAME}.", where="name")
    other = find_domain(connection, DomainKey(name))
    if other is not None and other[0].ref != record.ref:
        raise Refused(
            f"The domain '{record.name}' cannot be renamed: the host has another domain '{name}', "
            f"with the UUID {other[0].uuid}.",
            hint="Choose another name.",
        )
