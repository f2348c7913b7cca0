# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that all tasks need are made with the imports of the action, which the workers of a play share."""

from __future__ import annotations

import subprocess
import sys

from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER

# Imports the action, as a playbook's process does, and carries a task out, as a worker does.
PROGRAM = """
import importlib, re, sys
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.action.esx_domain import CONTRACT
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from pyVmomi import VmomiSupport

late = []

def told(module, name):
    function = getattr(module, name)

    def call(what, *more):
        late.append(f"{name} {what}")
        return function(what, *more)

    setattr(module, name, call)

given = {"uri": sys.argv[1], "password": sys.argv[2], "name": "domain-1", "state": "running"}
params = ArgumentSpecValidator(**CONTRACT.validation()).validate(given).validated_parameters
before = set(sys.modules)
told(importlib.import_module("re._compiler" if sys.version_info >= (3, 11) else "sre_compile"), "compile")
told(VmomiSupport, "LoadManagedType")
told(VmomiSupport, "LoadDataType")
assert CONTRACT.run(Invocation(params, False, False, print))["changed"] is False
print(*late, *(f"import {name}" for name in set(sys.modules) - before), sep="\\n")
"""


def test_a_worker_neither_imports_nor_compiles_nor_makes_types() -> None:
    with start_host("-domains", "2") as host:
        command = [sys.executable, "-c", PROGRAM, host.uri(user=USER, no_verify=1), PASSWORD]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    late = done.stdout.split("\n")
    assert [line for line in late if line] == []
