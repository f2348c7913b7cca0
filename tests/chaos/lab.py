# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab: a simulator with accessible files, the proxy in front of it, and a client that may be killed."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, failure
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session
from ansible_collections.virt.esx.plugins.module_utils._vi.worker_sessions import keep_session
from ansible_collections.virt.esx.tests.integration.vi.servers import make_certificate
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.build import build

USER, PASSWORD = "root", "S3cr3t-chaos-pw"

# The two ways of running: in a worker's process, whose session is kept for later items of a loop, and as a module.
WAYS: dict[str, Any] = {
    "action": partial(keep_session, tell=lambda text: print(text, file=sys.stderr)),
    "module": open_session,
}

# The client's option ``timeout`` in seconds, and how long a fault stalls an answer.
TIMEOUT = 1
STALL = 1.6

Result = dict[str, Any]
_fork = multiprocessing.get_context("fork")


class Lab:
    """A directory for everything, the proxy and its certificate; for the duration of a ``with`` block."""

    def __enter__(self) -> Lab:
        build()  # while the compiler's cache, below HOME, can be found
        self._stack = contextlib.ExitStack()
        self.directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        made = make_certificate(self.directory, "proxy", "DNS:localhost,IP:127.0.0.1")
        command = [sys.executable, "-m", "tests.chaos.proxy", str(made.certificate), str(made.key)]
        self._proxy = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        os.environ["HOME"] = str(self.directory)
        for name in [name for name in os.environ if name.startswith(("ESX_", "VMWARE_", "LIBVIRT_", "XDG_"))]:
            del os.environ[name]
        return self

    def __exit__(self, *_exc: object) -> None:
        self._proxy.kill()
        self._proxy.wait()
        self._stack.close()

    def proxy(self, **command: Any) -> Any:
        """Give the proxy a command."""
        assert self._proxy.stdin is not None
        assert self._proxy.stdout is not None
        self._proxy.stdin.write(json.dumps(command) + "\n")
        self._proxy.stdin.flush()
        return json.loads(self._proxy.stdout.readline())

    @contextlib.contextmanager
    def simulator(self, *flags: str) -> Iterator[Simulator]:
        """A simulator with plain HTTP, whose datastores are below ``directory/simulator``."""
        place = self.directory / "simulator"
        place.mkdir()
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = str(place)
        try:
            simulator = start_simulator("-tls=false", "-username", USER, "-password", PASSWORD, *flags)
        finally:
            os.environ.pop("TMPDIR")
            if before is not None:
                os.environ["TMPDIR"] = before
        try:
            with simulator:
                yield simulator
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def files(self) -> list[str]:
        """The files in the simulator's datastores, and empty directories, by their paths below the datastore."""
        place, found = self.directory / "simulator", []
        for directory, names, files in os.walk(place):
            inside = Path(directory).relative_to(place).parts[1:]
            found += ["/".join([*inside, name]) for name in files]
            found += ["/".join(inside) + "/"] if inside and not names and not files else []
        return sorted(name for name in found if name and not name.startswith("certificate"))

    def run(
        self,
        contract: Contract,
        arguments: Mapping[str, Any],
        *,
        way: str = "action",
        limit: float = 14.0,
        started: Callable[[int], None] = lambda _pid: None,
    ) -> Result:
        """Carry out a contract in its own process and return its result.

        :param started: called with the process' number before it begins.
        :returns: the module's result; ``hung`` and ``killed`` tell how the process ended, ``seconds`` how long it took.
        """
        ours, theirs = _fork.Pipe()
        errors = self.directory / f"client-{threading.get_ident()}.err"
        process = _fork.Process(target=_client, args=(contract, dict(arguments), way, theirs, errors))
        process.start()
        theirs.close()
        started(process.pid or 0)
        begun = time.monotonic()
        with contextlib.suppress(OSError):
            ours.send("go")
        result = _received(ours, limit)
        process.join(max(0.2, limit - (time.monotonic() - begun)))
        result["seconds"] = time.monotonic() - begun
        if process.is_alive():
            result["hung"] = True
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
        result["stderr"] = errors.read_text(errors="replace") if errors.exists() else ""
        ours.close()
        return result


def _received(pipe: Any, limit: float) -> Result:
    try:
        return dict(json.loads(pipe.recv())) if pipe.poll(limit) else {"hung": True}
    except EOFError:
        return {"killed": True}


def _client(contract: Contract, arguments: dict[str, Any], way: str, pipe: Any, errors: Path) -> None:
    """The client's process."""
    descriptor = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    warnings: list[str] = []
    checked = ArgumentSpecValidator(**contract.validation()).validate({"password": PASSWORD, **arguments})
    pipe.recv()
    try:
        if checked.error_messages:
            raise AssertionError(checked.error_messages)
        connect = WAYS[way]
        invocation = Invocation(checked.validated_parameters, False, True, warnings.append, connect=connect)
        result = contract.carry_out(invocation)
    except EsxError as error:
        result = {"failed": True, **failure(error)}
    except Exception:
        result = {"failed": True, "msg": "", "traceback": traceback.format_exc()}
    pipe.send(json.dumps({**result, "warnings": warnings}, default=str))
    pipe.close()
