# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of calls read by the standard library's C parser, several times faster than by pyVmomi.

The result is what pyVmomi makes of the same answer: objects of its own types. Only usual answers are read here,
the others are left to pyVmomi: those with faults, with types or members that it does not know, or with names that are
spelled in another way than servers do.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import VmomiSupport, parse_time, vim_type

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_VIM = "{urn:vim25}"
_XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
_XSD = "http://www.w3.org/2001/XMLSchema"
# The prefix of XML Schema's types, as all servers declare it at the very beginning.
_XSD_PREFIX = "xsd:"
_XSD_DECLARATION = f'xmlns:xsd="{_XSD}"'.encode()
_BEGINNING = 1024
_REFERENCES = ("ManagedObjectReference", "ArrayOfManagedObjectReference")

# The types of the API that nearly every task needs.
_COMMON = (
    "ServiceInstance",
    "ServiceContent",
    "AboutInfo",
    "UserSession",
    "VirtualMachine",
    "HostSystem",
    "Datastore",
    "Datacenter",
    "ComputeResource",
    "PropertyFilterSpec",
    "ObjectSpec",
    "PropertySpec",
    "TraversalSpec",
    "RetrieveOptions",
    "RetrieveResult",
    "ObjectContent",
    "MissingProperty",
    "DynamicProperty",
    "VirtualMachinePowerState",
    "VirtualMachineConnectionState",
    "AutoStartDefaults",
    "AutoStartPowerInfo",
    "DatastoreHostMount",
    "HostMountInfo",
    "SharesInfo",
    "HostVStorageObjectManager",
    "Task",
)


class Unusual(Exception):
    """An answer that is left to pyVmomi."""


class _Member(NamedTuple):
    """A member of a data object: its name in Python, its type, or that of its items if it is an array.

    ``leaf`` is what makes a value of a text, None where the type is more than a text.
    """

    name: str
    kind: Any
    is_array: bool
    leaf: Callable[[str], Any] | None


class _Kind(NamedTuple):
    """A type of data objects: its members by tag, and the values of a new object, arrays apart."""

    members: dict[str, _Member]
    defaults: dict[str, Any]
    arrays: tuple[tuple[str, Any], ...]


def preload() -> None:
    """Have the types made that nearly every task needs, which pyVmomi puts off until they are first used.

    A process that is forked afterwards has them already.
    """
    if VmomiSupport is None:
        return
    for kind in map(vim_type, _COMMON):
        if issubclass(kind, VmomiSupport.DataObject):
            _members(kind)


def read_result(content: bytes, method: str, kind: Any, stub: Any) -> Any:
    """The result of a call.

    :param content: the SOAP envelope.
    :param method: the API's name of the method.
    :param kind: pyVmomi's type of the result.
    :param stub: pyVmomi's stub, which knows the version that is spoken, and which references are to be called with.
    :raises Unusual: it is to be left to pyVmomi.
    """
    if not issubclass(kind, VmomiSupport.DataObject) or _XSD_DECLARATION not in content[:_BEGINNING]:
        raise Unusual
    try:
        response = fromstring(content).find(f"{_SOAP}Body/{_VIM}{method}Response")  # noqa: S314  (no document type)
        if response is None or len(response) != 1:
            raise Unusual
        return _value(response[0], kind, stub)
    except (ParseError, AttributeError, KeyError, TypeError, ValueError):
        raise Unusual from None  # pyVmomi says what is wrong with it, or finds a way


def _value(element: Element, kind: Any, stub: Any) -> Any:
    named = element.get(_XSI_TYPE)
    kind = _actual(named, kind, stub.version)
    leaf = _LEAVES.get(kind)
    if leaf is not None:
        return leaf(_text(element))
    return _reader(kind)(element, kind, stub)


@lru_cache(maxsize=4096)
def _actual(named: str | None, kind: Any, version: str) -> Any:
    """The type that an element says, else the one that its place has, in the version that is spoken."""
    if kind in (type, VmomiSupport.ManagedMethod):
        raise Unusual
    if named is None or kind is VmomiSupport.PropertyPath:
        return VmomiSupport.GetCompatibleType(kind, version)
    if named.startswith(_XSD_PREFIX):
        return VmomiSupport.GetWsdlType(_XSD, named[len(_XSD_PREFIX) :])
    if ":" in named:
        raise Unusual
    if named in _REFERENCES:
        return VmomiSupport.ManagedObject if named == _REFERENCES[0] else VmomiSupport.ManagedObject.Array
    return VmomiSupport.GetCompatibleType(vim_type(named), version)


@lru_cache(maxsize=4096)
def _reader(kind: Any) -> Callable[[Element, Any, Any], Any]:
    """The function that reads elements of a type that is not a leaf."""
    if not isinstance(kind, type) or issubclass(kind, Exception):
        raise Unusual
    for category, read in _READERS.items():
        if issubclass(kind, category):
            return read
    raise Unusual


def _object(element: Element, kind: Any, stub: Any) -> Any:
    """A data object; made without its constructor, which collects the members of its type each time."""
    members, defaults, arrays = _members(kind)
    found = kind.__new__(kind)
    values = vars(found)
    values.update(defaults)
    for name, array in arrays:
        values[name] = array()
    for child in element:
        name, member_kind, is_array, leaf = members[child.tag]
        if leaf is not None and child.get(_XSI_TYPE) is None:
            value = leaf(_text(child))
        else:
            value = _value(child, member_kind, stub)
        if not is_array:
            values[name] = value
        elif isinstance(value, list):
            raise Unusual  # a whole array as an item of one
        else:
            values[name].append(value)
    return found


@lru_cache(maxsize=1024)
def _members(kind: Any) -> _Kind:
    members, arrays = {}, []
    for info in kind._GetPropertyList():
        is_array = issubclass(info.type, list)
        item = info.type.Item if is_array else info.type
        members[f"{_VIM}{info.name}"] = _Member(info.name, item, is_array, _LEAVES.get(item))
        if is_array:
            arrays.append((info.name, info.type))
    defaults = {name: value for name, value in vars(kind()).items() if not isinstance(value, list)}
    return _Kind(members, defaults, tuple(arrays))


def _array(element: Element, kind: Any, stub: Any) -> Any:
    found = kind()
    found.extend([_value(child, kind.Item, stub) for child in element])
    return found


def _reference(element: Element, _kind: Any, stub: Any) -> Any:
    if "serverGuid" in element.attrib:
        raise Unusual
    return vim_type(element.attrib["type"])(_text(element), stub)


def _word(element: Element, kind: Any, _stub: Any) -> Any:
    return getattr(kind, _text(element))


def _text(element: Element) -> str:
    if len(element):
        raise Unusual
    return element.text or ""


def _boolean(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text]


def _time(text: str) -> Any:
    found = parse_time(text)
    if not found:
        raise ValueError(text)
    return found


_LEAVES: dict[Any, Callable[[str], Any]] = {str: str, int: int, float: float, bool: _boolean, datetime: _time}
_READERS: dict[Any, Callable[[Element, Any, Any], Any]] = {list: _array}
if VmomiSupport is not None:
    _LEAVES |= {
        kind: kind
        for kind in (
            *(VmomiSupport.byte, VmomiSupport.short, VmomiSupport.long, VmomiSupport.double),
            *(VmomiSupport.URI, VmomiSupport.PropertyPath),
        )
    }
    _LEAVES[VmomiSupport.binary] = lambda text: VmomiSupport.binary(base64.b64decode(text))
    _READERS |= {
        VmomiSupport.DataObject: _object,
        VmomiSupport.ManagedObject: _reference,
        VmomiSupport.Enum: _word,
    }
