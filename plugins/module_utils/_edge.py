# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge between Ansible and the driver: what a module is, told once for both ways in which it runs.

A module states its :class:`Contract`: the arguments it takes and the function that does its work. ``run_as_module``
carries it out as an ordinary module; the action plugin ``esx`` carries the same contract out in the controller's
process. Errors become results here and nowhere else.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils import basic
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, MissingLibrary
from ansible_collections.virt.esx.plugins.module_utils._vi.options import OPTION_ENVIRONMENT
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import redact

Result = dict[str, Any]


@dataclass(frozen=True)
class Contract:
    """A module: its argument spec in Ansible's own form, and ``run``, which returns the module's result."""

    argument_spec: Mapping[str, Any]
    run: Callable[[Invocation], Result]
    mutually_exclusive: Sequence[Sequence[str]] = ()
    required_one_of: Sequence[Sequence[str]] = ()
    required_together: Sequence[Sequence[str]] = ()
    required_if: Sequence[Sequence[Any]] = ()
    required_by: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def validation(self) -> dict[str, Any]:
        """What Ansible validates arguments by: the keyword arguments of its ``ArgumentSpecValidator``."""
        return {
            "argument_spec": dict(self.argument_spec),
            "mutually_exclusive": [list(names) for names in self.mutually_exclusive],
            "required_one_of": [list(names) for names in self.required_one_of],
            "required_together": [list(names) for names in self.required_together],
            "required_if": [list(rule) for rule in self.required_if],
            "required_by": {name: list(names) for name, names in self.required_by.items()},
        }

    def check_arguments(self) -> None:
        """Only check the arguments of a task: the ``main`` that ansible-lint finds in an action, and calls."""
        basic.AnsibleModule(supports_check_mode=True, **self.validation()).exit_json()


def failure(error: EsxError) -> Result:
    """The result of a task that ``error`` ended: ``msg``, and where known ``fault``, ``hint`` and details."""
    message = basic.missing_required_lib(error.library) if isinstance(error, MissingLibrary) else error.message
    result: Result = {**error.details, "msg": message}
    if error.fault is not None:
        result["fault"] = {"type": error.fault}
    if error.hint is not None:
        result["hint"] = error.hint
    return result


# <graphics type='vnc' passwd='...'/>, RemoteDisplay.vnc.password = "..."
_VNC_PASSWORD = re.compile(r"""\b(?:passwd|RemoteDisplay\.vnc\.password)\s*=\s*(["'])(.+?)\1""", re.IGNORECASE)


def secrets(params: Mapping[str, Any], environment: Mapping[str, str]) -> set[str]:
    """What no result may contain, beyond the options that the argument spec marks.

    These are the passwords of the environment, a URI into which somebody wrote a password, and the VNC passwords of
    descriptions.
    """
    variables = [name for option in ("password", "vcenter_password") for name in OPTION_ENVIRONMENT[option]]
    found = {environment[name] for name in variables if environment.get(name)}
    uris = [str(params[option]) for option in ("uri", "dest_uri") if params.get(option)]
    descriptions = [str(params[option]) for option in ("xml", "vmx") if params.get(option)]
    written = {match[2] for text in descriptions for match in _VNC_PASSWORD.finditer(text)}
    return found | {uri for uri in uris if redact(uri) != uri} | written


def run_as_module(contract: Contract) -> None:
    """Carry out a contract as an ordinary module, in a process of its own, and exit with its result."""
    module = basic.AnsibleModule(supports_check_mode=True, **contract.validation())
    module.no_log_values.update(secrets(module.params, os.environ))
    invocation = Invocation(module.params, module.check_mode, module._diff, module.warn)
    try:
        result, leave = contract.run(invocation), module.exit_json
    except EsxError as error:
        result, leave = failure(error), module.fail_json
    leave(**result)  # here, since Ansible adds a traceback to what is said while an error is handled
