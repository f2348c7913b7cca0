# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python interpreter in which a module runs that the controller hands over to itself.

Note that this plugin util is private to the collection: it can change at any time.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ansible import constants  # type: ignore[attr-defined,unused-ignore]  # (it makes its names when loaded)

VARIABLE = "ansible_python_interpreter"
DELEGATED = "ansible_delegated_vars"


def host_variables(task_vars: Mapping[str, Any], delegate_to: str | None) -> Mapping[str, Any]:
    """The variables of the host on which a task runs, which it may be delegated to."""
    if delegate_to:
        delegated: Mapping[str, Any] = task_vars.get(DELEGATED, {}).get(delegate_to, {})
        return delegated
    return task_vars


def with_own_interpreter(task_vars: dict[str, Any], delegate_to: str | None) -> dict[str, Any]:
    """The variables for a module on a local connection: with this interpreter, if they and ansible.cfg name none.

    Ansible would choose a Python of the system, which rarely has the libraries that the controller's Python has.
    """
    present = host_variables(task_vars, delegate_to)
    configured = str(constants.config.get_config_value("INTERPRETER_PYTHON", variables={}))
    if VARIABLE in present or not configured.startswith("auto"):
        return task_vars
    completed = {**present, VARIABLE: sys.executable}
    if not delegate_to:
        return completed
    return {**task_vars, DELEGATED: {**task_vars.get(DELEGATED, {}), delegate_to: completed}}
