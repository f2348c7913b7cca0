# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clock that a guest starts with.

::

    <clock offset='utc'/>
    <clock offset='variable' adjustment='3600' basis='utc'/>
    <clock offset='absolute' start='1767225600'/>
    <clock offset='timezone' timezone='Europe/Berlin'/>
"""

from __future__ import annotations

from ansible_collections.virt.esx.plugins.module_utils._domain.escapes import attribute
from ansible_collections.virt.esx.plugins.module_utils._domain.model import UTC, Clock, Keys
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import write_timers
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    LONG_MAX,
    choice_attr,
    error_at,
    int_attr,
    required_attr,
    to_int,
)
from ansible_collections.virt.esx.plugins.module_utils._xml import Element

_OFFSETS = ("utc", "localtime", "variable", "timezone", "absolute")
_BASES = ("utc", "localtime")
_UNADJUSTED = (None, "", "reset")


def read_clock(element: Element | None) -> Clock | None:
    """The clock, None where there is no element.

    :raises ParseError: for a word or number that libvirt does not take.
    """
    if element is None:
        return None
    offset = choice_attr(element, "offset", _OFFSETS) or "utc"
    if offset in _BASES and element.get("adjustment") not in _UNADJUSTED:
        return Clock("variable", _adjustment(element), offset, line=element.sourceline)
    if offset == "variable":
        seconds = int_attr(element, "adjustment", -LONG_MAX, LONG_MAX) or 0
        return Clock(offset, seconds, choice_attr(element, "basis", _BASES) or "utc", line=element.sourceline)
    if offset == "absolute":
        return Clock(offset, start=_start(element), line=element.sourceline)
    if offset == "timezone":
        return Clock(offset, timezone=required_attr(element, "timezone"), line=element.sourceline)
    return UTC if offset == "utc" else Clock(offset, line=element.sourceline)


def _adjustment(clock: Element) -> int:
    """The seconds that a clock is ahead of UTC or of the local time; libvirt reads it as a variable one."""
    value = clock.get("adjustment") or ""
    seconds = to_int(value, -LONG_MAX, LONG_MAX)
    if seconds is None:
        raise error_at(clock, f"adjustment='{value}' is not known; expected 'reset' or a number of seconds")
    return seconds


def _start(clock: Element) -> int:
    start = int_attr(clock, "start", 0, LONG_MAX)
    if start is None:
        raise error_at(clock, "A clock with offset='absolute' needs start='...', seconds since 1970")
    return start


def write_clock(clock: Clock | None, switches: Keys = ()) -> str:
    """The lines of the clock, and of its timers; none where nothing is said of it."""
    timers = write_timers(switches)
    if clock is None and not timers:
        return ""
    clock = clock or UTC
    end = f">\n{timers}  </clock>\n" if timers else "/>\n"
    details = ""
    if clock.offset == "variable":
        details = f" adjustment='{clock.adjustment}' basis='{clock.basis}'"
    elif clock.offset == "absolute":
        details = f" start='{clock.start}'"
    elif clock.timezone:
        details = f" timezone='{attribute(clock.timezone, True)}'"
    return f"  <clock offset='{clock.offset}'{details}{end}"
