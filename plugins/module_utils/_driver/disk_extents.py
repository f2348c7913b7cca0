# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a virtual disk beside its own one, by their names."""

from __future__ import annotations

import re

# The files of a disk NAME.vmdk: its data, its changes, the map of another disk; and its pieces, if it has several.
_EXTENT = re.compile(r"(.+)-(?:flat|delta|sesparse|ctk|rdmp?)(\.vmdk)", re.IGNORECASE | re.DOTALL)
_PIECE = re.compile(r"(.+)-[sf][0-9]{3}(\.vmdk)", re.IGNORECASE | re.DOTALL)


def disk_of_extent(name: str) -> str | None:
    """Return the disk's own file, ``web.vmdk`` for ``web-flat.vmdk``; None for a name that no extent has."""
    found = _EXTENT.fullmatch(name)
    return found[1] + found[2] if found else None


def disk_of_piece(name: str) -> str | None:
    """Return the disk's own file, ``web.vmdk`` for ``web-s001.vmdk``; None for a name that no piece has.

    A disk itself can be called like a piece of another one, as that of a machine ``web-s001`` is.
    """
    found = _PIECE.fullmatch(name)
    return found[1] + found[2] if found else None
