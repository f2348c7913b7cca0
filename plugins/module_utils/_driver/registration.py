# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering a VMX as a domain."""

from __future__ import annotations

import contextlib
import time
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

# The seconds between looks for a domain whose registration may have begun.
_PAUSES = (0.2, 0.5, 1.0, 2.0)


def register_vmx(connection: EsxConnection, vmx: str, subject: object, name: str | None = None) -> Any:
    """Register a VMX; return the domain's reference.

    If the answer is lost, a domain whose registration may have begun all the same is waited for, so that whoever then
    deletes what was made for it finds it.

    :param vmx: its path, ``[datastore] directory/name.vmx``.
    :param subject: what is registered, for messages: ``domain 'web'``.
    :param name: the domain's name, if not the one in the VMX.
    :raises EsxError: if the host does not register it, or that is unknown.
    """
    context = connection.context
    try:
        task = context.vm_folder.RegisterVM_Task(vmx, name, False, context.pool, context.host)
        return connection.wait(task, f"Registering {subject}")
    except EsxError as error:
        if error.in_doubt:
            with contextlib.suppress(EsxError):
                _wait_until_registered(connection, vmx)
        raise


def find_registered(connection: EsxConnection, vmx: str) -> Any:
    """Return the domain that a VMX is registered as, None if there is none; one call."""
    return connection.session.content.searchIndex.FindByDatastorePath(connection.context.datacenter, vmx)


def _wait_until_registered(connection: EsxConnection, vmx: str) -> None:
    """Wait until a VMX is registered, but not for long, as it may never be."""
    for pause in _PAUSES:
        if find_registered(connection, vmx) is not None:
            return
        time.sleep(pause)
