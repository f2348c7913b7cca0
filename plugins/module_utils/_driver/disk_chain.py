# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hard disks of a machine, and the chain of files behind each: the one written to, then each that it is based on.

A snapshot puts a new file at the head of the chain: a VMX then names ``web-000001.vmdk``, and ``web.vmdk`` is its
parent. All of them together are one disk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name


def chain(backing: Any) -> Iterator[str]:
    """Yield the file names of a device's backing in the host's spelling; nothing for a device without files."""
    while backing is not None:
        name = getattr(backing, "fileName", None)
        if name:
            yield str(name)
        backing = getattr(backing, "parent", None)


def virtual_disks(devices: Iterable[Any] | None) -> list[Any]:
    """Return the hard disks among the devices of a domain or a snapshot; none where these are not known."""
    return [device for device in devices or () if type_name(device) == "VirtualDisk"]
