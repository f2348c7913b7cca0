# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what a user wants of one domain: the options of ``esx_domain`` become a ``DomainRequest``.

A task about power needs few of the options. Those that describe a domain are read by modules imported when needed,
and with them the converters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.virt.esx.plugins.module_utils._driver.domain.arguments import PART_OPTIONS, SYSTEM_OPTIONS
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.autostart import read_settings
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import Parts
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.request import MIB, DomainRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.system_request import read_system, system_settings
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    check_datastore_path,
    directory_of_name,
)
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.setting_keys import Settings

# The states in which a guest may run afterwards.
_WITH_GUEST = ("defined", "running", "rebooted", "reset")

# A path that ends in the extension of a description, with or without that of a template.
_FILE_NAME = re.compile(r"[^<>=\n]+\.(?:xml|vmx)(?:\.j2)?", re.IGNORECASE)


def _refuse_file_name(option: str, text: str | None) -> None:
    """Raise ParseError for the name of a file where its content belongs: ``files/web.xml``."""
    name = (text or "").strip()
    if not _FILE_NAME.fullmatch(name):
        return
    lookup = "template" if name.lower().endswith(".j2") else "file"
    raise ParseError(
        f"'{name}' is the name of a file, not its content.",
        where=option,
        hint=f"""Write {option}: "{{{{ lookup('ansible.builtin.{lookup}', '{name}') }}}}".""",
    )


def read_request(params: Mapping[str, Any]) -> DomainRequest:
    """Return what validated options request; ``name`` and ``uuid`` override those of a description.

    :raises ParseError: for a description, a UUID or a size that cannot be understood.
    """
    for option in ("xml", "vmx"):
        _refuse_file_name(option, params[option])
    report = Report(REFUSE)
    xml, described = _read_descriptions(params, report)
    name, uuid = _read_identity(params, described)
    return DomainRequest(
        state=params["state"],
        name=name,
        uuid=uuid,
        moid=params["moid"],
        vmx_path=_vmx_path(params["vmx_path"]),
        xml=xml,
        vmx=params["vmx"],
        vcpus=_at_least(1, params["vcpus"], "vcpus"),
        memory_kib=_size(params["memory"], "memory", MIB),
        max_memory_kib=_size(params["max_memory"], "max_memory", 4 * MIB),
        annotation=params["annotation"],
        autostart=params["autostart"],
        autostart_settings=read_settings(params["autostart"], params["autostart_settings"]),
        overwrite=params["overwrite"],
        power_cycle=params["power_cycle"],
        shutdown_timeout=read_shutdown_timeout(params),
        remove_storage=params["remove_storage"],
        directory=_directory(params, name),
        parts=_parts(params),
        system=read_system(params),
        settings={**system_settings(params), **_settings(params)},
        cloud_init=params["cloud_init"],
        wait_for=read_wait_for(params),
        report=report,
    )


def _read_identity(params: Mapping[str, Any], described: Domain | None) -> tuple[str | None, str | None]:
    """The name and the UUID, from the options or the description.

    :raises ParseError: if neither they nor another option says which domain is meant.
    """
    name, uuid = (None, None) if described is None else (described.name, described.uuid)
    name = _name(name if params["name"] is None else params["name"])
    uuid = _uuid(params["uuid"]) or uuid
    if not (name or uuid or params["moid"] or params["vmx_path"]):
        raise ParseError("neither a name nor a UUID says which domain is meant.", where="name")
    return name, uuid


def read_shutdown_timeout(params: Mapping[str, Any]) -> int | None:
    """The seconds that a guest has to shut down.

    :raises ParseError: for less than 0.
    """
    return _at_least(0, params["shutdown_timeout"], "shutdown_timeout")


def read_wait_for(params: Mapping[str, Any]) -> tuple[str, ...]:
    """The conditions of the guest to wait for.

    :raises ParseError: with a state in which no guest runs.
    """
    if params["wait_for"] and params["state"] not in _WITH_GUEST:
        raise ParseError(
            f"with state {params['state']} no guest runs, so there is nothing to wait for.", where="wait_for"
        )
    return tuple(params["wait_for"] or ())


def _directory(params: Mapping[str, Any], name: str | None) -> DatastorePath | None:
    """The directory of a new domain's VMX, where an option says it."""
    _check_pool(params)
    if params["pool"] is None:
        return None
    directory = params["directory"] or (directory_of_name(name, where="name") if name else "")
    if directory != directory.strip() or directory.startswith("["):
        raise ParseError(
            f"'{directory}' is not a directory in the pool, expecting a path like 'guests/web' without the datastore "
            "and without blanks at its ends.",
            where="directory",
        )
    return check_datastore_path(f"[{params['pool']}] {directory}", where="directory")


def _check_pool(params: Mapping[str, Any]) -> None:
    """Refuse a directory without its pool, and a pool beside the whole path."""
    if params["pool"] is None and params["directory"] is not None:
        raise ParseError("it is the directory in a pool, which is not given.", where="directory")
    if params["pool"] is not None and params["vmx_path"] is not None:
        raise ParseError("vmx_path says where the domain's VMX is, datastore and directory.", where="pool")


def _read_descriptions(params: Mapping[str, Any], report: Report) -> tuple[Domain | None, Domain | None]:
    """The domain of ``xml``, and that of the description, in whichever form it is; None where there is none."""
    if params["xml"] is None and params["vmx"] is None:
        return None, None
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import description

    xml = None if params["xml"] is None else description.read_xml_description(params["xml"], report)
    return xml, xml if params["vmx"] is None else description.read_vmx_description(params["vmx"])


def _parts(params: Mapping[str, Any]) -> Parts:
    if not any(params[option] for option in PART_OPTIONS):
        return Parts()
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_request import read_parts

    return read_parts(params)


def _settings(params: Mapping[str, Any]) -> Settings:
    if not params["settings"]:
        return {}
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.setting_keys import read_named_settings

    return read_named_settings(params["settings"])


def _uuid(text: str | None) -> str | None:
    if text is None:
        return None
    from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_uuid

    return parse_uuid(text)


def _vmx_path(text: str | None) -> str | None:
    if text is None:
        return None
    from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_vmx_path

    return parse_vmx_path(text)


def _name(name: str | None) -> str | None:
    if name == "":
        raise ParseError("it is empty.", where="name")
    if name is not None and "\n" in name:
        raise ParseError("it has a line end, which the name of a domain cannot have.", where="name")
    return name


def _at_least(least: int, number: int | None, option: str) -> int | None:
    if number is not None and number < least:
        raise ParseError(f"it is {number}, expecting at least {least}.", where=option)
    return number


# Switches that say nothing where they are false, as they are then without being given.
_SWITCHES = ("power_cycle", "overwrite")

# Options that say nothing about which domain is meant, and so nothing of one that is undefined.
_OF_DEFINITION = (
    *("vcpus", "memory", "max_memory", "annotation", "autostart", "cloud_init", "settings", *_SWITCHES),
    *PART_OPTIONS,
    *SYSTEM_OPTIONS,
)


def without_effect(params: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each option that has no effect with the state that is requested."""
    state = params["state"]
    found = []
    if params["remove_storage"] and state != "undefined":
        found.append(f"remove_storage has no effect with state {state}; it is for state undefined.")
    if params["shutdown_timeout"] is not None and state != "shutdown" and not params["power_cycle"]:
        found.append(f"shutdown_timeout has no effect with state {state}; it is for state shutdown and power_cycle.")
    return [*found, *_definition_of_undefined(params)] if state == "undefined" else found


def _definition_of_undefined(params: Mapping[str, Any]) -> list[str]:
    """A sentence for all options that describe a domain that is to be undefined."""
    given = [name for name in _OF_DEFINITION if params[name] or (params[name] in (False, "") and name not in _SWITCHES)]
    if not given:
        return []
    return [f"{', '.join(given)} {'has' if len(given) == 1 else 'have'} no effect with state undefined."]


def rounded_sizes(params: Mapping[str, Any], xml: Domain | None) -> list[str]:
    """A sentence for each size of memory that has to be rounded up."""
    if xml is None and params["memory"] is None and params["max_memory"] is None:
        return []
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import memory_request

    return memory_request.rounded_sizes(params, xml)


def _size(text: str | None, option: str, step: int) -> int | None:
    """An amount of memory in KiB, rounded up to whole steps."""
    if text is None:
        return None
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import memory_request

    return memory_request.read_size(text, option, step)
