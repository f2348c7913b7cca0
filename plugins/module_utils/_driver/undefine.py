# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undefining a domain: the host forgets it, and where asked for its files are deleted.

Its disks go before it is unregistered: if that is interrupted, the domain is still there to be undefined again.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.domains import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.host import Host
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Step
from ansible_collections.virt.esx.plugins.module_utils._driver.storage import find_own_files, list_directory
from ansible_collections.virt.esx.plugins.module_utils._driver.subject import Subject
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, Refused, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._vmx.paths import parse_datastore_path

# Faults that say that a file is gone already.
_GONE = ("FileNotFound", "NotFound")


def plan_undefine(host: Host, subject: Subject, record: DomainRecord, *, remove_storage: bool) -> list[Step]:
    """The steps that undefine a domain.

    :raises Refused: if it runs.
    """
    if record.state == "running":
        raise Refused(
            f"The {subject} cannot be undefined: it is running.",
            hint="Bring it into state shutdown or destroyed first.",
        )
    undefine = Step("undefine", partial(_unregister, subject))
    if not remove_storage or record.vmx_path is None:
        return [undefine]
    files = find_own_files(host, record.ref, record.vmx_path)
    steps = [Step(f"delete {disk}", partial(_delete_disk, host, disk)) for disk in files.disks]
    steps += [Step(f"delete {file}", partial(_delete_file, host, file)) for file in files.others]
    steps += [undefine, Step(f"delete {files.vmx}", partial(_delete_file, host, files.vmx))]
    if files.directory is not None:
        steps.append(Step(f"delete {files.directory}", partial(_delete_directory, host, files.directory, files.vmx)))
    return steps


def _unregister(subject: Subject) -> None:
    subject.ref.UnregisterVM()


def _delete_disk(host: Host, disk: str) -> None:
    """DeleteVirtualDisk_Task deletes the descriptor and its extents."""
    _delete(host, disk, host.session.content.virtualDiskManager.DeleteVirtualDisk_Task)


def _delete_file(host: Host, file: str) -> None:
    _delete(host, file, host.session.content.fileManager.DeleteDatastoreFile_Task)


def _delete(host: Host, path: str, start: Callable[[str, Any], Any]) -> None:
    """Delete what may be gone already."""
    try:
        host.wait(start(path, host.context.datacenter), f"Deleting {path}")
    except (ServerFault, NotFound) as error:
        if error.fault not in _GONE:
            raise


def _delete_directory(host: Host, directory: str, vmx: str) -> None:
    """DeleteDatastoreFile_Task deletes what is in a directory, too; so it has to be empty."""
    left = list_directory(host, parse_datastore_path(vmx))
    if left:
        host.warn(f"The directory {directory} is not deleted, as it is not empty: {', '.join(sorted(left))}.")
        return
    _delete_file(host, directory)
