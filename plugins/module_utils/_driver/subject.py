# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain that a plan is about: what is known of it, and what is foretold.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.domains import DomainRecord, Surroundings


@dataclass
class Subject:
    """The domain as the steps of a plan find it: ``ref`` is None until a step has made it."""

    name: str
    ref: Any = None

    def __str__(self) -> str:
        return f"domain '{self.name}'"


@dataclass(frozen=True)
class View:
    """A domain as a module returns it; ``state`` is one of libvirt's words, or ``undefined``.

    What is not known is None: all but ``moid`` is then left out of the result.
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
    xml: str | None = None

    def result(self) -> dict[str, Any]:
        """The module's return value."""
        return {key: value for key, value in asdict(self).items() if value is not None or key == "moid"}

    def text(self) -> str:
        """What diff mode compares: the state, autostart and, where it was read, the domain XML."""
        if self.state == "undefined":
            return ""
        autostart = "" if self.autostart is None else f"autostart: {str(self.autostart).lower()}\n"
        return f"name: {self.name}\nstate: {self.state}\n{autostart}{self.xml or ''}"


def view_of(record: DomainRecord, around: Surroundings, xml: str | None = None) -> View:
    """The domain as the server has it.

    :param xml: its domain XML, where it was read.
    """
    return View(
        name=record.name,
        uuid=record.uuid,
        moid=record.moid,
        state=record.state,
        vcpus=record.vcpus,
        memory_kib=record.memory_kib,
        max_memory_kib=record.max_memory_kib,
        autostart=around.starts(record.ref),
        vmx_path=record.vmx_path,
        xml=xml,
    )
