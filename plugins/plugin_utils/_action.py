# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action in front of every module of the collection.

A module's own work takes a few milliseconds; transferring it to a new Python process and importing there takes half a
second. So if a task runs on the controller anyway, this action carries out the module's contract in the controller's
process; otherwise it hands over to the ordinary module. Arguments, results and errors are the same.

The actions' imports are done once per play, before the workers are forked: they load pyVmomi with the modules, create
the types of the API that nearly every task needs, and prepare OpenSSL.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from ansible import constants  # type: ignore[attr-defined,unused-ignore]  # (it makes its names when loaded)
from ansible.errors import AnsibleError
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible_collections.virt.esx.plugins.module_utils._driver import step_errors
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import (
    Contract,
    censored,
    censored_warning,
    failure,
    secrets,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._peers import translated
from ansible_collections.virt.esx.plugins.module_utils._vi import (
    about,
    auth_file,
    host_context,
    licence,
    proxy,
    results,
    session_cache,
    task,
    tls,
    transport_errors,
    vcenter,
)
from ansible_collections.virt.esx.plugins.module_utils._vi.worker_sessions import keep_session
from ansible_collections.virt.esx.plugins.module_utils._vmx import secrets as secrets_of_texts
from ansible_collections.virt.esx.plugins.plugin_utils._interpreter import host_variables, with_own_interpreter

display = Display()

# Modules import these only when needed, as a module's process compiles all that it imports; here once a play is enough.
IMPORTED_EARLY = (
    auth_file,
    host_context,
    licence,
    proxy,
    secrets_of_texts,
    session_cache,
    step_errors,
    task,
    transport_errors,
    vcenter,
)

about.preload()
results.preload()
tls.preload()


class EsxAction(ActionBase):
    """Runs a module's contract here where the task runs on the controller, else the module itself."""

    contract: Contract
    # The options that name files on the controller, which are looked for as those of ansible.builtin.copy are;
    # "disks.image" is the key of each entry of a list.
    files: tuple[str, ...] = ()

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        self._find_files()
        if self._runs_on_controller(task_vars):
            with self._environment():
                answer = self._run_here(task_vars)
        else:
            if self._connection.transport == "local":
                task_vars = with_own_interpreter(task_vars, self._task.delegate_to)
            answer = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
        merged: dict[str, Any] = merge_hash(result, answer)
        return merged

    def _runs_on_controller(self, task_vars: Mapping[str, Any]) -> bool:
        """Whether the module would run on this machine, as this user, in this interpreter, and be waited for."""
        if self._task.async_val or self._play_context.become or self._connection.transport != "local":
            return False
        interpreter = str(
            self._templar.template(
                host_variables(task_vars, self._task.delegate_to).get("ansible_python_interpreter", "auto")
            )
        )
        return interpreter.startswith("auto") or interpreter in (
            sys.executable,
            task_vars.get("ansible_playbook_python"),
        )

    def _find_files(self) -> None:
        """Make the paths of files absolute that are beside the playbook or in a role, if the task runs here."""
        for option in self.files if self._connection.transport == "local" else ():
            name, _dot, key = option.partition(".")
            holders = self._task.args.get(name) if key else [self._task.args]
            for holder in holders if isinstance(holders, list) else ():
                self._find_file(holder, key or name)

    def _find_file(self, holder: Any, key: str) -> None:
        path = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(path, str) and path and not pathlib.Path(path).is_absolute():
            with contextlib.suppress(AnsibleError):
                holder[key] = self._find_needle("files", path)

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """The task's ``environment``, for the time of the block."""
        wanted: dict[str, Any] = {}
        self._compute_environment_string(wanted)
        before = {name: os.environ.get(name) for name in wanted}
        os.environ.update({name: str(value) for name, value in wanted.items()})
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def _run_here(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Validate the arguments, carry the contract out, and censor secrets, all as ``AnsibleModule`` does."""
        checked = self.contract.validator.validate(_plain(self._task.args))
        params = checked.validated_parameters
        hidden = checked._no_log_values | secrets(params, os.environ)
        warnings = [
            f"Both option {twice['option']} and its alias {twice['alias']} are set." for twice in checked._warnings
        ]
        if checked.error_messages:
            result = {"failed": True, "msg": _argument_error(self._task.action, checked.errors[0])}
        else:
            result = self._carry_out(params, warnings)
        shown: dict[str, Any] = remove_values(result, hidden)
        names = censored(result, shown)
        if names:
            warnings.append(censored_warning(names))
        more: dict[str, Any] = {"warnings": warnings} if warnings else {}
        if _shows_invocation(task_vars):
            more["invocation"] = {"module_args": params}
        return {**shown, **remove_values(more, hidden)}

    def _carry_out(self, params: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
        """The result of the contract, or the failure that it ended with."""
        invocation = Invocation(
            params=params,
            check_mode=self._task.check_mode,
            diff=self._task.diff,
            warn=warnings.append,
            progress=display.display,
            connect=partial(keep_session, tell=display.warning),
        )
        try:
            return self.contract.carry_out(invocation)
        except EsxError as error:
            return {"failed": True, **failure(error)}


def _shows_invocation(task_vars: Mapping[str, Any]) -> bool:
    """Whether results have the arguments in them: a setting since ansible-core 2.21, always before."""
    try:
        return bool(constants.config.get_config_value("INJECT_INVOCATION", variables=task_vars))
    except AnsibleError:
        return True


def _argument_error(name: str, error: Exception) -> str:
    """The words of ``AnsibleModule`` for arguments that do not fit the spec."""
    if isinstance(error, UnsupportedError):
        return f"Unsupported parameters for ({name}) module: {error.msg}"
    return translated(str(error))


def _plain(value: Any) -> Any:
    """A task's argument in plain Python types, as a module would get it through JSON (vaulted strings decrypted)."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)
