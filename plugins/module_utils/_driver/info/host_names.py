# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and addresses of Ansible hosts that cannot do harm: pure.

Anyone who may create domains chooses their names, and a guest chooses its addresses. Ansible passes both
to programs such as ``ssh``, reads host names as patterns, and uses them as file names.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

# Characters that have a meaning in Ansible's host patterns, or separate directories, or end a line.
_UNSAFE = re.compile(r"[,:!&*?\[\]/\\\x00-\x1f\x7f]")

# At the beginning of a name, '-' makes it an option, '~' a regular expression, '@' a file, and '.' a hidden file.
_UNSAFE_START = re.compile(r"^[-~@.]+")

# Ansible's own groups, and the names under which it knows the controller.
_RESERVED = ("all", "ungrouped", "localhost", "localhost.localdomain", "127.0.0.1", "::1")

Host = tuple[str, dict[str, Any]]


def usable_address(addresses: Iterable[str]) -> str | None:
    """Return the first address at which a guest can be reached from elsewhere, in canonical spelling.

    Link-local, loopback, multicast and unspecified addresses are skipped, and so is any text that is not an address.
    """
    return next((found for found in map(_usable, addresses) if found is not None), None)


def _usable(text: str) -> str | None:
    address = _read_address(text)
    if address is None:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return None if _stays_here(mapped or address) else str(address)


def _read_address(text: str) -> IPv4Address | IPv6Address | None:
    if "%" in text:  # ipaddress accepts any text as the zone of an address
        return None
    try:
        return ip_address(text)
    except ValueError:
        return None


def _stays_here(address: IPv4Address | IPv6Address) -> bool:
    return address.is_link_local or address.is_loopback or address.is_multicast or address.is_unspecified


def safe_name(name: str, moid: str) -> str:
    """Return a name that Ansible treats as the name of one host; a harmless name stays the same.

    :param moid: the domain's managed object id, which is appended to names that Ansible reserves.
    """
    if name.lower() in _RESERVED:
        name = f"{name}_{moid}"
    return _UNSAFE_START.sub(lambda found: "_" * len(found[0]), _UNSAFE.sub("_", name)) or f"_{moid}"


def name_hosts(hosts: Sequence[Host]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the variables of the Ansible hosts by name, and warnings about hosts that got another name.

    :param hosts: the wanted name of each domain with its variables, of which ``esx_name``, ``esx_moid`` and
        ``esx_vmx_path`` are used.
    """
    names = [safe_name(wanted, variables["esx_moid"]) for wanted, variables in hosts]
    shared = _shared(names)
    taken = set(shared)
    named: dict[str, dict[str, Any]] = {}
    warnings = []
    for (wanted, variables), safe in zip(hosts, names):
        name = _free_name(safe, variables["esx_moid"], taken)
        taken.add(name)
        if safe in shared:
            warnings.append(
                f"More than one domain would be the Ansible host '{safe}'. The one of "
                f"{variables['esx_vmx_path']} is '{name}'."
            )
        elif name != wanted:
            warnings.append(f"'{wanted}' is not safe as the name of an Ansible host. The domain is '{name}'.")
        named[name] = variables
    return named, warnings


def _shared(names: Iterable[str]) -> set[str]:
    """The names that more than one domain would have."""
    return {name for name, number in Counter(names).items() if number > 1}


def _free_name(name: str, moid: str, taken: Collection[str]) -> str:
    """The name, with the domain's managed object id appended until no other host has it."""
    while name in taken:
        name = f"{name}_{moid}"
    return name
