# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that outlive a task: the cookie, never a password, in a file that only its owner can read.

One file for each server, user and way to check the server, in a directory of mode 0700. Tasks that run at the same
time take turns at reading and writing it, so that they log in once; using the session needs no turn.

A file is only used if it was stored with the same password: it carries an authentication code of its content, whose key
is made of the password and cut to 16 bits. So one of 65,536 passwords would do, and a copy of the files cannot tell
which of all these is the right one. Anything else is ignored: a damaged file, a file of another version, a link, a
FIFO, or a session that was opened with another password.

Beside it is a file of notes: what tasks found, for later ones to confirm in the read that they make anyway.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import hmac
import json
import os
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._errors import CacheUnusable
from ansible_collections.virt.esx.plugins.module_utils._texts import is_moid

# Raised with each change of what is stored, so that files of other versions are ignored.
FORMAT = 5

# The maximum size; a stored session has about 700 bytes.
_LONGEST = 64 * 1024

# How many notes are kept, the newest ones, and the seconds that a task waits to write its own.
_MOST_NOTES = 200
_PATIENCE = 1.0

# How much of the password's digest is used. A longer key would let a copy of the file confirm a guess; a slow one would
# cost each task more than a login does. There is no salt: with one of its own, the file of each further host that has
# the same password would tell 16 bits more, and those of four or five hosts all of it.
_KEY_BYTES = 2
_PURPOSE = b"virt.esx session"

# The seconds between two attempts to get a lock that another task has.
_PAUSE = 0.05

_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def cache_directory(environment: Mapping[str, str]) -> Path:
    """Return the directory of the session files, below the user's cache directory.

    As XDG specifies, a relative ``XDG_CACHE_HOME`` is ignored.

    :raises CacheUnusable: if the user has no home directory, as the users of some containers.
    """
    base = environment.get("XDG_CACHE_HOME") or ""
    try:
        home = Path(base) if base.startswith("/") else Path(environment.get("HOME") or Path.home()) / ".cache"
    except (RuntimeError, KeyError):  # KeyError up to Python 3.9
        raise CacheUnusable("below ~/.cache", "the user has no home directory") from None
    return home / "virt.esx" / "sessions"


class SessionCache:
    """The stored session of one server and user.

    :param directory: where session files are.
    :param identity: what distinguishes sessions: server, user, and how the server is checked. Not secret.
    :param password: the password that the session was or will be opened with.
    """

    def __init__(self, directory: Path, identity: str, password: str) -> None:
        self._directory = directory
        self._name = hashlib.sha256(identity.encode()).hexdigest()[:40]
        self._password = password

    @contextlib.contextmanager
    def lock(self, seconds: float) -> Iterator[None]:
        """Keep other tasks from reading and writing the file for the duration of the ``with`` block.

        :param seconds: how long to wait for them.
        :raises CacheUnusable: if the directory cannot be used or is another user's, or a task keeps the lock.
        """
        with self._inside() as directory:
            try:
                lock = _open_regular(f"{self._name}.lock", os.O_RDWR | os.O_CREAT, directory)
            except OSError as error:
                raise CacheUnusable(self._directory, error.strerror) from None
        try:
            if not _locked(lock, seconds):
                raise CacheUnusable(self._directory, "another task has locked it for too long")
            yield
        finally:
            os.close(lock)

    def load(self) -> dict[str, Any] | None:
        """Return the data that were stored with the same password, or None."""
        return self._authentic(self._read("json"))

    def store(self, session: Mapping[str, Any]) -> None:
        """Write a session's data, replacing the stored ones; only while the lock is held.

        :raises CacheUnusable: if it cannot be written.
        """
        content = {"format": FORMAT, "session": dict(session)}
        text = json.dumps({**content, "code": self._code(content)}).encode()
        with self._inside() as directory:
            try:
                _replace(directory, f"{self._name}.new", f"{self._name}.json", text)
            except OSError as error:
                raise CacheUnusable(self._directory, error.strerror) from None

    def load_notes(self) -> dict[str, str]:
        """Return the notes of earlier tasks. They may be old, or anything else: whoever uses one has to confirm it."""
        notes = self._read("notes")
        return notes if isinstance(notes, dict) and all(not note or is_moid(note) for note in notes.values()) else {}

    def add_notes(self, notes: Mapping[str, str]) -> None:
        """Add notes for later tasks; without them these make a call more, so a failure is ignored."""
        with contextlib.suppress(CacheUnusable, OSError), self.lock(_PATIENCE):
            kept = {name: note for name, note in self.load_notes().items() if name not in notes}
            newest = dict([*kept.items(), *notes.items()][-_MOST_NOTES:])
            with self._inside() as directory:
                _replace(directory, f"{self._name}.new", f"{self._name}.notes", json.dumps(newest).encode())

    def _read(self, suffix: str) -> Any:
        """The content of one of the files; None if it is not there, not private, or damaged."""
        try:
            with self._inside() as directory:
                descriptor = os.open(f"{self._name}.{suffix}", os.O_RDONLY | _FLAGS, dir_fd=directory)
                with os.fdopen(descriptor, "rb") as file:
                    state = os.fstat(file.fileno())
                    private = state.st_uid == os.geteuid() and not state.st_mode & 0o077
                    if not stat.S_ISREG(state.st_mode) or not private or state.st_size > _LONGEST:
                        return None
                    return json.loads(file.read(_LONGEST).decode("utf-8"))
        except (OSError, ValueError, RecursionError, CacheUnusable):
            return None

    def _authentic(self, stored: Any) -> dict[str, Any] | None:
        """The session in a file's content, if ``store`` wrote it with the same password."""
        if not isinstance(stored, dict) or set(stored) != {"format", "session", "code"}:
            return None
        code, session = stored.pop("code"), stored["session"]
        if stored["format"] != FORMAT or not isinstance(session, dict):
            return None
        if not isinstance(code, str) or not code.isascii():
            return None
        return session if hmac.compare_digest(code, self._code(stored)) else None

    def _code(self, content: Mapping[str, Any]) -> str:
        secret = self._password.encode("utf-8", "surrogatepass")
        key = hmac.digest(_PURPOSE, secret, "sha256")[:_KEY_BYTES]
        return hmac.new(key, json.dumps(content, sort_keys=True).encode(), "sha256").hexdigest()

    @contextlib.contextmanager
    def _inside(self) -> Iterator[int]:
        """The directory's descriptor, for the duration of the block."""
        try:
            directory = self._open_directory()
        except OSError as error:
            raise CacheUnusable(self._directory, error.strerror) from None
        try:
            yield directory
        finally:
            os.close(directory)

    def _open_directory(self) -> int:
        """Open the directory; it and its parent are made if they are missing, and both must belong to the user."""
        self._directory.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        above = _own_directory(self._directory.parent, None)
        try:
            return _own_directory(self._directory, above)
        finally:
            os.close(above)


def _own_directory(path: Path, above: int | None) -> int:
    """Open a directory that belongs to the user and that no other user can write to; links are not followed.

    :param above: the descriptor of the directory that it is in, or None for its whole path.
    """
    name = str(path) if above is None else path.name
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | _FLAGS, dir_fd=above)
    except NotADirectoryError:
        raise CacheUnusable(path, "it is not a directory of its own") from None
    state = os.fstat(descriptor)
    if state.st_uid != os.geteuid():
        os.close(descriptor)
        raise CacheUnusable(path, "it belongs to another user")
    if state.st_mode & 0o077:
        os.fchmod(descriptor, 0o700)
    return descriptor


def _replace(directory: int, new: str, name: str, content: bytes) -> None:
    """Write a file under a temporary name, then rename it."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new, dir_fd=directory)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600, dir_fd=directory)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(new, name, src_dir_fd=directory, dst_dir_fd=directory)


def _open_regular(name: str, flags: int, directory: int) -> int:
    """Open a file; a link, a FIFO, a socket or the like in its place is replaced, as it was not stored here."""
    for _attempt in range(2):
        try:
            descriptor = os.open(name, flags | _FLAGS, 0o600, dir_fd=directory)
        except OSError:
            mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
            if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                raise
        else:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return descriptor
            os.close(descriptor)
        os.unlink(name, dir_fd=directory)
    raise FileExistsError(f"{name} is not a regular file")


def _locked(descriptor: int, seconds: float) -> bool:
    """Get the lock in time, or raise an error that another task has it."""
    end = time.monotonic() + seconds
    while not _lock_now(descriptor):
        if time.monotonic() >= end:
            return False
        time.sleep(_PAUSE)
    return True


def _lock_now(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
