# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain's share of its host: CPU reservation, limit and shares, and the memory that is guaranteed to it.

The rules are those of libvirt's scheduler parameters (``virsh schedinfo``) and of its memory parameter
``min_guarantee`` (esx-driver.md, section 11). What is wanted is completed with what is there, so that a limit under
the reservation is noticed whichever of the two is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.shares import LEVELS
from ansible_collections.virt.esx.plugins.module_utils._driver.allocation import (
    CUSTOM,
    SCHEDULER_PATHS,
    UNLIMITED,
    Share,
    read_share,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, get_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_kib, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, carry_out
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# libvirt's number for each level of shares.
_LEVEL_NUMBERS = {"-1": "low", "-2": "normal", "-3": "high"}

# What a request and a share have in common.
_SIMPLE = ("reservation_mhz", "limit_mhz", "min_guarantee_kib")


@dataclass(frozen=True)
class SchedulerRequest:
    """The domain that is meant, and what is wanted of its share, None for what stays.

    ``shares`` is a number or the name of a level.
    """

    name: str | None = None
    uuid: str | None = None
    moid: str | None = None
    vmx_path: str | None = None
    reservation_mhz: int | None = None
    limit_mhz: int | None = None
    shares: int | str | None = None
    min_guarantee_kib: int | None = None


def read_request(params: Mapping[str, Any]) -> SchedulerRequest:
    """Return what a module's options ask for.

    :raises ParseError: for a value that no domain can have, or a limit under the reservation.
    """
    reservation, limit, guarantee = params["reservation"], params["limit"], params["min_guarantee"]
    if reservation is not None and reservation < 0:
        raise ParseError(f"{reservation} MHz is less than 0.", where="reservation")
    if limit is not None and limit < UNLIMITED:
        raise ParseError(f"{limit} MHz is neither -1, for no limit, nor at least 0.", where="limit")
    if None not in (reservation, limit) and UNLIMITED < limit < reservation:
        raise ParseError(f"{limit} MHz is below the reservation of {reservation} MHz.", where="limit")
    return SchedulerRequest(
        name=params["name"],
        uuid=None if params["uuid"] is None else parse_uuid(params["uuid"]),
        moid=params["moid"],
        vmx_path=params["vmx_path"],
        reservation_mhz=reservation,
        limit_mhz=limit,
        shares=None if params["shares"] is None else parse_shares(params["shares"]),
        min_guarantee_kib=None if guarantee is None else _whole_mib(parse_kib(guarantee, "min_guarantee")),
    )


def parse_shares(text: str) -> int | str:
    """Return shares as a number, or as the name of a level: ``2500``, ``high``, or libvirt's ``-3`` for it."""
    word = text.strip().lower()
    if word in LEVELS:
        return word
    if word in _LEVEL_NUMBERS:
        return _LEVEL_NUMBERS[word]
    if not re.fullmatch(r"[0-9]{1,9}", word):
        raise ParseError(
            f"'{text}' is neither a number of at least 0 nor low (-1), normal (-2), high (-3).", where="shares"
        )
    return int(word)


@dataclass(frozen=True)
class SchedulerPlan(Plan):
    """A plan for a domain's share, with the share ``before`` and ``after`` it."""

    record: DomainRecord
    before: Share
    after: Share


def set_scheduler(connection: EsxConnection, invocation: Invocation, request: SchedulerRequest) -> dict[str, Any]:
    """Give a domain the requested share, and return the module's result.

    :raises NotFound: if there is no such domain.
    :raises Refused: if what is requested does not fit what is there; nothing was sent then.
    """
    outcome = carry_out(connection, invocation, lambda: _plan(connection, request))
    after = outcome.plan.after
    report = outcome.report(connection, invocation, _text(outcome.first.before), _text(after))
    return {"domain": outcome.plan.record.identity(), "scheduler": asdict(after), **report}


def complete(request: SchedulerRequest, share: Share, vcpus: int) -> Share:
    """Return the share that a domain of so many virtual CPUs has when a wish has come true."""
    given: dict[str, Any] = {name: getattr(request, name) for name in _SIMPLE if getattr(request, name) is not None}
    shares = request.shares
    if isinstance(shares, str) and shares != share.shares_level:
        given.update(shares_level=shares, shares=LEVELS[shares] * vcpus)
    elif isinstance(shares, int):
        given.update(shares_level=CUSTOM, shares=shares)
    return replace(share, **given)


def _check(request: SchedulerRequest, wanted: Share, record: DomainRecord) -> None:
    """Refuse what the host would refuse, if it comes of the wish."""
    about_mhz = request.limit_mhz is not None or request.reservation_mhz is not None
    if about_mhz and UNLIMITED < wanted.limit_mhz < wanted.reservation_mhz:
        raise Refused(
            f"The limit of {wanted.limit_mhz} MHz would be below the reservation of {wanted.reservation_mhz} MHz.",
            hint="Only one of them was given, the other is what the domain has. A limit of -1 means none.",
        )
    most = record.memory_kib
    if request.min_guarantee_kib is not None and most is not None and wanted.min_guarantee_kib > most:
        raise Refused(
            f"The min_guarantee of {wanted.min_guarantee_kib} KiB is more than the domain's memory, {most} KiB."
        )


def _plan(connection: EsxConnection, request: SchedulerRequest) -> SchedulerPlan:
    paths = (*PENDING_PATHS, *SCHEDULER_PATHS)
    record, _facts = get_domain(
        connection,
        name=request.name,
        uuid=request.uuid,
        moid=request.moid,
        vmx_path=request.vmx_path,
        paths=paths,
        volumes=False,
        autostart=False,
    )
    share = read_share(record.values)
    if share is None:
        raise Refused(f"The server has no configuration of the domain '{record.name}'.")
    wanted = complete(request, share, record.vcpus or 1)
    _check(request, wanted, record)
    action = f"Setting the scheduler parameters of domain '{record.name}'"

    def reconfigure() -> None:
        connection.wait(record.ref.ReconfigVM_Task(_spec(share, wanted)), action, vm=record.ref)

    steps = [] if wanted == share else [Step("set scheduler parameters", reconfigure)]
    return SchedulerPlan(steps, record, share, wanted)


def _spec(share: Share, wanted: Share) -> Any:
    """The one change to send: only what differs, as the server keeps what is left out."""
    cpu = vim.ResourceAllocationInfo()
    if wanted.reservation_mhz != share.reservation_mhz:
        cpu.reservation = wanted.reservation_mhz
    if wanted.limit_mhz != share.limit_mhz:
        cpu.limit = wanted.limit_mhz
    if (wanted.shares_level, wanted.shares) != (share.shares_level, share.shares):
        cpu.shares = vim.SharesInfo(level=wanted.shares_level, shares=wanted.shares)
    spec = vim.vm.ConfigSpec()
    if replace(wanted, min_guarantee_kib=0) != replace(share, min_guarantee_kib=0):
        spec.cpuAllocation = cpu
    if wanted.min_guarantee_kib != share.min_guarantee_kib:
        spec.memoryAllocation = vim.ResourceAllocationInfo(reservation=wanted.min_guarantee_kib // 1024)
    return spec


def _text(share: Share) -> str:
    """The share as YAML, for a difference."""
    return "".join(f"{name}: {value}\n" for name, value in asdict(share).items())


def _whole_mib(kib: int) -> int:
    """The server has memory in MiB: rounded up, as libvirt does."""
    return -(-kib // 1024) * 1024
