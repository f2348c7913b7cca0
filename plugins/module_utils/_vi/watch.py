# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watching properties of some objects by a filter of the PropertyCollector, for the duration of a ``with`` block.

A filter that hardly tells anything any more stays when its watch is over, as those of tasks do: the end of the session
ends it, and the next watch, in a loop, makes one call less. So that no old news is told again, the session keeps the
version up to which its updates were taken. As a collector gives its updates only once, a session that is shared with
other tasks has a collector of its own for this one, from the first watch to the end of the task. When many filters
are left, another collector takes over, as that is two calls once instead of one for each filter. When an answer is
lost, the properties are read directly, and a new filter tells what changes from then on. Servers before API 4.1 have
only ``WaitForUpdates``, which waits without a limit; there the timeout of the answer limits the wait.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import (
    ConnectionFailed,
    EsxError,
    NotFound,
    ServerFault,
    TimedOut,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_types, make_filter_spec
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vmodl

# The seconds without news after which the server is asked again, as network devices drop silent connections.
_LONGEST_WAIT = 60

# The seconds between two reads of properties that cannot be watched.
_PAUSE = 0.5

# The seconds that the server has to end a collector: the task's work is done.
_END_TIMEOUT = 10.0

# The seconds that an answer may take beyond the time that the server was asked to wait.
_GRACE = 30.0


# How many filters of watches that are over a session keeps.
MOST_LEFT = 16

# The errors after which the properties are read directly; they include SessionRenewed.
_LOST = (ConnectionFailed, TimedOut, ServerFault)

# Changed values by the reference to the object, then by path.
Changes = dict[Any, dict[str, Any]]


@dataclass
class _Updates:
    """The updates of a ``collector``: the ``version`` up to which they were taken, empty for all from the beginning.

    ``cookie`` is that of the session that the collector belongs to, ``is_own`` says that it is not the session's
    first one, ``watching`` is the number of watches that go on.
    ``quiet`` and ``others`` are the filters of those that are over; the quiet ones have hardly any news.
    """

    collector: Any = None
    cookie: str = ""
    is_own: bool = False
    version: str = ""
    watching: int = 0
    quiet: list[Any] = field(default_factory=list)
    others: list[Any] = field(default_factory=list)


class Watch:
    """A property filter on some objects.

    :param wanted: for each type its paths, ``{"Task": ["info.state"]}``.
    :param objects: the references to watch.
    """

    def __init__(self, session: Session, wanted: Mapping[str, Sequence[str]], objects: Sequence[Any]) -> None:
        self._session = session
        self._wanted = wanted
        self._objects = objects
        self._filter: Any = None
        self._updates = _Updates()

    def __enter__(self) -> Watch:
        self._could_start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._leave()

    def next_changes(self, seconds: float) -> Changes:
        """Return the values that have changed, by object and path; the first time all of them.

        An empty result means that nothing has changed yet.

        :param seconds: the maximum time to wait.
        :raises ConnectionFailed, TimedOut: if an answer is lost and the properties cannot be read directly either.
        :raises NotFound: if one of the objects no longer exists.
        """
        if self._filter is None:
            return self._read_and_start(seconds)
        try:
            update = self._wait(seconds)
        except (*_LOST, NotFound) as error:
            if not self._is_lost(error):
                raise
            self._leave()
            self._updates.version = ""
            if self._session.shared:
                self._session.updates = None  # the collector may be gone
            return {}
        if update is None:
            return {}
        self._updates.version = update.version
        return _changes(update, self._filter)

    def read(self) -> Changes:
        """Return all present values, without waiting."""
        return dict(fetch_types(self._session, self._wanted, objects=self._objects))

    def _read_and_start(self, seconds: float) -> Changes:
        """Read all values and start the filter; if that fails, pause, so that the server is not asked incessantly."""
        found = self.read()
        if not self._could_start():
            time.sleep(max(0.0, min(_PAUSE, seconds)))
        return found

    def _could_start(self) -> bool:
        """Start the filter; return whether that was possible."""
        try:
            self._start()
        except (*_LOST, NotFound) as error:
            if not self._is_lost(error):
                raise
            return False
        return True

    def _is_lost(self, error: EsxError) -> bool:
        """Whether an answer was lost, or the collector with its session; not if one of the objects no longer exists."""
        return not isinstance(error, NotFound) or self._updates.cookie != self._session.cookie

    def _start(self) -> None:
        self._updates = _updates_of(self._session)
        self._make_room()
        # Report whole values: a second question replaces the first one, and does not change a part of it.
        spec = make_filter_spec(self._wanted, self._objects)
        self._filter = self._updates.collector.CreateFilter(spec, False)
        self._updates.watching += 1

    def _leave(self) -> None:
        """Leave the filter to the session. A watch that goes on meanwhile is told everything again."""
        if self._filter is None:
            return
        updates = self._updates
        (updates.quiet if "Task" in self._wanted else updates.others).append(self._filter)
        updates.watching -= 1
        if updates.watching:
            updates.version = ""
        self._filter = None

    def _make_room(self) -> None:
        """Destroy the filters that an earlier watch has left and that would tell news, and the oldest of too many."""
        left = self._updates
        too_many = max(0, len(left.quiet) + 1 - MOST_LEFT)
        former = [*left.others, *left.quiet[:too_many]]
        left.others, left.quiet = [], left.quiet[too_many:]
        for each in former:
            with contextlib.suppress(EsxError):
                each.DestroyPropertyFilter()

    def _wait(self, seconds: float) -> Any:
        pool = self._session.pool
        longest = pool.timeout
        try:
            if self._session.has(4, 1):
                wait = max(1, int(min(_LONGEST_WAIT, seconds) + 0.5))
                pool.timeout = wait + min(_GRACE, max(1.0, longest / 2))
                options = vmodl.query.PropertyCollector.WaitOptions(maxWaitSeconds=wait)
                return self._updates.collector.WaitForUpdatesEx(self._updates.version, options)
            pool.timeout = min(_LONGEST_WAIT, seconds)
            return self._updates.collector.WaitForUpdates(self._updates.version)
        except TimedOut:
            if self._session.has(4, 1):
                raise
            pool.timeout = longest
            with contextlib.suppress(EsxError):
                self._updates.collector.CancelWaitForUpdates()
            return None
        finally:
            pool.timeout = longest


def _updates_of(session: Session) -> _Updates:
    """Where a session is with its collector; a renewed session has another one, without filters."""
    cookie = session.cookie
    if session.updates is None or session.updates.cookie != cookie:
        session.updates = _Updates(session.content.propertyCollector, cookie)
        if session.shared and session.has(4, 0):
            _take_another(session, session.updates)
            session.closing.callback(_end, session, session.updates)
    updates: _Updates = session.updates
    if len(updates.quiet) >= MOST_LEFT and not updates.watching and session.has(4, 0):
        _take_another(session, updates)
    return updates


def _take_another(session: Session, updates: _Updates) -> None:
    """Take another collector, without filters; the session's first one keeps its filters, and is not asked any more."""
    former = updates.collector if updates.is_own else None
    updates.collector = session.content.propertyCollector.CreatePropertyCollector()
    updates.is_own, updates.version = True, ""
    updates.quiet, updates.others = [], []
    if former is not None:
        with contextlib.suppress(EsxError):
            former.DestroyPropertyCollector()


def _end(session: Session, updates: _Updates) -> None:
    """End a collector of its own; if that fails, it ends with the session."""
    session.pool.timeout = min(session.pool.timeout, _END_TIMEOUT)
    with contextlib.suppress(EsxError):
        updates.collector.DestroyPropertyCollector()


def _changes(update: Any, own: Any) -> Changes:
    """The changes that a filter of its own tells; those of former filters do not matter any more."""
    objects: Changes = {}
    for filter_update in update.filterSet or ():
        for object_update in filter_update.objectSet or () if filter_update.filter == own else ():
            values = objects.setdefault(object_update.obj, {})
            for change in object_update.changeSet or ():
                values[change.name] = change.val if change.op in ("add", "assign") else None
    return objects
