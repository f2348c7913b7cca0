# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start and stop the simulator from tests.

>>> with start_simulator("-domains", "3") as simulator:  # doctest: +SKIP
...     connect(simulator.uri(no_verify=1))

The program is ``$ESX_SIMULATOR`` if that is set, else it is built from ``tests/simulator`` when its sources are newer.
It ends with the process that has started it.
"""

from __future__ import annotations

import functools
import http.client
import json
import os
import ssl
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

from .build import build


class SimulatorError(Exception):
    """The simulator has not started, or its control endpoint has refused a request."""


@dataclass
class Simulator:
    """A running simulator.

    :param url: where it is, ``https://127.0.0.1:PORT``.
    :param port: its TCP port.
    :param certificate: file with its self-signed certificate (PEM); None for plain HTTP.
    :param hosts: URLs of the endpoints of a vCenter's hosts, by the hosts' names.
    """

    url: str
    port: int
    certificate: str | None
    hosts: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    directory: tempfile.TemporaryDirectory[str] | None = None
    control_connection: http.client.HTTPConnection | None = field(default=None, repr=False)
    control_lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def uri(self, scheme: str = "esx", *, user: str = "", path: str = "", host: str = "", **parameters: object) -> str:
        """The server's URI, as libvirt has it.

        :param host: the name of a host of a vCenter with host endpoints, or an address to use instead of 127.0.0.1.
        :param path: for ``vpx``: ``DC0/DC0_H0``.
        """
        address = urlsplit(self.hosts.get(host, self.url))
        name = host if host and host not in self.hosts else address.hostname
        if address.scheme != "https":  # the transport of libvirt's schemes
            parameters = {"transport": address.scheme, **parameters}
        login = f"{user}@" if user else ""
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"{scheme}://{login}{name}:{address.port}/{path}{query}"

    def control(self, method: str, resource: str, body: object | None = None) -> Any:
        """Call the control endpoint: ``control("POST", "faults", {...})``; returns what it answers, decoded."""
        with self.control_lock:
            if self.control_connection is None:
                self.control_connection = self._connect()
            try:
                content = None if body is None else json.dumps(body)
                self.control_connection.request(method, f"/_simulator/{resource}", content)
                answer = self.control_connection.getresponse()
                text = answer.read().decode()
            except BaseException:
                self.control_connection.close()  # the next request opens it again
                raise
        if answer.status != 200:
            raise SimulatorError(f"{method} {resource}: {text.strip()}")
        return json.loads(text)

    def _connect(self) -> http.client.HTTPConnection:
        """The connection to the control endpoint, which is kept."""
        address = urlsplit(self.url)
        if self.certificate:
            context = ssl.create_default_context(cafile=self.certificate)
            return http.client.HTTPSConnection(address.netloc, timeout=30, context=context)
        return http.client.HTTPConnection(address.netloc, timeout=30)

    def inject(self, **rule: object) -> None:
        """Make calls fail: ``inject(method="PowerOnVM_Task", fault="InvalidState", count=1)``."""
        self.control("POST", "faults", rule)

    def clear_faults(self, *, after: int = 0) -> None:
        """Forget all rules of :meth:`inject`, in so many milliseconds; what they delay goes on."""
        self.control("DELETE", f"faults?after={after}")

    def activity(self) -> dict[str, int]:
        """The number of ``calls`` and ``tasks`` under way, and how many of them are ``delayed`` by a rule."""
        activity: dict[str, int] = self.control("GET", "activity")
        return activity

    def trace(self, *, reset: bool = False) -> list[dict[str, Any]]:
        """The calls so far, oldest first; with ``reset`` they are forgotten."""
        calls: list[dict[str, Any]] = self.control("DELETE" if reset else "GET", "trace")
        return calls

    def methods(self, *, reset: bool = False) -> list[str]:
        """The names of the methods called so far."""
        return [call["method"] for call in self.trace(reset=reset)]

    def sessions(self) -> list[dict[str, Any]]:
        """The open sessions."""
        sessions: list[dict[str, Any]] = self.control("GET", "sessions")
        return sessions

    def expire_sessions(self) -> int:
        """End all sessions, as an idle timeout would; returns how many there were."""
        return int(self.control("DELETE", "sessions")["expired"])

    def domains(self) -> dict[str, dict[str, Any]]:
        """The domains as the simulator knows them, by name."""
        return {domain["name"]: domain for domain in self.control("GET", "domains")}

    def change_from_outside(self, domain: str, **act: object) -> Any:
        """Change a domain from outside: ``set={...}``, ``vmx="..."``, ``task="ResetVM_Task"``, ``question="moved"``."""
        return self.control("POST", "domain", {"domain": domain, **act})

    def change_datastore(self, datastore: str, **act: object) -> None:
        """Change a datastore: ``free=0``, ``accessible=False``, ``maintenance="..."``, ``lock="dir/x"`` ..."""
        self.control("POST", "datastore", {"datastore": datastore, **act})

    def add_disk(self, path: str) -> None:
        """Another host makes a disk of 1 GiB, unless it is there: ``"[local-storage] web/web.vmdk"``."""
        datastore, _bracket, name = path.removeprefix("[").partition("] ")
        self.change_datastore(datastore, disk=name)

    def add_file(self, path: str) -> None:
        """Another host makes an empty file, unless it is there: ``"[local-storage] iso/a.iso"``."""
        datastore, _bracket, name = path.removeprefix("[").partition("] ")
        self.change_datastore(datastore, file=name)

    def take_privileges(self, user: str, *missing: str) -> None:
        """From now on the user lacks exactly these privileges: ``"Datastore.Browse"`` ..."""
        self.control("POST", "privileges", {"user": user, "missing": missing})

    def change_host(self, host: str = "", **act: object) -> None:
        """Change a host: ``connection="notResponding"``, ``vmotion=False``, ``memory_mb=2048``, ``uuid="..."`` ..."""
        self.control("POST", "host", {"host": host, **act})

    def stop(self) -> None:
        """End the simulator; a second time does nothing."""
        if self.control_connection is not None:
            self.control_connection.close()
        if self.process is not None:
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.close()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()
            self.process = None
        if self.directory is not None:
            self.directory.cleanup()
            self.directory = None

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def program() -> Path:
    """The simulator's program, built where needed."""
    given = os.environ.get("ESX_SIMULATOR")
    return Path(given) if given else _built()


@functools.lru_cache(maxsize=1)
def _built() -> Path:
    """Our own, which is looked at once a process: it has some hundred sources."""
    return build()


def start_simulator(*flags: str) -> Simulator:
    """Start a simulator with these flags of its command line, on a free port unless they say otherwise.

    :raises SimulatorError: it does not start, with what it says.
    """
    directory = tempfile.TemporaryDirectory(prefix="simulated-")
    certificate = Path(directory.name) / "certificate.pem"
    process = subprocess.Popen(
        [str(program()), "-with-parent", "-certificate-file", str(certificate), *flags],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        process.wait()
        directory.cleanup()
        raise SimulatorError(f"the simulator does not start with {' '.join(flags)}")
    ready = json.loads(line)
    return Simulator(
        url=ready["url"],
        port=ready["port"],
        certificate=str(certificate) if certificate.exists() else None,
        hosts=ready.get("hosts", {}),
        process=process,
        directory=directory,
    )
