# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user wants of one domain: the options of ``esx_domain`` as typed values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.virt.esx.plugins.module_utils._driver.domain.autostart import AutostartSettings, read_settings
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_request import Parts, read_parts
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts_system import (
    SystemOptions,
    read_system,
    system_settings,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import (
    Settings,
    cloud_init_settings,
    hw_version_of,
    read_named_settings,
    settings_of_vmx,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_kib, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    check_datastore_path,
    escape_datastore_item,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._report import REFUSE, Report

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain

MIB = 1024
# The states in which a guest may run afterwards.
_WITH_GUEST = ("defined", "running", "rebooted", "reset")


@dataclass(frozen=True)
class DomainRequest:
    """What is wanted of a domain; None where nothing is said.

    ``xml`` and ``vmx`` are the description in one of the two forms. Memory is rounded as VMware takes it. ``directory``
    is where a new domain goes; without it, a described one goes to ``vmx_path``.
    """

    state: str
    name: str | None = None
    uuid: str | None = None
    moid: str | None = None
    vmx_path: str | None = None
    xml: Domain | None = None
    vmx: str | None = None
    vcpus: int | None = None
    memory_kib: int | None = None
    max_memory_kib: int | None = None
    annotation: str | None = None
    autostart: bool | None = None
    autostart_settings: AutostartSettings = field(default_factory=AutostartSettings)
    overwrite: bool = False
    power_cycle: bool = False
    shutdown_timeout: int | None = None
    remove_storage: bool = False
    directory: DatastorePath | None = None
    parts: Parts = field(default_factory=Parts)
    system: SystemOptions = field(default_factory=SystemOptions)
    settings: Settings = field(default_factory=dict)
    cloud_init: Mapping[str, Any] | None = None
    wait_for: tuple[str, ...] = ()
    report: Report = field(default_factory=Report, compare=False)  # what the description says and a VMX cannot

    @property
    def is_definition(self) -> bool:
        """Whether it describes a whole domain."""
        return self.xml is not None or self.vmx is not None

    @property
    def place(self) -> DatastorePath | None:
        """Where the VMX of a new domain goes, None where its disks say it."""
        if self.vmx_path is not None:
            return parse_datastore_path(self.vmx_path)
        return (
            None if self.directory is None else self.directory.inside(f"{escape_datastore_item(self.name or '')}.vmx")
        )

    @property
    def is_about_autostart(self) -> bool:
        """Whether anything is said of autostart."""
        return self.autostart is not None

    @property
    def is_about_definition(self) -> bool:
        """Whether anything is said of what is in a domain's VMX, but for its name."""
        parts = (self.vcpus, self.memory_kib, self.max_memory_kib, self.annotation)
        others = (self.parts, self.system, self.settings, self.cloud_init is not None)
        return self.is_definition or any(others) or any(part is not None for part in parts)

    def wanted_settings(self, name: str | None, uuid: str | None) -> dict[str, str | None]:
        """All keys of the VMX that are requested, of a domain with a name and a UUID; single ones override others."""
        of_vmx = {} if self.vmx is None else settings_of_vmx(self.vmx)
        of_cloud_init = {} if self.cloud_init is None else cloud_init_settings(self.cloud_init, name, uuid)
        named = {**of_cloud_init, **self.settings}
        lower = {key.lower() for key in named}
        return {**{key: value for key, value in of_vmx.items() if key.lower() not in lower}, **named}

    @property
    def hw_version(self) -> int | None:
        """The virtual hardware version that an option, or the given VMX, names."""
        if self.system.hw_version is not None or self.vmx is None:
            return self.system.hw_version
        return hw_version_of(self.vmx)


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
    """The wish that validated options express; ``name`` and ``uuid`` come before those of a description.

    :raises ParseError: for a description, a UUID or a size that cannot be understood.
    """
    for option in ("xml", "vmx"):
        _refuse_file_name(option, params[option])
    report = Report(REFUSE)
    xml, described = _read_descriptions(params, report)
    name = _name(params["name"] or (described.name if described else None))
    uuid = parse_uuid(params["uuid"]) if params["uuid"] else (described.uuid if described else None)
    moid, vmx_path = params["moid"], params["vmx_path"]
    if not name and not uuid and not moid and not vmx_path:
        raise ParseError("neither a name nor a UUID says which domain is meant.", where="name")
    return DomainRequest(
        state=params["state"],
        name=name,
        uuid=uuid,
        moid=moid,
        vmx_path=None if vmx_path is None else str(check_datastore_path(vmx_path, where="vmx_path")),
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
        shutdown_timeout=_at_least(0, params["shutdown_timeout"], "shutdown_timeout"),
        remove_storage=params["remove_storage"],
        directory=_directory(params, name),
        parts=read_parts(params),
        system=read_system(params),
        settings={**system_settings(params), **read_named_settings(params["settings"])},
        cloud_init=params["cloud_init"],
        wait_for=read_wait_for(params),
        report=report,
    )


def read_wait_for(params: Mapping[str, Any]) -> tuple[str, ...]:
    """What of the guest is waited for.

    :raises ParseError: with a state in which no guest runs.
    """
    if params["wait_for"] and params["state"] not in _WITH_GUEST:
        raise ParseError(f"with state {params['state']} no guest runs that could be waited for.", where="wait_for")
    return tuple(params["wait_for"] or ())


def _directory(params: Mapping[str, Any], name: str | None) -> DatastorePath | None:
    """The directory of a new domain's VMX, where an option says it."""
    if params["pool"] is None:
        if params["directory"] is not None:
            raise ParseError("it is the directory in a pool, which is not given.", where="directory")
        return None
    if params["vmx_path"] is not None:
        raise ParseError("vmx_path says where the domain's VMX is, datastore and directory.", where="pool")
    directory = params["directory"] or escape_datastore_item(name or "")
    return check_datastore_path(f"[{params['pool']}] {directory}", where="directory")


def _read_descriptions(params: Mapping[str, Any], report: Report) -> tuple[Domain | None, Domain | None]:
    """The domain of ``xml``, and that of the description, in whichever form it is; None where there is none."""
    if params["xml"] is None and params["vmx"] is None:
        return None, None
    # Only a description needs it.
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain import description

    xml = None if params["xml"] is None else description.read_xml_description(params["xml"], report)
    return xml, xml if params["vmx"] is None else description.read_vmx_description(params["vmx"])


def _name(name: str | None) -> str | None:
    if name is not None and "\n" in name:
        raise ParseError("it has a line end, which the name of a domain cannot have.", where="name")
    return name


def _at_least(least: int, number: int | None, option: str) -> int | None:
    if number is not None and number < least:
        raise ParseError(f"it is {number}, expecting at least {least}.", where=option)
    return number


# What VMware takes sizes of memory in: the option, the element of XML, the member of Domain, and the step in KiB.
_STEPS = (
    ("max_memory", "<memory>", "memory_kib", 4 * MIB),
    ("memory", "<currentMemory>", "current_memory_kib", MIB),
    (None, "<min_guarantee>", "min_guarantee_kib", MIB),
)


def rounded_sizes(params: Mapping[str, Any], xml: Domain | None) -> list[str]:
    """A sentence for each size of memory that has to be rounded up."""
    found = []
    for option, element, member, step in _STEPS:
        if option is not None and params[option] is not None:
            name, size = option, parse_kib(params[option], option)
        else:
            name, size = element, getattr(xml, member) or 0 if xml is not None else 0
        if size % step:
            found.append(
                f"{name}: {size} KiB are rounded up to {rounded_up(size, step)} KiB, {step // MIB} MiB at a time."
            )
    return found


def _size(text: str | None, option: str, step: int) -> int | None:
    """An amount of memory in KiB, rounded up to whole steps; there is no domain without memory."""
    if text is None:
        return None
    size = parse_kib(text, option)
    if not size:
        raise ParseError(f"'{text}' is not a size above 0.", where=option)
    return rounded_up(size, step)


def rounded_up(size: int, step: int) -> int:
    """A size in whole steps."""
    return -(-size // step) * step
