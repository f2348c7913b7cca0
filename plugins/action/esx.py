# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action in front of every module of the collection.

A module's own work takes some milliseconds; shipping it into a new Python process and importing there takes half a
second. So where a task runs on the controller anyway, this action carries the module's contract out in the
controller's process; anywhere else it hands over to the ordinary module. Arguments, results and errors are the same.

What is imported here is imported once a play, before the workers are forked: pyVmomi comes along with the modules.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.errors import UnsupportedError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.vars import merge_hash
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import (
    Contract,
    failure,
    secrets,
)
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError
from ansible_collections.virt.esx.plugins.module_utils._vi.keeper import session_keeper
from ansible_collections.virt.esx.plugins.module_utils._vi.session import open_session
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info

CONTRACTS = {
    "virt.esx.esx_domain": esx_domain.CONTRACT,
    "virt.esx.esx_domain_info": esx_domain_info.CONTRACT,
}

display = Display()


class ActionModule(ActionBase):
    """Runs a module's contract here where the task runs on the controller, else the module itself."""

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result."""
        task_vars = task_vars or {}
        result: dict[str, Any] = super().run(tmp, task_vars)
        name = self._task.resolved_action or self._task.action
        if self._runs_on_controller(task_vars):
            with self._environment():
                return merge_hash(result, self._run_here(name, CONTRACTS[name], task_vars))
        answer = self._execute_module(module_name=name, task_vars=task_vars, wrap_async=self._task.async_val)
        return merge_hash(result, answer)

    def _runs_on_controller(self, task_vars: Mapping[str, Any]) -> bool:
        """Whether the module would run on this machine, as this user, in this interpreter, and be waited for."""
        if self._task.async_val or self._play_context.become or self._connection.transport != "local":
            return False
        if self._task.delegate_to:
            task_vars = task_vars.get("ansible_delegated_vars", {}).get(self._task.delegate_to, {})
        interpreter = str(self._templar.template(task_vars.get("ansible_python_interpreter", "auto")))
        return interpreter.startswith("auto") or interpreter in (
            sys.executable,
            task_vars.get("ansible_playbook_python"),
        )

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

    def _run_here(self, name: str, contract: Contract, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Validate the arguments, carry the contract out, and censor secrets, all as ``AnsibleModule`` does."""
        checked = ArgumentSpecValidator(**contract.validation()).validate(_plain(self._task.args))
        params = checked.validated_parameters
        hidden = checked._no_log_values | secrets(params, os.environ)
        warnings: list[str] = []
        if checked.errors:
            result = {"failed": True, "msg": _argument_error(name, checked.errors[0])}
        else:
            invocation = Invocation(
                params=params,
                check_mode=self._task.check_mode,
                diff=self._task.diff,
                warn=warnings.append,
                progress=display.display,
                connect=session_keeper() if "ansible_loop_var" in task_vars else open_session,
            )
            try:
                result = contract.run(invocation)
            except EsxError as error:
                result = {"failed": True, **failure(error)}
        if warnings:
            result["warnings"] = warnings
        result["invocation"] = {"module_args": params}
        return remove_values(result, hidden)


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
