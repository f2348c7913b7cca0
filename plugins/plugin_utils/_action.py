# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action in front of every module of the collection.

A module's own work takes some milliseconds; shipping it into a new Python process and importing there takes half a
second. So where a task runs on the controller anyway, this action carries the module's contract out in the
controller's process; anywhere else it hands over to the ordinary module. Arguments, results and errors are the same.

What the actions import is imported once a play, before the workers are forked: pyVmomi comes along with the modules,
and makes the types of the API that nearly every task needs.

Note that this plugin util is private to the collection: it can change at any time.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible import constants  # type: ignore[attr-defined,unused-ignore]  # (it makes its names when loaded)
from ansible.errors import AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract, failure, secrets
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.vmomi import preload
from ansible_collections.virt.esx.plugins.module_utils._vi.worker_sessions import keep_session

display = Display()

preload()


class EsxAction(ActionBase):
    """Runs a module's contract here where the task runs on the controller, else the module itself."""

    contract: Contract

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        if self._runs_on_controller(task_vars):
            with self._environment():
                answer = self._run_here(task_vars)
        else:
            variables = self._with_own_interpreter(task_vars)
            answer = self._execute_module(task_vars=variables, wrap_async=self._task.async_val)
        merged: dict[str, Any] = merge_hash(result, answer)
        return merged

    def _runs_on_controller(self, task_vars: Mapping[str, Any]) -> bool:
        """Whether the module would run on this machine, as this user, in this interpreter, and be waited for."""
        if self._task.async_val or self._play_context.become or self._connection.transport != "local":
            return False
        interpreter = str(self._templar.template(self._host_vars(task_vars).get("ansible_python_interpreter", "auto")))
        return interpreter.startswith("auto") or interpreter in (
            sys.executable,
            task_vars.get("ansible_playbook_python"),
        )

    def _host_vars(self, task_vars: Mapping[str, Any]) -> Mapping[str, Any]:
        """The variables of the host on which the task runs, which it may be delegated to."""
        if self._task.delegate_to:
            return task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        return task_vars

    def _with_own_interpreter(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The variables for a module, which runs in the controller's interpreter if it runs here and none is set.

        Ansible would choose a Python of the system, which seldom has the libraries that the controller's has.
        """
        if self._connection.transport != "local" or self._interpreter_is_set(task_vars):
            return task_vars
        own = {"ansible_python_interpreter": sys.executable}
        host = self._task.delegate_to
        if not host:
            return {**task_vars, **own}
        delegated = task_vars.get("ansible_delegated_vars", {})
        return {**task_vars, "ansible_delegated_vars": {**delegated, host: {**delegated.get(host, {}), **own}}}

    def _interpreter_is_set(self, task_vars: Mapping[str, Any]) -> bool:
        """Whether a variable or the configuration names an interpreter for the task's host."""
        if "ansible_python_interpreter" in self._host_vars(task_vars):
            return True
        return not str(constants.config.get_config_value("INTERPRETER_PYTHON", variables={})).startswith("auto")

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
        checked = ArgumentSpecValidator(**self.contract.validation()).validate(_plain(self._task.args))
        params = checked.validated_parameters
        hidden = checked._no_log_values | secrets(params, os.environ)
        warnings: list[str] = []
        if checked.error_messages:
            result = {"failed": True, "msg": _argument_error(self._task.action, checked.errors[0])}
        else:
            result = self._carry_out(params, warnings)
        if warnings:
            result["warnings"] = warnings
        if _shows_invocation(task_vars):
            result["invocation"] = {"module_args": params}
        censored: dict[str, Any] = remove_values(result, hidden)
        return censored

    def _carry_out(self, params: dict[str, Any], warnings: list[str]) -> dict[str, Any]:
        """The result of the contract, or the failure that it ended with."""
        invocation = Invocation(
            params=params,
            check_mode=self._task.check_mode,
            diff=self._task.diff,
            warn=warnings.append,
            progress=display.display,
            connect=keep_session,
        )
        try:
            return self.contract.run(invocation)
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
    return str(error)


def _plain(value: Any) -> Any:
    """A task's argument in plain Python types, as a module would get it through JSON (vaulted strings decrypted)."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)
