# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters between OVF descriptors and domain XML; the work is done in ``_ovf``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.virt.esx.plugins.filter.conversion import (
    as_hardware,
    as_name,
    as_text,
    as_words,
    refusing,
    warn_of,
)
from ansible_collections.virt.esx.plugins.module_utils._domain.xml_write import write_domain
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, ParseError
from ansible_collections.virt.esx.plugins.module_utils._ovf.read import read_package
from ansible_collections.virt.esx.plugins.module_utils._ovf.to_domain import Choices, to_domain
from ansible_collections.virt.esx.plugins.module_utils._ovf.write import DiskFile, write_package
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report, policy_named
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.wanted import read_wanted

_ESX = DIALECTS["esx"]
# The oldest virtual hardware that is still usual, and that has all devices of the descriptor.
_HARDWARE = 13
# The versions that a package can have.
_VERSIONS = range(7, 100)


def ovf_to_domxml(
    ovf: str | bytes,
    name: str | None = None,
    directory: str | None = None,
    network: str | None = None,
    networks: Mapping[str, str] | None = None,
    deployment_option: str | None = None,
    unsupported: str | None = None,
) -> str:
    """Convert an OVF descriptor to domain XML; see ``ovf_to_domxml.yml``."""
    report = Report(policy_named(unsupported, REFUSE))
    choices = Choices(
        _word("name", name),
        as_name("directory", directory),
        as_words("networks", networks) or {},
        as_name("network", network),
        _word("deployment_option", deployment_option),
    )
    domain = to_domain(read_package(as_text("the OVF descriptor", ovf)), choices, report)
    report.raise_refusals()
    warn_of("The OVF descriptor", report)
    return write_domain(domain, _ESX.xml)


def domxml_to_ovf(
    domxml: str | bytes,
    disks: Mapping[str, Mapping[str, Any]] | None = None,
    hw_version: int = _HARDWARE,
    unsupported: str | None = None,
) -> str:
    """Convert domain XML to an OVF descriptor; see ``domxml_to_ovf.yml``."""
    hardware = as_hardware(hw_version)
    if hardware is None or hardware not in _VERSIONS:
        raise EsxError(f"hw_version is {hardware}, expecting {_VERSIONS.start} to {_VERSIONS.stop - 1}.")
    report, files = Report(policy_named(unsupported, REFUSE)), _disk_files(disks)
    domain = read_wanted(as_text("the domain XML", domxml), _ESX, report)
    text = write_package(domain, files, hardware, report)
    report.raise_refusals()
    warn_of("The domain XML", report)
    return text


def _word(option: str, value: object) -> str | None:
    return None if value is None else str(as_text(option, value))


def _disk_files(disks: object) -> dict[str, DiskFile]:
    if disks is None:
        return {}
    if not isinstance(disks, Mapping):
        raise EsxError("Expecting disks to be a dictionary of sources and their files.")
    return {str(source): _disk_file(str(source), value) for source, value in disks.items()}


def _disk_file(source: str, value: object) -> DiskFile:
    if not isinstance(value, Mapping) or not {"file", "capacity"} <= set(value) <= {"file", "capacity", "size"}:
        raise ParseError(f"'{source}' needs a dictionary with file and capacity, and size if known.", where="disks")
    return DiskFile(str(value["file"]), _bytes(value["capacity"], source), _size(value.get("size"), source))


def _size(value: object, source: str) -> int | None:
    return None if value is None else _bytes(value, source)


def _bytes(value: object, source: str) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and len(text) < 20):
        raise ParseError(f"capacity and size of '{source}' are numbers of bytes.", where="disks")
    return int(text)


class FilterModule:
    """What Ansible looks for: the filters by their names."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file."""
        return {convert.__name__: refusing(convert) for convert in (ovf_to_domxml, domxml_to_ovf)}
