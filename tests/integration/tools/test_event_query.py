# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The expressions of ``extensions/audit/event_query.yml`` find the managed domains in a module's real results."""

from __future__ import annotations

import pathlib

import jq
import pytest
import yaml
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, run_playbook, variables_of
from ansible_collections.virt.esx.tests.simulator_client import start_simulator

ROOT = pathlib.Path(__file__).parents[3]
QUERIES = yaml.safe_load((ROOT / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8"))
TASKS: dict[str, dict[str, object]] = {
    "virt.esx.esx_domain": {"state": "destroyed"},
    "virt.esx.esx_clone": {"clone_name": "domain-2"},
    "virt.esx.esx_scheduler": {"reservation": 100},
    "virt.esx.esx_snapshot": {"snapshot": "before"},
}


def nodes(module: str, result: object) -> list[dict[str, object]]:
    found: list[dict[str, object]] = jq.compile(QUERIES[module]["query"]).input_value(result).all()
    return found


def test_each_query_names_a_module() -> None:
    modules = {f"virt.esx.{path.stem}" for path in (ROOT / "plugins" / "modules").glob("*.py")}
    assert set(QUERIES) <= modules


def test_the_domain_of_a_task_is_found(tmp_path: pathlib.Path) -> None:
    connection: dict[str, object] = {
        "uri": "{{ esx_uri }}",
        "password": "{{ esx_password }}",
        "ca_path": "{{ esx_ca_path }}",
    }
    tasks = [
        {"name": module, module: {**connection, "name": "domain-1", **arguments}} for module, arguments in TASKS.items()
    ]
    playbook = tmp_path / "play.yml"
    playbook.write_text(
        yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8"
    )
    with start_simulator("-domains", "1", "-username", USER, "-password", PASSWORD) as host:
        run = run_playbook(playbook, extra_vars=variables_of(host))
    for module in TASKS:
        (node,) = nodes(module, run.task(module).result)
        assert node["name"] == ("domain-2" if module == "virt.esx.esx_clone" else "domain-1")
        assert set(node["canonical_facts"]) == {"uuid", "moid"}  # type: ignore[call-overload]


def test_a_failed_task_has_none() -> None:
    assert all(nodes(module, {"failed": True, "msg": "No domain"}) == [] for module in QUERIES)


def test_a_domain_that_is_only_predicted_is_not_found() -> None:
    predicted = {"domain": {"name": "web", "uuid": None, "moid": None}, "changed": True}
    assert all(nodes(module, predicted) == [] for module in QUERIES)


@pytest.mark.parametrize("module", ["virt.esx.esx_domain", "virt.esx.esx_migrate"])
def test_each_of_several_domains_is_found(module: str) -> None:
    domain = {"name": "web", "uuid": "50115e16-9bdc-49d7-f171-53c4d7f91710", "moid": "vm-1"}
    assert [node["name"] for node in nodes(module, {"domains": [domain]})] == ["web"]
