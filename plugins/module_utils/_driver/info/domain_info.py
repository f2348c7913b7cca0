# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the domains of a host: their facts, and further parts on request.

All properties of all domains come in the same calls, one per 500 domains; VMX files come over several parallel
connections. A broken domain affects only its own entry, which says what is missing and why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connected import defect_of
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.info.parts import (
    AUTOSTART,
    DATASTORES,
    Found,
    paths_of,
    read_field_names,
    read_parts,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import (
    STATES,
    DomainRecord,
    find_domains,
    list_domains_with_facts,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.options import if_given, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.patterns import is_pattern, is_requested, matches

# The words that need a domain's VMX.
_OF_THE_VMX = {"vmx", "xml"}

# The part that each filter needs, whether it is requested or not.
_FILTERS = {"autostart": AUTOSTART, "snapshot": "snapshots", "network": "hardware", "datastore": DATASTORES}


def read_domains(connection: EsxConnection, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the requested domains, sorted by name.

    :param params: ``name`` (a name or a shell pattern), ``names``, ``uuid``, ``moid`` or none of them, ``states``, the
        filters ``autostart``, ``snapshot``, ``network`` and ``datastore``, and ``gather``.
    :raises ParseError: if the UUID is invalid.
    """
    gather, needed = set(params["gather"]), _needed(params)
    records, facts = _records(connection, params, needed)
    field_names = read_field_names(connection, gather)
    found: list[Found] = []
    for record in records:
        of_host = facts.get(record.values["runtime.host"])
        parts = read_parts(record, of_host, field_names, needed)
        if _is_wanted(record, parts, params):
            shown = {word: value for word, value in parts.items() if word in gather}
            found.append((record, of_host, domain_entry(record, of_host, shown)))
    if gather & _OF_THE_VMX:
        from ansible_collections.virt.esx.plugins.module_utils._driver.info.definitions import add_definitions

        add_definitions(connection, found, gather)
    return [entry for _record, _facts, entry in found]


def _needed(params: Mapping[str, Any]) -> set[str]:
    """The parts to read: those that are requested, and those that filters need."""
    return {*params["gather"], *(word for option, word in _FILTERS.items() if params[option] is not None)}


def domain_facts(record: DomainRecord, facts: HostFacts | None) -> dict[str, Any]:
    """Return the facts of a domain, with its host and, while it is not shut off, its id in libvirt."""
    return {**record.facts(), "id": record.id, "host": None if facts is None else facts.host_name}


def _records(
    connection: EsxConnection, params: Mapping[str, Any], needed: set[str]
) -> tuple[list[DomainRecord], dict[Any, HostFacts]]:
    """The requested domains; one domain is found without listing the others."""
    paths, volumes, autostart = paths_of(connection, needed), bool(needed & {"xml", DATASTORES}), AUTOSTART in needed
    key = _key_of_one(params)
    if key != DomainKey():
        return find_domains(connection, key, paths=paths, volumes=volumes, autostart=autostart)
    records, facts = list_domains_with_facts(connection, paths, volumes=volumes, autostart=autostart)
    patterns = params["names"] if params["name"] is None else [params["name"]]
    return [record for record in records if is_requested(record.name, patterns)], facts


def _key_of_one(params: Mapping[str, Any]) -> DomainKey:
    """The key of the one domain that is requested; an empty key for several, by names or by a pattern."""
    name = params["name"]
    if params["names"] is not None or (name is not None and is_pattern(name)):
        return DomainKey()
    return DomainKey(name, if_given(params["uuid"], parse_uuid), params["moid"])


def _is_wanted(record: DomainRecord, parts: Mapping[str, Any], params: Mapping[str, Any]) -> bool:
    """Whether a domain passes all filters; an unknown state passes."""
    networks = [card["network"] or "" for card in parts.get("hardware", {}).get("interfaces", ())]
    checks = {
        "states": STATES.get(str(record.values["runtime.powerState"])) in (None, *params["states"]),
        "autostart": parts.get(AUTOSTART) == params["autostart"],
        "snapshot": bool(parts.get("snapshots")) == params["snapshot"],
        "network": _any_matches(networks, params["network"]),
        "datastore": _any_matches(parts.get(DATASTORES, ()), params["datastore"]),
    }
    return all(passed for option, passed in checks.items() if params[option] is not None)


def _any_matches(names: Iterable[str], pattern: str | None) -> bool:
    return any(matches(name, pattern or "") for name in names)


def domain_entry(record: DomainRecord, facts: HostFacts | None, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a domain with its parts; ``error`` says why the server itself does not know it completely."""
    entry = {**domain_facts(record, facts), **parts}
    defect = _defect(record)
    return entry if defect is None else {**entry, "error": defect}


def _defect(record: DomainRecord) -> str | None:
    """The reason why the server does not know a domain completely; None if it does."""
    defect = defect_of(record)
    if defect is None and record.values["config.hardware.numCPU"] is None:
        return "The server has no configuration of the domain, or the user may not see it."
    return defect
