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
    labels = {str(disk.deviceInfo.label): disk for disk in present if disk.deviceInfo is not None}
    chosen: dict[int, Any] = {}
    for label, datastore in disks.items():
        if label not in labels:
            raise NotFound(f"The domain has no disk '{label}'; there are {', '.join(map(repr, labels)) or 'none'}.")
        chosen[labels[label].key] = _named(there, host, datastore)
    moved = [(disk.key, chosen[disk.key]) for disk in present if disk.backing.datastore != chosen.get(disk.key)]
    moved = [(key, ref) for key, ref in moved if ref is not None] if name is None else list(chosen.items())
    if name is None:
        return None, moved
    wanted = _named(there, host, name)
    others = [disk for disk in present if disk.key not in chosen]
    at_home = _home(record) == name and all(disk.backing.datastore == wanted for disk in others)
    stays = at_home and all(disk.backing.datastore == chosen.get(disk.key, wanted) for disk in present)
    return (None, []) if stays else (wanted, moved)


def same_storage(
    record: DomainRecord, host: HostContext, here: Datastores, there: Datastores, devices: Sequence[Any]
) -> Storage:
    """Return the datastores that the domain's files are in, as another datacenter knows them.

    :raises Refused: if that datacenter does not have one of them.
    """
    by_url = {url: ref for ref, (_name, url) in there.items()}

    def counterpart(ref: Any) -> Any:
        name, url = here.get(ref, (_home(record), ""))
        if url not in by_url:
            raise Refused(
                f"Domain '{record.name}' cannot be migrated to {host.host_name}: its datastore '{name}' is not in the "
                f"datacenter '{host.datacenter_path}'.",
                hint="Name the datastore that its files are to go to in dest_datastore.",
            )
        return by_url[url]

    home = next((ref for ref, (name, _url) in here.items() if name == _home(record)), None)
    others = [disk for disk in _disks(devices) if disk.backing.datastore not in (None, home)]
    return counterpart(home), [(disk.key, counterpart(disk.backing.datastore)) for disk in others]


def _disks(devices: Sequence[Any]) -> list[Any]:
    """The disks that are files."""
    disks = [device for device in devices if isinstance(device, vim.vm.device.VirtualDisk)]
    return [disk for disk in disks if getattr(disk.backing, "datastore", None) is not None]


def _home(record: DomainRecord) -> str:
    """The name of the datastore that the domain's VMX is in."""
    return parse_datastore_path(record.vmx_path).datastore if record.vmx_path else ""


def _named(there: Datastores, host: HostContext, name: str) -> Any:
    found = next((ref for ref, (each, _url) in there.items() if each == name), None)
    if found is None:
        raise missing("datastore", name, host, (each for each, _url in there.values()))
    return found
