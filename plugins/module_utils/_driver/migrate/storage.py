# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The datastores that a domain's files are in after a migration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.migrate.names import missing
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path, unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.host_context import HostContext
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_DATASTORES, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# A host's datastores: for each reference its name, and its URL, which is the same in each datacenter that has it.
Datastores = Mapping[Any, tuple[str, str]]

# The datastore for the VMX and all disks that are not named, None for no move, and the keys of disks with theirs.
Storage = tuple[Any, list[tuple[int, Any]]]


def read_datastores(vcenter: Session, host: HostContext) -> Datastores:
    """Read the datastores of a host, in one call."""
    rows = fetch(vcenter, "Datastore", ["name", "summary.url"], objects=[host.host], traversal=HOST_DATASTORES)
    return {ref: (unescape_name(values["name"]), str(values["summary.url"])) for ref, values in rows}


def named_storage(
    record: DomainRecord,
    host: HostContext,
    there: Datastores,
    devices: Sequence[Any],
    name: str | None,
    disks: Mapping[str, str],
) -> Storage:
    """Return the datastores that a task names, without those that files are in already.

    :param there: the destination's datastores.
    :param name: the datastore for everything that ``disks`` does not name; None for what stays.
    :param disks: names of datastores by the labels of disks.
    :raises NotFound: if the destination has no such datastore, or the domain no such disk.
    """
    present = _disks(devices)
    labels = {str(disk.deviceInfo.label): key for key, (disk, _name) in present.items() if disk.deviceInfo is not None}
    chosen: dict[int, str] = {}
    for label, datastore in disks.items():
        if label not in labels:
            raise NotFound(f"The domain has no disk '{label}'; there are {', '.join(map(repr, labels)) or 'none'}.")
        chosen[labels[label]] = datastore
    targets = {key: _named(there, host, datastore) for key, datastore in chosen.items()}
    moved = [key for key, (_disk, at) in present.items() if at != chosen.get(key, name or at)]
    if name is None:
        return None, [(key, targets[key]) for key in moved]
    wanted = _named(there, host, name)
    return (None, []) if not moved and home_of(record) == name else (wanted, list(targets.items()))


def same_storage(
    record: DomainRecord, host: HostContext, here: Datastores, there: Datastores, devices: Sequence[Any]
) -> Storage:
    """Return the datastores that the domain's files are in, as another datacenter knows them.

    :raises Refused: if that datacenter does not have one of them.
    """
    by_url = {url: ref for ref, (_name, url) in there.items()}
    urls = dict(here.values())

    def counterpart(name: str) -> Any:
        ref = by_url.get(urls.get(name, ""))
        if ref is None:
            raise Refused(
                f"Domain '{record.name}' cannot be migrated to {host.host_name}: its datastore '{name}' is not in the "
                f"datacenter '{host.datacenter_path}'.",
                hint="Name the datastore that its files are to go to in dest_datastore.",
            )
        return ref

    home = home_of(record)
    others = [(key, counterpart(at)) for key, (_disk, at) in _disks(devices).items() if at != home]
    return counterpart(home), others


def _disks(devices: Sequence[Any]) -> dict[int, tuple[Any, str]]:
    """The disks that are files, by key, each with the name of its datastore."""
    disks = [device for device in devices if isinstance(device, vim.vm.device.VirtualDisk)]
    files = [(disk, getattr(disk.backing, "fileName", None)) for disk in disks]
    return {disk.key: (disk, parse_datastore_path(file).datastore) for disk, file in files if file}


def home_of(record: DomainRecord) -> str:
    """Return the name of the datastore that the domain's VMX is in."""
    return parse_datastore_path(record.vmx_path).datastore if record.vmx_path else ""


def _named(there: Datastores, host: HostContext, name: str) -> Any:
    found = next((ref for ref, (each, _url) in there.items() if each == name), None)
    if found is None:
        raise missing("datastore", name, host, (each for each, _url in there.values()))
    return found
