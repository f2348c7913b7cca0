# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which keys of a VMX a task can set by name, and reading the option that does it. Pure.

Keys that say what a part of the domain is have options of their own and are refused; keys that a host writes by itself
are left to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError

Settings = Mapping[str, Optional[str]]  # key as spelled -> value, None for a key that is to be removed

_OF_DISKS = r"(?:scsi|sata|nvme|ide|floppy)\d+(?::\d+)?\.(?:present|filename|devicetype|virtualdev)"
_OF_CARDS = r"ethernet\d+\.(?:present|networkname|connectiontype|address|addresstype|generatedaddress|virtualdev)"

# The option that sets the same as a key -> the keys, as patterns in lower case.
_OPTIONS = {
    "name": r"displayname",
    "annotation": r"annotation",
    "uuid": r"uuid\.bios",
    "vcpus": r"numvcpus",
    "max_memory": r"memsize",
    "memory": r"sched\.mem\.max",
    "guest_os": r"guestos",
    "hw_version": r"virtualhw\.version",
    "firmware": r"firmware|uefi\.secureboot\.enabled",
    "boot": r"bios\.(?:bootorder|hddorder)",
    "disks, cdroms or floppies": _OF_DISKS,
    "interfaces": _OF_CARDS,
    "serials": r"serial\d+\..*",
    "hostdevs": r"pcipassthru\d+\.(?:present|id|deviceid|vendorid)",
    "xml": r"remotedisplay\.vnc\..*|cpuid\.corespersocket|sharedfolder.*|parallel\d+\..*",
    "esx_scheduler": r"sched\.cpu\.(?:shares|affinity)|sched\.mem\.min(?:size)?",
}
_PLACED = {option: re.compile(keys) for option, keys in _OPTIONS.items()}

# Keys that a host, VMware Tools or a client writes by itself; the guide "parts" lists them for users.
HOST_KEYS = """
.encoding config.version virtualhw.productcompatibility uuid.location uuid.action vc.uuid
vm.createdate vm.lastpowerrequesttimestamp guestos.detailed.data guestinfo.detailed.data guestinfo.appinfo
guestinfo.vmtools.* guestinfo.vmware.components.available numa.autosize.* cpuid.corespersocket.cookie
sched.swap.derivedname hostcpuid.* guestcpuid.* usercpuid.* monitor.phys_bits_used replay.* nvram extendedconfigfile
vmxstats.filename *.pcislotnumber *.generatedaddress *.generatedaddressoffset vmci*.id pcibridge* *.redo
scsi*.saswwid nvme*.subnqnuuid checkpoint.* undopoint* cleanshutdown softpoweroff
snapshot.action snapshot.current snapshot.lastuid snapshot.mru* snapshot.numsnapshots
vmotion.* migrate.* toolsinstallmanager.* tools.remindinstall vmware.tools.* viv.moid svga.vramsize
"""
OF_HOST = re.compile("|".join(re.escape(word).replace(r"\*", ".*") for word in HOST_KEYS.split()))

# A key by the grammar of libvirt, which could not read a VMX with another any more; what a host has can be removed.
_KEY = re.compile(r"[A-Za-z.][A-Za-z0-9_:.*-]*")
_HAD = re.compile(r"[^\s=\"#]+")

# Keys whose number is that of another device in each domain.
NUMBERED = re.compile(r"(?:ethernet|serial|parallel|pcipassthru|sharedfolder|usb(?:_xhci)?:|ehci:)\d")


def read_named_settings(option: Mapping[str, Any] | None) -> dict[str, str | None]:
    """Return the settings that an option names; truth values and numbers become text.

    :raises ParseError: for a key that another option, or the host, says.
    """
    found: dict[str, str | None] = {}
    for key, value in (option or {}).items():
        where = f"settings, {key}"
        text = _text(value)
        if not _is_key(key, is_removed=text is None):
            raise ParseError(
                "this cannot be the name of a key, which has letters, digits and . _ : * - and begins with a letter.",
                where=where,
            )
        if key.lower() in (other.lower() for other in found):
            raise ParseError("it is given twice; keys are not case-sensitive.", where=where)
        _check_is_free(key.lower(), where)
        if isinstance(value, (dict, list)):
            raise ParseError("its value is not a text; use the filter to_json.", where=where)
        found[key] = text
    return found


def _is_key(key: Any, *, is_removed: bool) -> bool:
    return isinstance(key, str) and (_HAD if is_removed else _KEY).fullmatch(key) is not None


def _check_is_free(key: str, where: str) -> None:
    """Refuse a key, in lower case, that another option or the host sets."""
    option = option_of(key)
    if option is not None:
        raise ParseError(f"this is set by {option}.", where=where)
    if OF_HOST.fullmatch(key):
        raise ParseError("the host writes this key by itself.", where=where)


def option_of(key: str) -> str | None:
    """Return the option that sets the same as a key in lower case, None if there is none."""
    return next((option for option, keys in _PLACED.items() if keys.fullmatch(key)), None)


def _text(value: Any) -> str | None:
    """An empty text removes a key, as the host takes it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return None if value is None or value == "" else str(value)
