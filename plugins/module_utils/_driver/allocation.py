# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain's share of its host: reservation, limit and shares of processors and of memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values, number_at

SCHEDULER_PATHS = (
    "config.cpuAllocation.reservation",
    "config.cpuAllocation.limit",
    "config.cpuAllocation.shares",
    "config.memoryAllocation.reservation",
    "config.memoryAllocation.limit",
    "config.memoryAllocation.shares",
)

UNLIMITED = -1
CUSTOM = "custom"


@dataclass(frozen=True)
class Share:
    """A domain's share; a limit of -1 means no limit. The names of the members are those of the result."""

    reservation_mhz: int
    limit_mhz: int
    shares: int
    shares_level: str
    min_guarantee_kib: int
    memory_limit_kib: int = UNLIMITED
    memory_shares: int = 0
    memory_shares_level: str = "normal"


def read_scheduler(values: Values) -> dict[str, Any] | None:
    """Return a share in the form of results, from the values of ``SCHEDULER_PATHS``; None if there is none."""
    share = read_share(values)
    return None if share is None else asdict(share)


def read_share(values: Values) -> Share | None:
    """Return a share from the values of ``SCHEDULER_PATHS``; None if the server has no configuration."""
    shares = values["config.cpuAllocation.shares"]
    if shares is None:
        return None
    memory_shares = values["config.memoryAllocation.shares"]
    return Share(
        reservation_mhz=number_at(values, "config.cpuAllocation.reservation"),
        limit_mhz=_limit(values["config.cpuAllocation.limit"], 1),
        shares=int(shares.shares),
        shares_level=str(shares.level),
        min_guarantee_kib=number_at(values, "config.memoryAllocation.reservation") * 1024,
        memory_limit_kib=_limit(values["config.memoryAllocation.limit"], 1024),
        memory_shares=0 if memory_shares is None else int(memory_shares.shares),
        memory_shares_level="normal" if memory_shares is None else str(memory_shares.level),
    )


def _limit(limit: int | None, scale: int) -> int:
    return UNLIMITED if limit is None or limit < 0 else int(limit) * scale
