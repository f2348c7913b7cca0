# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that stay open as long as the process: those of Ansible's workers.

Ansible runs all items of a task's ``loop`` in one worker process, which ends with the task. A session is opened by the
first item that needs it, and logged out when the process ends: by itself, after it has handed over its result, or by
a signal.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from multiprocessing.util import Finalize
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._vi.options import ConnectionOptions
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session, Warn, open_server, uri_server
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import require_vmomi

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class _WorkerSessions:
    """The sessions that are kept in this process, each with what closes it; ``in_use`` counts those at work now."""

    def __init__(self) -> None:
        self.kept: dict[ConnectionOptions, tuple[Session, contextlib.ExitStack]] = {}
        self.tell: Warn | None = None
        self.in_use = 0
        self.interrupted = False
        self.before: dict[int, Any] = {}

    def guard(self) -> None:
        """See to it that all sessions are logged out when the process ends."""
        Finalize(None, self.close_undisturbed, exitpriority=10)
        for number in _SIGNALS:
            self.before[number] = signal.signal(number, self.on_signal)

    def get(self, options: ConnectionOptions, warn: Warn) -> Session:
        """The session of a connection, which is opened where there is none."""
        if options not in self.kept:
            stack = contextlib.ExitStack()
            session = stack.enter_context(open_server(options, uri_server(options), warn))
            self.kept[options] = (session, stack)
        session = self.kept[options][0]
        session.warn = warn
        return session

    def close(self, options: ConnectionOptions) -> None:
        """Log out of one session, if there is one."""
        _session, stack = self.kept.pop(options, (None, None))
        if stack is not None:
            stack.close()

    def close_all(self) -> None:
        """Log out of all sessions."""
        for options in list(self.kept):
            self.close(options)

    def close_undisturbed(self) -> None:
        """Log out undisturbed: Ansible terminates workers at the end of a play, and more than once at an interrupt."""
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if self.tell is not None:
            for session, _stack in self.kept.values():
                session.warn = self.tell  # the results of all tasks have been handed over
        self.close_all()

    def on_signal(self, number: int, _frame: Any) -> None:
        """End the work that is under way by an exception, which undoes it; else log out and end the process."""
        if self.in_use:
            if not self.interrupted:
                self.interrupted = True
                raise SystemExit(128 + number)
            return
        self.close_undisturbed()
        signal.signal(number, self.before[number] or signal.SIG_DFL)
        signal.raise_signal(number)


_worker_sessions: list[_WorkerSessions] = []


@contextlib.contextmanager
def keep_session(
    options: ConnectionOptions, *, warn: Warn = lambda _text: None, tell: Warn | None = None
) -> Iterator[Session]:
    """As ``open_session``, but the session is there for the next caller, too. One that failed is not used again.

    :param tell: shows a warning to the user when the process ends, for a session that could not be closed.

    Where signals do not arrive (in a thread), the session is closed at the end of the ``with`` block.
    """
    require_vmomi()
    for text in options.warnings:
        warn(text)
    if threading.current_thread() is not threading.main_thread():
        with open_server(options, uri_server(options), warn) as session:
            yield session
        return
    if not _worker_sessions:
        _worker_sessions.append(_WorkerSessions())
        _worker_sessions[0].guard()
    sessions = _worker_sessions[0]
    sessions.tell = tell
    sessions.in_use += 1
    try:
        yield sessions.get(options, warn)
    except BaseException:
        sessions.close(options)
        raise
    finally:
        sessions.in_use -= 1
