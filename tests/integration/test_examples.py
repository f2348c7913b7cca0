# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples for users, and every piece of YAML in README and guides, do what they say, against a simulated vCenter.

Hosts named in the documentation are replaced by simulated ones, and domains that it takes for granted are there.
"""

from __future__ import annotations

import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, ROOT, USER, run_playbook, variables_of
from ansible_collections.virt.esx.tests.simulated import Simulator, start_simulator

EXAMPLES = ROOT / "examples"
PLUGINS = ROOT / "plugins"
DOCUMENTED = [ROOT / "README.md", *sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))]

FENCED = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"^\.\. code-block:: yaml\+?[a-z]*\n\n((?:    .*\n|\n)+)", re.MULTILINE)
LITERAL = re.compile(r'^EXAMPLES = r?"""\n(.*?)^"""', re.MULTILINE | re.DOTALL)

# scheme, user, server, path and query of a URI
URI = re.compile(r"(esx|vpx)://([^@/]*@)?([a-z0-9.-]*example\.com)(/[^?\s'\"]*)?(\?[^\s'\"]*)?")
# The documentation's hosts and what simulates them; its path of a host in a vCenter is the simulated vCenter's.
SERVERS = {
    "esx.example.com": "DC0_H0",
    "esx1.example.com": "DC0_H0",
    "esx2.example.com": "DC0_H1",
    "vcenter.example.com": "",
}
PATH_OF_HOST = "DC0/DC0_H0"


def yaml_in(text: str) -> list[str]:
    """The pieces of YAML in a text of ours: Markdown, reStructuredText, or a plugin's source."""
    indented = (re.sub(r"^    ", "", found, flags=re.MULTILINE) for found in INDENTED.findall(text))
    return [*FENCED.findall(text), *indented, *LITERAL.findall(text)]


def pieces() -> list[Any]:
    """Each documented piece of YAML with a name to find it by."""
    modules = sorted((PLUGINS / "modules").glob("*.py"))
    filters = sorted((PLUGINS / "filter").glob("*.yml"))
    found = [
        (f"{path.name}-{number}", text)
        for path in (*DOCUMENTED, *modules)
        for number, text in enumerate(yaml_in(path.read_text(encoding="utf-8")), 1)
    ]
    found += [(path.name, yaml.safe_load(path.read_text(encoding="utf-8"))["EXAMPLES"]) for path in filters]
    return [pytest.param(text, id=name) for name, text in found]


@pytest.fixture
def vcenter() -> Iterator[Simulator]:
    flags = ("-kind", "vcenter", "-hosts", "2", "-host-endpoints", "auto", "-domains", "0")
    with start_simulator(*flags, "-username", USER, "-password", PASSWORD) as simulator:
        yield simulator


def simulate(value: Any, vcenter: Simulator) -> Any:
    """The same YAML with simulated servers in place of the documentation's."""
    if isinstance(value, dict):
        return {key: simulate(item, vcenter) for key, item in value.items()}
    if isinstance(value, list):
        return [simulate(item, vcenter) for item in value]
    if not isinstance(value, str):
        return value

    def other(found: re.Match[str]) -> str:
        scheme, user, server, _path, query = found.groups(default="")
        uri = vcenter.uri(scheme, host=SERVERS[server], path=PATH_OF_HOST if scheme == "vpx" else "")
        return uri.replace("://", f"://{user}") + (query.replace("vcenter.example.com", "*") or "?") + "&no_verify=1"

    return URI.sub(other, value)


def as_playbook(piece: Any) -> list[dict[str, Any]] | None:
    """Plays as they are, tasks as a play of their own; nothing where it is neither."""
    if not isinstance(piece, list):
        return None
    if all("hosts" in item for item in piece):
        return piece
    return [{"hosts": "localhost", "gather_facts": False, "tasks": piece}]


PREPARATION = """
- name: The domains that the documentation takes for granted
  hosts: localhost
  gather_facts: false
  vars:
    domain_memory_mib: 512
    domain_vcpus: 1
    domain_datastore: local-storage
    domain_network: VM Network
  tasks:
    - name: Define each
      virt.esx.esx_domain:
        uri: esx://root@esx.example.com/
        xml: "{{ lookup('ansible.builtin.template', 'domain.xml.j2') }}"
      loop: [web, demo, Fedora11]
      loop_control:
        loop_var: domain_name
"""


@pytest.mark.parametrize("text", pieces())
def test_documented_yaml_works(text: str, vcenter: Simulator, tmp_path: pathlib.Path) -> None:
    plays = as_playbook(yaml.safe_load(text))
    if plays is None:
        return  # settings, such as requirements.yml: that they are YAML is all that can be said
    for directory in ("files", "templates", "vars"):
        shutil.copytree(EXAMPLES / directory, tmp_path / directory)
    shutil.copy(EXAMPLES / "files" / "fedora11.vmx", tmp_path / "files" / "web.vmx")
    playbook = tmp_path / "play.yml"
    for name, content in (("prepare.yml", yaml.safe_load(PREPARATION)), ("play.yml", plays)):
        playbook = tmp_path / name
        playbook.write_text(yaml.safe_dump(simulate(content, vcenter), sort_keys=False), encoding="utf-8")
        run_playbook(playbook, env={"ESX_PASSWORD": PASSWORD, "ESX_VCENTER_PASSWORD": PASSWORD, "HOME": str(tmp_path)})


def test_the_tour_changes_nothing_the_second_time(host: Simulator, way: str) -> None:
    env = {"ESX_PASSWORD": PASSWORD}
    foretold = run_playbook(
        EXAMPLES / "demo.yml", extra_vars=variables_of(host), way=way, env=env, check=True, fails=True
    )
    assert foretold.task("Define it").changed
    assert host.domains() == {}
    first = run_playbook(EXAMPLES / "demo.yml", extra_vars=variables_of(host), way=way, env=env)
    assert first.changed == 2
    assert first.task("Read it back from the host").result["domains"][0]["state"] == "running"
    assert run_playbook(EXAMPLES / "demo.yml", extra_vars=variables_of(host), way=way, env=env).changed == 0
    assert run_playbook(EXAMPLES / "undefine.yml", extra_vars=variables_of(host), way=way, env=env).changed == 2
    assert run_playbook(EXAMPLES / "undefine.yml", extra_vars=variables_of(host), way=way, env=env).changed == 0
    assert host.domains() == {}


def test_each_plugin_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    plugins = {path.stem for path in (PLUGINS / "modules").glob("*.py")}
    plugins |= {path.stem for path in (PLUGINS / "filter").glob("*.yml")}
    assert sorted(name for name in plugins if f"`virt.esx.{name}`" not in readme) == []
