# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock of the guest.

::

    rtc.diffFromUTC = "3600"
    rtc.startTime = "1767225600"

Seconds that the guest's clock is ahead of UTC, or seconds since 1970 at which it starts each time. Without either it
shows UTC on ESX. A local time with its changes between summer and winter cannot be said.
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.model import UTC, Clock, Domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.values import parse_integer
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import Entry, WriteContext

_DIFFERENCE, _START = "rtc.diffFromUTC", "rtc.startTime"
_LOCAL = "the clock of a guest shows UTC on ESX until VMware Tools or NTP set it; a VMX has no local time"


def read_clock(context: ReadContext) -> Clock:
    """The clock."""
    if not context.dialect.clock:
        return UTC
    start, difference = _seconds(context, _START), _seconds(context, _DIFFERENCE)
    if start is not None and start < 0:
        context.leave_out(_START, f"expecting seconds since 1970, found {start}")
        start = None
    if start is None:
        return UTC if difference is None else Clock("variable", difference)
    if difference is not None:
        context.leave_out(_DIFFERENCE, f"the clock starts at {_START}, whatever else is set")
    return Clock("absolute", start=start)


def _seconds(context: ReadContext, key: str) -> int | None:
    """The value of a key, None where it is missing, empty, or not a number, which is reported."""
    text = context.vmx.get(key)
    if not text:
        return None
    seconds = parse_integer(text)
    if seconds is None:
        context.leave_out(key, f"expecting a number of seconds, found '{text}'")
    return seconds


def write_clock(domain: Domain, context: WriteContext) -> list[Entry]:
    """The line of a clock that does not show UTC."""
    clock = domain.clock
    if clock in (None, UTC) or not context.dialect.clock:
        return []
    if clock.offset == "absolute":
        return [(_START, str(clock.start))]
    if clock.offset == "variable" and clock.basis == "utc":
        return [(_DIFFERENCE, str(clock.adjustment))]
    context.report.leave_out("clock", _LOCAL, word=f"offset='{clock.offset}'", line=clock.line)
    return []
