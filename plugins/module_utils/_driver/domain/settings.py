# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of a VMX that a task sets: by name, as cloud-init's data, or as all keys of a VMX that is given. Pure.

Keys that say what a part of the domain is have options of their own and are refused; keys that a host writes by itself
are left to it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Optional

from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.edit import VmxEdit, edited
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.guestinfo import (
    CloudInit,
    guestinfo_entries,
    same_guestinfo,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.lexer import statements
from ansible_collections.virt.esx.plugins.module_utils._vmx.unread_keys import is_of_domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import escaped

SETTING = "settings"
CLOUD_INIT_OPTIONS: dict[str, dict[str, Any]] = {
    "meta_data": {"type": "dict"},
    "user_data": {"type": "str", "no_log": True},
    "network_config": {"type": "dict"},
    "vendor_data": {"type": "str", "no_log": True},
}
_ESX = DIALECTS["esx"]

Settings = Mapping[str, Optional[str]]  # key as spelled -> value, None for a key that is to be removed

_OF_DISKS = r"(?:scsi|sata|nvme|ide|floppy)\d+(?::\d+)?\.(?:present|filename|devicetype|virtualdev)"
_OF_CARDS = r"ethernet\d+\.(?:present|networkname|connectiontype|address|addresstype|generatedaddress|virtualdev)"

# What says the same as a key -> the keys, as patterns in lower case.
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
scsi*.saswwid nvme*.subnqnuuid snapshot.* checkpoint.* undopoint* cleanshutdown softpoweroff
vmotion.* migrate.* toolsinstallmanager.* tools.remindinstall vmware.tools.* viv.moid svga.vramsize
"""
_OF_HOST = re.compile("|".join(re.escape(word).replace(r"\*", ".*") for word in HOST_KEYS.split()))

# Keys whose number is that of another device in each domain.
_NUMBERED = re.compile(r"(?:ethernet|serial|parallel|pcipassthru|sharedfolder|usb(?:_xhci)?:|ehci:)\d")

# Truth values that the API has in fields of their own -> what they are where the VMX does not say it.
FLAGS = {
    "mem.hotadd": False,
    "vcpu.hotadd": False,
    "vcpu.hotremove": False,
    "vhv.enable": False,
    "vvtd.enable": False,
    "ctkenabled": False,
    "disk.enableuuid": False,
    "logging": True,
    "tools.synctime": False,
}
_TRUE = ("true", "yes", "1", "on")

# Data that may hold passwords: differences show a checksum of them.
_SECRET = re.compile(r"guestinfo\.(?:userdata|vendordata|metadata)")


def read_named_settings(option: Mapping[str, Any] | None) -> dict[str, str | None]:
    """Return the settings that an option names; truth values and numbers become text.

    :raises ParseError: for a key that another option, or the host, says.
    """
    found: dict[str, str | None] = {}
    for key, value in (option or {}).items():
        where = f"settings, {key}"
        lower = key.lower()
        other = next((name for name, keys in _PLACED.items() if keys.fullmatch(lower)), None)
        if other is not None:
            raise ParseError(f"this is said by {other}.", where=where)
        if _OF_HOST.fullmatch(lower):
            raise ParseError("the host writes this key by itself.", where=where)
        if not re.fullmatch(r"[^\s=\"#]+", key):
            raise ParseError("this cannot be the name of a key.", where=where)
        if isinstance(value, (dict, list)):
            raise ParseError("its value is no text; use the filter to_json.", where=where)
        found[key] = _text(value)
    return found


def _text(value: Any) -> str | None:
    """An empty text removes a key, as the host takes it."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return None if value is None or value == "" else str(value)


def cloud_init_settings(option: Mapping[str, Any], name: str | None, uuid: str | None) -> dict[str, str | None]:
    """Return cloud-init's data as settings.

    :param name: the domain's, the host name of metadata that have none.
    :param uuid: the domain's, the instance id of metadata that have none: it is the same for the domain's whole life.
    :raises ParseError: for data that are too long for a guest to read this way.
    """
    defaults = {"instance-id": uuid, "local-hostname": name}
    data = CloudInit(
        meta_data={**{key: value for key, value in defaults.items() if value}, **(option["meta_data"] or {})},
        user_data=option["user_data"],
        network_config=option["network_config"],
        vendor_data=option["vendor_data"],
    )
    return dict(guestinfo_entries(data))


def settings_of_vmx(vmx: str) -> dict[str, str | None]:
    """Return the keys of a given VMX that the domain which it describes cannot say; all others are compared as parts.

    Not those of cards and other devices that have other numbers in each domain, nor those that hosts write.
    """
    file = VmxFile(vmx, _ESX)
    found: dict[str, str | None] = {}
    for statement in statements(file.text):
        key = statement.name.lower()
        is_left = is_of_domain(key) or _OF_HOST.fullmatch(key) or _NUMBERED.match(key)
        if not is_left and not any(keys.fullmatch(key) for keys in _PLACED.values()):
            found.setdefault(statement.name, file.get(key))
    return found


def hw_version_of(vmx: str) -> int | None:
    """Return the virtual hardware version of a given VMX, None where it says none."""
    return VmxFile(vmx, _ESX).integer("virtualHW.version", 0) or None


def setting_differences(settings: Settings, present: VmxFile) -> list[Difference]:
    """Return the settings that a VMX does not have, each with the key as it is spelled there."""
    spelled = {statement.name.lower(): statement.name for statement in statements(present.text)}
    found = []
    for key, value in settings.items():
        before = present.get(key)
        if not _is_same(key.lower(), before, value):
            found.append(Difference(SETTING, spelled.get(key.lower(), key), before, value))
    return found


def _is_same(key: str, present: str | None, wanted: str | None) -> bool:
    if key in FLAGS:
        return is_true(key, present) == is_true(key, wanted)
    if wanted is None:
        return not present
    if _SECRET.match(key) and same_guestinfo(present, wanted):
        return True
    is_word = wanted.lower() in ("true", "false")
    return present == wanted or (is_word and present is not None and present.lower() == wanted.lower())


def is_true(key: str, value: str | None) -> bool:
    """Return the truth value of one of ``FLAGS``."""
    return value.lower() in _TRUE if value else FLAGS[key.lower()]


def with_settings(vmx: str, settings: Settings) -> str:
    """Return a VMX with settings, for a new domain."""
    if not settings:
        return vmx
    gone = {key.lower() for key, value in settings.items() if value is None}

    def change(edit: VmxEdit) -> None:
        edit.remove(lambda key: key in gone)
        for key, value in settings.items():
            if value is not None:
                edit.set(key, escaped(key, value, _ESX))

    return edited(vmx, VmxFile(vmx, _ESX), change)


def setting_text(key: str, value: str | None) -> str:
    """Return a setting as a line for diff mode, empty for one that is not there."""
    if value is None:
        return ""
    if _SECRET.match(key.lower()) and not key.lower().endswith(".encoding"):
        value = f"(sha256 {hashlib.sha256(value.encode('utf-8', 'replace')).hexdigest()[:16]})"
    return f"{key}: {value}\n"
