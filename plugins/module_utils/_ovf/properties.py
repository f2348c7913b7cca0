# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of a package for its guest: the values that a user gives, and the document that a guest reads.

A host without a vCenter has no vApps and so gives no guest an environment. The document is written into the domain's
``guestinfo.ovfEnv`` there, where cloud-init and open-vm-tools look for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import quoted
from ansible_collections.virt.esx.plugins.module_utils._ovf.model import Property

_INTEGER = re.compile(r"([us]?)int(8|16|32|64)?", re.IGNORECASE)
# ValueMap{"small", "large (fast, too)"}, and one of its values: quoted, or without quotes as some write it.
_QUOTED = r"\"[^\"]*\"|'[^']*'"
_VALUE_MAP = re.compile(
    rf"ValueMap\s*(?:\{{((?:{_QUOTED}|[^{{}}\"'])*)\}}|\(((?:{_QUOTED}|[^()\"'])*)\))", re.IGNORECASE
)
_VALUE = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^,\"'\s][^,\"']*)")
_LENGTH = re.compile(r"(Min|Max)(?:Len|Value)\s*[({]\s*(-?[0-9]{1,20})\s*[)}]", re.IGNORECASE)

_BOOLEANS = {
    **dict.fromkeys(("true", "yes", "1"), "True"),
    **dict.fromkeys(("false", "no", "0"), "False"),
}


def property_values(
    properties: Sequence[Property], given: Mapping[str, str], option: str | None, *, where: str
) -> dict[str, str]:
    """Return the values of all properties by full key, those that the user gives checked.

    :param given: values by full key, or by the key alone where only one property has it.
    :param option: the deployment option, whose defaults are taken.
    :param where: the name of the user's option, for messages; values are in none, as they may be secret.
    :raises ParseError: for a key that no property has, one that users may not set, and a value of another type.
    """
    values = {one.key: one.default(option) for one in properties}
    for key, value in given.items():
        one = _settable(properties, key, where)
        values[one.key] = _checked(one, value, where)
    return values


def _settable(properties: Sequence[Property], key: str, where: str) -> Property:
    """The property that a user means by a full key, or by the key alone."""
    found = _named(properties, key)
    settable = quoted(one.key for one in properties if one.user_configurable)
    if len(found) != 1:
        problem = f"more than one property has the key '{key}'" if found else f"there is no property '{key}'"
        raise ParseError(f"{problem}; the package has {settable}.", where=where)
    if not found[0].user_configurable:
        raise ParseError(f"the package does not let users set '{key}'; it does for {settable}.", where=where)
    return found[0]


def _named(properties: Sequence[Property], key: str) -> list[Property]:
    return [one for one in properties if one.key == key] or [one for one in properties if one.id == key]


def not_allowed(properties: Sequence[Property], values: Mapping[str, str]) -> list[str]:
    """Return why the defaults that stay in force are not allowed by the package itself, such as a password to be set.

    :param values: the values of all properties by full key.
    """
    settable = [one for one in properties if one.user_configurable and (values[one.key] or one.qualifiers)]
    reasons = ((one, _problem(one, values[one.key])) for one in settable)
    return [f"The property '{one.key}' should be set: {reason}" for one, reason in reasons if reason is not None]


def _checked(one: Property, value: str, where: str) -> str:
    """The value as a guest expects it: booleans are True and False."""
    problem = _problem(one, value)
    if problem is not None:
        raise ParseError(problem, where=where)
    plain = value.strip()
    if one.type.lower() == "boolean":
        return _BOOLEANS[plain.lower()]
    return plain if _number_type(one) else value


def _problem(one: Property, value: str) -> str | None:
    """Why a value is none that the package allows; None if it is."""
    plain = value.strip()
    if one.type.lower() == "boolean":
        return None if plain.lower() in _BOOLEANS else f"the value of '{one.key}' is neither true nor false."
    number = _number_type(one)
    if number and not _is_within(number, plain):
        return f"the value of '{one.key}' is not a number of the type {one.type}."
    allowed = _allowed(one)
    if allowed and value not in allowed:
        return f"the value of '{one.key}' is not one of {', '.join(allowed)}."
    return _out_of_bounds(one, int(plain), "") if number else _out_of_bounds(one, len(value), " characters")


def _allowed(one: Property) -> list[str]:
    """The words that a value has to be one of; none where it can be any."""
    choices = _VALUE_MAP.search(one.qualifiers)
    values = _VALUE.findall(choices[1] or choices[2] or "") if choices else []
    return ["".join(groups).strip() for groups in values]


def _out_of_bounds(one: Property, measure: int, unit: str) -> str | None:
    """Why a number, or the length of a text, is too small or too large; None if it is not."""
    for end, limit in _LENGTH.findall(one.qualifiers):
        if end.lower() == "min" and measure < int(limit):
            return f"the value of '{one.key}' has to be at least {limit}{unit}."
        if end.lower() == "max" and measure > int(limit):
            return f"the value of '{one.key}' has to be at most {limit}{unit}."
    return None


def _number_type(one: Property) -> re.Match[str] | None:
    return _INTEGER.fullmatch(one.type)


def _is_within(kind: re.Match[str], value: str) -> bool:
    """Whether a text is a number of a type of CIM: int, uint8, sint16 ..."""
    if not re.fullmatch(r"-?[0-9]{1,20}", value, re.ASCII):
        return False
    bits, is_signed = int(kind[2] or 64), kind[1].lower() != "u"
    least, most = (-(1 << bits - 1), 1 << bits - 1) if is_signed else (0, 1 << bits)
    return least <= int(value) < most


def environment(values: Mapping[str, str], *, product: str, version: str, vendor: str) -> str:
    """Return the OVF environment of a guest (DSP0243, section 11) with the values of its properties."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<Environment xmlns="http://schemas.dmtf.org/ovf/environment/1"'
        ' xmlns:oe="http://schemas.dmtf.org/ovf/environment/1" oe:id="">',
        "  <PlatformSection>",
        f"    <Kind>{escape(product)}</Kind>",
        f"    <Version>{escape(version)}</Version>",
        f"    <Vendor>{escape(vendor)}</Vendor>",
        "    <Locale>en</Locale>",
        "  </PlatformSection>",
        "  <PropertySection>",
        *(f"    <Property oe:key={quoteattr(key)} oe:value={quoteattr(values[key])}/>" for key in values),
        "  </PropertySection>",
        "</Environment>",
    ]
    return "\n".join(lines) + "\n"
