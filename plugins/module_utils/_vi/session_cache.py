# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that outlive a task: their cookie, never a password, in a file that only its owner can read.

One file for each server, user and way to check the server, in a directory of mode 0700. Tasks that run at the same
time take turns at reading and writing it, so that they log in once; using the session needs no turn.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

FORMAT = 1


def cache_directory(environment: Mapping[str, str]) -> Path:
    """Return the directory of the session files, below the user's cache directory."""
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "virt.esx" / "sessions"


class SessionCache:
    """The stored session of one server and user.

    :param directory: where session files are.
    :param identity: whatever makes a session another one: server, user, way to check the server. No secret.
    """

    def __init__(self, directory: Path, identity: str) -> None:
        self._directory = directory
        self._path = directory / (hashlib.sha256(identity.encode()).hexdigest()[:40] + ".json")

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other tasks from reading and writing the file for the time of the ``with`` block.

        :raises EsxError: if the directory cannot be used, or others can write to it.
        """
        self._make_directory()
        with self._open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def load(self) -> dict[str, Any] | None:
        """Return what was stored, or None; a file that is damaged or not ours alone counts as none."""
        try:
            with self._open(self._path, os.O_RDONLY) as file:
                state = os.fstat(file.fileno())
                if state.st_uid != os.geteuid() or state.st_mode & 0o077:
                    return None
                stored = json.load(file)
        except (OSError, ValueError):
            return None
        return stored if isinstance(stored, dict) and stored.get("format") == FORMAT else None

    def store(self, session: Mapping[str, Any]) -> None:
        """Write a session's data, in place of what is there."""
        new = self._path.with_suffix(f".{os.getpid()}")
        with self._open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) as file:
            json.dump({"format": FORMAT, **session}, file)
        new.replace(self._path)

    def _make_directory(self) -> None:
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            state = self._directory.stat()
            if state.st_uid == os.geteuid() and state.st_mode & 0o077:
                self._directory.chmod(0o700)
        except OSError as error:
            raise EsxError(f"The session cache {self._directory} cannot be used: {error.strerror}.") from None
        if state.st_uid != os.geteuid():
            raise EsxError(f"The session cache {self._directory} belongs to another user.")

    @staticmethod
    def _open(path: Path, flags: int) -> Any:
        """An open file that, if it is new, only its owner can read, whatever the umask; links are not followed."""
        descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        return os.fdopen(descriptor, "r" if flags & os.O_ACCMODE == os.O_RDONLY else "w", encoding="utf-8")
