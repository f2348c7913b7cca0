# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that stay open through the items of a ``loop``.

Ansible runs all items of a task's loop in one worker process, which ends with the task. A session that is kept here
is logged out when the process ends, be it by itself or by a signal.

Private to the collection: it can change at any time.
"""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from multiprocessing.util import Finalize
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._vi.options import Connection
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session, Warn, open_session

Opener = Callable[..., contextlib.AbstractContextManager[Session]]

_kept: dict[Connection, tuple[Session, contextlib.ExitStack]] = {}
_guards: list[Any] = []


def session_keeper() -> Opener:
    """Return the function that opens sessions which are kept, having made sure that they will be logged out."""
    if not _guards:
        _guards.append(Finalize(None, _at_exit, exitpriority=10))
        for number in (signal.SIGTERM, signal.SIGINT):
            _guard(number)
    return _keep_session


@contextlib.contextmanager
def _keep_session(connection: Connection, *, warn: Warn) -> Iterator[Session]:
    """As ``open_session``, but the session is still there for the next item. One that failed is not used again."""
    if connection not in _kept:
        stack = contextlib.ExitStack()
        _kept[connection] = (stack.enter_context(open_session(connection, warn=warn)), stack)
    try:
        yield _kept[connection][0]
    except BaseException:
        _session, stack = _kept.pop(connection)
        stack.close()
        raise


def _close_all() -> None:
    while _kept:
        _connection, (_session, stack) = _kept.popitem()
        stack.close()


def _at_exit() -> None:
    """Log out undisturbed: at the end of a play Ansible terminates workers that are still alive."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _close_all()


def _guard(number: int) -> None:
    """Log out when a signal arrives, then let it have its usual effect."""
    before = signal.getsignal(number)

    def handle(received: int, _frame: Any) -> None:
        _close_all()
        signal.signal(received, before)
        signal.raise_signal(received)

    signal.signal(number, handle)
