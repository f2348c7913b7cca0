# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain of files behind a disk: the file that it runs on, then each file that this one is based on.

A snapshot puts a new file at the head of the chain: a VMX then names ``web-000001.vmdk``, and ``web.vmdk`` is its
parent. All of them together are one disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def chain(backing: Any) -> Iterator[str]:
    """Yield the file names of a device's backing as the host spells them; nothing for a device without files."""
    while backing is not None:
        name = getattr(backing, "fileName", None)
        if name:
            yield str(name)
        backing = getattr(backing, "parent", None)
