# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one reader of properties of managed objects: leaf paths, in bulk, by the PropertyCollector.

One call reads any number of paths of up to ``PAGE`` objects. A property that is unset, or that the user may not see,
is None. No attribute of a managed object is read anywhere else: each would be a call of its own.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import is_not_authenticated
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.stub import RUN_AGAIN, BeginAgain, SessionRenewed
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name, vim_type, vmodl

PAGE = 500

# The objects that an answer may have in addition without costing more than another call.
FEW = 40

Values = dict[str, Any]
Row = tuple[Any, Values]


class Traversal(NamedTuple):
    """One step from objects of a type along a property; ``then`` names the traversals that go on from there."""

    name: str
    type: str
    path: str
    then: tuple[str, ...] = ()


# Where to go from the object at which a read starts. The traversals that begin there come first, see ``starts``.
HOST_VMS = (Traversal("vms", "HostSystem", "vm"),)
HOST_DATASTORES = (Traversal("datastores", "HostSystem", "datastore"),)
HOST_NETWORKS = (Traversal("networks", "HostSystem", "network"),)
FOLDER_VMS = (
    Traversal("children", "Folder", "childEntity", ("children", "vm-folder", "vapp")),
    Traversal("vm-folder", "Datacenter", "vmFolder", ("children",)),
    Traversal("vapp", "VirtualApp", "vm"),
)
# From the root folder of a host to its one host: datacenter, host folder, compute resource, host.
ROOT_TO_HOST = (
    Traversal("datacenters", "Folder", "childEntity", ("host-folder",)),
    Traversal("host-folder", "Datacenter", "hostFolder", ("computes",)),
    Traversal("computes", "Folder", "childEntity", ("hosts",)),
    Traversal("hosts", "ComputeResource", "host"),
)
# From the root folder of a vCenter to all that a path may name.
ROOT_TO_ALL_HOSTS = (
    Traversal("children", "Folder", "childEntity", ("children", "host-folder", "hosts")),
    Traversal("host-folder", "Datacenter", "hostFolder", ("children",)),
    Traversal("hosts", "ComputeResource", "host"),
)
# From a host, a cluster, a datacenter or a folder to the domains of all hosts below it, and to the hosts' datastores.
SCOPE_VMS = (
    Traversal("vms", "HostSystem", "vm"),
    Traversal("hosts", "ComputeResource", "host", ("vms",)),
    Traversal("children", "Folder", "childEntity", ("children", "host-folder", "hosts")),
    Traversal("host-folder", "Datacenter", "hostFolder", ("children",)),
)
SCOPE_VMS_AND_DATASTORES = (
    *(step._replace(then=("vms", "datastores")) if step.name == "hosts" else step for step in SCOPE_VMS),
    *HOST_DATASTORES,
)
# From an object of a vCenter's inventory up to the root folder.
PARENTS = (Traversal("parent", "ManagedEntity", "parent", ("parent",)),)


def fetch(
    session: Session,
    type_: str,
    paths: Sequence[str],
    *,
    objects: Sequence[Any],
    traversal: Sequence[Traversal] = (),
) -> list[Row]:
    """Read properties of all objects of one type.

    :param type_: the VI API's name of the type, ``VirtualMachine``; its subtypes are read, too.
    :param paths: leaf paths such as ``runtime.powerState``.
    :param objects: the references to read from; with a traversal, where it starts.
    :param traversal: the way to the objects to read from, one of the tables above.
    :returns: for each object its reference and its values by path, None where there is none.
    :raises NotFound: if one of ``objects`` does not exist.
    """
    return fetch_types(session, {type_: paths}, objects=objects, traversal=traversal)


def fetch_one(session: Session, object_: Any, paths: Sequence[str]) -> Values:
    """Read properties of one object; NotFound is raised if it does not exist."""
    rows = fetch(session, type_name(object_), paths, objects=[object_])
    return rows[0][1] if rows else dict.fromkeys(paths)


def list_at(values: Mapping[str, Any], path: str) -> Sequence[Any]:
    """Return the items of a property that is a list; none if it is unset."""
    return values[path] or ()


def number_at(values: Mapping[str, Any], path: str) -> int:
    """Return a property that is a number; 0 if it is unset."""
    return int(values[path] or 0)


def required(values: Mapping[str, Any], path: str, owner: str) -> Any:
    """Return a property that every object of its type has, so that it can only be hidden from the user.

    :param owner: the object, in words, for the message: ``domain 'web'``.
    :raises Refused: if it is hidden.
    """
    value = values[path]
    if value is None:
        raise Refused(
            f"The server does not show the property {path} of {owner} to this account.",
            hint="Give the account the role Read-only on it, or a role with the privilege System.Read.",
        )
    return value


def fetch_content(session: Session, path: str) -> Any:
    """Read a member of the server's ServiceContent that came after API 2.5: ``vmProvisioningChecker``.

    A session begins with a ServiceContent in that version, as every server speaks it; newer members are not in it.
    """
    instance, path = session.ref("ServiceInstance", "ServiceInstance"), f"content.{path}"
    return fetch_one(session, instance, [path])[path]


def fetch_types(
    session: Session,
    wanted: Mapping[str, Sequence[str]],
    *,
    objects: Sequence[Any],
    traversal: Sequence[Traversal] = (),
    include_start: bool = False,
) -> list[Row]:
    """Read properties of objects of several types in the same calls; see ``fetch``.

    An object of two of the types has the paths of both; ``include_start`` says whether the objects at which a traversal
    starts are read as well.
    """
    if not objects:
        return []
    spec = _filter_spec(wanted, objects, traversal, include_start)
    try:
        contents = list(_retrieve(session, spec))
    except BeginAgain:
        contents = list(_retrieve(session, spec))
    return _rows(wanted, contents)


def fetch_with_names(
    session: Session,
    wanted: Mapping[str, Sequence[str]],
    *,
    objects: Sequence[Any],
    traversal: Sequence[Traversal],
    others: Sequence[Traversal],
) -> tuple[list[Row], dict[Any, str] | None]:
    """As ``fetch_types`` with ``include_start``, and in the same call the names of other virtual machines.

    :param others: the way from ``objects`` to the others.
    :returns: the rows, and the names by reference; None in their place if they are more than fit into ``FEW`` objects.
    """
    page: list[Any] = []
    if objects and session.has(4, 1) and not session.shared and not session.has_many_domains:
        first = _filter_spec(wanted, objects, traversal, include_start=True)
        names_only = _filter_spec({"VirtualMachine": ["name"]}, objects, others, include_start=False)
        page = _first_page(session, [first, names_only])
    named = {each.obj: item.val for each in page for item in each.propSet or () if item.name == "name"}
    names = {ref: str(name) for ref, name in named.items() if type_name(ref) == "VirtualMachine"}
    if session.has_many_domains and len(names) <= len(objects):  # then the page may end within what was asked for
        page = []
    rows = _rows(wanted, _first_of_each(page)) if page else None
    if rows is None:
        rows = fetch_types(session, wanted, objects=objects, traversal=traversal, include_start=True)
    return rows, None if session.has_many_domains or not page else names


def fetch_with_domains(
    session: Session,
    wanted: Mapping[str, Sequence[str]],
    *,
    objects: Sequence[Any],
    traversal: Sequence[Traversal],
    others: Sequence[Traversal],
    paths: Sequence[str],
) -> tuple[list[Row], list[Row] | None]:
    """As ``fetch_types`` with ``include_start``, and in the same call properties of virtual machines.

    :param wanted: not of virtual machines.
    :param others: the way from ``objects`` to the virtual machines.
    :param paths: what to read of those.
    :returns: the rows, and those of the virtual machines; None in their place if there are many, see ``FEW``.
    """
    page: list[Any] = []
    if session.has(4, 1) and not session.shared and not session.has_many_domains:
        first = _filter_spec(wanted, objects, traversal, include_start=True)
        of_domains = _filter_spec({"VirtualMachine": paths}, objects, others, include_start=False)
        page = _first_page(session, [first, of_domains], 2 * FEW)
    if not page or session.has_many_domains:
        return fetch_types(session, wanted, objects=objects, traversal=traversal, include_start=True), None
    rows = _rows({**wanted, "VirtualMachine": paths}, page)
    kinds: dict[bool, list[Row]] = {True: [], False: []}
    for row in rows:
        kinds[type_name(row[0]) == "VirtualMachine"].append(row)
    return kinds[False], kinds[True]


def _first_page(session: Session, specs: Sequence[Any], most: int = FEW) -> list[Any]:
    """The first page of the answer to several filters, in their order; empty if the session had ended.

    Whether there are more pages is noted, so that this is not asked again. They stay on the server until the session
    ends.
    """
    options = vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=most)
    try:
        result = session.content.propertyCollector.RetrievePropertiesEx(list(specs), options)
        contents = list(_checked(session, None if result is None else result.objects))
    except SessionRenewed:
        return []
    session.has_many_domains = bool(result is not None and result.token)
    return contents


def _first_of_each(contents: Iterable[Any]) -> Iterable[Any]:
    """The first ObjectContent of each object, which is that of the first filter."""
    seen = set()
    for content in contents:
        if content.obj not in seen:
            seen.add(content.obj)
            yield content


def make_filter_spec(wanted: Mapping[str, Sequence[str]], objects: Sequence[Any]) -> Any:
    """Return a PropertyCollector's FilterSpec for a property filter on some objects."""
    return _filter_spec(wanted, objects, (), include_start=True)


def _filter_spec(
    wanted: Mapping[str, Sequence[str]], objects: Sequence[Any], traversal: Sequence[Traversal], include_start: bool
) -> Any:
    collector = vmodl.query.PropertyCollector
    select = _selection(tuple(traversal))
    skip = bool(traversal) and not include_start
    return collector.FilterSpec(
        objectSet=[collector.ObjectSpec(obj=ref, skip=skip, selectSet=select) for ref in objects],
        propSet=_property_specs(tuple((name, tuple(paths)) for name, paths in wanted.items())),
    )


@functools.lru_cache(maxsize=64)
def _property_specs(wanted: tuple[tuple[str, tuple[str, ...]], ...]) -> list[Any]:
    """The paths of each type; nobody changes them, and all items of a loop read the same."""
    collector = vmodl.query.PropertyCollector
    return [collector.PropertySpec(type=vim_type(name), all=False, pathSet=list(paths)) for name, paths in wanted]


@functools.lru_cache(maxsize=64)
def _selection(traversal: tuple[Traversal, ...]) -> list[Any]:
    """All traversals as one set: the server follows those that fit the type of the object that it is at."""
    collector = vmodl.query.PropertyCollector
    return [
        collector.TraversalSpec(
            name=step.name,
            type=vim_type(step.type),
            path=step.path,
            skip=False,
            selectSet=[collector.SelectionSpec(name=name) for name in step.then],
        )
        for step in traversal
    ]


def _retrieve(session: Session, spec: Any) -> Iterable[Any]:
    """The ObjectContents of a filter, page by page; before API 4.1 there are no pages."""
    collector = session.content.propertyCollector
    if not session.has(4, 1):
        yield from _checked(session, collector.RetrieveContents([spec]))
        return
    options = vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=PAGE)
    result = collector.RetrievePropertiesEx([spec], options)
    while result is not None:
        yield from _checked(session, result.objects)
        result = collector.ContinueRetrievePropertiesEx(result.token) if result.token else None


def _checked(session: Session, contents: Sequence[Any] | None) -> Iterable[Any]:
    """Servers may answer for an ended session with properties that are missing for that reason."""
    for content in contents or ():
        for missing in content.missingSet or ():
            if is_not_authenticated(missing.fault):
                session.renew(session.cookie)
                raise SessionRenewed("The session ended during a read; there is a new one now.", hint=RUN_AGAIN)
        yield content


def _rows(wanted: Mapping[str, Sequence[str]], contents: Iterable[Any]) -> list[Row]:
    """One row for each object, also if it was reached by several ways."""
    classes = {name: vim_type(name) for name in wanted}
    rows: dict[Any, Row] = {}
    for content in contents:
        values: Values = {}
        for name, paths in wanted.items():
            if isinstance(content.obj, classes[name]):
                values.update(dict.fromkeys(paths))
        for item in content.propSet or ():
            values[item.name] = item.val
        rows[content.obj] = (content.obj, values)
    return list(rows.values())
