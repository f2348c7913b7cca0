# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The request for one domain: the options of ``esx_domain`` as typed values.

Reading them is in ``read_request.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ansible_collections.virt.esx.plugins.module_utils._driver.domain.autostart import AutostartSettings
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.parts import Parts
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.system_request import SystemOptions
from ansible_collections.virt.esx.plugins.module_utils._names import (
    DatastorePath,
    escape_datastore_item,
    parse_datastore_path,
)
from ansible_collections.virt.esx.plugins.module_utils._report import Report

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._domain.model import Domain
    from ansible_collections.virt.esx.plugins.module_utils._driver.domain.setting_keys import Settings

MIB = 1024  # in KiB, as all sizes of memory


@dataclass(frozen=True)
class DomainRequest:
    """The requested state of a domain; None where nothing is requested.

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
    def can_be_new(self) -> bool:
        """Whether it defines the domain if the host does not know it; a moid is only that of a domain it knows."""
        is_described = self.is_definition or self.directory is not None
        return self.state != "undefined" and self.moid is None and is_described

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
