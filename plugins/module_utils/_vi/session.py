# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A session with one server: opened, used and always logged out, whatever happens in between.

A task without changes costs three calls beside its own: RetrieveServiceContent (asked in the oldest version, so that
no version has to be negotiated), Login and Logout; with a cached session it costs none.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ansible_collections.virt.esx.plugins.module_utils._errors import AuthFailed, CacheUnusable, EsxError, ParseError
from ansible_collections.virt.esx.plugins.module_utils._texts import is_moid
from ansible_collections.virt.esx.plugins.module_utils._vi.about import (
    About,
    best_version,
    newest_version,
    oldest_version,
    read_about,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.credentials import Credentials, find_credentials
from ansible_collections.virt.esx.plugins.module_utils._vi.interrupts import sigterm_raises
from ansible_collections.virt.esx.plugins.module_utils._vi.options import ConnectionOptions, Login
from ansible_collections.virt.esx.plugins.module_utils._vi.pool import Endpoint, Pool
from ansible_collections.virt.esx.plugins.module_utils._vi.stub import Stub
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import redact_user
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import make_ref, moid, require_vmomi, vim

if TYPE_CHECKING:
    from ansible_collections.virt.esx.plugins.module_utils._vi.session_cache import SessionCache

# How long the logout may take: the task's work is done, and an interrupted user does not want to wait.
_LOGOUT_TIMEOUT = 10.0

_LOCKDOWN = (
    "A host in lockdown mode lets only its exception users log in; otherwise connect through its vCenter (vpx://)."
)

# The members of a ServiceContent that are kept with a cached session, by the API's names.
_CONTENT = (
    "rootFolder",
    "propertyCollector",
    "sessionManager",
    "searchIndex",
    "fileManager",
    "virtualDiskManager",
    "licenseManager",
)

Warn = Callable[[str], None]

# A function that opens a session for a ``with`` block: ``open_session``, or the same with sessions that are kept.
Connect = Callable[..., contextlib.AbstractContextManager["Session"]]


class Server(NamedTuple):
    """A server that is to be logged in to.

    ``product`` is what it has to be (``esx``, ``gsx``, ``vpx``), ``names`` the names that the auth file may list it by.
    """

    host: str
    port: int
    product: str
    login: Login
    names: tuple[str, ...]


class Session:
    """A logged-in session.

    ``content`` is the server's ServiceContent, ``about`` what the server is, ``shared`` says whether other tasks use
    the same session at the same time, and ``closing`` takes what has to be closed with it. In ``host``, ``scope``,
    ``vcenter``, ``names`` and ``updates`` others keep what they have found, opened and left. ``names`` are those of
    a host's domains by reference, as the server spells them and they were last read, ``notes`` what earlier tasks have
    found in the same session; both have to be confirmed. There are no notes unless the session is cached.
    """

    def __init__(self, options: ConnectionOptions, server: Server, warn: Warn) -> None:
        self.options = options
        self.server = server
        self.warn = warn
        self.pool = Pool(_endpoint(options, server))
        self.stub = Stub(self.pool, oldest_version(), newest_version())
        self.closing = contextlib.ExitStack()
        self.shared = False
        self.content: Any = None
        self.host: Any = None
        self.scope: Any = None
        self.has_many_domains = False
        self.names: Mapping[Any, str] = {}
        self.is_licensed_to_write = False  # known from the first change on
        self.vcenter: Session | None = None
        self.updates: Any = None
        self.notes: dict[str, str] = {}
        self._new_notes: dict[str, str] = {}
        self.about: About
        self._logged_in = False
        self._credentials: Credentials | None = None
        self._cache: SessionCache | None = None
        self._renewing = threading.RLock()

    def has(self, *version: int) -> bool:
        """Say whether the server's API is at least of a version: ``session.has(4, 1)``."""
        return self.about.api >= version

    def ref(self, type_name: str, moid_: str) -> Any:
        """Return the reference to a managed object whose type and id are known; no call is made.

        :raises ParseError: for an id that none can be; pyVmomi would write it into its requests as it is.
        """
        if not is_moid(moid_):
            raise ParseError(f"'{moid_}' is not the id of a managed object.", where="moid")
        return make_ref(type_name, moid_, self.stub)

    def note(self, name: str, text: str) -> None:
        """Note something for later tasks that take up this session."""
        if self._cache is not None and self.notes.get(name) != text:
            self.notes[name] = self._new_notes[name] = text

    @property
    def cookie(self) -> str:
        """The session's cookie as ``name=value``, for requests beside SOAP; while it is renewed, this waits."""
        with self._renewing:
            return self.stub.session_cookie

    def open(self) -> None:
        """Log in, or take up the session that an earlier task has left.

        :raises EsxError: if the server cannot be reached, is not what it should be, or refuses the login.
        """
        login, auth_file = self.server.login, self.options.auth_file
        self._credentials = find_credentials(login, auth_file, self.server.names, self.warn)
        if self.options.session_cache:
            self._open_cached(self._credentials.password)
        else:
            self._retrieve_content()
            self._log_in()
        self.stub.renew = self.renew

    def renew(self, ended: str) -> bool:
        """Get a valid session in place of one that has ended; say whether that one may have ended, too.

        The old one is logged out, in case that it had not ended although the server said so.

        :param ended: the cookie of the session that has ended.
        """
        with self._renewing:
            if self.cookie != ended:
                return True  # another thread has renewed it
            if self._cache is None:
                self._log_out_quietly()
                self.stub.cookie = ""
                self._log_in()
                return False
            try:
                with self._cache.lock(self._lock_seconds):
                    return self._renew_cached(self._cache)
            except CacheUnusable as error:
                self._forsake_cache(error)
                self.stub.cookie = ""
                self._log_in()
                return False

    def _renew_cached(self, cache: SessionCache) -> bool:
        stored = cache.load()
        if stored is not None and stored["cookie"] != self.cookie:
            self._restore(stored)  # another task has renewed it
            return True
        self.stub.cookie = ""
        self._retrieve_content()
        self._log_in()
        self._store(cache)
        return False

    def close(self) -> None:
        """Log out, unless later tasks are to use the session, and close all connections."""
        try:
            self.closing.close()
        finally:
            self.stub.renew = None
            if self._logged_in and not self.shared:
                self._log_out()
            if self._cache is not None and self._new_notes:
                self._cache.add_notes(self._new_notes)
            self.pool.close()

    def forget(self) -> None:
        """Treat the session as ended: its server was shut down, so there is nothing to log out from."""
        self._logged_in = False

    def _retrieve_content(self) -> None:
        """Ask what the server is, before it gets to know any credentials."""
        instance = make_ref("ServiceInstance", "ServiceInstance", self.stub)
        content = instance.RetrieveContent()
        self.about = read_about(content.about, expected=self.server.product, server=str(self.pool.endpoint))
        self.content = content
        self.stub.ComputeVersionInfo(best_version(self.about))

    def _log_in(self) -> None:
        """One attempt: hosts lock accounts after a few."""
        if self._credentials is None:
            return
        user = self._credentials.username_for(self.about)
        try:
            self.content.sessionManager.Login(user, self._credentials.password, None)
        except AuthFailed as error:
            message = f"{error.message.rstrip('.')}: user '{redact_user(user)}' on {self.pool.endpoint}."
            raise AuthFailed(message, hint=error.hint, fault=error.fault) from None
        except EsxError as error:
            if error.fault is None and self.cookie:
                self._log_out_quietly()  # the answer was lost, and there may be a session
            elif error.fault == "NoPermission":
                error.hint = _LOCKDOWN
            raise
        self._logged_in = True

    def _log_out(self) -> None:
        self.pool.timeout = min(self.pool.timeout, _LOGOUT_TIMEOUT)
        try:
            self.content.sessionManager.Logout()
        except EsxError as error:
            if error.fault != "NotAuthenticated":  # then it had ended by itself
                self.warn(f"The session on {self.pool.endpoint} could not be closed. {error}")

    def _log_out_quietly(self) -> None:
        """Log out of a session that has probably ended."""
        with contextlib.suppress(EsxError):
            self.content.sessionManager.Logout()

    def _open_cached(self, password: str) -> None:
        """Take up the stored session, or leave a new one to later tasks; without a usable cache it ends with this."""
        from ansible_collections.virt.esx.plugins.module_utils._vi.session_cache import SessionCache, cache_directory

        self.shared = True
        try:
            self._cache = cache = SessionCache(cache_directory(os.environ), self._identity(), password)
            with cache.lock(self._lock_seconds):
                stored = cache.load()
                if stored is not None:
                    self._restore(stored)
                    self.notes = cache.load_notes()
                else:
                    self._retrieve_content()
                    self._log_in()
                    self._store(cache)
        except CacheUnusable as error:
            self._forsake_cache(error)
            self._retrieve_content()
            self._log_in()

    def _forsake_cache(self, error: EsxError) -> None:
        self._cache, self.shared = None, False
        self.warn(f"The session on {self.pool.endpoint} is not kept for later tasks. {error}")

    def _store(self, cache: SessionCache) -> None:
        try:
            cache.store(self._to_store())
        except CacheUnusable as error:
            self._forsake_cache(error)

    @property
    def _lock_seconds(self) -> float:
        """How long to wait for the cache: as long as another task may need for its login."""
        return float(self.options.timeout)

    def _to_store(self) -> dict[str, Any]:
        refs = {name: getattr(self.content, name) for name in _CONTENT}
        return {
            "cookie": self.cookie,
            "about": self.about._asdict(),
            "content": {name: moid(ref) for name, ref in refs.items() if ref is not None},
        }

    def _restore(self, stored: dict[str, Any]) -> None:
        self.about = About(**stored["about"])
        self.content = vim.ServiceInstanceContent()
        for name, moid_ in stored["content"].items():
            kind = self.content._GetPropertyInfo(name).type
            setattr(self.content, name, kind(moid_, self.stub))
        self.stub.ComputeVersionInfo(best_version(self.about))
        self.stub.cookie = stored["cookie"]

    def _identity(self) -> str:
        endpoint = self.pool.endpoint
        user = "" if self._credentials is None else self._credentials.username
        checks = (endpoint.no_verify, endpoint.ca_path, endpoint.thumbprints, endpoint.proxy)
        return repr((endpoint.transport, endpoint.host, endpoint.port, self.server.product, user, checks))


@contextlib.contextmanager
def open_session(options: ConnectionOptions, *, warn: Warn = lambda _text: None) -> Iterator[Session]:
    """Open a session with the server of the URI for the time of the ``with`` block.

    :param options: what ``options.resolve`` made of the options.
    :param warn: called with each warning, a sentence for the user.
    :raises EsxError: if there is no session to be had.
    """
    require_vmomi()
    for text in options.warnings:
        warn(text)
    with sigterm_raises(), open_server(options, uri_server(options), warn) as session:
        yield session


def uri_server(options: ConnectionOptions) -> Server:
    """Return the server that the URI of the options names."""
    uri = options.uri
    return Server(uri.host, uri.port, uri.scheme, options.login, (uri.host,))


@contextlib.contextmanager
def open_server(options: ConnectionOptions, server: Server, warn: Warn) -> Iterator[Session]:
    """Open a session with a server that is not necessarily the one of the URI, with the URI's settings."""
    session = Session(options, server, warn)
    try:
        session.open()
        yield session
    finally:
        session.close()


def _endpoint(options: ConnectionOptions, server: Server) -> Endpoint:
    return Endpoint(
        host=server.host,
        port=server.port,
        transport=options.uri.transport,
        proxy=options.uri.proxy,
        no_verify=options.uri.no_verify,
        ca_path=options.ca_path,
        thumbprints=options.thumbprints,
        timeout=float(options.timeout),
        proxy_password=options.proxy_password,
    )
