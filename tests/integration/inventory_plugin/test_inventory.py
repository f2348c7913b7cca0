# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domains`` by Ansible's own commands, against a simulated host."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.virt.esx.tests.integration.contracts import LOGIN, start_host
from ansible_collections.virt.esx.tests.integration.inventory_plugin.inventories import (
    failure_of,
    hosts_of,
    list_inventory,
    list_with_warnings,
    run,
    write_inventory,
)
from ansible_collections.virt.esx.tests.integration.running import PASSWORD, USER
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

JSON_CACHE = {"ANSIBLE_INVENTORY_CACHE": "true", "ANSIBLE_INVENTORY_CACHE_PLUGIN": "jsonfile"}


@pytest.fixture
def host() -> Iterator[Simulator]:
    """A host with three domains, of which the second is shut off."""
    with start_host("-domains", "3") as simulator:
        simulator.change_from_outside("domain-2", task="PowerOffVM_Task")
        simulator.trace(reset=True)
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []


def test_each_domain_is_a_host_with_its_facts(host: Simulator, tmp_path: pathlib.Path) -> None:
    listed = list_inventory(write_inventory(tmp_path, host))
    known = host.domains()["domain-2"]
    assert list(hosts_of(listed)) == ["domain-1", "domain-2", "domain-3"]
    assert hosts_of(listed)["domain-2"] == {
        "esx_name": "domain-2",
        "esx_uuid": known["uuid"],
        "esx_moid": known["moid"],
        "esx_state": "shutoff",
        "esx_vcpus": 1,
        "esx_memory_kib": 1048576,
        "esx_max_memory_kib": 1048576,
        "esx_vmx_path": "[local-storage] domain-2/domain-2.vmx",
        "esx_guest_hostname": None,
        "esx_guest_addresses": [],
        "esx_guest_tools": "guestToolsNotRunning",
        "esx_host": "localhost.localdomain",
        "esx_id": None,
        "esx_template": False,
        "esx_uri": host.uri(user=USER, host="localhost"),
    }
    assert len(host.trace()) == 5


def test_the_domains_of_a_vcenters_host_are_its_own(tmp_path: pathlib.Path) -> None:
    with start_simulator("-kind", "vcenter", "-hosts", "2", "-domains", "4", *LOGIN) as vcenter:
        path = write_inventory(tmp_path, vcenter, uri=vcenter.uri("vpx", user=USER, path="DC0/DC0_H1", no_verify=1))
        found = hosts_of(list_inventory(path))
        everywhere = vcenter.domains()
    assert found
    assert len(found) < len(everywhere)
    assert {name: of_host["esx_uuid"] for name, of_host in found.items()} == {
        name: everywhere[name]["uuid"] for name in found
    }


def test_one_file_has_the_domains_of_all_hosts(tmp_path: pathlib.Path) -> None:
    with start_simulator("-kind", "vcenter", "-hosts", "2", "-clusters", "1", "-domains", "2", *LOGIN) as vcenter:
        path = write_inventory(tmp_path, vcenter, uri=vcenter.uri("vpx", user=USER, path="DC0", no_verify=1))
        found = hosts_of(list_inventory(path))
        everywhere = vcenter.domains()
        assert {name: of_host["esx_host"] for name, of_host in found.items()} == {
            name: known["host"] for name, known in everywhere.items()
        }
        one = next(name for name, known in everywhere.items() if known["host"] == "DC0_C0_H1")
        assert found[one]["esx_uri"] == vcenter.uri("vpx", user=USER, path="DC0/DC0_C0/DC0_C0_H1", no_verify=1)


def test_gather_chooses_the_facts(host: Simulator, tmp_path: pathlib.Path) -> None:
    gather = ["config", "hardware", "datastores", "snapshots", "autostart", "scheduler", "usage", "custom_values"]
    host.change_from_outside("domain-1", set={"annotation": "a note"})
    host.trace(reset=True)
    found = hosts_of(list_inventory(write_inventory(tmp_path, host, gather=gather)))["domain-1"]
    assert len(host.trace()) == 5
    assert found["esx_annotation"] == "a note"
    assert found["esx_networks"] == ["VM Network"]
    assert found["esx_datastores"] == ["local-storage"]
    assert [len(found["esx_mac_addresses"]), found["esx_snapshots"], found["esx_autostart"]] == [1, [], False]
    assert found["esx_scheduler"]["shares_level"] == "normal"
    assert {"esx_guest_id", "esx_firmware", "esx_usage", "esx_hardware", "esx_custom_values"} <= found.keys()
    assert "esx_guest_addresses" not in found


def test_hosts_are_chosen_by_name_and_state(host: Simulator, tmp_path: pathlib.Path) -> None:
    path = write_inventory(tmp_path, host, file="web.esx.yaml", name="domain-[12]", states=["running", "paused"])
    output, _warnings = run("adhoc", "-i", path, "all", "--list-hosts")
    assert output.split() == ["hosts", "(1):", "domain-1"]


def test_an_option_that_does_not_exist_is_told(host: Simulator, tmp_path: pathlib.Path) -> None:
    """Without a warning, a misspelt filter would silently select all domains."""
    path = write_inventory(tmp_path, host, nmaes=["domain-1"], filters=["running"], use_extra_vars=True)
    listed, warnings = list_with_warnings(path)
    assert len(hosts_of(listed)) == 3
    assert f"{path}: there is no option 'nmaes', so it has no effect. Did you mean 'names'?" in warnings
    assert f"{path}: there is no option 'filters', so it has no effect." in warnings
    assert "use_extra_vars" not in warnings


def test_expressions_make_names_variables_and_groups(host: Simulator, tmp_path: pathlib.Path) -> None:
    path = write_inventory(
        tmp_path,
        host,
        hostnames=["no_such_variable", "esx_guest_hostname", "'vm-' ~ esx_name[-1:] if esx_state == 'running'"],
        compose={"ansible_user": "'admin-' ~ esx_state", "nothing": "no_such_variable"},
        groups={"small": "esx_max_memory_kib <= 1048576", "none_of_them": "esx_vcpus > 64"},
        keyed_groups=[{"key": "esx_state", "prefix": "is"}, {"key": "ansible_user", "prefix": "", "separator": ""}],
    )
    listed = list_inventory(path)
    assert list(hosts_of(listed)) == ["domain-2", "vm-1", "vm-3"]
    assert hosts_of(listed)["vm-3"]["ansible_user"] == "admin-running"
    assert "nothing" not in hosts_of(listed)["vm-3"]
    assert listed["small"]["hosts"] == ["vm-1", "domain-2", "vm-3"]
    assert listed["is_running"]["hosts"] == listed["admin_running"]["hosts"] == ["vm-1", "vm-3"]
    assert listed["is_shutoff"]["hosts"] == ["domain-2"]
    assert "none_of_them" not in listed


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"compose": {"nothing": "no_such_variable"}}, "Could not set nothing for host domain-1"),
        ({"hostnames": ["no_such_variable"]}, "'no_such_variable' in 'hostnames' fails for the domain 'domain-1'"),
    ],
)
def test_with_strict_an_expression_has_to_work(
    host: Simulator, tmp_path: pathlib.Path, options: dict[str, Any], said: str
) -> None:
    assert said in failure_of(write_inventory(tmp_path, host, strict=True, **options))


def test_a_guest_is_reached_at_the_address_that_it_tells(host: Simulator, tmp_path: pathlib.Path) -> None:
    with client(host, login=(USER, PASSWORD)) as session:
        told = {"simulator.address": "192.0.2.7", "simulator.hostName": "web.example.com", "simulator.tools": "running"}
        session.reconfigure(session.domain("domain-1"), extra=told)
    path = write_inventory(tmp_path, host, hostnames=["esx_guest_hostname", "esx_name"])
    found = hosts_of(list_inventory(path))
    assert list(found) == ["domain-2", "domain-3", "web.example.com"]
    assert found["web.example.com"]["esx_guest_addresses"] == ["192.0.2.7"]
    assert found["web.example.com"]["ansible_host"] == "192.0.2.7"
    assert "ansible_host" not in found["domain-3"]
    path = write_inventory(tmp_path, host, guest_address=False)
    assert "ansible_host" not in hosts_of(list_inventory(path))["domain-1"]


def test_a_name_is_never_taken_for_a_template(host: Simulator, tmp_path: pathlib.Path) -> None:
    host.change_from_outside("domain-1", set={"displayName": "{{ 6 + 7 }}"})
    path = write_inventory(tmp_path, host, name="*{*")
    shown = "msg={{ esx_name ~ ' is ' ~ inventory_hostname }}"
    output, _warnings = run("adhoc", "-i", path, "all", "-c", "local", "-m", "debug", "-a", shown)
    assert '"msg": "{{ 6 + 7 }} is {{ 6 + 7 }}"' in output


def test_the_tool_writes_plain_texts(host: Simulator, tmp_path: pathlib.Path) -> None:
    host.change_from_outside("domain-1", set={"displayName": "{{ 6 + 7 }}"})
    path = write_inventory(tmp_path, host, compose={"note": "'on ' ~ esx_name"}, states=["running", "shutoff"])
    output, _warnings = run("inventory", "-i", path, "--list")
    found = hosts_of(json.loads(output))
    assert "__ansible_unsafe" not in str({name: found[name] for name in ("domain-2", "domain-3")})
    assert found["domain-2"]["note"] == "on domain-2"
    assert found["{{ 6 + 7 }}"]["esx_name"] in ("{{ 6 + 7 }}", {"__ansible_unsafe": "{{ 6 + 7 }}"})


def test_two_domains_of_one_name_are_told_apart_by_their_moid(host: Simulator, tmp_path: pathlib.Path) -> None:
    known = host.domains()
    host.change_from_outside("domain-2", set={"displayName": "domain-1"})
    listed, warnings = list_with_warnings(write_inventory(tmp_path, host))
    names = [f"domain-1_{known[name]['moid']}" for name in ("domain-1", "domain-2")]
    assert sorted(hosts_of(listed)) == sorted([*names, "domain-3"])
    assert f"The one of [local-storage] domain-2/domain-2.vmx is '{names[1]}'." in warnings


def test_neither_a_name_nor_an_address_reaches_a_command_line(host: Simulator, tmp_path: pathlib.Path) -> None:
    marker = tmp_path / "ran"
    host.change_from_outside("domain-1", set={"displayName": f"-oProxyCommand=touch {marker}"})
    host.change_from_outside("domain-2", set={"displayName": "all"})
    with client(host, login=(USER, PASSWORD)) as session:
        told = {"SET.guest.ipAddress": f"-oProxyCommand=touch {marker}"}
        session.reconfigure(session.domain("domain-3"), extra=told)
    path = write_inventory(tmp_path, host)
    listed, warnings = list_with_warnings(path)
    moid = host.domains()["all"]["moid"]
    assert "ansible_host" not in hosts_of(listed)["domain-3"]
    assert sorted(hosts_of(listed))[1:] == [f"all_{moid}", "domain-3"]
    assert f"'all' is not safe as the name of an Ansible host. The domain is 'all_{moid}'." in warnings
    run("adhoc", "-i", path, "all", "-m", "raw", "-a", "true", "-T", "2", "-f", "1", fails=True)
    assert not marker.exists()


def test_a_cache_spares_the_host(host: Simulator, tmp_path: pathlib.Path) -> None:
    env = {**JSON_CACHE, "ANSIBLE_INVENTORY_CACHE_CONNECTION": str(tmp_path / "cache")}
    first = list_inventory(write_inventory(tmp_path, host), env=env)
    assert host.methods(reset=True).count("Login") == 1
    assert list_inventory(write_inventory(tmp_path, host), env=env) == first
    chosen = hosts_of(list_inventory(write_inventory(tmp_path, host, name="*-3"), env=env))
    assert chosen == {"domain-3": hosts_of(first)["domain-3"]}
    assert host.trace() == []
    assert PASSWORD not in "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "cache").iterdir())
    list_inventory(write_inventory(tmp_path, host), "--flush-cache", env=env)
    assert host.methods().count("Login") == 1


def test_a_cache_is_not_that_of_another_host(host: Simulator, tmp_path: pathlib.Path) -> None:
    env = {**JSON_CACHE, "ANSIBLE_INVENTORY_CACHE_CONNECTION": str(tmp_path / "cache")}
    list_inventory(write_inventory(tmp_path, host), env=env)
    with start_host("-domains", "1") as other:
        assert list(hosts_of(list_inventory(write_inventory(tmp_path, other), env=env))) == ["domain-1"]


def test_connection_options_may_be_templates(host: Simulator, tmp_path: pathlib.Path) -> None:
    password = "{{ lookup('ansible.builtin.env', 'SECRET') }}"
    path = write_inventory(tmp_path, host, uri="{{ lab_uri }}", password=password)
    where = ("-e", f"lab_uri={host.uri(user=USER, host='localhost')}")
    assert len(hosts_of(list_inventory(path, *where, env={"SECRET": PASSWORD}))) == 3
    assert "The option uri cannot be evaluated: 'lab_uri' is undefined" in failure_of(path)


def test_the_environment_and_a_vault_are_understood(host: Simulator, tmp_path: pathlib.Path) -> None:
    env = {"ESX_URI": host.uri(host="localhost"), "VMWARE_USER": USER, "ESX_PASSWORD": PASSWORD}
    path = write_inventory(tmp_path, host, uri=None, password=None)
    assert len(hosts_of(list_inventory(path, env=env))) == 3

    (tmp_path / "vault").write_text("vault's own", encoding="utf-8")
    encrypted = run_vault(tmp_path / "vault", PASSWORD)
    path.write_text(f"{path.read_text(encoding='utf-8')}password: {encrypted}\n", encoding="utf-8")
    env["ESX_PASSWORD"] = "wrong"
    assert len(hosts_of(list_inventory(path, "--vault-password-file", tmp_path / "vault", env=env))) == 3


def run_vault(vault: pathlib.Path, secret: str) -> str:
    """A secret as ``ansible-vault encrypt_string`` writes it into YAML."""
    encrypted, _progress = run("vault", "encrypt_string", "--vault-password-file", vault, secret)
    return encrypted.strip()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"password": "not " + PASSWORD}, "The server did not accept the user name or the password"),
        ({"uri": None}, "There is no host to connect to. Set uri (or the environment variable ESX_URI)"),
        ({"uri": "qemu:///system"}, "qemu"),
        ({"uri": f"esx://root:{PASSWORD.replace(' ', '%20')}@localhost/"}, "must not contain a password"),
        ({"states": ["powered-on"]}, "powered-on"),
        ({"file": "lab.yml"}, "could not be verified by inventory plugin 'virt.esx.esx_domains'"),
    ],
)
def test_errors_contain_no_secrets(host: Simulator, tmp_path: pathlib.Path, options: dict[str, Any], said: str) -> None:
    message = failure_of(write_inventory(tmp_path, host, **options), "-vvv")
    assert said in message
    assert PASSWORD not in message
    assert PASSWORD.replace(" ", "%20") not in message
    assert host.methods().count("Login") <= 1


def test_a_missing_library_is_named(host: Simulator, tmp_path: pathlib.Path) -> None:
    (tmp_path / "pyVmomi.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    message = failure_of(write_inventory(tmp_path, host), env={"PYTHONPATH": str(tmp_path)})
    assert "Failed to import the required Python library (pyvmomi)" in message
