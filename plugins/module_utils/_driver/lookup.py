# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking up domains: one by name, UUID, managed object id or VMX, or all domains of a connection.

The number of calls does not depend on the number of domains: one to find a domain, one to read its properties. The
second one alone, if the domain was seen before in the same session, by an earlier task or an earlier item of a loop:
what it reads confirms that it is the one.
Through a vCenter a domain belongs to the connection while it runs on a host that the URI names. libvirt's driver also
finds domains of other hosts by UUID.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import (
    DomainKey,
    Found,
    find_refs,
    not_found,
    note_ref,
    noted_ref,
    refs_of_name,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts, facts_paths, make_host_facts
from ansible_collections.virt.esx.plugins.module_utils._errors import Ambiguous, NotFound, Refused
from ansible_collections.virt.esx.plugins.module_utils._names import unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.pending_tasks import STATE_PATH, is_pending
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import (
    HOST_DATASTORES,
    HOST_VMS,
    SCOPE_VMS,
    SCOPE_VMS_AND_DATASTORES,
    Traversal,
    Values,
    fetch,
    fetch_types,
    fetch_with_names,
    required,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid, type_name

# VirtualMachine.runtime.powerState -> libvirt's state (esx-driver-rules.md, section 7).
STATES = {"poweredOff": "shutoff", "poweredOn": "running", "suspended": "paused"}

_NUMBERED = re.compile(r"(?:vm-)?([1-9][0-9]*)")

# The properties that every module needs of a domain.
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
# Whether VMware Tools run in the guest, which servers since 4.0 tell, and its value if they do not.
TOOLS_PATH, NO_TOOLS = "guest.toolsRunningStatus", "guestToolsNotRunning"


@dataclass(frozen=True)
class DomainRecord:
    """A domain as the server has it. ``values`` are its properties by path, None where the server has none.

    ``is_first_of_name`` says that it is the first domain of its name, and that no second one was looked for.
    """

    ref: Any
    values: Values = field(repr=False)
    is_first_of_name: bool = False

    @property
    def moid(self) -> str:
        """The VI API's managed object id."""
        return moid(self.ref)

    @property
    def name(self) -> str:
        """The name, without the server's percent-encoding."""
        return unescape_name(self.values["name"] or "")

    @property
    def uuid(self) -> str | None:
        """The BIOS UUID."""
        uuid = self.values["config.uuid"]
        return None if uuid is None else str(uuid).lower()

    @property
    def state(self) -> str:
        """One of libvirt's words ``running``, ``paused``, ``shutoff``; Refused is raised if the user may not see it."""
        return STATES[str(required(self.values, "runtime.powerState", f"domain '{self.name}'"))]

    @property
    def id(self) -> int | None:
        """The id in libvirt of a domain that is not shut off: ``12`` for ``12`` and for ``vm-12``."""
        found = _NUMBERED.fullmatch(self.moid)
        return int(found[1]) if found and STATES.get(str(self.values["runtime.powerState"])) != "shutoff" else None

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
        """The facts that modules return which do not change the domain itself."""
        return {name: value for name, value in self.facts().items() if name in ("name", "uuid", "moid", "state")}

    def facts(self) -> dict[str, Any]:
        """The facts of a domain in every result, inventory and listing; None if the server does not know one."""
        return {
            "name": self.name,
            "uuid": self.uuid,
            "moid": self.moid,
            "state": STATES.get(str(self.values["runtime.powerState"])),
            "vcpus": self.vcpus,
            "memory_kib": self.memory_kib,
            "max_memory_kib": self.max_memory_kib,
            "vmx_path": self.vmx_path,
        }

    def __str__(self) -> str:
        """``'web' (UUID 5011..., moid 12, [datastore1] web/web.vmx)``: unique among its namesakes."""
        return f"'{self.name}' (UUID {self.uuid or 'unknown'}, moid {self.moid}, {self.vmx_path or 'no VMX'})"

    @property
    def vmx_path(self) -> str | None:
        """The datastore path of its VMX."""
        path = self.values["config.files.vmPathName"]
        return None if path is None else str(path)


def domain_records(rows: Iterable[tuple[Any, Values]]) -> list[DomainRecord]:
    """Return the domains of what was read, in the server's order."""
    return [DomainRecord(ref, values) for ref, values in rows]


def records_by_name(rows: Iterable[tuple[Any, Values]]) -> list[DomainRecord]:
    """Return the domains of what was read, sorted by name."""
    return sorted(domain_records(rows), key=lambda record: record.name)


def in_state(record: DomainRecord, state: str) -> DomainRecord:
    """The domain in another state, one of libvirt's words."""
    power_state = next(value for value, word in STATES.items() if word == state)
    return replace(record, values={**record.values, "runtime.powerState": power_state})


# A domain's recent tasks. Where it is among the paths of one domain, their states are read in the same call, and the
# value has only those that have not ended.
RECENT_PATH = "recentTask"
_RECENT_TASKS = (Traversal("recent", "VirtualMachine", RECENT_PATH),)

# From a domain to its host, and from there to the host's datastores.
VM_HOST = (Traversal("host", "VirtualMachine", "runtime.host"),)
_VM_NEIGHBOURS = (Traversal("host", "VirtualMachine", "runtime.host", ("vms",)), *HOST_VMS)
_VM_TO_DATASTORES = (Traversal("host", "VirtualMachine", "runtime.host", ("datastores",)), *HOST_DATASTORES)


def find_domain(
    connection: EsxConnection,
    key: DomainKey,
    *,
    paths: Sequence[str] = (),
    volumes: bool = True,
    autostart: bool = True,
) -> tuple[DomainRecord, HostFacts] | None:
    """Return a domain and its host's facts, or None if there is no such domain; two calls.

    :param key: if it has a UUID, its name only chooses among copies.
    :param paths: properties to read in addition to ``CORE_PATHS``.
    :param volumes: whether to read the datastores, too; conversions of definitions need them.
    :param autostart: whether to read the host's autostart settings, too, which list every domain that has any.
    :raises Ambiguous: if several domains match. If several domains of a host share a name, the first
        one may be found instead, see ``confirm_name``.
    """
    found, facts = find_domains(connection, key, paths=paths, volumes=volumes, autostart=autostart)
    if key.uuid is not None and len(found) > 1 and key.name is not None:
        found = [record for record in found if record.name == key.name] or found
    if len(found) > 1:
        raise _ambiguous(key, found)
    if not found:
        return None
    connection.locate(found[0].values["runtime.host"])
    return found[0], _facts_of(found[0], facts)


def find_domains(
    connection: EsxConnection, key: DomainKey, *, paths: Sequence[str] = (), volumes: bool, autostart: bool
) -> tuple[list[DomainRecord], dict[Any, HostFacts]]:
    """As ``find_domain``, but return all domains that match, and the facts of each of their hosts."""
    found, facts = _find_noted(connection, key, paths, volumes, autostart)
    if not found:
        found, facts = _find_by_refs(connection, key, find_refs(connection, key), paths, volumes, autostart)
    if len(found) == 1 and found[0].name == key.name:
        note_ref(connection, key, found[0].ref)
    return found, facts


def get_domain(
    connection: EsxConnection,
    key: DomainKey,
    *,
    paths: Sequence[str] = (),
    volumes: bool = True,
    autostart: bool = True,
) -> tuple[DomainRecord, HostFacts]:
    """As ``find_domain``, for a domain that must exist.

    :raises NotFound: if there is no such domain.
    :raises Refused: if the domain with the UUID has another name.
    """
    found = find_domain(connection, key, paths=paths, volumes=volumes, autostart=autostart)
    if found is None:
        raise not_found(connection, key)
    check_name(key, found[0])
    return found


def check_name(key: DomainKey, record: DomainRecord) -> None:
    """Check that a domain that was found by its UUID has the name that was given with it, where that is no new name.

    :raises Refused: if it has another one; a moid or the path of its VMX override the name.
    """
    if key.name not in (None, record.name) and key.moid is None and key.vmx_path is None:
        raise Refused(
            f"The domain with the UUID {record.uuid} has the name '{record.name}', not '{key.name}'.",
            hint="Correct one of them, or leave one out.",
        )


def confirm_name(connection: EsxConnection, record: DomainRecord) -> None:
    """Check that a domain is the only one with its name, if it was found by name; this costs one call.

    A server looks up one object by a path of names and does not report a second one. So this is checked before
    anything is changed, and not each time that a domain is read.

    :raises Ambiguous: if there is another one.
    """
    if not record.is_first_of_name:
        return
    refs = refs_of_name(connection, record.name, record.values["runtime.host"])
    if len(refs) > 1:
        rows = fetch(connection.session, "VirtualMachine", CORE_PATHS, objects=refs)
        raise _ambiguous(DomainKey(record.name), domain_records(rows))


def read_domain_of(
    connection: EsxConnection, ref: Any, *, volumes: bool = True, autostart: bool = True
) -> tuple[DomainRecord, HostFacts]:
    """Read a domain by its reference as the server has it now, wherever it runs; one call.

    :raises NotFound: if it no longer exists.
    """
    found, facts = _read(connection, [ref], (), volumes, autostart)
    return found[0], _facts_of(found[0], facts)


def list_domains(connection: EsxConnection, paths: Sequence[str]) -> list[DomainRecord]:
    """Return all domains of the connection with ``CORE_PATHS`` and ``paths``, sorted by name; one call per 500."""
    wanted, scope = [*CORE_PATHS, *paths], connection.scope.ref
    rows = fetch(connection.session, "VirtualMachine", wanted, objects=[scope], traversal=SCOPE_VMS)
    return records_by_name(rows)


def list_domains_with_facts(
    connection: EsxConnection, paths: Sequence[str], *, volumes: bool, autostart: bool
) -> tuple[list[DomainRecord], dict[Any, HostFacts]]:
    """As ``list_domains``, with the facts of each host, in the same calls."""
    rows = fetch_types(
        connection.session,
        {"VirtualMachine": [*CORE_PATHS, *paths], **facts_paths(volumes=volumes, autostart=autostart)},
        objects=[connection.scope.ref],
        traversal=SCOPE_VMS_AND_DATASTORES if volumes else SCOPE_VMS,
        include_start=True,
    )
    domains = [row for row in rows if type_name(row[0]) == "VirtualMachine"]
    return records_by_name(domains), make_host_facts(connection, rows)


def _facts_of(record: DomainRecord, facts: Mapping[Any, HostFacts]) -> HostFacts:
    """The facts of a domain's host; empty if the user may not see the host."""
    return facts.get(record.values["runtime.host"]) or HostFacts({})


def _find_noted(
    connection: EsxConnection, key: DomainKey, paths: Sequence[str], volumes: bool, autostart: bool
) -> tuple[list[DomainRecord], dict[Any, HostFacts]]:
    """The domain of the reference that an earlier task has noted; nothing if it is no longer that domain."""
    ref = noted_ref(connection, key)
    if ref is None:
        return [], {}
    try:
        found, facts = _read_with_namesakes(connection, [ref], paths, volumes, autostart)
    except NotFound:
        return [], {}
    is_right = [record.name == key.name and connection.is_here(record.values["runtime.host"]) for record in found]
    return (found, facts) if all(is_right) else ([], {})


def _find_by_refs(
    connection: EsxConnection, key: DomainKey, refs: Found, paths: Sequence[str], volumes: bool, autostart: bool
) -> tuple[list[DomainRecord], dict[Any, HostFacts]]:
    try:
        if not refs.are_first_of_name:
            found, facts = _read(connection, refs.refs, paths, volumes, autostart)
        else:
            found, facts = _read_with_namesakes(connection, refs.refs, paths, volumes, autostart)
    except NotFound:
        return [], {}  # an id that no object has
    here = [record for record in found if connection.is_here(record.values["runtime.host"])]
    if not here and refs.are_first_of_name and not connection.is_direct:
        # The domain that the vCenter found by its path is on another host; one in another folder may be here.
        here, facts = _read(connection, refs_of_name(connection, key.name or ""), paths, volumes, autostart)
    return here, facts


def _read_with_namesakes(
    connection: EsxConnection, refs: Sequence[Any], paths: Sequence[str], volumes: bool, autostart: bool
) -> tuple[list[DomainRecord], dict[Any, HostFacts]]:
    """As ``_read`` for the first domain with a name, and for all others with it if the host has few domains.

    The names of the domains of the host come in the same call, as far as they fit into one page of the answer.
    """
    wanted, traversal = _wanted(paths, volumes, autostart), _traversal(paths, volumes)
    rows, names = fetch_with_names(connection.session, wanted, objects=refs, traversal=traversal, others=_VM_NEIGHBOURS)
    if names is not None:
        connection.session.names = names
        own = {names.get(ref) for ref in refs}
        same = [ref for ref, name in names.items() if name in own]
        if len(same) > len(refs):
            return _read(connection, same, paths, volumes, autostart)
    sees_all = names is not None and (connection.is_direct or connection.scope.not_one_host is None)
    found = [replace(record, is_first_of_name=not sees_all) for record in _records(rows, refs)]
    return found, make_host_facts(connection, rows)


def _read(
    connection: EsxConnection, refs: Sequence[Any], paths: Sequence[str], volumes: bool, autostart: bool
) -> tuple[list[DomainRecord], dict[Any, HostFacts]]:
    wanted, traversal = _wanted(paths, volumes, autostart), _traversal(paths, volumes)
    rows = fetch_types(connection.session, wanted, objects=refs, traversal=traversal, include_start=True)
    return _records(rows, refs), make_host_facts(connection, rows)


def _wanted(paths: Sequence[str], volumes: bool, autostart: bool) -> dict[str, Sequence[str]]:
    """The paths to read of a domain, of its host and datastores, and of its recent tasks, by type."""
    tasks = {"Task": [STATE_PATH]} if RECENT_PATH in paths else {}
    return {"VirtualMachine": [*CORE_PATHS, *paths], **facts_paths(volumes=volumes, autostart=autostart), **tasks}


def _traversal(paths: Sequence[str], volumes: bool) -> tuple[Traversal, ...]:
    """The way from a domain to all of it."""
    return (*(_VM_TO_DATASTORES if volumes else VM_HOST), *(_RECENT_TASKS if RECENT_PATH in paths else ()))


def _records(rows: Sequence[tuple[Any, Values]], refs: Sequence[Any]) -> list[DomainRecord]:
    """The domains among what was read, each with its pending tasks only."""
    pending = {ref for ref, values in rows if is_pending(values.get(STATE_PATH))}
    found = []
    for ref, values in rows:
        if ref in refs:
            recent = [task for task in values.get(RECENT_PATH) or () if task in pending]
            found.append(DomainRecord(ref, {**values, RECENT_PATH: recent} if RECENT_PATH in values else values))
    return found


def _ambiguous(key: DomainKey, found: Collection[DomainRecord]) -> Ambiguous:
    return Ambiguous(
        f"More than one domain of the host {key}: {', '.join(str(record) for record in found)}.",
        hint="Choose one by its moid or its vmx_path. Copies of a virtual machine share a UUID until one of them is "
        "given another.",
    )
