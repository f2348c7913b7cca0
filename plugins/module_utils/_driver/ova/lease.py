# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lease of an import or export: the time in which the server takes or gives the files of a domain.

A lease ends by itself when its client is silent for ``info.leaseTimeout`` seconds, however much data flows. A thread
tells the server how far the transfer is. However the ``with`` block is left, the lease is ended: by its
completion, or by an abort, after which the server removes what an import has made.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ansible_collections.virt.esx.plugins.module_utils._driver.connection import EsxConnection
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, Refused, TimedOut
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import fault_text, from_fault
from ansible_collections.virt.esx.plugins.module_utils._vi.properties import fetch_one
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import vim
from ansible_collections.virt.esx.plugins.module_utils._vi.watch import LEFT, Watch

# The seconds between two signs of life; a server that grants little time gets them more often.
_INTERVAL = 10.0
_PATHS = ("state", "error", "initializeProgress")
# Faults of servers that have no leases.
_UNKNOWN = ("NotSupported", "NotImplemented", "MethodNotFound", "InvalidRequest", "InvalidType")


class Lease:
    """A lease that is ready."""

    def __init__(self, connection: EsxConnection, ref: Any) -> None:
        self._connection = connection
        self._ref = ref
        self._percent = 0
        self._failure: EsxError | None = None
        self._ending = threading.Event()
        info = fetch_one(connection.session, ref, ["info"])["info"]
        self.entity: Any = info.entity
        self.urls: Sequence[Any] = tuple(info.deviceUrl or ())
        self.capacity = int(info.totalDiskCapacityInKB or 0) * 1024
        self._seconds = float(info.leaseTimeout or 300)
        self._thread = threading.Thread(target=self._keep_alive, name="virt.esx lease", daemon=True)

    def progress(self, done: int, total: int) -> None:
        """Say how many bytes of how many are transferred; the server hears it with the next sign of life.

        :raises EsxError: if the server has ended the lease.
        """
        self._percent = max(0, min(100, 100 * done // total)) if total else 0
        if self._failure is not None:
            raise self._failure

    def choose_checksums(self, keys: Sequence[str], algorithm: str) -> None:
        """Choose the checksums of ``manifest``, by the keys of the URLs; the server's default is SHA-1."""
        self._ref.HttpNfcLeaseSetManifestChecksumType([vim.KeyValue(key=key, value=algorithm) for key in keys])

    def manifest(self) -> dict[str, Any]:
        """Return what the server says of the files that were transferred, by the keys of the URLs."""
        return {str(one.key): one for one in self._ref.HttpNfcLeaseGetManifest() or ()}

    def start(self) -> None:
        """Begin with the signs of life."""
        self._thread.start()

    def stop(self) -> None:
        """End them."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()

    def complete(self) -> None:
        """Complete the lease: what was imported exists from now on.

        If the answer is lost, the server is asked how the lease has ended.
        """
        self.stop()
        self.progress(1, 1)
        try:
            self._ref.HttpNfcLeaseComplete()
        except EsxError as error:
            if not error.in_doubt or self.state() != "done":
                raise

    def state(self) -> str | None:
        """The lease's state as the server has it now, None if that cannot be known."""
        return _state(self._connection, self._ref)

    def error(self) -> str | None:
        """The reason for which the server has ended the lease."""
        with contextlib.suppress(EsxError):
            fault = fetch_one(self._connection.session, self._ref, ["error"])["error"]
            return None if fault is None else fault_text(fault)
        return None

    def _keep_alive(self) -> None:
        """A lost sign of life does not matter as long as another comes in time."""
        interval, heard = min(_INTERVAL, self._seconds / 4), time.monotonic()
        while self._failure is None and not self._ending.wait(interval):
            error = self._sign_of_life()
            if error is None:
                heard = time.monotonic()
            elif error.fault is not None or time.monotonic() - heard > self._seconds:
                self._failure = error

    def _sign_of_life(self) -> EsxError | None:
        try:
            self._ref.HttpNfcLeaseProgress(self._percent)
        except EsxError as error:
            return error
        return None


@contextlib.contextmanager
def open_lease(connection: EsxConnection, start: Callable[[], Any], action: str, remains: str) -> Iterator[Lease]:
    """Open a lease for the time of a ``with`` block; it is aborted unless the block completes it.

    :param start: makes the call and returns the reference to the lease.
    :param action: what is done, for messages: ``Importing domain 'web'``.
    :param remains: what is said of the state after an abort: ``Nothing of it is left on the host.``
    :raises Refused: if the server has no leases.
    :raises EsxError: if the server refuses it, with its reason.
    """
    ref = _start(start, action)
    try:
        _wait_until_ready(connection, ref, action)
        lease = Lease(connection, ref)
    except BaseException as error:
        _abort(connection, ref, error, remains)
        raise
    try:
        lease.start()
        yield lease
    except BaseException as error:
        lease.stop()
        reason = lease.error() if isinstance(error, EsxError) else None
        if reason is not None and isinstance(error, EsxError) and reason not in error.message:
            error.append(f"The server says: {reason}.")
        _abort(connection, ref, error, remains)
        raise
    finally:
        lease.stop()


def _start(start: Callable[[], Any], action: str) -> Any:
    try:
        return start()
    except EsxError as error:
        if error.fault in _UNKNOWN:
            raise Refused(
                f"{action}: the server has no leases for files ({error.fault}), so it cannot be done here."
            ) from None
        raise


def _wait_until_ready(connection: EsxConnection, ref: Any, action: str) -> None:
    """Wait for the state and for an error alike; a lease in error never becomes ready."""
    seen: dict[str, Any] = {}
    seconds = float(connection.session.options.timeout)
    deadline = time.monotonic() + seconds
    with Watch(connection.session, {"HttpNfcLease": _PATHS}, [ref]) as watch:
        while True:
            left = deadline - time.monotonic()
            seen.update((watch.next_changes(left) if left > 0 else watch.read()).get(ref, {}))
            if LEFT in seen:
                raise EsxError(f"{action} failed: the server has ended the lease.")
            state = str(seen.get("state"))
            if state == "ready":
                return
            if state in ("error", "done"):
                raise _failure(seen.get("error") or fetch_one(connection.session, ref, ["error"])["error"], action)
            if left <= 0:
                raise TimedOut(
                    f"{action}: the server has not made it ready within {seconds:.0f} seconds.",
                    hint="Raise the option timeout if the host needs longer.",
                )


def _failure(fault: Any, action: str) -> EsxError:
    return EsxError(f"{action} failed.") if fault is None else from_fault(fault, action)


def _state(connection: EsxConnection, ref: Any) -> str | None:
    with contextlib.suppress(EsxError):
        return str(fetch_one(connection.session, ref, ["state"])["state"])
    return None


def _abort(connection: EsxConnection, ref: Any, error: BaseException, remains: str) -> None:
    """Abort a lease, and append the state to the error; a lease that failed by itself has removed everything."""
    sentence = remains
    try:
        ref.HttpNfcLeaseAbort(None)
    except EsxError:
        state = _state(connection, ref)
        if state == "done":
            sentence = "It was completed nevertheless."
        elif state != "error":
            sentence = "The lease could not be aborted; the server ends it by itself some minutes from now."
    if isinstance(error, EsxError):
        if error.in_doubt:
            error.settle_doubt(sentence)
        else:
            error.append(sentence)
