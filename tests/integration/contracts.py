# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out a module's contract against a simulated host, in the test's process and without Ansible's executor."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.virt.esx.plugins.module_utils._driver.invocation import Invocation
from ansible_collections.virt.esx.plugins.module_utils._edge import Contract
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.simulator import SimulatorError

# The types of documented return values.
TYPES: dict[str, type] = {"str": str, "int": int, "bool": bool, "list": list, "dict": dict}

LOGIN = ("-username", USER, "-password", PASSWORD)


def start_host(*flags: str) -> Simulator:
    """A simulator that accepts the login of ``carry_out``."""
    return start_simulator(*LOGIN, *flags)


# The files in a description: domain XML, or VMX with "/vmfs/volumes/<datastore>/".
_IN_XML = re.compile(r"<source file='(\[[^\]']+\] [^']*\.(?:vmdk|iso|flp|img))'", re.IGNORECASE)
_IN_VMX = re.compile(r"""\.fileName\s*=\s*"/vmfs/volumes/([^/"]+)/([^"]*\.(?:vmdk|iso|flp|img))\"""", re.IGNORECASE)


def give_disks(simulator: Simulator, arguments: Mapping[str, Any]) -> None:
    """Make the disks and images of a description, without which a domain is not defined."""
    if not {"xml", "vmx"} & arguments.keys() and arguments.get("state") not in ("running", "paused"):
        return
    text = arguments.get("xml") or arguments.get("vmx") or ""
    known = simulator.domains().get(arguments.get("name", ""))
    files = [html.unescape(path) for path in _IN_XML.findall(text)]
    files += [f"[{datastore}] {path}" for datastore, path in _IN_VMX.findall(text)]
    for path in files + (known["disks"] if known else []):
        if path.lower().endswith(".vmdk"):
            simulator.add_disk(path)
        else:
            with contextlib.suppress(SimulatorError):  # the datastore does not exist
                simulator.add_file(path)


def carry_out(
    contract: Contract, simulator: Simulator, *, check: bool = False, diff: bool = False, **arguments: Any
) -> dict[str, Any]:
    """Return the result of a module; its errors are raised, and it must not warn.

    :param arguments: the module's arguments; the connection is the simulator's, unless they say otherwise.
    """
    given = {"uri": simulator.uri(user=USER, no_verify=1), "password": PASSWORD, **arguments}
    warnings: list[str] = []
    result = contract.carry_out(Invocation(parameters(contract, **given), check, diff, warnings.append))
    assert warnings == [], warnings
    return result


def calls_of(simulator: Simulator) -> list[str]:
    """The methods that were called; a wait counts once, as a busy host lets it ask more often."""
    methods = simulator.methods()
    return [name for name, before in zip(methods, ["", *methods]) if not name == before == "WaitForUpdatesEx"]


def parameters(contract: Contract, **arguments: Any) -> dict[str, Any]:
    """The arguments of a module, validated, with the defaults of the others."""
    checked = ArgumentSpecValidator(**contract.validation()).validate(arguments)
    assert checked.error_messages == []
    validated: dict[str, Any] = checked.validated_parameters
    return validated


def undescribed(value: Any, text: Mapping[str, Any], path: str = "") -> list[str]:
    """The values of a result that the documentation of the module lacks, or describes with another type.

    :param text: the documentation, ``{"type": "dict", "contains": {...}}``.
    """
    if value is None:
        return []
    if not isinstance(value, TYPES[text["type"]]):
        return [f"{path} is not of type {text['type']}"]
    contains = text.get("contains", {})
    found = []
    for item in value if isinstance(value, list) else [value]:
        for key, inner in item.items() if isinstance(item, dict) and contains else ():
            place = f"{path}.{key}"
            found += undescribed(inner, contains[key], place) if key in contains else [place]
    return found
