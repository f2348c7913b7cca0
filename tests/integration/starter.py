# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's commands, run in forks of a process that has imported Ansible and the collection already.

Of the processor time of a short playbook six sevenths are imports, and the tests run some thousand playbooks.
Each command still has a process of its own, with its own environment, and runs Ansible's own ``main``.

Run as a program, this file is that process: it reads a request on each line of its input, a JSON object with the
fields of :class:`Request`, and answers with the command's exit status on a line of its output.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import importlib
import json
import multiprocessing
import os
import pathlib
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence

NAME = "ansible_collections.virt.esx"
PLUGINS = pathlib.Path(__file__).parents[2] / "plugins"
PLUGIN_KINDS = ("callback", "connection", "inventory", "shell", "strategy", "vars")
TOOLS = ("adhoc", "inventory", "playbook", "vault")  # of the package ansible.cli


@dataclasses.dataclass(frozen=True)
class Request:
    """A command: its tool, its arguments, its whole environment, its working directory, and files for its output."""

    tool: str
    arguments: Sequence[str]
    environment: Mapping[str, str]
    place: str
    stdout: str
    stderr: str


class Starter:
    """A process that runs Ansible's commands, one after the other.

    :param environment: its environment. Ansible reads its settings from it once, when it is imported: a command that
        needs other settings needs another starter.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],  # by its path, so that Ansible's own loader imports the collection
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            text=True,
        )

    def run(self, request: Request, limit: float) -> int:
        """Run a command; return its exit status.

        :param limit: seconds after which the command and its starter are ended.
        :raises RuntimeError: if the command took longer.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        timer = threading.Timer(limit, self.end)
        timer.start()
        try:
            self._process.stdin.write(json.dumps(dataclasses.asdict(request)) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        finally:
            timer.cancel()
        if not answer:
            raise RuntimeError(f"{request.tool} {' '.join(request.arguments)} was not done after {limit} s")
        return int(answer)

    def end(self) -> None:
        """End the process and what it runs."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def main() -> None:
    """Carry out the requests until the input ends."""
    for tool in TOOLS:
        importlib.import_module(f"ansible.cli.{tool}")
    _import_all()
    gc.freeze()  # what is imported stays shared with the forks: a collection there would write to each object
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _carry_out(Request(**json.loads(line)))
        ended = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(ended[1]), flush=True)


def _import_all() -> None:
    """Import what playbooks may use: Ansible's own plugins, and the collection, which its loader compiles each time."""
    loader = importlib.import_module("ansible.plugins.loader")
    loader.init_plugin_loader()
    warnings.filterwarnings("ignore", "AnsibleCollectionFinder has already been configured")  # by the next command
    for kind in PLUGIN_KINDS:
        list(getattr(loader, f"{kind}_loader").all(class_only=True))
    for path in sorted((PLUGINS / "module_utils").rglob("*.py")):
        importlib.import_module(".".join((NAME, *path.relative_to(PLUGINS.parent).with_suffix("").parts)))


def _carry_out(request: Request) -> None:
    """Become the command, and end."""
    status: object = 1
    try:
        os.environ.clear()
        os.environ.update(request.environment)
        os.chdir(request.place)
        _redirect(request)
        sys.argv = [f"ansible-{request.tool}", *request.arguments]
        importlib.import_module(f"ansible.cli.{request.tool}").main(sys.argv)
    except SystemExit as end:
        status = end.code
    finally:
        for worker in multiprocessing.active_children():
            worker.join()  # as Python does where it ends by itself: a worker may still have to log out
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 0 if status is None else 1)


def _redirect(request: Request) -> None:
    """Take nothing as input, and write the output streams into the request's files."""
    for descriptor, path in ((0, os.devnull), (1, request.stdout), (2, request.stderr)):
        opened = os.open(path, os.O_RDONLY if descriptor == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)


if __name__ == "__main__":
    del sys.path[0]  # the directory of this file, which no command of Ansible would look into
    main()
