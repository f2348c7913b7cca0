# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of a domain that are read on request, for listings and inventories."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.virt.esx.plugins.module_utils._driver.allocation import SCHEDULER_PATHS, read_scheduler
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.guest import GUEST_PATHS, read_guest
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.info.devices import HARDWARE_PATHS, read_hardware
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import SNAPSHOT_PATHS, read_snapshots
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# VirtualMachineConfigInfo and its neighbours -> the result's names.
_CONFIG = {
    "annotation": "config.annotation",
    "guest_id": "config.guestId",
    "guest_os": "config.guestFullName",
    "hardware_version": "config.version",
    "firmware": "config.firmware",
    "template": "config.template",
    "managed_by": "config.managedBy.extensionKey",
}

# VirtualMachineQuickStats and VirtualMachineStorageSummary, in the API's units, with the factors to the result's units.
_USAGE = {
    "cpu_mhz": ("summary.quickStats.overallCpuUsage", 1),
    "host_memory_kib": ("summary.quickStats.hostMemoryUsage", 1024),
    "guest_memory_kib": ("summary.quickStats.guestMemoryUsage", 1024),
    "uptime_seconds": ("summary.quickStats.uptimeSeconds", 1),
    "disk_used_bytes": ("summary.storage.committed", 1),
    "disk_free_bytes": ("summary.storage.uncommitted", 1),
}

_CUSTOM_VALUES = "customValue"

# Properties by the API version that introduced them; older servers refuse to be asked for them.
_SINCE = {
    "guest.toolsRunningStatus": (4, 0),
    "config.firmware": (5, 0),
    "config.managedBy.extensionKey": (5, 0),
    "summary.quickStats.uptimeSeconds": (4, 1),
    "summary.storage.committed": (4, 0),
    "summary.storage.uncommitted": (4, 0),
}


@dataclass(frozen=True)
class Part:
    """A word of ``gather``: the properties that it needs, and the function that makes the part from them."""

    paths: Sequence[str]
    read: Callable[[Values], Any]


def _read_config(values: Values) -> dict[str, Any]:
    found = {name: values.get(path) for name, path in _CONFIG.items()}
    return {**found, "template": bool(found["template"]), "annotation": found["annotation"] or ""}


def _read_usage(values: Values) -> dict[str, int | None]:
    """Unknown values, such as the uptime of a domain that is shut off, are None."""
    return {
        name: None if values.get(path) is None else int(values[path]) * factor
        for name, (path, factor) in _USAGE.items()
    }


PARTS = {
    "scheduler": Part(SCHEDULER_PATHS, read_scheduler),
    "snapshots": Part(SNAPSHOT_PATHS, read_snapshots),
    "guest": Part(GUEST_PATHS, read_guest),
    "hardware": Part(HARDWARE_PATHS, read_hardware),
    "config": Part(tuple(_CONFIG.values()), _read_config),
    "usage": Part(tuple(path for path, _factor in _USAGE.values()), _read_usage),
}

# A domain, the facts of its host, and what is returned of it.
Found = tuple[DomainRecord, Optional[HostFacts], "dict[str, Any]"]

# The words that need more than the domain's own properties.
AUTOSTART, DATASTORES, CUSTOM_VALUES = "autostart", "datastores", "custom_values"

# The properties that each word needs.
_PATHS: dict[str, Sequence[str]] = {
    **{word: part.paths for word, part in PARTS.items()},
    DATASTORES: ("datastore",),
    CUSTOM_VALUES: (_CUSTOM_VALUES,),
}


def paths_of(connection: EsxConnection, gather: Iterable[str]) -> list[str]:
    """Return the properties to read for the words of ``gather``, as far as the server knows them."""
    wanted = dict.fromkeys(path for word in gather for path in _PATHS.get(word, ()))
    return [path for path in wanted if _is_known(connection, path)]


def _is_known(connection: EsxConnection, path: str) -> bool:
    """Whether the server has a property; a standalone host has no custom attributes."""
    if path == _CUSTOM_VALUES and connection.is_direct:
        return False
    return connection.session.has(*_SINCE.get(path, (0,)))


def read_field_names(connection: EsxConnection, gather: Iterable[str]) -> dict[int, str]:
    """Return the names of a vCenter's custom attributes of domains by key, in one call; a standalone host has none.

    Those of other objects, such as hosts, can have the same names.
    """
    if connection.is_direct or CUSTOM_VALUES not in gather:
        return {}
    fields = fetch_one(connection.session, _custom_fields_manager(connection), ["field"])["field"]
    return {item.key: item.name for item in fields or () if _is_of_domains(item.managedObjectType)}


def _is_of_domains(kind: Any) -> bool:
    """Whether a custom attribute is one of domains, by the type of its objects; None is any type."""
    return kind is None or issubclass(vim.VirtualMachine, kind)


def _custom_fields_manager(connection: EsxConnection) -> Any:
    return connection.session.content.customFieldsManager or connection.session.ref(
        "CustomFieldsManager", "CustomFieldsManager"
    )


def read_parts(
    record: DomainRecord, facts: HostFacts | None, field_names: dict[int, str], gather: Iterable[str]
) -> dict[str, Any]:
    """Return the parts of a domain by the words of ``gather``."""
    parts = {word: part.read(record.values) for word, part in PARTS.items() if word in gather}
    if facts is not None:
        parts.update(_parts_of_host(record, facts, gather))
    if CUSTOM_VALUES in gather:
        parts[CUSTOM_VALUES] = _custom_values(record, field_names)
    return parts


def _parts_of_host(record: DomainRecord, facts: HostFacts, gather: Iterable[str]) -> dict[str, Any]:
    """The parts of a domain that its host says."""
    parts: dict[str, Any] = {}
    if AUTOSTART in gather:
        parts[AUTOSTART] = facts.starts(record.ref)
    if DATASTORES in gather:
        parts[DATASTORES] = _datastores(record, facts)
    return parts


def _datastores(record: DomainRecord, facts: HostFacts) -> list[str]:
    """The names of the datastores that a domain has files on."""
    names = (facts.datastore_names.get(ref) for ref in record.values["datastore"] or ())
    return sorted(name for name in names if name is not None)


def _custom_values(record: DomainRecord, field_names: Mapping[int, str]) -> dict[str, str | None]:
    """The values of a domain's custom attributes by their names; None for those that are not set."""
    set_values = {value.key: value.value for value in record.values.get(_CUSTOM_VALUES) or ()}
    return {name: set_values.get(key) for key, name in sorted(field_names.items())}
