# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domains of a connection for an inventory: their facts, and the variables made from them.

All domains come in the same calls, one per 500 domains.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection, open_connection
from ansible_collections.virt.esx.plugins.module_utils._driver.info.domain_info import domain_facts
from ansible_collections.virt.esx.plugins.module_utils._driver.info.host_names import usable_address
from ansible_collections.virt.esx.plugins.module_utils._driver.info.parts import (
    AUTOSTART,
    DATASTORES,
    paths_of,
    read_field_names,
    read_parts,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import list_domains_with_facts
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import is_requested
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import join_host_port, with_path

Facts = dict[str, Any]

# Names that a guest can give itself, but that mean the controller as an Ansible host.
_NAMELESS = ("localhost", "localhost.localdomain")

_TEMPLATE_PATH = "config.template"


def server_name(params: Mapping[str, Any]) -> str:
    """Return the cache key of an inventory: the server as one user sees it.

    :param params: the connection options.
    :raises EsxError: if they do not describe a connection.
    """
    options = resolve(params, os.environ)
    uri, login = options.uri, options.login
    user = login.username or login.default_username
    return f"{uri.scheme}://{user}@{uri.host}:{uri.port}/{'/'.join(uri.path)}"


def read_facts(invocation: Invocation) -> list[Facts]:
    """Return the facts of all domains of a connection, plain data, sorted by name.

    :param invocation: its parameter ``gather`` names the parts to read.
    :raises EsxError: if the server cannot be reached, or refuses the login.
    """
    gather, uri = list(invocation.params["gather"]), _uri_text(invocation.params)
    with open_connection(invocation) as connection:
        paths = list(dict.fromkeys([*paths_of(connection, gather), _TEMPLATE_PATH]))
        records, facts = list_domains_with_facts(
            connection, paths, volumes=DATASTORES in gather, autostart=AUTOSTART in gather
        )
        field_names = read_field_names(connection, gather)
        listed = []
        for record in records:
            of_host = facts.get(record.values["runtime.host"])
            listed.append(
                {
                    **domain_facts(record, of_host),
                    "template": bool(record.values[_TEMPLATE_PATH]),
                    "uri": _uri_of(connection, uri, record.values["runtime.host"]),
                    **_flat(read_parts(record, of_host, field_names, gather)),
                }
            )
    return listed


def _of_guest(guest: Mapping[str, Any]) -> Facts:
    return {f"guest_{name}": guest[name] for name in ("hostname", "addresses", "tools")}


def _of_config(config: Mapping[str, Any]) -> Facts:
    return {name: value for name, value in config.items() if name != "template"}


def _of_hardware(hardware: Mapping[str, Any]) -> Facts:
    """The networks of the cards, each once, and their MAC addresses."""
    cards = hardware["interfaces"]
    return {
        "networks": list(dict.fromkeys(card["network"] for card in cards if card["network"])),
        "mac_addresses": [card["mac"] for card in cards if card["mac"]],
    }


# The parts that are variables of their own -> these variables.
_VARIABLES_OF: dict[str, Callable[[Mapping[str, Any]], Facts]] = {
    "guest": _of_guest,
    "config": _of_config,
    "hardware": _of_hardware,
}


def _flat(parts: Mapping[str, Any]) -> Facts:
    """The parts of a domain under names suited to variables."""
    flat = {word: value for word, value in parts.items() if word not in ("guest", "config")}
    for word, variables_of in _VARIABLES_OF.items():
        if word in parts:
            flat.update(variables_of(parts[word]))
    return flat


def _uri_text(params: Mapping[str, Any]) -> str:
    """The URI of the connection as the user wrote it, or the URI equivalent to ``hostname`` and ``port``."""
    text = params.get("uri") or os.environ.get("ESX_URI")
    if text and not params.get("hostname"):
        return str(text).strip()
    uri = resolve(params, os.environ).uri
    return f"{uri.scheme}://{join_host_port(uri.host, uri.port)}/{'?no_verify=1' if uri.no_verify else ''}"


def _uri_of(connection: EsxConnection, uri: str, host: Any) -> str:
    """The URI of the one host that a domain is on, for tasks about it."""
    if connection.is_direct or connection.scope.not_one_host is None:
        return uri
    return with_path(uri, connection.context_of(host).uri_path)


def choose(
    domains: Iterable[Facts], *, names: Collection[str] | None, states: Collection[str], templates: bool = False
) -> list[Facts]:
    """Return the requested domains: by names or shell patterns, by state, with or without templates.

    Domains in an unknown state are included, as they may be in any state.
    """
    return [
        facts
        for facts in domains
        if is_requested(facts["name"], names)
        and facts["state"] in (None, *states)
        and (templates or not facts.get("template"))
    ]


def to_variables(facts: Facts, *, guest_address: bool) -> dict[str, Any]:
    """Return the variables of a domain as an Ansible host.

    :param guest_address: whether ``ansible_host`` is the guest's first usable address, if it has one.
    """
    variables = {f"esx_{name}": value for name, value in facts.items()}
    if str(facts.get("guest_hostname")).lower() in _NAMELESS:
        variables["esx_guest_hostname"] = None
    address = usable_address(facts.get("guest_addresses") or ()) if guest_address else None
    if address is not None:
        variables["ansible_host"] = address
    return variables
