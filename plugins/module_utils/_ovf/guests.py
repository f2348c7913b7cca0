# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest's operating system: the guestOS word of a VMX, and the guestId of OVF (``vmw:osType``) and the VI API."""

from __future__ import annotations

import re

# guestOS -> guestId, where the rule does not hold: ``debian12-64`` is ``debian12_64Guest``.
_IRREGULAR = {
    "other": "otherGuest",
    "other-64": "otherGuest64",
    "longhorn": "winLonghornGuest",
    "longhorn-64": "winLonghorn64Guest",
    "otherlinux": "otherLinuxGuest",
    "otherlinux-64": "otherLinux64Guest",
    **{f"other{n}xlinux": f"other{n}xLinuxGuest" for n in (24, 26, 3, 4, 5, 6)},
    **{f"other{n}xlinux-64": f"other{n}xLinux64Guest" for n in (24, 26, 3, 4, 5, 6)},
    **{f"{name}-64": f"{name}64Guest" for name in ("ubuntu", "fedora", "centos", "sles", "opensuse", "asianux")},
    **{f"windows{n}srv-64": f"windows{n}Server64Guest" for n in (7, 8, 9)},
}
_ID_OF = {identifier.lower(): word for word, identifier in _IRREGULAR.items()}
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
    known = _ID_OF.get(guest_id.lower())
    if known is not None:
        return known
    plain = re.sub("guest", "", guest_id.lower())
    return re.sub(r"_?64$", "-64", plain)


def guest_id(guest_os: str | None) -> str | None:
    """Return the guestId of a guestOS word, None where there is none."""
    if not guest_os:
        return None
    irregular = _IRREGULAR.get(guest_os)
    return irregular or re.sub(r"-64$", "_64", guest_os) + "Guest"


def cim_number(guest_os: str | None) -> int:
    """Return CIM's number for a guestOS word: 1 for other."""
    return next((number for number, word in _CIM.items() if word == guest_os), 102 if is_64_bit(guest_os) else 1)


def is_64_bit(guest_os: str | None) -> bool:
    """Whether a guest has 64 bits, by its word."""
    return (guest_os or "").endswith("-64")
