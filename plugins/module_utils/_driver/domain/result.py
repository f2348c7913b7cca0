# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain in a result: as it was read, or as a plan predicts it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.host_facts import HostFacts
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord


@dataclass(frozen=True)
class DomainResult:
    """A domain as a module returns it; ``state`` is one of libvirt's words, or ``undefined``.

    An unknown value is None; all of them but ``moid`` are left out of the result.
    """

    name: str | None
    uuid: str | None
    moid: str | None
    state: str
    vcpus: int | None = None
    memory_kib: int | None = None
    max_memory_kib: int | None = None
    autostart: bool | None = None
    vmx_path: str | None = None
    host: str | None = None
    xml: str | None = None
    details: str = ""  # what the XML cannot say, for diff mode

    def as_dict(self) -> dict[str, Any]:
        """The module's return value."""
        found = asdict(self)
        del found["details"]
        return {key: value for key, value in found.items() if value is not None or key == "moid"}

    def text(self) -> str:
        """The text that diff mode compares: the state, autostart and, where it was read, the domain XML."""
        if self.state == "undefined":
            return ""
        autostart = "" if self.autostart is None else f"autostart: {str(self.autostart).lower()}\n"
        return f"name: {self.name}\nstate: {self.state}\n{autostart}{self.details}{self.xml or ''}"


def result_of(record: DomainRecord, facts: HostFacts, xml: str | None = None) -> DomainResult:
    """The domain as the server has it.

    :param xml: its domain XML, where it was read.
    """
    return DomainResult(**record.facts(), autostart=facts.starts(record.ref), host=facts.host_name, xml=xml)
