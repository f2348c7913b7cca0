# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Use the collection with one version of ansible-core: ``python -m tools.cores 2.18``.

A domain's short life against a simulated host, twice; tasks that are handed over to the module (``async``, ``become``)
on an explicit localhost; and the inventory as other programs read it. The version is installed into a virtual
environment of its own, with the requirements of the collection, so that nothing of ``.venv`` helps.
"""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator

from tools.ansible_test import LEFT_OUT, interpreters
from tools.environment import CACHE, ROOT, environment

# The Pythons that a controller may have, by the version of ansible-core; the first one that is installed is used.
PYTHONS = {
    "2.17": ("3.10", "3.11", "3.12"),
    "2.18": ("3.11", "3.12", "3.13"),
    "2.19": ("3.11", "3.12", "3.13"),
    "2.20": ("3.13", "3.12", "3.14"),
    "2.21": ("3.13", "3.12", "3.14"),
}
DATASTORE = "datastore1"
PASSWORD = "not a secret"  # noqa: S105
# Stands in for sudo, which asks for a password where the checks do not run as root.
SUDO = '#!/bin/sh\nwhile [ "$1" != /bin/sh ]; do shift; done\nexec "$@"\n'

# Tasks that do not run in the controller's process, though on the controller.
HANDED_OVER = """
- hosts: localhost
  gather_facts: false
  module_defaults:
    group/virt.esx.esx:
      uri: "{{ esx_uri }}"
      ca_path: "{{ esx_ca_path }}"
  tasks:
    - virt.esx.esx_domain_info:
      async: 60
      poll: 1
      register: in_background
    - virt.esx.esx_domain_info:
      become: true
      register: as_other_user
    - ansible.builtin.assert:
        that: item.domains | map(attribute='name') == ['demo']
      loop: ["{{ in_background }}", "{{ as_other_user }}"]
"""


def core(version: str) -> pathlib.Path:
    """The directory of the programs of an ansible-core, which is installed unless it is there."""
    place = CACHE / f"core-{version}"
    stamp = place / "installed"
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return place / "bin"
    installed = interpreters()
    python = next((name for name in PYTHONS[version] if name in installed), None)
    if python is None:
        print(f"no Python of {', '.join(PYTHONS[version])} is installed, which ansible-core {version} needs")
        raise SystemExit(LEFT_OUT)
    subprocess.run([installed[python], "-m", "venv", "--clear", place], check=True)
    install = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, f"ansible-core=={version}.*", "-r", str(ROOT / "requirements.txt")], check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return place / "bin"


def run(programs: pathlib.Path, *command: str) -> str:
    """Return the output of a program of that ansible-core; end this program where it fails."""
    path = f"{programs}:/usr/local/bin:/usr/bin:/bin"  # a Python of the system, without the libraries
    env = environment(ESX_PASSWORD=PASSWORD, ESX_USERNAME="root", PATH=path)
    done = subprocess.run(
        [str(programs / command[0]), *command[1:]], cwd=ROOT, env=env, check=False, text=True, capture_output=True
    )
    if done.returncode:
        raise SystemExit(f"{done.stdout}\n{done.stderr}\n{' '.join(command)} failed")
    return done.stdout


def check_life(programs: pathlib.Path, inventory: pathlib.Path, host: Simulator) -> None:
    """Define and start a domain; again; and read it in tasks that are handed over to the module."""
    handed_over = inventory.with_name("handed_over.yml")
    handed_over.write_text(HANDED_OVER, encoding="utf-8")
    variables = ("-e", f"esx_uri={host.uri(host='localhost')}", "-e", f"esx_ca_path={host.certificate}")
    for playbook, changes in (("examples/demo.yml", 1), ("examples/demo.yml", 0), (str(handed_over), None)):
        output = run(programs, "ansible-playbook", "-i", str(inventory), playbook, *variables)
        found = re.search(r"\bchanged=(\d+)", output)
        if found is None or changes not in (None, int(found[1])):
            raise SystemExit(f"{output}\n{playbook} should have changed {changes}")
        print(f"{playbook} holds")


def check_inventory(programs: pathlib.Path, directory: pathlib.Path, host: Simulator) -> None:
    """The JSON of ``ansible-inventory --list`` has each variable as a plain value, and no template is evaluated."""
    source = directory / "lab.esx.yml"
    settings = {"plugin": "virt.esx.esx_domains", "uri": host.uri(host="localhost"), "ca_path": host.certificate}
    source.write_text(json.dumps(settings), encoding="utf-8")
    listed = json.loads(run(programs, "ansible-inventory", "-i", str(source), "--list"))
    domains = listed["_meta"]["hostvars"]
    strings = [value for value in leaves(domains) if isinstance(value, str)]
    if not strings or domains["demo"]["esx_name"] != "demo":
        raise SystemExit(f"ansible-inventory lists no domain as expected: {listed}")
    print(f"ansible-inventory: {len(strings)} plain strings")


def leaves(value: Any) -> Iterator[Any]:
    """All values in a JSON document; ends this program at a string that is wrapped into a dictionary."""
    if isinstance(value, dict):
        if "__ansible_unsafe" in value or "__ansible_type" in value:
            raise SystemExit(f"ansible-inventory wraps a string: {value}")
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item)
    else:
        yield value


def main() -> None:
    """Check the ansible-core whose version is named."""
    (version,) = sys.argv[1:]
    programs = core(version)
    print(run(programs, "ansible", "--version").splitlines()[0])
    flags = ("-domains", "0", "-datastore-name", DATASTORE, "-username", "root", "-password", PASSWORD)
    with tempfile.TemporaryDirectory(prefix="virt-esx-core-") as place, start_simulator(*flags) as host:
        host.add_disk(f"[{DATASTORE}] demo/demo.vmdk")  # a host starts no domain without its disk
        directory = pathlib.Path(place)
        sudo = directory / "sudo"
        sudo.write_text(SUDO, encoding="utf-8")
        sudo.chmod(0o755)
        inventory = directory / "hosts"
        inventory.write_text(f"localhost ansible_connection=local ansible_become_exe={sudo}\n", encoding="utf-8")
        check_life(programs, inventory, host)
        check_inventory(programs, directory, host)


if __name__ == "__main__":
    main()
