# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments that are written as for another collection, or nearly right, are answered with what would be right."""

from __future__ import annotations

import pathlib
from typing import Any

import yaml
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, run_playbook
from ansible_collections.virt.esx.tests.simulator_client import start_simulator

TASKS: dict[str, dict[str, Any]] = {
    "state": {"name": "web", "state": "poweredon"},
    "file": {"xml": "files/web.xml.j2"},
    "near": {"name": "Domain-1", "state": "running"},
    "far": {"name": "mail", "state": "running"},
}


def test_messages_say_what_would_be_right(tmp_path: pathlib.Path, way: str) -> None:
    with start_simulator("-domains", "1", "-username", USER, "-password", PASSWORD) as host:
        # The names of options that community.vmware has.
        login = {"uri": host.uri(host="localhost"), "user": USER, "pass": PASSWORD, "ca_path": host.certificate}
        tasks = [
            {"name": name, "virt.esx.esx_domain": {**login, **options}, "ignore_errors": True}
            for name, options in TASKS.items()
        ]
        playbook = tmp_path / "play.yml"
        playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), "utf-8")
        run = run_playbook(playbook, way=way)
    said = {name: run.task(name).result for name in TASKS}
    assert said["state"]["msg"].endswith("got: poweredon. 'poweredon' is 'running' in this collection.")
    assert "is the name of a file, not its content" in said["file"]["msg"]
    assert "lookup('ansible.builtin.template', 'files/web.xml.j2')" in said["file"]["hint"]
    assert said["near"]["msg"] == "No domain of the host has the name 'Domain-1'. Did you mean 'domain-1'?"
    assert said["far"]["msg"] == "No domain of the host has the name 'mail'."
    assert PASSWORD not in run.output
