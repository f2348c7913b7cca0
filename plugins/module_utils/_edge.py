# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge between Ansible and the driver: a module's contract, stated once for both ways of running it.

A module states its :class:`Contract`: the arguments it takes and the function that does its work. ``run_as_module``
carries it out as an ordinary module; the action plugin ``esx`` carries the same contract out in the controller's
process. Errors become results only here.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.parameters import remove_values
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge_texts import check_texts
from ansible_collections.virt.esx.plugins.module_utils._errors import EsxError, MissingLibrary
from ansible_collections.virt.esx.plugins.module_utils._vi.options import OPTION_ENVIRONMENT
from ansible_collections.virt.esx.plugins.module_utils._vi.uri import passwords_in

Result = dict[str, Any]


class _Module(basic.AnsibleModule):  # type: ignore[misc]
    """An ordinary module, which answers as the action does, and translates words of other collections."""

    def add_path_info(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Leave a result with the name of a file as it is: Ansible would add the file's owner and mode."""
        return kwargs

    def fail_json(self, msg: str, **details: Any) -> NoReturn:
        """Exit with a failure."""
        from ansible_collections.virt.esx.plugins.module_utils._peers import translated

        super().fail_json(translated(msg), **details)
        raise AssertionError


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
        """The keyword arguments of Ansible's ``ArgumentSpecValidator``."""
        return {
            "argument_spec": dict(self.argument_spec),
            "mutually_exclusive": [list(names) for names in self.mutually_exclusive],
            "required_one_of": [list(names) for names in self.required_one_of],
            "required_together": [list(names) for names in self.required_together],
            "required_if": [list(rule) for rule in self.required_if],
            "required_by": {name: list(names) for name, names in self.required_by.items()},
        }

    def carry_out(self, invocation: Invocation) -> Result:
        """Do the module's work and return its result.

        :raises EsxError: if it fails, or an argument has a text that no server takes.
        """
        check_texts(self.argument_spec, invocation.params)
        return self.run(invocation)

    @functools.cached_property
    def validator(self) -> ArgumentSpecValidator:
        """Ansible's validator of the arguments, made once for all items of a loop."""
        return ArgumentSpecValidator(**self.validation())

    def check_arguments(self) -> None:
        """Only check the arguments of a task: ansible-lint calls it as the ``main`` of an action."""
        _Module(supports_check_mode=True, **self.validation()).exit_json()


def failure(error: EsxError) -> Result:
    """The result of a task that ``error`` ended: ``msg`` and, if known, ``fault``, ``hint`` and details."""
    message = error.message
    if isinstance(error, MissingLibrary):
        message = f"{basic.missing_required_lib(error.library)} {error.message}"
    result: Result = {**error.details, "msg": message}
    if error.fault is not None:
        result["fault"] = {"type": error.fault}
    if error.hint is not None:
        result["hint"] = error.hint
    return result


def secrets(params: Mapping[str, Any], environment: Mapping[str, str]) -> set[str]:
    """The texts that no result may contain, in addition to the options that the argument spec marks.

    These are the passwords of the environment, names and addresses of servers into which a password was written, and
    the VNC passwords and keys of descriptions.
    """
    variables = [name for option in _PASSWORDS for name in OPTION_ENVIRONMENT[option]]
    found = {environment[name] for name in variables if environment.get(name)}
    for option in _ADDRESSES:
        found |= passwords_in(str(params.get(option) or ""))
    for option in _USERS:
        user, colon, password = str(params.get(option) or "").partition(":")
        found |= {f"{user}:{password}", password} if colon and password else set()
    texts = [str(params[option]) for option in ("xml", "vmx") if params.get(option)]
    if texts:
        from ansible_collections.virt.esx.plugins.module_utils._vmx.secrets import secrets_in

        found = found.union(*map(secrets_in, texts))
    return found


_PASSWORDS = ("password", "vcenter_password", "proxy_password")

# The options that may contain a password by mistake: URIs, addresses and users.
_ADDRESSES = ("uri", "dest_uri", "hostname", "dest_host", "proxy_host")
_USERS = ("username", "vcenter_username", "dest_username")


def censored(result: Mapping[str, Any], shown: Mapping[str, Any]) -> list[str]:
    """The names of the values of a result that contain a secret, which is shown as asterisks there.

    This happens only if a password is also a word in a domain's description, which then has gaps.

    :param shown: what ``remove_values`` made of the result.
    """
    told = ("msg", "hint", "warnings", "invocation")
    return [name for name, value in result.items() if name not in told and shown[name] != value]


def censored_warning(names: Sequence[str]) -> str:
    """The warning about values that contain asterisks."""
    listed = ", ".join(names)
    return (
        f"A password or another secret of this task also occurs in the result ({listed}) and is replaced by asterisks "
        "there: these texts are incomplete, do not keep them as a backup."
    )


def run_as_module(contract: Contract) -> None:
    """Carry out a contract as an ordinary module, in a process of its own, and exit with its result."""
    module = _Module(supports_check_mode=True, **contract.validation())
    module.no_log_values.update(secrets(module.params, os.environ))
    invocation = Invocation(module.params, module.check_mode, module._diff, module.warn)
    try:
        result, leave = contract.carry_out(invocation), module.exit_json
    except EsxError as error:
        result, leave = failure(error), module.fail_json
    names = censored(result, remove_values(result, module.no_log_values))
    if names:
        module.warn(censored_warning(names))
    leave(**result)  # here, since Ansible adds a traceback to messages that are sent while an error is handled
