# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The UUID and the MAC addresses of a new domain that its description leaves out.

They are made when the domain is defined, as libvirt makes them, so that they are known and kept from then on. A host
would only make them when it first starts the domain. As on a host the addresses are VMware's own, ``00:0c:29`` and the
end of the UUID, ten apart from card to card.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.virt.esx.plugins.module_utils._domain.interfaces import NO_MAC
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain, Interface

_PREFIX = "00:0c:29"
_STEP = 10
_ADDRESSES = 1 << 24


def with_new_ids(domain: Domain) -> Domain:
    """The domain with a UUID, and with a MAC address on each card."""
    known = domain.uuid or str(uuid.uuid4())
    taken = {card.mac for card in domain.interfaces}
    unused = (mac for mac in _addresses(known) if mac not in taken)
    cards = tuple(card if _has_mac(card) else replace(card, mac=next(unused)) for card in domain.interfaces)
    return replace(domain, uuid=known, interfaces=cards)


def _has_mac(card: Interface) -> bool:
    return card.mac not in (None, NO_MAC)


def without_new_ids(domain: Domain, described: Domain) -> Domain:
    """The domain without the ids that ``with_new_ids`` makes for a description, for comparing it with the result."""
    cards = list(domain.interfaces)
    for place, (card, said) in enumerate(zip(domain.interfaces, described.interfaces)):
        if not _has_mac(said):
            cards[place] = replace(card, mac=None, mac_type=None, mac_check=None)
    return replace(domain, uuid=domain.uuid if described.uuid else None, interfaces=tuple(cards))


def _addresses(known: str) -> Iterator[str]:
    """The addresses of the cards of a domain with that UUID, one by one; they never end."""
    number = int(known.replace("-", "")[-6:], 16)
    while True:
        digits = f"{number:06x}"
        yield ":".join((_PREFIX, digits[:2], digits[2:4], digits[4:]))
        number = (number + _STEP) % _ADDRESSES
