# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys of a VMX that a task sets: by name, as cloud-init's data, or as all keys of a VMX that is given. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.setting_keys import (
    NUMBERED,
    OF_HOST,
    Settings,
    option_of,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.edit import Source, VmxEdit, edited
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.guestinfo import (
    CloudInit,
    guestinfo_entries,
    same_guestinfo,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx.lexer import statements
from ansible_collections.virt.esx.plugins.module_utils._vmx.unread_keys import is_of_domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import escaped

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import DomainRequest

SETTING = "settings"
_ESX = DIALECTS["esx"]

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


def cloud_init_settings(option: Mapping[str, Any], name: str | None, uuid: str | None) -> dict[str, str | None]:
    """Return cloud-init's data as settings; empty data remove what the domain has, as a VMX cannot have it.

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
    entries = guestinfo_entries(data)
    return {key: value if entries[key.removesuffix(".encoding")] else None for key, value in entries.items()}


def settings_of_vmx(vmx: str) -> dict[str, str | None]:
    """Return the keys of a given VMX that the domain which it describes cannot say; all others are compared as parts.

    Not those of cards and other devices that have other numbers in each domain, nor those that hosts write.
    """
    file = VmxFile(vmx, _ESX)
    found: dict[str, str | None] = {}
    for statement in statements(file.text):
        key = statement.name.lower()
        if not _is_of_others(key):
            found.setdefault(statement.name, file.get(key))
    return found


def _is_of_others(key: str) -> bool:
    """Whether a key is said by the domain, the host, a device with another number, or an option of its own."""
    if is_of_domain(key) or OF_HOST.fullmatch(key) or NUMBERED.match(key):
        return True
    return option_of(key) is not None


def wanted_settings(request: DomainRequest, name: str | None, uuid: str | None) -> dict[str, str | None]:
    """Return all keys of the VMX that are requested of a domain with a name and a UUID; single ones override others."""
    of_vmx = {} if request.vmx is None else settings_of_vmx(request.vmx)
    of_cloud_init = {} if request.cloud_init is None else cloud_init_settings(request.cloud_init, name, uuid)
    named = {**of_cloud_init, **request.settings}
    lower = {key.lower() for key in named}
    return {**{key: value for key, value in of_vmx.items() if key.lower() not in lower}, **named}


def spelled_keys(vmx: VmxFile) -> dict[str, str]:
    """Return the keys of a VMX as they are spelled there, by their lower case."""
    return {statement.name.lower(): statement.name for statement in statements(vmx.text)}


def setting_differences(settings: Settings, present: VmxFile) -> list[Difference]:
    """Return the settings that a VMX does not have, each with the key as it is spelled there, as they will be written.

    The host writes the truth values that the API has in fields of their own as ``TRUE`` or ``FALSE``.
    """
    spelled = spelled_keys(present)
    found = []
    for key, value in settings.items():
        before = present.get(key)
        if not _is_same(key.lower(), before, value):
            found.append(Difference(SETTING, spelled.get(key.lower(), key), before, _as_written(key, value)))
    return found


def _as_written(key: str, value: str | None) -> str | None:
    if value is None or key.lower() not in FLAGS:
        return value
    return "TRUE" if is_true(key, value) else "FALSE"


def _is_same(key: str, present: str | None, wanted: str | None) -> bool:
    if key in FLAGS:
        return is_true(key, present) == is_true(key, wanted)
    if wanted is None:
        return not present
    if _SECRET.match(key) and same_guestinfo(present, wanted):
        return True
    return _is_same_text(present, wanted)


def _is_same_text(present: str | None, wanted: str) -> bool:
    """Whether two texts are the same; truth values are so in any case of letters."""
    if present is None or wanted.lower() not in ("true", "false"):
        return present == wanted
    return present.lower() == wanted.lower()


def is_true(key: str, value: str | None) -> bool:
    """Return the truth value of one of ``FLAGS``."""
    return value.lower() in _TRUE if value else FLAGS[key.lower()]


def with_settings(vmx: Source, settings: Settings) -> Source:
    """Return a VMX with settings."""
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
