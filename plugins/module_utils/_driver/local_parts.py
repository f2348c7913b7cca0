# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Temporary files on the machine where a module runs, each of which only one task writes at a time.

They have the same name each time, so that the next task finds what a killed one has left. A lock, which a task loses
when it is killed, keeps another one from writing to them, as several hosts of a play may that have one ``dest``.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Callable, Iterator
from typing import BinaryIO

from ansible_collections.virt.esx.plugins.module_utils._driver.local_files import written
from ansible_collections.virt.esx.plugins.module_utils._errors import Refused


@contextlib.contextmanager
def own_file(path: pathlib.Path, waiting: Callable[[], None] | None = None) -> Iterator[BinaryIO]:
    """Open a file as it is, or a new one, for the time of a ``with`` block in which no other task has it.

    :param waiting: called before another task is waited for; None to refuse the file if one has it.
    :raises Refused: if another task has it.
    :raises EsxError: if it cannot be written.
    """
    while True:
        with written(str(path)):
            file = open(path, "r+b", opener=_opened_or_new)  # noqa: SIM115  (closed below)
        try:
            _lock(file.fileno(), path, waiting)
            if _is_at(file.fileno(), path):
                yield file
                return
        finally:
            file.close()


@contextlib.contextmanager
def own_directory(path: pathlib.Path) -> Iterator[None]:
    """Make a directory, unless it is there, for the time of a ``with`` block in which no other task has it.

    A file of its name is deleted.

    :raises Refused: if another task has it.
    :raises EsxError: if it cannot be made.
    """
    while True:
        with written(str(path)):
            if not path.is_dir():
                path.unlink(missing_ok=True)
            path.mkdir(exist_ok=True)
            file = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(file, path, None)
            if _is_at(file, path):
                yield
                return
        finally:
            os.close(file)


def _opened_or_new(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o666)


def _lock(file: int, path: pathlib.Path, waiting: Callable[[], None] | None) -> None:
    """Lock a file; on file systems without locks it is not."""
    with contextlib.suppress(OSError):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting is None:
                raise Refused(
                    f"Another task writes '{path}' at the same time.",
                    hint="Give each task a dest of its own, or run the task again when the other one has ended.",
                ) from None
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)


def _is_at(file: int, path: pathlib.Path) -> bool:
    """Whether a path still is that of a file; not if the task that had it has renamed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
