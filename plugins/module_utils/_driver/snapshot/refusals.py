# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusing snapshots that a host would not take, or not as requested, before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connected import defect_of
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import TOOLS_PATH, DomainRecord
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot.request import SnapshotRequest
from ansible_collections.virt.esx.plugins.module_utils._driver.snapshot_tree import Snapshot, current_snapshot
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import type_name

DEVICES_PATH = "config.hardware.device"

# The maximum depth of a chain of snapshots on a host.
MAX_DEPTH = 32

_PHYSICAL = "physicalMode"


def check_known(record: DomainRecord) -> None:
    """Refuse to change snapshots of a domain that its host does not know completely: it does nothing about them.

    :raises Refused: with the reason.
    """
    defect = defect_of(record)
    if defect is not None:
        raise Refused(f"Domain '{record.name}': its snapshots cannot be changed. {defect}")


def check_new_snapshot(
    record: DomainRecord, devices: Iterable[Any], snapshots: Sequence[Snapshot], request: SnapshotRequest
) -> list[str]:
    """Refuse a snapshot that the host would refuse, or would take in another way than requested; return warnings.

    :param record: the domain, with ``TOOLS_PATH`` if the server has it.
    :param devices: its virtual devices.
    :raises Refused: with the device or the state that prevents it.
    """
    _check_state(record, request)
    _check_depth(record, snapshots)
    listed = list(devices)
    _check_obstacles(record, listed)
    warnings = []
    if request.asks_memory and record.state == "shutoff":
        warnings.append(f"Domain '{record.name}' is shut off: the snapshot '{request.snapshot}' has no memory.")
    independent = [_label(device) for device in listed if _mode(device).startswith("independent")]
    if independent:
        warnings.append(_check_independent(record, request, ", ".join(independent)))
    return warnings


def _check_obstacles(record: DomainRecord, devices: Iterable[Any]) -> None:
    for reason in map(_obstacle, devices):
        if reason is not None:
            raise Refused(f"The host cannot take a snapshot of domain '{record.name}': {reason}.")


def _check_independent(record: DomainRecord, request: SnapshotRequest, disks: str) -> str:
    """Refuse independent disks in a snapshot with memory, and return the warning that any other leaves them out."""
    if request.memory and record.state == "running":
        raise Refused(
            f"The host cannot take a snapshot with the memory of domain '{record.name}': {disks} is "
            "independent of snapshots.",
            hint="Set memory to false, or make the disk dependent.",
        )
    return f"The snapshot of domain '{record.name}' leaves out {disks}, independent of snapshots."


def _check_state(record: DomainRecord, request: SnapshotRequest) -> None:
    if record.state == "paused" and not request.memory:
        raise Refused(
            f"Domain '{record.name}' is paused: the host always keeps the memory of a paused domain.",
            hint="Bring it into state running or shutoff first, or leave out memory and quiesce.",
        )
    if request.quiesce and record.values.get(TOOLS_PATH) != "guestToolsRunning":
        raise Refused(
            f"The file systems of domain '{record.name}' cannot be quiesced: VMware Tools are not running in it.",
            hint="The host would take the snapshot without quiescing, and not say so.",
        )


def _check_depth(record: DomainRecord, snapshots: Sequence[Snapshot]) -> None:
    current = current_snapshot(snapshots)
    depth = 0 if current is None else current.path.count("/") + 1
    if depth >= MAX_DEPTH:
        raise Refused(
            f"Domain '{record.name}' has a chain of {depth} snapshots, and a host keeps {MAX_DEPTH} at most.",
            hint="Remove old snapshots first; more than three slow the domain down.",
        )


def _obstacle(device: Any) -> str | None:
    """Why a device prevents any snapshot, None if it does not."""
    backing = getattr(device, "backing", None)
    if getattr(backing, "compatibilityMode", None) == _PHYSICAL:
        return f"{_label(device)} is a raw device mapping in physical mode"
    if str(getattr(device, "sharedBus", None) or "noSharing") != "noSharing":
        return f"the bus of {_label(device)} is shared with other domains"
    if type_name(device) == "VirtualPCIPassthrough":
        return f"{_label(device)} is passed through from the host"
    return None


def _mode(device: Any) -> str:
    return str(getattr(getattr(device, "backing", None), "diskMode", None) or "")


def _label(device: Any) -> str:
    info = getattr(device, "deviceInfo", None)
    return str(info.label) if info is not None and info.label else f"device {device.key}"
