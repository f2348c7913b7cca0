# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A socket with one deadline for everything sent and received, instead of a timeout for each piece.

A server that sends one byte a second never exceeds a socket's own timeout; it does exceed a deadline.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import time
from collections.abc import Callable
from typing import Any

# The bytes that are passed on at once: what fits into a processor's cache is copied fastest. The deadline is checked in
# between; with a pool's timeout, that sets the slowest accepted rate of a transfer.
PIECE = 256 * 1024


class BadAnswer(http.client.HTTPException):
    """An answer in HTTP that cannot be used; the text says why, as the end of a sentence."""


class AnswerTooLong(BadAnswer):
    """An answer that is longer than one of its kind can be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"it is longer than {limit // 1024} KiB")


class Channel:
    """A connected socket, as http.client uses one.

    ``deadline`` is the time of ``time.monotonic()`` at which sending or receiving ends with ``socket.timeout``.
    """

    def __init__(self, channel: socket.socket) -> None:
        self.socket = channel
        self.deadline = math.inf

    def allow(self, seconds: float) -> None:
        """Set the deadline to this many seconds from now."""
        self.deadline = time.monotonic() + seconds

    def arm(self) -> None:
        """Give the socket's next operation the remaining time.

        :raises socket.timeout: if the deadline has passed.
        """
        if self.deadline == math.inf:
            self.socket.settimeout(None)
            return
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise socket.timeout("timed out")
        self.socket.settimeout(left)

    def sendall(self, data: Any) -> None:
        """Send bytes, piece by piece."""
        with memoryview(data) as view:
            for at in range(0, len(view), PIECE):
                self.arm()
                self.socket.sendall(view[at : at + PIECE])

    def makefile(self, _mode: str = "rb") -> io.BufferedReader:
        """Return a file of the received bytes; it keeps the socket open until it is closed."""
        return io.BufferedReader(_Reader(self.socket.makefile("rb", buffering=0), self.arm), PIECE)

    def fileno(self) -> int:
        """Return the socket's number."""
        return self.socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()


class _Reader(io.RawIOBase):
    """A socket's file, which checks the deadline before it waits."""

    def __init__(self, raw: Any, arm: Callable[[], None]) -> None:
        super().__init__()
        self._raw = raw
        self._arm = arm

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._arm()
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
