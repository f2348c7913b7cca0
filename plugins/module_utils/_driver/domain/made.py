# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a change, compared with the request. Pure."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Interface
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.change import Change
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.description import ESX
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import differences
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import SETTING, setting_differences
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import as_in_xml


def unlike_wanted(change: Change, found: Domain, vmx: str) -> list[str]:
    """Which parts of a change the host has made otherwise than they were wanted.

    :param found: the domain as it is now.
    :param vmx: its VMX.

    What a host adds by itself is not one of them: the address and the port of a new card, the model of a controller
    without one, the nvram file of a domain that starts. If the host was only made to read the VMX, every part counts.
    """
    wanted, found = as_in_xml(change.after), as_in_xml(found)
    if wanted.os.nvram is None:
        found = replace(found, os=replace(found.os, nvram=None))
    cards = [_comparable(*pair) for pair in zip(wanted.interfaces, found.interfaces)]
    found = replace(found, interfaces=(*cards, *found.interfaces[len(cards) :]))
    unmodelled = {(item.type, item.index) for item in wanted.controllers if item.model is None}
    controllers = tuple(
        replace(item, model=None) if (item.type, item.index) in unmodelled else item for item in found.controllers
    )
    found = replace(found, controllers=controllers)
    changed = {item.name for item in change.differences}
    is_reload = change.is_unread and not changed
    settings = {item.name: item.after for item in change.differences if item.part == SETTING}
    lacking = [item.name for item in setting_differences(settings, VmxFile(vmx, ESX))] if settings else []
    unlike = [item.name for item in differences(wanted, found) if is_reload or item.name in changed]
    return list(dict.fromkeys([*lacking, *unlike]))


def _comparable(wanted: Interface, found: Interface) -> Interface:
    """A card without the address and the port that the host has chosen for it."""
    if wanted.mac is None:
        found = replace(found, mac=None, mac_type=None, mac_check=None)
    if wanted.vds is not None and not wanted.vds.port_id and found.vds is not None:
        found = replace(found, vds=replace(found.vds, port_id=0, connection_id=wanted.vds.connection_id), keys=())
    return found
