# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of the hosts of domains: datastores, autostart settings, versions. Read with the domains, in the same calls."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._names import canonical_path, unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_DATASTORES,
    HOST_NETWORKS,
    HOST_VMS,
    Row,
    Values,
    fetch,
    fetch_types,
    fetch_with_domains,
    list_at,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim_type

_HOST_PATHS = ("name", "config.product.version", "runtime.inMaintenanceMode")
_VMX = "config.files.vmPathName"
_DOMAIN_PATHS = ("name", _VMX)
_AUTOSTART_PATHS = ("config.autoStart.defaults", "config.autoStart.powerInfo")


def is_started(entry: Any) -> bool:
    """Whether the domain of an autostart entry starts with the host; hosts and clients write the word differently."""
    return str(entry.startAction).lower() == "poweron"


@dataclass(frozen=True)
class HostFacts:
    """The facts of a domain's host: name, datastores, autostart settings, product version, and maintenance mode.

    ``volumes`` has the datastores' names by their volumes, as in ``/vmfs/volumes/<volume>/``, ``datastore_names`` those
    of all datastores that were read, by reference. Datastores and autostart
    settings are only there if they were requested; otherwise ``autostart_entries`` is None. So is ``networks``, the
    names of the host's networks, and ``domains``, the name and the canonical path of the VMX of each of its domains.
    ``ref`` is the host's own reference, None if the user may not see the host.
    """

    volumes: dict[str, str]
    autostart_enabled: bool = False
    autostart_entries: Sequence[Any] | None = None
    host_version: str | None = None
    host_name: str | None = None
    in_maintenance: bool = False
    datastore_names: Mapping[Any, str] = field(default_factory=dict)
    networks: Collection[str] | None = None
    domains: Sequence[tuple[str, str | None]] | None = None
    ref: Any = None

    def starts(self, ref: Any) -> bool | None:
        """Whether a domain starts with the host; None if that was not read."""
        if self.autostart_entries is None:
            return None
        return self.autostart_enabled and any(
            entry.key == ref and is_started(entry) for entry in self.autostart_entries
        )

    def lacks_name(self, name: str | None) -> bool:
        """Whether no domain of the host has a name, as far as its domains were read."""
        return self.domains is not None and all(each != name for each, _vmx in self.domains)

    def lacks_vmx(self, path: str) -> bool:
        """Whether no domain of the host has a VMX, by its canonical path, as far as its domains were read."""
        return self.domains is not None and all(vmx not in (None, path) for _name, vmx in self.domains)


def facts_paths(*, volumes: bool, autostart: bool) -> dict[str, Sequence[str]]:
    """Return the properties to read of hosts and datastores, by type."""
    host = [*_HOST_PATHS, *(_AUTOSTART_PATHS if autostart else ()), *(("datastore",) if volumes else ())]
    return {"HostSystem": host, **({"Datastore": ["name", "summary.url"]} if volumes else {})}


def read_host_facts(
    connection: EsxConnection, *, autostart: bool = True, networks: bool = False, domains: bool = False
) -> HostFacts:
    """Read the facts of the connection's host, and its networks and domains if they are requested, in one call.

    Its domains are not read if they are many, or if the server may have others.
    """
    host = connection.context.host
    wanted = {**facts_paths(volumes=True, autostart=autostart), **({"Network": ["name"]} if networks else {})}
    traversal = (*HOST_DATASTORES, *(HOST_NETWORKS if networks else ()))
    found: Sequence[tuple[str, str | None]] | None = None
    if domains and connection.is_direct:
        rows, of_domains = fetch_with_domains(
            connection.session, wanted, objects=[host], traversal=traversal, others=HOST_VMS, paths=_DOMAIN_PATHS
        )
        found = None if of_domains is None else _noted_domains(connection, of_domains)
    else:
        rows = fetch_types(connection.session, wanted, objects=[host], traversal=traversal, include_start=True)
    known = network_names(rows) if networks else None
    return replace(make_host_facts(connection, rows)[host], networks=known, domains=found)


def _noted_domains(connection: EsxConnection, rows: Sequence[Row]) -> Sequence[tuple[str, str | None]]:
    """The domains of a host, whose names are kept for the next items of a loop."""
    connection.session.names = {ref: str(values["name"] or "") for ref, values in rows}
    return [
        (unescape_name(str(values["name"] or "")), values[_VMX] and canonical_path(str(values[_VMX])))
        for _ref, values in rows
    ]


def network_names(rows: Sequence[Row]) -> Collection[str]:
    """Return the names of the networks among what was read of a host, without the server's percent-encoding."""
    network = vim_type("Network")
    return frozenset(unescape_name(str(values["name"])) for ref, values in rows if isinstance(ref, network))


def make_host_facts(connection: EsxConnection, rows: Sequence[Row]) -> dict[Any, HostFacts]:
    """Return the facts of each host that was read with ``facts_paths``, by the host's reference."""
    datastores = {ref: values for ref, values in rows if "summary.url" in values}
    mounts = _old_mounts(connection, datastores)
    names = {ref: each["name"] for ref, each in datastores.items()}
    facts = {}
    for ref, values in rows:
        if type_name(ref) == "HostSystem":
            volumes = {
                mounts.get((ref, datastore)) or _last(datastores[datastore]["summary.url"]): names[datastore]
                for datastore in values.get("datastore") or ()
                if datastore in datastores
            }
            facts[ref] = _facts(ref, values, volumes, names)
    return facts


def _facts(ref: Any, values: Values, volumes: dict[str, str], datastore_names: dict[Any, str]) -> HostFacts:
    defaults = values.get("config.autoStart.defaults")
    was_asked = "config.autoStart.powerInfo" in values
    return HostFacts(
        volumes,
        autostart_enabled=bool(defaults is not None and defaults.enabled),
        autostart_entries=tuple(list_at(values, "config.autoStart.powerInfo")) if was_asked else None,
        host_version=values.get("config.product.version"),
        host_name=unescape_name(values["name"] or "") or None,
        in_maintenance=bool(values.get("runtime.inMaintenanceMode")),
        datastore_names=datastore_names,
        ref=ref,
    )


def _old_mounts(connection: EsxConnection, datastores: dict[Any, Values]) -> dict[tuple[Any, Any], str]:
    """Volumes of datastores whose URL does not contain them (``netfs://`` of old servers), by host and datastore."""
    old = [ref for ref, values in datastores.items() if str(values["summary.url"] or "netfs:").startswith("netfs:")]
    rows = fetch(connection.session, "Datastore", ["host"], objects=old)
    return {
        (mount.key, ref): _last(mount.mountInfo.path)
        for ref, values in rows
        for mount in list_at(values, "host")
        if mount.mountInfo.path
    }


def _last(path: str) -> str:
    """The last component, which is the volume of ``ds:///vmfs/volumes/<volume>/`` and ``/vmfs/volumes/<volume>``."""
    return str(path or "").rstrip("/").rpartition("/")[2]
