# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Taking, removing and reading snapshots of a simulated host, for the tests."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info
from ansible_collections.virt.esx.plugins.modules.esx_snapshot import CONTRACT, RETURN
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, undescribed
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

TEXT = {"type": "dict", "contains": yaml.safe_load(RETURN)}
READING = {
    *("RetrieveServiceContent", "Login", "Logout", "RetrievePropertiesEx", "FindByInventoryPath"),
    *("FindAllByUuid", "CurrentTime", "RetrieveProperties"),
}


def snapshot(host: Simulator, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
    """Return the module's result, which its documentation must describe completely."""
    if "names" not in arguments:
        arguments.setdefault("name", "domain-1")
    result = carry_out(CONTRACT, host, check=check, diff=True, **arguments)
    known = {**TEXT, "contains": {**TEXT["contains"], "changed": {"type": "bool"}, "diff": {"type": "dict"}}}
    assert undescribed(result, known) == []
    return result


def apply(host: Simulator, **arguments: Any) -> dict[str, Any]:
    """Run in check mode, for real, and again; check mode must predict the result."""
    host.trace(reset=True)
    predicted = snapshot(host, check=True, **arguments)
    assert set(host.methods()) <= READING
    done = snapshot(host, **arguments)
    assert (predicted["steps"], predicted["changed"]) == (done["steps"], done["changed"])
    assert names(predicted) == names(done)
    if arguments.get("state") != "reverted":
        again = snapshot(host, **arguments)
        assert (again["changed"], again["steps"]) == (False, [])
    return done


def names(result: dict[str, Any]) -> Any:
    """The paths of the snapshots, the current one marked; of several domains by name."""
    if "domains" in result:
        return {item["domain"]["name"]: names(item) for item in result["domains"]}
    return [item["path"] + ("*" if item["current"] else "") for item in result["snapshots"]]


def power(host: Simulator, state: str, name: str = "domain-1") -> None:
    carry_out(esx_domain.CONTRACT, host, name=name, state=state)


def state_of(host: Simulator, name: str = "domain-1") -> str:
    (found,) = carry_out(esx_domain_info.CONTRACT, host, name=name)["domains"]
    return str(found["state"])


def take(host: Simulator, *domains: str, name: str = "x") -> None:
    with client(host, login=(USER, PASSWORD)) as other:
        for domain in domains:
            other.wait(other.domain(domain).CreateSnapshot_Task(name, "of another client", False, False))
