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
from ansible_collections.virt.esx.plugins.module_utils._domain.model import Clock, Keys
from ansible_collections.virt.esx.plugins.module_utils._domain.switches import write_timers
from ansible_collections.virt.esx.plugins.module_utils._domain.values import (
    LONG_MAX,
    choice_attr,
    error_at,
    int_attr,
    required_attr,
)
from ansible_collections.virt.esx.plugins.module_utils._xml import Element

_OFFSETS = ("utc", "localtime", "variable", "timezone", "absolute")
_BASES = ("utc", "localtime")
_UTC = Clock("utc")


def read_clock(element: Element | None) -> Clock | None:
    """The clock, None for one that shows UTC.

    :raises ParseError: for a word or number that libvirt does not take.
    """
    if element is None:
        return None
    offset = choice_attr(element, "offset", _OFFSETS) or "utc"
    if offset == "variable":
        seconds = int_attr(element, "adjustment", -LONG_MAX, LONG_MAX) or 0
        return Clock(offset, seconds, choice_attr(element, "basis", _BASES) or "utc", line=element.sourceline)
    if offset == "absolute":
        return Clock(offset, start=_start(element), line=element.sourceline)
    if offset == "timezone":
        return Clock(offset, timezone=required_attr(element, "timezone"), line=element.sourceline)
    shows_utc = offset == "utc" and element.get("adjustment") in (None, "reset")
    return None if shows_utc else Clock(offset, line=element.sourceline)


def _start(clock: Element) -> int:
    start = int_attr(clock, "start", 0, LONG_MAX)
    if start is None:
        raise error_at(clock, "A clock with offset='absolute' needs start='...', seconds since 1970")
    return start


def write_clock(clock: Clock | None, switches: Keys = ()) -> str:
    """The lines of the clock, and of its timers."""
    clock = clock or _UTC
    timers = write_timers(switches)
    end = f">\n{timers}  </clock>\n" if timers else "/>\n"
    details = ""
    if clock.offset == "variable":
        details = f" adjustment='{clock.adjustment}' basis='{clock.basis}'"
    elif clock.offset == "absolute":
        details = f" start='{clock.start}'"
    elif clock.timezone:
        details = f" timezone='{attribute(clock.timezone, True)}'"
    return f"  <clock offset='{clock.offset}'{details}{end}"
