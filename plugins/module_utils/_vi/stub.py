# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""pyVmomi's stub on the collection's own connections: faults become the collection's errors, lost sessions are renewed.

So that every caller, whichever method it calls, gets the same treatment, it is done here and nowhere else.
"""

from __future__ import annotations

import http.client
import re
from typing import Any, Callable

from ansible_collections.virt.esx.plugins.module_utils._errors import ConnectionFailed, EsxError, ServerFault
from ansible_collections.virt.esx.plugins.module_utils._vi.answers import (
    NotAnAnswer,
    UnknownFault,
    Unreadable,
    read_answer,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.exchange import Answer, exchange
from ansible_collections.virt.esx.plugins.module_utils._vi.faults import from_fault, is_fault, is_not_authenticated
from ansible_collections.virt.esx.plugins.module_utils._vi.pool import Pool
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import SoapStubAdapter, type_name, vmodl

# Methods that change nothing, by the beginning of their names.
_READS = ("Retrieve", "Find", "Query", "Fetch", "CheckForUpdates", "WaitForUpdates", "ContinueRetrieve", "Validate")

# Methods whose arguments mean something in their own session only: the caller has to begin again in the next one.
_BOUND = ("ContinueRetrievePropertiesEx", "WaitForUpdates", "WaitForUpdatesEx", "DestroyPropertyFilter")

# Methods after which no doubt matters: they leave nothing on the host but an entry of the session.
_HARMLESS = (
    *_READS,
    "Login",
    "Logout",
    "CreateFilter",
    "CreatePropertyCollector",
    "DestroyProperty",
    "CancelWait",
    "Check",
)

_OF_THE_SESSION = ("Login", "Logout", "RetrieveServiceContent")

_COOKIE = "vmware_soap_session="  # others are a proxy's

# The longest answers: of what reads many objects, and of everything else.
_LONGEST_READ = 128 << 20
_LONGEST = 16 << 20

# The faults of a server that does not speak the version of the request.
_VERSION_FAULTS = ("InvalidRequest", "VersionNotSupported", "VersionMismatch")

# The element at the end of a part of a request.
_LAST_TAG = re.compile(rb"<(\w+)[^<>]*>[^<>]*\Z")
# Characters that no XML document can have, in UTF-8.
_NOT_XML = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")


RUN_AGAIN = "Run the task again. Something ends sessions on the server, or it was restarted."


class _BadStatus(Exception):
    """An HTTP status that neither an answer nor a fault has."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


# Whatever may be wrong with an exchange and its answer; anything else is a defect of the collection.
_FAULTS = () if vmodl is None else (vmodl.MethodFault,)
_FAILURES = (OSError, http.client.HTTPException, _BadStatus, NotAnAnswer, UnknownFault, *_FAULTS)


class BeginAgain(ConnectionFailed):
    """A call whose arguments mean something only once was lost: what it belongs to has to be begun again."""


class SessionRenewed(BeginAgain):
    """The session had ended and there is a new one; what was bound to the old one has to be begun again."""


class Stub(SoapStubAdapter):  # type: ignore[misc]
    """Makes the calls of one session.

    :param pool: the connections to the server.
    :param version: pyVmomi's name of the API version to speak.
    :param newest: the newest that pyVmomi knows, in which an answer is asked for again that cannot be understood.
    """

    def __init__(self, pool: Pool, version: str, newest: str) -> None:
        super().__init__(host=pool.endpoint.host, port=pool.endpoint.port, path="/sdk", version=version)
        self.pool_of_ours = pool
        self.newest = newest
        self.cookie: str
        self.version: str
        self.versionId: str
        self.renew: Callable[[str], bool] | None = None
        self.calls = 0

    @property
    def session_cookie(self) -> str:
        """The session's cookie as ``name=value``, empty if there is none yet."""
        return str(self.cookie).split(";", 1)[0]

    def InvokeMethod(self, mo: Any, info: Any, args: Any, outerStub: Any = None) -> Any:  # noqa: N802, N803, ARG002
        """Make a call; it is repeated once where the server certainly did not carry it out, or where it only reads.

        :raises EsxError: whatever went wrong.
        """
        return self._call(mo, info, args, repetitions=1)

    def _call(self, mo: Any, info: Any, args: Any, repetitions: int) -> Any:
        name, cookie = info.wsdlName, self.session_cookie
        try:
            return self._ask(mo, info, args)
        except _FAILURES as error:
            if not repetitions or not self._may_repeat(name, error):
                raise self._explain(name, error) from None
            if is_not_authenticated(error):
                repetitions -= 0 if self._renew(name, cookie) else 1
            elif isinstance(error, NotAnAnswer):
                return self._ask_in_newest(mo, info, args, error)
            else:
                repetitions -= 1
        return self._call(mo, info, args, repetitions)

    def _ask_in_newest(self, mo: Any, info: Any, args: Any, before: Exception) -> Any:
        """Ask once in the newest version that pyVmomi knows, after an answer that it cannot read."""
        spoken = self.version, self.versionId
        self.ComputeVersionInfo(self.newest)
        try:
            return self._ask(mo, info, args)
        except _FAILURES:
            raise self._explain(info.wsdlName, before) from None
        finally:
            self.version, self.versionId = spoken

    def _ask(self, mo: Any, info: Any, args: Any) -> Any:
        """One exchange; its result is returned, its fault raised."""
        headers = {
            "Cookie": self.cookie,
            "SOAPAction": self.versionId,
            "Content-Type": "text/xml; charset=UTF-8",
            "Accept-Encoding": "gzip",
        }
        name = info.wsdlName
        self.calls += 1
        limit = _LONGEST_READ if name.startswith(_READS) else _LONGEST
        request = self._request(mo, info, args)
        answer = exchange(self.pool_of_ours, "POST", self.path, headers=headers, body=request, limit=limit)
        if answer.status not in (200, 500) or (answer.status == 500 and answer.is_page):
            raise _BadStatus(answer)
        if answer.is_page:
            raise NotAnAnswer("it is an HTML page")
        result = read_answer(answer.body, info, self)
        cookies = answer.headers.get_all("Set-Cookie") or ()
        self.cookie = next((one for one in cookies if one.startswith(_COOKIE)), self.cookie or "".join(cookies[:1]))
        if is_fault(result):
            raise result
        return result

    def _may_repeat(self, name: str, error: Exception) -> bool:
        if is_not_authenticated(error):
            return self.renew is not None and name not in _OF_THE_SESSION
        if is_fault(error) or isinstance(error, UnknownFault):
            return self._speaks_another_version(error)
        if isinstance(error, NotAnAnswer):
            return isinstance(error, Unreadable) and name.startswith(_READS) and self.version != self.newest
        from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import is_dropped

        return is_dropped(error) and name.startswith(_READS) and name not in _BOUND

    def _speaks_another_version(self, error: Any) -> bool:
        """Whether a fault says that the server does not speak the version; then the newest is spoken from now on."""
        unknown = isinstance(error, UnknownFault)
        name, text = (error.name, error.text) if unknown else (type_name(error), str(error.msg or ""))
        if name not in _VERSION_FAULTS or "version" not in text.lower() or self.version == self.newest:
            return False
        self.ComputeVersionInfo(self.newest)
        return True

    def _renew(self, name: str, ended: str) -> bool:
        """Renew the session; say whether the new one may have ended, too (another task's, from the cache)."""
        uncertain = self.renew is not None and self.renew(ended)
        if name in _BOUND:
            raise SessionRenewed(f"The session ended during {name}; there is a new one now.", hint=RUN_AGAIN)
        return uncertain

    def _explain(self, name: str, error: Exception) -> EsxError:
        from ansible_collections.virt.esx.plugins.module_utils._vi.transport_errors import (
            bad_status,
            broke_off,
            is_dropped,
            no_answer,
        )

        server, repeatable = str(self.pool_of_ours.endpoint), name.startswith(_HARMLESS)
        if is_fault(error):
            return from_fault(error, name)
        if isinstance(error, UnknownFault):
            about = f"{error.text} ({error.name})" if error.text and error.name else error.text or error.name
            return ServerFault(f"{name} failed: {about or 'the server says no more'}.", fault=error.name or None)
        if isinstance(error, _BadStatus):
            answer = error.answer
            return bad_status(server, name, answer.status, answer.reason, repeatable=repeatable)
        if isinstance(error, NotAnAnswer):
            return no_answer(server, name, str(error), repeatable=repeatable)
        explained = broke_off(error, server, name, repeatable=repeatable, timeout=self.pool_of_ours.timeout)
        return BeginAgain(explained.message, hint=explained.hint) if name in _BOUND and is_dropped(error) else explained

    def _request(self, mo: Any, info: Any, args: Any) -> bytes:
        try:
            request = bytes(self.SerializeRequest(mo, info, args))
        except (TypeError, ValueError) as error:
            reason = "a value is not valid Unicode" if isinstance(error, UnicodeError) else str(error)
            raise EsxError(f"{info.wsdlName} was not called: {reason}.") from None
        wrong = _NOT_XML.search(request)
        if wrong is not None:
            inside = _LAST_TAG.search(request[: wrong.start()])  # not the value itself, which may be secret
            place = "" if inside is None else f" ({inside[1].decode()})"
            raise EsxError(f"{info.wsdlName} was not called: a value has a character that XML cannot have{place}.")
        # Only values have carriage returns; unless they are escaped, a reader of XML makes line feeds of them.
        return request.replace(b"\r", b"&#13;")
