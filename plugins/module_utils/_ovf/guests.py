# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest's operating system: the guestOS word of a VMX, and the guestId of OVF (``vmw:osType``) and the VI API."""

from __future__ import annotations

import re

from ansible_collections.virt.esx.plugins.module_utils._domain.guests import guest_named

# The numbers of CIM's kinds of operating systems (CIM_OperatingSystem.OSType) that say as much as a word of VMware's.
_CIM = {
    1: "other",
    36: "otherlinux",
    93: "ubuntu",
    94: "ubuntu-64",
    99: "other26xlinux",
    100: "other26xlinux-64",
    101: "otherlinux-64",
    102: "other-64",
    106: "centos",
    107: "centos-64",
}


def guest_os(guest_id: str | None, cim: int | None) -> str | None:
    """Return the guestOS word of a guestId, or else of a number of CIM's; None for an unknown one."""
    if not guest_id:
        return _CIM.get(cim or -1)
    known = guest_named(guest_id)
    if known is not None:
        return known.word
    # one that is newer than the table
    plain = re.sub("guest", "", guest_id.lower())
    return re.sub(r"_?64$", "-64", plain)


def guest_id(guest_os: str | None) -> str | None:
    """Return the guestId of a guestOS word, None where there is none."""
    if not guest_os:
        return None
    known = guest_named(guest_os)
    return re.sub(r"-64$", "_64", guest_os) + "Guest" if known is None else known.api_id


def cim_number(guest_os: str | None) -> int:
    """Return CIM's number for a guestOS word: 1 for other."""
    return next(
        (number for number, word in _CIM.items() if word == (guest_os or "").lower()), 102 if is_64_bit(guest_os) else 1
    )


def is_64_bit(guest_os: str | None) -> bool:
    """Whether a guest has 64 bits, by its word."""
    return (guest_os or "").endswith("-64")
