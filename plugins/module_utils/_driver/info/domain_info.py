# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the domains of a host: what they are, and what else of them is asked for.

All properties of all domains come in the same calls, one a page of 500; VMX files over a few connections at the same
time. A domain that is broken spoils only its own entry, which says what is missing and why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.allocation import SCHEDULER_PATHS, read_scheduler
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.dumpxml import read_texts, readable, to_xml
from ansible_collections.virt.esx.plugins.module_utils._driver.info.devices import HARDWARE_PATHS, read_hardware
from ansible_collections.virt.esx.plugins.module_utils._driver.info.guest import GUEST_PATHS, read_guest
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import (
    STATES,
    DomainRecord,
    HostFacts,
    find_domains,
    list_domains,
    list_domains_with_facts,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import SNAPSHOT_PATHS, read_snapshots
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values


@dataclass(frozen=True)
class Part:
    """What a word of ``gather`` means: the properties that it needs, and what is made of them."""

    paths: Sequence[str]
    read: Callable[[Values], Any]


PARTS = {
    "scheduler": Part(SCHEDULER_PATHS, read_scheduler),
    "snapshots": Part(SNAPSHOT_PATHS, read_snapshots),
    "guest": Part(GUEST_PATHS, read_guest),
    "hardware": Part(HARDWARE_PATHS, read_hardware),
}

# The words that need a domain's VMX, and those that need to know its host.
_OF_THE_VMX = {"vmx", "xml"}
_OF_THE_HOST = {"autostart", "xml"}

# Properties that hosts before this version of the API refuse to be asked for.
_SINCE = {"guest.toolsRunningStatus": (4, 0)}

_CONNECTION_STATES = {
    "disconnected": "The server has lost the connection to the domain's host.",
    "inaccessible": "The host cannot read the domain's VMX.",
    "invalid": "The domain's VMX is not valid.",
    "orphaned": "The host does not know the domain any more.",
}


def read_domains(connection: EsxConnection, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return what is known of the domains that are meant, sorted by name.

    :param params: ``name`` (a name or a shell pattern) or ``uuid`` or neither, ``states`` and ``gather``.
    :raises ParseError: if the UUID is none.
    """
    gather = set(params["gather"])
    records, facts = _records(connection, params, _paths(connection, gather))
    found = [record for record in records if _state(record) in (None, *params["states"])]
    entries = [domain_entry(record, facts, gather) for record in found]
    if gather & _OF_THE_VMX:
        for record, entry, text in zip(found, entries, read_texts(connection, found)):
            definition = _definition(connection, record, facts, gather, text)
            errors = [part["error"] for part in (entry, definition) if "error" in part]
            entry.update(definition, **({"error": " ".join(errors)} if errors else {}))
    return entries


def _paths(connection: EsxConnection, gather: set[str]) -> list[str]:
    wanted = [path for word, part in PARTS.items() if word in gather for path in part.paths]
    return [path for path in wanted if connection.session.has(*_SINCE.get(path, (0,)))]


def _records(
    connection: EsxConnection, params: Mapping[str, Any], paths: Sequence[str]
) -> tuple[list[DomainRecord], HostFacts | None]:
    """The domains that are meant; one domain is found without listing the others."""
    name, uuid = params["name"], params["uuid"]
    if uuid is not None:
        return find_domains(connection, uuid=parse_uuid(uuid), paths=paths)
    if name is not None and not _is_pattern(name):
        return find_domains(connection, name=name, paths=paths)
    if _OF_THE_HOST.isdisjoint(params["gather"]):
        records, facts = list_domains(connection, paths), None
    else:
        records, facts = list_domains_with_facts(connection, paths)
    return [record for record in records if name is None or _matches(record.name, name)], facts


def _is_pattern(name: str) -> bool:
    return any(mark in name for mark in "*?[")


def _matches(name: str, pattern: str) -> bool:
    """A name that has the marks of a pattern in it matches itself, too."""
    return name == pattern or fnmatchcase(name, pattern)


def _state(record: DomainRecord) -> str | None:
    return STATES.get(str(record.values["runtime.powerState"]))


def domain_entry(record: DomainRecord, facts: HostFacts | None, gather: set[str]) -> dict[str, Any]:
    """Return what a read of the server says of a domain; ``error`` says what it should say and does not."""
    entry: dict[str, Any] = {
        "name": record.name,
        "uuid": record.uuid,
        "moid": record.moid,
        "state": _state(record),
        "vcpus": record.vcpus,
        "memory_kib": record.memory_kib,
        "max_memory_kib": record.max_memory_kib,
        "vmx_path": record.vmx_path,
    }
    for word, part in PARTS.items():
        if word in gather:
            entry[word] = part.read(record.values)
    if "autostart" in gather and facts is not None:
        entry["autostart"] = facts.starts(record.ref)
    defect = _defect(record)
    return entry if defect is None else {**entry, "error": defect}


def _defect(record: DomainRecord) -> str | None:
    """Why the server itself knows less of a domain than it should."""
    known = _CONNECTION_STATES.get(str(record.values["runtime.connectionState"]))
    if known is None and record.values["config.hardware.numCPU"] is None:
        return "The server has no configuration of the domain, or the user may not see it."
    return known


def _definition(
    connection: EsxConnection, record: DomainRecord, facts: HostFacts | None, gather: set[str], text: str | EsxError
) -> dict[str, Any]:
    """The VMX and the domain XML of a domain, or what prevents it."""
    found: dict[str, Any] = {}
    try:
        if isinstance(text, EsxError):
            raise text
        if "vmx" in gather:
            found["vmx"] = readable(text)
        if "xml" in gather and facts is not None:
            found["xml"] = to_xml(connection, record, facts, text)
    except EsxError as error:
        found["error"] = str(error)
    return found
