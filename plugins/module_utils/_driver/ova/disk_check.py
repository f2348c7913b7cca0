# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checking the files of a package that a host asks for, as far as their sizes and first bytes show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.ova.offer import Offer
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._images.formats import VMDK_MAGIC
from ansible_collections.virt.esx.plugins.module_utils._names import quoted

# The flags of compressed grains with markers.
_STREAM_FLAGS = 0x30000
_SECTOR = 512


def check_disk(head: bytes, name: str, capacity: int | None) -> None:
    """Refuse a disk that no host takes, before it is sent.

    :param head: the beginning of the file, with the header of a VMDK.
    :param capacity: the bytes of the disk by the descriptor; None if that is not known.
    :raises Refused: if it is not a stream-optimized VMDK, or larger than the disk.
    """
    flags = int.from_bytes(head[8:12], "little")
    if head[:4] != VMDK_MAGIC or flags & _STREAM_FLAGS != _STREAM_FLAGS:
        raise Refused(
            f"The package's disk '{name}' is not a stream-optimized VMDK, which is all that hosts import.",
            hint=f"Convert it: qemu-img convert -O vmdk -o subformat=streamOptimized '{name}' new.vmdk",
        )
    own = int.from_bytes(head[12:20], "little") * _SECTOR
    if capacity is not None and own > capacity:
        raise Refused(
            f"The package's file '{name}' has the content of a disk of {own} bytes, but the descriptor makes the disk "
            f"{capacity} bytes large.",
            hint=f'In the descriptor, ovf:capacity="{own}" with ovf:capacityAllocationUnits="byte" would be right.',
        )


def check_files(offer: Offer, items: Sequence[Any]) -> list[str]:
    """Check the files that a host asks for, if they can be looked at before the import; return warnings.

    :param items: what the host makes of the package: the files that it needs.
    :raises ParseError: if one is missing, or two devices are to be filled from one.
    :raises Refused: if a disk cannot be imported.
    """
    names = [str(item.path) for item in items]
    _check_used_once(names)
    for item in items:
        glance = offer.glances.get(str(item.path))
        if glance is not None and not item.create:
            check_disk(glance.head, str(item.path), offer.capacity_of(str(item.path)))
    missing = [name for name in names if offer.glances.get(name, ...) is None]
    if missing:
        raise incomplete(missing)
    return list(_other_sizes(offer, names))


def _check_used_once(names: Sequence[str]) -> None:
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise ParseError(
            f"the file '{twice}' is the content of several devices, of which hosts fill one only; give each its own.",
            where="source",
        )


def incomplete(names: Sequence[str]) -> ParseError:
    """Return the error about a package that lacks files."""
    return ParseError(f"the package is incomplete: it has no file {quoted(names)}.", where="source")


def _other_sizes(offer: Offer, names: Sequence[str]) -> Iterator[str]:
    """Warnings about files that are not as long as the descriptor says; a manifest, if there is one, decides."""
    for file in offer.package.files:
        glance = offer.glances.get(file.href)
        if file.href in names and glance is not None and file.size not in (None, glance.size):
            doubt = "be truncated" if glance.size < (file.size or 0) else "have been replaced"
            sizes = f"has {glance.size} bytes, but {file.size} according to the descriptor"
            yield f"The package's file '{file.href}' {sizes}; it may {doubt}."
