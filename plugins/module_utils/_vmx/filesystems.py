# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shared folders (P48, P49, F55).

::

    isolation.tools.hgfs.disable = "false"
    sharedFolder.maxNum = "1"
    sharedFolder0.present = "true"
    sharedFolder0.enabled = "true"
    sharedFolder0.readAccess = "true"
    sharedFolder0.writeAccess = "false"
    sharedFolder0.hostPath = "/srv"
    sharedFolder0.guestName = "srv"
"""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Filesystem
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import (
    NO,
    YES,
    Entry,
    WriteContext,
    error_at,
    numbers_of,
)

_SECTION = re.compile(r"sharedfolder(0|[1-9][0-9]{0,8})")


def folder_indexes(context: ReadContext) -> tuple[int, ...]:
    """The numbers of the folders that are shared."""
    vmx = context.vmx
    if vmx.boolean("isolation.tools.hgfs.disable", True):
        return ()
    limit = vmx.integer("sharedFolder.maxNum", 0)
    numbers = sorted(int(found[1]) for found in map(_SECTION.fullmatch, vmx.sections) if found)
    shared = [number for number in numbers if number < limit and _is_shared(context, number)]
    if context.dialect.tolerant:
        shared = [number for number in shared if _has_names(context, number)]
    return tuple(shared)


def _is_shared(context: ReadContext, number: int) -> bool:
    present = context.vmx.boolean(f"sharedFolder{number}.present")
    enabled = context.vmx.boolean(f"sharedFolder{number}.enabled")
    return present and enabled


def _has_names(context: ReadContext, number: int) -> bool:
    missing = [key for key in ("hostPath", "guestName") if not context.vmx.get(f"sharedFolder{number}.{key}")]
    if missing:
        context.leave_out(f"sharedFolder{number}.present", f"the folder has no {missing[0]}, so it is not shared")
    return not missing


def read_filesystems(context: ReadContext) -> tuple[Filesystem, ...]:
    """The folders that are shared."""
    return tuple([_read_folder(context, number) for number in folder_indexes(context)])


def _read_folder(context: ReadContext, number: int) -> Filesystem:
    vmx = context.vmx
    return Filesystem(
        source=vmx.required(f"sharedFolder{number}.hostPath"),
        target=vmx.required(f"sharedFolder{number}.guestName"),
        readonly=not vmx.boolean(f"sharedFolder{number}.writeAccess"),
    )


def write_filesystems(domain: Domain, context: WriteContext) -> list[Entry]:
    """The folders, and that they are shared at all."""
    folders = domain.filesystems
    if not folders:
        return []
    numbers = numbers_of(folders, context.folders)
    lines = [("isolation.tools.hgfs.disable", NO), ("sharedFolder.maxNum", str(max(numbers) + 1))]
    for number, folder in zip(numbers, folders):
        if folder.type != "mount":
            raise error_at(folder, f"type='{folder.type}' is not supported, only 'mount'")
        values = (
            ("present", YES),
            ("enabled", YES),
            ("readAccess", YES),
            ("writeAccess", NO if folder.readonly else YES),
            ("hostPath", folder.source),
            ("guestName", folder.target),
        )
        lines += [(f"sharedFolder{number}.{key}", value) for key, value in values]
    return lines
