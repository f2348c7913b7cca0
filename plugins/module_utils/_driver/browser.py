# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Searching the datastores of a host, and the controller that a virtual disk there was made for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound, ParseError, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_DATASTORES, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._domain.model import Disk

# VmDiskFileInfo.controllerType -> libvirt's model, ignoring case (D12).
_MODELS = {
    "virtualbuslogiccontroller": "buslogic",
    "virtuallsilogiccontroller": "lsilogic",
    "virtuallsilogicsascontroller": "lsisas1068",
    "paravirtualscsicontroller": "vmpvscsi",
}


def search(connection: EsxConnection, place: DatastorePath, spec: Any) -> list[Any]:
    """The FileInfos of a directory; empty if it does not exist.

    :param place: any file in the directory.
    :param spec: a HostDatastoreBrowserSearchSpec.
    :raises NotFound: if the host has no such datastore.
    """
    rows = fetch(
        connection.session,
        "Datastore",
        ["name", "browser"],
        objects=[connection.host],
        traversal=HOST_DATASTORES,
    )
    browser = next((values["browser"] for _ref, values in rows if values["name"] == place.datastore), None)
    if browser is None:
        raise NotFound(f"The host has no datastore '{place.datastore}'.")
    directory = f"[{place.datastore}] {place.directory}".rstrip()
    try:
        found = connection.wait(browser.SearchDatastore_Task(directory, spec), f"Listing {directory}")
    except ServerFault as error:
        if error.fault == "FileNotFound":
            return []
        raise
    return list(found.file or ())


def scsi_model_of(connection: EsxConnection) -> Callable[[Disk], str]:
    """The function that finds the SCSI controller that a disk was made for, for controllers of model ``auto``."""

    def model(disk: Disk) -> str:
        place = parse_datastore_path(disk.source or "")
        browser = vim.host.DatastoreBrowser
        details = browser.VmDiskQuery.Details(
            diskType=True, capacityKb=False, hardwareVersion=False, controllerType=True
        )
        spec = browser.SearchSpec(matchPattern=[place.name], query=[browser.VmDiskQuery(details=details)])
        types = [
            getattr(item, "controllerType", None) for item in search(connection, place, spec) if item.path == place.name
        ]
        found = _MODELS.get(str(getattr(types[0], "_wsdlName", "")).lower()) if types else None
        if found is None:
            raise ParseError(
                f"the file '{disk.source}' does not say for which SCSI controller it was made, so that its controller "
                f"cannot be 'auto'; expecting one of {', '.join(sorted(_MODELS.values()))}.",
                where="<controller>",
                line=disk.line,
            )
        return found

    return model
