# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undefining a domain: the host forgets it, and its files are deleted if the request says so.

It is unregistered last. Until then a run that was interrupted can be repeated: the domain is still found, and with it
what is left of its files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.own_files import (
    FILE_PATHS,
    OwnFiles,
    find_own_files,
    list_directory,
    with_keepers_last,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.file_users import read_file_users
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path, quoted
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch

# Faults that say that a file is gone already.
_GONE = ("FileNotFound", "NotFound")


def plan_undefine(
    connection: EsxConnection,
    target: Target,
    record: DomainRecord,
    *,
    remove_storage: bool,
    gone: Collection[Any] = (),
) -> list[Step]:
    """The steps that undefine a domain.

    :param gone: the references to domains that the same task undefines before.
    :raises Refused: if it runs.
    """
    if record.state == "running":
        raise Refused(
            f"The {target} cannot be undefined: it is running.",
            hint="Bring it into state shutdown or destroyed first.",
        )
    undefine = Step("undefine", partial(_unregister, target))
    if not remove_storage or record.vmx_path is None:
        return [undefine]
    files = find_own_files(connection, record.ref, record.vmx_path, gone)
    return [*_storage_steps(connection, record.ref, files), undefine]


def deletion_order(connection: EsxConnection, records: list[DomainRecord]) -> list[DomainRecord]:
    """Return domains in the order in which they can be undefined with their files; one read, none for a single one."""
    if len(records) < 2:
        return records
    by_ref = {record.ref: record for record in records}
    rows = fetch(connection.session, "VirtualMachine", FILE_PATHS, objects=list(by_ref))
    return [by_ref[ref] for ref in with_keepers_last(rows)]


def _storage_steps(connection: EsxConnection, ref: Any, files: OwnFiles) -> list[Step]:
    """The steps that delete files: disks first, the directory last."""
    actions: list[tuple[str, Callable[[], None]]] = [
        *((disk, partial(_delete_disk, connection, disk)) for disk in files.disks if disk not in files.shared),
        *((disk, partial(_delete_shared, connection, ref, disk)) for disk in files.disks if disk in files.shared),
        *((place, partial(_delete_directory, connection, place)) for place in files.directories),
        *((file, partial(_delete_file, connection, file)) for file in (*files.others, files.vmx)),
    ]
    if files.directory is not None:
        actions.append((files.directory, partial(_delete_directory, connection, files.directory)))
    return [Step(f"delete {name}", action) for name, action in actions]


def _unregister(target: Target) -> None:
    target.ref.UnregisterVM()


def _delete_disk(connection: EsxConnection, disk: str) -> None:
    """DeleteVirtualDisk_Task deletes the descriptor and its extents."""
    _delete(connection, disk, connection.session.content.virtualDiskManager.DeleteVirtualDisk_Task)


def _delete_shared(connection: EsxConnection, ref: Any, disk: str) -> None:
    """Delete a disk unless another domain still has it, which was to be undefined before, but could not be."""
    users = [user.name for user in read_file_users(connection).of(parse_datastore_path(disk)) if user.ref != ref]
    if users:
        connection.warn(f"The disk {disk} is not deleted, as it is still a disk of domain {quoted(users)}.")
        return
    _delete_disk(connection, disk)


def _delete_file(connection: EsxConnection, file: str) -> None:
    _delete(connection, file, connection.session.content.fileManager.DeleteDatastoreFile_Task)


def _delete(connection: EsxConnection, path: str, start: Callable[[str, Any], Any]) -> None:
    """Delete a file that may already be gone."""
    try:
        connection.wait(start(path, connection.context.datacenter), f"Deleting {path}")
    except (ServerFault, NotFound) as error:
        if error.fault not in _GONE:
            raise


def _delete_directory(connection: EsxConnection, directory: str) -> None:
    """DeleteDatastoreFile_Task deletes what is in a directory, too; so it has to be empty."""
    left = list_directory(connection, parse_datastore_path(directory))
    if left:
        connection.warn(f"The directory {directory} is not deleted, as it is not empty: {', '.join(sorted(left))}.")
        return
    _delete_file(connection, directory)
