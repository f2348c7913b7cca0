# Copyright (c) 2026 The virt.esx authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The role ``archive``: definitions in files that only change with the domains, and a host rebuilt from them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.virt.esx.plugins.modules import esx_domain, esx_domain_info, esx_snapshot
from ansible_collections.virt.esx.tests.integration.contracts import carry_out
from ansible_collections.virt.esx.tests.integration.running import (
    DATASTORE,
    PASSWORD,
    USER,
    PlaybookRun,
    run_playbook,
    variables_of,
)
from ansible_collections.virt.esx.tests.simulator_client import Simulator, start_simulator
from ansible_collections.virt.esx.tests.simulator_client.client import client

DISK = {"target": "sda", "size": "1 GiB"}
CARD = {"index": 0, "network": "VM Network"}


def run(host: Simulator, directory: Path, tasks: str, **arguments: Any) -> PlaybookRun:
    variables = {**variables_of(host), "archive_directory": str(directory), "archive_tasks": tasks}
    return run_playbook("archive.yml", extra_vars={**variables, **arguments.pop("said", {})}, **arguments)


def files(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(directory.iterdir())}


def xmls(host: Simulator) -> dict[str, str]:
    """The domain XML of each domain, without managed object ids, which each host gives out by itself."""
    found = carry_out(esx_domain_info.CONTRACT, host, gather=["xml"])["domains"]
    return {domain["name"]: re.sub(r"<vmware:moref>.*?</vmware:moref>", "", domain["xml"]) for domain in found}


def make(host: Simulator, name: str, **said: Any) -> None:
    wanted = {"pool": DATASTORE, "max_memory": "1 GiB", "disks": [DISK], "interfaces": [CARD], **said}
    carry_out(esx_domain.CONTRACT, host, name=name, **wanted)


def test_only_real_changes_are_written(host: Simulator, tmp_path: Path) -> None:
    place = tmp_path / "archive"
    make(host, "web", settings={"guestinfo.role": "shop"})
    make(host, "a/b 100%", state="running")
    carry_out(esx_domain.CONTRACT, host, name="web", state="running")  # which gives it its nvram file
    carry_out(esx_domain.CONTRACT, host, name="web", state="destroyed")
    assert run(host, place, "main", check=True).changed > 0
    assert not place.exists()
    run(host, place, "main")
    written = files(place)
    assert list(written) == ["a%2Fb 100%25.vmx", "a%2Fb 100%25.xml", "domains.yml", "web.vmx", "web.xml"]
    assert 'guestinfo.role = "shop"' in written["web.vmx"]
    assert "id=" not in written["a%2Fb 100%25.xml"].splitlines()[0]
    carry_out(esx_domain.CONTRACT, host, names=["a/b 100%"], state="destroyed")
    carry_out(esx_domain.CONTRACT, host, name="web", state="running")
    assert run(host, place, "main").changed == 0
    assert files(place) == written
    carry_out(esx_domain.CONTRACT, host, name="web", annotation="the shop's")
    assert run(host, place, "main").changed == 2
    carry_out(esx_domain.CONTRACT, host, name="a/b 100%", state="undefined")
    assert run(host, place, "main", said={"archive_remove": True}).changed == 2  # the index, and the files
    assert list(files(place)) == ["domains.yml", "web.vmx", "web.xml"]


def test_a_host_is_rebuilt_from_its_archive(host: Simulator, tmp_path: Path) -> None:
    make(host, "web", settings={"guestinfo.role": "shop"}, annotation="the shop's", vcpus=2, autostart=True)
    make(host, "mail", cdroms=[{"target": "sdb", "source": ""}])
    uuid = carry_out(esx_domain_info.CONTRACT, host, name="mail")["domains"][0]["uuid"]
    carry_out(esx_domain.CONTRACT, host, name="post", uuid=uuid)
    before = xmls(host)
    run(host, tmp_path, "main")
    index = yaml.safe_load((tmp_path / "domains.yml").read_text(encoding="utf-8"))
    with empty_host() as other:
        for entry in index:
            other.add_disk(entry["vmx_path"].replace(".vmx", ".vmdk"))
        assert run(other, tmp_path, "restore", check=True).changed == 1
        assert other.domains() == {}
        run(other, tmp_path, "restore")
        assert xmls(other) == before
        places = carry_out(esx_domain_info.CONTRACT, other, gather=["autostart"])["domains"]
        assert [(item["name"], item["autostart"]) for item in places] == [("post", False), ("web", True)]
        assert {item["vmx_path"] for item in places} == {entry["vmx_path"] for entry in index}
        assert run(other, tmp_path, "restore").changed == 0


def test_what_lies_on_the_datastore_keeps_its_snapshots(host: Simulator, tmp_path: Path) -> None:
    make(host, "web")
    run(host, tmp_path, "main")
    carry_out(esx_snapshot.CONTRACT, host, name="web", snapshot="later")
    before = xmls(host)
    carry_out(esx_domain.CONTRACT, host, name="web", state="undefined")
    assert run(host, tmp_path, "restore", check=True).changed == 1
    assert run(host, tmp_path, "restore").task("virt.esx.archive : Register those of the archive").changed
    assert xmls(host) == before
    assert run(host, tmp_path, "restore").changed == 0
    other = run(host, tmp_path, "restore", said={"archive_names": ["other"]})
    assert other.changed == 0
    assert "The archive has no domain other, so nothing is done for it; it has web." in other.output


def test_domains_that_share_a_name_or_differ_in_case_have_files_of_their_own(host: Simulator, tmp_path: Path) -> None:
    make(host, "web")
    make(host, "copy", disks=[{**DISK, "size": "2 GiB"}])
    make(host, "Web", disks=[{**DISK, "size": "3 GiB"}])
    uuid = carry_out(esx_domain_info.CONTRACT, host, name="web")["domains"][0]["uuid"]
    host.change_from_outside("copy", set={"uuid.bios": uuid.replace("-", ""), "displayName": "web"})
    assert {item["uuid"] for item in carry_out(esx_domain_info.CONTRACT, host, name="web")["domains"]} == {uuid}
    run(host, tmp_path, "main")
    names = [name.lower() for name in files(tmp_path) if name.endswith(".vmx")]
    assert len(set(names)) == 3
    assert run(host, tmp_path, "main").changed == 0


def test_differences_do_not_show_what_only_the_owner_may_read(host: Simulator, tmp_path: Path) -> None:
    make(host, "web", settings={"guestinfo.token": "for the guest only"})
    assert "for the guest only" not in run(host, tmp_path, "main", diff=True).output
    assert "for the guest only" in files(tmp_path)["web.vmx"]


def test_a_domain_that_cannot_be_read_keeps_its_files(host: Simulator, tmp_path: Path) -> None:
    make(host, "web")
    make(host, "mail")
    run(host, tmp_path, "main")
    written = files(tmp_path)
    with client(host, login=(USER, PASSWORD)) as other:
        assert other.folder("DELETE", "web/web.vmx", dsName=DATASTORE)[0] < 300
    failed = run(host, tmp_path, "main", said={"archive_remove": True}, fails=True)
    assert "The archive is complete but for web" in failed.tasks[-1].result["msg"]
    assert files(tmp_path) == written
    carry_out(esx_domain.CONTRACT, host, name="mail", state="undefined")
    with client(host, login=(USER, PASSWORD)) as other:
        other.wait(other.domain("web").Rename_Task("Unknown"))  # as a host shows what it cannot read after a restart
    run(host, tmp_path, "main", said={"archive_remove": True}, fails=True)
    assert {**files(tmp_path), "domains.yml": ""} == {**written, "domains.yml": ""}


def empty_host() -> Simulator:
    return start_simulator("-domains", "0", "-datastore-name", DATASTORE, "-username", USER, "-password", PASSWORD)
