# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domains of a host as an inventory has them: a few facts of each, and the variables that are made of these.

All domains come in the same calls, one a page of 500. What is read does not depend on what of it is wanted, so that it
can be kept in a cache.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.info.guest import ADDRESS_PATHS, read_addresses
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import STATES, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import HOST_VMS, fetch

Facts = dict[str, Any]

_PATHS = (
    "name",
    "config.uuid",
    "runtime.powerState",
    "config.files.vmPathName",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "config.memoryAllocation.limit",
    "guest.hostName",
    *ADDRESS_PATHS,
)

# What a guest says that has no name of its own; as an Ansible host it would take the controller's place.
_NAMELESS = ("localhost", "localhost.localdomain")


def server_name(params: Mapping[str, Any]) -> str:
    """Return what tells the inventory of one host, as one user sees it, from others: for the key of a cache.

    :param params: the connection options.
    :raises EsxError: if they do not describe a connection.
    """
    options = resolve(params, os.environ)
    uri, login = options.uri, options.login
    user = login.username or login.default_username
    return f"{uri.scheme}://{user}@{uri.host}:{uri.port}/{'/'.join(uri.path)}"


def read_facts(invocation: Invocation) -> list[Facts]:
    """Return the facts of all domains of a host, plain data, sorted by name.

    :raises EsxError: if the host cannot be reached, or refuses the login.
    """
    with open_connection(invocation) as connection:
        rows = fetch(
            connection.session, "VirtualMachine", _PATHS, objects=[connection.context.host], traversal=HOST_VMS
        )
    return sorted((_facts(DomainRecord(ref, values)) for ref, values in rows), key=lambda facts: str(facts["name"]))


def _facts(record: DomainRecord) -> Facts:
    """What is not known of a domain is None."""
    return {
        "name": record.name,
        "uuid": record.uuid,
        "moid": record.moid,
        "state": STATES.get(str(record.values["runtime.powerState"])),
        "vcpus": record.vcpus,
        "memory_kib": record.memory_kib,
        "max_memory_kib": record.max_memory_kib,
        "vmx_path": record.vmx_path,
        "guest_hostname": record.values["guest.hostName"] or None,
        "guest_addresses": read_addresses(record.values),
    }


def choose(domains: Iterable[Facts], *, name: str | None, states: Collection[str]) -> list[Facts]:
    """Return the domains that are wanted: by a name or a pattern of the shell's kind, and by state.

    One whose state is not known is wanted, as it may be in any.
    """
    return [
        facts
        for facts in domains
        if (name is None or facts["name"] == name or fnmatchcase(facts["name"], name))
        and facts["state"] in (None, *states)
    ]


def to_variables(facts: Facts, *, guest_address: bool) -> dict[str, Any]:
    """Return the variables of a domain as an Ansible host.

    :param guest_address: whether it is reached at its guest's first address, where that is known.
    """
    variables = {f"esx_{name}": value for name, value in facts.items()}
    if str(facts["guest_hostname"]).lower() in _NAMELESS:
        variables["esx_guest_hostname"] = None
    if guest_address and facts["guest_addresses"]:
        variables["ansible_host"] = facts["guest_addresses"][0]
    return variables


def by_hostname(hosts: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return the variables of the Ansible hosts by the hosts' names.

    :raises Ambiguous: if two domains would be the same Ansible host.
    """
    named: dict[str, dict[str, Any]] = {}
    for name, variables in hosts:
        if name in named:
            both = ", ".join(f"'{each['esx_name']}' ({each['esx_vmx_path']})" for each in (named[name], variables))
            raise Ambiguous(
                f"More than one domain would be the Ansible host '{name}': {both}.",
                hint="Let 'hostnames' begin with what tells them apart, such as esx_uuid or esx_moid.",
            )
        named[name] = variables
    return named
