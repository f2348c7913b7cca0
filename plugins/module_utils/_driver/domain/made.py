# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a change, compared with the request. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Controller, Domain, Interface
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

    Additions of the host are not among them: the address and the port of a new card, the model of a controller
    without one, the nvram file of a domain that starts. If the host was only made to read the VMX, every part counts.
    """
    wanted = as_in_xml(change.after)
    found = _without_additions(wanted, as_in_xml(found))
    changed = {item.name for item in change.differences}
    is_reload = change.is_unread and not changed
    unlike = [item.name for item in differences(wanted, found) if is_reload or item.name in changed]
    return list(dict.fromkeys([*_lacking_settings(change, vmx), *unlike]))


def _lacking_settings(change: Change, vmx: str) -> list[str]:
    """The names of the changed settings that a VMX does not have."""
    settings = {item.name: item.after for item in change.differences if item.part == SETTING}
    return [item.name for item in setting_differences(settings, VmxFile(vmx, ESX))] if settings else []


def _without_additions(wanted: Domain, found: Domain) -> Domain:
    """A domain without what the host has added to the wanted one by itself."""
    cards = [_comparable(*pair) for pair in zip(wanted.interfaces, found.interfaces)]
    return replace(
        found,
        os=found.os if wanted.os.nvram is not None else replace(found.os, nvram=None),
        interfaces=(*cards, *found.interfaces[len(cards) :]),
        controllers=_without_models(wanted.controllers, found.controllers),
    )


def _without_models(wanted: Iterable[Controller], found: Iterable[Controller]) -> tuple[Controller, ...]:
    """Controllers without the models that nothing is wanted of."""
    unmodelled = {(item.type, item.index) for item in wanted if item.model is None}
    return tuple(replace(item, model=None) if (item.type, item.index) in unmodelled else item for item in found)


def _comparable(wanted: Interface, found: Interface) -> Interface:
    """A card without the address and the port that the host has chosen for it."""
    if wanted.mac is None:
        found = replace(found, mac=None, mac_type=None, mac_check=None)
    if wanted.vds is not None and found.vds is not None and not wanted.vds.port_id:
        found = replace(found, vds=replace(found.vds, port_id=0, connection_id=wanted.vds.connection_id), keys=())
    return found
