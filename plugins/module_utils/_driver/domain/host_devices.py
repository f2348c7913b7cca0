# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ids of the host's PCI devices, which a VMX has beside their addresses."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import HostdevPart, Parts
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one

_DEVICES = "hardware.pciDevice"


def with_device_ids(connection: EsxConnection, parts: Parts) -> Parts:
    """Return parts whose host devices have the ids that a VMX needs; one read, none without a device.

    :raises NotFound: for a device that the host does not have.
    """
    if all(part.is_absent for part in parts.hostdevs):
        return parts
    devices = fetch_one(connection.session, connection.host, [_DEVICES])[_DEVICES] or ()
    known = {_plain(str(device.id)): device for device in devices}

    def found(part: HostdevPart) -> HostdevPart:
        if part.is_absent:
            return part
        device = known.get(str(part.address))
        if device is None:
            raise NotFound(f"The host has no PCI device {part.address}.", hint="lspci on the host lists its devices.")
        # The API has the ids as signed numbers of 16 bits.
        keys = (("deviceId", f"0x{device.deviceId & 0xFFFF:x}"), ("vendorId", f"0x{device.vendorId & 0xFFFF:x}"))
        return replace(part, keys=keys)

    return replace(parts, hostdevs=tuple(map(found, parts.hostdevs)))


def _plain(address: str) -> str:
    """The address with its domain, which old hosts leave out."""
    return address.lower() if address.count(":") == 2 else f"0000:{address.lower()}"
