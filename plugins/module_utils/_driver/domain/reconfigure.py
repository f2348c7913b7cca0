# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one way to change a machine that exists: a table from differences to the ConfigSpec of one ReconfigVM_Task.

The host validates the whole ConfigSpec and carries it out or not at all. It carries the machine's ``changeVersion``, so
that the host notices a change by another client. Changes that the API cannot express are made in the VMX
(``redefine.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain import (
    spec_cards,
    spec_controllers,
    spec_disks,
    spec_ports,
    spec_settings,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.differences import Difference
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.settings import spelled_keys
from ansible_collections.virt.esx.plugins.module_utils._driver.domain.spec_builder import SpecBuilder, Way
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Target
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._vmx.dialect import DIALECTS
from ansible_collections.virt.esx.plugins.module_utils._vmx.file import VmxFile

# Adds a difference to a ConfigSpec and says how it can be made; nothing is added where that is Way.UPLOAD.
Row = Callable[[SpecBuilder, Difference], Way]

ROWS: dict[str, Row] = {
    "name": spec_settings.name,
    "genid": spec_settings.generation_id,
    "description": spec_settings.annotation,
    "guest_os": spec_settings.guest,
    "memory_kib": spec_settings.memory,
    "current_memory_kib": spec_settings.memory_limit,
    "min_guarantee_kib": spec_settings.memory_guarantee,
    "memory_locked": spec_settings.memory_locked,
    "vcpus": spec_settings.vcpus,
    "cpuset": spec_settings.affinity,
    "shares": spec_settings.shares,
    "os": spec_settings.system,
    "cpu": spec_settings.topology,
    "disks": spec_disks.disk,
    "disk_sizes": spec_disks.grow,
    "controllers": spec_controllers.controller,
    "interfaces": spec_cards.interface,
    "serials": spec_ports.serial,
    "parallels": spec_ports.parallel,
    "graphics": spec_settings.graphics,
    "videos": spec_ports.video,
    "settings": spec_settings.setting,
    "hw_version": spec_settings.hardware_version,
}


# The API versions that have words for a part, where not all of them do; those of devices were not complete before 4.0.
_SINCE = {
    "os": (5, 0),
    "cpu": (5, 0),
    "memory_locked": (5, 0),
    **dict.fromkeys(("disks", "disk_sizes", "controllers", "interfaces", "serials", "parallels", "videos"), (4, 0)),
}


@dataclass(frozen=True)
class Reconfiguration:
    """The changes of one ReconfigVM_Task, and those left to be made in the VMX, by the names of their parts.

    ``needs_shutdown`` names what the machine has to be shut off for, all of ``by_upload`` included.
    """

    builder: SpecBuilder
    reconfigured: Sequence[str]
    by_upload: Sequence[str]
    needs_shutdown: Sequence[str]


def plan_reconfiguration(
    differences: Sequence[Difference], builder: SpecBuilder, has_version: Callable[[int, int], bool]
) -> Reconfiguration:
    """How some differences can be made.

    :param builder: an empty one; it has the ConfigSpec afterwards.
    :param has_version: whether the host's API is of a version, or newer.
    """
    ways: dict[Way, list[str]] = {way: [] for way in Way}
    for item in differences:
        row = ROWS.get(item.part)
        if row is None or not has_version(*_SINCE.get(item.part, (2, 5))):
            ways[Way.UPLOAD].append(item.name)
        else:
            ways[row(builder, item)].append(item.name)
    order = [item.name for item in differences]

    def names(*chosen: Way) -> list[str]:
        return sorted({name for way in chosen for name in ways[way]}, key=order.index)

    return Reconfiguration(
        builder,
        reconfigured=names(Way.LIVE, Way.SHUTOFF),
        by_upload=names(Way.UPLOAD),
        needs_shutdown=names(Way.SHUTOFF, Way.UPLOAD),
    )


def changed_keys(old: bytes, new: bytes) -> dict[str, str]:
    """The keys that two VMX have with different values, as they are spelled, and the new values; empty for none."""
    before, after = (VmxFile(text, DIALECTS["esx"]) for text in (old, new))
    spelled = {**spelled_keys(before), **spelled_keys(after)}
    changed = [key for key in {**before.raw, **after.raw} if before.raw.get(key) != after.raw.get(key)]
    return {spelled.get(key, key): after.get(key) or "" for key in changed}


def reconfigure(connection: EsxConnection, target: Target, spec: Any) -> None:
    """Have the host change a machine.

    :raises Refused: if another client has changed it since it was read.
    """
    try:
        target.wait(connection, target.ref.ReconfigVM_Task(spec), "Changing")
    except ServerFault as error:
        if error.fault != "ConcurrentAccess":
            raise
        raise overtaken(target) from None


def overtaken(target: Target) -> Refused:
    """The error for a machine that another client has changed since it was read."""
    return Refused(
        f"Another client has changed the definition of {target} in the meantime, so it was left alone.",
        hint="Run the task again; it then starts from the new definition.",
        fault="ConcurrentAccess",
    )
