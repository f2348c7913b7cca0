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

from ansible_collections.virt.esx.plugins.module_utils._domain.model import Clock, Domain
from ansible_collections.virt.esx.plugins.module_utils._vmx.read_context import ReadContext
from ansible_collections.virt.esx.plugins.module_utils._vmx.values import parse_integer
from ansible_collections.virt.esx.plugins.module_utils._vmx.write_context import Entry, WriteContext

_DIFFERENCE, _START = "rtc.diffFromUTC", "rtc.startTime"
_LOCAL = "the clock of a guest shows UTC on ESX until VMware Tools or NTP set it; a VMX has no local time"


def read_clock(context: ReadContext) -> Clock | None:
    """The clock, None for one that shows UTC."""
    if not context.dialect.clock:
        return None
    start, difference = (context.vmx.get(key) for key in (_START, _DIFFERENCE))
    if start is None and difference is None:
        return None
    return _clock(*(None if text is None else parse_integer(text) for text in (start, difference)))


def _clock(start: int | None, difference: int | None) -> Clock | None:
    if start is not None and start >= 0:
        return Clock("absolute", start=start)
    return None if difference is None else Clock("variable", difference)


def write_clock(domain: Domain, context: WriteContext) -> list[Entry]:
    """The line of a clock that does not show UTC."""
    clock = domain.clock
    if clock is None or not context.dialect.clock:
        return []
    if clock.offset == "absolute":
        return [(_START, str(clock.start))]
    if clock.offset == "variable" and clock.basis == "utc":
        return [(_DIFFERENCE, str(clock.adjustment))]
    context.report.leave_out("clock", _LOCAL, word=f"offset='{clock.offset}'", line=clock.line)
    return []
