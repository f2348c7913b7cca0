# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``esx_domain_info`` against a simulated host: its facts, the number of calls, and the effect of a broken domain."""

from __future__ import annotations

import contextlib
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.module_utils._errors import ParseError
from ansible_collections.virt.esx.plugins.module_utils._vi.datastore_files import delete_file, put_file
from ansible_collections.virt.esx.plugins.module_utils._vi.folder import DatastoreFile
from ansible_collections.virt.esx.plugins.module_utils._vi.options import resolve
from ansible_collections.virt.esx.plugins.module_utils._vi.session import Session, open_session
from ansible_collections.virt.esx.plugins.modules import esx_domain_info
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.running import (
    IN_PROCESS,
    PASSWORD,
    ROOT,
    USER,
    PlaybookRun,
    run_playbook,
)
from ansible_collections.virt.esx.tests.integration.vi.sessions import find_domain
from ansible_collections.virt.esx.tests.simulator_client import Simulator

EVERYTHING = ["xml", "vmx", "autostart", "scheduler", "snapshots", "guest", "hardware", "config", "usage", "datastores"]


@pytest.fixture
def host() -> Iterator[Simulator]:
    """A host with three running domains."""
    with start_host("-domains", "3") as simulator:
        yield simulator
        assert "Fetch" not in simulator.methods()
        assert simulator.sessions() == []


def read(host: Simulator, **arguments: Any) -> list[dict[str, Any]]:
    """Return the module's domains."""
    result = carry_out(esx_domain_info.CONTRACT, host, **arguments)
    assert result["changed"] is False
    domains: list[dict[str, Any]] = result["domains"]
    return domains


def names(domains: list[dict[str, Any]]) -> list[str]:
    return [domain["name"] for domain in domains]


def test_several_names_and_patterns(host: Simulator) -> None:
    every = names(read(host))
    assert names(read(host, names=["domain-2", "*-1", "nobody"])) == ["domain-1", "domain-2"]
    assert (names(read(host, names=["*"])), names(read(host, names=[]))) == (every, [])


def test_a_domain_has_the_common_facts(host: Simulator) -> None:
    known = host.domains()["domain-2"]
    assert read(host, name="domain-2") == [
        {
            "name": "domain-2",
            "uuid": known["uuid"],
            "moid": known["moid"],
            "state": "running",
            "vcpus": 1,
            "memory_kib": 1048576,
            "max_memory_kib": 1048576,
            "vmx_path": "[local-storage] domain-2/domain-2.vmx",
            "id": int(known["moid"].removeprefix("vm-")),
            "host": "localhost.localdomain",
        }
    ]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({}, ["domain-1", "domain-2", "domain-3"]),
        ({"name": "domain-[13]"}, ["domain-1", "domain-3"]),
        ({"name": "*-2"}, ["domain-2"]),
        ({"name": "DOMAIN-2"}, []),
        ({"name": "nobody"}, []),
        ({"name": "nobody*"}, []),
        ({"uuid": "00000000-0000-0000-0000-000000000000"}, []),
        ({"states": ["running"]}, ["domain-1", "domain-3"]),
        ({"states": ["shutoff", "paused"]}, ["domain-2"]),
        ({"name": "domain-2", "states": ["running"]}, []),
    ],
)
def test_domains_are_chosen_by_name_pattern_and_state(
    host: Simulator, arguments: dict[str, Any], found: list[str]
) -> None:
    host.change_from_outside("domain-2", task="SuspendVM_Task")
    assert names(read(host, **arguments)) == found


def test_a_uuid_may_be_spelled_in_any_way_and_be_that_of_several(host: Simulator) -> None:
    uuid = host.domains()["domain-1"]["uuid"]
    assert names(read(host, uuid=uuid.upper().replace("-", ""))) == ["domain-1"]
    digits = uuid.replace("-", "")
    pairs = " ".join(digits[at : at + 2] for at in range(0, 32, 2))
    host.change_from_outside("domain-3", set={"uuid.bios": pairs})
    assert sorted(names(read(host, uuid=uuid))) == ["domain-1", "domain-3"]


def test_an_invalid_uuid_is_refused_without_a_search(host: Simulator) -> None:
    with pytest.raises(ParseError, match="uuid: 'domain-1' is not a UUID"):
        read(host, uuid="domain-1")
    assert "FindAllByUuid" not in host.methods()


@pytest.mark.parametrize("chosen", [{}, {"name": "domain-1"}])
def test_each_word_of_gather_brings_its_part(host: Simulator, chosen: dict[str, Any]) -> None:
    domain = read(host, gather=EVERYTHING, **chosen)[0]
    assert domain["xml"].startswith("<domain type='vmware' id='")
    assert "<source file='[local-storage] domain-1/domain-1.vmdk'/>" in domain["xml"]
    assert "<vmware:datacenterpath>ha-datacenter</vmware:datacenterpath>" in domain["xml"]
    assert 'displayName = "domain-1"\n' in domain["vmx"]
    assert domain["autostart"] is False
    assert domain["scheduler"] == {
        "reservation_mhz": 0,
        "limit_mhz": -1,
        "shares": 1000,
        "shares_level": "normal",
        "min_guarantee_kib": 0,
        "memory_limit_kib": -1,
        "memory_shares": 10240,
        "memory_shares_level": "normal",
    }
    assert domain["snapshots"] == []
    assert domain["guest"]["tools"] == "guestToolsNotRunning"
    [disk] = domain["hardware"]["disks"]
    assert disk == {
        "label": "Hard disk 1",
        "file": "[local-storage] domain-1/domain-1.vmdk",
        "capacity_kib": 8388608,
    }
    [card] = domain["hardware"]["interfaces"]
    assert (card["model"], card["network"]) == ("e1000", "VM Network")
    assert f"<mac address='{card['mac']}' type='generated'/>" in domain["xml"]


def test_all_that_is_returned_is_documented(host: Simulator) -> None:
    with session_on(host) as session:
        find_domain(session).CreateSnapshot_Task("one", "", True, False)
    result = carry_out(esx_domain_info.CONTRACT, host, gather=EVERYTHING)
    del result["changed"]
    described = {"type": "dict", "contains": yaml.safe_load(esx_domain_info.RETURN)}
    assert undescribed(result, described) == []


def test_the_definition_of_a_domain_that_is_shut_off_has_no_id(host: Simulator) -> None:
    host.change_from_outside("domain-1", task="PowerOffVM_Task")
    [domain] = read(host, name="domain-1", gather=["xml"])
    assert domain["xml"].startswith("<domain type='vmware' xmlns:vmware=")


def test_snapshots_are_listed_parents_first(host: Simulator) -> None:
    with session_on(host) as session:
        domain = find_domain(session)
        for name, memory in (("before/update", False), ("after", True)):
            domain.CreateSnapshot_Task(name, f"made {name}", memory, False)
    [found] = read(host, name="domain-1", gather=["snapshots"])
    first, second = found["snapshots"]
    assert (first["name"], first["parent"], first["current"]) == ("before/update", None, False)
    assert (second["name"], second["parent"], second["current"]) == ("after", first["moid"], True)
    assert second["description"] == "made after"
    assert (first["state"], second["state"]) == ("shutoff", "running")
    assert second["created"].startswith("20")


def test_the_vnc_password_is_nowhere(host: Simulator) -> None:
    vnc = {"RemoteDisplay.vnc.enabled": "TRUE", "RemoteDisplay.vnc.port": "5901"}
    host.change_from_outside("domain-1", set={**vnc, "RemoteDisplay.vnc.password": "s3cret"})
    [domain] = read(host, name="domain-1", gather=EVERYTHING)
    assert "5901" in domain["vmx"]
    assert "port='5901'" in domain["xml"]
    assert "s3cret" not in str(domain)


def test_a_vmx_is_decoded_as_it_says(host: Simulator) -> None:
    put(host, "domain-1", '.encoding = "windows-1252"\nconfig.version = "8"\nannotation = "für"\n'.encode("cp1252"))
    [domain] = read(host, name="domain-1", gather=["vmx"])
    assert domain["vmx"].endswith('annotation = "für"\n')


@contextlib.contextmanager
def session_on(host: Simulator) -> Iterator[Session]:
    """A session of another client."""
    with open_session(resolve({"uri": host.uri(user=USER, no_verify=1), "password": PASSWORD}, {})) as session:
        yield session


def put(host: Simulator, domain: str, content: bytes | None) -> None:
    """Write a domain's VMX file without the host noticing; without content, delete it."""
    file = DatastoreFile("ha-datacenter", "local-storage", f"{domain}/{domain}.vmx")
    with session_on(host) as session:
        if content is None:
            delete_file(session, file)
        else:
            put_file(session, file, content)


def test_a_vmx_that_cannot_be_converted_spoils_its_own_xml_only(host: Simulator) -> None:
    put(host, "domain-2", b'config.version = "8"\nvirtualHW.version = "x"\n')
    first, second, third = read(host, gather=["xml", "vmx", "scheduler"])
    assert "xml" in first
    assert "xml" in third
    assert "error" not in first
    assert "error" not in third
    assert "xml" not in second
    assert second["vmx"].startswith("config.version")
    assert second["scheduler"]["shares"] == 1000
    assert second["error"].startswith("line 2, virtualHW.version: ")


def test_a_vmx_that_is_not_there_spoils_its_own_entry_only(host: Simulator) -> None:
    put(host, "domain-2", None)
    first, second, third = read(host, gather=["xml", "vmx"])
    assert "xml" in first
    assert "xml" in third
    assert {"xml", "vmx"}.isdisjoint(second)
    assert "there is no such file" in second["error"]


def test_a_file_that_the_host_refuses_spoils_its_own_entry_only(host: Simulator) -> None:
    host.inject(method="GET", type="folder", name="/folder/domain-2/*", http=500)
    errors = {domain["name"]: domain.get("error") for domain in read(host, gather=["vmx"])}
    assert errors["domain-1"] is None
    assert errors["domain-3"] is None
    assert "HTTP status 500" in str(errors["domain-2"])


@pytest.mark.parametrize(
    ("arguments", "calls"),
    [
        ({}, 5),
        ({"gather": ["autostart", "scheduler", "snapshots", "guest", "hardware"]}, 5),
        ({"name": "domain-*"}, 5),
        ({"name": "domain-1"}, 5),
        ({"name": "domain-1", "gather": ["xml"]}, 6),
    ],
)
def test_a_task_makes_few_calls_over_one_connection(host: Simulator, arguments: dict[str, Any], calls: int) -> None:
    read(host, **arguments)
    trace = host.trace()
    assert len(trace) == calls
    assert {call["connection"] for call in trace} == {trace[0]["connection"]}


def test_calls_grow_by_one_for_each_page_of_500() -> None:
    with start_host("-domains", "600") as host:
        assert len(read(host)) == 600
        methods = host.methods(reset=True)
        assert len(methods) <= 5 + 1
        assert methods.count("ContinueRetrievePropertiesEx") == 1
        by_name = read(host, name="domain-600")
        assert names(by_name) == ["domain-600"]
        assert len(host.trace()) == 5


def test_many_files_come_over_a_few_connections() -> None:
    with start_host("-domains", "40") as host:
        assert all("xml" in domain for domain in read(host, gather=["xml"]))
        trace = host.trace()
        assert sum(call["method"] == "GET" for call in trace) == 40
        assert len({call["connection"] for call in trace}) <= 8


def test_of_a_vcenter_only_the_domains_of_the_host_are_read() -> None:
    with start_host("-kind", "vcenter", "-hosts", "2", "-domains", "2") as vcenter:
        uri = vcenter.uri("vpx", user=USER, path="DC0/DC0_H1", no_verify=1)
        found = read(vcenter, uri=uri, gather=EVERYTHING)
        everywhere = vcenter.domains()
        assert names(found) == sorted(name for name, known in everywhere.items() if known["host"] == "DC0_H1")
        assert all(domain["xml"] and "error" not in domain for domain in found)
        other = next(known for known in everywhere.values() if known["host"] == "DC0_H0")
        assert read(vcenter, uri=uri, uuid=other["uuid"]) == []
        assert read(vcenter, uri=uri, name=other["name"]) == []


@pytest.mark.parametrize("version", ["2.5", "4.1", "8.0"])
def test_old_hosts_are_read_as_well(version: str) -> None:
    with start_host("-domains", "1", "-version", version) as host:
        words = [word for word in EVERYTHING if word != "hardware" or version != "2.5"]
        [domain] = read(host, gather=words)
        assert domain["name"] == "domain-1"
        assert "error" not in domain
        assert domain["guest"]["tools"] is not None
        assert host.sessions() == []


def test_the_example_lists_running_domains(host: Simulator) -> None:
    host.change_from_outside("domain-2", task="SuspendVM_Task")
    run = run_example(host, "list.yml")
    assert run.changed == 0
    assert [item["msg"] for item in run.task("Show each").result["results"]] == ["1 CPUs, 1024 MiB, no address"] * 2
    assert run.task("Show the total").result["msg"] == "2 domains with 2 CPUs"


def test_the_example_keeps_definitions(host: Simulator, way: str, tmp_path: pathlib.Path) -> None:
    """One VMX is in an encoding other than Ansible's."""
    content = '.encoding = "windows-1252"\nconfig.version = "8"\nvirtualHW.version = "x"\nannotation = "für"\n'
    put(host, "domain-2", content.encode("cp1252"))
    directory = tmp_path / "definitions"
    first = run_example(host, "backup.yml", way=way, extra={"backup_directory": str(directory)})
    uuids = {name: known["uuid"] for name, known in host.domains().items()}
    assert (directory / f"{uuids['domain-1']}.xml").read_text(encoding="utf-8").startswith("<domain type='vmware'")
    assert (directory / f"{uuids['domain-2']}.vmx").read_text(encoding="utf-8") == content
    assert not (directory / f"{uuids['domain-2']}.xml").exists()
    told = first.task("Show what could not be read").result["results"]
    assert [item["msg"].partition(",")[0] for item in told] == ["domain-2: line 3"]
    assert run_example(host, "backup.yml", way=way, extra={"backup_directory": str(directory)}).changed == 0


def run_example(host: Simulator, name: str, way: str = IN_PROCESS, extra: dict[str, Any] | None = None) -> PlaybookRun:
    """Run an example for users."""
    variables = {"esx_uri": host.uri(user=USER, no_verify=1), **(extra or {})}
    if way == IN_PROCESS:  # Ansible's own modules must not run in an arbitrary Python of this machine
        variables["ansible_python_interpreter"] = sys.executable
    return run_playbook(ROOT / "examples" / name, extra_vars=variables, way=way, env={"ESX_PASSWORD": PASSWORD})
