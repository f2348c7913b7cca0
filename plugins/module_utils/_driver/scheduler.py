# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain's share of its host: CPU reservation, limit and shares, and the memory that is guaranteed to it.

The rules are those of libvirt's scheduler parameters (``virsh schedinfo``) and of its memory parameter
``min_guarantee`` (esx-driver.md, section 11). What is wanted is completed with what is there, so that a limit under
the reservation is noticed whichever of the two is given.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.shares import LEVELS
from ansible_collections.virt.esx.plugins.module_utils._driver.domains import DomainRecord, get_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.host import Host
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.options import parse_kib, parse_uuid
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import Values
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

SCHEDULER_PATHS = (
    "config.cpuAllocation.reservation",
    "config.cpuAllocation.limit",
    "config.cpuAllocation.shares",
    "config.memoryAllocation.reservation",
)

UNLIMITED = -1
CUSTOM = "custom"

# libvirt's number for each level of shares.
_LEVEL_NUMBERS = {"-1": "low", "-2": "normal", "-3": "high"}

# What a wish and a share have in common.
_SIMPLE = ("reservation_mhz", "limit_mhz", "min_guarantee_kib")


@dataclass(frozen=True)
class Share:
    """A domain's share; ``limit_mhz`` is -1 where there is none. The members' names are those of the result."""

    reservation_mhz: int
    limit_mhz: int
    shares: int
    shares_level: str
    min_guarantee_kib: int


@dataclass(frozen=True)
class Wish:
    """The domain that is meant, and what is wanted of its share, None for what stays.

    ``shares`` is a number or the name of a level.
    """

    name: str | None = None
    uuid: str | None = None
    reservation_mhz: int | None = None
    limit_mhz: int | None = None
    shares: int | str | None = None
    min_guarantee_kib: int | None = None


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


def read_wish(params: Mapping[str, Any]) -> Wish:
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
    return Wish(
        name=params["name"],
        uuid=None if params["uuid"] is None else parse_uuid(params["uuid"]),
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


def set_scheduler(host: Host, invocation: Invocation, wish: Wish) -> dict[str, Any]:
    """Give a domain the share that is wanted, and return the module's result.

    :raises NotFound: if there is no such domain.
    :raises Refused: if what is wanted does not fit what is there; nothing was sent then.
    """
    record, _around = get_domain(host, name=wish.name, uuid=wish.uuid, paths=SCHEDULER_PATHS, volumes=False)
    share = read_share(record.values)
    if share is None:
        raise Refused(f"The server has no configuration of the domain '{record.name}'.")
    wanted = complete(wish, share, record.vcpus or 1)
    _check(wish, wanted, record)
    plan = _plan(host, record, share, wanted)
    if not invocation.check_mode:
        plan.carry_out()
    result = {"changed": plan.changes, "domain": record.identity(), "scheduler": asdict(wanted)}
    if invocation.diff:
        result["diff"] = plan.diff()
    return {**result, "questions": host.questions()}


def complete(wish: Wish, share: Share, vcpus: int) -> Share:
    """Return the share that a domain of so many virtual CPUs has when a wish has come true."""
    given: dict[str, Any] = {name: getattr(wish, name) for name in _SIMPLE if getattr(wish, name) is not None}
    shares = wish.shares
    if isinstance(shares, str) and shares != share.shares_level:
        given.update(shares_level=shares, shares=LEVELS[shares] * vcpus)
    elif isinstance(shares, int):
        given.update(shares_level=CUSTOM, shares=shares)
    return replace(share, **given)


def _check(wish: Wish, wanted: Share, record: DomainRecord) -> None:
    """Refuse what the host would refuse, if it comes of the wish."""
    about_mhz = wish.limit_mhz is not None or wish.reservation_mhz is not None
    if about_mhz and UNLIMITED < wanted.limit_mhz < wanted.reservation_mhz:
        raise Refused(
            f"The limit of {wanted.limit_mhz} MHz would be below the reservation of {wanted.reservation_mhz} MHz.",
            hint="Only one of them was given, the other is what the domain has. A limit of -1 means none.",
        )
    most = record.memory_kib
    if wish.min_guarantee_kib is not None and most is not None and wanted.min_guarantee_kib > most:
        raise Refused(
            f"The min_guarantee of {wanted.min_guarantee_kib} KiB is more than the domain's memory, {most} KiB."
        )


def _plan(host: Host, record: DomainRecord, share: Share, wanted: Share) -> Plan:
    if wanted == share:
        return Plan(before=_text(share), after=_text(wanted))
    doing = f"Setting the scheduler parameters of domain '{record.name}'"

    def reconfigure() -> None:
        host.settle(record.ref, doing)
        host.wait(record.ref.ReconfigVM_Task(_spec(share, wanted)), doing, vm=record.ref)

    return Plan([Step("set scheduler parameters", reconfigure)], _text(share), _text(wanted))


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
