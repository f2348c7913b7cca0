# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of a module as the driver sees it: its arguments, and its channels for warnings and progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.virt.esx.plugins.module_utils._vi.options import ConnectionOptions
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session, open_session


class Connect(Protocol):
    """Opens a session with the server of a connection, for the duration of a ``with`` block."""

    def __call__(self, options: ConnectionOptions, *, warn: Callable[[str], None]) -> AbstractContextManager[Session]:
        """Return the session's context manager."""


def _silent(_line: str) -> None:
    """Drop the progress of a module that runs in its own process, where it cannot be shown."""


@dataclass(frozen=True)
class Invocation:
    """The call of a module.

    ``params`` are validated arguments. ``warn`` adds a warning to the result, ``progress`` shows one line on the
    controller's screen at once. ``connect`` opens sessions; it differs if sessions are kept for later items of a loop.
    """

    params: Mapping[str, Any]
    check_mode: bool
    diff: bool
    warn: Callable[[str], None]
    progress: Callable[[str], None] = _silent
    connect: Connect = open_session
