# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain's share of its host: CPU reservation, limit and shares, and the memory that is guaranteed to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values

SCHEDULER_PATHS = (
    "config.cpuAllocation.reservation",
    "config.cpuAllocation.limit",
    "config.cpuAllocation.shares",
    "config.memoryAllocation.reservation",
)

UNLIMITED = -1
CUSTOM = "custom"


@dataclass(frozen=True)
class Share:
    """A domain's share; ``limit_mhz`` is -1 where there is none. The members' names are those of the result."""

    reservation_mhz: int
    limit_mhz: int
    shares: int
    shares_level: str
    min_guarantee_kib: int


def read_scheduler(values: Values) -> dict[str, Any] | None:
    """Return a share as the result shows it, from the values of ``SCHEDULER_PATHS``; None where there is none."""
    share = read_share(values)
    return None if share is None else asdict(share)


def read_share(values: Values) -> Share | None:
    """Return a share from the values of ``SCHEDULER_PATHS``; None where the server has no configuration."""
    shares = values["config.cpuAllocation.shares"]
    if shares is None:
        return None
    limit = values["config.cpuAllocation.limit"]
    return Share(
        reservation_mhz=int(values["config.cpuAllocation.reservation"] or 0),
        limit_mhz=UNLIMITED if limit is None or limit < 0 else int(limit),
        shares=int(shares.shares),
        shares_level=str(shares.level),
        min_guarantee_kib=int(values["config.memoryAllocation.reservation"] or 0) * 1024,
    )
