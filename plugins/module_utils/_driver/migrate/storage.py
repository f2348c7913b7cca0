# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The datastores that a domain's files are in after a migration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.model import DriveAddress
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.names import missing
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path, unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_DATASTORES, Values, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, vim
from ansible_collections.virt.esx.plugins.module_utils._vmx import slots

# A host's datastores by reference: the name, and the URL, which is the same in each datacenter that has it.
Datastores = Mapping[Any, tuple[str, str]]

# The datastore for the VMX and all disks that are not named, None to stay; and the datastores of named disks by key.
Storage = tuple[Any, list[tuple[int, Any]]]

# Bus -> the class of its controllers, in whose slots a disk's target does not depend on other disks.
_BUSES = {
    "scsi": "VirtualSCSIController",
    "ide": "VirtualIDEController",
    "nvme": "VirtualNVMEController",
}


def read_datastores(vcenter: Session, host: HostContext) -> Datastores:
    """Read the datastores of a host, in one call."""
    rows = fetch(vcenter, "Datastore", ["name", "summary.url"], objects=[host.host], traversal=HOST_DATASTORES)
    return {ref: name_and_url(ref, values) for ref, values in rows}


def name_and_url(ref: Any, values: Values) -> tuple[str, str]:
    """Return the name and the URL of a datastore; its moid for what the user may not see, which no other one has."""
    return unescape_name(values["name"] or moid(ref)), str(values["summary.url"] or moid(ref))


def named_storage(
    record: DomainRecord,
    host: HostContext,
    there: Datastores,
    devices: Sequence[Any],
    name: str | None,
    disks: Mapping[str, str],
) -> Storage:
    """Return the datastores that a task names, without those that the files are already in.

    :param there: the destination's datastores.
    :param name: the datastore for everything that ``disks`` does not name; None for what stays.
    :param disks: the names of datastores by the labels or the targets of disks.
    :raises NotFound: if the destination does not have the datastore, or the domain the disk.
    """
    present = _disks(devices)
    chosen = _datastores_by_key({key: _names_of(disk, devices) for key, (disk, _at) in present.items()}, disks)
    targets = {key: _named(there, host, datastore) for key, datastore in chosen.items()}
    moved = [key for key, (_disk, at) in present.items() if at != chosen.get(key, name or at)]
    if name is None:
        return None, [(key, targets[key]) for key in moved]
    wanted = _named(there, host, name)
    return (None, []) if not moved and home_of(record) == name else (wanted, list(targets.items()))


def _datastores_by_key(names: Mapping[int, Sequence[str]], disks: Mapping[str, str]) -> dict[int, str]:
    """The names of datastores by the keys of disks.

    :param names: the label and the target of each disk of the domain by its key.
    """
    chosen: dict[int, str] = {}
    for disk, datastore in disks.items():
        key = _key_of(disk, names)
        if chosen.setdefault(key, datastore) != datastore:
            raise ParseError(f"the disk '{disk}' is named twice, with different datastores.", where="dest_disks")
    return chosen


def _key_of(disk: str, names: Mapping[int, Sequence[str]]) -> int:
    for key, known in names.items():
        if disk in known:
            return key
    listed = ", ".join(" or ".join(map(repr, known)) for known in names.values())
    raise NotFound(f"The domain has no disk '{disk}'; it has {listed or 'none'}.")


def same_storage(
    record: DomainRecord, host: HostContext, here: Datastores, there: Datastores, devices: Sequence[Any]
) -> Storage:
    """Return the datastores of the domain's files, as another datacenter knows them.

    :raises NotFound: if that datacenter lacks one of them.
    """
    by_url = {url: ref for ref, (_name, url) in there.items()}
    urls = dict(here.values())

    def counterpart(name: str) -> Any:
        ref = by_url.get(urls.get(name, ""))
        if ref is None:
            raise NotFound(
                f"The datacenter '{host.datacenter_path}' does not have the domain's datastore '{name}'.",
                hint="Name the datastore that its files are to go to in dest_datastore.",
            )
        return ref

    home = home_of(record)
    others = [(key, counterpart(at)) for key, (_disk, at) in _disks(devices).items() if at != home]
    return counterpart(home), others


def _disks(devices: Sequence[Any]) -> dict[int, tuple[Any, str]]:
    """The names of the datastores of the disks that are files, by the disks' keys."""
    disks = [device for device in devices if isinstance(device, vim.vm.device.VirtualDisk)]
    files = [(disk, getattr(disk.backing, "fileName", None)) for disk in disks]
    return {disk.key: (disk, parse_datastore_path(file).datastore) for disk, file in files if file}


def _names_of(disk: Any, devices: Sequence[Any]) -> list[str]:
    """A disk's label, and its target in domain XML, which its slot on its controller gives.

    On a SATA controller, and above the 16 slots of an older SCSI controller, it depends on the other disks as well.
    """
    label = [] if disk.deviceInfo is None else [str(disk.deviceInfo.label)]
    target = _target_of(disk, devices)
    return label if target is None else [*label, target]


def _target_of(disk: Any, devices: Sequence[Any]) -> str | None:
    controller: Any = next((device for device in devices if device.key == disk.controllerKey), None)
    bus = _bus_of(controller)
    if bus is None or disk.unitNumber is None:
        return None
    slot = _slot_at(bus, controller.busNumber, disk.unitNumber)
    return None if slot is None else slot.target


def _slot_at(bus: str, number: int, unit: int) -> slots.Slot | None:
    address = DriveAddress(0, number, unit) if bus == "ide" else DriveAddress(number, 0, unit)
    return slots.slots(bus, number, wide=bus == "nvme", address_is_slot=True).get(slots.section_of(bus, address))


def _bus_of(controller: Any) -> str | None:
    """The kind of bus of a controller; None for one whose slots alone do not give a disk's target."""
    return next((bus for bus, kind in _BUSES.items() if isinstance(controller, getattr(vim.vm.device, kind))), None)


def home_of(record: DomainRecord) -> str:
    """Return the name of the datastore that the domain's VMX is in."""
    return parse_datastore_path(record.vmx_path).datastore if record.vmx_path else ""


def _named(there: Datastores, host: HostContext, name: str) -> Any:
    found = next((ref for ref, (each, _url) in there.items() if each == name), None)
    if found is None:
        raise missing("datastore", name, host, (each for each, _url in there.values()))
    return found
