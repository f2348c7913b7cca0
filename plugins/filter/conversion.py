# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters that convert between VMX, libvirt's domain XML and plain data.

They check the types of their arguments, call the converters in ``_vmx`` and ``_domain``, and turn the collection's
errors into Ansible's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar, Union

from ansible.errors import AnsibleFilterError
from ansible.module_utils.basic import missing_required_lib
from ansible.utils.display import Display
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, MissingLibrary, ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import parse_datastore_path
from ansible_collections.virt.esx.plugins.module_utils._report import IGNORE, REFUSE, LeftOut, Report, policy_named
from ansible_collections.virt.esx.plugins.module_utils._vmx import flat
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import Dialect, dialect_named
from ansible_collections.virt.esx.plugins.module_utils._vmx.merge import merge_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.read import OLDEST_HARDWARE, read_vmx
from ansible_collections.virt.esx.plugins.module_utils._vmx.wanted import read_wanted
from ansible_collections.virt.esx.plugins.module_utils._vmx.write import write_vmx
from ansible_collections.virt.esx.plugins.module_utils._xml import is_xml

_Text = Union[str, bytes]
_Result = TypeVar("_Result")


def vmx_to_domxml(
    vmx: _Text,
    directory: str | None = None,
    datastores: Mapping[str, str] | None = None,
    dialect: str = "esx",
    unsupported: str | None = None,
    nvme_bus: bool = False,
) -> str:
    """Convert a VMX to libvirt's domain XML; see ``vmx_to_domxml.yml``."""
    chosen = _with_nvme_bus(dialect_named(dialect), nvme_bus)
    report = Report(_policy(unsupported, chosen))
    xml = _xml_of(as_text("the VMX", vmx), chosen, directory, datastores, report)
    warn_of("The VMX", report)
    return xml


def _with_nvme_bus(dialect: Dialect, wanted: object) -> Dialect:
    if not isinstance(wanted, bool):
        raise _unexpected("nvme_bus", wanted, "true or false")
    if not wanted or not dialect.writes_sata_nvme:
        return dialect
    return replace(dialect, xml=replace(dialect.xml, nvme_bus=True))


def _xml_of(vmx: _Text, dialect: Dialect, directory: object, datastores: object, report: Report) -> str:
    domain = read_vmx(
        vmx, dialect=dialect, directory=_directory(directory), datastores=_datastores(datastores), report=report
    )
    return write_domain(domain, dialect.xml)


def domxml_to_vmx(
    domxml: _Text,
    hw_version: int | None = None,
    base: _Text | None = None,
    directory: str | None = None,
    datastores: Mapping[str, str] | None = None,
    dialect: str = "esx",
    unsupported: str | None = None,
) -> _Text:
    """Convert libvirt's domain XML to VMX; see ``domxml_to_vmx.yml``."""
    chosen = dialect_named(dialect)
    hardware = as_hardware(hw_version)
    report = Report(_policy(unsupported, chosen))
    domain = read_wanted(as_text("the domain XML", domxml), chosen, report)
    if base is None:
        vmx: _Text = write_vmx(domain, dialect=chosen, hw_version=hardware, report=report)
    else:
        vmx = merge_vmx(
            as_text("base", base),
            domain,
            dialect=chosen,
            hw_version=hardware,
            directory=_directory(directory),
            datastores=_datastores(datastores),
            report=report,
        )
    warn_of("The domain XML", report)
    return vmx


def conversion_report(
    text: _Text,
    hw_version: int | None = None,
    unsupported: str | None = None,
) -> list[dict[str, Any]]:
    """List what a conversion of a VMX or of domain XML leaves out or refuses; see ``conversion_report.yml``."""
    given = as_text("the input of conversion_report", text)
    dialect = dialect_named("esx")
    hardware = as_hardware(hw_version)
    report = Report(_policy(unsupported, dialect))
    try:
        if is_xml(given):
            write_vmx(read_wanted(given, dialect, report), dialect=dialect, hw_version=hardware, report=report)
        else:
            _xml_of(given, dialect, None, None, report)
    except ParseError as refusal:
        if not report.refusals:  # otherwise it is the sum of them
            report.refuse(refusal)
    return [_entry(entry) for entry in report.entries()]


def _entry(entry: LeftOut) -> dict[str, Any]:
    return {
        "where": entry.where,
        "line": entry.line,
        "value": entry.word,
        "why": entry.why,
        "refused": entry.is_refused,
    }


def _policy(unsupported: object, dialect: Dialect) -> str:
    """The policy of a conversion; by default, dialects that imitate libvirt are silent, as libvirt is."""
    return policy_named(unsupported, REFUSE if dialect.reports else IGNORE)


_warned: set[str] = set()  # Ansible also shows a warning only once, but after more work


def warn_of(what: str, report: Report) -> None:
    """Warn about everything that a conversion has left out.

    :param what: what was converted, as the subject of a sentence.
    """
    warning = report.warning(what)
    if warning and warning not in _warned:
        _warned.add(warning)
        Display().warning(warning, formatted="\n" in warning)


def from_vmx(vmx: _Text) -> dict[str, str]:
    """Read a VMX as a flat dictionary; see ``from_vmx.yml``."""
    return flat.from_vmx(as_text("the VMX", vmx))


def to_vmx(values: Mapping[str, Any]) -> str:
    """Write a flat dictionary as VMX; see ``to_vmx.yml``."""
    if not isinstance(values, Mapping):
        raise _unexpected("the input of to_vmx", values, "a dictionary")
    return flat.to_vmx(values)


def as_text(what: str, value: object) -> _Text:
    """Text or bytes, without the tags of Ansible's own text types."""
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
    return as_words("datastores", value, "a dictionary of volumes and the names of their datastores")


def as_name(option: str, value: object) -> str | None:
    """The name that an option has, None if it is not given; an empty one would be the name of nothing."""
    name = None if value is None else str(as_text(option, value))
    if name is not None and not name.strip():
        raise EsxError(f"Expecting {option} to be a name, found '{name}'; leave the option out if there is none.")
    return name


def as_words(what: str, value: object, expected: str = "a dictionary of texts") -> dict[str, str] | None:
    """A dictionary of texts, None if nothing is given."""
    if value is None:
        return None
    if not isinstance(value, Mapping) or not all(isinstance(word, str) for pair in value.items() for word in pair):
        raise _unexpected(what, value, expected)
    return {str(key): str(word) for key, word in value.items()}


def as_hardware(value: object) -> int | None:
    """A version of the virtual hardware, which a variable may hold as text; None if nothing is given."""
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


def refusing(convert: Callable[..., _Result]) -> Callable[..., _Result]:
    """The converter, with the collection's errors turned into Ansible's."""

    @wraps(convert)
    def converted(*args: Any, **options: Any) -> _Result:
        try:
            return convert(*args, **options)
        except MissingLibrary as err:
            raise AnsibleFilterError(missing_required_lib(err.library)) from err
        except EsxError as err:
            text = err.message if err.hint is None else f"{err.message}. {err.hint}"
            raise AnsibleFilterError(text) from None  # of a cause, Ansible would show the message once more

    return converted


_FILTERS: tuple[Callable[..., Any], ...] = (vmx_to_domxml, domxml_to_vmx, conversion_report, from_vmx, to_vmx)


class FilterModule:
    """The class that Ansible loads: the filters by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file."""
        return {convert.__name__: refusing(convert) for convert in _FILTERS}
