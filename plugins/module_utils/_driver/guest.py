# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What VMware Tools report about a domain's guest."""

from __future__ import annotations

from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import TOOLS_PATH
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, list_at

ADDRESS_PATHS = ("guest.ipAddress", "guest.net")
GUEST_PATHS = (
    "guest.hostName",
    "guest.guestFullName",
    TOOLS_PATH,
    "guest.toolsStatus",
    *ADDRESS_PATHS,
)


def read_guest(values: Values) -> dict[str, Any]:
    """Return the guest from the values of ``GUEST_PATHS``; what the Tools do not report is None or empty."""
    tools = values.get(TOOLS_PATH) or values["guest.toolsStatus"]
    return {
        "hostname": values["guest.hostName"] or None,
        "os": values["guest.guestFullName"] or None,
        "tools": None if tools is None else str(tools),
        "addresses": read_addresses(values),
        "interfaces": _interfaces(values),
    }


def read_addresses(values: Values) -> list[str]:
    """Return the guest's IP addresses from the values of ``ADDRESS_PATHS``, the primary one first."""
    addresses = [address.partition("/")[0] for card in _interfaces(values) for address in card["addresses"]]
    primary = values["guest.ipAddress"]
    return list(dict.fromkeys([primary, *addresses] if primary else addresses))


def _interfaces(values: Values) -> list[dict[str, Any]]:
    return [_interface(card) for card in list_at(values, "guest.net") if card.network]


def _interface(card: Any) -> dict[str, Any]:
    """A network card as in ``virsh domifaddr``; old Tools report no prefixes (esx-driver-rules.md, section 9)."""
    configured = card.ipConfig.ipAddress if card.ipConfig is not None else None
    if configured:
        addresses = [f"{address.ipAddress}/{address.prefixLength}" for address in configured]
    else:
        addresses = list(card.ipAddress or ())
    return {"network": card.network, "mac": card.macAddress or None, "addresses": addresses}
