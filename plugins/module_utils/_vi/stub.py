# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pyVmomi's stub on the collection's own connections: faults become the collection's errors, lost sessions are renewed.

So that every caller, whichever method it calls, gets the same treatment, it is done here and nowhere else.
"""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import from_fault, is_fault, is_not_authenticated
from ansible_collections.virt.esx.plugins.module_utils._vi.pool import Pool
from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import broke_off, is_dropped
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import SoapStubAdapter

# Methods that change nothing, by the beginning of their names.
_READS = ("Retrieve", "Find", "Query", "Fetch", "CheckForUpdates", "WaitForUpdates", "Validate")

# Methods whose arguments mean something in their own session only: the caller has to begin anew in the next one.
_BOUND = ("ContinueRetrievePropertiesEx", "WaitForUpdates", "WaitForUpdatesEx", "DestroyPropertyFilter")

_OF_THE_SESSION = ("Login", "Logout", "RetrieveServiceContent")


class SessionRenewed(ConnectionFailed):
    """The session had ended and there is a new one; what was bound to the old one has to be begun anew."""


class Stub(SoapStubAdapter):  # type: ignore[misc]
    """Makes the calls of one session.

    :param pool: the connections to the server.
    :param version: pyVmomi's name of the API version to speak.
    :param path: the path of the service.
    """

    def __init__(self, pool: Pool, version: str, path: str = "/sdk") -> None:
        super().__init__(host=pool.endpoint.host, port=pool.endpoint.port, path=path, version=version)
        self.pool_of_ours = pool
        self.renew: Callable[[str], bool] | None = None
        self.calls = 0

    def GetConnection(self) -> Any:  # noqa: N802  (pyVmomi's name, as the next ones)
        return self.pool_of_ours.take()

    def ReturnConnection(self, conn: Any) -> None:  # noqa: N802
        self.pool_of_ours.give_back(conn)

    def DropConnections(self) -> None:  # noqa: N802
        self.pool_of_ours.close()

    @property
    def session_cookie(self) -> str:
        """The session's cookie as ``name=value``, empty if there is none yet."""
        return str(self.cookie).split(";", 1)[0]

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803
        """Make a call; it is repeated once where the server certainly did not carry it out, or where it only reads.

        :raises EsxError: whatever went wrong.
        """
        return self._call(mo, info, args, outerStub, repetitions=1)

    def _call(self, mo: Any, info: Any, args: Any, outer: Any, repetitions: int) -> Any:
        name, cookie = info.wsdlName, self.session_cookie
        self.calls += 1
        try:
            return super().InvokeMethod(mo, info, args, outer)
        except EsxError:
            raise
        except Exception as error:
            if not repetitions or not self._may_repeat(name, error):
                raise self._explain(name, error) from None
            if not is_fault(error) or not self._renew(name, cookie):
                repetitions -= 1
        return self._call(mo, info, args, outer, repetitions)

    def _may_repeat(self, name: str, error: Exception) -> bool:
        if is_fault(error):
            return self.renew is not None and name not in _OF_THE_SESSION and is_not_authenticated(error)
        return is_dropped(error) and name.startswith(_READS)

    def _renew(self, name: str, ended: str) -> bool:
        """Renew the session; say whether the new one may have ended, too (another task's, from the cache)."""
        uncertain = self.renew is not None and self.renew(ended)
        if name in _BOUND:
            raise SessionRenewed(f"The session ended during {name}; there is a new one now.")
        return uncertain

    def _explain(self, name: str, error: Exception) -> EsxError:
        if is_fault(error):
            return from_fault(error, name)
        pool = self.pool_of_ours
        return broke_off(error, str(pool.endpoint), name, repeatable=name.startswith(_READS), timeout=pool.timeout)
