# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the answer to a call: a SOAP envelope whose body has the response of that method, or a fault.

pyVmomi takes anything whose tags end in "Response" for a response, and anything without such a tag, an HTML page for
example, for that of a method without a result. Here both are refused, and so is an answer without a required member:
no caller gets a None where the API promises a value.

Servers that are newer than pyVmomi send types and members that it does not know. Such an answer is read again without
these members, and with the nearest known type; an unknown fault keeps its name and its message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from ansible_collections.virt.esx.plugins.module_utils._texts import shortened
from ansible_collections.virt.esx.plugins.module_utils._vi.results import Unusual, read_result
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import (
    F_OPTIONAL,
    SoapDeserializer,
    SoapResponseDeserializer,
    VmomiSupport,
    name_unknown_type,
    vmodl,
)

_XSI_TYPE = "http://www.w3.org/2001/XMLSchema-instance type"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"

# The size of the first piece, which contains the beginning of an answer.
_PIECE = 4096

# The members that callers rely on, by the API's name of the type.
_REQUIRED: dict[str, tuple[str, ...]] = {
    "ServiceContent": ("about", "propertyCollector", "rootFolder", "sessionManager"),
    "AboutInfo": ("apiType", "apiVersion", "fullName", "version"),
    "RetrieveResult": (),
    "ObjectContent": ("obj",),
    "DynamicProperty": ("name",),
    "MissingProperty": ("path", "fault"),
    "UpdateSet": ("version",),
    "PropertyFilterUpdate": ("filter",),
    "ObjectUpdate": ("kind", "obj"),
    "PropertyChange": ("name", "op"),
}


class NotAnAnswer(Exception):
    """The server sent something other than the answer to the call; the text says why, as the end of a sentence."""


class Unreadable(NotAnAnswer):
    """An answer with parts that pyVmomi cannot read; in another version of the API it may be readable."""


class UnknownFault(Exception):
    """A fault of a type that pyVmomi does not know.

    :param name: the API's name of it, empty if the server gives none.
    :param text: the server's message.
    """

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text


def read_answer(content: bytes, info: Any, stub: Any) -> Any:
    """Return the result of a call, or the fault that it ended with (a ``vmodl.MethodFault``).

    :param content: the body of the HTTP answer.
    :param info: pyVmomi's description of the method.
    :param stub: the stub for references in the result.
    :raises NotAnAnswer: for anything else.
    :raises UnknownFault: if it is a fault that pyVmomi does not know.
    """
    is_fault = _check_envelope(content, info.wsdlName)
    result = _read(content, info, stub, is_fault)
    if is_fault:
        if not isinstance(result, vmodl.MethodFault):
            raise UnknownFault(*_words(content))
        return result
    if result is None and _needs_value(info):
        raise NotAnAnswer("it has no value")
    _check_members(result)
    return result


def _needs_value(info: Any) -> bool:
    """Whether a method has a value; pyVmomi calls that of some methods optional which always return a task."""
    is_optional = info.resultFlags & F_OPTIONAL and not info.wsdlName.endswith("_Task")
    return info.result is not type(None) and not is_optional


def _read(content: bytes, info: Any, stub: Any, is_fault: bool) -> Any:
    if not is_fault:
        try:
            return read_result(content, info.wsdlName, info.result, stub)
        except Unusual:
            pass  # pyVmomi reads it
        except RecursionError:
            raise NotAnAnswer("its values are nested too deeply") from None
    try:
        return SoapResponseDeserializer(stub).Deserialize(content, info.result)
    except Exception:  # whatever pyVmomi's parser makes of types and members that it does not know
        return _read_leniently(content, info, stub, is_fault)


def _check_envelope(content: bytes, method: str) -> bool:
    """Whether a SOAP envelope has a fault; raises NotAnAnswer if it has neither a fault nor the method's response."""
    if not content.strip():
        raise NotAnAnswer("it is empty")
    first = _first_in_body(content)
    if first is None:
        raise NotAnAnswer("it has no SOAP body, or nothing in it")
    if not content.rstrip().endswith(b"Envelope>"):
        raise NotAnAnswer("it is cut off")
    if first == f"{_ENVELOPE} Fault":
        return True
    name = first.rpartition(" ")[2]
    if name != f"{method}Response":
        raise NotAnAnswer(f"its SOAP body has {shortened(name, 200)} instead of {method}Response")
    return False


class _Found(Exception):
    """Ends the parsing, as the tag has been found."""


def _first_in_body(content: bytes) -> str | None:
    """The first tag in the body of a SOAP envelope, as "namespace name"; None if there is none."""
    above: list[str] = []
    found: list[str] = []

    def start(tag: str, _attributes: Mapping[str, str]) -> None:
        if above == [f"{_ENVELOPE} Envelope", f"{_ENVELOPE} Body"]:
            found.append(tag)
            raise _Found
        above.append(tag)

    def doctype(*_declaration: Any) -> None:
        raise NotAnAnswer("it is an HTML page, or another document")

    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: above.pop()
    parser.StartDoctypeDeclHandler = doctype
    try:
        for at in range(0, len(content), _PIECE):
            parser.Parse(content[at : at + _PIECE], at + _PIECE >= len(content))
    except _Found:
        return found[0]
    except (ExpatError, LookupError):  # of an encoding that Python does not know
        raise NotAnAnswer("it is not XML") from None
    return None


def _check_members(value: Any) -> None:
    """Refuse values that lack a member that callers rely on; only the types in ``_REQUIRED`` are checked."""
    if isinstance(value, list):
        for item in value:
            _check_members(item)
        return
    required = _REQUIRED.get(getattr(type(value), "_wsdlName", ""))
    if required is None:
        return
    for name in required:
        member = getattr(value, name, None)
        if member is None or (isinstance(member, str) and not member):  # pyVmomi returns "" for a missing text
            raise NotAnAnswer(f"its {type(value)._wsdlName} has no {name}")
    for name in _INSIDE.get(type(value)._wsdlName, ()):
        _check_members(getattr(value, name, None))


# The members that hold values of the types in ``_REQUIRED``.
_INSIDE: dict[str, tuple[str, ...]] = {
    "ServiceContent": ("about",),
    "RetrieveResult": ("objects",),
    "ObjectContent": ("propSet", "missingSet"),
    "UpdateSet": ("filterSet",),
    "PropertyFilterUpdate": ("objectSet",),
    "ObjectUpdate": ("changeSet",),
}


def _read_leniently(content: bytes, info: Any, stub: Any, is_fault: bool) -> Any:
    reader = SoapResponseDeserializer(stub)
    reader.deser = _Lenient(stub)
    try:
        return reader.Deserialize(content, info.result)
    except Exception:
        if is_fault:
            raise UnknownFault(*_words(content)) from None
        raise Unreadable("it has parts that pyVmomi cannot read") from None


class _Lenient(SoapDeserializer):  # type: ignore[misc]
    """Leaves out members that pyVmomi does not know, and uses the declared type if it does not know the actual one."""

    def __init__(self, stub: Any) -> None:
        super().__init__(stub)
        self.left_out = 0

    def StartElementHandler(self, tag: str, attr: dict[str, str]) -> None:  # noqa: N802  (pyVmomi's name)
        if self.left_out or self._is_unknown(tag):
            self.left_out += 1
            return
        try:
            super().StartElementHandler(tag, attr)
        except KeyError:
            super().StartElementHandler(tag, {name: value for name, value in attr.items() if name != _XSI_TYPE})
            if isinstance(self.stack[-1], vmodl.MethodFault):
                name_unknown_type(self.stack[-1], attr[_XSI_TYPE].rpartition(":")[2])

    def EndElementHandler(self, tag: str) -> None:  # noqa: N802
        if self.left_out:
            self.left_out -= 1
        elif self.stack and _is_enum(self.stack[-1]) and not hasattr(self.stack[-1], self.data):
            self.stack.pop()  # a value that a newer server has added
        else:
            super().EndElementHandler(tag)

    def _is_unknown(self, tag: str) -> bool:
        if not self.stack or isinstance(self.stack[-1], list) or not hasattr(self.stack[-1], "_GetPropertyInfo"):
            return False
        try:
            self.stack[-1]._GetPropertyInfo(self.SplitTag(tag)[1])
        except (AttributeError, KeyError):
            return True
        return False


def _is_enum(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, VmomiSupport.Enum)


def _words(content: bytes) -> tuple[str, str]:
    """The type name and the message of a fault that pyVmomi does not know; NotAnAnswer is raised if it is not XML."""
    texts: dict[str, list[str]] = {"faultstring": [], "detail": []}
    path: list[str] = []
    parser = ParserCreate(namespace_separator=" ")

    def start(tag: str, _attributes: Mapping[str, str]) -> None:
        path.append(tag.rpartition(" ")[2])
        if path[-2:-1] == ["detail"]:
            texts["detail"].append(path[-1])

    def text(data: str) -> None:
        if path and path[-1] == "faultstring":
            texts["faultstring"].append(data)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _tag: path.pop()
    parser.CharacterDataHandler = text
    try:
        parser.Parse(content, True)
    except ExpatError:
        raise NotAnAnswer("it is not XML") from None
    name = shortened(_first(texts["detail"]), 200)
    return name[: -len("Fault")] if name.endswith("Fault") else name, shortened("".join(texts["faultstring"]).strip())


def _first(names: Iterable[str]) -> str:
    return next(iter(names), "")
