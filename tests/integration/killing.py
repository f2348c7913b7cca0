# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killing a process that runs a module while it waits for the answer to a call."""

from __future__ import annotations

import functools
import importlib
import multiprocessing.context
import time
from collections.abc import Callable
from typing import Any

from ansible.module_utils.testing import patch_module_args
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator

_PLUGINS = "ansible_collections.virt.esx.plugins"
_MODULES = ("esx_clone", "esx_domain", "esx_migrate", "esx_ova", "esx_volume")
_LIMIT = 30  # seconds in which a module gets to a call, and a server ends its work
_LATER = 450  # milliseconds from the kill until the server carries out a call that is not to be waited for


def run_and_kill(host: Simulator, module: str, at: tuple[str, int], *, settled: bool = True, **arguments: Any) -> None:
    """Run a module in its own process, and kill it at a call, which the server carries out nevertheless.

    :param at: the method of the API or of HTTP, and the number of its calls that succeed first.
    :param settled: return when the server has ended its work; else it carries out the call half a second later.
    """
    given = {"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD, **arguments}
    method, number = at
    host.inject(method=method, skip=number, count=1, delay=_LIMIT * 1000)
    process = _context().Process(target=_run, args=(module, given), daemon=True)
    process.start()

    def is_held() -> bool:
        assert process.exitcode is None, "the module ended before it could be killed"
        return host.activity()["delayed"] == 1

    _wait_until(is_held)
    process.kill()
    process.join()
    assert process.exitcode is not None
    assert process.exitcode < 0
    host.clear_faults(after=0 if settled else _LATER)
    if settled:
        _wait_until(lambda: not any(host.activity().values()))


@functools.lru_cache(maxsize=1)
def _context() -> multiprocessing.context.ForkServerContext:
    """Processes that are forks of one that has imported the modules; the tests' own has threads."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, f"{_PLUGINS}.plugin_utils._action", *map(_path_of, _MODULES)])
    return context


def _path_of(module: str) -> str:
    return f"{_PLUGINS}.modules.{module}"


def _run(module: str, arguments: dict[str, Any]) -> None:
    """Become the module."""
    with patch_module_args(arguments):
        importlib.import_module(_path_of(module)).main()


def _wait_until(condition: Callable[[], bool]) -> None:
    """Ask again and again, until it is so."""
    end = time.monotonic() + _LIMIT
    while not condition():
        assert time.monotonic() < end, f"it is not so after {_LIMIT} s"
        time.sleep(0.01)
