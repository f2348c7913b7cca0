# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the real ``ansible-inventory`` and ``ansible`` with inventory files for simulated hosts."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from typing import Any

import yaml
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER, run_ansible
from ansible_collections.virt.esx.tests.simulator_client import Simulator


def write_inventory(place: pathlib.Path, host: Simulator, *, file: str = "lab.esx.yml", **options: Any) -> pathlib.Path:
    """An inventory file for all domains of a simulated host, unless the options say otherwise; None leaves one out."""
    connection = {"uri": host.uri(user=USER, host="localhost"), "ca_path": host.certificate, "password": PASSWORD}
    given = {"plugin": "virt.esx.esx_domains", **connection, **options}
    path = place / file
    text = yaml.safe_dump({name: value for name, value in given.items() if value is not None}, sort_keys=False)
    path.write_text(text, encoding="utf-8")
    return path


def run(tool: str, *arguments: object, env: Mapping[str, str] | None = None, fails: bool = False) -> tuple[str, str]:
    """Return both output streams of an Ansible command, which must succeed, or fail with ``fails``.

    :param tool: ``adhoc``, ``inventory`` or ``vault``.
    """
    done = run_ansible(tool, [str(argument) for argument in arguments], env)
    assert (done.status != 0) == fails, f"{tool} ended with {done.status}:\n{done.stdout}{done.stderr}"
    return done.stdout, done.stderr


def list_inventory(path: pathlib.Path, *arguments: object, env: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The output of ``ansible-inventory --list``, which must not warn."""
    listed, warnings = list_with_warnings(path, *arguments, env=env)
    assert warnings == ""
    return listed


def list_with_warnings(
    path: pathlib.Path, *arguments: object, env: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], str]:
    """The output of ``ansible-inventory --list``, and its warnings on one line."""
    output, warnings = run("inventory", "-i", path, "--list", *arguments, env=env)
    listed: dict[str, Any] = json.loads(output)
    return listed, " ".join(warnings.split())


def hosts_of(listed: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The variables of the hosts of an inventory, by the hosts' names."""
    found: dict[str, dict[str, Any]] = listed["_meta"]["hostvars"]
    return found


def failure_of(path: pathlib.Path, *arguments: object, env: Mapping[str, str] | None = None) -> str:
    """The error message of an invalid inventory file, on one line."""
    output, errors = run("inventory", "-i", path, "--list", *arguments, env=env, fails=True)
    said = " ".join((output + errors).split())
    assert "Traceback" not in said
    return said
