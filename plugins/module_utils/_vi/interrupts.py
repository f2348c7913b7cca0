# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SIGTERM that would end the process at once ends it by an exception instead, so that sessions are closed.

A module's own process dies of it without another line of Python. Where the signal has a handler, as in Ansible's
workers, ``worker_sessions.py`` takes care.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def sigterm_raises() -> Iterator[None]:
    """Turn the first SIGTERM in the ``with`` block into SystemExit, and end the process by it when the block is left.

    Nothing is done where the signal is handled already, and in threads, which signals do not reach.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    received: list[int] = []

    def interrupt(number: int, _frame: Any) -> None:
        received.append(number)
        if len(received) == 1:
            raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if received:
            os.kill(os.getpid(), signal.SIGTERM)
