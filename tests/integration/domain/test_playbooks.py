# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks with ``esx_domain``: a domain's life, and each example for users, which does what ``--check`` predicts."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.virt.esx.tests.integration.domain.domains import (
    create_disk,
    domain_xml,
    ensure,
    ensure_with_warnings,
)
from ansible_collections.virt.esx.tests.integration.running import (
    DATASTORE,
    PASSWORD,
    ROOT,
    PlaybookRun,
    run_playbook,
    variables_of,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator

EXAMPLES = ROOT / "examples"

# Example: the state that its domain is in before, what another client sets of it, and how many tasks change something.
CASES: dict[str, tuple[str, dict[str, str], int]] = {
    "define.yml": ("", {}, 1),
    "from_nothing.yml": ("", {}, 1),
    "import.yml": ("", {}, 1),
    "start.yml": ("paused", {}, 1),
    "shutdown.yml": ("running", {"simulator.tools": "running"}, 1),
    "pause.yml": ("running", {}, 1),
    "reboot.yml": ("running", {"simulator.tools": "running"}, 1),
    "resize.yml": ("running", {"simulator.tools": "running"}, 1),
    "annotate.yml": ("running", {}, 1),
    "rename.yml": ("running", {}, 1),
    "answer.yml": ("defined", {"simulator.question": "moved"}, 1),
    "remove.yml": ("defined", {}, 1),
    "undefine.yml": ("defined", {}, 1),
}
EACH_TIME = ("reboot.yml",)
VARIABLES = {"domain_new_name": "shop", "domain_datastore": DATASTORE}
NAMES_ITS_OWN = ("define.yml",)


def prepare(host: Simulator, state: str, settings: dict[str, str]) -> None:
    """The domain ``web``, if there is to be one."""
    disk = f"[{DATASTORE}] web/web.vmdk"
    for path in ("web/web", "web1/web1", "web2/web2", "Fedora11/Fedora11"):
        create_disk(host, f"[{DATASTORE}] {path}.vmdk")
    if not state:
        return
    ensure(host, xml=domain_xml(disk=disk))
    if state != "defined":
        ensure(host, name="web", state="running")
        ensure(host, name="web", state=state)
    if settings:
        host.change_from_outside("web", set=settings)


def told(run: PlaybookRun) -> list[Any]:
    """The steps that each task of ``esx_domain`` reports: a loop as its items."""
    results = [task.result for task in run.tasks if task.action.endswith("esx_domain")]
    flat = [item for result in results for item in result.get("results", [result])]
    return [(item["changed"], item["steps"], item["domain"]["state"], item["domain"]["name"]) for item in flat]


def run_example(host: Simulator, example: str, **options: Any) -> PlaybookRun:
    name = {} if example in NAMES_ITS_OWN else {"domain_name": "web"}
    variables = {**variables_of(host), **VARIABLES, **name}
    return run_playbook(EXAMPLES / example, extra_vars=variables, env={"ESX_PASSWORD": PASSWORD}, **options)


@pytest.mark.parametrize("example", CASES)
def test_an_example_does_what_check_mode_predicts(host: Simulator, example: str) -> None:
    state, settings, changes = CASES[example]
    prepare(host, state, settings)
    before = host.domains()
    predicted = run_example(host, example, check=True, diff=True)
    assert host.domains() == before
    done = run_example(host, example, diff=True)
    assert (told(predicted), predicted.changed) == (told(done), changes)
    assert "already in use" not in done.output  # a variable, for Ansible
    if example in EACH_TIME:
        assert run_example(host, example).changed == changes
    elif example != "rename.yml":  # which does not find it under its old name any more
        assert run_example(host, example).changed == 0


def test_each_example_with_the_module_is_a_case() -> None:
    examples = {
        path.name for path in EXAMPLES.glob("*.yml") if "virt.esx.esx_domain:" in path.read_text(encoding="utf-8")
    }
    assert examples - {"demo.yml"} == set(CASES)  # the tour has a test of its own


def test_a_domain_s_life_in_both_ways(host: Simulator, way: str) -> None:
    variables = {**variables_of(host), "esx_password": PASSWORD, "domain_datastore": DATASTORE}
    run_playbook("esx_domain.yml", extra_vars=variables, way=way)
    assert host.domains() == {}


def test_no_password_is_told(host: Simulator) -> None:
    vnc = "<graphics type='vnc' port='5901' passwd='told to nobody'/>"
    disk = f"[{DATASTORE}] web/web.vmdk"
    warnings = ensure_with_warnings(host, xml=domain_xml(disk=disk, devices=vnc))[1]
    assert ["has no VNC server" in text for text in warnings] == [True]
    run = run_example(host, "annotate.yml", diff=True)
    assert run.changed == 1
    assert "told to nobody" not in run.output + str(run.tasks)
