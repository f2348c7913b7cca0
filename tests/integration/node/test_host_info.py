# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The facts of a simulated host, compared with those of virsh."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.virt.esx.plugins.modules import esx_host_info
from ansible_collections.virt.esx.tests.integration.contracts import carry_out, start_host, undescribed
from ansible_collections.virt.esx.tests.integration.running import USER
from ansible_collections.virt.esx.tests.integration.virsh import Virsh
from ansible_collections.virt.esx.tests.simulator_client import Simulator

TEXT = {"type": "dict", "contains": yaml.safe_load(esx_host_info.RETURN)["hosts"]["contains"]}


@pytest.fixture
def esx() -> Iterator[Simulator]:
    with start_host("-domains", "2") as host:
        yield host


def read(host: Simulator, **arguments: Any) -> dict[str, Any]:
    (entry,) = carry_out(esx_host_info.CONTRACT, host, **arguments)["hosts"]
    assert undescribed(entry, TEXT) == []
    return dict(entry)


def test_a_host_is_read_in_two_calls(esx: Simulator) -> None:
    esx.trace(reset=True)
    entry = read(esx)
    assert [method for method in esx.methods() if method not in ("Login", "Logout")] == [
        "RetrieveServiceContent",
        "RetrievePropertiesEx",
        "RetrievePropertiesEx",
    ]
    assert entry["domains"] == {"running": 2, "paused": 0, "shutoff": 0}
    assert entry["pools"] == ["local-storage"]
    assert "VM Network" in entry["networks"]
    assert (entry["maintenance"], entry["lockdown"], entry["vcenter"]) == (False, "disabled", None)
    assert entry["interfaces"][0]["name"] == "vmnic0"
    assert entry["vmkernel"][0]["port_group"] == "Management Network"
    assert entry["max_vcpus"] == 128
    assert "licence" not in entry


def test_licence_and_time_are_read_when_asked_for(esx: Simulator) -> None:
    entry = read(esx, gather=["licence", "time"])
    assert entry["licence"]["read_only"] is False
    assert re.match(r"\d{4}-\d\d-\d\dT", entry["time"])
    with start_host("-domains", "0", "-licence", "free") as free:
        assert read(free, gather=["licence"])["licence"]["read_only"] is True


@pytest.mark.parametrize("version", ["5.5", "6.5"])
def test_older_hosts(version: str) -> None:
    with start_host("-domains", "0", "-version", version) as host:
        assert read(host)["product"]["version"].startswith(version)


def test_a_host_of_a_vcenter() -> None:
    with start_host("-kind", "vcenter", "-hosts", "2") as vcenter:
        uri = vcenter.uri("vpx", user=USER, path="/DC0/DC0_H1", no_verify=1)
        assert read(vcenter, uri=uri)["name"] == "DC0_H1"


@pytest.mark.skipif(shutil.which("virsh") is None, reason="Debian's libvirt-clients is not installed")
def test_virsh_reads_the_same(esx: Simulator, virsh: Virsh) -> None:
    uri, entry = esx.uri(user=USER, no_verify=1), read(esx)
    assert virsh(uri, "capabilities").strip() == entry["capabilities"].strip()
    assert virsh(uri, "hostname").strip() == entry["hostname"]
    node = dict(line.split(":", 1) for line in virsh(uri, "nodeinfo").splitlines() if ":" in line)
    shown = {key: value.split()[0] if key != "CPU model" else value.strip() for key, value in node.items()}
    assert shown == {
        "CPU model": entry["node"]["model"],
        "CPU(s)": str(entry["node"]["cpus"]),
        "CPU frequency": str(entry["node"]["mhz"]),
        "CPU socket(s)": str(entry["node"]["sockets"]),
        "Core(s) per socket": str(entry["node"]["cores_per_socket"]),
        "Thread(s) per core": str(entry["node"]["threads_per_core"]),
        "NUMA cell(s)": str(entry["node"]["nodes"]),
        "Memory size": str(entry["node"]["memory_kib"]),
    }
    free = int(re.findall(r"\d+", virsh(uri, "freecell"))[0])
    assert abs(free - entry["memory_free_kib"]) < 8 * 1024 * 1024
