# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions that outlive a task: their cookie, never a password, in a file that only its owner can read.

One file for each server, user and way to check the server, in a directory of mode 0700. Tasks that run at the same
time take turns at reading and writing it, so that they log in once; using the session needs no turn.

A file is taken up if it is exactly one that was stored by whoever has the same password: it carries a code that is
made of its content with a key that is derived from the password, slowly and with a salt. Anything else is no session:
a damaged file, a file of another version, a link, a FIFO, or a session that was opened with another password.
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

from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError

FORMAT = 2

# A stored session has some 700 bytes.
_LONGEST = 64 * 1024

# Makes guessing a password from its file slow, and a task a few milliseconds longer.
_ITERATIONS = 20_000

# The seconds between two attempts to get a lock that another task has.
_PAUSE = 0.05

_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def cache_directory(environment: Mapping[str, str]) -> Path:
    """Return the directory of the session files, below the user's cache directory.

    As XDG's rules have it, a ``XDG_CACHE_HOME`` that is not absolute is ignored.
    """
    base = environment.get("XDG_CACHE_HOME") or ""
    home = Path(base) if base.startswith("/") else Path(environment.get("HOME") or Path.home()) / ".cache"
    return home / "virt.esx" / "sessions"


class CacheUnusable(EsxError):
    """The directory or the file of the cache cannot be used; a session without it can be opened."""

    def __init__(self, path: object, reason: object) -> None:
        super().__init__(f"The session cache {path} cannot be used: {reason}.")


class SessionCache:
    """The stored session of one server and user.

    :param directory: where session files are.
    :param identity: whatever makes a session another one: server, user, way to check the server. No secret.
    :param password: the password that the session was or will be opened with.
    """

    def __init__(self, directory: Path, identity: str, password: str) -> None:
        self._directory = directory
        self._name = hashlib.sha256(identity.encode()).hexdigest()[:40]
        self._password = password

    @contextlib.contextmanager
    def lock(self, seconds: float) -> Iterator[None]:
        """Keep other tasks from reading and writing the file for the time of the ``with`` block.

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
        """Return what was stored with the same password, or None."""
        try:
            with self._inside() as directory:
                descriptor = os.open(f"{self._name}.json", os.O_RDONLY | _FLAGS, dir_fd=directory)
                with os.fdopen(descriptor, "rb") as file:
                    state = os.fstat(file.fileno())
                    private = state.st_uid == os.geteuid() and not state.st_mode & 0o077
                    if not stat.S_ISREG(state.st_mode) or not private or state.st_size > _LONGEST:
                        return None
                    stored = json.loads(file.read(_LONGEST).decode("utf-8"))
        except (OSError, ValueError, RecursionError, CacheUnusable):
            return None
        return self._authentic(stored)

    def store(self, session: Mapping[str, Any]) -> None:
        """Write a session's data, in place of what is there; only while the lock is held.

        :raises CacheUnusable: if it cannot be written.
        """
        salt = os.urandom(16).hex()
        content = {"format": FORMAT, "session": dict(session), "salt": salt}
        text = json.dumps({**content, "code": self._code(content, salt)}).encode()
        with self._inside() as directory:
            try:
                _replace(directory, f"{self._name}.new", f"{self._name}.json", text)
            except OSError as error:
                raise CacheUnusable(self._directory, error.strerror) from None

    def _authentic(self, stored: Any) -> dict[str, Any] | None:
        """The session of a file's content, if it is what ``store`` has written with the same password."""
        if not isinstance(stored, dict) or set(stored) != {"format", "session", "salt", "code"}:
            return None
        code, salt, session = stored.pop("code"), stored["salt"], stored["session"]
        if stored["format"] != FORMAT or not isinstance(session, dict):
            return None
        if not isinstance(code, str) or not isinstance(salt, str) or not code.isascii():
            return None
        return session if hmac.compare_digest(code, self._code(stored, salt)) else None

    def _code(self, content: Mapping[str, Any], salt: str) -> str:
        secret = self._password.encode("utf-8", "surrogatepass")
        key = hashlib.pbkdf2_hmac("sha256", secret, salt.encode(), _ITERATIONS)
        return hmac.new(key, json.dumps(content, sort_keys=True).encode(), "sha256").hexdigest()

    @contextlib.contextmanager
    def _inside(self) -> Iterator[int]:
        """The directory's descriptor, for the time of the block."""
        try:
            directory = self._open_directory()
        except OSError as error:
            raise CacheUnusable(self._directory, error.strerror) from None
        try:
            yield directory
        finally:
            os.close(directory)

    def _open_directory(self) -> int:
        """The directory and the one above it are made where they are missing; both have to be the user's own."""
        self._directory.parent.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        above = _own_directory(self._directory.parent, None)
        try:
            return _own_directory(self._directory, above)
        finally:
            os.close(above)


def _own_directory(path: Path, above: int | None) -> int:
    """Open a directory that belongs to the user and to which nobody else can write; links are not followed.

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
    """Write a file under a name of its own, then give it its name."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new, dir_fd=directory)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600, dir_fd=directory)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    os.replace(new, name, src_dir_fd=directory, dst_dir_fd=directory)


def _open_regular(name: str, flags: int, directory: int) -> int:
    """Open a file; a link, a FIFO or the like that has its name is replaced, as it is none of ours."""
    for _attempt in range(2):
        try:
            descriptor = os.open(name, flags | _FLAGS, 0o600, dir_fd=directory)
        except OSError:
            if not stat.S_ISLNK(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode):
                raise
        else:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return descriptor
            os.close(descriptor)
        os.unlink(name, dir_fd=directory)
    raise FileExistsError(f"{name} is not a regular file")


def _locked(descriptor: int, seconds: float) -> bool:
    """Get the lock within that time, or say that another task has it."""
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
