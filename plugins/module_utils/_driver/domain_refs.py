# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that identify a domain, and finding the references of the domains that have them.

A server's SearchIndex finds a domain in one call; by name, it finds it by its path in the inventory. If a domain is
in a folder of its own, the names of all domains are read, once a session.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import HOST_DATACENTER, EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._errors import NotFound
from ansible_collections.virt.esx.plugins.module_utils._names import escape_name, unescape_name
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import SCOPE_VMS, fetch
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import moid


class DomainKey(NamedTuple):
    """The identity of a domain; each member overrides the ones before it."""

    name: str | None = None
    uuid: str | None = None
    moid: str | None = None
    vmx_path: str | None = None

    def __str__(self) -> str:
        """``has the name 'web'``, for messages."""
        if self.vmx_path is not None:
            return f"has the VMX {self.vmx_path}"
        if self.moid is not None:
            return f"has the moid {self.moid}"
        return f"has the UUID {self.uuid}" if self.uuid is not None else f"has the name '{self.name}'"


class Found(NamedTuple):
    """References of domains; ``are_first_of_name`` means that the server may have others with the name."""

    refs: Sequence[Any]
    are_first_of_name: bool = False


def find_refs(connection: EsxConnection, key: DomainKey) -> Found:
    """Return the references of the domains with a key, in at most two calls; some may run on other hosts."""
    if key.vmx_path is not None:
        return Found(_by_vmx_path(connection, key.vmx_path))
    if key.moid is not None:
        return Found([connection.session.ref("VirtualMachine", key.moid)])
    if key.uuid is not None:
        return Found(_by_uuid(connection, key.uuid))
    return _by_name(connection, key.name or "")


def noted_ref(connection: EsxConnection, key: DomainKey) -> Any | None:
    """The reference that was seen for a name in the same session; what it leads to has to be confirmed.

    Earlier tasks have noted it, or an earlier item of a loop has read it among the names of all domains of its host.
    """
    if key != DomainKey(key.name):
        return None
    session, name = connection.session, escape_name(key.name or "")
    noted = session.notes.get(_note_name(connection, key))
    if noted:
        return session.ref("VirtualMachine", noted)
    return next((ref for ref, other in session.names.items() if other == name), None)


def was_not_seen(connection: EsxConnection, key: DomainKey) -> bool:
    """Whether a name was not among those of all domains of the host, which an earlier item of a loop has read.

    One may have it by now, which has to be looked at.
    """
    names = connection.session.names
    return bool(names) and connection.is_direct and key == DomainKey(key.name) and noted_ref(connection, key) is None


def note_ref(connection: EsxConnection, key: DomainKey, ref: Any) -> None:
    """Note the reference that was found for a name, for later tasks in the same session."""
    if key == DomainKey(key.name):
        connection.session.note(_note_name(connection, key), moid(ref))


def _note_name(connection: EsxConnection, key: DomainKey) -> str:
    return f"domain {'/'.join(connection.session.options.uri.path)} {key.name}"


def refs_of_name(connection: EsxConnection, name: str, host: Any = None) -> list[Any]:
    """Return the references of all domains with a name, in one call that reads all names.

    :param host: the reference to the host, if the server has only one and it is known.
    """
    start = host if connection.is_direct and host is not None else connection.scope.ref
    return [ref for ref, other in _names(connection, start) if other == name]


def not_found(connection: EsxConnection, key: DomainKey, hint: str | None = None) -> NotFound:
    """The error for a domain that is not there; of a name, with similar ones, which takes one call."""
    similar = _similar_names(connection, key.name) if key == DomainKey(key.name) and key.name else []
    question = f" Did you mean {' or '.join(repr(name) for name in similar)}?" if similar else ""
    return NotFound(f"No domain of the host {key}.{question}", hint=hint)


def _similar_names(connection: EsxConnection, wanted: str) -> list[str]:
    from difflib import get_close_matches  # only a message needs it

    names = [name for _ref, name in _names(connection, connection.scope.ref)]
    by_case = [name for name in names if name.casefold() == wanted.casefold()]
    return by_case or get_close_matches(wanted, names)


def _names(connection: EsxConnection, start: Any) -> list[tuple[Any, str]]:
    """The references and the names of all domains below an object, in one call."""
    rows = fetch(connection.session, "VirtualMachine", ["name"], objects=[start], traversal=SCOPE_VMS)
    return [(ref, unescape_name(values["name"] or "")) for ref, values in rows]


def _by_vmx_path(connection: EsxConnection, path: str) -> list[Any]:
    index = connection.session.content.searchIndex
    found = [index.FindByDatastorePath(datacenter, path) for datacenter in connection.scope.datacenters]
    return [ref for ref in found if ref is not None]


def _by_uuid(connection: EsxConnection, uuid: str) -> list[Any]:
    """FindAllByUuid; servers before API 4.0 have only FindByUuid."""
    index = connection.session.content.searchIndex
    if connection.session.has(4, 0):
        return list(index.FindAllByUuid(None, uuid, True, False) or ())
    found = index.FindByUuid(None, uuid, True)
    return [] if found is None else [found]


def _by_name(connection: EsxConnection, name: str) -> Found:
    """A host has all domains in one folder; in a vCenter, most are directly in the datacenter's folder of domains."""
    index = connection.session.content.searchIndex
    paths = [HOST_DATACENTER] if connection.is_direct else connection.scope.datacenter_paths
    if len(paths) == 1:
        found = index.FindByInventoryPath(f"{paths[0]}/vm/{escape_name(name)}")
        if found is not None or connection.is_direct:
            return Found([] if found is None else [found], are_first_of_name=True)
    return Found(refs_of_name(connection, name))
