# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking up domains: by UUID, by name, or all of a host.

The number of calls does not depend on the number of domains: one to find a domain, one to read what is asked for. A
domain is one of the connection's host only; libvirt's driver also finds those of other hosts of a vCenter by UUID.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import HOST_DATACENTER, EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, NotFound
from ansible_collections.virt.esx.plugins.module_utils._names import (
    escape_name,
    unescape_name,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_DATASTORES,
    HOST_VMS,
    Traversal,
    Values,
    fetch,
    fetch_types,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name

# VirtualMachine.runtime.powerState -> libvirt's word (esx-driver.md, section 7).
STATES = {"poweredOff": "shutoff", "poweredOn": "running", "suspended": "paused"}

# What every module knows of a domain.
CORE_PATHS = (
    "name",
    "config.uuid",
    "runtime.powerState",
    "runtime.connectionState",
    "runtime.host",
    "config.files.vmPathName",
    "config.changeVersion",
    "config.hardware.numCPU",
    "config.hardware.memoryMB",
    "config.memoryAllocation.limit",
)

# From a domain to its host, and from there to the host's datastores.
_VM_HOST = (Traversal("host", "VirtualMachine", "runtime.host"),)
_VM_TO_FACTS = (Traversal("host", "VirtualMachine", "runtime.host", ("datastores",)), *HOST_DATASTORES)
_HOST_PATHS = {"HostSystem": ["config.autoStart.defaults", "config.autoStart.powerInfo", "config.product.version"]}
_FACTS_PATHS = {**_HOST_PATHS, "Datastore": ["name", "host"]}


@dataclass(frozen=True)
class DomainRecord:
    """A domain as the server has it. ``values`` are its properties by path, None where the server has none."""

    ref: Any
    values: Values = field(repr=False)

    @property
    def moid(self) -> str:
        """The VI API's managed object id."""
        return moid(self.ref)

    @property
    def name(self) -> str:
        """The name, without the percent-encoding that the server gives it."""
        return unescape_name(self.values["name"] or "")

    @property
    def uuid(self) -> str | None:
        """The BIOS UUID."""
        uuid = self.values["config.uuid"]
        return None if uuid is None else str(uuid).lower()

    @property
    def state(self) -> str:
        """One of libvirt's words ``running``, ``paused``, ``shutoff``."""
        return STATES[str(self.values["runtime.powerState"])]

    @property
    def vcpus(self) -> int | None:
        """The number of virtual CPUs."""
        cpus = self.values["config.hardware.numCPU"]
        return None if cpus is None else int(cpus)

    @property
    def max_memory_kib(self) -> int | None:
        """The memory that the guest sees."""
        megabytes = self.values["config.hardware.memoryMB"]
        return None if megabytes is None else int(megabytes) * 1024

    @property
    def memory_kib(self) -> int | None:
        """The memory that the host may give to it: its limit, or all of it."""
        limit = self.values["config.memoryAllocation.limit"]
        most = self.max_memory_kib
        return most if limit is None or limit < 0 or most is None else min(int(limit) * 1024, most)

    def identity(self) -> dict[str, str | None]:
        """What a module that does not change it returns of it."""
        return {"name": self.name, "uuid": self.uuid, "moid": self.moid, "state": self.state}

    @property
    def vmx_path(self) -> str | None:
        """The datastore path of its VMX."""
        path = self.values["config.files.vmPathName"]
        return None if path is None else str(path)


def in_state(record: DomainRecord, state: str) -> DomainRecord:
    """The domain as it will be in another state, one of libvirt's words."""
    power_state = next(value for value, word in STATES.items() if word == state)
    return replace(record, values={**record.values, "runtime.powerState": power_state})


@dataclass(frozen=True)
class HostFacts:
    """What a domain's host says: its datastores, its autostart settings, and the version of its product.

    ``volumes`` has the datastores' names by their volumes, as in ``/vmfs/volumes/<volume>/``; it is empty where it was
    not asked for.
    """

    volumes: dict[str, str]
    autostart_enabled: bool
    autostart_entries: Sequence[Any]
    host_version: str | None = None

    def starts(self, ref: Any) -> bool:
        """Whether the host starts a domain when it starts itself (esx-driver.md, section 11)."""
        return self.autostart_enabled and any(
            entry.key == ref and str(entry.startAction).lower() == "poweron" for entry in self.autostart_entries
        )


def find_domain(
    connection: EsxConnection,
    *,
    name: str | None = None,
    uuid: str | None = None,
    paths: Sequence[str] = (),
    volumes: bool = True,
) -> tuple[DomainRecord, HostFacts] | None:
    """Return a domain of the host and what is around it, or None if there is no such domain; two calls.

    :param uuid: its BIOS UUID in canonical form; where it is given, ``name`` only chooses among copies.
    :param paths: properties to read beside ``CORE_PATHS``.
    :param volumes: whether the datastores are read, too: what converts definitions needs them. Each of them lists all
        hosts that have it.
    :raises Ambiguous: if more than one domain of the host is meant.
    """
    found, facts = find_domains(connection, name=name, uuid=uuid, paths=paths, volumes=volumes)
    if uuid is not None and len(found) > 1 and name is not None:
        found = [record for record in found if record.name == name]
    if len(found) > 1:
        listed = ", ".join(f"'{record.name}' ({record.vmx_path})" for record in found)
        raise Ambiguous(
            f"More than one domain of the host {_meant(name, uuid)}: {listed}.",
            hint="Copies of a virtual machine share a UUID until one of them is given another.",
        )
    return (found[0], facts) if found else None


def find_domains(
    connection: EsxConnection,
    *,
    name: str | None = None,
    uuid: str | None = None,
    paths: Sequence[str] = (),
    volumes: bool = True,
) -> tuple[list[DomainRecord], HostFacts]:
    """As ``find_domain``, but with all domains of the host that have the UUID, or else the name."""
    refs = _find_by_uuid(connection, uuid) if uuid is not None else _find_by_name(connection, name or "")
    return _read(connection, refs, paths, volumes)


def read_domain_of(connection: EsxConnection, ref: Any, *, volumes: bool = True) -> tuple[DomainRecord, HostFacts]:
    """A domain whose reference is known, as the server has it now; one call.

    :raises NotFound: if it does not exist any more.
    """
    found, facts = _read(connection, [ref], (), volumes)
    return found[0], facts


def _read(
    connection: EsxConnection, refs: Sequence[Any], paths: Sequence[str], volumes: bool
) -> tuple[list[DomainRecord], HostFacts]:
    rows = fetch_types(
        connection.session,
        {"VirtualMachine": [*CORE_PATHS, *paths], **(_FACTS_PATHS if volumes else _HOST_PATHS)},
        objects=refs,
        traversal=_VM_TO_FACTS if volumes else _VM_HOST,
        include_start=True,
    )
    found = [DomainRecord(ref, values) for ref, values in rows if ref in refs and _is_here(connection, values)]
    return found, _host_facts(found[0].values["runtime.host"] if found else None, rows)


def get_domain(
    connection: EsxConnection,
    *,
    name: str | None = None,
    uuid: str | None = None,
    paths: Sequence[str] = (),
    volumes: bool = True,
) -> tuple[DomainRecord, HostFacts]:
    """As ``find_domain``, for a domain that has to be there.

    :raises NotFound: if there is no such domain.
    """
    found = find_domain(connection, name=name, uuid=uuid, paths=paths, volumes=volumes)
    if found is None:
        raise NotFound(f"No domain of the host {_meant(name, uuid)}.")
    return found


def list_domains(connection: EsxConnection, paths: Sequence[str]) -> list[DomainRecord]:
    """Return all domains of the host with ``CORE_PATHS`` and ``paths``, sorted by name; one call a page of 500."""
    rows = fetch(
        connection.session,
        "VirtualMachine",
        [*CORE_PATHS, *paths],
        objects=[connection.context.host],
        traversal=HOST_VMS,
    )
    return _sorted(rows)


def list_domains_with_facts(connection: EsxConnection, paths: Sequence[str]) -> tuple[list[DomainRecord], HostFacts]:
    """As ``list_domains``, with what is around the domains, in the same calls."""
    rows = fetch_types(
        connection.session,
        {"VirtualMachine": [*CORE_PATHS, *paths], **_FACTS_PATHS},
        objects=[connection.context.host],
        traversal=(*HOST_VMS, *HOST_DATASTORES),
        include_start=True,
    )
    domains = [row for row in rows if type_name(row[0]) == "VirtualMachine"]
    return _sorted(domains), _host_facts(connection.context.host, rows)


def read_host_facts(connection: EsxConnection) -> HostFacts:
    """What is around the domains of the host, in one call."""
    rows = fetch_types(
        connection.session,
        _FACTS_PATHS,
        objects=[connection.context.host],
        traversal=HOST_DATASTORES,
        include_start=True,
    )
    return _host_facts(connection.context.host, rows)


def _sorted(rows: Sequence[tuple[Any, Values]]) -> list[DomainRecord]:
    return sorted((DomainRecord(ref, values) for ref, values in rows), key=lambda record: record.name)


def _meant(name: str | None, uuid: str | None) -> str:
    return f"has the UUID {uuid}" if uuid is not None else f"has the name '{name}'"


def _find_by_uuid(connection: EsxConnection, uuid: str) -> list[Any]:
    """FindAllByUuid; before API 4.0 there is only FindByUuid."""
    index = connection.session.content.searchIndex
    if connection.session.has(4, 0):
        return list(index.FindAllByUuid(None, uuid, True, False) or ())
    found = index.FindByUuid(None, uuid, True)
    return [] if found is None else [found]


def _find_by_name(connection: EsxConnection, name: str) -> list[Any]:
    """A host keeps its domains in one folder, where names are unique; of a vCenter the host's domains are read."""
    if connection.is_direct:
        found = connection.session.content.searchIndex.FindByInventoryPath(f"{HOST_DATACENTER}/vm/{escape_name(name)}")
        return [] if found is None else [found]
    rows = fetch(connection.session, "VirtualMachine", ["name"], objects=[connection.context.host], traversal=HOST_VMS)
    return [ref for ref, values in rows if unescape_name(values["name"] or "") == name]


def _is_here(connection: EsxConnection, values: Values) -> bool:
    return connection.is_direct or values["runtime.host"] == connection.context.host


def _host_facts(host: Any, rows: Sequence[tuple[Any, Values]]) -> HostFacts:
    by_ref = dict(rows)
    volumes = {
        mount.mountInfo.path.rstrip("/").rpartition("/")[2]: values["name"]
        for _ref, values in rows
        for mount in values.get("host") or ()
        if mount.key == host and mount.mountInfo.path
    }
    of_host = by_ref.get(host) or {}
    defaults = of_host.get("config.autoStart.defaults")
    return HostFacts(
        volumes,
        autostart_enabled=bool(defaults is not None and defaults.enabled),
        autostart_entries=tuple(of_host.get("config.autoStart.powerInfo") or ()),
        host_version=of_host.get("config.product.version"),
    )
