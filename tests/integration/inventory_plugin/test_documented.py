# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory files of the documentation and the examples do what they say, against simulated hosts."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.tests.integration.contracts import start_host
from ansible_collections.virt.esx.tests.integration.inventory_plugin.inventories import hosts_of, list_inventory
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, ROOT, USER, run_playbook
from ansible_collections.virt.esx.tests.integration.test_examples import EXAMPLES, simulate, yaml_in
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator

GUIDE = ROOT / "docs" / "docsite" / "rst" / "inventory.rst"
PLUGIN = ROOT / "plugins" / "inventory" / "esx_domains.py"


def documents(path: pathlib.Path) -> list[Any]:
    """All pieces of YAML in a text of the project."""
    return [each for text in yaml_in(path.read_text(encoding="utf-8")) for each in yaml.safe_load_all(text)]


def inventories() -> list[Any]:
    """Each inventory file of the documentation, with a name for the test."""
    listed = []
    for path in (GUIDE, PLUGIN):
        found = [each for each in documents(path) if isinstance(each, dict)]
        listed += [pytest.param(each, id=f"{path.name}-{number}") for number, each in enumerate(found, 1)]
    return listed


def write(path: pathlib.Path, content: Any) -> pathlib.Path:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def vcenter() -> Iterator[Simulator]:
    with start_simulator("-kind", "vcenter", "-hosts", "3", "-host-endpoints", "auto", "-domains", "6") as simulator:
        yield simulator


@pytest.mark.parametrize("inventory", inventories())
def test_a_documented_inventory_works(inventory: Any, vcenter: Simulator, tmp_path: pathlib.Path) -> None:
    everything = {name: value for name, value in inventory.items() if name not in ("name", "states")}
    path = write(tmp_path / "documented.esx.yml", simulate(everything, vcenter))
    env = {"ESX_PASSWORD": PASSWORD, "HOME": str(tmp_path)}
    assert hosts_of(list_inventory(path, env=env))
    list_inventory(write(path, simulate(inventory, vcenter)), env=env)


def test_the_guides_play_starts_domains_that_are_shut_off(vcenter: Simulator, tmp_path: pathlib.Path) -> None:
    grouped, *_others = (each for each in documents(GUIDE) if isinstance(each, dict))
    (play,) = (each for each in documents(GUIDE) if isinstance(each, list))
    inventory = write(tmp_path / "lab.esx.yml", simulate(grouped, vcenter))
    env = {"ESX_PASSWORD": PASSWORD, "HOME": str(tmp_path)}
    of_the_host = hosts_of(list_inventory(inventory, env=env))
    stopped = min(of_the_host)
    vcenter.change_from_outside(stopped, task="PowerOffVM_Task")
    run = run_playbook(write(tmp_path / "play.yml", simulate(play, vcenter)), arguments=("-i", str(inventory)), env=env)
    assert [task.host for task in run.tasks if task.changed] == [stopped]
    assert hosts_of(list_inventory(inventory, env=env))[stopped]["esx_state"] == "running"


def test_the_example_groups_domains_by_their_state(tmp_path: pathlib.Path) -> None:
    with start_host("-domains", "2") as host:
        host.change_from_outside("domain-2", task="PowerOffVM_Task")
        uri = host.uri(user=USER, no_verify=1)
        env = {"ESX_PASSWORD": PASSWORD, "HOME": str(tmp_path)}
        listed = list_inventory(EXAMPLES / "lab.esx.yml", "-e", f"esx_uri={uri}", env=env)
    assert listed["state_running"]["hosts"] == ["domain-1"]
    assert listed["state_shutoff"]["hosts"] == ["domain-2"]
