# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain's share of its host: reservation, limit and shares of processors and of memory.

The rules are those of libvirt's scheduler parameters (``virsh schedinfo``) and of its memory parameter
``min_guarantee`` (esx-driver-rules.md, section 11). The request is completed with the present share, so that a limit
below the reservation is noticed whichever of the two is given.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._domain.shares import LEVELS
from ansible_collections.virt.esx.plugins.module_utils._domain.values import INT_MAX, LONG_MAX
from ansible_collections.virt.esx.plugins.module_utils._driver.allocation import (
    CUSTOM,
    SCHEDULER_PATHS,
    UNLIMITED,
    Share,
    read_share,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._driver.domain_refs import DomainKey
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._driver.lookup import DomainRecord, get_domain
from ansible_collections.virt.esx.plugins.module_utils._driver.options import (
    if_given,
    parse_kib,
    parse_uuid,
    parse_vmx_path,
)
from ansible_collections.virt.esx.plugins.module_utils._driver.pending import PENDING_PATHS
from ansible_collections.virt.esx.plugins.module_utils._driver.plan import Plan, Step, carry_out
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError, Refused
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim

# libvirt's number for each level of shares.
_LEVEL_NUMBERS = {"-1": "low", "-2": "normal", "-3": "high"}

# The members that a request and a share have in common.
_SIMPLE = ("reservation_mhz", "limit_mhz", "min_guarantee_kib", "memory_limit_kib")

# The memory shares of VMware's levels, per MiB of a domain's memory.
_MEMORY_LEVELS = {"low": 5, "normal": 10, "high": 20}


@dataclass(frozen=True)
class SchedulerRequest:
    """The domain, and the requested settings of its share; None to stay as they are.

    ``shares`` and ``memory_shares`` are a number or the name of a level.
    """

    name: str | None = None
    uuid: str | None = None
    moid: str | None = None
    vmx_path: str | None = None
    reservation_mhz: int | None = None
    limit_mhz: int | None = None
    shares: int | str | None = None
    min_guarantee_kib: int | None = None
    memory_limit_kib: int | None = None
    memory_shares: int | str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it requests no setting of the share."""
        wanted = (*(getattr(self, name) for name in _SIMPLE), self.shares, self.memory_shares)
        return all(value is None for value in wanted)


def _check_mhz(reservation: int | None, limit: int | None) -> None:
    """Refuse processor times that no domain can have, and a limit below the reservation."""
    _check_number(reservation, "reservation")
    _check_number(limit, "limit")
    if reservation is not None and reservation < 0:
        raise ParseError(f"{reservation} MHz is less than 0.", where="reservation")
    if limit is not None and limit < UNLIMITED:
        raise ParseError(f"{limit} MHz is neither -1, for no limit, nor at least 0.", where="limit")
    if _is_below(limit, reservation):
        raise ParseError(f"{limit} MHz is below the reservation of {reservation} MHz.", where="limit")


def _is_below(limit: int | None, reservation: int | None) -> bool:
    """Whether a limit would not leave what is reserved; None for one that is not given."""
    return limit is not None and reservation is not None and UNLIMITED < limit < reservation


def read_request(params: Mapping[str, Any]) -> SchedulerRequest:
    """Read a module's options.

    :raises ParseError: for a value that no domain can have, or a limit below the reservation.
    """
    reservation, limit = params["reservation"], params["limit"]
    _check_mhz(reservation, limit)
    limit_kib = if_given(params["memory_limit"], _memory_limit)
    guarantee_kib = if_given(params["min_guarantee"], _guarantee)
    if _is_below(limit_kib, guarantee_kib):
        raise ParseError(f"{limit_kib} KiB is below the min_guarantee of {guarantee_kib} KiB.", where="memory_limit")
    return SchedulerRequest(
        name=params["name"],
        uuid=if_given(params["uuid"], parse_uuid),
        moid=params["moid"],
        vmx_path=if_given(params["vmx_path"], parse_vmx_path),
        reservation_mhz=reservation,
        limit_mhz=limit,
        shares=if_given(params["shares"], parse_shares),
        memory_limit_kib=limit_kib,
        memory_shares=if_given(params["memory_shares"], partial(parse_shares, option="memory_shares")),
        min_guarantee_kib=guarantee_kib,
    )


def _check_number(value: Any, option: str) -> None:
    """Refuse booleans, which Ansible converts to 0 or 1, and numbers beyond the API's long."""
    if isinstance(value, bool):
        raise ParseError(f"'{str(value).lower()}' is not a number.", where=option)
    if value is not None and abs(value) > LONG_MAX:
        raise ParseError(f"{value} is more than a server accepts, which is {LONG_MAX}.", where=option)


def _memory_limit(text: str) -> int:
    """A limit in KiB, rounded up to a MiB; -1 for no limit."""
    if text.strip() == str(UNLIMITED):
        return UNLIMITED
    kib = _whole_mib(parse_kib(text, "memory_limit"))
    if kib == 0:
        raise ParseError("0 leaves the domain no memory; -1 means no limit.", where="memory_limit")
    return kib


def _guarantee(text: str) -> int:
    return _whole_mib(parse_kib(text, "min_guarantee"))


def parse_shares(text: str, option: str = "shares") -> int | str:
    """Return shares as a number, or as the name of a level: ``2500``, ``high``, or libvirt's ``-3`` for it."""
    word = text.strip().lower()
    if word in LEVELS:
        return word
    if word in _LEVEL_NUMBERS:
        return _LEVEL_NUMBERS[word]
    if not re.fullmatch(r"[0-9]{1,10}", word) or int(word) > INT_MAX:
        raise ParseError(
            f"'{text}' is neither a number from 0 to {INT_MAX} nor low (-1), normal (-2), high (-3).", where=option
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

    A task without any setting only reads the share, and says so in a warning.

    :raises NotFound: if there is no such domain.
    :raises Refused: if the requested settings do not fit the present ones; nothing has been sent then.
    """
    if request.is_empty:
        invocation.warn("The task sets nothing: none of the scheduler parameters is given.")
    outcome = carry_out(connection, invocation, lambda: _plan(connection, request))
    after = outcome.plan.after
    report = outcome.report(connection, invocation, _text(outcome.first.before), _text(after))
    return {"domain": outcome.plan.record.identity(), "scheduler": asdict(after), **report}


def complete(request: SchedulerRequest, share: Share, vcpus: int, memory_kib: int = 0) -> Share:
    """Return the share of a domain with ``vcpus`` and its memory after the request is fulfilled."""
    given: dict[str, Any] = {name: getattr(request, name) for name in _SIMPLE if getattr(request, name) is not None}
    cpu = _shares(request.shares, share.shares_level, LEVELS, vcpus)
    if cpu is not None:
        given.update(shares_level=cpu[0], shares=cpu[1])
    memory = _shares(request.memory_shares, share.memory_shares_level, _MEMORY_LEVELS, memory_kib // 1024)
    if memory is not None:
        given.update(memory_shares_level=memory[0], memory_shares=memory[1])
    return replace(share, **given)


def _shares(
    wanted: int | str | None, present_level: str, levels: Mapping[str, int], units: int
) -> tuple[str, int] | None:
    """Requested shares as a level and a number; None where they stay as they are.

    :param levels: the shares of each level for one unit: a processor, or a MiB of memory.
    """
    if wanted is None or wanted == present_level:
        return None
    return (CUSTOM, wanted) if isinstance(wanted, int) else (wanted, levels[wanted] * units)


def _check(request: SchedulerRequest, wanted: Share, record: DomainRecord) -> None:
    """Refuse settings that the host would refuse, if the request causes that."""
    about_mhz = request.limit_mhz is not None or request.reservation_mhz is not None
    if about_mhz and _is_below(wanted.limit_mhz, wanted.reservation_mhz):
        raise Refused(
            f"The limit of {wanted.limit_mhz} MHz would be below the reservation of {wanted.reservation_mhz} MHz.",
            hint="Only one of them was given; the other one is the domain's present value. A limit of -1 means none.",
        )
    if request.memory_limit_kib is not None and _is_below(wanted.memory_limit_kib, wanted.min_guarantee_kib):
        raise Refused(
            f"The memory_limit of {wanted.memory_limit_kib} KiB would be below the guarantee of "
            f"{wanted.min_guarantee_kib} KiB.",
            hint="The guarantee is what the domain has; set min_guarantee, too. A limit of -1 means none.",
        )
    if request.min_guarantee_kib is not None:
        _check_guarantee(wanted, _most_memory(record, wanted))


def _check_guarantee(wanted: Share, most: int | None) -> None:
    """Refuse a guarantee of more memory than the domain may have, None if that is not known."""
    if most is not None and wanted.min_guarantee_kib > most:
        raise Refused(
            f"The min_guarantee of {wanted.min_guarantee_kib} KiB is more than the memory that the host may give "
            f"to the domain, {most} KiB."
        )


def _most_memory(record: DomainRecord, wanted: Share) -> int | None:
    """The memory that the host may give to the domain: its limit, or all of it."""
    size, limit = record.max_memory_kib, wanted.memory_limit_kib
    return size if size is None or limit == UNLIMITED else min(limit, size)


def _plan(connection: EsxConnection, request: SchedulerRequest) -> SchedulerPlan:
    paths = (*PENDING_PATHS, *SCHEDULER_PATHS)
    record, _facts = get_domain(
        connection,
        DomainKey(request.name, request.uuid, request.moid, request.vmx_path),
        paths=paths,
        volumes=False,
        autostart=False,
    )
    share = read_share(record.values)
    if share is None:
        raise Refused(f"The server has no configuration of the domain '{record.name}'.")
    wanted = complete(request, share, record.vcpus or 1, record.max_memory_kib or 0)
    _check(request, wanted, record)
    action = f"Setting the scheduler parameters of domain '{record.name}'"

    def reconfigure() -> None:
        connection.wait(record.ref.ReconfigVM_Task(_spec(share, wanted)), action, vm=record.ref)

    steps = [] if wanted == share else [Step("set scheduler parameters", reconfigure)]
    return SchedulerPlan(steps, record, share, wanted)


def _spec(share: Share, wanted: Share) -> Any:
    """The change to send: only what differs, as the server keeps settings that are left out."""
    allocations = {"cpuAllocation": _changed_cpu(share, wanted), "memoryAllocation": _changed_memory(share, wanted)}
    return vim.vm.ConfigSpec(
        **{name: vim.ResourceAllocationInfo(**changed) for name, changed in allocations.items() if changed}
    )


def _changed_cpu(share: Share, wanted: Share) -> dict[str, Any]:
    """The members of the ResourceAllocationInfo for processors that differ."""
    changed: dict[str, Any] = {}
    if wanted.reservation_mhz != share.reservation_mhz:
        changed["reservation"] = wanted.reservation_mhz
    if wanted.limit_mhz != share.limit_mhz:
        changed["limit"] = wanted.limit_mhz
    if (wanted.shares_level, wanted.shares) != (share.shares_level, share.shares):
        changed["shares"] = vim.SharesInfo(level=wanted.shares_level, shares=wanted.shares)
    return changed


def _changed_memory(share: Share, wanted: Share) -> dict[str, Any]:
    """The members of the ResourceAllocationInfo for memory that differ, sizes in MB."""
    changed: dict[str, Any] = {}
    if wanted.min_guarantee_kib != share.min_guarantee_kib:
        changed["reservation"] = wanted.min_guarantee_kib // 1024
    if wanted.memory_limit_kib != share.memory_limit_kib:
        limit = wanted.memory_limit_kib
        changed["limit"] = UNLIMITED if limit == UNLIMITED else limit // 1024
    if (wanted.memory_shares_level, wanted.memory_shares) != (share.memory_shares_level, share.memory_shares):
        changed["shares"] = vim.SharesInfo(level=wanted.memory_shares_level, shares=wanted.memory_shares)
    return changed


def _text(share: Share) -> str:
    """The share as YAML, for a difference."""
    return "".join(f"{name}: {value}\n" for name, value in asdict(share).items())


def _whole_mib(kib: int) -> int:
    """Round memory up to MiB, the server's unit, as libvirt does."""
    return -(-kib // 1024) * 1024
