# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undefining a domain: the host forgets it, and its files are deleted if the request says so.

It is unregistered last. Until then a run that was interrupted can be repeated: the domain is still found, and with it
what is left of its files.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.own_files import (
    OwnFiles,
    find_own_files,
    list_directory,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step, Target
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path

# Faults that say that a file is gone already.
_GONE = ("FileNotFound", "NotFound")


def plan_undefine(
    connection: EsxConnection, target: Target, record: DomainRecord, *, remove_storage: bool
) -> list[Step]:
    """The steps that undefine a domain.

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
    files = find_own_files(connection, record.ref, record.vmx_path)
    return [*_storage_steps(connection, files), undefine]


def _storage_steps(connection: EsxConnection, files: OwnFiles) -> list[Step]:
    """The steps that delete files: disks first, the directory last."""
    steps = [Step(f"delete {disk}", partial(_delete_disk, connection, disk)) for disk in files.disks]
    steps += [Step(f"delete {file}", partial(_delete_file, connection, file)) for file in (*files.others, files.vmx)]
    if files.directory is not None:
        delete = partial(_delete_directory, connection, files.directory, files.vmx)
        steps.append(Step(f"delete {files.directory}", delete))
    return steps


def _unregister(target: Target) -> None:
    target.ref.UnregisterVM()


def _delete_disk(connection: EsxConnection, disk: str) -> None:
    """DeleteVirtualDisk_Task deletes the descriptor and its extents."""
    _delete(connection, disk, connection.session.content.virtualDiskManager.DeleteVirtualDisk_Task)


def _delete_file(connection: EsxConnection, file: str) -> None:
    _delete(connection, file, connection.session.content.fileManager.DeleteDatastoreFile_Task)


def _delete(connection: EsxConnection, path: str, start: Callable[[str, Any], Any]) -> None:
    """Delete a file that may already be gone."""
    try:
        connection.wait(start(path, connection.context.datacenter), f"Deleting {path}")
    except (ServerFault, NotFound) as error:
        if error.fault not in _GONE:
            raise


def _delete_directory(connection: EsxConnection, directory: str, vmx: str) -> None:
    """DeleteDatastoreFile_Task deletes what is in a directory, too; so it has to be empty."""
    left = list_directory(connection, parse_datastore_path(vmx))
    if left:
        connection.warn(f"The directory {directory} is not deleted, as it is not empty: {', '.join(sorted(left))}.")
        return
    _delete_file(connection, directory)
