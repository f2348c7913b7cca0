# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters that convert between VMX, libvirt's domain XML and plain data.

They check the types of what they are given, call the converters, and turn the collection's errors into Ansible's; the
work is done in ``_vmx`` and ``_domain``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, TypeVar, Union

from ansible.errors import AnsibleFilterError
from ansible.module_utils.basic import missing_required_lib
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_read import read_domain
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, MissingLibrary
from ansible_collections.virt.esx.plugins.module_utils._names import (
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._vmx import flat
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import dialect_named
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import merge_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import OLDEST_HARDWARE, read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx

_Text = Union[str, bytes]
_Result = TypeVar("_Result")


def vmx_to_domxml(
    vmx: _Text,
    directory: str | None = None,
    datastores: Mapping[str, str] | None = None,
    dialect: str = "esx",
) -> str:
    """Convert a VMX to libvirt's domain XML; see ``vmx_to_domxml.yml``."""
    chosen = dialect_named(dialect)
    domain = read_vmx(
        _text("the VMX", vmx),
        dialect=chosen,
        directory=_directory(directory),
        datastores=_datastores(datastores),
    )
    return write_domain(domain, chosen.xml)


def domxml_to_vmx(
    domxml: _Text,
    hw_version: int | None = None,
    base: _Text | None = None,
    directory: str | None = None,
    datastores: Mapping[str, str] | None = None,
    dialect: str = "esx",
) -> _Text:
    """Convert libvirt's domain XML to VMX; see ``domxml_to_vmx.yml``."""
    chosen = dialect_named(dialect)
    hardware = _hardware(hw_version)
    domain = read_domain(_text("the domain XML", domxml), chosen.xml)
    if base is None:
        return write_vmx(domain, dialect=chosen, hw_version=hardware)
    return merge_vmx(
        _text("base", base),
        domain,
        dialect=chosen,
        hw_version=hardware,
        directory=_directory(directory),
        datastores=_datastores(datastores),
    )


def from_vmx(vmx: _Text) -> dict[str, str]:
    """Read a VMX as a flat dictionary; see ``from_vmx.yml``."""
    return flat.from_vmx(_text("the VMX", vmx))


def to_vmx(values: Mapping[str, Any]) -> str:
    """Write a flat dictionary as VMX; see ``to_vmx.yml``."""
    if not isinstance(values, Mapping):
        raise _unexpected("the input of to_vmx", values, "a dictionary")
    return flat.to_vmx(values)


def _text(what: str, value: object) -> _Text:
    """Text or bytes, without the tags that Ansible's own kinds of text carry."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        return bytes(value)
    raise _unexpected(what, value, "text or bytes")


def _directory(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _unexpected("directory", value, "text such as '[datastore] directory'")
    return str(parse_datastore_path(value)).rstrip("/ ")


def _datastores(value: object) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(word, str) for pair in value.items() for word in pair):
        raise _unexpected("datastores", value, "a dictionary of volumes and the names of their datastores")
    return {str(volume): str(name) for volume, name in value.items()}


def _hardware(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.isdecimal() and value.isascii() and len(value) <= 4:
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _unexpected("hw_version", value, "a whole number")
    if value < OLDEST_HARDWARE:
        raise EsxError(f"hw_version is {value}, expecting at least {OLDEST_HARDWARE}.")
    return int(value)


def _unexpected(what: str, value: object, expected: str) -> EsxError:
    kind = "nothing" if value is None else type(value).__name__
    return EsxError(f"Expecting {what} to be {expected}, found {kind}.")


def _refusing(convert: Callable[..., _Result]) -> Callable[..., _Result]:
    """The converter with the collection's errors as Ansible's."""

    @wraps(convert)
    def converted(*args: Any, **options: Any) -> _Result:
        try:
            return convert(*args, **options)
        except MissingLibrary as err:
            raise AnsibleFilterError(missing_required_lib(err.library)) from err
        except EsxError as err:
            raise AnsibleFilterError(err.message if err.hint is None else f"{err.message}. {err.hint}") from err

    return converted


class FilterModule:
    """What Ansible looks for: the filters by their names."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file."""
        return {convert.__name__: _refusing(convert) for convert in (vmx_to_domxml, domxml_to_vmx, from_vmx, to_vmx)}
